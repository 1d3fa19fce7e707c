//! `sluice serve`: builds the parts, opens the doors, and closes them in order.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use sluice_domain::function::Runtime;
use sluice_executor::{Executor, ExecutorConfig, RuntimeImage};
use sluice_gateway::{Gateway, GatewayConfig, Listener};
use sluice_store::{Recorder, Retention, Store};
use tokio::signal;
use tokio::sync::mpsc;

use crate::cli::{DataArgs, ServeArgs};
use crate::console::{Addresses, Shared};
use crate::publish::Publisher;
use crate::tls::{self, TlsSource};
use crate::{site, web};

/// Records between the executor and the recorder: a second of heavy traffic.
/// When it is full, callers wait.
const RECORDS_IN_FLIGHT: usize = 4096;

/// How long a client may take to send a request's headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

const PYTHON_312: RuntimeImage<'static> = RuntimeImage {
    runtime: Runtime::Python312,
    component_zst: include_bytes!(concat!(env!("SLUICE_RUNTIMES_DIR"), "/python3.12/component.wasm.zst")),
    stdlib_tar_zst: include_bytes!(concat!(env!("SLUICE_RUNTIMES_DIR"), "/python3.12/stdlib.tar.zst")),
};

/// Why the server could not start.
type StartError = Box<dyn std::error::Error>;

/// Serves until Ctrl+C or SIGTERM.
pub async fn run(args: ServeArgs) -> Result<(), StartError> {
    let began = Instant::now();
    let data = &args.data.data;
    let _lock = lock(data)?;
    let console_listener = bind("--console", args.console)?;
    let http_listener = bind("--gateway-http", args.gateway_http)?;
    let https_listener = bind("--gateway-https", args.gateway_https)?;
    let assets = site::assets().ok_or("the binary was built without its site: run cargo xtask build")?;

    let store = Store::open(&data.join("sluice.db")).await?;
    let (records, receiver) = mpsc::channel(RECORDS_IN_FLIGHT);
    let retention = Retention {
        max_age: Duration::from_secs(u64::from(args.retention_days) * 86_400),
        max_bytes: args.retention_mb * 1024 * 1024,
    };
    let recorder = Recorder::start(store.clone(), receiver, retention);
    let config = ExecutorConfig {
        artifacts: data.join("artifacts"),
        max_instances_per_function: args.max_instances as usize,
        records,
    };
    let executor = Executor::start(config, &[PYTHON_312]).await?;
    let gateway = Gateway::new(executor.clone(), GatewayConfig { base_domain: args.gateway_domain.clone(), ..GatewayConfig::default() });
    let publisher = Publisher::new(store.clone(), executor.clone(), gateway.clone());
    publisher.start().await?;

    let addresses = Addresses {
        domain: args.gateway_domain.clone(),
        http_port: http_listener.local_addr()?.port(),
        https_port: https_listener.local_addr()?.port(),
    };
    let shared = Arc::new(Shared { store: store.clone(), executor: executor.clone(), publisher, addresses, lost: recorder.lost() });
    let tls = tls::server_config(&tls_source(&args, data))?;

    let ready = ReadyLine::new(&console_listener, &http_listener, &https_listener)?;
    let handles = [Handle::new(), Handle::new(), Handle::new()];
    let [console_handle, http_handle, https_handle] = handles.clone();
    let console = serve(console_listener, console_handle, web::router(shared, assets, args.secure_cookie))?;
    let http = serve(http_listener, http_handle, gateway.router(Listener { tls: false }))?;
    let https = serve_tls(https_listener, https_handle, gateway.router(Listener { tls: true }), RustlsConfig::from_config(Arc::new(tls)))?;
    ready.print();
    tracing::info!(duration_ms = began.elapsed().as_millis() as u64, "ready");

    stop_signal().await?;
    let grace = Duration::from_secs(args.stop_grace);
    tracing::info!(grace_s = args.stop_grace, "stopping: calls in flight may end");
    for handle in &handles {
        handle.graceful_shutdown(Some(grace));
    }
    tokio::select! {
        _ = async { tokio::join!(console, http, https, executor.stop(grace)) } => {}
        again = stop_signal() => again?,
    }
    recorder.finish().await;
    store.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// `sluice ca`: says where the local certificate authority is and how to trust it.
#[expect(clippy::print_stdout, reason = "what the command is for")]
pub fn print_ca(args: &DataArgs) -> Result<(), StartError> {
    println!("{}", tls::ca_instructions(&args.data.join("tls")));
    Ok(())
}

fn tls_source(args: &ServeArgs, data: &Path) -> TlsSource {
    match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => TlsSource::Files { cert: cert.clone(), key: key.clone() },
        _ => TlsSource::LocalAuthority { dir: data.join("tls"), base_domain: args.gateway_domain.clone() },
    }
}

/// Takes the data folder for this process alone, as long as the file lives:
/// two servers would collect each other's artifacts.
fn lock(data: &Path) -> Result<File, StartError> {
    let told = |error: io::Error| format!("the data folder {} cannot be used: {error}", data.display());
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(data).map_err(told)?;
    let file = File::create(data.join("lock")).map_err(told)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(format!("another sluice serves from {}", data.display()).into()),
        Err(std::fs::TryLockError::Error(error)) => Err(told(error).into()),
    }
}

fn bind(flag: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let listener = TcpListener::bind(address).map_err(|error| format!("{flag} {address} cannot be listened on: {error}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

type Serving = tokio::task::JoinHandle<io::Result<()>>;

fn serve(listener: TcpListener, handle: Handle<SocketAddr>, router: Router) -> io::Result<Serving> {
    let mut server = axum_server::from_tcp(listener)?.acceptor(NoDelayAcceptor::new()).handle(handle);
    limit_headers(server.http_builder());
    Ok(tokio::spawn(server.serve(router.into_make_service_with_connect_info::<SocketAddr>())))
}

fn serve_tls(listener: TcpListener, handle: Handle<SocketAddr>, router: Router, config: RustlsConfig) -> io::Result<Serving> {
    let acceptor = RustlsAcceptor::new(config).acceptor(NoDelayAcceptor::new());
    let mut server = axum_server::from_tcp(listener)?.acceptor(acceptor).handle(handle);
    limit_headers(server.http_builder());
    Ok(tokio::spawn(server.serve(router.into_make_service_with_connect_info::<SocketAddr>())))
}

fn limit_headers(builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>) {
    builder.http1().timer(hyper_util::rt::TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
}

/// Waits for Ctrl+C or SIGTERM.
async fn stop_signal() -> io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = signal::ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    signal::ctrl_c().await
}

/// The one line on standard output, for programs: where the doors are.
#[derive(serde::Serialize)]
struct ReadyLine {
    console: String,
    gateway_http: String,
    gateway_https: String,
}

impl ReadyLine {
    fn new(console: &TcpListener, http: &TcpListener, https: &TcpListener) -> io::Result<Self> {
        Ok(Self {
            console: format!("http://{}", console.local_addr()?),
            gateway_http: format!("http://{}", http.local_addr()?),
            gateway_https: format!("https://{}", https.local_addr()?),
        })
    }

    #[expect(clippy::print_stdout, reason = "programs that start the server wait for this line")]
    fn print(&self) {
        println!("{}", serde_json::to_string(self).unwrap_or_default());
    }
}
