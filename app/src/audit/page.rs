use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;
use sluice_domain::audit::{AuditEntry, AuditQuery};

use super::{AuditPage, list_changes};
use crate::routes;
use crate::ui::{Button, Loaded, Moment, PageHeader};

/// Administration > Audit Log: what is asked for stands in the address.
#[component]
pub(crate) fn AuditLogPage() -> impl IntoView {
    let address = use_query_map();
    let query = Memo::new(move |_| {
        let address = address.read();
        let text = |name: &str| address.get_str(name).unwrap_or_default().trim().to_owned();
        AuditQuery {
            user: text("user"),
            text: text("q"),
            before: address.get_str("before").and_then(|it| it.parse().ok()),
        }
    });
    let listed = Resource::new(move || query.get(), list_changes);
    let asked = query.get_untracked();
    view! {
        <Title text="Audit Log"/>
        <PageHeader title="Audit Log"/>
        <p class="muted">"Who changed what in the console, and who tried to: the last 100,000 changes. What was typed is not kept."</p>
        <Form method="GET" action=routes::AUDIT attr:class="toolbar" attr:role="search">
            <input class="input" type="search" name="user" aria-label="User" placeholder="User" value=asked.user/>
            <input class="input toolbar__search" type="search" name="q" aria-label="Text" placeholder="Action, object or address" value=asked.text/>
            <Button submit=true>"Search"</Button>
        </Form>
        <Loaded resource=listed view=move |page| view! { <Changes page query=query.get_untracked()/> }/>
    }
}

#[component]
fn Changes(page: AuditPage, query: AuditQuery) -> impl IntoView {
    let AuditPage { entries, older } = page;
    if entries.is_empty() {
        return view! {
            <div class="empty"><p class="empty__title">"No such changes"</p></div>
        }
        .into_any();
    }
    let link = |before: Option<i64>| routes::audit(&query.user, &query.text, before);
    let newest = query.before.map(|_| link(None));
    let older = older.map(|before| link(Some(before)));
    view! {
        <div class="table-frame" role="region" aria-label="Audit Log" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Audit Log"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Time"</th>
                        <th scope="col">"User"</th>
                        <th scope="col">"Action"</th>
                        <th scope="col">"Object"</th>
                        <th scope="col">"Result"</th>
                        <th scope="col">"Address"</th>
                    </tr>
                </thead>
                <tbody>{entries.into_iter().map(|entry| view! { <Change entry/> }).collect_view()}</tbody>
            </table>
        </div>
        <nav class="toolbar" aria-label="Pages">
            {newest.map(|href| view! { <a class="button" href=href>"Newest"</a> })}
            {older.map(|href| view! { <a class="button" href=href rel="next">"Older"</a> })}
        </nav>
    }
    .into_any()
}

#[component]
fn Change(entry: AuditEntry) -> impl IntoView {
    let (result, badge) = match entry.is_refused() {
        true => (
            format!("Refused ({})", entry.status),
            "badge badge--warning",
        ),
        false => ("Done".to_owned(), "badge badge--success"),
    };
    view! {
        <tr>
            <td><Moment at=entry.at/></td>
            <td>{entry.user_name.clone()}</td>
            <td>{entry.action_label()}</td>
            <td>{entry.object.clone()}</td>
            <td><span class=badge>{result}</span></td>
            <td>{entry.address}</td>
        </tr>
    }
}
