//! Functions that are WebAssembly components of the user's own.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;
#[expect(dead_code, reason = "TLS is tested by another file")]
#[path = "common/web.rs"]
mod web;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use sluice_domain::concurrency::Concurrency;
use sluice_domain::function::Runtime;
use sluice_domain::invocation::{Cause, LogLevel, MAX_RESULT_BYTES};
use sluice_domain::outbound::OutboundRules;
use sluice_executor::{DeployError, Deployment, DeploymentSpec, Invocation, World as Called};

use crate::common::{World, failure, own_lines, package_in, returned, text};

async fn start() -> World {
    World::of(Runtime::WebAssembly, 10).await
}

fn spec(wasm: impl AsRef<[u8]>) -> DeploymentSpec {
    package_in(
        Runtime::WebAssembly,
        "index.handler",
        &[("index.wasm", wasm)],
    )
}

async fn deployed(world: &World, wasm: impl AsRef<[u8]>) -> Arc<Deployment> {
    world.deploy_spec(spec(wasm)).await.unwrap()
}

/// One that `cargo xtask setup` has built from `examples`.
fn example(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/sluice/examples");
    let path = folder.join(name).with_extension("wasm");
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!("{}: {error}: run `cargo xtask setup` first", path.display())
    })
}

/// A component of our own world, whose `handle` has this body. It has the event at local 0 with
/// local 1 bytes, and returns where its result is: $ok and $err write one.
fn own(body: &str, more: &str) -> String {
    format!(
        r#"(component
          (core module $m
            (memory (export "memory") 2)
            (global $free (mut i32) (i32.const 65536))
            (global $calls (mut i32) (i32.const 0))
            (data (i32.const 1024) "nope\ff")
            (func (export "realloc") (param i32 i32 i32 i32) (result i32)
              (local $at i32)
              (local.set $at (global.get $free))
              (global.set $free (i32.and (i32.add (i32.add (local.get $at) (local.get 3)) (i32.const 7)) (i32.const -8)))
              (local.get $at))
            (func $give (param $is_err i32) (param $text i32) (param $length i32) (result i32)
              (i32.store8 (i32.const 16) (local.get $is_err))
              (i32.store (i32.const 20) (local.get $text))
              (i32.store (i32.const 24) (local.get $length))
              (i32.const 16))
            (func (export "handle") (param i32 i32 i32 i32 i64) (result i32) {body})
            {more})
          (core instance $i (instantiate $m))
          (func (export "handle")
            (param "event" string) (param "request-id" string) (param "remaining-ms" u64)
            (result (result string (error string)))
            (canon lift (core func $i "handle") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#
    )
}

const ECHO: &str = "(call $give (i32.const 0) (local.get 0) (local.get 1))";

async fn run(world: &World, body: &str) -> Invocation<String> {
    let deployment = deployed(world, wat::parse_str(own(body, "")).unwrap()).await;
    world.call(&deployment, "\"event\"").await
}

#[tokio::test]
async fn an_event_goes_in_and_a_result_comes_out() {
    let world = start().await;
    let wasm = wat::parse_str(own(ECHO, "")).unwrap();
    let deployment = deployed(&world, &wasm).await;
    assert_eq!(
        returned(world.call(&deployment, "{\"a\":1}").await),
        "{\"a\":1}"
    );
    let again = world.call(&deployment, "2").await;
    assert_eq!(again.record.cause, Cause::Success, "on the same instance");
    assert_eq!(returned(again), "2");
    let component = deployment.component().unwrap();
    assert_eq!(component.world, Called::Own);
    assert_eq!(
        (component.file.as_str(), component.bytes),
        ("index.wasm", wasm.len() as u64)
    );
    assert_eq!(component.exports, ["handle"]);
}

#[tokio::test]
async fn what_a_component_does_wrong_has_its_cause() {
    let world = start().await;
    let check = async |body: &str, cause: Cause, kind: &str, said: &str| {
        let (found, failure) = failure(&run(&world, body).await);
        assert_eq!(
            (found, failure.error_type.as_str()),
            (cause, kind),
            "{failure:?}"
        );
        assert!(failure.error_message.contains(said), "{failure:?}");
    };
    let error = "(call $give (i32.const 1) (i32.const 1024) (i32.const 4))";
    check(error, Cause::CodeError, "HandlerError", "error: nope").await;
    let no_json = "(call $give (i32.const 0) (i32.const 1024) (i32.const 4))";
    check(
        no_json,
        Cause::CodeError,
        "FunctionResultError",
        "the result is not JSON",
    )
    .await;
    let no_text = "(call $give (i32.const 0) (i32.const 1024) (i32.const 5))";
    check(no_text, Cause::CodeError, "ComponentError", "utf-8").await;
    check(
        "unreachable",
        Cause::CodeError,
        "RuntimeTrap",
        "unreachable",
    )
    .await;
    let eats = "(loop (drop (memory.grow (i32.const 160))) (br 0)) (i32.const 0)";
    check(
        eats,
        Cause::MemoryExceeded,
        "RuntimeMemoryExceedLimit",
        "memory",
    )
    .await;
    let mut endless = spec(wat::parse_str(own("(loop (br 0)) (i32.const 0)", "")).unwrap());
    endless.settings.timeout = 1.try_into().unwrap();
    let endless = world.deploy_spec(endless).await.unwrap();
    let (cause, _) = failure(&world.call(&endless, "1").await);
    assert_eq!(cause, Cause::TimedOut);
}

#[tokio::test]
async fn an_instance_that_broke_the_rules_is_not_entered_again() {
    let world = start().await;
    // The first call of an instance returns what is no text.
    let body = "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (if (result i32) (i32.eq (global.get $calls) (i32.const 1))
          (then (call $give (i32.const 0) (i32.const 1024) (i32.const 5)))
          (else (call $give (i32.const 0) (local.get 0) (local.get 1))))";
    let deployment = deployed(&world, wat::parse_str(own(body, "")).unwrap()).await;
    for _ in 0..3 {
        let called = world.call(&deployment, "1").await;
        assert_eq!(failure(&called).1.error_type, "ComponentError");
        assert!(called.record.cold_start.is_some());
    }
}

#[tokio::test]
async fn a_start_function_runs_within_limits() {
    let world = start().await;
    let check = async |start: &str, cause: Cause| {
        let more = format!("(func $start {start}) (start $start)");
        let mut spec = spec(wat::parse_str(own(ECHO, &more)).unwrap());
        spec.settings.timeout = 1.try_into().unwrap();
        let deployment = world.deploy_spec(spec).await.unwrap();
        let called = world.call(&deployment, "1").await;
        assert_eq!(failure(&called).0, cause, "{}", text(&called.record));
    };
    check("unreachable", Cause::LoadFailed).await;
    check("(loop (br 0))", Cause::TimedOut).await;
}

#[tokio::test]
async fn what_cannot_be_a_function_is_refused_by_name() {
    let world = start().await;
    let check = async |wasm: &[u8], said: &str| match world.deploy_spec(spec(wasm)).await {
        Err(DeployError::Code(error)) => {
            assert_eq!(error.file, "index.wasm");
            assert!(error.message.contains(said), "{error}");
        }
        other => panic!("{said}: {other:?}"),
    };
    let wat = |text: &str| wat::parse_str(text).unwrap();
    check(b"", "not a WebAssembly component").await;
    check(b"def handler(): pass", "not a WebAssembly component").await;
    check(&wat("(module)"), "core module, not a component").await;
    check(b"\0asm\x0d\0\x01\0garbage", "cannot be compiled").await;
    check(&wat("(component)"), "it exports nothing").await;
    let function = r#"(core module $m (func (export "f"))) (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i "f")))"#;
    let other = format!(r#"(component {function} (export "other" (func $f)))"#);
    check(&wat(&other), r#"it exports "other""#).await;
    let typed = format!(r#"(component {function} (export "handle" (func $f)))"#);
    check(&wat(&typed), "its export has another type").await;
    let command = format!(
        r#"(component {function} (instance $run (export "run" (func $f))) (export "wasi:cli/run@0.2.3" (instance $run)))"#
    );
    check(&wat(&command), "it is a command").await;
    for name in [
        "wasi:keyvalue/store@0.2.0-draft",
        "wasi:cli/environment@0.3.0",
        "sluice:function/package-files@0.1.0",
        "other:things/here",
    ] {
        let imports = format!(r#"(component (import "{name}" (instance)))"#);
        check(
            &wat(&imports),
            &format!("it imports {name:?}, which is not granted"),
        )
        .await;
    }
    let unknown = r#"(component (import "wasi:cli/unheard-of@0.2.0" (instance (export "f" (func)))) (import "handle" (func)))"#;
    check(&wat(unknown), r#"it imports "handle""#).await;
}

#[tokio::test]
async fn a_function_without_its_component_says_what_to_do() {
    let world = start().await;
    let runtime = Runtime::WebAssembly;
    let files = [(runtime.default_file(), runtime.template())];
    let spec = package_in(runtime, "index.handler", &files);
    let deployment = world.deploy_spec(spec).await.unwrap();
    assert_eq!(deployment.component(), None);
    let (cause, failure) = failure(&world.call(&deployment, "1").await);
    assert_eq!(cause, Cause::LoadFailed);
    assert!(
        failure.error_message.contains("upload one as index.wasm"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn the_example_of_our_own_world_runs_and_logs() {
    let world = start().await;
    let deployment = deployed(&world, example("handle")).await;
    let called = world
        .call(&deployment, r#"{"text": "one two three"}"#)
        .await;
    let (level, line) = own_lines(&called.record).remove(0);
    assert_eq!(level, LogLevel::Info.name());
    assert!(line.ends_with("ms are left"), "{line}");
    let result: Value = serde_json::from_str(&returned(called)).unwrap();
    assert_eq!(result["words"], 3);
    let (cause, failure) = failure(&world.call(&deployment, "{}").await);
    assert_eq!(
        (cause, failure.error_type.as_str()),
        (Cause::CodeError, "HandlerError")
    );
    assert!(failure.error_message.ends_with("the event needs a text"));
}

fn apig_event(body: &[u8]) -> String {
    use base64::Engine as _;
    json!({
        "httpMethod": "POST", "path": "/a b", "queryStringParameters": { "x": "1 2" },
        "headers": { "host": "localhost:8443" }, "pathParameters": {},
        "isBase64Encoded": true, "body": base64::engine::general_purpose::STANDARD.encode(body),
    })
    .to_string()
}

#[tokio::test]
async fn a_server_of_http_gets_the_request_and_its_answer_is_the_result() {
    let world = start().await;
    let deployment = deployed(&world, example("http")).await;
    assert_eq!(deployment.component().unwrap().world, Called::Http);
    for _ in 0..2 {
        let called = world.call(&deployment, &apig_event(b"hello")).await;
        assert_eq!(
            called.record.cause,
            Cause::ColdStart,
            "an instance for each request"
        );
        let result: Value = serde_json::from_str(&returned(called)).unwrap();
        assert_eq!(
            result,
            json!({
                "statusCode": 200, "isBase64Encoded": false,
                "headers": { "content-type": "text/plain; charset=utf-8" },
                "body": "Method::Post /a%20b?x=1%202\nhello",
            })
        );
    }
    let large = vec![b'x'; 1_000_000];
    let result = returned(world.call(&deployment, &apig_event(&large)).await);
    assert!(result.len() > large.len());
    let (cause, refused) = failure(&world.call(&deployment, "{\"key\": \"value\"}").await);
    assert_eq!(
        (cause, refused.error_type.as_str()),
        (Cause::CodeError, "InvalidEvent")
    );
    assert!(
        refused.error_message.contains("apig-event-template"),
        "{refused:?}"
    );
    const { assert!(MAX_RESULT_BYTES > 1_000_000) }
}

#[tokio::test]
async fn a_component_is_compiled_once() {
    let world = start().await;
    let wasm = wat::parse_str(own(ECHO, "")).unwrap();
    let compiled = || {
        let folder = std::fs::read_dir(world.artifacts.join("components")).unwrap();
        let files = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        files.filter(|name| name.ends_with(".cwasm")).count()
    };
    deployed(&world, &wasm).await;
    deployed(&world, &wasm).await;
    assert_eq!(compiled(), 1);
    // A damaged file is made again, and not run.
    for entry in std::fs::read_dir(world.artifacts.join("components")).unwrap() {
        std::fs::write(entry.unwrap().path(), "damaged").unwrap();
    }
    let deployment = deployed(&world, &wasm).await;
    assert_eq!(returned(world.call(&deployment, "1").await), "1");
}

#[tokio::test]
async fn a_component_reaches_only_the_hosts_of_its_rules() {
    let web = web::http().await;
    let world = start().await;
    let host = format!("localhost:{}", web.port);
    let asked = format!(r#"{{"fetch": "{host}"}}"#);
    let mut allowed = spec(example("probe"));
    allowed.settings.outbound = OutboundRules::parse_lines(&host).unwrap();
    let allowed = world.deploy_spec(allowed).await.unwrap();
    let invocation = world.call(&allowed, &asked).await;
    let told = text(&invocation.record);
    assert!(told.contains("Outbound: 1 connection"), "{told}");
    assert_eq!(returned(invocation), r#"[200,"hello"]"#);
    for rules in ["", "localhost:1", "example.com"] {
        let mut refused = spec(example("probe"));
        refused.settings.outbound = OutboundRules::parse_lines(rules).unwrap();
        let refused = world.deploy_spec(refused).await.unwrap();
        let (cause, failure) = failure(&world.call(&refused, &asked).await);
        assert_eq!(cause, Cause::CodeError);
        assert!(
            failure.error_message.contains("HttpRequestDenied"),
            "{rules}: {failure:?}"
        );
    }
    assert_eq!(web.connections(), 1);
}

#[tokio::test]
async fn a_component_has_the_quota_of_its_tmp() {
    let world = World::with_tmp(Runtime::WebAssembly, 1 << 20).await;
    let deployment = deployed(&world, example("probe")).await;
    let write = async |bytes: u64| {
        let event = format!(r#"{{"write": {bytes}}}"#);
        world.call(&deployment, &event).await
    };
    assert_eq!(returned(write(1_000_000).await), "1000000");
    let invocation = write((1 << 20) + 1).await;
    assert_eq!(failure(&invocation).0, Cause::DiskExceeded);
    assert_eq!(returned(write(1000).await), "1000", "it was truncated");
}

#[tokio::test]
async fn a_component_can_have_an_instance_for_each_call() {
    let world = start().await;
    for (is_fresh, counted) in [(false, ["1", "2", "3"]), (true, ["1", "1", "1"])] {
        let mut spec = spec(example("probe"));
        spec.settings.concurrency = Concurrency::new(10, 0, is_fresh).unwrap();
        let deployment = world.deploy_spec(spec).await.unwrap();
        for counted in counted {
            assert_eq!(returned(world.call(&deployment, "{}").await), counted);
        }
    }
}
