use leptos::prelude::*;
use leptos_meta::Title;

use super::{SystemView, find_system};
use crate::ui::{
    Card, Gauge, InUse, Loaded, Moment, Notice, NoticeKind, PageHeader, count, live, megabytes,
};

/// Administration > System.
#[component]
pub(crate) fn SystemPage() -> impl IntoView {
    let found = Resource::new(|| (), |()| find_system());
    view! {
        <Title text="System"/>
        <PageHeader title="System"/>
        <Loaded resource=found view=|view| view! { <SystemCards view/> }/>
    }
}

#[component]
fn SystemCards(view: SystemView) -> impl IntoView {
    let SystemView {
        version,
        started_at,
        data,
        cpus,
        ..
    } = view.clone();
    let now = live(view, find_system);
    let gauge = move |of: fn(&SystemView) -> Gauge| Memo::new(move |_| now.with(of));
    let troubles = move || {
        let troubles = now.with(troubles).into_iter();
        troubles
            .map(|trouble| view! { <Notice kind=NoticeKind::Warning>{trouble}</Notice> })
            .collect_view()
    };
    view! {
        <div aria-live="polite">{troubles}</div>
        <Card title="Server">
            <dl class="facts">
                <div><dt>"Version"</dt><dd>{version}</dd></div>
                <div><dt>"Started"</dt><dd><Moment at=started_at/></dd></div>
                <div><dt>"Up"</dt><dd>{move || now.with(|now| length(now.now.millis() - started_at.millis()))}</dd></div>
                <div><dt>"CPU time"</dt><dd>{move || cpu(&now.read())} <span class="facts__note">{format!("{cpus} CPUs")}</span></dd></div>
                <div><dt>"Memory of the process"</dt><dd>{move || megabytes(now.read().resident_bytes)}</dd></div>
                <InUse label="Memory of all functions" flag="--function-memory-mb" gauge=gauge(|now| now.functions) amount=megabytes/>
                <InUse label="Open files and connections" flag="ulimit -n" gauge=gauge(|now| now.open_files) amount=count/>
            </dl>
        </Card>
        <Card title="Storage">
            <dl class="facts">
                <div><dt>"Data folder"</dt><dd><code>{data}</code> <span class="facts__note"><code>"--data"</code></span></dd></div>
                <div><dt>"Database"</dt><dd>{move || megabytes(now.read().database_bytes)}</dd></div>
                <InUse label="Disk" gauge=gauge(|now| now.disk) amount=megabytes/>
                <InUse label="Records that are not written yet" gauge=gauge(|now| now.records) amount=count/>
                <div><dt>"Records that were lost since the start"</dt><dd>{move || count(now.read().records_lost)}</dd></div>
            </dl>
            <p class="muted"><code>"sluice backup FILE"</code>" writes all of it into one file while the server serves."</p>
        </Card>
    }
}

/// What an administrator should see to.
fn troubles(now: &SystemView) -> Vec<&'static str> {
    let is_short = |gauge: Gauge| gauge.used >= gauge.most / 10 * 9 && gauge.most > 0;
    [
        (is_short(now.disk), "The disk of the data folder is nearly full: once it is, changes are refused and requests are not recorded."),
        (is_short(now.records), "Records are written more slowly than they come: callers wait for the disk."),
        (now.records_lost > 0, "Some requests could not be recorded: the server's log says why."),
        (is_short(now.functions), "Functions have nearly all the memory that they may have together: further instances have to wait."),
        (is_short(now.open_files), "Nearly as many files and connections are open as may be: raise the limit."),
    ]
    .into_iter()
    .filter_map(|(is_so, trouble)| is_so.then_some(trouble))
    .collect()
}

/// The CPU time, and which part that is of what there was since the start.
fn cpu(now: &SystemView) -> String {
    let up = (now.now.millis() - now.started_at.millis()).max(1) as f64;
    let part = now.cpu_ms as f64 / up / now.cpus.max(1) as f64 * 100.0;
    let cpu = i64::try_from(now.cpu_ms).unwrap_or(i64::MAX);
    format!("{}, {part:.1} % of all", length(cpu))
}

/// A length of time in its two largest units.
fn length(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::time::Timestamp;

    fn view() -> SystemView {
        let gauge = Gauge { used: 1, most: 100 };
        SystemView {
            version: String::new(),
            started_at: Timestamp(1000),
            now: Timestamp(11_000),
            data: String::new(),
            database_bytes: 0,
            disk: gauge,
            records: gauge,
            records_lost: 0,
            functions: gauge,
            resident_bytes: 0,
            open_files: gauge,
            cpu_ms: 5000,
            cpus: 2,
        }
    }

    #[test]
    fn lengths_have_two_units() {
        let shown = [-1, 59_999, 60_000, 3_600_000, 90_061_000].map(length);
        assert_eq!(shown.join(", "), "0 s, 59 s, 1 min 0 s, 1 h 0 min, 1 d 1 h");
    }

    #[test]
    fn the_cpu_time_is_a_part_of_what_there_was() {
        assert_eq!(cpu(&view()), "5 s, 25.0 % of all");
    }

    #[test]
    fn troubles_are_told() {
        assert!(troubles(&view()).is_empty());
        let disk = Gauge {
            used: 95,
            most: 100,
        };
        let full = SystemView {
            disk,
            records_lost: 1,
            ..view()
        };
        assert_eq!(troubles(&full).len(), 2);
        // Where the system does not say how much there is.
        let unknown = SystemView {
            disk: Gauge { used: 0, most: 0 },
            ..view()
        };
        assert!(troubles(&unknown).is_empty());
    }
}
