use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use sluice_domain::debug::DebugRequest;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::trigger::Authentication;

use super::answer::AnswerView;
use super::form::{Inputs, RequestFields};
use super::recent::{self, Draft, Sent};
use super::waterfall::millis;
use super::{DebugTarget, curl, debug_api, find_debug_target};
use crate::console::ConsoleError;
use crate::routes;
use crate::ui::{Button, ButtonKind, CopyButton, ErrorNotice, Loaded, Notice, NoticeKind};

/// Debug of an API.
#[component]
pub(crate) fn DebugPage() -> impl IntoView {
    let params = use_params_map();
    let api_id = Memo::new(move |_| params.read().get("api_id").unwrap_or_default());
    let target = Resource::new(move || api_id.get(), find_debug_target);
    view! {
        <Title text="Debug"/>
        <Loaded heading="Debug" resource=target view=|target| view! { <Debug target/> }/>
    }
}

/// A request on its way: what was filled in, and what that makes.
type Sending = (Draft, DebugRequest);

#[component]
fn Debug(target: DebugTarget) -> impl IntoView {
    let (api_id, name) = (target.api_id.clone(), target.api_name.clone());
    let target = StoredValue::new(target);
    let inputs = Inputs::new(target);
    let to_api = routes::api(&api_id);
    let api_id = StoredValue::new(api_id);
    let sent = RwSignal::new(Vec::<Sent>::new());
    Effect::new(move || sent.set(recent::load(&api_id.get_value())));
    let sending = Action::new(move |(draft, request): &Sending| {
        let (draft, request) = (draft.clone(), request.clone());
        let environment: EnvironmentName = draft.environment.clone();
        async move {
            let target = request.target();
            let answer = debug_api(api_id.get_value(), environment, request).await?;
            let done = Sent {
                draft,
                target,
                status: answer.status,
                took_us: answer.took_us,
            };
            // The page may have been left meanwhile, and its signals with it.
            if let Some(all) = sent.try_get_untracked() {
                let all = recent::with(all, done);
                recent::save(&api_id.get_value(), &all);
                sent.set(all);
            }
            Ok::<_, ConsoleError>(answer)
        }
    });
    // Another environment can have another definition of the API.
    Effect::new(move |before: Option<String>| {
        let environment = inputs.environment();
        if before.is_some_and(|before| before != environment) {
            inputs.require();
        }
        environment
    });
    let refused = RwSignal::new(None::<String>);
    let send = move || match untrack(move || inputs.request()) {
        Ok((published, request)) => {
            refused.set(None);
            sending.dispatch((untrack(move || inputs.draft(&published)), request));
        }
        Err(message) => refused.set(Some(message)),
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        send();
    };
    let again = move |draft: Draft| {
        inputs.fill(&draft);
        send();
    };
    let function = move || inputs.published().and_then(|it| it.function);
    let command = Signal::derive(move || match inputs.request() {
        Ok((published, request)) => curl::command(&published, &request),
        Err(_) => String::new(),
    });
    let url = move || match inputs.request() {
        Ok((published, request)) => format!("{}{}", curl::base(&published), request.target()),
        Err(message) => format!("{message}."),
    };
    let is_closed = move || {
        let published = inputs.published();
        published.is_some_and(|it| it.authentication != Authentication::None)
    };
    let pending = sending.pending();
    let answer = sending.value();
    let heading = format!("Debug {name}");
    view! {
        <header class="page-header">
            <div>
                {move || function().map(|function| view! {
                    <a href=routes::triggers(function.as_str()) class="back">{format!("← Triggers of {function}")}</a>
                })}
                <a href=to_api class="back">{format!("← API {name}")}</a>
                <h1 class="page-header__title">{heading}</h1>
            </div>
        </header>
        <Notice kind=NoticeKind::Info>
            "A request is a real call: the function runs, and its log is kept. Only who calls is not asked, and the policies for throttling and access control are not applied."
        </Notice>
        <div class="columns">
            <section class="card" aria-labelledby="debug-request">
                <div class="card__header"><h2 class="card__title" id="debug-request">"Request"</h2></div>
                <form class="form" on:submit=submit novalidate>
                    <RequestFields inputs/>
                    <div class="field">
                        <span class="field__label">"URL"</span>
                        <div class="field__body">
                            <span><code class="debug__url">{url}</code></span>
                            <CopyButton text=command label="Copy as curl" shown="Copy as curl"/>
                            <p class="field__hint">{move || is_closed().then_some("Callers have to sign the request, which the command does not do.")}</p>
                        </div>
                    </div>
                    {move || refused.get().map(|message| view! { <Notice kind=NoticeKind::Error>{message}"."</Notice> })}
                    <div class="debug__send">
                        <Button kind=ButtonKind::Primary submit=true busy=pending>{move || if pending.get() { "Sending…" } else { "Send" }}</Button>
                    </div>
                </form>
            </section>
            <section class="card" aria-labelledby="debug-recent">
                <div class="card__header"><h2 class="card__title" id="debug-recent">"Sent"</h2></div>
                <RecentList sent again=Callback::new(again) pending/>
            </section>
        </div>
        <section class="card" aria-labelledby="debug-answer" aria-live="polite" aria-busy=move || pending.get().then_some("true")>
            <div class="card__header"><h2 class="card__title" id="debug-answer">"Answer"</h2></div>
            {move || match answer.get() {
                None if pending.get() => view! { <p class="muted">"Waiting for the answer…"</p> }.into_any(),
                None => view! { <p class="muted">"Send a request to see its answer, and where its time goes."</p> }.into_any(),
                Some(Err(error)) => view! { <ErrorNotice error/> }.into_any(),
                Some(Ok(answer)) => view! { <AnswerView answer meant=name.clone()/> }.into_any(),
            }}
        </section>
    }
}

/// What was sent since this window was opened, to be sent again.
#[component]
fn RecentList(
    sent: RwSignal<Vec<Sent>>,
    again: Callback<Draft>,
    pending: Memo<bool>,
) -> impl IntoView {
    view! {
        <Show when=move || sent.read().is_empty()>
            <p class="muted">"Nothing yet. What you send is kept here until this window is closed."</p>
        </Show>
        <ul class="sent">
            {move || sent.get().into_iter().map(|one| {
                let Sent { draft, target, status, took_us } = one;
                let line = format!("{} {target}", draft.method.label());
                let (label, told) = (format!("Send Again: {line}"), format!("{status}, {} ms, {}", millis(took_us), draft.environment));
                view! {
                    <li class="sent__one">
                        <div>
                            <code class="sent__line">{line}</code>
                            <p class="muted">{told}</p>
                        </div>
                        <Button label busy=pending on_press=Callback::new(move |()| again.run(draft.clone()))>"Send Again"</Button>
                    </li>
                }
            }).collect_view()}
        </ul>
    }
}
