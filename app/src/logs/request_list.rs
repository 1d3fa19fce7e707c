use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use sluice_domain::id::RequestId;
use sluice_domain::invocation::megabytes_text;

use super::page::with;
use super::replay::RequestEvent;
use super::request_logs::LogView;
use super::{LogQueryView, RequestList, RequestLog, RequestRow, find_request, list_requests};
use crate::functions::current_function;
use crate::ui::{CopyButton, Loaded, MomentInColumn, Notice, NoticeKind, Zone};

/// The Request List and, below the request that was chosen, its log.
#[component]
pub(super) fn RequestListView(query: Memo<LogQueryView>, refresh: RwSignal<u32>) -> impl IntoView {
    let current = current_function();
    let requests = Resource::new(
        move || (current.name.get(), query.get(), refresh.get()),
        |(name, query, _)| list_requests(name, query),
    );
    let params = use_query_map();
    let chosen = Memo::new(move |_| {
        let request = params.read().get("request");
        request.filter(|request| RequestId::parse(request).is_ok())
    });
    let request = Resource::new(
        move || (current.name.get(), chosen.get(), refresh.get()),
        |(name, id, _)| async move {
            match id {
                Some(id) => find_request(name, id).await.map(Some),
                None => Ok(None),
            }
        },
    );
    view! {
        <Loaded resource=request view=|request| request.map(|request| view! { <RequestDetail request/> })/>
        <Loaded resource=requests view=move |list| view! { <RequestTable list chosen/> }/>
    }
}

/// Microseconds as milliseconds with three decimals.
pub(super) fn millis(micros: u64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

#[component]
fn RequestTable(list: RequestList, chosen: Memo<Option<String>>) -> impl IntoView {
    let params = use_query_map();
    let RequestList { rows, more, lost } = list;
    let newest = rows.first().map(|row| row.started_at);
    let row = move |row: RequestRow| {
        let id = row.request_id.to_string();
        let (this, toggled) = (id.clone(), id.clone());
        let open = Memo::new(move |_| chosen.read().as_deref() == Some(this.as_str()));
        let toggle = move || {
            let target = if open.get() { "" } else { toggled.as_str() };
            with(&params.read(), &[("request", target)])
        };
        let success = row.cause.is_success();
        view! {
            <tr class:table__row--open=move || open.get()>
                <td><MomentInColumn at=row.started_at/></td>
                <td><a href=toggle data-noscroll="true" class="mono" aria-expanded=move || open.get().to_string()>{id.clone()}</a></td>
                <td><span class=if success { "badge badge--success" } else { "badge badge--danger" }>{row.cause.result_label()}</span></td>
                <td class="table__number">{millis(row.duration_us)}</td>
                <td class="table__number">{megabytes_text(row.memory_used_bytes)}</td>
                <td>{row.version.clone()}</td>
                <td>{row.cause.label()}</td>
            </tr>
        }
    };
    view! {
        {(lost > 0).then(|| view! {
            <Notice kind=NoticeKind::Error>{format!("{lost} records could not be written since the server started. Its own log says why.")}</Notice>
        })}
        {if newest.is_none() {
            view! {
                <div class="empty">
                    <p class="empty__title">"No requests"</p>
                    <p>"Nothing in this time matches. Call the function, or choose a longer range."</p>
                </div>
            }.into_any()
        } else {
            view! {
                <div class="table-frame" role="region" aria-label="Request List" tabindex="0">
                    <table class="table table--compact">
                        <caption class="visually-hidden">"Request List"</caption>
                        <thead>
                            <tr>
                                <th scope="col">"Time " {newest.map(|at| view! { <Zone at/> })}</th>
                                <th scope="col">"Request ID"</th>
                                <th scope="col">"Invocation Result"</th>
                                <th scope="col" class="table__number">"Duration (ms)"</th>
                                <th scope="col" class="table__number">"Memory (MB)"</th>
                                <th scope="col">"Version"</th>
                                <th scope="col">"Cause"</th>
                            </tr>
                        </thead>
                        <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
                    </table>
                </div>
            }.into_any()
        }}
        {more.then(|| view! { <p class="muted">"There are more. Choose a shorter range or search for them."</p> })}
    }
}

/// The log of one request.
#[component]
fn RequestDetail(request: RequestLog) -> impl IntoView {
    let params = use_query_map();
    let RequestLog { row, lines, .. } = request.clone();
    let id = row.request_id.to_string();
    let text = lines
        .iter()
        .map(|line| line.text.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    view! {
        <section class="request-detail" aria-labelledby="request-detail">
            <div class="card__header">
                <h3 class="card__subtitle" id="request-detail">"Log of the request"</h3>
                <div class="card__actions">
                    <CopyButton text=text label="Copy log"/>
                    <a href=move || with(&params.read(), &[("request", "")]) data-noscroll="true">"Close"</a>
                </div>
            </div>
            <dl class="facts">
                <div><dt>"Request ID"</dt><dd><code>{id.clone()}</code> " " <CopyButton text=id label="Copy Request ID"/></dd></div>
                {row.api_request_id.map(|id| view! { <div><dt>"API Request ID"</dt><dd><code>{id.to_string()}</code></dd></div> })}
                {row.cold_start_us.map(|us| view! { <div><dt>"Cold start (ms)"</dt><dd>{millis(us)}</dd></div> })}
            </dl>
            <LogView lines label="Log lines"/>
            <RequestEvent request/>
        </section>
    }
}
