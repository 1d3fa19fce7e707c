use sluice_domain::debug::DebugRequest;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::trigger::Method;

use super::PublishedIn;

/// The command that sends a request from a shell. Where callers have to prove who they are, that is
/// still to be added.
pub(super) fn command(target: &PublishedIn, request: &DebugRequest) -> String {
    let fields = request.fields();
    let how = match fields.method {
        // It would wait for the body that the answer speaks of.
        Method::Head => "-I".to_owned(),
        method => format!("-X {}", method.name()),
    };
    let url = format!("{}{}", base(target), request.target());
    // Without these, curl takes brackets for a list of addresses, and dots for a way up.
    let mut command = format!("curl {how} --globoff --path-as-is {}", quoted(&url));
    let mut add = |option: &str, text: &str| {
        command.push_str(&format!(" \\\n  {option} {}", quoted(text)));
    };
    if target.environment.as_str() != EnvironmentName::RELEASE {
        add("-H", &format!("X-Stage: {}", target.environment));
    }
    for (name, value) in &fields.headers {
        match value.is_empty() {
            true => add("-H", &format!("{name};")),
            false => add("-H", &format!("{name}: {value}")),
        }
    }
    if !fields.body.is_empty() {
        let mut names = fields.headers.iter().map(|(name, _)| name);
        if !names.any(|name| name.eq_ignore_ascii_case("content-type")) {
            add("-H", "Content-Type:"); // curl would say that it is a form
        }
        add("--data-raw", &fields.body);
    }
    command
}

/// The address that is sure to be found: names below `localhost` are known to browsers, but not
/// to every program.
pub(super) fn base(target: &PublishedIn) -> &str {
    let host = target.base_url.split('/').nth(2).unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    match name.ends_with(".localhost") {
        true => &target.base_path_url,
        false => &target.base_url,
    }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use sluice_domain::debug::DebugFields;
    use sluice_domain::path::ApiPath;
    use sluice_domain::trigger::{Authentication, Matching};

    fn check(method: Method, environment: &str, headers: &[(&str, &str)], body: &str) -> String {
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        let fields = DebugFields {
            method,
            path: "/a/it's".to_owned(),
            query: vec![("q".to_owned(), "a b".to_owned())],
            headers: headers.iter().map(owned).collect(),
            body: body.to_owned(),
        };
        let target = PublishedIn {
            environment: environment.parse().unwrap(),
            method: Method::Any,
            path: ApiPath::parse("/a").unwrap(),
            matching: Matching::Prefix,
            parameters: Default::default(),
            authentication: Authentication::None,
            base_url: "https://1.apig.localhost:8443".to_owned(),
            base_path_url: "https://localhost:8443/_group/1".to_owned(),
            function: None,
        };
        command(&target, &fields.try_into().unwrap())
    }

    #[test]
    fn a_request_becomes_a_command() {
        assert_snapshot!(check(Method::Head, "RELEASE", &[], ""), @r"curl -I --globoff --path-as-is 'https://localhost:8443/_group/1/a/it'\''s?q=a%20b'");
        assert_snapshot!(check(Method::Post, "TEST", &[("X-A", "1 2"), ("X-B", "")], "@a\n'b'"), @r"
        curl -X POST --globoff --path-as-is 'https://localhost:8443/_group/1/a/it'\''s?q=a%20b' \
          -H 'X-Stage: TEST' \
          -H 'X-A: 1 2' \
          -H 'X-B;' \
          -H 'Content-Type:' \
          --data-raw '@a
        '\''b'\'''
        ");
    }
}
