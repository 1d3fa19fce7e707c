use leptos::prelude::*;

/// How much of something is in use: as text, and as a bar that says no more than it. Above three quarters
/// and nine tenths the bar has other colours.
#[component]
pub(crate) fn Meter(
    /// What it is of, for screen readers.
    label: &'static str,
    /// Both values as they are shown.
    #[prop(into)]
    text: Signal<String>,
    used: Signal<u64>,
    most: Signal<u64>,
) -> impl IntoView {
    let part = move |tenths: u64| (most.get() / 20 * tenths).to_string();
    view! {
        <span class="meter">
            <span class="meter__text">{text}</span>
            <meter class="meter__bar" aria-label=label aria-valuetext=text min="0" optimum="0"
                max=move || most.get().max(1).to_string() low=move || part(15) high=move || part(18)
                value=move || used.get().min(most.get()).to_string()>
            </meter>
        </span>
    }
}
