use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Meter;

/// How much of something is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gauge {
    /// So much.
    pub used: u64,
    /// Most.
    pub most: u64,
}

/// A limit that all callers share, as an item of facts, and how much of it is in use.
#[component]
pub(crate) fn InUse(
    label: &'static str,
    /// What sets the limit.
    #[prop(optional)]
    flag: Option<&'static str>,
    gauge: Memo<Gauge>,
    /// How an amount is written.
    amount: fn(u64) -> String,
) -> impl IntoView {
    let text = Signal::derive(move || {
        let Gauge { used, most } = gauge.get();
        format!("{} of {}", amount(used), amount(most))
    });
    view! {
        <div>
            <dt>{label}</dt>
            <dd>
                <Meter label text used=Signal::derive(move || gauge.read().used) most=Signal::derive(move || gauge.read().most)/>
                {flag.map(|flag| view! { <span class="facts__note"><code>{flag}</code></span> })}
            </dd>
        </div>
    }
}
