use leptos::prelude::*;
use sluice_domain::certificate::{CertificateFacts, Validity};
use sluice_domain::domain_name::DomainName;
use sluice_domain::time::Timestamp;

use crate::ui::MomentInColumn;

/// Until when a certificate is valid, and what there is to warn of.
#[component]
pub(crate) fn ValidTo(
    facts: CertificateFacts,
    now: Timestamp,
    /// The name that it is served for.
    #[prop(optional)]
    name: Option<DomainName>,
) -> impl IntoView {
    let validity = match facts.validity(now) {
        Validity::Valid => None,
        Validity::EndsSoon => Some(("badge badge--warning", "Ends soon")),
        Validity::Ended => Some(("badge badge--danger", "Ended")),
        Validity::NotYet => Some(("badge badge--warning", "Not valid yet")),
    };
    let is_for_others = name.is_some_and(|name| !facts.covers(&name));
    let others = is_for_others.then_some(("badge badge--danger", "For other names"));
    let warnings = validity.into_iter().chain(others);
    view! {
        <MomentInColumn at=facts.valid_to/>
        <div class="badges">{warnings.map(|(class, text)| view! { <span class=class>{text}</span> }).collect_view()}</div>
    }
}
