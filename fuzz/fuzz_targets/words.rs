//! Text that users and callers type: what is parsed reads as the same when it is written again.

#![no_main]

use sluice_domain::domain_name::DomainName;
use sluice_domain::function::FunctionName;
use sluice_domain::log_query::LogQuery;
use sluice_domain::outbound::OutboundRules;
use sluice_domain::path::ApiPath;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(rules) = OutboundRules::parse_lines(text) {
        assert_eq!(OutboundRules::parse_lines(&rules.to_string()).as_ref(), Ok(&rules));
    }
    if let Ok(path) = ApiPath::parse(text) {
        assert_eq!(ApiPath::parse(path.as_str()).as_ref(), Ok(&path));
    }
    if let Ok(name) = DomainName::parse(text) {
        assert_eq!(DomainName::parse(name.as_str()).as_ref(), Ok(&name));
    }
    if let Ok(name) = FunctionName::parse(text) {
        assert_eq!(name.as_str(), text);
    }
    if let Ok(query) = LogQuery::parse(text) {
        query.matches(text);
    }
});
