//! Every address of the console, one function each.

use sluice_domain::id::{ApiId, RequestId};

/// The form that creates the administrator.
pub const WELCOME: &str = "/welcome";
/// The sign-in form.
pub const SIGN_IN: &str = "/sign-in";
/// Functions > Function List.
pub const FUNCTIONS: &str = "/functions";
/// API Gateway > APIs.
pub const APIS: &str = "/api-gateway/apis";

/// API Gateway > Environments.
pub const ENVIRONMENTS: &str = "/api-gateway/environments";

/// API Gateway > API Groups.
pub const API_GROUPS: &str = "/api-gateway/groups";
/// API Gateway > Policies.
pub const POLICIES: &str = "/api-gateway/policies";

/// API Gateway > Custom Authorizers.
pub const AUTHORIZERS: &str = "/api-gateway/authorizers";

/// API Gateway > Credentials.
pub const CREDENTIALS: &str = "/api-gateway/credentials";

/// Debug of an API.
pub fn debug(api_id: &ApiId) -> String {
    format!("/api-gateway/apis/{api_id}/debug")
}

/// API Gateway > Domain Names.
pub const DOMAIN_NAMES: &str = "/api-gateway/domain-names";

/// API Gateway > Certificates.
pub const CERTIFICATES: &str = "/api-gateway/certificates";

/// API Gateway > Gateway Settings.
pub const GATEWAY_SETTINGS: &str = "/api-gateway/settings";

/// My Account.
pub const ACCOUNT: &str = "/account";

/// Administration > Users.
pub const USERS: &str = "/users";

/// Administration > Audit Log.
pub const AUDIT: &str = "/audit";

/// Administration > System.
pub const SYSTEM: &str = "/system";

/// The audit log of a user, with a text, before a change; empty and none: of all, from the newest on.
pub fn audit(user: &str, text: &str, before: Option<i64>) -> String {
    let before = before.map_or_else(String::new, |before| before.to_string());
    let pairs = [("user", user), ("q", text), ("before", &before)];
    let asked = pairs.iter().filter(|(_, value)| !value.is_empty());
    let asked: Vec<_> = asked
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    match asked.is_empty() {
        true => AUDIT.to_owned(),
        false => format!("{AUDIT}?{}", asked.join("&")),
    }
}

/// Access Keys.
pub const ACCESS_KEYS: &str = "/access-keys";

/// Create Function.
pub const CREATE_FUNCTION: &str = "/create-function";

/// The sign-in form, which leads on to `next` afterwards.
pub fn sign_in(next: &str) -> String {
    format!("{SIGN_IN}?next={}", encode(next))
}

/// Where to go after signing in: `next` if it is an address of this console,
/// the Function List otherwise. An address of another site is never followed.
pub fn after_sign_in(next: Option<&str>) -> String {
    let ours = |next: &&str| {
        next.starts_with('/')
            && !next.starts_with("//")
            && !next.contains(['\\', '\r', '\n', '\t'])
            && !next.starts_with(SIGN_IN)
            && !next.starts_with(WELCOME)
    };
    next.filter(ours).unwrap_or(FUNCTIONS).to_owned()
}

/// A function's page: its Code tab.
pub fn function(name: &str) -> String {
    format!("{FUNCTIONS}/{name}/code")
}

/// API Gateway > APIs > one of them.
pub fn api(api_id: &ApiId) -> String {
    format!("{APIS}/{api_id}")
}

/// Monitoring > Metrics.
pub fn metrics(name: &str) -> String {
    format!("{FUNCTIONS}/{name}/monitoring/metrics")
}

/// Monitoring > Logs.
pub fn logs(name: &str) -> String {
    format!("{FUNCTIONS}/{name}/monitoring/logs")
}

/// One request in Monitoring > Logs.
pub fn request(name: &str, request_id: &RequestId) -> String {
    format!("{}?request={request_id}", logs(name))
}

/// Version.
pub fn version(name: &str) -> String {
    format!("{FUNCTIONS}/{name}/version")
}

/// Aliases.
pub fn aliases(name: &str) -> String {
    format!("{FUNCTIONS}/{name}/aliases")
}

/// Configuration > Basic Settings.
pub fn basic_settings(name: &str) -> String {
    format!("{FUNCTIONS}/{name}/configuration/basic-settings")
}

/// Configuration > Triggers.
pub fn triggers(name: &str) -> String {
    format!("{FUNCTIONS}/{name}/configuration/triggers")
}

/// Configuration > Environment Variables.
pub fn env_vars(name: &str) -> String {
    format!("{FUNCTIONS}/{name}/configuration/environment-variables")
}

/// Configuration > Concurrency.
pub fn concurrency(name: &str) -> String {
    format!("{FUNCTIONS}/{name}/configuration/concurrency")
}

/// Configuration > Network.
pub fn network(name: &str) -> String {
    format!("{FUNCTIONS}/{name}/configuration/network")
}

/// An API group's page: its APIs.
pub fn api_group(group_id: &str) -> String {
    format!("{API_GROUPS}/{group_id}/apis")
}

/// Group Information.
pub fn group_information(group_id: &str) -> String {
    format!("{API_GROUPS}/{group_id}/information")
}

/// Environment Variables of an API group.
pub fn group_variables(group_id: &str) -> String {
    format!("{API_GROUPS}/{group_id}/variables")
}

/// Gateway Responses of an API group.
pub fn group_responses(group_id: &str) -> String {
    format!("{API_GROUPS}/{group_id}/responses")
}

/// Where the code of a function is uploaded to as a ZIP archive, by POST.
pub fn upload(name: &str) -> String {
    format!("/api/code/upload/{name}")
}

/// The deployed code of a function as a ZIP archive.
pub fn download(name: &str) -> String {
    format!("/api/code/download/{name}")
}

/// The snapshot of a function as a WebAssembly component.
pub fn snapshot(name: &str) -> String {
    format!("/api/code/snapshot/{name}")
}

/// Percent-encodes a text for a query string.
pub fn encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'/');
    text.bytes()
        .map(|b| {
            if plain(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_what_it_was() {
        let id = RequestId::from_bytes([0; 16]);
        let api_id = ApiId::from_bytes([0; 16]);
        insta::assert_snapshot!(
            [api(&api_id), sign_in("/functions/a?x=1"), function("a"), metrics("a"), logs("a"), request("a", &id), version("a"), aliases("a"),
             basic_settings("a"), triggers("a"), env_vars("a"), concurrency("a"), network("a"), upload("a"), download("a"), snapshot("a"),
             api_group("a"), group_information("a"), group_variables("a"), group_responses("a"), debug(&api_id)].join("\n"),
            @r"
        /api-gateway/apis/00000000000000000000000000000000
        /sign-in?next=/functions/a%3Fx%3D1
        /functions/a/code
        /functions/a/monitoring/metrics
        /functions/a/monitoring/logs
        /functions/a/monitoring/logs?request=00000000-0000-0000-0000-000000000000
        /functions/a/version
        /functions/a/aliases
        /functions/a/configuration/basic-settings
        /functions/a/configuration/triggers
        /functions/a/configuration/environment-variables
        /functions/a/configuration/concurrency
        /functions/a/configuration/network
        /api/code/upload/a
        /api/code/download/a
        /api/code/snapshot/a
        /api-gateway/groups/a/apis
        /api-gateway/groups/a/information
        /api-gateway/groups/a/variables
        /api-gateway/groups/a/responses
        /api-gateway/apis/00000000000000000000000000000000/debug
        "
        );
    }

    #[test]
    fn signing_in_never_leads_to_another_site() {
        assert_eq!(
            after_sign_in(Some("/functions/a/code")),
            "/functions/a/code"
        );
        for wrong in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "",
            "functions",
            "/sign-in?next=/",
            "/a\nb",
        ] {
            assert_eq!(after_sign_in(Some(wrong)), FUNCTIONS, "{wrong}");
        }
        assert_eq!(after_sign_in(None), FUNCTIONS);
    }
}
