use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::certificate::MAX_CERTIFICATES;
use sluice_domain::time::Timestamp;

use super::form::CertificateForm;
use super::validity::ValidTo;
use super::{CertificateList, CertificateView, delete_certificate, list_certificates};
use crate::console::ConsoleError;
use crate::routes;
use crate::ui::{Button, ButtonKind, ConfirmDelete, Dialog, Loaded, MomentInColumn, PageHeader};

/// API Gateway > Certificates.
#[component]
pub(crate) fn CertificatesPage() -> impl IntoView {
    let listed = Resource::new(|| (), |()| list_certificates());
    let uploading = RwSignal::new(false);
    view! {
        <Title text="Certificates"/>
        <PageHeader title="Certificates">
            <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| uploading.set(true))>"Upload Certificate"</Button>
        </PageHeader>
        <Loaded resource=listed view=move |list| view! { <CertificateTable list listed/> }/>
        <Dialog title="Upload Certificate" open=uploading wide=true>
            <CertificateForm open=uploading on_saved=Callback::new(move |()| listed.refetch())/>
        </Dialog>
    }
}

#[component]
fn CertificateTable(
    list: CertificateList,
    listed: Resource<Result<CertificateList, ConsoleError>>,
) -> impl IntoView {
    let confirming = RwSignal::new(false);
    let to_delete = RwSignal::new(None::<CertificateView>);
    let deleting = Action::new(move |certificate: &CertificateView| {
        delete_certificate(certificate.certificate_id.clone())
    });
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            confirming.set(false);
            listed.refetch();
        }
    });
    let CertificateList { certificates, now } = list;
    if certificates.is_empty() {
        return view! {
            <div class="empty">
                <p class="empty__title">"No certificates yet"</p>
                <p>"A certificate lets a domain name be called over HTTPS. Upload one that an authority has signed, and choose it in "
                    <a href=routes::DOMAIN_NAMES>"Domain Names"</a> "."</p>
            </div>
        }
        .into_any();
    }
    view! {
        <p class="muted">{format!("{} of {MAX_CERTIFICATES}", certificates.len())}</p>
        <div class="table-frame" role="region" aria-label="Certificates" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Certificates"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Covers"</th>
                        <th scope="col">"Issuer"</th>
                        <th scope="col">"Valid"</th>
                        <th scope="col">"Used by"</th>
                        <th scope="col">"Operation"</th>
                    </tr>
                </thead>
                <tbody>
                    {certificates.into_iter().map(|certificate| {
                        let delete = move |certificate| {
                            deleting.value().set(None);
                            to_delete.set(Some(certificate));
                            confirming.set(true);
                        };
                        view! {
                            <CertificateRow certificate now on_changed=Callback::new(move |()| listed.refetch())
                                on_delete=Callback::new(delete)/>
                        }
                    }).collect_view()}
                </tbody>
            </table>
        </div>
        <ConfirmDelete
            title="Delete Certificate"
            message=Signal::derive(move || to_delete.read().as_ref().map_or_else(String::new, |certificate| {
                format!("{} will be deleted with its private key.", certificate.name)
            }))
            open=confirming
            busy=deleting.pending()
            error=Signal::derive(move || deleting.value().get().and_then(Result::err).map(|error| error.to_string()))
            on_confirm=Callback::new(move |()| {
                if let Some(certificate) = to_delete.get_untracked() {
                    deleting.dispatch(certificate);
                }
            })
        />
    }
    .into_any()
}

#[component]
fn CertificateRow(
    certificate: CertificateView,
    now: Timestamp,
    on_changed: Callback<()>,
    on_delete: Callback<CertificateView>,
) -> impl IntoView {
    let replacing = RwSignal::new(false);
    let deleted = certificate.clone();
    let CertificateView {
        certificate_id,
        name,
        facts,
        used_by,
    } = certificate;
    let id = StoredValue::new(certificate_id);
    let name = name.to_string();
    let lines = |texts: Vec<String>| {
        let lines = texts.into_iter().map(|text| view! { <li>{text}</li> });
        view! { <ul class="plain-list">{lines.collect_view()}</ul> }
    };
    let names = facts.names.clone();
    let used_by: Vec<_> = used_by.into_iter().map(String::from).collect();
    let is_used = !used_by.is_empty();
    view! {
        <tr>
            <td>{name.clone()}</td>
            <td>{lines(names)}</td>
            <td>{facts.issuer.clone()}</td>
            <td>
                <div>"from " <MomentInColumn at=facts.valid_from/></div>
                <div>"to " <ValidTo facts now/></div>
            </td>
            <td>{match is_used {
                true => lines(used_by).into_any(),
                false => view! { <span class="muted">"No domain name"</span> }.into_any(),
            }}</td>
            <td class="table__operations">
                <Button kind=ButtonKind::Link label=format!("Replace {name}") on_press=Callback::new(move |()| replacing.set(true))>"Replace"</Button>
                <Button kind=ButtonKind::Link label=format!("Delete {name}") on_press=Callback::new(move |()| on_delete.run(deleted.clone()))>"Delete"</Button>
                <Dialog title=format!("Replace {name}") open=replacing wide=true>
                    <CertificateForm replaced=id.get_value() open=replacing on_saved=on_changed/>
                </Dialog>
            </td>
        </tr>
    }
}
