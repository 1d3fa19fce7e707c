use leptos::prelude::*;
use sluice_domain::invocation::Cause;

use crate::debug::pretty;
use crate::ui::{Notice, NoticeKind};

/// What there is to see of one run of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// What is put before the names of its parts, where there are several runs on a page.
    pub(crate) prefix: &'static str,
    /// How it ended.
    pub(crate) cause: Cause,
    /// What it answered, or why that is not there.
    pub(crate) output: Result<String, &'static str>,
    /// Its log.
    pub(crate) log: String,
}

/// How a run ended, what it answered, and its log.
#[component]
pub(crate) fn RunView(run: Run) -> impl IntoView {
    let (kind, banner) = match run.cause.is_success() {
        true => (NoticeKind::Success, "Execution successful".to_owned()),
        false => {
            let banner = format!("Execution failed: {}", run.cause.label());
            (NoticeKind::Error, banner)
        }
    };
    let named = |name| format!("{}{name}", run.prefix);
    // Below the heading of the page's one run, or of each of several.
    let heading = |text: &'static str| match run.prefix {
        "" => view! { <h3 class="card__subtitle">{text}</h3> }.into_any(),
        _ => view! { <h5 class="card__subtitle">{text}</h5> }.into_any(),
    };
    let output = match run.output {
        Ok(text) => view! { <Output label=named("Function Output") text/> }.into_any(),
        Err(why) => view! { <p class="muted">{why}</p> }.into_any(),
    };
    view! {
        <Notice kind>{banner}</Notice>
        {heading("Function Output")}
        {output}
        {heading("Log Output")}
        <Output label=named("Log Output") text=run.log/>
    }
}

/// A text that can be long: it scrolls by itself, with the keyboard too.
#[component]
pub(crate) fn Output(#[prop(into)] label: String, text: String) -> impl IntoView {
    view! { <pre class="output" tabindex="0" role="region" aria-label=label>{text}</pre> }
}

/// JSON with line breaks; a text that is a JSON string as that text.
pub(crate) fn shown(json: &str) -> String {
    let text = json.trim_start().starts_with('"');
    let text = text
        .then(|| serde_json::from_str::<String>(json).ok())
        .flatten();
    text.or_else(|| pretty(json))
        .unwrap_or_else(|| json.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_shown_with_line_breaks_and_a_string_as_its_text() {
        assert_eq!(shown(r#"{"b":1.0}"#), "{\n  \"b\": 1.0\n}");
        assert_eq!(shown(r#""a\nb""#), "a\nb");
        assert_eq!(shown("null"), "null");
        assert_eq!(shown("\"broken"), "\"broken");
    }
}
