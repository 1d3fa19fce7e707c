//! What functions reach of other hosts, and what they do not.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;
#[path = "common/web.rs"]
mod web;

use std::sync::Arc;
use std::time::Duration;

use common::{World, failure, libraries, returned, spec_in, text};
use sluice_domain::code::CodePackage;
use sluice_domain::function::Runtime;
use sluice_domain::invocation::{Cause, InvocationRecord};
use sluice_domain::outbound::OutboundRules;
use sluice_executor::{Deployment, DeploymentSpec, NoSnapshot, Outcome};
use web::{Certificate, Web, http, https};

const PYTHONS: [Runtime; 2] = [Runtime::Python312, Runtime::Python314];

/// A function with rules, an entry a word.
fn with_rules(code: &str, rules: &str) -> DeploymentSpec {
    let mut spec = spec_in(Runtime::Python312, code);
    spec.settings.outbound = OutboundRules::parse_lines(&rules.replace(' ', "\n")).unwrap();
    // Some send or read 64 MB, and a busy machine takes its time.
    spec.settings.timeout = 60.try_into().unwrap();
    spec
}

async fn deploy(world: &World, code: &str, rules: &str) -> Arc<Deployment> {
    world.deploy_spec(with_rules(code, rules)).await.unwrap()
}

/// A handler with this body; `PORT` in it is the port, and a `|` keeps the indentation behind it.
fn handler(body: &str, web: &Web) -> String {
    let body = body.replace("PORT", &web.port.to_string());
    let lines: Vec<_> = body
        .lines()
        .map(|line| format!("    {}\n", line.trim_start_matches('|')))
        .collect();
    format!("def handler(event, context):\n{}", lines.concat())
}

/// What a handler with this body returns.
async fn result(world: &World, web: &Web, rules: &str, body: &str) -> String {
    let rules = rules.replace("PORT", &web.port.to_string());
    let deployment = deploy(world, &handler(body, web), &rules).await;
    returned(world.call(&deployment, "{}").await)
}

/// Why a handler with this body fails: the kind of the exception, and its message.
async fn refusal(world: &World, web: &Web, rules: &str, body: &str) -> (String, String) {
    let rules = rules.replace("PORT", &web.port.to_string());
    let deployment = deploy(world, &handler(body, web), &rules).await;
    let (_, failure) = failure(&world.call(&deployment, "{}").await);
    (failure.error_type, failure.error_message)
}

/// What the log says of connections.
fn told(record: &InvocationRecord) -> Vec<String> {
    let text = text(record);
    let lines = text
        .lines()
        .filter_map(|line| line.split_once("Outbound: "));
    lines.map(|(_, rest)| rest.to_owned()).collect()
}

#[tokio::test]
async fn pythons_own_libraries_speak_http_and_https() {
    let certificate = Certificate::of(&["localhost"]);
    let (web, secure) = (http().await, https(&certificate).await);
    for python in PYTHONS {
        let world = World::trusting(python, 400, vec![certificate.der.clone()]).await;
        let rules = format!("localhost:{} localhost:{}", web.port, secure.port);
        for (scheme, web) in [("http", &web), ("https", &secure)] {
            let class = if scheme == "http" {
                "HTTPConnection"
            } else {
                "HTTPSConnection"
            };
            for body in [
                format!(
                    "import urllib.request\nreturn urllib.request.urlopen('{scheme}://localhost:PORT/').read().decode()"
                ),
                format!(
                    "import http.client\nc = http.client.{class}('localhost', PORT)\nc.request('GET', '/')\nreturn c.getresponse().read().decode()"
                ),
                // The same connection twice, with a body.
                format!(
                    "import http.client\nc = http.client.{class}('localhost', PORT, timeout=5)\nc.request('GET', '/')\nc.getresponse().read()\n\
                         s = c.sock\nc.request('POST', '/echo', b'hello')\nassert c.sock is s\nreturn c.getresponse().read().decode()"
                ),
                format!(
                    "import urllib.request as u\nr = u.urlopen('{scheme}://localhost:PORT/echo', b'x' * 300_000, timeout=5)\n\
                         return 'hello' if r.read() == b'x' * 300_000 else 'wrong'"
                ),
            ] {
                assert_eq!(
                    result(&world, web, &rules, &body).await,
                    "\"hello\"",
                    "{python} {body}"
                );
            }
        }
        let tls = "import socket, ssl\n\
            with socket.create_connection(('localhost', PORT)) as s:\n\
            | with ssl.create_default_context().wrap_socket(s, server_hostname='localhost') as t:\n\
            |  t.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n')\n\
            |  return [t.version(), t.cipher()[2], t.recv(8).decode(), t.getpeername()[0], len(t.getpeercert(True)) > 200]";
        let expected = "[\"TLSv1.3\", 256, \"HTTP/1.1\", \"127.0.0.1\", true]";
        assert_eq!(result(&world, &secure, &rules, tls).await, expected);
    }
}

#[tokio::test]
async fn without_rules_nothing_is_reached_and_the_exception_says_so() {
    let web = http().await;
    let world = World::start().await;
    let uses = [
        "import socket; socket.create_connection(('localhost', PORT))",
        "import socket; socket.create_connection(('127.0.0.1', PORT))",
        "import urllib.request; urllib.request.urlopen('http://localhost:PORT/')",
        "import urllib.request; urllib.request.urlopen('https://localhost:PORT/')",
        "import http.client; http.client.HTTPSConnection('localhost', PORT).request('GET', '/')",
        "import socket; socket.gethostbyname('localhost')",
    ];
    for body in uses {
        let (kind, message) = refusal(&world, &web, "", body).await;
        assert!(
            ["PermissionError", "URLError"].contains(&kind.as_str()),
            "{body}: {kind}"
        );
        assert!(
            message.contains("outbound connections are off: add "),
            "{body}: {message}"
        );
        assert!(
            message.contains(" to the function's outbound hosts"),
            "{body}: {message}"
        );
    }
    assert_eq!(web.connections(), 0);
}

#[tokio::test]
async fn a_refusal_names_the_entry_that_would_allow_it() {
    let web = http().await;
    let world = World::start().await;
    let check = async |rules: &str, host: &str, port: &str, expected: &str| {
        let body = format!("import socket; socket.create_connection(({host:?}, {port}))");
        let (kind, message) = refusal(&world, &web, rules, &body).await;
        let expected = expected.replace("PORT", &web.port.to_string());
        let expected = format!(
            "function invocation exception, error: [Errno 2] outbound connections to {expected}"
        );
        assert_eq!(kind, "PermissionError");
        assert_eq!(message, expected);
    };
    let add = "are not allowed: add";
    check(
        "api.example.com",
        "api.other.com",
        "443",
        &format!("api.other.com:443 {add} api.other.com to the function's outbound hosts"),
    )
    .await;
    check(
        "localhost:PORT",
        "localhost",
        "1",
        &format!("localhost:1 {add} localhost:1 to the function's outbound hosts"),
    )
    .await;
    check(
        "localhost:PORT",
        "127.0.0.1",
        "PORT",
        &format!("127.0.0.1:PORT {add} 127.0.0.1:PORT to the function's outbound hosts"),
    )
    .await;
    check(
        "localhost:PORT",
        "::ffff:127.0.0.1",
        "PORT",
        &format!("127.0.0.1:PORT {add} 127.0.0.1:PORT to the function's outbound hosts"),
    )
    .await;
    check(
        "localhost:PORT",
        "::1",
        "PORT",
        &format!("[::1]:PORT {add} [::1]:PORT to the function's outbound hosts"),
    )
    .await;
    check(
        "*.example.com",
        "169.254.169.254",
        "80",
        &format!("169.254.169.254:80 {add} 169.254.169.254 to the function's outbound hosts"),
    )
    .await;
    assert_eq!(web.connections(), 0);
}

#[tokio::test]
async fn addresses_are_reached_where_they_are_named() {
    let web = http().await;
    let world = World::start().await;
    let body = |host: &str| {
        format!("import socket\nreturn socket.create_connection(({host:?}, PORT)).getpeername()[0]")
    };
    for (rules, host) in [
        ("127.0.0.1:PORT", "127.0.0.1"),
        ("127.0.0.0/8:PORT", "127.0.0.1"),
        ("127.0.0.1:PORT", "::ffff:127.0.0.1"),
        ("localhost:PORT", "LOCALHOST."),
    ] {
        assert_eq!(
            result(&world, &web, rules, &body(host)).await,
            "\"127.0.0.1\"",
            "{rules} {host}"
        );
    }
    let six = web::at("[::1]:0", None).await;
    assert_eq!(
        result(&world, &six, "[::1]:PORT", &body("::1")).await,
        "\"::1\""
    );
    let (_, message) = refusal(&world, &six, "127.0.0.1:PORT", &body("::1")).await;
    assert!(message.contains("[::1]"), "{message}");
}

#[tokio::test]
async fn redirects_are_checked_again() {
    let (web, other) = (http().await, http().await);
    let world = World::start().await;
    let body = format!(
        "import urllib.request\nreturn urllib.request.urlopen('http://localhost:PORT/?to=http://localhost:{}/').read().decode()",
        other.port
    );
    let both = format!("localhost:PORT localhost:{}", other.port);
    assert_eq!(result(&world, &web, &both, &body).await, "\"hello\"");
    assert_eq!((web.connections(), other.connections()), (1, 1));
    let (kind, message) = refusal(&world, &web, "localhost:PORT", &body).await;
    assert_eq!(kind, "URLError");
    assert!(
        message.contains(&format!("add localhost:{} to", other.port)),
        "{message}"
    );
    assert_eq!((web.connections(), other.connections()), (2, 1));
}

#[tokio::test]
async fn certificates_are_verified() {
    let (trusted, wrong_name, unknown) = (
        Certificate::of(&["localhost"]),
        Certificate::of(&["example.com"]),
        Certificate::of(&["localhost"]),
    );
    let world = World::trusting(
        Runtime::Python312,
        400,
        vec![trusted.der.clone(), wrong_name.der.clone()],
    )
    .await;
    let get = "import urllib.request\nreturn urllib.request.urlopen('https://localhost:PORT/').read().decode()";
    assert_eq!(
        result(&world, &https(&trusted).await, "localhost:PORT", get).await,
        "\"hello\""
    );
    for (certificate, why) in [(&wrong_name, "not valid for"), (&unknown, "UnknownIssuer")] {
        let (kind, message) =
            refusal(&world, &https(certificate).await, "localhost:PORT", get).await;
        assert_eq!(kind, "URLError");
        assert!(
            message.contains("CERTIFICATE_VERIFY_FAILED") && message.contains(why),
            "{message}"
        );
    }
    // An authority of the function's own is trusted, and then no other is.
    let own = format!(
        "import ssl, urllib.request\nc = ssl.create_default_context(cadata={:?})\n\
         return urllib.request.urlopen('https://localhost:PORT/', context=c).read().decode()",
        unknown.pem
    );
    assert_eq!(
        result(&world, &https(&unknown).await, "localhost:PORT", &own).await,
        "\"hello\""
    );
    let (_, message) = refusal(&world, &https(&trusted).await, "localhost:PORT", &own).await;
    assert!(message.contains("UnknownIssuer"), "{message}");
    let web = https(&unknown).await;
    for off in [
        "c.verify_mode = ssl.CERT_NONE",
        "c.check_hostname = False",
        "ssl._create_unverified_context()",
    ] {
        let body = format!("import ssl\nc = ssl.create_default_context()\n{off}");
        let (kind, message) = refusal(&world, &web, "", &body).await;
        assert_eq!(kind, "SSLError");
        assert!(
            message.contains("Sluice verifies every certificate"),
            "{message}"
        );
    }
    // Plain HTTP where TLS was meant.
    let (_, message) = refusal(&world, &http().await, "localhost:PORT", get).await;
    assert!(message.contains("[SSL]"), "{message}");
}

#[tokio::test]
async fn what_goes_wrong_has_pythons_own_kinds() {
    let web = http().await;
    let world = World::start().await;
    let closed = Web::closed().await;
    let check = async |web: &Web, kind: &str, message: &str, body: &str| {
        let (found, said) =
            refusal(&world, web, "localhost:PORT does-not-exist.invalid", body).await;
        assert_eq!(found, kind, "{body}: {said}");
        assert!(said.contains(message), "{body}: {said}");
    };
    let connect = "import socket; socket.create_connection(('localhost', PORT))";
    check(&closed, "ConnectionRefusedError", "refused", connect).await;
    check(
        &web,
        "gaierror",
        "no host has the name does-not-exist.invalid",
        "import socket; socket.create_connection(('does-not-exist.invalid', 80))",
    )
    .await;
    check(&web, "TimeoutError", "timed out", "import urllib.request; urllib.request.urlopen('http://localhost:PORT/silent', timeout=0.2)").await;
    check(
        &web,
        "RemoteDisconnected",
        "without response",
        "import urllib.request; urllib.request.urlopen('http://localhost:PORT/gone')",
    )
    .await;
    check(
        &web,
        "gaierror",
        "no host has the name a b",
        "import socket; socket.create_connection(('a b', 80))",
    )
    .await;
    check(&web, "OSError", "32 connections are open", "import socket; return len([socket.create_connection(('localhost', PORT)) for n in range(33)])").await;
    check(&web, "OSError", "have received 64 MB", "import urllib.request; r = urllib.request.urlopen('http://localhost:PORT/endless')\nwhile r.read(65536): pass").await;
    check(&web, "OSError", "have sent 64 MB", "import socket; s = socket.create_connection(('localhost', PORT)); s.sendall(b'POST /sink HTTP/1.1\\r\\n\\r\\n')\nfor n in range(1025): s.sendall(bytes(65536))").await;
}

#[tokio::test]
async fn a_function_that_waits_ends_at_its_timeout() {
    let web = http().await;
    let world = World::start().await;
    let code = handler(
        "import urllib.request; urllib.request.urlopen('http://localhost:PORT/silent')",
        &web,
    );
    let mut spec = with_rules(&code, &format!("localhost:{}", web.port));
    spec.settings.timeout = 1.try_into().unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    let invocation = world.call(&deployment, "{}").await;
    assert_eq!(failure(&invocation).0, Cause::TimedOut);
    let sent = told(&invocation.record);
    assert!(
        sent[0].starts_with(&format!("1 connection to localhost:{}, sent ", web.port)),
        "{sent:?}"
    );
}

#[tokio::test]
async fn the_log_counts_connections_and_bytes() {
    let web = http().await;
    let world = World::start().await;
    let body = "import socket\n\
        for n in range(2):\n\
        | with socket.create_connection(('localhost', PORT)) as s:\n\
        |  s.sendall(b'GET /last HTTP/1.1\\r\\n\\r\\n')\n\
        |  while s.recv(1000): pass\n\
        try: socket.create_connection(('10.0.0.1', 80))\n\
        except OSError: pass";
    let deployment = deploy(
        &world,
        &handler(body, &web),
        &format!("localhost:{}", web.port),
    )
    .await;
    let received =
        2 * "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello".len();
    let expected = format!(
        "refused 1 connection to 10.0.0.1:80; 2 connections to localhost:{}, sent 44 bytes, received {received} bytes",
        web.port
    );
    for _ in 0..2 {
        let invocation = world.call(&deployment, "{}").await;
        assert_eq!(told(&invocation.record), std::slice::from_ref(&expected));
    }
    assert_eq!(
        told(&world.run("def handler(event, context): pass").await.record),
        [""; 0]
    );
}

#[tokio::test]
async fn a_connection_can_be_kept_and_waited_for() {
    let web = http().await;
    let world = World::start().await;
    // A connection that the server has closed is readable, and one that is quiet is not.
    let body = "import select, socket\n\
        a = socket.create_connection(('localhost', PORT)); b = socket.create_connection(('localhost', PORT))\n\
        quiet = select.select([a, b], [], [], 0.05)[0] == []\n\
        b.sendall(b'GET /last HTTP/1.1\\r\\n\\r\\n')\n\
        first = select.select([a, b], [], [], 5)[0] == [b]\n\
        while b.recv(1000): pass\n\
        p = select.poll(); p.register(a, select.POLLIN); p.register(b, select.POLLIN)\n\
        return [quiet, first, p.poll(5000) == [(b.fileno(), select.POLLIN)], select.select([], [a], [])[1] == [a]]";
    assert_eq!(
        result(&world, &web, "localhost:PORT", body).await,
        "[true, true, true, true]"
    );
    let kept = "import http.client\nc = http.client.HTTPConnection('localhost', PORT)\n\
        def handler(event, context):\n    c.request('GET', '/')\n    return c.getresponse().read().decode()\n";
    let web = http().await;
    let code = kept.replace("PORT", &web.port.to_string());
    let deployment = deploy(&world, &code, &format!("localhost:{}", web.port)).await;
    for _ in 0..3 {
        assert_eq!(returned(world.call(&deployment, "{}").await), "\"hello\"");
    }
}

#[tokio::test]
async fn a_snapshot_has_what_was_fetched_and_no_open_connection() {
    let web = http().await;
    let world = World::start().await;
    let rules = format!("localhost:{}", web.port);
    let snapshot = async |import: &str| {
        let code = format!("{import}\ndef handler(event, context): return text\n")
            .replace("PORT", &web.port.to_string());
        let deployment = deploy(&world, &code, &rules).await;
        common::eventually("a snapshot", || deployment.snapshot().is_some()).await;
        assert_eq!(returned(world.call(&deployment, "{}").await), "\"hello\"");
        match deployment.snapshot().unwrap() {
            Ok(_) => "made".to_owned(),
            Err(NoSnapshot::Held(reason)) => reason.clone(),
            Err(other) => panic!("{other}"),
        }
    };
    let fetched = "import urllib.request\nwith urllib.request.urlopen('http://localhost:PORT/') as r: text = r.read().decode()";
    assert_eq!(snapshot(fetched).await, "made");
    let before = web.connections();
    let open = "import socket\ns = socket.create_connection(('localhost', PORT))\ntext = 'hello'";
    assert_eq!(snapshot(open).await, "the code keeps a connection open");
    assert!(web.connections() > before);
}

/// What a JavaScript handler with this body returns or fails with. `PORT` and `TLS` in it are the
/// ports of the two servers.
async fn fetched(
    world: &World,
    web: &Web,
    secure: &Web,
    rules: &str,
    body: &str,
) -> (Result<String, String>, Vec<String>) {
    let ports = |text: &str| {
        let text = text.replace("PORT", &web.port.to_string());
        text.replace("TLS", &secure.port.to_string())
    };
    let code = ports(&format!("exports.handler = async () => {{ {body} }};"));
    let mut spec = spec_in(Runtime::JavaScript, &code);
    spec.settings.outbound = OutboundRules::parse_lines(&ports(&rules.replace(' ', "\n"))).unwrap();
    let deployment = world.deploy_spec(spec).await.unwrap();
    let invocation = world.call(&deployment, "{}").await;
    let told = told(&invocation.record);
    let result = match invocation.outcome {
        Outcome::Returned(text) => Ok(text),
        Outcome::Failed(failure) => Err(failure.error_message),
        Outcome::Refused(refused) => panic!("{refused}"),
    };
    (result, told)
}

#[tokio::test]
async fn fetch_follows_the_same_rules() {
    let (trusted, unknown) = (
        Certificate::of(&["localhost"]),
        Certificate::of(&["localhost"]),
    );
    let (web, secure, untrusted) = (http().await, https(&trusted).await, https(&unknown).await);
    let world = World::trusting(Runtime::JavaScript, 400, vec![trusted.der.clone()]).await;
    let rules = "localhost:PORT localhost:TLS";
    for (body, expected) in [
        (
            "return (await fetch('http://localhost:PORT/')).text()",
            "\"hello\"",
        ),
        (
            "return (await fetch('https://localhost:TLS/')).text()",
            "\"hello\"",
        ),
        (
            "return (await fetch('https://localhost:TLS/echo', { method: 'POST', body: JSON.stringify({ n: 1 }) })).json()",
            "{\"n\":1}",
        ),
        (
            "const r = await fetch('http://localhost:PORT/?to=https://localhost:TLS/last'); return [r.redirected, r.url.endsWith('/last'), await r.text()]",
            "[true,true,\"hello\"]",
        ),
        (
            "return (await fetch('http://localhost:PORT/?to=/', { redirect: 'manual' })).status",
            "302",
        ),
        // What the engine keeps of a long answer goes before it is too much.
        (
            "const body = 'x'.repeat(300000); let all = 0; for (let n = 0; n < 40; n += 1) { all += (await (await fetch('http://localhost:PORT/echo', { method: 'POST', body })).text()).length } return all",
            "12000000",
        ),
        (
            "return Promise.all([1, 2, 3].map(async () => (await fetch('http://localhost:PORT/')).text()))",
            "[\"hello\",\"hello\",\"hello\"]",
        ),
    ] {
        let (result, _) = fetched(&world, &web, &secure, rules, body).await;
        assert_eq!(result.as_deref(), Ok(expected), "{body}");
    }
    let before = (web.connections(), secure.connections());
    for (rules, body, expected) in [
        (
            "",
            "await fetch('http://localhost:PORT/')",
            "outbound connections are off: add localhost:",
        ),
        (
            rules,
            "await fetch('https://api.other.com/')",
            "add api.other.com to the function's outbound hosts",
        ),
        (
            rules,
            "await fetch('http://127.0.0.1:PORT/')",
            "add 127.0.0.1:",
        ),
        (
            rules,
            "await fetch('http://[::ffff:7f00:1]:PORT/')",
            "add 127.0.0.1:",
        ),
        (
            rules,
            "await fetch('http://2130706433:PORT/')",
            "add 127.0.0.1:",
        ),
    ] {
        let (result, told) = fetched(&world, &web, &secure, rules, body).await;
        let message = result.unwrap_err();
        assert!(message.contains(expected), "{body}: {message}");
        assert!(told[0].starts_with("refused 1 connection to "), "{told:?}");
    }
    assert_eq!((web.connections(), secure.connections()), before);
    for (body, expected) in [
        (
            "await fetch('http://localhost:PORT/?to=http://example.com/')",
            "add example.com to the function's outbound hosts",
        ),
        (
            "await fetch('http://localhost:PORT/?to=/', { redirect: 'error' })",
            "redirects to another address",
        ),
        (
            "await fetch('http://localhost:PORT/silent', { signal: AbortSignal.timeout(50) })",
            "timed out",
        ),
        (
            "await (await fetch('http://localhost:PORT/endless')).text()",
            "have received 64 MB",
        ),
        (
            "await fetch('http://localhost:PORT/'); await new Promise(() => {})",
            "can never happen",
        ),
    ] {
        let (result, _) = fetched(&world, &web, &secure, rules, body).await;
        let message = result.unwrap_err();
        assert!(message.contains(expected), "{body}: {message}");
    }
    let (result, _) = fetched(
        &world,
        &web,
        &untrusted,
        rules,
        "await fetch('https://localhost:TLS/')",
    )
    .await;
    let message = result.unwrap_err();
    assert!(message.contains("UnknownIssuer"), "{message}");
}

/// A function with `index.py`, the library `requests` as its authors publish it, and the file
/// `ca.pem`.
fn with_requests(index: &str, authority: &str) -> CodePackage {
    let mut files = libraries(&[
        "requests",
        "certifi",
        "charset_normalizer",
        "idna",
        "urllib3",
    ]);
    files.insert("index.py".to_owned(), index.into());
    files.insert("ca.pem".to_owned(), authority.into());
    CodePackage::new(files).unwrap()
}

#[tokio::test]
async fn requests_works_unchanged() {
    let certificate = Certificate::of(&["localhost"]);
    let (web, secure) = (http().await, https(&certificate).await);
    let index = r#"
import requests
def refused(kind, url, **options):
    try:
        requests.get(url, **options)
    except kind as error:
        return str(error)
def handler(event, context):
    with requests.Session() as session:
        session.verify = "code/ca.pem"
        echoed = [session.post("https://localhost:TLS/echo", json={"n": n}, timeout=5).json() for n in range(3)]
    return {
        "text": requests.get("http://localhost:PORT/").text,
        "redirected": requests.get("http://localhost:PORT/?to=/").text,
        "echoed": echoed,
        "certificate": refused(requests.exceptions.SSLError, "https://localhost:TLS/"),
        "host": refused(requests.exceptions.ConnectionError, "https://example.com/"),
        "timeout": refused(requests.exceptions.ReadTimeout, "http://localhost:PORT/silent", timeout=0.1),
        "unverified": refused(requests.exceptions.SSLError, "https://localhost:TLS/", verify=False),
    }
"#
    .replace("PORT", &web.port.to_string())
    .replace("TLS", &secure.port.to_string());
    for python in PYTHONS {
        let world = World::of(python, 400).await;
        let rules = format!("localhost:{} localhost:{}", web.port, secure.port);
        let mut spec = with_rules("", &rules);
        spec.code = with_requests(&index, &certificate.pem);
        spec.settings.timeout = 60.try_into().unwrap();
        let deployment = world.deploy_spec(spec).await.unwrap();
        let before = secure.connections();
        let result: serde_json::Value =
            serde_json::from_str(&returned(world.call(&deployment, "{}").await)).unwrap();
        // One of the session, and one for each that was refused. The last one was accepted by the
        // system perhaps, and not by the server yet.
        let all = async {
            while secure.connections() - before < 3 {
                tokio::task::yield_now().await;
            }
        };
        let all = tokio::time::timeout(Duration::from_secs(10), all).await;
        assert!(
            all.is_ok(),
            "{} of 3: {result:#}",
            secure.connections() - before
        );
        assert_eq!(secure.connections() - before, 3, "{result:#}");
        assert_eq!(result["text"], "hello");
        assert_eq!(result["redirected"], "hello");
        assert_eq!(
            result["echoed"],
            serde_json::json!([{"n": 0}, {"n": 1}, {"n": 2}])
        );
        for (what, words) in [
            ("certificate", "CERTIFICATE_VERIFY_FAILED"),
            ("host", "add example.com to the function's outbound hosts"),
            ("timeout", "Read timed out"),
            ("unverified", "Sluice verifies every certificate"),
        ] {
            let text = result[what].as_str().unwrap_or_default();
            assert!(text.contains(words), "{python} {what}: {text}");
        }
    }
}
