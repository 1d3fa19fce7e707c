use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::id::UserId;
use sluice_domain::user::User;

use super::forms::{CreateUserForm, ResetPasswordForm, RoleForm};
use super::{UserList, delete_user, disable_user, list_users};
use crate::console::ConsoleError;
use crate::ui::{
    Button, ButtonKind, ConfirmDelete, Dialog, ErrorNotice, Loaded, Moment, PageHeader,
};

/// Administration > Users.
#[component]
pub(crate) fn UsersPage() -> impl IntoView {
    let listed = Resource::new(|| (), |()| list_users());
    let creating = RwSignal::new(false);
    let refetch = Callback::new(move |()| listed.refetch());
    view! {
        <Title text="Users"/>
        <PageHeader title="Users">
            <Button kind=ButtonKind::Primary on_press=Callback::new(move |()| creating.set(true))>"Create User"</Button>
        </PageHeader>
        <Loaded resource=listed view=move |list| view! { <UserTable list on_changed=refetch/> }/>
        <Dialog title="Create User" open=creating>
            <CreateUserForm open=creating on_created=refetch/>
        </Dialog>
    }
}

#[component]
fn UserTable(list: UserList, on_changed: Callback<()>) -> impl IntoView {
    let UserList { users, me } = list;
    let (confirming, changing, resetting) = (
        RwSignal::new(false),
        RwSignal::new(false),
        RwSignal::new(false),
    );
    let chosen = RwSignal::new(None::<User>);
    let name = move || {
        chosen
            .read()
            .as_ref()
            .map_or_else(String::new, |it| it.name.to_string())
    };
    let deleting = Action::new(move |id: &UserId| delete_user(id.clone()));
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            confirming.set(false);
            on_changed.run(());
        }
    });
    let disabling = Action::new(move |(id, is_disabled): &(UserId, bool)| {
        disable_user(id.clone(), *is_disabled)
    });
    Effect::new(move || {
        if let Some(Ok(())) = disabling.value().get() {
            on_changed.run(());
        }
    });
    let open = move |dialog: RwSignal<bool>| {
        Callback::new(move |user: User| {
            deleting.value().set(None);
            chosen.set(Some(user));
            dialog.set(true);
        })
    };
    let (on_delete, on_change, on_reset) = (open(confirming), open(changing), open(resetting));
    view! {
        {move || disabling.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
        <div class="table-frame" role="region" aria-label="Users" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Users"</caption>
                <thead>
                    <tr>
                        <th scope="col">"User Name"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Last Sign-In"</th>
                        <th scope="col">"Created"</th>
                        <th scope="col">"Operation"</th>
                    </tr>
                </thead>
                <tbody>
                    {users.into_iter().map(|user| {
                        let is_me = user.user_id == me;
                        view! { <UserRow user is_me disabling on_delete on_change on_reset/> }
                    }).collect_view()}
                </tbody>
            </table>
        </div>
        <Dialog title="Change Role" open=changing>
            {move || chosen.get().map(|user| view! { <RoleForm user open=changing on_changed/> })}
        </Dialog>
        <Dialog title="Reset Password" open=resetting>
            {move || chosen.get().map(|user| view! { <ResetPasswordForm user open=resetting/> })}
        </Dialog>
        <ConfirmDelete
            title="Delete User"
            message=Signal::derive(move || format!(
                "{} will be deleted, with their access keys and tokens. They are signed out, and their programs are refused at once. What they made stays.",
                name()
            ))
            open=confirming
            busy=deleting.pending()
            error=Signal::derive(move || deleting.value().get().and_then(Result::err).map(|error| error.to_string()))
            on_confirm=Callback::new(move |()| {
                if let Some(user) = chosen.get_untracked() {
                    deleting.dispatch(user.user_id);
                }
            })
        />
    }
}

#[component]
fn UserRow(
    user: User,
    is_me: bool,
    disabling: Action<(UserId, bool), Result<(), ConsoleError>>,
    on_delete: Callback<User>,
    on_change: Callback<User>,
    on_reset: Callback<User>,
) -> impl IntoView {
    let (status, badge, change) = match user.is_disabled {
        false => ("Enabled", "badge badge--success", "Disable"),
        true => ("Disabled", "badge", "Enable"),
    };
    let name = user.name.to_string();
    let disable = (user.user_id.clone(), !user.is_disabled);
    let user = StoredValue::new(user);
    let with = move |on: Callback<User>| Callback::new(move |()| on.run(user.get_value()));
    let (role, created_at, last) =
        user.with_value(|user| (user.role.label(), user.created_at, user.last_signed_in_at));
    view! {
        <tr>
            <td>{name.clone()} {is_me.then(|| view! { " " <span class="badge">"You"</span> })}</td>
            <td>{role}</td>
            <td><span class=badge>{status}</span></td>
            <td>
                {match last {
                    Some(at) => view! { <Moment at/> }.into_any(),
                    None => view! { <span class="muted">"Never"</span> }.into_any(),
                }}
            </td>
            <td><Moment at=created_at/></td>
            <td class="table__operations">
                <Button kind=ButtonKind::Link label=format!("Change role of {name}") on_press=with(on_change)>"Change Role"</Button>
                {(!is_me).then(|| view! {
                    <Button kind=ButtonKind::Link label=format!("Reset password of {name}") on_press=with(on_reset)>"Reset Password"</Button>
                    <Button kind=ButtonKind::Link label=format!("{change} {name}") busy=disabling.pending()
                        on_press=Callback::new(move |()| { disabling.dispatch(disable.clone()); })>{change}</Button>
                    <Button kind=ButtonKind::Link label=format!("Delete {name}") on_press=with(on_delete)>"Delete"</Button>
                })}
            </td>
        </tr>
    }
}
