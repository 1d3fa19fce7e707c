use leptos::prelude::*;
use sluice_domain::trigger::ApigTriggerSettings;

use super::parameters::parameter_differences;
use super::{Names, facts};

/// A field that two definitions say different things of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) field: String,
    pub(crate) published: String,
    pub(crate) latest: String,
}

/// In what a definition that is published and the latest one differ, field by field.
pub(crate) fn differences(
    published: &ApigTriggerSettings,
    latest: &ApigTriggerSettings,
    names: Names<'_>,
) -> Vec<Difference> {
    let of_parameters =
        parameter_differences(&published.request_parameters, &latest.request_parameters);
    let latest = facts(latest, names);
    let both = facts(published, names).into_iter().zip(latest);
    let differ = both.filter(|(published, latest)| published != latest);
    let difference =
        |((field, published), (_, latest)): ((&str, String), (_, String))| Difference {
            field: field.to_owned(),
            published,
            latest,
        };
    differ.map(difference).chain(of_parameters).collect()
}

/// Shows in what two definitions differ.
#[component]
pub(crate) fn Differences(
    differences: Vec<Difference>,
    /// What the two columns are of.
    #[prop(default = ("Published", "Latest definition"))]
    heads: (&'static str, &'static str),
) -> impl IntoView {
    view! {
        <div class="table-frame" role="region" aria-label="Differences" tabindex="0">
            <table class="table table--compact differences">
                <caption class="visually-hidden">"Differences"</caption>
                <thead>
                    <tr><th scope="col">"Field"</th><th scope="col">{heads.0}</th><th scope="col">{heads.1}</th></tr>
                </thead>
                <tbody>
                    {differences.into_iter().map(|Difference { field, published, latest }| view! {
                        <tr>
                            <th scope="row">{field}</th>
                            <td><del>{published}</del></td>
                            <td><ins>{latest}</ins></td>
                        </tr>
                    }).collect_view()}
                </tbody>
            </table>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::id::{ApiGroupId, ResponseSetId};
    use sluice_domain::request_parameter::RequestParameters;

    const NONE: Names<'_> = Names {
        authorizers: &[],
        response_sets: &[],
    };

    /// The definition that `text` describes: `api_name authentication protocol path matching
    /// method timeout target`.
    fn settings(text: &str) -> ApigTriggerSettings {
        let words: Vec<_> = text.split(' ').collect();
        let [
            name,
            authentication,
            protocol,
            path,
            matching,
            method,
            timeout,
            target,
        ] = words[..]
        else {
            panic!("{text}");
        };
        ApigTriggerSettings {
            api_name: name.parse().unwrap(),
            group_id: ApiGroupId::from_bytes([0; 16]),
            target: target.parse().unwrap(),
            authentication: authentication.trim_end_matches('+').parse().unwrap(),
            simple_authentication: authentication.ends_with('+'),
            authorizer_id: None,
            response_id: None,
            protocol: protocol.parse().unwrap(),
            path: path.parse().unwrap(),
            matching: matching.parse().unwrap(),
            method: method.parse().unwrap(),
            timeout: timeout.parse::<u32>().unwrap().try_into().unwrap(),
            request_parameters: RequestParameters::default(),
        }
    }

    #[test]
    fn each_field_that_differs_is_told() {
        let published = "API_a NONE HTTPS /a SWA ANY 5000 latest";
        let check = |latest: &str| {
            let (published, latest) = (settings(published), settings(latest));
            let differences = differences(&published, &latest, NONE);
            let told = |it: &Difference| format!("{}: {} -> {}", it.field, it.published, it.latest);
            differences.iter().map(told).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(check(published), "");
        insta::assert_snapshot!(check("API_b APP HTTP /b NORMAL GET 5001 !prod"), @r"
        API Name: API_a -> API_b
        Security Authentication: NONE -> APP
        Matching: Prefix match -> Exact match
        Method: ANY -> GET
        Protocol: HTTPS -> HTTP
        Path: /a -> /b
        Timeout: 5,000 ms -> 5,001 ms
        Version/Alias: latest -> prod (alias)
        ");
        assert_eq!(
            check("API_a APP+ HTTPS /a SWA ANY 5000 latest"),
            "Security Authentication: NONE -> APP, AppCode"
        );
    }

    #[test]
    fn a_set_of_responses_is_told_by_its_name() {
        let id = |n| ResponseSetId::from_bytes([n; 16]);
        let sets = [(id(1), "strict".parse().unwrap())];
        let check = |latest| {
            let published = settings("API_a NONE HTTPS /a SWA ANY 5000 latest");
            let latest = ApigTriggerSettings {
                response_id: Some(id(latest)),
                ..published.clone()
            };
            let names = Names {
                response_sets: &sets,
                ..NONE
            };
            let told = differences(&published, &latest, names).remove(0);
            format!("{}: {} -> {}", told.field, told.published, told.latest)
        };
        assert_eq!(check(1), "Gateway Response: default -> strict");
        // One that was deleted is the default one.
        assert_eq!(check(2), "Gateway Response: default -> default (deleted)");
    }
}
