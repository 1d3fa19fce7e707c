//! The environment of a function.

use sluice_domain::function::Hook;
use sluice_domain::invocation::MAX_RESULT_BYTES;

use crate::deployment::DeploymentSpec;

/// Where the code is inside the sandbox. Source: `RUNTIME_CODE_ROOT`.
const CODE_ROOT: &str = "/opt/function/code";

/// The app and the project that every function belongs to: there is one of each.
const PACKAGE: &str = "default";
const PROJECT_ID: &str = "default";

/// The environment variables of a function: the platform's, then its own.
/// Source: environment variables, reserved names.
pub fn of(spec: &DeploymentSpec) -> Vec<(String, String)> {
    let settings = &spec.settings;
    let user_data: serde_json::Map<String, serde_json::Value> = settings
        .env_vars
        .iter()
        .map(|one| (one.key.clone(), one.value.as_str().into()))
        .collect();
    let platform = [
        ("RUNTIME_PROJECT_ID", PROJECT_ID.to_owned()),
        ("RUNTIME_FUNC_NAME", spec.function_name.to_string()),
        ("RUNTIME_FUNC_VERSION", spec.version.clone()),
        ("RUNTIME_PACKAGE", PACKAGE.to_owned()),
        ("RUNTIME_HANDLER", settings.handler.to_string()),
        ("RUNTIME_TIMEOUT", settings.timeout.seconds().to_string()),
        (
            "RUNTIME_USERDATA",
            serde_json::Value::Object(user_data).to_string(),
        ),
        ("RUNTIME_CPU", settings.memory.cpu_millicores().to_string()),
        ("RUNTIME_MEMORY", settings.memory.get().to_string()),
        ("RUNTIME_MAX_RESP_BODY_SIZE", MAX_RESULT_BYTES.to_string()),
        ("RUNTIME_ROOT", "/home/snuser/runtime".to_owned()),
        ("RUNTIME_CODE_ROOT", CODE_ROOT.to_owned()),
        ("RUNTIME_LOG_DIR", "/home/snuser/log".to_owned()),
    ];
    let initializer = hook(
        settings.initializer.as_ref(),
        "RUNTIME_INITIALIZER_HANDLER",
        "RUNTIME_INITIALIZER_TIMEOUT",
    );
    let pre_stop = hook(
        settings.pre_stop.as_ref(),
        "RUNTIME_PRE_STOP_HANDLER",
        "RUNTIME_PRE_STOP_TIMEOUT",
    );
    let platform = platform.into_iter().chain(initializer).chain(pre_stop);
    let platform = platform.map(|(key, value)| (key.to_owned(), value));
    let own = settings.env_vars.iter();
    let own = own.map(|one| (one.key.clone(), one.value.as_str().to_owned()));
    platform.chain(own).collect()
}

fn hook<const MAX: u32>(
    hook: Option<&Hook<MAX>>,
    handler: &'static str,
    timeout: &'static str,
) -> impl Iterator<Item = (&'static str, String)> {
    hook.into_iter().flat_map(move |hook| {
        let seconds = hook.timeout.seconds().to_string();
        [(handler, hook.function.to_string()), (timeout, seconds)]
    })
}
