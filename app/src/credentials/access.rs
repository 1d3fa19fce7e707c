use leptos::prelude::*;
use sluice_domain::id::CredentialId;
use sluice_domain::policy::AccessControl;

use super::set_credential_access;
use crate::policies::{AccessFields, AccessInputs};
use crate::ui::{Button, ButtonKind, ErrorNotice};

/// From which addresses a credential may be used, as its card says it.
pub(super) fn access_text(access: Option<&AccessControl>) -> String {
    let Some(access) = access else {
        return "None: it may be used from any address.".to_owned();
    };
    let addresses: Vec<_> = access.addresses.iter().map(|rule| rule.as_str()).collect();
    format!("{}: {}", access.effect.label(), addresses.join(", "))
}

/// Says from which addresses a credential may be used.
#[component]
pub(super) fn AccessForm(
    id: StoredValue<CredentialId>,
    access: StoredValue<Option<AccessControl>>,
    open: RwSignal<bool>,
    on_changed: Callback<()>,
) -> impl IntoView {
    let inputs = access.with_value(|access| AccessInputs::new(access.as_ref()));
    let is_limited = access.with_value(Option::is_some);
    let parsed = Memo::new(move |_| inputs.parse());
    let error = Signal::derive(move || {
        let wrong = parsed.get().err();
        wrong.filter(|_| !inputs.is_empty())
    });
    let saving = Action::new(move |wanted: &Option<AccessControl>| {
        set_credential_access(id.get_value(), wanted.clone())
    });
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
            on_changed.run(());
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(wanted) = parsed.get_untracked() {
            saving.dispatch(Some(wanted));
        }
    };
    view! {
        <form class="form" on:submit=submit>
            {move || saving.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <AccessFields inputs error/>
            <div class="dialog__footer">
                {is_limited.then(|| view! {
                    <Button busy=saving.pending() on_press=Callback::new(move |()| { saving.dispatch(None); })>"Allow Any Address"</Button>
                })}
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || parsed.read().is_err())>"OK"</Button>
            </div>
        </form>
    }
}
