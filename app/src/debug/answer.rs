use leptos::prelude::*;
use sluice_domain::debug::MAX_SHOWN_BYTES;
use sluice_domain::trigger::ApiName;

use super::pretty::pretty;
use super::waterfall::{Waterfall, millis};
use super::{BodyView, DebugAnswer};
use crate::routes;
use crate::ui::{CopyButton, Notice, NoticeKind};

/// The answer to a request, and what the call went through.
#[component]
pub(super) fn AnswerView(
    answer: DebugAnswer,
    /// The API that was meant.
    meant: ApiName,
) -> impl IntoView {
    let status = format!("{} {}", answer.status, answer.reason);
    let badge = match answer.status {
        400.. => "badge badge--danger",
        _ => "badge badge--success",
    };
    let other = answer.called_api.filter(|called| *called != meant);
    let request_id = answer
        .headers
        .iter()
        .find(|(name, _)| name == "x-request-id");
    let request_id = request_id
        .map(|(_, value)| value.clone())
        .unwrap_or_default();
    view! {
        {other.map(|other| view! {
            <Notice kind=NoticeKind::Warning>{format!("The request went to {other}, whose path is closer to this one.")}</Notice>
        })}
        <dl class="facts">
            <div><dt>"Status"</dt><dd><span class=badge>{status}</span></dd></div>
            <div><dt>"Duration"</dt><dd>{format!("{} ms", millis(answer.took_us))}</dd></div>
            <div><dt>"API Request ID"</dt><dd><code>{request_id.clone()}</code> " " <CopyButton text=request_id label="Copy API Request ID"/></dd></div>
            {answer.log.map(|(function, request_id)| view! {
                <div><dt>"Log"</dt><dd><a href=routes::request(function.as_str(), &request_id)>"Log of the request"</a></dd></div>
            })}
        </dl>
        <h3 class="card__subtitle">"Body" <span class="muted">{format!(" ({} bytes)", answer.body_bytes)}</span></h3>
        <Body body=answer.body/>
        <h3 class="card__subtitle">"Headers"</h3>
        <div class="table-frame" role="region" aria-label="Headers" tabindex="0">
            <table class="table table--compact headers">
                <caption class="visually-hidden">"Headers of the answer"</caption>
                <thead><tr><th scope="col">"Name"</th><th scope="col">"Value"</th></tr></thead>
                <tbody>
                    {answer.headers.into_iter().map(|(name, value)| view! {
                        <tr><td>{name}</td><td class="table__text">{value}</td></tr>
                    }).collect_view()}
                </tbody>
            </table>
        </div>
        <h3 class="card__subtitle">"Trace"</h3>
        <Waterfall steps=answer.steps took_us=answer.took_us/>
    }
}

/// The body: a text as text, whatever it says to be, so that nothing in it runs here.
#[component]
fn Body(body: BodyView) -> impl IntoView {
    match body {
        BodyView::Text { text, .. } if text.is_empty() => {
            view! { <p class="muted">"The answer has no body."</p> }.into_any()
        }
        BodyView::Text { text, is_cut } => {
            let shown = pretty(&text).unwrap_or(text);
            view! {
                {is_cut.then(|| view! { <p class="muted">{format!("The first {} kB are shown.", MAX_SHOWN_BYTES / 1024)}</p> })}
                <pre class="output" tabindex="0" role="region" aria-label="Body">{shown}</pre>
            }
            .into_any()
        }
        BodyView::Image { data_url } => {
            view! { <img class="picture" src=data_url alt="The body as a picture"/> }.into_any()
        }
        BodyView::Bytes { beginning } => {
            let count = beginning.len();
            view! {
                <p class="muted">{format!("It is no text that can be shown. The first {count} bytes:")}</p>
                <pre class="output" tabindex="0" role="region" aria-label="Body">{in_hex(&beginning)}</pre>
            }
            .into_any()
        }
    }
}

/// Bytes in hexadecimal, 16 a line.
fn in_hex(bytes: &[u8]) -> String {
    let line = |line: &[u8]| {
        let bytes: Vec<_> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.join(" ")
    };
    bytes.chunks(16).map(line).collect::<Vec<_>>().join("\n")
}
