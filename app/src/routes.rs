//! Every address of the console, one function each.

use sluice_domain::id::RequestId;

/// The form that creates the administrator.
pub const WELCOME: &str = "/welcome";
/// The sign-in form.
pub const SIGN_IN: &str = "/sign-in";
/// Functions > Function List.
pub const FUNCTIONS: &str = "/functions";
/// API Gateway > Policies.
pub const POLICIES: &str = "/api-gateway/policies";

/// API Gateway > Credentials.
pub const CREDENTIALS: &str = "/api-gateway/credentials";

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
        insta::assert_snapshot!(
            [sign_in("/functions/a?x=1"), function("a"), logs("a"), request("a", &id), version("a"), aliases("a"),
             basic_settings("a"), triggers("a"), env_vars("a"), concurrency("a"), network("a"), upload("a"), download("a"), snapshot("a")].join("\n"),
            @r"
        /sign-in?next=/functions/a%3Fx%3D1
        /functions/a/code
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
