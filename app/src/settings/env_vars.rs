use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::function::EnvVars;

use super::update_env_vars;
use crate::console::sentence;
use crate::functions::{FunctionDetails, current_function};
use crate::ui::{Button, ButtonKind, Card, Dialog, ErrorNotice, Loaded, Notice, NoticeKind};

/// Configuration > Environment Variables.
#[component]
pub(crate) fn EnvVarsPage() -> impl IntoView {
    let current = current_function();
    let details = current.details();
    view! {
        <Title text=move || format!("Environment Variables - {}", current.name.get())/>
        <Loaded resource=details view=|details| view! { <EnvVarsTable details/> }/>
    }
}

#[component]
fn EnvVarsTable(details: FunctionDetails) -> impl IntoView {
    let editing = RwSignal::new(false);
    let name = StoredValue::new(details.name.to_string());
    let env_vars = StoredValue::new(details.settings.env_vars.clone());
    let rows: Vec<(String, String)> = details.settings.env_vars.into();
    let none = rows.is_empty();
    let edit = move || {
        view! { <Button on_press=Callback::new(move |()| editing.set(true))>"Edit Environment Variable"</Button> }
    };
    view! {
        <Card title="Environment Variables" actions=ViewFn::from(edit)>
            {if none {
                view! { <p class="empty">"No environment variables. A function reads them with context.getUserData(key) and os.environ."</p> }.into_any()
            } else {
                view! {
                    <div class="table-frame" role="region" aria-label="Environment variables" tabindex="0">
                        <table class="table">
                            <caption class="visually-hidden">"Environment variables"</caption>
                            <thead><tr><th scope="col">"Key"</th><th scope="col">"Value"</th></tr></thead>
                            <tbody>
                                {rows.into_iter().map(|(key, value)| view! {
                                    <tr><td><code>{key}</code></td><td class="table__text"><code>{value}</code></td></tr>
                                }).collect_view()}
                            </tbody>
                        </table>
                    </div>
                }.into_any()
            }}
        </Card>
        <Dialog title="Edit Environment Variables" open=editing wide=true>
            <EnvVarsForm name=name.get_value() env_vars=env_vars.get_value() open=editing/>
        </Dialog>
    }
}

/// One row of the form: a key and a value, told apart by a number of its own.
#[derive(Clone, Copy, PartialEq)]
struct Row {
    id: usize,
    key: RwSignal<String>,
    value: RwSignal<String>,
}

#[component]
fn EnvVarsForm(name: String, env_vars: EnvVars, open: RwSignal<bool>) -> impl IntoView {
    let current = current_function();
    let next_id = StoredValue::new(0);
    let row = move |key: &str, value: &str| {
        let id = next_id.get_value();
        next_id.set_value(id + 1);
        Row {
            id,
            key: RwSignal::new(key.to_owned()),
            value: RwSignal::new(value.to_owned()),
        }
    };
    let mut first: Vec<Row> = env_vars
        .iter()
        .map(|(key, value)| row(key, value))
        .collect();
    if first.is_empty() {
        first.push(row("", ""));
    }
    let rows = RwSignal::new(first);
    // A row left wholly empty is no variable.
    let parsed = Memo::new(move |_| {
        let pairs = rows
            .read()
            .iter()
            .map(|row| (row.key.get(), row.value.get()))
            .filter(|(key, value)| !(key.is_empty() && value.is_empty()))
            .collect::<Vec<_>>();
        EnvVars::try_from(pairs).map_err(|error| sentence(&error.to_string()))
    });
    let saving =
        Action::new(move |env_vars: &EnvVars| update_env_vars(name.clone(), env_vars.clone()));
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
            current.changes.update(|changes| *changes += 1);
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(env_vars) = parsed.get_untracked() {
            saving.dispatch(env_vars);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <p class="field__hint">"At most 20 variables, together at most 4096 characters. Do not store secrets in plain text that others may see on this page."</p>
            {move || parsed.get().err().map(|message| view! { <Notice kind=NoticeKind::Error>{message}</Notice> })}
            {move || saving.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <div class="env-vars">
                <For each=move || rows.get() key=|row| row.id let:row>
                    <div class="env-vars__row">
                        <input class="input" aria-label="Key" placeholder="Key" autocomplete="off" prop:value=row.key on:input=move |event| row.key.set(event_target_value(&event))/>
                        <input class="input" aria-label="Value" placeholder="Value" autocomplete="off" prop:value=row.value on:input=move |event| row.value.set(event_target_value(&event))/>
                        <Button kind=ButtonKind::Link on_press=Callback::new(move |()| rows.update(|rows| rows.retain(|other| other.id != row.id)))>"Delete"</Button>
                    </div>
                </For>
            </div>
            <Button on_press=Callback::new(move |()| { let new = row("", ""); rows.update(|rows| rows.push(new)); })>"+ Add"</Button>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || parsed.read().is_err())>"OK"</Button>
            </div>
        </form>
    }
}
