use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos::web_sys::Element;
use sluice_domain::metrics::Span;
use sluice_domain::time::Timestamp;

use super::axis::{time_lines, time_text, value_lines};
use super::charts::{Chart, Look, Series};

/// How high the charts are, in pixels: the place of a value is in pixels, that of a time in percent,
/// so that a chart is as wide as its card and its words keep their size.
const HEIGHT: f64 = 160.0;

/// How wide and high a space without a size is, which is stretched to that of the chart.
const STRETCHED: f64 = 1000.0;

/// What all charts of the page have in common.
#[derive(Clone, Copy)]
pub(super) struct Common {
    /// The range, and when each of its steps begins.
    pub(super) span: Span,
    pub(super) times: StoredValue<Vec<Timestamp>>,
    /// How far the reader's zone is ahead of UTC, in minutes.
    pub(super) offset: RwSignal<i32>,
    /// The step whose numbers are shown; none for those of the whole range.
    pub(super) chosen: RwSignal<Option<usize>>,
    /// The titles of the charts whose tables are open. They outlive a refresh.
    pub(super) open: RwSignal<BTreeSet<&'static str>>,
}

impl Common {
    fn time(self, step: usize) -> Timestamp {
        let times = self.times.read_value();
        times.get(step).copied().unwrap_or(self.span.from)
    }

    fn time_text(self, step: usize) -> String {
        time_text(self.time(step), self.offset.get())
    }
}

/// A chart in its card: heading, legend with numbers, drawing, and the table behind.
#[component]
pub(super) fn ChartCard(chart: Chart, common: Common) -> impl IntoView {
    let Common { chosen, .. } = common;
    let title = chart.title;
    let id = format!(
        "chart-{}",
        title.to_lowercase().replace([' ', '(', ')'], "-")
    );
    let when = move || match chosen.get() {
        Some(step) => common.time_text(step),
        None => "Whole range".to_owned(),
    };
    let unit = chart.unit;
    let legend = chart.series.iter().cloned().enumerate();
    let legend = legend.map(|(index, series)| {
        let (label, class) = (
            series.label,
            format!("chart__key chart__key--{}", letter(index)),
        );
        view! {
            <li>
                <Swatch look=chart.look class/>
                <span class="chart__label">{label}</span>
                <span class="chart__value">{move || series.text(unit, chosen.get())}</span>
            </li>
        }
    });
    let legend = legend.collect_view();
    let table = chart.clone();
    view! {
        <section class="card chart" aria-labelledby=id.clone()>
            <div class="chart__head">
                <h3 class="card__title" id=id.clone()>{title}</h3>
                <span class="chart__when">{when}</span>
            </div>
            <p class="chart__about">{chart.about}</p>
            <ul class="chart__legend">{legend}</ul>
            <Drawing chart common/>
            <Numbers chart=table common/>
        </section>
    }
}

/// What the classes of a series end with.
fn letter(index: usize) -> &'static str {
    match index {
        0 => "a",
        1 => "b",
        _ => "c",
    }
}

/// How a series looks, in the legend.
#[component]
fn Swatch(look: Look, class: String) -> impl IntoView {
    view! {
        <svg class=class width="22" height="10" aria-hidden="true" focusable="false">
            {match look {
                Look::Bars => view! { <rect class="chart__bar" x="6" y="0" width="10" height="10" rx="2"/> }.into_any(),
                Look::Lines => view! { <line class="chart__line" x1="1" y1="5" x2="21" y2="5"/> }.into_any(),
            }}
        </svg>
    }
}

#[component]
fn Drawing(chart: Chart, common: Common) -> impl IntoView {
    let Common { span, chosen, .. } = common;
    let steps = StoredValue::new(chart.steps());
    let is_empty = steps.read_value().is_empty();
    let count = span.steps().max(1);
    let values = value_lines(chart.most(), chart.unit == super::charts::Unit::Count);
    let top = values.last().copied().unwrap_or(1.0);
    let grid = values.into_iter().map(|value| {
        let y = height_of(value, top);
        view! {
            <line class="chart__grid" x1="0" x2="100%" y1=y.clone() y2=y.clone()/>
            <text class="chart__tick chart__tick--value" x="-8" y=y dy="0.32em">{chart.unit.short_text(value)}</text>
        }
    });
    let grid = grid.collect_view();
    let times = move || {
        let lines = time_lines(span, common.offset.get()).into_iter();
        let lines = lines.map(|line| {
            let x = format!("{:.2}%", line.at * 100.0);
            view! {
                <line class="chart__grid" x1=x.clone() x2=x.clone() y1=HEIGHT.to_string() y2=(HEIGHT + 4.0).to_string()/>
                <text class="chart__tick" x=x y=(HEIGHT + 18.0).to_string()>{line.label}</text>
            }
        });
        lines.collect_view()
    };
    let drawn = match chart.look {
        Look::Bars => bars(&chart, top).into_any(),
        Look::Lines => lines(&chart, top).into_any(),
    };
    let guide = move || {
        let step = chosen.get()?;
        let x = middle(step, count);
        Some(view! { <line class="chart__guide" x1=x.clone() x2=x y1="0" y2=HEIGHT.to_string()/> })
    };
    let summary = format!("{}. Whole range: {}", chart.title, chart.told(None));
    let hits = steps.get_value().into_iter().map(|step| {
        let told = chart.told(Some(step));
        view! {
            <rect class="chart__hit" data-step=step.to_string() x=percent(step, count) y="0"
                width=percent(1, count) height=HEIGHT.to_string()>
                <title>{move || format!("{}: {told}", common.time_text(step))}</title>
            </rect>
        }
    });
    let hits = hits.collect_view();
    let choose = move |event: leptos::ev::MouseEvent| {
        let under = event_target::<Element>(&event).get_attribute("data-step");
        chosen.set(under.and_then(|step| step.parse().ok()));
    };
    view! {
        <div class="chart__plot">
            <svg class="chart__drawing" height=HEIGHT.to_string() role="img" aria-label=summary
                on:mouseover=choose on:mouseleave=move |_| chosen.set(None)>
                {grid}
                {times}
                {drawn}
                {guide}
                {hits}
            </svg>
            {is_empty.then(|| view! { <p class="chart__empty">"None in this range"</p> })}
        </div>
        {(!is_empty).then(|| view! { <Chooser chart steps common/> })}
    }
}

/// Chooses a step by the keyboard. It is seen while it has the focus.
#[component]
fn Chooser(chart: Chart, steps: StoredValue<Vec<usize>>, common: Common) -> impl IntoView {
    let Common { chosen, .. } = common;
    let last = steps.read_value().len().saturating_sub(1);
    let label = format!("Point of {}", chart.title);
    let place = move || {
        let at = chosen
            .get()
            .and_then(|step| steps.read_value().binary_search(&step).ok());
        at.unwrap_or(last).to_string()
    };
    let told = move || {
        let step = chosen.get();
        let when = step.map_or_else(|| "Whole range".to_owned(), |step| common.time_text(step));
        format!("{when}: {}", chart.told(step))
    };
    let choose = move |place: String| {
        let step = place
            .parse()
            .ok()
            .and_then(|place: usize| steps.read_value().get(place).copied());
        chosen.set(step);
    };
    view! {
        <input class="chart__chooser" type="range" min="0" max=last.to_string() step="1" value=last.to_string()
            prop:value=place aria-label=label aria-valuetext=told
            on:input=move |event| choose(event_target_value(&event))
            on:focus=move |event| if chosen.read_untracked().is_none() { choose(event_target_value(&event)) }
            on:blur=move |_| chosen.set(None)/>
    }
}

/// The numbers of a chart as a table, the newest first.
#[component]
fn Numbers(chart: Chart, common: Common) -> impl IntoView {
    let title = chart.title;
    let steps = chart.steps();
    let rows = steps.len();
    let open = common.open;
    let toggled = move |event: leptos::ev::Event| {
        let is_open = event_target::<Element>(&event).has_attribute("open");
        open.update(|open| {
            if is_open {
                open.insert(title);
            } else {
                open.remove(title);
            }
        });
    };
    let unit = chart.unit;
    let heads = chart.series.iter().map(|series| {
        view! { <th scope="col" class="table__number">{series.label}</th> }
    });
    let heads = heads.collect_view();
    let row = |step: usize| {
        let cells = chart.series.iter().map(|series: &Series| {
            view! { <td class="table__number">{series.text(unit, Some(step))}</td> }
        });
        let cells = cells.collect_view();
        view! { <tr><td>{move || common.time_text(step)}</td>{cells}</tr> }
    };
    let body = steps.into_iter().rev().map(row).collect_view();
    (rows > 0).then(|| {
        view! {
            <details class="chart__numbers" open=open.read_untracked().contains(title) on:toggle=toggled>
                <summary>{format!("Table ({rows})")}</summary>
                <div class="table-frame chart__table" role="region" aria-label=format!("{title} by time") tabindex="0">
                    <table class="table table--compact">
                        <caption class="visually-hidden">{title}</caption>
                        <thead><tr><th scope="col">"Time"</th>{heads}</tr></thead>
                        <tbody>{body}</tbody>
                    </table>
                </div>
            </details>
        }
    })
}

/// Bars, of several series one upon the other.
fn bars(chart: &Chart, top: f64) -> impl IntoView + use<> {
    let count = chart.series.first().map_or(1, |it| it.values.len()).max(1);
    let mut below = vec![0.0; count];
    let series = chart.series.iter().enumerate().map(|(index, series)| {
        let bars = series.values.iter().zip(&mut below).enumerate();
        let bars = bars.filter_map(|(step, (value, below))| {
            let value = (*value).filter(|value| *value > 0.0)?;
            let (from, to) = (*below, *below + value);
            *below = to;
            // The least can still be seen.
            let height = ((to - from) / top * HEIGHT).max(1.5);
            let y = (HEIGHT - from / top * HEIGHT - height).max(0.0);
            let (x, width) = (step as f64 + 0.1, 0.8);
            let part = 100.0 / count as f64;
            Some(view! {
                <rect class="chart__bar" x=format!("{:.3}%", x * part) width=format!("{:.3}%", width * part)
                    y=format!("{y:.1}") height=format!("{height:.1}")/>
            })
        });
        let bars = bars.collect_view();
        view! { <g class=format!("chart__series chart__series--{}", letter(index))>{bars}</g> }
    });
    series.collect_view()
}

/// Lines, each with gaps where nothing is known; a value between two gaps is a mark.
fn lines(chart: &Chart, top: f64) -> impl IntoView + use<> {
    let series = chart.series.iter().enumerate().map(|(index, series)| {
        let (path, alone) = path(&series.values, top);
        let count = series.values.len().max(1);
        let marks = alone.into_iter().map(|(step, value)| {
            let (x, y) = (middle(step, count), height_of(value, top));
            view! { <svg x=x y=y overflow="visible">{mark(index)}</svg> }
        });
        let marks = marks.collect_view();
        view! {
            <g class=format!("chart__series chart__series--{}", letter(index))>
                <svg viewBox=format!("0 0 {STRETCHED} {STRETCHED}") preserveAspectRatio="none" width="100%" height=HEIGHT.to_string()>
                    <path class="chart__line" d=path/>
                </svg>
                {marks}
            </g>
        }
    });
    series.collect_view()
}

/// The mark of a series: each has another form.
fn mark(index: usize) -> AnyView {
    match index {
        0 => view! { <circle class="chart__mark" r="3"/> }.into_any(),
        1 => view! { <rect class="chart__mark" x="-3" y="-3" width="6" height="6"/> }.into_any(),
        _ => view! { <path class="chart__mark" d="M0 -4 L3.5 3 H-3.5 Z"/> }.into_any(),
    }
}

/// The path of a line in the stretched space, and the values that have no neighbour.
fn path(values: &[Option<f64>], top: f64) -> (String, Vec<(usize, f64)>) {
    let part = STRETCHED / values.len().max(1) as f64;
    let (mut path, mut alone) = (String::new(), Vec::new());
    let mut begun = 0;
    for run in values.chunk_by(|one, other| one.is_some() == other.is_some()) {
        let points = run.iter().flatten().enumerate();
        for (index, value) in points {
            if run.len() == 1 {
                alone.push((begun, *value));
            } else {
                let command = if index == 0 { 'M' } else { 'L' };
                let x = ((begun + index) as f64 + 0.5) * part;
                let y = STRETCHED - value / top * STRETCHED;
                path += &format!("{command}{x:.1} {y:.1}");
            }
        }
        begun += run.len();
    }
    (path, alone)
}

/// Where a value stands, in pixels from above.
fn height_of(value: f64, top: f64) -> String {
    format!("{:.1}", HEIGHT - value / top * HEIGHT)
}

/// So many steps of all, in percent.
fn percent(steps: usize, count: usize) -> String {
    format!("{:.3}%", steps as f64 / count as f64 * 100.0)
}

/// Where the middle of a step stands.
fn middle(step: usize, count: usize) -> String {
    format!("{:.3}%", (step as f64 + 0.5) / count as f64 * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_gaps_where_nothing_is_known() {
        let check = |values: &[f64]| {
            let values = values
                .iter()
                .map(|value| Some(*value).filter(|value| *value >= 0.0));
            path(&values.collect::<Vec<_>>(), 10.0)
        };
        let none = -1.0;
        assert_eq!(check(&[]), (String::new(), vec![]));
        assert_eq!(check(&[none, none]), (String::new(), vec![]));
        assert_eq!(
            check(&[0.0, 10.0, 5.0, none]),
            ("M125.0 1000.0L375.0 0.0L625.0 500.0".to_owned(), vec![])
        );
        assert_eq!(
            check(&[none, 3.0, none, 4.0]),
            (String::new(), vec![(1, 3.0), (3, 4.0)])
        );
        assert_eq!(
            check(&[2.0, none, 5.0, 5.0]),
            ("M625.0 500.0L875.0 500.0".to_owned(), vec![(0, 2.0)])
        );
    }
}
