use leptos::prelude::*;
use sluice_domain::gateway_response::ResponseSetName;
use sluice_domain::id::{AuthorizerId, ResponseSetId};
use sluice_domain::trigger::ApigTriggerSettings;

use super::{Names, ResponseSets};

/// What a definition says, each field by its label: what two definitions can differ in.
pub(crate) fn facts(
    settings: &ApigTriggerSettings,
    names: Names<'_>,
) -> Vec<(&'static str, String)> {
    let ApigTriggerSettings {
        api_name,
        group_id: _, // it stays
        target,
        authentication,
        simple_authentication,
        authorizer_id,
        protocol,
        path,
        matching,
        method,
        timeout,
        request_parameters: _, // they have a table of their own
        response_id,
    } = settings;
    let name_of = |id: &AuthorizerId| {
        let found = names.authorizers.iter().find(|(other, _)| other == id);
        // One that a record names can be gone.
        found.map_or_else(|| id.to_string(), |(_, name)| name.to_string())
    };
    let authentication = match (simple_authentication, authorizer_id) {
        (true, _) => format!("{}, AppCode", authentication.name()),
        (false, Some(id)) => format!("{}, {}", authentication.label(), name_of(id)),
        (false, None) => authentication.name().to_owned(),
    };
    vec![
        ("API Name", api_name.to_string()),
        ("Security Authentication", authentication),
        ("Matching", matching.label().to_owned()),
        ("Method", method.label().to_owned()),
        ("Protocol", protocol.label().to_owned()),
        ("Path", path.to_string()),
        ("Timeout", format!("{} ms", thousands(timeout.millis()))),
        ("Version/Alias", target.label()),
        (
            "Gateway Response",
            response_name(response_id.as_ref(), names.response_sets),
        ),
    ]
}

/// The name of a set of gateway responses.
fn response_name(id: Option<&ResponseSetId>, sets: &ResponseSets) -> String {
    let default = ResponseSetName::DEFAULT;
    let Some(id) = id else {
        return default.to_owned();
    };
    let found = sets.iter().find(|(other, _)| other == id);
    // Callers of one that a record names, and that is gone, have the default one.
    found.map_or_else(
        || format!("{default} (deleted)"),
        |(_, name)| name.to_string(),
    )
}

/// Tiles, each with a value under its label.
#[component]
pub(crate) fn Facts(facts: Vec<(&'static str, String)>) -> impl IntoView {
    view! {
        <dl class="tiles">
            {facts.into_iter().map(|(label, value)| view! {
                <div class="tile"><dt class="tile__label">{label}":"</dt><dd class="tile__value">{value}</dd></div>
            }).collect_view()}
        </dl>
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
