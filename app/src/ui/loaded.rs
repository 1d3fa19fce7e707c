use leptos::either::Either;
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ErrorNotice;
use crate::console::ConsoleError;

/// Shows what `resource` loads: bars while it loads, the error when it failed,
/// `view` of the value otherwise. While it loads again, the old value stays.
#[component]
pub(crate) fn Loaded<T, V>(
    resource: Resource<Result<T, ConsoleError>>,
    view: impl Fn(T) -> V + Clone + Send + Sync + 'static,
    /// The heading of the page where it failed; none where a heading stands above anyway.
    #[prop(optional, into)]
    heading: Option<&'static str>,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: IntoView + Send + 'static,
{
    view! {
        <Transition fallback=|| view! { <Skeleton/> }>
            {move || {
                let view = view.clone();
                Suspend::new(async move {
                    match resource.await {
                        Ok(value) => Either::Left(view(value)),
                        Err(error) => Either::Right(view! {
                            {heading.map(|text| view! { <h1 class="page-header__title">{text}</h1> })}
                            <ErrorNotice error/>
                        }),
                    }
                })
            }}
        </Transition>
    }
}

/// Grey bars where something will stand.
#[component]
fn Skeleton() -> impl IntoView {
    view! {
        <div class="skeleton" role="status" aria-label="Loading">
            <span class="skeleton__bar"></span>
            <span class="skeleton__bar"></span>
            <span class="skeleton__bar"></span>
        </div>
    }
}
