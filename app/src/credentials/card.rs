use leptos::prelude::*;
use sluice_domain::credential::{AppCode, Credential, MAX_APP_CODES};
use sluice_domain::id::CredentialId;
use sluice_domain::trigger::Authentication;

use super::access::{AccessForm, access_text};
use super::forms::ResetForm;
use super::{bind_credential, create_app_code, delete_app_code};
use crate::apis::{BindForm, BindableApi, BoundApis};
use crate::ui::{Button, ButtonKind, CopyButton, Dialog, ErrorNotice, Moment, Told};

/// The card of one credential: its key, its AppCodes, what it may call, and from where.
#[component]
pub(super) fn CredentialCard(
    credential: Credential,
    apis: StoredValue<Vec<BindableApi>>,
    told: RwSignal<Option<Told>>,
    on_changed: Callback<()>,
    on_delete: Callback<()>,
) -> impl IntoView {
    let Credential {
        credential_id,
        name,
        app_key,
        created_at,
        app_codes,
        apis: bound,
        access,
    } = credential;
    let id = StoredValue::new(credential_id);
    let (binding, resetting) = (RwSignal::new(false), RwSignal::new(false));
    let limiting = RwSignal::new(false);
    let access_shown = access_text(access.as_ref());
    let access = StoredValue::new(access);
    let making = Action::new(move |(): &()| create_app_code(id.get_value()));
    Effect::new(move || {
        if let Some(Ok(code)) = making.value().get() {
            told.set(Some(vec![("AppCode", code)]));
            on_changed.run(());
        }
    });
    let is_full = app_codes.len() >= MAX_APP_CODES;
    // Others let callers in without, so that binding them would say nothing.
    let offered = StoredValue::new(apis.with_value(|apis| {
        let app = apis.iter();
        let app = app.filter(|api| api.authentication == Authentication::App);
        app.cloned().collect::<Vec<_>>()
    }));
    let bound = StoredValue::new(bound);
    let bind = move |apis| bind_credential(id.get_value(), apis);
    let heading = name.to_string();
    view! {
        <article class="item-card" aria-label=heading.clone()>
            <header class="item-card__header">
                <div>
                    <h2 class="item-card__name">{heading.clone()}</h2>
                    <p class="muted">"Created: " <Moment at=created_at/></p>
                </div>
                <div class="item-card__actions">
                    <Button on_press=Callback::new(move |()| binding.set(true))>"Bind to APIs"</Button>
                    <Button on_press=Callback::new(move |()| limiting.set(true))>"Access Control"</Button>
                    <Button on_press=Callback::new(move |()| resetting.set(true))>"Reset Secret"</Button>
                    <Button label=format!("Delete {heading}") on_press=on_delete>"Delete"</Button>
                </div>
            </header>
            <dl class="facts facts--urls">
                <div>
                    <dt>"AppKey"</dt>
                    <dd><code>{app_key.to_string()}</code> " " <CopyButton text=app_key.to_string() label="Copy AppKey"/></dd>
                </div>
                <div><dt>"AppSecret"</dt><dd class="muted">"Kept encrypted. It was shown when it was made."</dd></div>
                <div>
                    <dt>"APIs"</dt>
                    <dd><BoundApis apis bound none="None: it can call nothing yet."/></dd>
                </div>
                <div><dt>"Access Control"</dt><dd>{access_shown}</dd></div>
                <div>
                    <dt>"AppCodes"</dt>
                    <dd>
                        <ul class="plain-list" aria-label="AppCodes">
                            {app_codes.into_iter().map(|code| view! { <AppCodeLine id code on_changed/> }).collect_view()}
                        </ul>
                        <Button kind=ButtonKind::Link busy=making.pending() disabled=is_full
                            on_press=Callback::new(move |()| { making.dispatch(()); })>
                            {if is_full { format!("There are {MAX_APP_CODES}, the most there may be") } else { "Create AppCode".to_owned() }}
                        </Button>
                        {move || making.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
                    </dd>
                </div>
            </dl>
        </article>
        <Dialog title=format!("Bind {heading} to APIs") open=binding wide=true>
            <BindForm offered bound save=bind open=binding on_changed
                none="No API has App authentication. Create a trigger with it first."/>
        </Dialog>
        <Dialog title=format!("Access Control of {heading}") open=limiting>
            <AccessForm id access open=limiting on_changed/>
        </Dialog>
        <Dialog title=format!("Reset Secret of {heading}") open=resetting>
            <ResetForm id told open=resetting/>
        </Dialog>
    }
}

#[component]
fn AppCodeLine(
    id: StoredValue<CredentialId>,
    code: AppCode,
    on_changed: Callback<()>,
) -> impl IntoView {
    let code_id = code.app_code_id;
    let deleting = Action::new(move |(): &()| delete_app_code(id.get_value(), code_id.clone()));
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            on_changed.run(());
        }
    });
    view! {
        <li>
            <code>{format!("…{}", code.ending)}</code> " "
            <span class="muted">"created " <Moment at=code.created_at/></span> " "
            <Button kind=ButtonKind::Link busy=deleting.pending() label=format!("Delete AppCode …{}", code.ending)
                on_press=Callback::new(move |()| { deleting.dispatch(()); })>"Delete"</Button>
            {move || deleting.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
        </li>
    }
}
