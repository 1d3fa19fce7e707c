use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::api_group::ApiGroup;
use sluice_domain::domain_name::DomainCertificate;
use sluice_domain::time::Timestamp;

use super::form::DomainNameForm;
use super::{DomainNameList, DomainNameView, list_domain_names, unbind_domain_name};
use crate::acme::AcmeProgress;
use crate::certificates::{CertificateView, ValidTo};
use crate::console::ConsoleError;
use crate::ui::{Button, ButtonKind, ConfirmDelete, Dialog, Loaded, PageHeader};

/// API Gateway > Domain Names.
#[component]
pub(crate) fn DomainNamesPage() -> impl IntoView {
    let listed = Resource::new(|| (), |()| list_domain_names());
    view! {
        <Title text="Domain Names"/>
        <Loaded resource=listed view=move |list| view! { <DomainNameTable list listed/> }/>
    }
}

#[component]
fn DomainNameTable(
    list: DomainNameList,
    listed: Resource<Result<DomainNameList, ConsoleError>>,
) -> impl IntoView {
    let binding = RwSignal::new(false);
    let confirming = RwSignal::new(false);
    let to_unbind = RwSignal::new(None::<DomainNameView>);
    let unbinding = Action::new(move |view: &DomainNameView| {
        unbind_domain_name(view.bound.domain_name_id.clone())
    });
    Effect::new(move || {
        if let Some(Ok(())) = unbinding.value().get() {
            confirming.set(false);
            listed.refetch();
        }
    });
    let DomainNameList {
        domain_names,
        groups,
        certificates,
        now,
    } = list;
    let has_group = !groups.is_empty();
    let (groups, certificates) = (StoredValue::new(groups), StoredValue::new(certificates));
    let on_changed = Callback::new(move |()| listed.refetch());
    let rows = domain_names.into_iter().map(move |view| {
        let unbind = move |view| {
            unbinding.value().set(None);
            to_unbind.set(Some(view));
            confirming.set(true);
        };
        view! { <DomainNameRow view groups certificates now on_changed on_unbind=Callback::new(unbind)/> }
    });
    let rows: Vec<_> = rows.collect();
    view! {
        <PageHeader title="Domain Names">
            <Button kind=ButtonKind::Primary disabled=!has_group on_press=Callback::new(move |()| binding.set(true))>"Bind Domain Name"</Button>
        </PageHeader>
        {match rows.is_empty() {
            true => view! {
                <div class="empty">
                    <p class="empty__title">"No domain names yet"</p>
                    <p>"With a domain name of yours, the APIs of a group are called by it besides the group\u{2019}s own host."</p>
                    {(!has_group).then(|| view! { <p>"There is no API group to bind one to: create a trigger first, which makes one."</p> })}
                </div>
            }.into_any(),
            false => view! {
                <div class="table-frame" role="region" aria-label="Domain Names" tabindex="0">
                    <table class="table">
                        <caption class="visually-hidden">"Domain Names"</caption>
                        <thead>
                            <tr>
                                <th scope="col">"Domain Name"</th>
                                <th scope="col">"API Group"</th>
                                <th scope="col">"Certificate"</th>
                                <th scope="col">"Minimum TLS"</th>
                                <th scope="col">"HTTP to HTTPS"</th>
                                <th scope="col">"Operation"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            }.into_any(),
        }}
        <Dialog title="Bind Domain Name" open=binding wide=true>
            <DomainNameForm groups certificates open=binding on_saved=on_changed/>
        </Dialog>
        <ConfirmDelete
            title="Unbind Domain Name"
            message=Signal::derive(move || to_unbind.read().as_ref().map_or_else(String::new, |view| {
                format!("{} will no longer call the APIs of {}, from the next request on.", view.bound.name, view.group)
            }))
            open=confirming
            busy=unbinding.pending()
            error=Signal::derive(move || unbinding.value().get().and_then(Result::err).map(|error| error.to_string()))
            on_confirm=Callback::new(move |()| {
                if let Some(view) = to_unbind.get_untracked() {
                    unbinding.dispatch(view);
                }
            })
        />
    }
}

#[component]
fn DomainNameRow(
    view: DomainNameView,
    groups: StoredValue<Vec<ApiGroup>>,
    certificates: StoredValue<Vec<CertificateView>>,
    now: Timestamp,
    on_changed: Callback<()>,
    on_unbind: Callback<DomainNameView>,
) -> impl IntoView {
    let editing = RwSignal::new(false);
    let unbound = view.clone();
    let DomainNameView {
        bound,
        group,
        facts,
        acme,
    } = view;
    let name = bound.name.clone();
    let fields = bound.settings.fields().clone();
    let (certificate, is_missing) = match &fields.certificate {
        DomainCertificate::None => ("None (HTTP only)".to_owned(), false),
        DomainCertificate::Issued => ("Issued by Sluice".to_owned(), facts.is_none()),
        DomainCertificate::Acme => ("Issued by ACME".to_owned(), false),
        DomainCertificate::Uploaded(id) => {
            let label = certificates.with_value(|certificates| {
                let uploaded = certificates.iter().find(|it| it.certificate_id == *id);
                uploaded.map(|it| it.name.to_string())
            });
            (label.unwrap_or_default(), facts.is_none())
        }
    };
    let redirect = if fields.redirect { "Redirect" } else { "Off" };
    let is_issued = facts.is_some();
    let (domain_name_id, acme_name) = (bound.domain_name_id.clone(), name.clone());
    let progress = acme.map(|state| {
        view! { <AcmeProgress state is_issued domain_name_id name=acme_name now on_changed/> }
    });
    let edited = StoredValue::new(bound);
    view! {
        <tr>
            <td>{name.to_string()}</td>
            <td>{group.to_string()}</td>
            <td>
                <div>{certificate}</div>
                {facts.map(|facts| view! { <div class="muted">"to " <ValidTo facts now name=name.clone()/></div> })}
                {progress}
                {is_missing.then(|| view! { <span class="badge badge--danger">"Cannot be issued"</span> })}
            </td>
            <td>{fields.min_tls.label()}</td>
            <td>{redirect}</td>
            <td class="table__operations">
                <Button kind=ButtonKind::Link label=format!("Edit {name}") on_press=Callback::new(move |()| editing.set(true))>"Edit"</Button>
                <Button kind=ButtonKind::Link label=format!("Unbind {name}") on_press=Callback::new(move |()| on_unbind.run(unbound.clone()))>"Unbind"</Button>
                <Dialog title=format!("Edit {name}") open=editing wide=true>
                    <DomainNameForm edited=edited.get_value() groups certificates open=editing on_saved=on_changed/>
                </Dialog>
            </td>
        </tr>
    }
}
