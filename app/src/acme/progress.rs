use std::time::Duration;

use leptos::prelude::*;
use sluice_domain::acme::AcmeState;
use sluice_domain::domain_name::DomainName;
use sluice_domain::id::DomainNameId;
use sluice_domain::time::Timestamp;

use super::retry_acme;
use crate::ui::{Button, ButtonKind, MomentInColumn};

/// How often is asked how it is with a certificate that is asked for.
const ASKING: Duration = Duration::from_secs(2);

/// How it is with the certificate of a domain name: being asked for, or why it has failed and when it is
/// tried again. There is nothing to say of one that was issued.
#[component]
pub(crate) fn AcmeProgress(
    state: AcmeState,
    is_issued: bool,
    domain_name_id: DomainNameId,
    name: DomainName,
    now: Timestamp,
    on_changed: Callback<()>,
) -> impl IntoView {
    let AcmeState {
        failure,
        next_try_at,
        is_asking,
    } = state;
    let retrying = Action::new(move |(): &()| retry_acme(domain_name_id.clone()));
    Effect::new(move || {
        if let Some(Ok(())) = retrying.value().get() {
            on_changed.run(());
        }
    });
    let is_pending = is_asking || next_try_at <= now;
    Effect::new(move || {
        let ask = move || on_changed.run(());
        if is_pending && let Ok(timeout) = set_timeout_with_handle(ask, ASKING) {
            on_cleanup(move || timeout.clear());
        }
    });
    let error = move || {
        let error = retrying.value().get().and_then(Result::err);
        error
            .map(|error| view! { <div class="field__error" role="alert">{error.to_string()}</div> })
    };
    match failure {
        _ if is_pending => view! { <span class="badge badge--warning">"Pending"</span> }.into_any(),
        Some(failure) => view! {
            <div class="badges"><span class="badge badge--danger">"Failed"</span></div>
            <div class="muted">{failure.reason}</div>
            <div class="muted">"Next try at " <MomentInColumn at=next_try_at/></div>
            <Button kind=ButtonKind::Link label=format!("Try again: {name}") busy=retrying.pending()
                on_press=Callback::new(move |()| { retrying.dispatch(()); })>"Try again"</Button>
            {error}
        }
        .into_any(),
        // The server was stopped in the middle of an attempt.
        None if !is_issued => view! {
            <span class="badge badge--warning">"Pending"</span>
            <div class="muted">"Next try at " <MomentInColumn at=next_try_at/></div>
        }
        .into_any(),
        None => ().into_any(),
    }
}
