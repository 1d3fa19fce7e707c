use leptos::prelude::*;
use sluice_domain::gateway_settings::GatewaySettings;

use super::update_gateway_settings;
use crate::ui::{Button, ButtonKind, Card, ErrorNotice, Hint, Notice, NoticeKind};

/// What callers may send instead of a signature: a switch for each.
#[component]
pub(super) fn AppModesForm(settings: GatewaySettings) -> impl IntoView {
    let saved = RwSignal::new(settings);
    let wanted = RwSignal::new(settings);
    let saving = Action::new(move |wanted: &GatewaySettings| {
        let wanted = *wanted;
        async move { update_gateway_settings(wanted).await.map(|()| wanted) }
    });
    Effect::new(move || {
        if let Some(Ok(now)) = saving.value().get() {
            saved.set(now);
        }
    });
    let unchanged = Signal::derive(move || *wanted.read() == *saved.read());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        saving.dispatch(wanted.get_untracked());
    };
    view! {
        <form class="form" on:submit=submit>
            <Card title="App Authentication">
                <p class="muted">"What callers of APIs with App authentication may send instead of a signature, with the AppKey and the AppSecret of a credential. None of it reaches the function."</p>
                {MODES.map(|mode| view! { <ModeSwitch mode wanted/> }).collect_view()}
            </Card>
            {move || match saving.value().get() {
                Some(Ok(_)) if unchanged.get() => view! { <Notice kind=NoticeKind::Success>"Saved. It counts from the next request on."</Notice> }.into_any(),
                Some(Err(error)) => view! { <ErrorNotice error/> }.into_any(),
                _ => ().into_any(),
            }}
            <div class="form__footer form__footer--still">
                <Button kind=ButtonKind::Primary submit=true busy=saving.pending() disabled=unchanged>"Save"</Button>
            </div>
        </form>
    }
}

/// One way of authentication, by the vendor's name, and its place in the settings.
#[derive(Clone, Copy)]
struct Mode {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    place: fn(&mut GatewaySettings) -> &mut bool,
}

const MODES: [Mode; 4] = [
    Mode {
        name: "app_secret",
        label: "Key and secret in headers",
        hint: "X-HW-ID has the AppKey and X-HW-AppKey the AppSecret. Over HTTPS only.",
        place: |settings| &mut settings.app_secret,
    },
    Mode {
        name: "app_basic",
        label: "Basic authentication",
        hint: "Authorization: Basic, with AppKey and AppSecret as name and password. Over HTTPS only.",
        place: |settings| &mut settings.app_basic,
    },
    Mode {
        name: "app_api_key",
        label: "API key",
        hint: "The header or the query parameter apikey has the AppSecret. Over HTTPS only; what is in an address is often written down on the way.",
        place: |settings| &mut settings.app_api_key,
    },
    Mode {
        name: "app_jwt",
        label: "Digest with a time",
        hint: "Timestamp has the time since 1970 in milliseconds, Authorization the SHA-256 of AppKey, AppSecret and Timestamp in hexadecimal digits. Good for 15 minutes, for any request.",
        place: |settings| &mut settings.app_jwt,
    },
];

#[component]
fn ModeSwitch(mode: Mode, wanted: RwSignal<GatewaySettings>) -> impl IntoView {
    let Mode {
        name,
        label,
        hint,
        place,
    } = mode;
    let hint_id = format!("{name}-hint");
    view! {
        <div class="field">
            <span class="field__label"><code>{name}</code></span>
            <div class="field__body">
                <label class="check">
                    <input type="checkbox" aria-describedby=hint_id.clone()
                        prop:checked=move || *place(&mut wanted.get())
                        on:change=move |event| wanted.update(|wanted| *place(wanted) = event_target_checked(&event))/>
                    <span>{label}</span>
                </label>
                <Hint id=hint_id text=hint/>
            </div>
        </div>
    }
}
