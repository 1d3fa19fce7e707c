use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::user::Password;

use super::ChangePassword;
use crate::console::{ConsoleError, sentence};
use crate::session::{SessionState, read_session};
use crate::ui::{
    Button, ButtonKind, Card, ErrorNotice, Loaded, Notice, NoticeKind, PageHeader, TextField,
};

/// My Account.
#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let state = Resource::new(|| (), |()| read_session());
    view! {
        <Title text="My Account"/>
        <PageHeader title="My Account"/>
        <Loaded resource=state view=move |state| match state {
            SessionState::SignedIn(user) => Some(view! {
                <Card title="Account">
                    <dl class="facts">
                        <div><dt>"User Name"</dt><dd>{user.name.to_string()}</dd></div>
                        <div><dt>"Role"</dt><dd>{user.role.label()}</dd></div>
                    </dl>
                </Card>
            }),
            SessionState::NeedsAdministrator | SessionState::SignedOut => None,
        }/>
        <Card title="Password"><PasswordForm/></Card>
    }
}

#[component]
fn PasswordForm() -> impl IntoView {
    let action = ServerAction::<ChangePassword>::new();
    let text = || RwSignal::new(String::new());
    let (current, password, repeated) = (text(), text(), text());
    Effect::new(move || {
        if let Some(Ok(())) = action.value().get() {
            for field in [current, password, repeated] {
                field.set(String::new());
            }
        }
    });
    let refused = move |field: &'static str| {
        let error = action.value().get().and_then(Result::err);
        error.and_then(|error| error.for_field(field))
    };
    let password_error = Signal::derive(move || {
        let password = password.get();
        let broken = Password::parse(&password).err();
        let shown = broken.filter(|_| !password.is_empty());
        let shown = shown.map(|error| sentence(&error.to_string()));
        shown.or_else(|| refused("password"))
    });
    let repeated_error = Signal::derive(move || {
        let differs = !repeated.read().is_empty() && *repeated.read() != *password.read();
        let shown = differs.then(|| "The two passwords differ".to_owned());
        shown.or_else(|| refused("repeated"))
    });
    view! {
        <ActionForm action attr:class="form">
            {move || match action.value().get() {
                Some(Ok(())) => Some(view! {
                    <Notice kind=NoticeKind::Success>"Your password is changed. Everywhere else you are signed out."</Notice>
                }.into_any()),
                Some(Err(ConsoleError::Refused { field: Some(_), .. })) | None => None,
                Some(Err(error)) => Some(view! { <ErrorNotice error/> }.into_any()),
            }}
            <TextField name="current" label="Current Password" value=current required=true kind="password" autocomplete="current-password"
                error=Signal::derive(move || refused("current"))/>
            <TextField name="password" label="New Password" value=password required=true kind="password" autocomplete="new-password"
                error=password_error hint="8 to 256 characters. Your other sessions end."/>
            <TextField name="repeated" label="Repeat New Password" value=repeated required=true kind="password" autocomplete="new-password"
                error=repeated_error/>
            <div>
                <Button kind=ButtonKind::Primary submit=true busy=action.pending()>"Change Password"</Button>
            </div>
        </ActionForm>
    }
}
