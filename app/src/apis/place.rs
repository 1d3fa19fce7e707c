use leptos::prelude::*;

use super::call_it::CallIt;
use super::{Facts, Names, PublishedApi, facts};
use crate::ui::CopyButton;

/// An API as callers reach it in one environment: its addresses, what it is set to, and how it is
/// called.
#[component]
pub(crate) fn PublishedFacts(
    api: PublishedApi,
    /// The gateway's name, where it is to be told.
    #[prop(optional, into)]
    api_instance: Option<String>,
    /// What stands before the fields of the definition.
    belongs: Vec<(&'static str, String)>,
) -> impl IntoView {
    let (url, path_url) = (api.url.clone(), api.path_url.clone());
    let domain_urls = api.domain_urls.clone();
    let authorizer = api
        .settings
        .authorizer_id
        .clone()
        .zip(api.authorizer_name.clone());
    let response_set = api.settings.response_id.clone();
    let response_set = response_set.zip(api.response_name.clone());
    let names = Names {
        authorizers: authorizer.as_slice(),
        response_sets: response_set.as_slice(),
    };
    // The name stands above them.
    let of_definition = facts(&api.settings, names).into_iter().skip(1);
    let facts: Vec<_> = belongs.into_iter().chain(of_definition).collect();
    view! {
        <dl class="facts facts--urls">
            <div>
                <dt>"URL"</dt>
                <dd><a href=url.clone() target="_blank" rel="noopener">{url.clone()}</a> " " <CopyButton text=url label="Copy URL"/></dd>
            </div>
            <div>
                <dt>"URL without a host name"</dt>
                <dd><a href=path_url.clone() target="_blank" rel="noopener">{path_url.clone()}</a> " " <CopyButton text=path_url label="Copy URL without a host name"/></dd>
            </div>
            {domain_urls.into_iter().map(|url| view! { <DomainUrl url/> }).collect_view()}
            {api_instance.map(|instance| view! { <div><dt>"API Instance"</dt><dd>{instance}</dd></div> })}
        </dl>
        <Facts facts/>
        <CallIt api/>
    }
}

/// The URL by a domain name of the group. A wildcard stands for many, which none can be opened of.
#[component]
fn DomainUrl(url: String) -> impl IntoView {
    let value = match url.contains('*') {
        true => view! { <code>{url}</code> }.into_any(),
        false => {
            let label = format!("Copy {url}");
            view! { <a href=url.clone() target="_blank" rel="noopener">{url.clone()}</a> " " <CopyButton text=url label/> }.into_any()
        }
    };
    view! { <div><dt>"URL by domain name"</dt><dd>{value}</dd></div> }
}
