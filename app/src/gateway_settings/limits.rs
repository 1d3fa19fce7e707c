use leptos::prelude::*;

use super::{BusyAddress, GatewayLimits, GatewayLoad, find_gateway_load};
use crate::ui::{Card, Gauge, InUse, count, live, megabytes};

/// What holds for every request, each with the flag that it is set by, and beside what is shared by all
/// callers, how much of it is in use. The values are renewed in place while the page is looked at.
#[component]
pub(super) fn LimitsCard(limits: GatewayLimits, load: GatewayLoad) -> impl IntoView {
    let load = live(load, find_gateway_load);
    let gauge = move |of: fn(&GatewayLoad) -> Gauge| Memo::new(move |_| load.with(of));
    let requests = Memo::new(move |_| load.read().requests);
    let busiest = Memo::new(move |_| {
        let load = load.read();
        (load.busiest.clone(), load.most_of_address)
    });
    view! {
        <Card title="Limits">
            <dl class="facts">
                <InUse label="Connections" flag="--max-connections" gauge=gauge(|load| load.connections) amount=count/>
                <InUse label="Bodies of all requests" flag="--bodies-mb" gauge=gauge(|load| load.bodies) amount=megabytes/>
                <InUse label="Answers that were not taken yet" flag="--answers-mb" gauge=gauge(|load| load.answers) amount=megabytes/>
                <InUse label="Memory of all functions" flag="--function-memory-mb" gauge=gauge(|load| load.functions) amount=megabytes/>
                <div><dt>"Requests at work"</dt><dd>{move || count(requests.get())}</dd></div>
                <div>
                    <dt>"Connections of one address"</dt>
                    <dd>
                        {move || {
                            let (busiest, most) = busiest.get();
                            view! { <Busiest busiest most/> }
                        }}
                        <span class="facts__note"><code>"--max-connections-per-address"</code></span>
                    </dd>
                </div>
                {set(&limits).map(|(what, limit, flags)| view! {
                    <div>
                        <dt>{what}</dt>
                        <dd>{limit} <span class="facts__note"><code>{flags}</code></span></dd>
                    </div>
                }).collect_view()}
                {FIXED.map(|(what, limit)| view! { <div><dt>{what}</dt><dd>{limit}</dd></div> }).collect_view()}
            </dl>
        </Card>
    }
}

/// What nobody can set.
const FIXED: [(&str, &str); 6] = [
    ("Target of a request", "32 KB"),
    ("Headers", "100; one 32 KB, all together 128 KB"),
    ("Body", "4 MB"),
    ("Result of a function", "6 MB, 1000 headers"),
    ("Timeout of an API", "1 to 60,000 ms"),
    ("Decision of a custom authorizer", "5 s"),
];

/// What the operator has set, and how.
fn set(limits: &GatewayLimits) -> [(&'static str, String, &'static str); 5] {
    let rate = |bytes: u32, pause: u64| match bytes {
        0 => format!("any, without a pause of {pause} s"),
        bytes => format!("{} bytes/s, after {pause} s", count(bytes.into())),
    };
    [
        (
            "TLS handshake, head of a request",
            format!("{} s", limits.head_s),
            "--head-timeout",
        ),
        (
            "Connection between two requests",
            format!("{} s", limits.idle_s),
            "--idle-timeout",
        ),
        (
            "Body, its next piece and all of it",
            format!("{} s, {} s", limits.body_pause_s, limits.body_s),
            "--body-pause --body-timeout",
        ),
        (
            "Body, its least rate",
            rate(limits.body_rate, 10),
            "--body-rate",
        ),
        (
            "Answer, the least rate at which it is taken",
            rate(limits.answer_rate, limits.answer_pause_s),
            "--answer-rate --answer-pause",
        ),
    ]
}

/// The addresses with the most connections.
#[component]
fn Busiest(busiest: Vec<BusyAddress>, most: u64) -> impl IntoView {
    let most = count(most);
    if busiest.is_empty() {
        return view! { <span>{format!("none, of {most}")}</span> }.into_any();
    }
    view! {
        <ul class="plain-list">
            {busiest.into_iter().map(|busy| view! {
                <li><code>{busy.address}</code>{format!(" {} of {most}", count(busy.connections))}</li>
            }).collect_view()}
        </ul>
    }
    .into_any()
}
