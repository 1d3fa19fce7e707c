use leptos::prelude::*;
use sluice_domain::api_group::ApiGroup;
use sluice_domain::domain_name::{
    BoundDomainName, DomainCertificate, DomainName, DomainSettings, DomainSettingsFields,
    TlsVersion,
};
use sluice_domain::id::ApiGroupId;

use super::{bind_domain_name, update_domain_name};
use crate::certificates::CertificateView;
use crate::console::sentence;
use crate::ui::{Button, ButtonKind, ErrorNotice, Hint, SelectField, TextField, choices};

/// How the list of certificates names those that were not uploaded. Ids are no words.
const NONE: &str = "none";
const ISSUED: &str = "issued";
const ACME: &str = "acme";

/// Binds a domain name, or changes what one is set to.
#[component]
pub(super) fn DomainNameForm(
    #[prop(optional)] edited: Option<BoundDomainName>,
    groups: StoredValue<Vec<ApiGroup>>,
    certificates: StoredValue<Vec<CertificateView>>,
    open: RwSignal<bool>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let is_new = edited.is_none();
    let fields = edited.as_ref().map(|it| it.settings.fields().clone());
    let fields = fields.unwrap_or_default();
    let first_group = groups.with_value(|groups| groups.first().map(|it| it.group_id.to_string()));
    let name = RwSignal::new(String::new());
    let group = RwSignal::new(first_group.unwrap_or_default());
    let certificate = RwSignal::new(match &fields.certificate {
        DomainCertificate::None => NONE.to_owned(),
        DomainCertificate::Issued => ISSUED.to_owned(),
        DomainCertificate::Acme => ACME.to_owned(),
        DomainCertificate::Uploaded(id) => id.to_string(),
    });
    let min_tls = RwSignal::new(fields.min_tls.name().to_owned());
    let redirect = RwSignal::new(fields.redirect);
    let parsed_name = Memo::new(move |_| {
        DomainName::parse(&name.read()).map_err(|error| sentence(&error.to_string()))
    });
    let parsed_settings = Memo::new(move |_| {
        let certificate = match certificate.read().as_str() {
            ISSUED => DomainCertificate::Issued,
            ACME => DomainCertificate::Acme,
            id => match id.parse() {
                Ok(id) => DomainCertificate::Uploaded(id),
                Err(_) => DomainCertificate::None,
            },
        };
        let fields = DomainSettingsFields {
            certificate,
            min_tls: min_tls.read().parse().unwrap_or_default(),
            redirect: redirect.get(),
        };
        DomainSettings::try_from(fields).map_err(|error| sentence(&error.to_string()))
    });
    let domain_name_id = edited.map(|it| it.domain_name_id);
    let wanted = Memo::new(move |_| {
        let settings = parsed_settings.get().ok()?;
        match is_new {
            true => Some((
                parsed_name.get().ok(),
                ApiGroupId::parse(&group.read()).ok(),
                settings,
            ))
            .filter(|(name, group, _)| name.is_some() && group.is_some()),
            false => Some((None, None, settings)),
        }
    });
    let saving = Action::new(
        move |(name, group, settings): &(
            Option<DomainName>,
            Option<ApiGroupId>,
            DomainSettings,
        )| {
            let (id, settings) = (domain_name_id.clone(), settings.clone());
            let (name, group) = (name.clone(), group.clone());
            async move {
                match (id, name, group) {
                    (Some(id), _, _) => update_domain_name(id, settings).await,
                    (None, Some(name), Some(group)) => {
                        bind_domain_name(name, group, settings).await
                    }
                    (None, _, _) => Ok(()), // the button cannot be pressed
                }
            }
        },
    );
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
            on_saved.run(());
        }
    });
    let refused = move || saving.value().get().and_then(Result::err);
    let of = move |field: &'static str| refused().and_then(|error| error.for_field(field));
    let of_neither = move || {
        let is_shown = ["domain-name", "domain-certificate"]
            .iter()
            .any(|it| of(it).is_some());
        refused().filter(|_| !is_shown)
    };
    let name_error = move || {
        let wrong = parsed_name.get().err().filter(|_| !name.read().is_empty());
        wrong.or_else(|| of("domain-name"))
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = wanted.get_untracked() {
            saving.dispatch(wanted);
        }
    };
    let offered_groups = groups.with_value(|groups| {
        choices(
            groups
                .iter()
                .map(|it| (it.group_id.to_string(), it.name.to_string())),
        )
    });
    let offered_certificates = certificates.with_value(|certificates| {
        let built_in = [
            (NONE.to_owned(), "None (HTTP only)".to_owned()),
            (ISSUED.to_owned(), "Issued by Sluice".to_owned()),
            (
                ACME.to_owned(),
                "Issue by ACME (Let\u{2019}s Encrypt)".to_owned(),
            ),
        ];
        let uploaded = certificates.iter();
        let uploaded = uploaded.map(|it| (it.certificate_id.to_string(), it.name.to_string()));
        choices(built_in.into_iter().chain(uploaded))
    });
    let versions = TlsVersion::ALL.iter().map(|it| (it.name(), it.label()));
    view! {
        <form class="form" on:submit=submit>
            {move || of_neither().map(|error| view! { <ErrorNotice error/> })}
            {is_new.then(|| view! {
                <TextField name="domain-name" label="Domain Name" value=name required=true autofocus=true
                    placeholder="api.example.com" error=Signal::derive(name_error)
                    hint="A name that leads to this machine, by a record of your DNS; *.example.com stands for all names one part below."/>
                <SelectField name="domain-group" label="API Group" value=group required=true options=offered_groups
                    hint="Its APIs are called by the name, in all environments."/>
            })}
            <SelectField name="domain-certificate" label="Certificate" value=certificate options=offered_certificates
                error=Signal::derive(move || of("domain-certificate"))
                hint="Sluice issues one by its local authority, which every client has to trust (\u{201c}sluice ca\u{201d}). By ACME, the server that is set in Gateway Settings issues one that browsers trust, and renews it. Others are uploaded in Certificates."/>
            <SelectField name="domain-tls" label="Minimum TLS Version" value=min_tls options=choices(versions)
                hint="TLS 1.1 is spoken to nobody."/>
            <div class="field">
                <span class="field__label">"HTTP to HTTPS"</span>
                <div class="field__body">
                    <label class="check">
                        <input type="checkbox" prop:checked=redirect aria-describedby="domain-redirect-error domain-redirect-hint"
                            on:change=move |event| redirect.set(event_target_checked(&event))/>
                        "Redirect"
                    </label>
                    <p id="domain-redirect-error" class="field__error" aria-live="polite">{move || parsed_settings.get().err()}</p>
                    <Hint id="domain-redirect-hint" text="Requests over HTTP are sent to the same address over HTTPS (308)."/>
                </div>
            </div>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}
