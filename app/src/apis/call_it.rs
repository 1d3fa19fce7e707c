use leptos::prelude::*;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::request_parameter::{ParameterLocation, ParameterType, RequestParameter};
use sluice_domain::trigger::{Authentication, Method};

use super::PublishedApi;
use crate::routes;
use crate::ui::CopyButton;

/// How an API is called from other programs: code that runs as it stands, but for the key and the
/// secret.
#[component]
pub(super) fn CallIt(api: PublishedApi) -> impl IntoView {
    let settings = &api.settings;
    let url = address(&api);
    let is_https = url.starts_with("https:");
    let snippets = snippets(&api, &url);
    view! {
        <details class="call-it">
            <summary>"Call it"</summary>
            <div class="call-it__body">
                {hint(settings.authentication).map(|(text, page, name)| view! {
                    <p class="field__hint">{text} <a href=page>{name}</a> "."</p>
                })}
                {snippets.into_iter().map(|(language, code)| view! {
                    <section class="call-it__snippet">
                        <h4 class="call-it__language">{language} " " <CopyButton text=code.clone() label=format!("Copy {language}")/></h4>
                        <pre class="output" tabindex="0" role="region" aria-label=language>{code}</pre>
                    </section>
                }).collect_view()}
                {is_https.then(|| view! {
                    <p class="field__hint">"With the local certificate authority, \u{201c}sluice ca\u{201d} tells how it is trusted."</p>
                })}
            </div>
        </details>
    }
}

/// What the key and the secret are, and the page that has them.
fn hint(authentication: Authentication) -> Option<(&'static str, &'static str, &'static str)> {
    match authentication {
        Authentication::App => Some((
            "AppKey, AppSecret and AppCode are those of a credential that is bound to this API: ",
            routes::CREDENTIALS,
            "Credentials",
        )),
        Authentication::Iam => Some((
            "Access Key ID and Secret Access Key are those of a user of this console: ",
            routes::ACCESS_KEYS,
            "Access Keys",
        )),
        Authentication::Custom => Some((
            "The custom authorizer of this API says what callers have to send besides: ",
            routes::AUTHORIZERS,
            "Custom Authorizers",
        )),
        Authentication::None => None,
    }
}

/// The address that is sure to be found: names below `localhost` are known to browsers, but not
/// to every program.
fn address(api: &PublishedApi) -> String {
    let host = api.url.split('/').nth(2).unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    match name.ends_with(".localhost") {
        true => api.path_url.clone(),
        false => api.url.clone(),
    }
}

/// A language and the code in it.
fn snippets(api: &PublishedApi, url: &str) -> Vec<(&'static str, String)> {
    let settings = &api.settings;
    let method = match settings.method {
        Method::Any => Method::Get.name(),
        method => method.name(),
    };
    // It would wait for the body that the answer speaks of.
    let how = match settings.method {
        Method::Head => "-I".to_owned(),
        _ => format!("-X {method}"),
    };
    let (key, secret) = match settings.authentication {
        Authentication::Iam => ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"),
        Authentication::App | Authentication::Custom | Authentication::None => {
            ("APP_KEY", "APP_SECRET")
        }
    };
    let url = &with_query(url, api);
    let stage = Stage::of(&api.environment.name, &required_headers(api));
    let filled = |code: &str| {
        stage
            .fill(code.trim_start())
            .replace("@KEY@", key)
            .replace("@SECRET@", secret)
            .replace("@HOW@", &how)
            .replace("@METHOD@", method)
            .replace("@URL@", url)
    };
    let simple = match settings.authentication {
        Authentication::Custom | Authentication::None => Some(CURL),
        Authentication::App if settings.simple_authentication => Some(CURL_WITH_CODE),
        Authentication::App | Authentication::Iam => None,
    };
    let (python, javascript) = match settings.authentication {
        Authentication::Custom | Authentication::None => (PYTHON, JAVASCRIPT),
        Authentication::App | Authentication::Iam => (SIGNED_PYTHON, SIGNED_JAVASCRIPT),
    };
    let curl = simple.map(|code| ("curl", code));
    let all = curl
        .into_iter()
        .chain([("Python", python), ("JavaScript", javascript)]);
    all.map(|(language, code)| (language, filled(code)))
        .collect()
}

/// The parameters of the query that the API requires, behind the address.
fn with_query(url: &str, api: &PublishedApi) -> String {
    let pairs = required(api, ParameterLocation::Query);
    let pairs: Vec<_> = pairs
        .map(|it| {
            format!(
                "{}={}",
                routes::encode(it.name()),
                routes::encode(&value(it))
            )
        })
        .collect();
    match pairs.is_empty() {
        true => url.to_owned(),
        false => format!("{url}?{}", pairs.join("&")),
    }
}

/// The headers that the API requires.
fn required_headers(api: &PublishedApi) -> Vec<(String, String)> {
    let headers = required(api, ParameterLocation::Header);
    headers
        .map(|it| (it.name().to_owned(), value(it)))
        .collect()
}

fn required(
    api: &PublishedApi,
    location: ParameterLocation,
) -> impl Iterator<Item = &RequestParameter> {
    let all = api.settings.request_parameters.iter();
    all.filter(move |it| it.location() == location && it.fields().required)
}

/// A value that the API takes, or one that says which is wanted.
fn value(parameter: &RequestParameter) -> String {
    let fields = parameter.fields();
    // Texts can have quotes, which each language writes in its own way.
    let is_plain = |text: &&String| !text.contains(['\'', '"', '\\', '@', '`', '$', '{']);
    match (fields.enumeration.iter().find(is_plain), fields.kind) {
        (Some(value), _) => value.clone(),
        (None, ParameterType::Number) => {
            let bound = fields.min.as_ref().or(fields.max.as_ref());
            bound.map_or_else(|| "1".to_owned(), ToString::to_string)
        }
        (None, ParameterType::String) => {
            let name = parameter.name().to_uppercase();
            name.replace(['-', '.'], "_")
        }
    }
}

/// How headers are written: the one that names the environment, but for RELEASE, which is meant without
/// one, and those that the API requires.
#[derive(Default)]
struct Stage {
    curl: String,
    python: String,
    javascript: String,
    /// A line of the request that is signed, in both languages.
    line: String,
    /// Added to the names of the signed headers.
    name: &'static str,
    /// Lines of the headers that are sent, in both languages.
    headers: Vec<String>,
}

impl Stage {
    fn of(environment: &EnvironmentName, required: &[(String, String)]) -> Self {
        let name = environment.as_str();
        let is_named = name != EnvironmentName::RELEASE;
        let stage = is_named.then(|| ("X-Stage".to_owned(), name.to_owned()));
        let all: Vec<_> = stage.iter().chain(required).collect();
        if all.is_empty() {
            return Self::default();
        }
        let pairs = all
            .iter()
            .map(|(name, value)| format!("\"{name}\": \"{value}\""));
        let pairs: Vec<_> = pairs.collect();
        let joined = pairs.join(", ");
        Self {
            curl: all
                .iter()
                .map(|(name, value)| format!("-H '{name}: {value}' "))
                .collect(),
            python: format!(", headers={{{joined}}}"),
            javascript: format!(", headers: {{ {joined} }}"),
            line: match is_named {
                true => format!("\"x-stage:{name}\",\n"),
                false => String::new(),
            },
            name: if is_named { ";x-stage" } else { "" },
            headers: pairs.iter().map(|pair| format!("{pair},\n")).collect(),
        }
    }

    fn fill(&self, code: &str) -> String {
        let indented = |line: &str, width: usize| match line {
            "" => String::new(),
            line => format!("{}{line}", " ".repeat(width)),
        };
        let headers: String = self.headers.iter().map(|line| indented(line, 4)).collect();
        code.replace("@CURL_STAGE@", &self.curl)
            .replace("@PYTHON_STAGE@", &self.python)
            .replace("@JAVASCRIPT_STAGE@", &self.javascript)
            .replace("@STAGE_NAME@", self.name)
            .replace("    @STAGE_HEADER@\n", &headers)
            .replace("    @STAGE_LINE@\n", &indented(&self.line, 4))
            .replace("  @STAGE_LINE@\n", &indented(&self.line, 2))
    }
}

const CURL: &str = "curl @HOW@ @CURL_STAGE@'@URL@'\n";

const CURL_WITH_CODE: &str = "curl @HOW@ -H 'X-Apig-AppCode: APP_CODE' @CURL_STAGE@'@URL@'\n";

const PYTHON: &str = r#"
import urllib.request

call = urllib.request.Request("@URL@", method="@METHOD@"@PYTHON_STAGE@)
print(urllib.request.urlopen(call).read().decode())
"#;

const JAVASCRIPT: &str = r#"
const answer = await fetch("@URL@", { method: "@METHOD@"@JAVASCRIPT_STAGE@ });
console.log(answer.status, await answer.text());
"#;

const SIGNED_PYTHON: &str = r#"
import datetime, hashlib, hmac, urllib.request
from urllib.parse import parse_qsl, quote, unquote, urlsplit

key, secret = "@KEY@", "@SECRET@"
method, url, body = "@METHOD@", "@URL@", b""

parts = urlsplit(url)
date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
path = "/".join(quote(part, safe="~") for part in unquote(parts.path).split("/"))
query = sorted(parse_qsl(parts.query, keep_blank_values=True))
request = "\n".join([
    method,
    path if path.endswith("/") else path + "/",
    "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in query),
    f"host:{parts.netloc}",
    f"x-sdk-date:{date}",
    @STAGE_LINE@
    "",
    "host;x-sdk-date@STAGE_NAME@",
    hashlib.sha256(body).hexdigest(),
])
text = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(request.encode()).hexdigest()}"
signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
call = urllib.request.Request(url, body or None, method=method, headers={
    "X-Sdk-Date": date,
    @STAGE_HEADER@
    "Authorization": f"SDK-HMAC-SHA256 Access={key}, SignedHeaders=host;x-sdk-date@STAGE_NAME@, Signature={signature}",
})
print(urllib.request.urlopen(call).read().decode())
"#;

const SIGNED_JAVASCRIPT: &str = r#"
import { createHash, createHmac } from "node:crypto";

const [key, secret] = ["@KEY@", "@SECRET@"];
const [method, url, body] = ["@METHOD@", new URL("@URL@"), ""];

const encode = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
const digest = (text) => createHash("sha256").update(text).digest("hex");
const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
const path = decodeURIComponent(url.pathname).split("/").map(encode).join("/");
const query = [...url.searchParams].sort();
const request = [
  method,
  path.endsWith("/") ? path : path + "/",
  query.map(([name, value]) => encode(name) + "=" + encode(value)).join("&"),
  "host:" + url.host,
  "x-sdk-date:" + date,
  @STAGE_LINE@
  "",
  "host;x-sdk-date@STAGE_NAME@",
  digest(body),
].join("\n");
const text = ["SDK-HMAC-SHA256", date, digest(request)].join("\n");
const signature = createHmac("sha256", secret).update(text).digest("hex");
const answer = await fetch(url, {
  method,
  body: body || undefined,
  headers: {
    "X-Sdk-Date": date,
    @STAGE_HEADER@
    Authorization: `SDK-HMAC-SHA256 Access=${key}, SignedHeaders=host;x-sdk-date@STAGE_NAME@, Signature=${signature}`,
  },
});
console.log(answer.status, await answer.text());
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_domain::environment::Environment;
    use sluice_domain::id::{ApiGroupId, EnvironmentId};
    use sluice_domain::request_parameter::RequestParameters;
    use sluice_domain::target::Target;
    use sluice_domain::text::ShortDescription;
    use sluice_domain::time::Timestamp;
    use sluice_domain::trigger::{ApigTriggerSettings, BackendTimeout, Matching, Protocol};

    fn api(environment: &str, authentication: Authentication) -> PublishedApi {
        PublishedApi {
            environment: Environment {
                environment_id: EnvironmentId::from_bytes([0; 16]),
                name: environment.parse().unwrap(),
                description: ShortDescription::default(),
            },
            settings: ApigTriggerSettings {
                api_name: "API_a".parse().unwrap(),
                group_id: ApiGroupId::from_bytes([0; 16]),
                target: Target::Latest,
                authentication,
                authorizer_id: None,
                response_id: None,
                simple_authentication: authentication == Authentication::App,
                protocol: Protocol::Https,
                path: "/a".parse().unwrap(),
                matching: Matching::Exact,
                method: Method::Any,
                timeout: BackendTimeout::default(),
                request_parameters: RequestParameters::default(),
            },
            url: String::new(),
            domain_urls: Vec::new(),
            authorizer_name: None,
            response_name: None,
            path_url: String::new(),
            number: 1,
            description: ShortDescription::default(),
            published_at: Timestamp(0),
        }
    }

    fn check(environment: &str, authentication: Authentication) -> String {
        let all = snippets(&api(environment, authentication), "https://a/b");
        let of_stage = |code: &str| {
            let lines = code
                .lines()
                .filter(|line| line.to_lowercase().contains("x-stage"));
            lines.map(|line| format!("{line}\n")).collect::<String>()
        };
        assert!(all.iter().all(|(_, code)| !code.contains('@')), "{all:?}");
        all.iter().map(|(_, code)| of_stage(code)).collect()
    }

    #[test]
    fn another_environment_than_release_is_named_and_signed() {
        for authentication in Authentication::ALL {
            assert_eq!(check("RELEASE", *authentication), "");
        }
        insta::assert_snapshot!(check("TEST", Authentication::None), @r#"
        curl -X GET -H 'X-Stage: TEST' 'https://a/b'
        call = urllib.request.Request("https://a/b", method="GET", headers={"X-Stage": "TEST"})
        const answer = await fetch("https://a/b", { method: "GET", headers: { "X-Stage": "TEST" } });
        "#);
        insta::assert_snapshot!(check("TEST", Authentication::App), @r#"
        curl -X GET -H 'X-Apig-AppCode: APP_CODE' -H 'X-Stage: TEST' 'https://a/b'
            "x-stage:TEST",
            "host;x-sdk-date;x-stage",
            "X-Stage": "TEST",
            "Authorization": f"SDK-HMAC-SHA256 Access={key}, SignedHeaders=host;x-sdk-date;x-stage, Signature={signature}",
          "x-stage:TEST",
          "host;x-sdk-date;x-stage",
            "X-Stage": "TEST",
            Authorization: `SDK-HMAC-SHA256 Access=${key}, SignedHeaders=host;x-sdk-date;x-stage, Signature=${signature}`,
        "#);
    }

    #[test]
    fn what_the_api_requires_is_sent() {
        let check = |authentication| {
            let mut api = api("RELEASE", authentication);
            api.settings.request_parameters = serde_json::from_str(
                r#"[{"name": "page", "location": "QUERY", "type": "NUMBER", "required": true, "min": "2"},
                    {"name": "sort.by", "location": "QUERY", "type": "STRING"},
                    {"name": "sort", "location": "QUERY", "type": "STRING", "required": true, "enumeration": ["it's", "a b"]},
                    {"name": "X-Api-Key", "location": "HEADER", "type": "STRING", "required": true}]"#,
            )
            .unwrap();
            let all = snippets(&api, "https://a/b");
            let lines = all.iter().flat_map(|(_, code)| code.lines());
            let lines = lines.filter(|line| line.contains("page=") || line.contains("X-Api-Key"));
            lines.map(|line| format!("{line}\n")).collect::<String>()
        };
        insta::assert_snapshot!(check(Authentication::None), @r#"
        curl -X GET -H 'X-Api-Key: X_API_KEY' 'https://a/b?page=2&sort=a%20b'
        call = urllib.request.Request("https://a/b?page=2&sort=a%20b", method="GET", headers={"X-Api-Key": "X_API_KEY"})
        const answer = await fetch("https://a/b?page=2&sort=a%20b", { method: "GET", headers: { "X-Api-Key": "X_API_KEY" } });
        "#);
        insta::assert_snapshot!(check(Authentication::Iam), @r#"
        method, url, body = "GET", "https://a/b?page=2&sort=a%20b", b""
            "X-Api-Key": "X_API_KEY",
        const [method, url, body] = ["GET", new URL("https://a/b?page=2&sort=a%20b"), ""];
            "X-Api-Key": "X_API_KEY",
        "#);
    }
}
