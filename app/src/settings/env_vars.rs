use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::env_vars::{EnvValue, EnvVar, EnvVarChange, EnvVars};

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
        <Title text=current.title("Environment Variables")/>
        <Loaded resource=details view=|details| view! { <EnvVarsTable details/> }/>
    }
}

#[component]
fn EnvVarsTable(details: FunctionDetails) -> impl IntoView {
    let editing = RwSignal::new(false);
    let name = StoredValue::new(details.name.to_string());
    let env_vars = StoredValue::new(details.settings.env_vars.clone());
    let rows: Vec<EnvVar> = details.settings.env_vars.into();
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
                                {rows.into_iter().map(|one| view! {
                                    <tr><td><code>{one.key}</code></td><td class="table__text">{shown(one.value)}</td></tr>
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

fn shown(value: EnvValue) -> AnyView {
    match value {
        EnvValue::Plain(text) => view! { <code>{text}</code> }.into_any(),
        EnvValue::Encrypted(_) => view! { <span class="badge">"Encrypted"</span> }.into_any(),
    }
}

/// One row of the form, told apart by a number of its own.
#[derive(Clone, Copy, PartialEq)]
struct Row {
    id: usize,
    key: RwSignal<String>,
    value: RwSignal<String>,
    is_encrypted: RwSignal<bool>,
    /// Whether an encrypted value is stored.
    is_stored: bool,
    /// Whether that one stays as it is, as no other one was typed.
    is_kept: RwSignal<bool>,
}

impl Row {
    fn new(id: usize, saved: Option<&EnvVar>) -> Self {
        let is_encrypted = saved.is_some_and(|it| matches!(it.value, EnvValue::Encrypted(_)));
        let (key, value) = match saved {
            Some(EnvVar { key, value }) => (key.clone(), value.as_str().to_owned()),
            None => (String::new(), String::new()),
        };
        Self {
            id,
            key: RwSignal::new(key),
            value: RwSignal::new(value),
            is_encrypted: RwSignal::new(is_encrypted),
            is_stored: is_encrypted,
            is_kept: RwSignal::new(is_encrypted),
        }
    }

    /// What it says; nothing where it was left wholly empty.
    fn change(self) -> Option<EnvVarChange> {
        let (key, value, is_kept) = (self.key.get(), self.value.get(), self.is_kept.get());
        let is_encrypted = self.is_encrypted.get();
        (is_kept || !(key.is_empty() && value.is_empty())).then(|| EnvVarChange {
            key,
            value: (!is_kept).then_some(value),
            is_encrypted,
        })
    }
}

#[component]
fn EnvVarsForm(name: String, env_vars: EnvVars, open: RwSignal<bool>) -> impl IntoView {
    let current = current_function();
    let mut first: Vec<Row> = (0..)
        .zip(env_vars.iter())
        .map(|(id, saved)| Row::new(id, Some(saved)))
        .collect();
    if first.is_empty() {
        first.push(Row::new(0, None));
    }
    let next_id = StoredValue::new(first.len());
    let add = move || {
        let id = next_id.get_value();
        next_id.set_value(id + 1);
        Row::new(id, None)
    };
    let rows = RwSignal::new(first);
    // The server looks at all again: it knows what is stored encrypted.
    let parsed = Memo::new(move |_| {
        let changes: Vec<_> = rows.read().iter().filter_map(|row| row.change()).collect();
        match env_vars.changed(changes.clone()) {
            Ok(_) => Ok(changes),
            Err(error) => Err(sentence(&error.to_string())),
        }
    });
    let saving = Action::new(move |changes: &Vec<EnvVarChange>| {
        update_env_vars(name.clone(), changes.clone())
    });
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
            current.changes.update(|changes| *changes += 1);
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(changes) = parsed.get_untracked() {
            saving.dispatch(changes);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <p class="field__hint">"At most 20 variables, together at most 4096 characters. An encrypted value is stored encrypted and shown to nobody again; switching its encryption off empties it."</p>
            {move || parsed.get().err().map(|message| view! { <Notice kind=NoticeKind::Error>{message}</Notice> })}
            {move || saving.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <div class="env-vars">
                <For each=move || rows.get() key=|row| row.id let:row>
                    <EnvVarRow row remove=Callback::new(move |()| rows.update(|rows| rows.retain(|other| other.id != row.id)))/>
                </For>
            </div>
            <Button on_press=Callback::new(move |()| { let new = add(); rows.update(|rows| rows.push(new)); })>"+ Add"</Button>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || parsed.read().is_err())>"OK"</Button>
            </div>
        </form>
    }
}

#[component]
fn EnvVarRow(row: Row, remove: Callback<()>) -> impl IntoView {
    let Row {
        key,
        value,
        is_encrypted,
        is_stored,
        is_kept,
        ..
    } = row;
    let type_value = move |event| {
        value.set(event_target_value(&event));
        // What was typed and taken back leaves what is stored.
        is_kept.set(is_encrypted.get_untracked() && is_stored && value.read_untracked().is_empty());
    };
    let encrypt = move |event| {
        let encrypted = event_target_checked(&event);
        if !encrypted {
            value.set(String::new());
        }
        is_encrypted.set(encrypted);
        is_kept.set(encrypted && is_stored && value.read_untracked().is_empty());
    };
    view! {
        <div class="env-vars__row">
            <input class="input" aria-label="Key" placeholder="Key" autocomplete="off" prop:value=key on:input=move |event| key.set(event_target_value(&event))/>
            <input class="input" aria-label="Value" autocomplete="new-password" prop:value=value on:input=type_value
                type=move || if is_encrypted.get() { "password" } else { "text" }
                placeholder=move || if is_kept.get() { "Unchanged" } else { "Value" }/>
            <label class="check">
                <input type="checkbox" prop:checked=is_encrypted on:change=encrypt/>
                <span>"Encrypted"</span>
            </label>
            <Button kind=ButtonKind::Link on_press=remove>"Delete"</Button>
        </div>
    }
}
