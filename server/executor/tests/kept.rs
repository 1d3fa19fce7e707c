//! Snapshots that outlive the server.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use common::{World, eventually, package_in, returned, spec_in};
use sluice_domain::env_vars::{EnvValue, EnvVar, EnvVars, Secret};
use sluice_domain::function::{ExecutionTimeout, Runtime};
use sluice_domain::id::FunctionId;
use sluice_domain::outbound::OutboundRules;
use sluice_executor::{Deployment, DeploymentSpec};

const PYTHONS: [Runtime; 2] = [Runtime::Python312, Runtime::Python314];

/// Takes long to load. Its result has what is the same in all instances of one snapshot, what
/// is different in each, and whether time went on.
const SLOW: &str = "import random, time\n\
    time.sleep(0.1)\n\
    loaded_at, at_load = time.time_ns(), time.monotonic()\n\
    def handler(event, context):\n\
    \x20   return [loaded_at, random.random(), time.monotonic() > at_load]\n";

fn slow(runtime: Runtime) -> DeploymentSpec {
    let mut spec = spec_in(runtime, SLOW);
    // The same function each time.
    spec.function_id = FunctionId::from_bytes([7; 16]);
    spec
}

/// Deploys, and waits for the snapshot.
async fn deployed(world: &World, spec: DeploymentSpec) -> Arc<Deployment> {
    let deployment = world.executor.deploy(spec).await.unwrap();
    eventually("a snapshot", || deployment.snapshot().is_some()).await;
    deployment.snapshot().unwrap().unwrap();
    deployment
}

/// When the code was loaded, and what was drawn.
async fn called(world: &World, deployment: &Arc<Deployment>) -> (u64, f64) {
    let result = returned(world.call(deployment, "{}").await);
    let (loaded_at, drawn, went_on): (u64, f64, bool) = serde_json::from_str(&result).unwrap();
    assert!(went_on, "time went back");
    (loaded_at, drawn)
}

fn files(world: &World) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(world.artifacts.join("kept")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|end| end == "cwasm"))
        .collect()
}

#[tokio::test]
async fn a_restored_function_begins_with_what_an_earlier_server_loaded() {
    for runtime in PYTHONS {
        let world = World::of(runtime, 400).await;
        let deployment = deployed(&world, slow(runtime)).await;
        let (loaded_at, drawn) = called(&world, &deployment).await;
        drop(deployment);
        let world = world.again().await;
        let restored = world.executor.restore(slow(runtime)).await.unwrap();
        let snapshot = *restored.snapshot().unwrap().unwrap();
        assert_eq!(snapshot.took, None);
        assert!(snapshot.memory_bytes > 1_000_000);
        let (again, drawn_again) = called(&world, &restored).await;
        assert_eq!(again, loaded_at);
        assert_ne!(drawn_again.to_bits(), drawn.to_bits());
        // Who deploys wants the code to be loaded now.
        let anew = deployed(&world, slow(runtime)).await;
        assert_ne!(called(&world, &anew).await.0, loaded_at);
        assert_eq!(files(&world).len(), 1, "the same code, the same name");
    }
}

#[tokio::test]
async fn what_the_memory_came_from_has_to_be_the_same() {
    let world = World::start().await;
    let runtime = Runtime::Python312;
    drop(deployed(&world, slow(runtime)).await);
    let check = async |change: &dyn Fn(&mut DeploymentSpec)| {
        // What does not fit any more is removed.
        let kept = world.artifacts.join("kept");
        let backup = copied(&kept);
        let mut spec = slow(runtime);
        change(&mut spec);
        let restored = world.executor.restore(spec).await.unwrap();
        let is_kept = restored.snapshot().is_some();
        assert_eq!(files(&world).len(), usize::from(is_kept));
        for (file, (bytes, modified)) in backup {
            std::fs::write(&file, bytes).unwrap();
            let file = std::fs::File::options().write(true).open(file).unwrap();
            file.set_modified(modified).unwrap();
        }
        is_kept
    };
    assert!(check(&|_| {}).await);
    assert!(!check(&|spec| spec.code = spec_in(runtime, &format!("{SLOW}\n")).code).await);
    assert!(!check(&|spec| spec.function_name = "other".parse().unwrap()).await);
    assert!(!check(&|spec| spec.settings.timeout = ExecutionTimeout::try_from(9).unwrap()).await);
    let rules = OutboundRules::parse_lines("example.com").unwrap();
    assert!(!check(&|spec| spec.settings.outbound = rules.clone()).await);
    let variable = |key: &str, value: &str| EnvVars::plain([(key, value)]).unwrap();
    assert!(!check(&|spec| spec.settings.env_vars = variable("KEY", "1")).await);
    let more = [("index.py", SLOW), ("data", "x")];
    assert!(!check(&|spec| spec.code = package_in(runtime, "index.handler", &more).code).await);
    assert!(check(&|_| {}).await);
    // Another version has one of its own, beside this one.
    let mut version = slow(runtime);
    version.version = "v1".to_owned();
    let restored = world.executor.restore(version).await.unwrap();
    assert!(restored.snapshot().is_none());
    assert_eq!(files(&world).len(), 1);
}

/// The files of a folder, with the times at which they were changed.
fn copied(folder: &Path) -> HashMap<PathBuf, (Vec<u8>, SystemTime)> {
    let files = std::fs::read_dir(folder).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
            let bytes = std::fs::read(&path).unwrap();
            (path, (bytes, modified))
        })
        .collect()
}

#[tokio::test]
async fn what_a_function_is_not_to_have_any_more_goes() {
    let world = World::start().await;
    let runtime = Runtime::Python312;
    drop(deployed(&world, slow(runtime)).await);
    assert_eq!(files(&world).len(), 1);
    // Another function's is another file.
    let mut other = slow(runtime);
    other.function_id = FunctionId::from_bytes([8; 16]);
    drop(deployed(&world, other).await);
    assert_eq!(files(&world).len(), 2);

    let mut spec = slow(runtime);
    let value = EnvValue::Encrypted(Secret::new("hidden".to_owned()));
    let key = "TOKEN".to_owned();
    spec.settings.env_vars = vec![EnvVar { key, value }].try_into().unwrap();
    drop(deployed(&world, spec).await);
    assert_eq!(files(&world).len(), 1);
    world.executor.forget(FunctionId::from_bytes([8; 16])).await;
    assert_eq!(files(&world), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_snapshot_of_a_time_to_come_is_made_anew() {
    let world = World::start().await;
    drop(deployed(&world, slow(Runtime::Python312)).await);
    let seal = files(&world)[0].with_extension("cwasm.sha256");
    let seal = std::fs::File::options().write(true).open(seal).unwrap();
    let world = world.again().await;
    seal.set_modified(SystemTime::now() + Duration::from_secs(600))
        .unwrap();
    let spec = slow(Runtime::Python312);
    let restored = world.executor.restore(spec).await.unwrap();
    assert!(restored.snapshot().is_none());
    assert_eq!(files(&world), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_damaged_snapshot_is_made_anew_once() {
    let damages: [fn(&PathBuf); 4] = [
        |file| std::fs::write(file, "nothing").unwrap(),
        |file| {
            let mut bytes = std::fs::read(file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(file, bytes).unwrap();
        },
        |file| std::fs::remove_file(file.with_extension("cwasm.sha256")).unwrap(),
        |file| std::fs::remove_file(file).unwrap(),
    ];
    for damage in damages {
        let world = World::start().await;
        let deployment = deployed(&world, slow(Runtime::Python312)).await;
        let (loaded_at, _) = called(&world, &deployment).await;
        drop(deployment);
        let world = world.again().await;
        damage(&files(&world)[0]);
        let restored = world
            .executor
            .restore(slow(Runtime::Python312))
            .await
            .unwrap();
        assert!(restored.snapshot().is_none());
        let calls = (0..8).map(|_| called(&world, &restored));
        for (loaded, _) in futures::future::join_all(calls).await {
            assert!(loaded > loaded_at, "each loaded the code itself");
        }
        eventually("a snapshot", || restored.snapshot().is_some()).await;
        assert!(restored.snapshot().unwrap().unwrap().took.is_some());
        assert_eq!(files(&world).len(), 1);
        let world = world.again().await;
        let restored = world
            .executor
            .restore(slow(Runtime::Python312))
            .await
            .unwrap();
        assert!(restored.snapshot().is_some());
    }
}

#[tokio::test]
async fn what_is_encrypted_is_not_kept() {
    let world = World::start().await;
    let mut spec = slow(Runtime::Python312);
    let value = EnvValue::Encrypted(Secret::new("hidden".to_owned()));
    let key = "TOKEN".to_owned();
    spec.settings.env_vars = vec![EnvVar { key, value }].try_into().unwrap();
    let deployment = deployed(&world, spec.clone()).await;
    called(&world, &deployment).await;
    assert_eq!(files(&world), Vec::<PathBuf>::new());
    drop(deployment);
    let world = world.again().await;
    let restored = world.executor.restore(spec).await.unwrap();
    assert!(restored.snapshot().is_none());
}
