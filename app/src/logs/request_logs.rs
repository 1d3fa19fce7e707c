use leptos::prelude::*;
use sluice_domain::invocation::{LogLevel, LogLine};

use super::{LogQueryView, RequestLogs, list_log_lines};
use crate::functions::current_function;
use crate::ui::Loaded;

/// Request Logs: the lines of all requests that match.
#[component]
pub(super) fn RequestLogsView(query: Memo<LogQueryView>, refresh: RwSignal<u32>) -> impl IntoView {
    let current = current_function();
    let logs = Resource::new(
        move || (current.name.get(), query.get(), refresh.get()),
        |(name, query, _)| list_log_lines(name, query),
    );
    view! {
        <Loaded resource=logs view=|RequestLogs { lines, more }| {
            let count = lines.len();
            let lines: Vec<LogLine> = lines.into_iter().map(|(_, line)| line).collect();
            let text = lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
            view! {
                <div class="toolbar">
                    <p class="muted">{format!("{count} lines{}, the newest request first", if more { " (there are more)" } else { "" })}</p>
                    <a class="button" download="log.txt" href=format!("data:text/plain;charset=utf-8,{}", crate::routes::encode(&text))>"Download Log"</a>
                </div>
                {if count == 0 {
                    view! { <div class="empty"><p class="empty__title">"No lines"</p><p>"Nothing in this time matches."</p></div> }.into_any()
                } else {
                    view! { <LogView lines label="Request Logs"/> }.into_any()
                }}
            }
        }/>
    }
}

/// Lines of a log with their numbers. The level is a word in the line and a
/// class for its colour.
#[component]
pub(super) fn LogView(lines: Vec<LogLine>, label: &'static str) -> impl IntoView {
    view! {
        <ol class="log" aria-label=label tabindex="0">
            {lines.into_iter().map(|line| {
                let class = match line.level {
                    LogLevel::Error => "log__line log__line--error",
                    LogLevel::Warn => "log__line log__line--warn",
                    LogLevel::Debug => "log__line log__line--debug",
                    LogLevel::Info => "log__line",
                };
                view! { <li class=class title=line.at.iso_format()>{line.text}</li> }
            }).collect_view()}
        </ol>
    }
}
