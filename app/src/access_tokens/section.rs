use leptos::prelude::*;
use sluice_domain::access_token::{AccessToken, MAX_ACCESS_TOKENS};

use super::{create_access_token, delete_access_token, list_access_tokens};
use crate::console::ConsoleError;
use crate::ui::{Button, ButtonKind, ErrorNotice, Loaded, Moment, Told};

/// The tokens of who is signed in, below their access keys.
#[component]
pub(crate) fn AccessTokens(told: RwSignal<Option<Told>>) -> impl IntoView {
    let listed = Resource::new(|| (), |()| list_access_tokens());
    let creating = Action::new(move |(): &()| create_access_token());
    Effect::new(move || {
        if let Some(Ok(token)) = creating.value().get() {
            told.set(Some(vec![("Token", token)]));
            listed.refetch();
        }
    });
    view! {
        <section class="card" aria-labelledby="access-tokens-title">
            <div class="card__header">
                <h2 class="card__title" id="access-tokens-title">"Tokens"</h2>
                <div class="card__actions">
                    <Button busy=creating.pending() on_press=Callback::new(move |()| { creating.dispatch(()); })>"Create Token"</Button>
                </div>
            </div>
            <p class="muted">"A program sends one as X-Auth-Token over HTTPS, instead of a signature. It calls APIs with IAM authentication in your name for 24 hours."</p>
            {move || creating.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            <Loaded resource=listed view=move |tokens| view! { <AccessTokenTable tokens listed/> }/>
        </section>
    }
}

#[component]
fn AccessTokenTable(
    tokens: Vec<AccessToken>,
    listed: Resource<Result<Vec<AccessToken>, ConsoleError>>,
) -> impl IntoView {
    if tokens.is_empty() {
        return view! { <p class="muted">"No tokens."</p> }.into_any();
    }
    view! {
        <p class="muted">{format!("{} of {MAX_ACCESS_TOKENS}", tokens.len())}</p>
        <div class="table-frame" role="region" aria-label="Tokens" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Tokens"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Token"</th>
                        <th scope="col">"Created"</th>
                        <th scope="col">"Valid Until"</th>
                        <th scope="col">"Operation"</th>
                    </tr>
                </thead>
                <tbody>
                    {tokens.into_iter().map(|token| view! { <AccessTokenRow token listed/> }).collect_view()}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn AccessTokenRow(
    token: AccessToken,
    listed: Resource<Result<Vec<AccessToken>, ConsoleError>>,
) -> impl IntoView {
    let AccessToken {
        access_token_id,
        ending,
        created_at,
        expires_at,
    } = token;
    let deleting = Action::new(move |(): &()| delete_access_token(access_token_id.clone()));
    Effect::new(move || {
        if let Some(Ok(())) = deleting.value().get() {
            listed.refetch();
        }
    });
    view! {
        <tr>
            <td><code>{format!("…{ending}")}</code></td>
            <td><Moment at=created_at/></td>
            <td><Moment at=expires_at/></td>
            <td class="table__operations">
                <Button kind=ButtonKind::Link busy=deleting.pending() label=format!("Delete Token …{ending}")
                    on_press=Callback::new(move |()| { deleting.dispatch(()); })>"Delete"</Button>
                {move || deleting.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })}
            </td>
        </tr>
    }
}
