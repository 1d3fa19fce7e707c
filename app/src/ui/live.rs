use std::future::Future;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::console::ConsoleError;

/// How often values are asked for again.
const REFRESH: Duration = Duration::from_secs(3);

/// A value that is renewed in place while the page is looked at. When it is not to be had, the old one stays.
pub(crate) fn live<T, F>(first: T, ask: fn() -> F) -> RwSignal<T>
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, ConsoleError>> + 'static,
{
    let value = RwSignal::new(first);
    let renew = move || {
        if document().hidden() {
            return;
        }
        spawn_local(async move {
            if let Ok(now) = ask().await {
                // The page may have been left meanwhile.
                let _ = value.try_set(now);
            }
        });
    };
    Effect::new(move || {
        let ticking = set_interval_with_handle(renew, REFRESH);
        on_cleanup(move || {
            if let Ok(ticking) = ticking {
                ticking.clear();
            }
        });
    });
    value
}
