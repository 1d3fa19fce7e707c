//! Packages: changes of some files, Upload and Download.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use sluice::archive;
use sluice_domain::code::CodePackage;
use sluice_domain::time::Timestamp;

use crate::world::{Visitor, World};

/// Reads a library and a file of data that lie beside it.
const HANDLER: &str = r#"
from words.greeting import greet

def handler(event, context):
    with open("code/data/name.bin", "rb") as relative, open("/opt/function/code/data/name.bin", "rb") as absolute:
        assert relative.read() == absolute.read() == b"\x00\xff\xfe"
    return {"statusCode": 200, "body": greet("packages")}
"#;

const GREETING: &str = "def greet(name):\n    return f'Hello, {name}!'\n";

fn package() -> CodePackage {
    let files: [(&str, &[u8]); 3] = [
        ("index.py", HANDLER.as_bytes()),
        ("words/greeting.py", GREETING.as_bytes()),
        ("data/name.bin", b"\x00\xff\xfe"),
    ];
    CodePackage::new(files).unwrap()
}

fn zip(code: &CodePackage) -> Vec<u8> {
    archive::pack(code, Timestamp(0)).unwrap()
}

async fn create(user: &Visitor, name: &str) {
    let form = format!("name={name}&runtime=Python3.12");
    let created = user.submit("functions/create", &form).await;
    assert_eq!(created.status, StatusCode::OK, "{}", created.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_package_serves_and_is_downloaded_as_it_was() {
    let (world, user, _) = World::with_user().await;
    let url = user
        .publish("packed", "def handler(e, c): return 1", "/")
        .await;
    let uploaded = user.upload("packed", zip(&package())).await;
    assert_eq!(uploaded.status, StatusCode::OK, "{}", uploaded.body);
    let size = &uploaded.json()["attributes"]["size_bytes"];
    assert_eq!(*size, package().bytes());
    assert_eq!(uploaded.json()["warning"], Value::Null);
    assert_eq!(
        world.call(Method::GET, &url, "").await.body,
        "Hello, packages!"
    );

    let code = user.code("packed").await;
    assert_eq!(
        code["files"]["words/greeting.py"],
        json!({ "Text": GREETING })
    );
    assert_eq!(
        code["files"]["data/name.bin"],
        json!({ "Binary": { "bytes": 3 } })
    );

    let path = "/api/code/download/packed";
    let downloaded = user.send(Method::GET, path, Body::empty(), &[]).await;
    assert_eq!(downloaded.header("content-type"), "application/zip");
    let disposition = downloaded.header("content-disposition");
    assert_eq!(disposition, "attachment; filename=\"packed.zip\"");
    assert_eq!(archive::unpack(&downloaded.bytes).unwrap(), package());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_editor_changes_some_files_and_leaves_the_others() {
    let (world, user, _) = World::with_user().await;
    let url = user
        .publish("edited", "def handler(e, c): return 1", "/")
        .await;
    user.upload("edited", zip(&package())).await;
    let old = user.code("edited").await["attributes"]["signature"].clone();
    let text = GREETING.replace("Hello", "Goodbye");
    let deployed = user
        .deploy("edited", json!({ "words/greeting.py": text }))
        .await;
    assert_eq!(deployed.status, StatusCode::OK, "{}", deployed.body);
    assert_eq!(
        world.call(Method::GET, &url, "").await.body,
        "Goodbye, packages!"
    );

    let late = json!({ "base": old, "written": { "index.py": "lost = 1" }, "removed": [] });
    let late = json!({ "name": "edited", "changes": late });
    let refused = user.ask("code/deploy", late).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.body.contains("Other code was deployed since"),
        "{}",
        refused.body
    );
    assert_eq!(
        world.call(Method::GET, &url, "").await.body,
        "Goodbye, packages!"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_deployed_changes_nothing_and_is_named() {
    let (_world, user, anonymous) = World::with_user().await;
    create(&user, "refusing").await;
    let before = user.code("refusing").await;
    let check = async |body: Vec<u8>, status: u16, code: &str, said: &str| {
        let refused = user.upload("refusing", body).await;
        assert_eq!(refused.status, status, "{}", refused.body);
        let refusal = refused.json();
        assert_eq!(refusal["Refused"]["code"], code, "{}", refused.body);
        let message = refusal["Refused"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(said), "{message}");
    };
    check(b"no archive".to_vec(), 400, "FSS.1013", "not a ZIP archive").await;
    check(Vec::new(), 400, "FSS.1013", "not a ZIP archive").await;
    let large = vec![0; CodePackage::MAX_ZIP_BYTES + 1];
    check(large, 413, "FSS.1071", "at most 40 MB").await;
    let folder = package();
    let folder = folder
        .files()
        .map(|(path, content)| (format!("app/{path}"), content.clone()));
    let folder = CodePackage::new(folder).unwrap();
    check(zip(&folder), 400, "FSS.1011", "in the folder \"app\"").await;
    // The path has the same length, so that the archive stays whole.
    let mut outside = zip(&CodePackage::new([("a_/b.py", "")]).unwrap());
    for at in 0..outside.len() - 7 {
        if &outside[at..at + 7] == b"a_/b.py" {
            outside[at..at + 7].copy_from_slice(b"../b.py");
        }
    }
    check(
        outside,
        400,
        "FSS.1011",
        "entry \"../b.py\" has a name that is not allowed",
    )
    .await;

    let wrong = CodePackage::new([("index.py", "def handler(:\n")]).unwrap();
    let wrong = user.upload("refusing", zip(&wrong)).await;
    assert_eq!(wrong.json()["Code"]["file"], "index.py", "{}", wrong.body);
    assert_eq!(user.code("refusing").await["files"], before["files"]);

    let missing = user.upload("missing", zip(&package())).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let stranger = anonymous.upload("refusing", zip(&package())).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    let foreign = [("sec-fetch-site", "same-site")];
    let path = "/api/code/upload/refusing";
    let foreign = user
        .send(Method::POST, path, zip(&package()).into(), &foreign)
        .await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(user.code("refusing").await["files"], before["files"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_without_the_handlers_file_is_deployed_with_a_warning() {
    let (_world, user, _) = World::with_user().await;
    create(&user, "other").await;
    let code = CodePackage::new([("main.py", "def handler(e, c): return 1")]).unwrap();
    let uploaded = user.upload("other", zip(&code)).await.json();
    let warning = uploaded["warning"].as_str().unwrap();
    assert!(warning.contains("looked for in index.py"), "{warning}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_is_uploaded_alone_or_in_an_archive() {
    let (_world, user, _) = World::with_user().await;
    let created = user.submit("functions/create", "name=wasm&runtime=WebAssembly");
    assert_eq!(created.await.status, StatusCode::OK);
    assert_eq!(user.code("wasm").await["component"], Value::Null);
    let module = b"\0asm\x01\0\0\0";
    let packed = zip(&CodePackage::new([("index.wasm", &module[..])]).unwrap());
    for upload in [module.to_vec(), packed] {
        let refused = user.upload("wasm", upload).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        let error = &refused.json()["Code"];
        assert_eq!(error["file"], "index.wasm", "{}", refused.body);
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("core module, not a component"),
            "{message}"
        );
    }
    let files = &user.code("wasm").await["files"];
    assert_eq!(files.as_object().unwrap().len(), 1, "{files}");
}
