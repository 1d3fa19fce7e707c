use leptos::prelude::*;
use leptos_meta::Title;
use sluice_domain::environment::Environment;
use sluice_domain::id::ApiGroupId;
use sluice_domain::stage_variables::{StageVariable, StageVariables};

use super::group::{current_group, title};
use super::pairs::{PairInputs, Pairs};
use super::{GroupView, update_stage_variables};
use crate::console::sentence;
use crate::ui::{
    Button, ButtonKind, Card, Dialog, ErrorNotice, Loaded, Notice, NoticeKind, SelectField, choices,
};

/// Environment Variables of a group: what is different in each environment.
#[component]
pub(crate) fn StageVariablesPage() -> impl IntoView {
    // Kept here, so that they stay when the group is loaded again.
    let chosen = RwSignal::new(String::new());
    let editing = RwSignal::new(false);
    view! {
        <Loaded resource=current_group().details view=move |view| view! { <Variables view chosen editing/> }/>
    }
}

#[component]
fn Variables(view: GroupView, chosen: RwSignal<String>, editing: RwSignal<bool>) -> impl IntoView {
    let current = current_group();
    let title = title("Environment Variables", &view);
    let options = choices(view.environments.iter().map(|environment| {
        let Environment {
            environment_id,
            name,
            ..
        } = environment;
        (environment_id.to_string(), name.to_string())
    }));
    let view = StoredValue::new(view);
    let environment = Memo::new(move |_| {
        view.with_value(|view| {
            let mut all = view.environments.iter();
            let first = all.clone().next();
            let named = all.find(|it| it.environment_id.as_str() == *chosen.read());
            named.or(first).cloned()
        })
    });
    let variables = Memo::new(move |_| {
        let environment = environment.get()?;
        view.with_value(|view| view.settings.variables.get(&environment.name).cloned())
    });
    let edit = move || {
        view! { <Button on_press=Callback::new(move |()| editing.set(true))>"Edit Environment Variables"</Button> }
    };
    view! {
        <Title text=title/>
        <Card title="Environment Variables" actions=ViewFn::from(edit)>
            <div class="form">
                <SelectField name="environment" label="Environment" value=chosen options=options
                    hint="Functions get the variables of the environment they are called in as requestContext.stageVariables of the event. #Name# in a gateway response is replaced by the value."/>
            </div>
            {move || view! { <VariablesTable variables=variables.get().unwrap_or_default()/> }}
        </Card>
        <Dialog title="Edit Environment Variables" open=editing wide=true>
            {move || environment.get().map(|environment| view! {
                <VariablesForm
                    group_id=view.with_value(|view| view.row.group.group_id.clone())
                    environment
                    saved=variables.get_untracked().unwrap_or_default()
                    open=editing
                    on_saved=current.on_changed()
                />
            })}
        </Dialog>
    }
}

#[component]
fn VariablesTable(variables: StageVariables) -> impl IntoView {
    if variables.is_empty() {
        return view! { <p class="empty">"No variables in this environment."</p> }.into_any();
    }
    view! {
        <div class="table-frame" role="region" aria-label="Variables" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Variables"</caption>
                <thead><tr><th scope="col">"Name"</th><th scope="col">"Value"</th></tr></thead>
                <tbody>
                    {variables.iter().map(|one| view! {
                        <tr><td><code>{one.name.clone()}</code></td><td class="table__text"><code>{one.value.clone()}</code></td></tr>
                    }).collect_view()}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn VariablesForm(
    group_id: ApiGroupId,
    environment: Environment,
    saved: StageVariables,
    open: RwSignal<bool>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let pairs = Pairs::new(saved.iter().map(|it| (it.name.clone(), it.value.clone())));
    if saved.is_empty() {
        pairs.add();
    }
    let parsed = Memo::new(move |_| {
        let typed = pairs.typed().into_iter();
        let typed: Vec<_> = typed
            .map(|(name, value)| StageVariable { name, value })
            .collect();
        StageVariables::try_from(typed).map_err(|error| sentence(&error.to_string()))
    });
    let environment_id = environment.environment_id;
    let saving = Action::new(move |variables: &StageVariables| {
        update_stage_variables(
            group_id.clone(),
            environment_id.clone(),
            variables.clone().into(),
        )
    });
    Effect::new(move || {
        if let Some(Ok(())) = saving.value().get() {
            open.set(false);
            on_saved.run(());
        }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(variables) = parsed.get_untracked() {
            saving.dispatch(variables);
        }
    };
    view! {
        <form class="form" on:submit=submit>
            <p class="field__hint">{format!(
                "At most {} variables in {}. Names have 3 to 32 characters, a letter first: letters, digits, hyphens and underscores; values 1 to 255: letters, digits and _ - / . :",
                StageVariables::MAX_COUNT,
                environment.name
            )}</p>
            {move || parsed.get().err().map(|message| view! { <Notice kind=NoticeKind::Error>{message}</Notice> })}
            {move || saving.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <PairInputs pairs most=StageVariables::MAX_COUNT name="Name" value="Value"/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || parsed.read().is_err())>"OK"</Button>
            </div>
        </form>
    }
}
