use leptos::prelude::*;
use sluice_domain::trigger::{ApigTriggerSettings, Authentication, Method};

use super::TriggerCardView;
use crate::routes;
use crate::ui::CopyButton;

/// How an API is called from other programs: code that runs as it stands, but for the key and the
/// secret.
#[component]
pub(super) fn CallIt(view: TriggerCardView) -> impl IntoView {
    let settings = &view.trigger.settings;
    let url = address(&view);
    let is_app = settings.authentication == Authentication::App;
    let is_https = url.starts_with("https:");
    let snippets = snippets(settings, &url);
    view! {
        <details class="call-it">
            <summary>"Call it"</summary>
            <div class="call-it__body">
                {is_app.then(|| view! {
                    <p class="field__hint">"AppKey, AppSecret and AppCode are those of a credential that is bound to this API: " <a href=routes::CREDENTIALS>"Credentials"</a> "."</p>
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

/// The address that is sure to be found: names below `localhost` are known to browsers, but not
/// to every program.
fn address(view: &TriggerCardView) -> String {
    let host = view.url.split('/').nth(2).unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    match name.ends_with(".localhost") {
        true => view.path_url.clone(),
        false => view.url.clone(),
    }
}

/// A language and the code in it.
fn snippets(settings: &ApigTriggerSettings, url: &str) -> Vec<(&'static str, String)> {
    let method = match settings.method {
        Method::Any => Method::Get.name(),
        method => method.name(),
    };
    // It would wait for the body that the answer speaks of.
    let how = match settings.method {
        Method::Head => "-I".to_owned(),
        _ => format!("-X {method}"),
    };
    let filled = |code: &str| {
        code.trim_start()
            .replace("@HOW@", &how)
            .replace("@METHOD@", method)
            .replace("@URL@", url)
    };
    let simple = match settings.authentication {
        Authentication::None => Some(CURL),
        Authentication::App if settings.simple_authentication => Some(CURL_WITH_CODE),
        Authentication::App | Authentication::Iam => None,
    };
    let (python, javascript) = match settings.authentication {
        Authentication::None => (PYTHON, JAVASCRIPT),
        Authentication::App | Authentication::Iam => (SIGNED_PYTHON, SIGNED_JAVASCRIPT),
    };
    let curl = simple.map(|code| ("curl", code));
    let all = curl
        .into_iter()
        .chain([("Python", python), ("JavaScript", javascript)]);
    all.map(|(language, code)| (language, filled(code)))
        .collect()
}

const CURL: &str = "curl @HOW@ '@URL@'\n";

const CURL_WITH_CODE: &str = "curl @HOW@ -H 'X-Apig-AppCode: APP_CODE' '@URL@'\n";

const PYTHON: &str = r#"
import urllib.request

call = urllib.request.Request("@URL@", method="@METHOD@")
print(urllib.request.urlopen(call).read().decode())
"#;

const JAVASCRIPT: &str = r#"
const answer = await fetch("@URL@", { method: "@METHOD@" });
console.log(answer.status, await answer.text());
"#;

const SIGNED_PYTHON: &str = r#"
import datetime, hashlib, hmac, urllib.request
from urllib.parse import parse_qsl, quote, unquote, urlsplit

key, secret = "APP_KEY", "APP_SECRET"
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
    "",
    "host;x-sdk-date",
    hashlib.sha256(body).hexdigest(),
])
text = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(request.encode()).hexdigest()}"
signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
call = urllib.request.Request(url, body or None, method=method, headers={
    "X-Sdk-Date": date,
    "Authorization": f"SDK-HMAC-SHA256 Access={key}, SignedHeaders=host;x-sdk-date, Signature={signature}",
})
print(urllib.request.urlopen(call).read().decode())
"#;

const SIGNED_JAVASCRIPT: &str = r#"
import { createHash, createHmac } from "node:crypto";

const [key, secret] = ["APP_KEY", "APP_SECRET"];
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
  "",
  "host;x-sdk-date",
  digest(body),
].join("\n");
const text = ["SDK-HMAC-SHA256", date, digest(request)].join("\n");
const signature = createHmac("sha256", secret).update(text).digest("hex");
const answer = await fetch(url, {
  method,
  body: body || undefined,
  headers: {
    "X-Sdk-Date": date,
    Authorization: `SDK-HMAC-SHA256 Access=${key}, SignedHeaders=host;x-sdk-date, Signature=${signature}`,
  },
});
console.log(answer.status, await answer.text());
"#;
