//! What each role may ask the console for, and what of that is a change. Everything that the
//! console serves under `/api/` stands here; what does not is refused, so that a new server
//! function cannot be forgotten.

use serde::Deserialize;
use serde_json::value::RawValue;
use sluice_domain::user::Role;
use sluice_store::{Kind, Store};

/// What it takes to ask for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// The path below `/api/`. One that ends in `/` stands for all below it.
    pub path: &'static str,
    /// Who may ask; none: strangers too.
    pub role: Option<Role>,
    /// Where it is a change: the arguments that say what is changed.
    pub changes: Option<&'static [&'static str]>,
}

/// Strangers may ask; how they sign in is noted.
const fn entrance(path: &'static str) -> Permission {
    Permission {
        path,
        role: None,
        changes: Some(&[]),
    }
}

/// Everybody who is signed in may read it.
const fn read(path: &'static str) -> Permission {
    Permission {
        path,
        role: Some(Role::Viewer),
        changes: None,
    }
}

/// Everybody who is signed in may change it: it is their own.
const fn own(path: &'static str, object: &'static [&'static str]) -> Permission {
    Permission {
        path,
        role: Some(Role::Viewer),
        changes: Some(object),
    }
}

/// It runs code and changes nothing.
const fn run(path: &'static str) -> Permission {
    Permission {
        path,
        role: Some(Role::Developer),
        changes: None,
    }
}

/// A change for developers.
const fn change(path: &'static str, object: &'static [&'static str]) -> Permission {
    Permission {
        path,
        role: Some(Role::Developer),
        changes: Some(object),
    }
}

/// Administrators alone may read it.
const fn inspect(path: &'static str) -> Permission {
    Permission {
        path,
        role: Some(Role::Administrator),
        changes: None,
    }
}

/// A change for administrators.
const fn administer(path: &'static str, object: &'static [&'static str]) -> Permission {
    Permission {
        path,
        role: Some(Role::Administrator),
        changes: Some(object),
    }
}

/// Everything below `/api/`.
pub const PERMISSIONS: &[Permission] = &[
    Permission {
        path: "session/read",
        role: None,
        changes: None,
    },
    entrance("session/create-administrator"),
    entrance("session/sign-in"),
    entrance("session/sign-out"),
    own("account/change-password", &[]),
    own("access-keys/create", &["description"]),
    own("access-keys/enable", &["access_key_id", "is_enabled"]),
    own("access-keys/delete", &["access_key_id"]),
    read("access-keys/list"),
    own("access-tokens/create", &[]),
    own("access-tokens/delete", &["access_token_id"]),
    read("access-tokens/list"),
    inspect("users/list"),
    administer("users/create", &["name", "role"]),
    administer("users/set-role", &["user_id", "role"]),
    administer("users/disable", &["user_id", "is_disabled"]),
    administer("users/reset-password", &["user_id"]),
    administer("users/delete", &["user_id"]),
    inspect("audit/list"),
    inspect("system/find"),
    administer("gateway/update", &[]),
    administer("acme/update", &[]),
    read("gateway/find"),
    read("gateway/load"),
    read("functions/list"),
    read("functions/find"),
    read("functions/find-concurrency"),
    change("functions/create", &["name"]),
    change("functions/delete", &["name"]),
    change("functions/update-basic-settings", &["name"]),
    change("functions/update-env-vars", &["name"]),
    change("functions/update-concurrency", &["name"]),
    change("functions/update-outbound", &["name"]),
    read("code/find"),
    read("code/cold-start"),
    read("code/download/"),
    read("code/snapshot/"),
    run("code/test"),
    change("code/deploy", &["name"]),
    change("code/upload/", &[]),
    read("test-events/list"),
    change("test-events/create", &["name"]),
    change("test-events/update", &["name"]),
    change("test-events/delete", &["name", "event"]),
    read("versions/list"),
    read("versions/targets"),
    change("versions/publish", &["name", "version"]),
    change("versions/delete", &["name", "version"]),
    read("aliases/list"),
    change("aliases/create", &["name", "alias"]),
    change("aliases/update", &["name", "alias"]),
    change("aliases/delete", &["name", "alias"]),
    read("triggers/list"),
    read("triggers/choices"),
    change("triggers/create", &["name"]),
    change("triggers/delete", &["name", "trigger_id"]),
    read("logs/requests"),
    read("logs/request"),
    read("logs/lines"),
    run("logs/replay"),
    read("metrics/find"),
    read("apis/list"),
    read("apis/find"),
    read("apis/publications"),
    change("apis/update", &["api_id"]),
    change("apis/publish", &["api_id", "environment_id"]),
    change("apis/take-offline", &["api_id", "environment_id"]),
    change(
        "apis/switch-version",
        &["api_id", "environment_id", "number"],
    ),
    read("debug/find"),
    run("debug/send"),
    read("api-groups/list"),
    read("api-groups/find"),
    change("api-groups/create", &["name"]),
    change("api-groups/update", &["group_id"]),
    change("api-groups/delete", &["group_id"]),
    change("api-groups/debugging-domain", &["group_id", "is_enabled"]),
    change("api-groups/variables", &["group_id", "environment_id"]),
    change("api-groups/response", &["group_id"]),
    change("api-groups/create-response-set", &["group_id", "name"]),
    change("api-groups/rename-response-set", &["group_id", "name"]),
    change("api-groups/delete-response-set", &["group_id"]),
    read("environments/list"),
    change("environments/create", &["name"]),
    change("environments/update", &["environment_id"]),
    change("environments/delete", &["environment_id"]),
    read("authorizers/list"),
    change("authorizers/create", &["name"]),
    change("authorizers/update", &["authorizer_id"]),
    change("authorizers/delete", &["authorizer_id"]),
    read("credentials/list"),
    change("credentials/create", &["name"]),
    change("credentials/reset-secret", &["credential_id"]),
    change("credentials/set-access", &["credential_id"]),
    change("credentials/delete", &["credential_id"]),
    change("credentials/create-app-code", &["credential_id"]),
    change("credentials/delete-app-code", &["credential_id"]),
    change("credentials/bind", &["credential_id"]),
    read("policies/list"),
    change("policies/create", &["name"]),
    change("policies/update", &["policy_id"]),
    change("policies/delete", &["policy_id"]),
    change("policies/bind", &["policy_id"]),
    read("domain-names/list"),
    change("domain-names/bind", &["name", "group_id"]),
    change("domain-names/update", &["domain_name_id"]),
    change("domain-names/unbind", &["domain_name_id"]),
    change("acme/retry", &["domain_name_id"]),
    read("certificates/list"),
    change("certificates/upload", &["name"]),
    change("certificates/replace", &["certificate_id"]),
    change("certificates/delete", &["certificate_id"]),
];

impl Permission {
    /// What it takes to ask for this path below `/api/`.
    pub fn find(path: &str) -> Option<&'static Self> {
        PERMISSIONS.iter().find(|it| match it.path.ends_with('/') {
            true => path
                .strip_prefix(it.path)
                .is_some_and(|rest| !rest.is_empty()),
            false => it.path == path,
        })
    }
}

/// Longest text of an object that is noted, in characters.
const MAX_OBJECT: usize = 256;

/// What a request is about to change, for people: names, of what has one. `body` is JSON or a form;
/// nothing of it but these arguments is looked at.
pub async fn object(arguments: &[&str], body: &[u8], store: &Store) -> String {
    let mut parts = Vec::new();
    for &argument in arguments {
        let Some(text) = argument_of(body, argument) else {
            continue;
        };
        let name = match kind(argument) {
            Some(kind) => store.name_of(kind, &text).await.ok().flatten(),
            None => None,
        };
        parts.push(name.unwrap_or(text));
    }
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let told = parts.join(", ");
    told.chars().map(printable).take(MAX_OBJECT).collect()
}

/// What an argument that is an id is the id of.
fn kind(argument: &str) -> Option<Kind> {
    Some(match argument {
        "credential_id" => Kind::Credential,
        "group_id" => Kind::ApiGroup,
        "environment_id" => Kind::Environment,
        "policy_id" => Kind::Policy,
        "authorizer_id" => Kind::Authorizer,
        "certificate_id" => Kind::Certificate,
        "domain_name_id" => Kind::DomainName,
        "api_id" => Kind::Api,
        "trigger_id" => Kind::Trigger,
        "user_id" => Kind::User,
        _ => return None,
    })
}

/// An argument that is a text, a number or a switch.
pub fn argument_of(body: &[u8], argument: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Arguments<'a>(#[serde(borrow)] std::collections::HashMap<String, &'a RawValue>);

    if body.first() != Some(&b'{') {
        let mut pairs = url::form_urlencoded::parse(body);
        return pairs.find_map(|(name, value)| (name == argument).then(|| value.into_owned()));
    }
    let Arguments(arguments) = serde_json::from_slice(body).ok()?;
    match serde_json::from_str(arguments.get(argument)?.get()).ok()? {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(is_on) => Some(format!("{argument}: {is_on}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::http::Method;

    use super::*;

    #[test]
    fn every_server_function_has_a_permission_and_every_permission_something_to_serve() {
        let functions: Vec<_> = leptos::server_fn::axum::server_fn_paths()
            .map(|(path, method)| (path.trim_start_matches("/api/"), method))
            .collect();
        assert!(functions.len() > 90);
        for (path, method) in &functions {
            let found = Permission::find(path);
            let found = found.unwrap_or_else(|| panic!("{path} has no permission"));
            assert_eq!(found.path, *path);
            let reads = *method == Method::GET;
            assert!(!reads || found.changes.is_none(), "{path} is read by GET");
        }
        let served: BTreeSet<_> = functions.into_iter().map(|(path, _)| path).collect();
        let archives = ["code/download/", "code/snapshot/", "code/upload/"];
        for permission in PERMISSIONS {
            let path = permission.path;
            assert!(served.contains(path) || archives.contains(&path), "{path}");
            let alike = PERMISSIONS.iter().filter(|it| it.path == path);
            assert_eq!(alike.count(), 1, "{path}");
        }
    }

    #[test]
    fn what_does_not_stand_there_is_not_found() {
        for path in [
            "",
            "nonsense",
            "code/upload/",
            "code/upload",
            "functions/list/x",
        ] {
            assert_eq!(Permission::find(path), None, "{path}");
        }
        assert!(Permission::find("code/upload/demo").is_some());
    }

    #[test]
    fn arguments_are_found_in_json_and_in_forms() {
        let check = |body: &str, name: &str| argument_of(body.as_bytes(), name);
        let some = |text: &str| Some(text.to_owned());
        let json = r#"{"name":"dem\u006f","number":7,"on":true,"chosen":{"name":"x"}}"#;
        assert_eq!(check(json, "name"), some("demo"));
        assert_eq!(check(json, "number"), some("7"));
        assert_eq!(check(json, "on"), some("on: true"));
        assert_eq!(check(json, "chosen"), None);
        assert_eq!(check("name=a+b%26&x=1", "name"), some("a b&"));
        assert_eq!(check("{", "name"), None);
        assert_eq!(check("", "name"), None);
    }
}
