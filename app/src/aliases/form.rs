use leptos::prelude::*;
use sluice_domain::alias::{
    Alias, AliasName, AliasTarget, AliasTargetFields, Percentage, ShiftBy, Shifting,
};
use sluice_domain::text::Description;
use sluice_domain::version::{VersionName, VersionRef};

use super::rules::{RulesFields, RulesInputs};
use super::{create_alias, update_alias};
use crate::apis::parsed;
use crate::console::sentence;
use crate::functions::current_function;
use crate::ui::{Button, ButtonKind, ErrorNotice, Hint, SelectField, TextField, choices};

/// The two values of **Shift By**.
const PERCENTAGE: &str = "percentage";
const RULE: &str = "rule";

/// Creates an alias, or has one call something else.
#[component]
pub(super) fn AliasForm(
    #[prop(optional)] edited: Option<Alias>,
    /// What it can call.
    versions: Vec<VersionRef>,
    open: RwSignal<bool>,
    on_saved: Callback<()>,
) -> impl IntoView {
    let function = current_function().name.get_untracked();
    let is_new = edited.is_none();
    let text =
        |of: fn(&Alias) -> String| RwSignal::new(edited.as_ref().map(of).unwrap_or_default());
    let name = text(|alias| alias.name.to_string());
    let description = text(|alias| alias.description.to_string());
    let target = TargetInputs::new(edited.as_ref().map(|alias| &alias.target), &versions);
    let parsed_name = Memo::new(move |_| parsed::<AliasName>(&name.read()));
    let parsed_description = Memo::new(move |_| parsed::<Description>(&description.read()));
    let wanted = Memo::new(move |_| {
        let target = target.parsed.get().ok()?;
        Some((
            parsed_name.get().ok()?,
            target,
            parsed_description.get().ok()?,
        ))
    });
    let saving = Action::new(
        move |(alias, target, description): &(AliasName, AliasTarget, Description)| {
            let (function, alias) = (function.clone(), alias.clone());
            let (target, description) = (target.clone(), description.clone());
            async move {
                match is_new {
                    true => create_alias(function, alias, target, description).await,
                    false => update_alias(function, alias, target, description).await,
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
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(wanted) = wanted.get_untracked() {
            saving.dispatch(wanted);
        }
    };
    let name_error = move || parsed_name.get().err().filter(|_| !name.read().is_empty());
    view! {
        <form class="form" on:submit=submit>
            {move || saving.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            {is_new.then(|| view! {
                <TextField name="alias" label="Alias" value=name required=true autofocus=true
                    error=Signal::derive(name_error)
                    hint="1 to 63 characters, a letter first, a letter or digit last: letters, digits, hyphens and underscores. It stays."/>
            })}
            <TargetFields target versions/>
            <TextField name="alias-description" label="Description" value=description rows=3
                error=Signal::derive(move || parsed_description.get().err())
                hint="At most 512 characters."/>
            <div class="dialog__footer">
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || wanted.read().is_none())>"OK"</Button>
            </div>
        </form>
    }
}

/// What is typed and chosen of what an alias calls.
#[derive(Clone, Copy)]
struct TargetInputs {
    version: RwSignal<String>,
    is_shifting: RwSignal<bool>,
    additional: RwSignal<String>,
    shift_by: RwSignal<String>,
    weight: RwSignal<String>,
    rules: RulesInputs,
    parsed_weight: Memo<Result<Percentage, String>>,
    parsed: Memo<Result<AliasTarget, Wrong>>,
}

/// What is wrong, and beside which field it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wrong {
    Additional(String),
    Weight,
    Rules(String),
}

impl TargetInputs {
    fn new(saved: Option<&AliasTarget>, versions: &[VersionRef]) -> Self {
        let fields = saved.map(AliasTarget::fields);
        let shifting = fields.and_then(|fields| fields.shifting.as_ref());
        let version = fields.map(|fields| fields.version.to_string());
        let published = versions.iter().find(|it| **it != VersionRef::Latest);
        let additional = shifting.map(|it| it.additional_version.to_string());
        let additional = additional.or_else(|| published.map(ToString::to_string));
        let by = shifting.map(|it| &it.by);
        let (shift_by, weight, rules) = match by {
            Some(ShiftBy::Rules(rules)) => (RULE, None, Some(rules)),
            Some(ShiftBy::Percentage(weight)) => (PERCENTAGE, Some(weight.get()), None),
            None => (PERCENTAGE, None, None),
        };
        let first = versions.first().map(ToString::to_string);
        let version = RwSignal::new(version.or(first).unwrap_or_default());
        let is_shifting = RwSignal::new(shifting.is_some());
        let additional = RwSignal::new(additional.unwrap_or_default());
        let shift_by = RwSignal::new(shift_by.to_owned());
        let weight = RwSignal::new(weight.unwrap_or(10).to_string());
        let rules = RulesInputs::new(rules);
        let parsed_weight = Memo::new(move |_| {
            let percent: u32 = weight
                .read()
                .trim()
                .parse()
                .map_err(|_| "Must be a whole number".to_owned())?;
            Percentage::try_from(percent).map_err(|error| sentence(&error.to_string()))
        });
        let shifting = move || {
            Ok(Shifting {
                additional_version: parsed::<VersionName>(&additional.read())
                    .map_err(|_| Wrong::Additional("Publish a version first".to_owned()))?,
                by: match *shift_by.read() == RULE {
                    true => ShiftBy::Rules(rules.parse().map_err(Wrong::Rules)?),
                    false => ShiftBy::Percentage(parsed_weight.get().map_err(|_| Wrong::Weight)?),
                },
            })
        };
        let parsed = Memo::new(move |_| {
            let fields = AliasTargetFields {
                // It is one of a list.
                version: version.read().parse().unwrap_or_default(),
                shifting: is_shifting.get().then(shifting).transpose()?,
            };
            AliasTarget::try_from(fields)
                .map_err(|error| Wrong::Additional(sentence(&error.to_string())))
        });
        Self {
            version,
            is_shifting,
            additional,
            shift_by,
            weight,
            rules,
            parsed_weight,
            parsed,
        }
    }
}

/// What an alias calls.
#[component]
fn TargetFields(target: TargetInputs, versions: Vec<VersionRef>) -> impl IntoView {
    let TargetInputs {
        version,
        is_shifting,
        additional,
        shift_by,
        weight,
        rules,
        parsed_weight,
        parsed,
    } = target;
    let named = |versions: &[VersionRef]| {
        choices(versions.iter().map(|it| (it.to_string(), it.to_string())))
    };
    let all = named(&versions);
    let published: Vec<_> = versions
        .into_iter()
        .filter(|it| *it != VersionRef::Latest)
        .collect();
    let published = StoredValue::new(named(&published));
    let additional_error = Signal::derive(move || match parsed.get() {
        Err(Wrong::Additional(why)) => Some(why),
        _ => None,
    });
    let rules_error = Signal::derive(move || match parsed.get() {
        Err(Wrong::Rules(why)) => Some(why),
        _ => None,
    });
    view! {
        <SelectField name="alias-version" label="Version" value=version options=all required=true
            hint="What the alias calls. A version has one alias at most."/>
        <div class="field">
            <span class="field__label">"Traffic Shifting"</span>
            <div class="field__body">
                <label class="check">
                    <input type="checkbox" prop:checked=is_shifting on:change=move |event| is_shifting.set(event_target_checked(&event))/>
                    <span>"A part of the calls goes to an additional version"</span>
                </label>
                <Hint text="For example to let a few callers try what comes next."/>
            </div>
        </div>
        <Show when=move || is_shifting.get()>
            <SelectField name="additional-version" label="Additional Version" value=additional options=published.get_value() required=true
                error=additional_error hint="A published version, and another one than above."/>
            <SelectField name="shift-by" label="Shift By" value=shift_by required=true
                options=choices([(PERCENTAGE, "Percentage"), (RULE, "Rule")])
                hint="Percentage: so many of a hundred calls, evenly among the others. Rule: those with certain headers."/>
            <Show when=move || *shift_by.read() == PERCENTAGE>
                <TextField name="weight" label="Weight (%)" value=weight required=true kind="number"
                    error=Signal::derive(move || parsed_weight.get().err())
                    hint="0 to 100: the additional version's part."/>
            </Show>
            <Show when=move || *shift_by.read() == RULE>
                <RulesFields inputs=rules error=rules_error/>
            </Show>
        </Show>
    }
}
