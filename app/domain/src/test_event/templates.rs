/// A test event to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// Its name in the list **Event Templates**.
    pub name: &'static str,
    /// How the names begin of events that are made from it.
    pub stem: &'static str,
    /// The event.
    pub json: &'static str,
}

/// What **Event Templates** offers: the events of the trigger types, with the names that the vendor's
/// list has. The one of API Gateway (Dedicated) has all that the gateway sends.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "blank-template",
        stem: "blank-event",
        json: include_str!("templates/blank.json"),
    },
    Template {
        name: "apig-event-template",
        stem: "apig-event",
        json: include_str!("templates/apig.json"),
    },
    Template {
        name: "apig-post-event-template",
        stem: "apig-post-event",
        json: include_str!("templates/apig_post.json"),
    },
    Template {
        name: "apig-authorizer-template",
        stem: "authorizer-event",
        json: include_str!("templates/authorizer.json"),
    },
    Template {
        name: "timer-event-template",
        stem: "timer-event",
        json: include_str!("templates/timer.json"),
    },
    Template {
        name: "obs-event-template",
        stem: "obs-event",
        json: include_str!("templates/obs.json"),
    },
    Template {
        name: "smn-event-template",
        stem: "smn-event",
        json: include_str!("templates/smn.json"),
    },
    Template {
        name: "kafka-event-template",
        stem: "kafka-event",
        json: include_str!("templates/kafka.json"),
    },
    Template {
        name: "lts-event-template",
        stem: "lts-event",
        json: include_str!("templates/lts.json"),
    },
];
