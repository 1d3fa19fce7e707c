use leptos::prelude::*;
use sluice_domain::acme::{AcmeContact, AcmeDirectory, AcmeSettings};

use super::{AcmeView, update_acme_settings};
use crate::console::sentence;
use crate::ui::{Button, ButtonKind, Card, ErrorNotice, Hint, Notice, NoticeKind, TextField};

/// Which ACME server issues certificates of domain names.
#[component]
pub(crate) fn AcmeForm(view: AcmeView) -> impl IntoView {
    let AcmeView {
        settings,
        suggested,
    } = view;
    let first = settings.as_ref();
    let directory = first.map_or(suggested, |it| it.directory.clone());
    let directory = RwSignal::new(directory.to_string());
    let contact = RwSignal::new(first.map_or_else(String::new, |it| it.contact.to_string()));
    let agrees = RwSignal::new(settings.is_some());
    let saved = RwSignal::new(settings);
    let parsed_directory = Memo::new(move |_| {
        AcmeDirectory::parse(&directory.read()).map_err(|it| sentence(&it.to_string()))
    });
    let parsed_contact = Memo::new(move |_| {
        AcmeContact::parse(&contact.read()).map_err(|it| sentence(&it.to_string()))
    });
    // Terms are those of one server.
    let known = move || saved.read().as_ref().map(|it| it.directory.to_string());
    Effect::new(move |before: Option<String>| {
        let now = directory.get();
        if before.is_some_and(|before| before != now) {
            agrees.set(known().is_some_and(|known| known == now));
        }
        now
    });
    let wanted = Memo::new(move |_| {
        Some(AcmeSettings {
            directory: parsed_directory.get().ok()?,
            contact: parsed_contact.get().ok()?,
        })
    });
    let saving = Action::new(move |wanted: &AcmeSettings| {
        let (wanted, agrees) = (wanted.clone(), agrees.get_untracked());
        async move {
            let updated = update_acme_settings(wanted.clone(), agrees).await;
            updated.map(|()| wanted)
        }
    });
    Effect::new(move || {
        if let Some(Ok(now)) = saving.value().get() {
            saved.set(Some(now));
        }
    });
    let unchanged = Signal::derive(move || *wanted.read() == *saved.read());
    let disabled =
        Signal::derive(move || wanted.read().is_none() || !agrees.get() || unchanged.get());
    let refused = move || saving.value().get().and_then(Result::err);
    let of = move |field: &'static str| refused().and_then(|error| error.for_field(field));
    let of_none = move || {
        let fields = ["acme-directory", "acme-terms"];
        refused().filter(|_| !fields.iter().any(|it| of(it).is_some()))
    };
    let directory_error = move || {
        parsed_directory
            .get()
            .err()
            .or_else(|| of("acme-directory"))
    };
    let contact_error = move || {
        let wrong = parsed_contact.get().err();
        wrong.filter(|_| !contact.read().is_empty())
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = wanted.get_untracked() {
            saving.dispatch(wanted);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <Card title="Certificates by ACME">
                <p class="muted">"A server that issues certificates for domain names by ACME, as Let\u{2019}s Encrypt does, and renews them. It asks for each name at port 80, which has to lead to the HTTP port of this gateway."</p>
                <TextField name="acme-directory" label="Directory URL" value=directory required=true kind="url"
                    error=Signal::derive(directory_error)
                    hint="Let\u{2019}s Encrypt has https://acme-v02.api.letsencrypt.org/directory, and to try it https://acme-staging-v02.api.letsencrypt.org/directory. A server on a private network is named by the operator, with --acme-directory."/>
                <TextField name="acme-contact" label="E-mail" value=contact required=true kind="email" autocomplete="email"
                    placeholder="admin@example.com" error=Signal::derive(contact_error)
                    hint="To which the server may write, of a certificate that ends for example."/>
                <div class="field">
                    <span class="field__label field__label--required">"Terms of Service"</span>
                    <div class="field__body">
                        <label class="check">
                            <input type="checkbox" prop:checked=agrees aria-describedby="acme-terms-error acme-terms-hint"
                                on:change=move |event| agrees.set(event_target_checked(&event))/>
                            "I agree to the terms of service of this server"
                        </label>
                        <p id="acme-terms-error" class="field__error" aria-live="polite">{move || of("acme-terms")}</p>
                        <Hint id="acme-terms-hint" text="Let\u{2019}s Encrypt has them at letsencrypt.org/repository."/>
                    </div>
                </div>
            </Card>
            {move || match of_none() {
                Some(error) => view! { <ErrorNotice error/> }.into_any(),
                None if matches!(saving.value().get(), Some(Ok(_))) && unchanged.get() => {
                    view! { <Notice kind=NoticeKind::Success>"Saved. Choose it for a domain name in Domain Names."</Notice> }.into_any()
                }
                None => ().into_any(),
            }}
            <div class="form__footer form__footer--still">
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled label="Save ACME Server".to_owned()>"Save"</Button>
            </div>
        </form>
    }
}
