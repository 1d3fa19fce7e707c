use leptos::prelude::*;
use sluice_domain::test_event::{
    EventJson, MAX_TEST_EVENTS, TEMPLATES, Template, TestEvent, TestEventName,
};

use super::{create_test_event, delete_test_event, list_test_events, update_test_event};
use crate::apis::parsed;
use crate::console::ConsoleError;
use crate::ui::{Button, ButtonKind, Dialog, ErrorNotice, TextField};

/// Configure Test Event: the events that Test can hand to the function.
#[component]
pub(crate) fn TestEventDialog(
    function: String,
    /// The function's test events, by name.
    events: RwSignal<Vec<TestEvent>>,
    /// Name of the one that Test hands over; empty for the blank template.
    chosen: RwSignal<String>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let function = StoredValue::new(function);
    view! {
        <Dialog title="Configure Test Event" open wide=true>
            <TestEventForm function=function.get_value() events chosen open/>
        </Dialog>
    }
}

/// What is typed of a test event.
#[derive(Clone, Copy)]
struct Inputs {
    /// Whether a saved one is changed, rather than a new one made.
    is_saved: RwSignal<bool>,
    /// The template that it was begun with.
    template: RwSignal<&'static str>,
    name: RwSignal<String>,
    content: RwSignal<String>,
    events: RwSignal<Vec<TestEvent>>,
}

impl Inputs {
    /// Begins a new event with a template.
    fn begin(self, template: &Template) {
        let events = self.events.read_untracked();
        let taken: Vec<_> = events.iter().map(|event| event.name.clone()).collect();
        self.is_saved.set(false);
        self.template.set(template.name);
        self.name.set(TestEventName::free(template.stem, &taken));
        self.content.set(template.json.to_owned());
    }

    /// Begins to change the event of that name, or the first one.
    fn edit(self, name: &str) {
        let events = self.events.read_untracked();
        let found = events.iter().find(|event| event.name.as_str() == name);
        match found.or(events.first()) {
            Some(event) => {
                self.is_saved.set(true);
                self.name.set(event.name.to_string());
                self.content.set(event.content.to_string());
            }
            None => self.begin(&TEMPLATES[0]),
        }
    }
}

#[component]
fn TestEventForm(
    function: String,
    events: RwSignal<Vec<TestEvent>>,
    chosen: RwSignal<String>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let function = StoredValue::new(function);
    let inputs = Inputs {
        is_saved: RwSignal::new(false),
        template: RwSignal::new(""),
        name: RwSignal::new(String::new()),
        content: RwSignal::new(String::new()),
        events,
    };
    let Inputs {
        is_saved,
        name,
        content,
        ..
    } = inputs;
    match chosen.read_untracked().as_str() {
        "" => inputs.begin(&TEMPLATES[0]),
        chosen => inputs.edit(chosen),
    }
    let parsed_name = Memo::new(move |_| {
        let parsed = parsed::<TestEventName>(&name.read())?;
        let is_taken = events.read().iter().any(|event| event.name == parsed);
        match is_taken && !is_saved.get() {
            true => Err("There is a test event of this name already".to_owned()),
            false => Ok(parsed),
        }
    });
    let parsed_content = Memo::new(move |_| parsed::<EventJson>(&content.read()));
    let wanted = Memo::new(move |_| {
        Some(TestEvent {
            name: parsed_name.get().ok()?,
            content: parsed_content.get().ok()?,
        })
    });
    let saving = Action::new(move |event: &TestEvent| {
        let event = event.clone();
        async move {
            let name = event.name.to_string();
            let saved = match is_saved.get_untracked() {
                true => update_test_event(function.get_value(), event).await,
                false => create_test_event(function.get_value(), event).await,
            };
            saved?;
            reload(function, events).await;
            chosen.set(name);
            open.set(false);
            Ok::<_, ConsoleError>(())
        }
    });
    let deleting = Action::new(move |event: &TestEventName| {
        let event = event.clone();
        async move {
            delete_test_event(function.get_value(), event.clone()).await?;
            reload(function, events).await;
            if *chosen.read_untracked() == event.as_str() {
                chosen.set(String::new());
            }
            inputs.edit("");
            Ok::<_, ConsoleError>(())
        }
    });
    let submit = move |submitted: leptos::ev::SubmitEvent| {
        submitted.prevent_default();
        if let Some(event) = wanted.get_untracked() {
            deleting.value().set(None);
            saving.dispatch(event);
        }
    };
    let delete = Callback::new(move |()| {
        if let Ok(name) = parsed_name.get_untracked() {
            saving.value().set(None);
            deleting.dispatch(name);
        }
    });
    let refused = move || {
        let refused = [saving.value().get(), deleting.value().get()];
        let mut refused = refused.into_iter().flatten().filter_map(Result::err);
        refused.next().map(|error| view! { <ErrorNotice error/> })
    };
    let is_full = move || !is_saved.get() && events.read().len() >= MAX_TEST_EVENTS;
    view! {
        <form class="form" on:submit=submit>
            {refused}
            <fieldset class="test-events__ways">
                <legend class="visually-hidden">"What to do"</legend>
                <label class="check">
                    <input type="radio" name="test-event-way" prop:checked=move || !is_saved.get() on:change=move |_| inputs.begin(&TEMPLATES[0])/>
                    <span>"Create new test event"</span>
                </label>
                <label class="check">
                    <input type="radio" name="test-event-way" prop:checked=is_saved disabled=move || events.read().is_empty() on:change=move |_| inputs.edit("")/>
                    <span>"Edit saved test event"</span>
                </label>
            </fieldset>
            <div class="test-events">
                {move || match is_saved.get() {
                    true => view! { <SavedList inputs/> }.into_any(),
                    false => view! { <TemplateList inputs/> }.into_any(),
                }}
                <div class="test-events__event">
                    {move || match is_saved.get() {
                        true => view! { <p><span class="muted">"Event Name "</span><strong>{move || name.get()}</strong></p> }.into_any(),
                        false => view! {
                            <TextField name="event-name" label="Event Name" value=name required=true error=Signal::derive(move || parsed_name.get().err())
                                hint="1 to 25 characters, a letter first, a letter or digit last: letters, digits, hyphens and underscores."/>
                        }.into_any(),
                    }}
                    <TextField name="event" label="Test Event" value=content rows=14 error=Signal::derive(move || parsed_content.get().err())
                        hint="JSON, at most 64 KB. Everybody who uses the console sees it."/>
                </div>
            </div>
            <div class="dialog__footer">
                <Show when=is_full>
                    <p class="dialog__reason">{format!("The function has {MAX_TEST_EVENTS} test events, which is the most: edit or delete one.")}</p>
                </Show>
                <Show when=move || is_saved.get()>
                    <Button kind=ButtonKind::Danger busy=deleting.pending() on_press=delete>"Delete"</Button>
                </Show>
                <Button on_press=Callback::new(move |()| open.set(false))>"Cancel"</Button>
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=Signal::derive(move || wanted.read().is_none() || is_full())>
                    {move || if is_saved.get() { "Save" } else { "Create" }}
                </Button>
            </div>
        </form>
    }
}

/// Asks for the events anew: another user may have changed them too.
async fn reload(function: StoredValue<String>, events: RwSignal<Vec<TestEvent>>) {
    if let Ok(found) = list_test_events(function.get_value()).await {
        events.set(found);
    }
}

/// The templates, with a search.
#[component]
fn TemplateList(inputs: Inputs) -> impl IntoView {
    let search = RwSignal::new(String::new());
    let found = move || {
        let search = search.read().trim().to_lowercase();
        let found = TEMPLATES.iter().filter(|it| it.name.contains(&search));
        found.collect::<Vec<_>>()
    };
    view! {
        <section class="test-events__list" aria-label="Event Templates">
            <h3 class="card__subtitle">{format!("Event Templates ({})", TEMPLATES.len())}</h3>
            <input class="input" type="search" aria-label="Search event templates" placeholder="Search"
                prop:value=search on:input=move |event| search.set(event_target_value(&event))/>
            <ul>
                {move || found().into_iter().map(|template| view! {
                    <li>
                        <button type="button" class="test-events__choice" aria-pressed=move || (inputs.template.get() == template.name).to_string()
                            on:click=move |_| inputs.begin(template)>{template.name}</button>
                    </li>
                }).collect_view()}
            </ul>
            <p class="muted" hidden=move || !found().is_empty()>"No template has this name."</p>
        </section>
    }
}

/// The test events that there are.
#[component]
fn SavedList(inputs: Inputs) -> impl IntoView {
    let Inputs { events, name, .. } = inputs;
    view! {
        <section class="test-events__list" aria-label="Saved Test Events">
            <h3 class="card__subtitle">{move || format!("Saved Test Events ({})", events.read().len())}</h3>
            <ul>
                {move || events.get().into_iter().map(|event| {
                    let text = event.name.to_string();
                    let (this, edited) = (text.clone(), text.clone());
                    view! {
                        <li>
                            <button type="button" class="test-events__choice" aria-pressed=move || (*name.read() == this).to_string()
                                on:click=move |_| inputs.edit(&edited)>{text}</button>
                        </li>
                    }
                }).collect_view()}
            </ul>
        </section>
    }
}
