use leptos::prelude::*;
use sluice_domain::trace::Step;

/// What a call went through: a table, and bars for who would rather look than read.
#[component]
pub(super) fn Waterfall(steps: Vec<Step>, took_us: u64) -> impl IntoView {
    view! {
        <div class="table-frame" role="region" aria-label="Trace" tabindex="0">
            <table class="table table--compact waterfall">
                <caption class="visually-hidden">"What the call went through"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Step"</th>
                        <th scope="col" class="table__number">"Start (ms)"</th>
                        <th scope="col" class="table__number">"Duration (ms)"</th>
                        <th scope="col" class="waterfall__timeline" aria-hidden="true">"Timeline"</th>
                    </tr>
                </thead>
                <tbody>
                    {steps.into_iter().map(|step| view! { <StepRow step took_us/> }).collect_view()}
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn StepRow(step: Step, took_us: u64) -> impl IntoView {
    let (start, width) = bar(&step, took_us);
    let detail = match (step.has_ended, step.detail) {
        (true, detail) => detail,
        (false, _) => "It did not end.".to_owned(),
    };
    let class = match step.has_ended {
        true => "waterfall__bar",
        false => "waterfall__bar waterfall__bar--open",
    };
    // A drawing, as the page's policy refuses styles that stand at an element.
    view! {
        <tr>
            <td>
                {step.stage.label()}
                {(!detail.is_empty()).then(|| view! { <span class="table__note">{detail}</span> })}
            </td>
            <td class="table__number">{millis(step.offset_us)}</td>
            <td class="table__number">{millis(step.duration_us)}</td>
            <td class="waterfall__timeline" aria-hidden="true">
                <svg class="waterfall__line" width="100%" height="12" focusable="false">
                    <rect class="waterfall__track" x="0" y="5" width="100%" height="2"/>
                    <rect class=class x=format!("{start:.3}%") y="1" width=format!("{width:.3}%") height="10" rx="2"/>
                </svg>
            </td>
        </tr>
    }
}

/// Where the bar of a step begins and how wide it is, in percent. The shortest can still be seen.
fn bar(step: &Step, took_us: u64) -> (f64, f64) {
    const NARROWEST: f64 = 0.8;
    let whole = took_us.max(1) as f64;
    let start = (step.offset_us as f64 / whole * 100.0).min(100.0 - NARROWEST);
    let width = step.duration_us as f64 / whole * 100.0;
    // Not by `clamp`: at the end of the line, what is left may be a hair narrower than the narrowest.
    (start, width.max(NARROWEST).min(100.0 - start))
}

/// Microseconds as milliseconds with three decimals.
pub(super) fn millis(micros: u64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::trace::Stage;

    #[test]
    fn a_bar_stays_within_the_line_and_can_be_seen() {
        let check = |offset_us, duration_us, took_us| {
            let step = Step {
                stage: Stage::Handler,
                offset_us,
                duration_us,
                has_ended: true,
                detail: String::new(),
            };
            let (start, width) = bar(&step, took_us);
            assert!(
                start >= 0.0 && width > 0.0 && start + width <= 100.001,
                "{start} {width}"
            );
            (start.round(), width.round())
        };
        assert_eq!(check(0, 100, 100), (0.0, 100.0));
        assert_eq!(check(25, 50, 100), (25.0, 50.0));
        assert_eq!(check(0, 0, 0), (0.0, 1.0));
        assert_eq!(check(100, 100, 100), (99.0, 1.0));
        for offset_us in 0..=1000 {
            check(offset_us, 1, 1000);
        }
        assert_eq!(millis(1_042), "1.042");
    }
}
