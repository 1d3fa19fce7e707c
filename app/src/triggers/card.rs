use leptos::prelude::*;

use super::TriggerCardView;
use super::call_it::CallIt;
use crate::ui::{Button, CopyButton, Moment};

/// The card of one trigger: its URL, and what it is set to.
#[component]
pub(crate) fn TriggerCard(view: TriggerCardView, on_delete: Callback<()>) -> impl IntoView {
    let call_it = view.clone();
    let TriggerCardView {
        trigger,
        url,
        path_url,
        api_instance,
        group_name,
        environment_name,
    } = view;
    let settings = trigger.settings;
    let tiles = [
        ("API Group", group_name.to_string()),
        ("Environment", environment_name.to_string()),
        (
            "Security Authentication",
            match settings.simple_authentication {
                true => format!("{}, AppCode", settings.authentication.name()),
                false => settings.authentication.name().to_owned(),
            },
        ),
        ("Matching", settings.matching.label().to_owned()),
        ("Method", settings.method.label().to_owned()),
        ("Protocol", settings.protocol.label().to_owned()),
        ("Path", settings.path.to_string()),
        (
            "Timeout",
            format!("{} ms", thousands(settings.timeout.millis())),
        ),
    ];
    let name = settings.api_name.to_string();
    view! {
        <article class="item-card" aria-label=name.clone()>
            <header class="item-card__header">
                <div>
                    <h3 class="item-card__name">{name.clone()} " " <span class="badge badge--success">"Enabled"</span></h3>
                    <p class="muted">"Created: " <Moment at=trigger.created_at/></p>
                </div>
                <Button label=format!("Delete {name}") on_press=on_delete>"Delete"</Button>
            </header>
            <dl class="facts facts--urls">
                <div>
                    <dt>"URL"</dt>
                    <dd><a href=url.clone() target="_blank" rel="noopener">{url.clone()}</a> " " <CopyButton text=url label="Copy URL"/></dd>
                </div>
                <div>
                    <dt>"URL without a host name"</dt>
                    <dd><a href=path_url.clone() target="_blank" rel="noopener">{path_url.clone()}</a> " " <CopyButton text=path_url label="Copy URL without a host name"/></dd>
                </div>
                <div><dt>"API Instance"</dt><dd>{api_instance}</dd></div>
            </dl>
            <dl class="tiles">
                {tiles.into_iter().map(|(label, value)| view! {
                    <div class="tile"><dt class="tile__label">{label}":"</dt><dd class="tile__value">{value}</dd></div>
                }).collect_view()}
            </dl>
            <CallIt view=call_it/>
        </article>
    }
}

/// A number with commas between thousands: `5,000`.
fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_are_parted_by_commas() {
        assert_eq!(
            [1, 999, 5000, 60_000, 1_234_567].map(super::thousands),
            ["1", "999", "5,000", "60,000", "1,234,567"]
        );
    }
}
