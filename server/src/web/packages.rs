//! Upload and Download of code as ZIP archives: bodies of bytes, which server functions are not
//! made for. The guard before them knows who asks and from where.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http_body_util::LengthLimitError;
use leptos::config::LeptosOptions;
use sluice_app::console::ConsoleError;
use sluice_app::routes;
use sluice_domain::code::CodePackage;
use sluice_domain::function::FunctionName;
use tower_sessions::Session;

use crate::console::{RequestConsole, Shared};

pub fn routes(shared: &Arc<Shared>) -> Router<LeptosOptions> {
    Router::new()
        .route(&routes::upload("{name}"), post(upload))
        .route(&routes::download("{name}"), get(download))
        .route(&routes::snapshot("{name}"), get(snapshot))
        .with_state(shared.clone())
}

/// Deploys the archive that is the body; answers like the server function of Deploy.
async fn upload(
    State(shared): State<Arc<Shared>>,
    session: Session,
    Path(name): Path<String>,
    body: Body,
) -> Response {
    let (name, zip) = match (parse(&name), read(body).await) {
        (Ok(name), Ok(zip)) => (name, zip),
        (Err(error), _) | (_, Err(error)) => return refused(&error),
    };
    let console = RequestConsole::plain(shared, session);
    // In a task of its own: a browser that goes away must not stop a change between what is
    // stored and what is published.
    let deployed = tokio::spawn(async move { console.upload(name, zip).await }).await;
    match deployed {
        Ok(Ok(deployed)) => json(StatusCode::OK, &deployed),
        Ok(Err(error)) => refused(&error),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn read(body: Body) -> Result<Bytes, ConsoleError> {
    let read = to_bytes(body, CodePackage::MAX_ZIP_BYTES).await;
    read.map_err(|error| match error.into_inner().is::<LengthLimitError>() {
        true => ConsoleError::refused("FSS.1071", 413, "The archive must have at most 40 MB."),
        false => ConsoleError::refused("FSS.0400", 400, "The archive did not arrive whole."),
    })
}

async fn download(
    State(shared): State<Arc<Shared>>,
    session: Session,
    Path(name): Path<String>,
) -> Response {
    let zip = async {
        let console = RequestConsole::plain(shared, session);
        console.download(parse(&name)?).await
    };
    attached(zip.await, "application/zip", &format!("{name}.zip"))
}

async fn snapshot(
    State(shared): State<Arc<Shared>>,
    session: Session,
    Path(name): Path<String>,
) -> Response {
    let component = async {
        let console = RequestConsole::plain(shared, session);
        console.snapshot(parse(&name)?).await
    };
    attached(component.await, "application/wasm", &format!("{name}.wasm"))
}

/// A file that the browser saves. Its name is that of a function, if there is content.
fn attached(content: Result<Vec<u8>, ConsoleError>, kind: &str, file: &str) -> Response {
    match content {
        Ok(content) => {
            let disposition = format!("attachment; filename=\"{file}\"");
            let headers = [
                (header::CONTENT_TYPE, kind),
                (header::CONTENT_DISPOSITION, &disposition),
            ];
            (headers, content).into_response()
        }
        Err(error) => refused(&error),
    }
}

fn parse(name: &str) -> Result<FunctionName, ConsoleError> {
    FunctionName::parse(name)
        .map_err(|error| ConsoleError::field("name", "FSS.1002", 400, error.to_string()))
}

fn refused(error: &ConsoleError) -> Response {
    let status = StatusCode::from_u16(error.status());
    json(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), error)
}

fn json(status: StatusCode, value: &impl serde::Serialize) -> Response {
    let text = serde_json::to_string(value).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}
