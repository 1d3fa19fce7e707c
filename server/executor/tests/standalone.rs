//! Snapshots as components that run without an executor: here in a wasmtime that knows nothing
//! of Sluice.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use std::sync::Arc;

use common::{World, eventually, spec_in};
use sluice_domain::env_vars::{EnvValue, EnvVar, EnvVars, Secret};
use sluice_domain::function::{ExecutionTimeout, Initializer, Runtime};
use sluice_executor::{Deployment, DeploymentSpec};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, OptLevel, Store};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// What another tool has for a component.
struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Another tool with a component.
struct Tool {
    engine: Engine,
    component: Component,
    linker: Linker<Host>,
}

/// What came of a run: whether it went well, standard output, standard error.
type Ended = (bool, String, String);

impl Tool {
    fn new(component: &[u8]) -> Self {
        let engine = Engine::new(Config::new().cranelift_opt_level(OptLevel::None)).unwrap();
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        Self {
            component: Component::new(&engine, component).unwrap(),
            engine,
            linker,
        }
    }

    async fn run(&self, event: &str) -> Ended {
        let (out, errors) = (
            MemoryOutputPipe::new(1 << 20),
            MemoryOutputPipe::new(1 << 20),
        );
        let wasi = WasiCtx::builder()
            .stdin(MemoryInputPipe::new(event.to_owned()))
            .stdout(out.clone())
            .stderr(errors.clone())
            .build();
        let table = ResourceTable::new();
        let mut store = Store::new(&self.engine, Host { wasi, table });
        let command = Command::instantiate_async(&mut store, &self.component, &self.linker);
        let command = command.await.unwrap();
        let ran = command.wasi_cli_run().call_run(&mut store).await.unwrap();
        let text = |pipe: MemoryOutputPipe| String::from_utf8(pipe.contents().to_vec()).unwrap();
        drop(store);
        (ran.is_ok(), text(out), text(errors))
    }
}

async fn deployed(world: &World, mut spec: DeploymentSpec) -> Arc<Deployment> {
    spec.settings.timeout = ExecutionTimeout::try_from(60).unwrap();
    let deployment = world.executor.deploy(spec).await.unwrap();
    eventually("a snapshot", || deployment.snapshot().is_some()).await;
    deployment
}

const CODE: &str = r#"
import gzip, json, os, random, urllib.request
table = {str(n): n * n for n in range(50_000)}
def initializer(context):
    context.getLogger().info("initialized")
def handler(event, context):
    print("looked up")
    if event.get("fails"): raise KeyError("no such thing")
    if event.get("connects"):
        try: urllib.request.urlopen("http://127.0.0.1:9")
        except OSError as error: return str(error)
    packed = gzip.compress(b"text " * 1000)
    return {"square": table[event["n"]], "unpacked": len(gzip.decompress(packed)), "key": os.environ["KEY"],
            "drawn": random.random()}
"#;

#[tokio::test]
async fn a_snapshot_runs_in_other_tools() {
    for runtime in [Runtime::Python312, Runtime::Python314] {
        let world = World::of(runtime, 400).await;
        let mut spec = spec_in(runtime, CODE);
        spec.settings.env_vars = EnvVars::plain([("KEY", "value")]).unwrap();
        spec.settings.initializer = Some(Initializer {
            function: "index.initializer".parse().unwrap(),
            timeout: 60.try_into().unwrap(),
        });
        let deployment = deployed(&world, spec).await;
        let component = world.executor.standalone(&deployment).await.unwrap();
        let tool = Tool::new(&component);

        let (succeeded, out, errors) = tool.run(r#"{"n": "777"}"#).await;
        assert!(succeeded, "{errors}");
        let (printed, result) = out.split_once('\n').unwrap();
        assert_eq!(printed, "looked up");
        let mut result: serde_json::Value = serde_json::from_str(result).unwrap();
        let drawn = result["drawn"].take();
        let expected = serde_json::json!({
            "square": 603_729, "unpacked": 5000, "key": "value", "drawn": null
        });
        assert_eq!(result, expected);
        assert_eq!(errors, "INFO initialized\n");

        let (_, out, _) = tool.run(r#"{"n": "777"}"#).await;
        assert!(!out.contains(&drawn.to_string()), "two runs drew the same");

        let (succeeded, out, errors) = tool.run(r#"{"fails": true}"#).await;
        assert!(!succeeded);
        assert_eq!(out, "looked up\n");
        assert!(errors.contains("KeyError: 'no such thing'"), "{errors}");

        let (_, out, _) = tool.run(r#"{"connects": true}"#).await;
        assert!(
            out.contains("outside of Sluice has no connections"),
            "{out}"
        );

        let (succeeded, _, errors) = tool.run("{").await;
        assert!(!succeeded);
        assert!(errors.contains("JSONDecodeError"), "{errors}");
    }
}

#[tokio::test]
async fn what_cannot_be_taken_away_says_why() {
    let check = async |world: &World, spec: DeploymentSpec| {
        let deployment = deployed(world, spec).await;
        let refused = world.executor.standalone(&deployment).await;
        refused.unwrap_err().to_string()
    };
    let python = World::start().await;
    let handler = "def handler(event, context):\n    return 1\n";
    let mut spec = spec_in(Runtime::Python312, handler);
    let value = EnvValue::Encrypted(Secret::new("hidden".to_owned()));
    let key = "TOKEN".to_owned();
    spec.settings.env_vars = vec![EnvVar { key, value }].try_into().unwrap();
    let said = check(&python, spec).await;
    assert_eq!(
        said,
        "the function has encrypted variables, whose values are in its snapshot"
    );
    let holds = format!("kept = open('code/index.py')\n{handler}");
    let refused = check(&python, spec_in(Runtime::Python312, &holds)).await;
    assert!(
        refused.starts_with("the function has no snapshot: "),
        "{refused}"
    );
    let script = World::javascript().await;
    let code = "exports.handler = async () => 1;";
    let said = check(&script, spec_in(Runtime::JavaScript, code)).await;
    assert_eq!(
        said,
        "the function has no snapshot: this runtime makes no snapshots"
    );
}
