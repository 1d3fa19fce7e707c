//! `sluice serve`: builds the parts, opens the doors, and closes them in order.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use sluice_gateway::Listener;
use sluice_store::Retention;
use tokio::signal;

use crate::access_log;
use crate::cli::{DataArgs, ServeArgs};
use crate::console::Addresses;
use crate::machine;
use crate::parts::{Parts, PartsConfig};
use crate::tls::{self, TlsSource};

/// How long a client may take to send a request's headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// The gateway refuses headers of more than 128 KB in its own words; what the
/// protocol's parsers take has to be more than that to get there.
const MAX_HEADERS: usize = 1000;
const MAX_HEADER_BYTES: u32 = 384 * 1024;

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
    let (access_log, access_log_guard) = match &args.access_log {
        None => (None, None),
        Some(path) => {
            let opened = access_log::open(path);
            let (log, guard) = opened.map_err(|error| {
                format!(
                    "the access log {} cannot be written: {error}",
                    path.display()
                )
            })?;
            (Some(log), Some(guard))
        }
    };
    let parts = Parts::build(PartsConfig {
        data: data.clone(),
        retention: Retention {
            max_age: Duration::from_secs(u64::from(args.retention_days) * 86_400),
            max_bytes: args.retention_mb * 1024 * 1024,
        },
        max_instances_per_function: args.max_instances as usize,
        queue_wait: Duration::from_millis(args.queue_wait_ms),
        memory_bytes: args
            .function_memory_mb
            .map_or_else(machine::half_of_its_memory, |mb| mb * 1024 * 1024),
        addresses: Addresses {
            domain: args.gateway_domain.clone(),
            http_port: http_listener.local_addr()?.port(),
            https_port: https_listener.local_addr()?.port(),
        },
        secure_cookie: args.secure_cookie,
        access_log,
    })
    .await?;
    let tls = tls_source(&args).server_config(SystemTime::now())?;

    let ready = ReadyLine::new(&console_listener, &http_listener, &https_listener)?;
    let handles = [Handle::new(), Handle::new(), Handle::new()];
    let [console_handle, http_handle, https_handle] = handles.clone();
    let console = serve(console_listener, console_handle, parts.console.clone())?;
    let http = serve(
        http_listener,
        http_handle,
        parts.gateway.router(Listener { tls: false }),
    )?;
    let https = serve_tls(
        https_listener,
        https_handle,
        parts.gateway.router(Listener { tls: true }),
        RustlsConfig::from_config(tls),
    )?;
    // Before anyone is told that there is something to stop.
    let mut stop = StopSignals::listen()?;
    ready.print();
    tracing::info!(duration_ms = began.elapsed().as_millis() as u64, "ready");

    stop.next().await;
    let grace = Duration::from_secs(args.stop_grace);
    tracing::info!(
        grace_s = args.stop_grace,
        "stopping: calls in flight may end"
    );
    for handle in &handles {
        handle.graceful_shutdown(Some(grace));
    }
    tokio::select! {
        _ = async { tokio::join!(console, http, https, parts.executor.stop(grace)) } => {}
        () = stop.next() => {}
    }
    parts.finish().await?;
    drop(access_log_guard); // writes its last lines
    tracing::info!("stopped");
    Ok(())
}

/// `sluice ca`: says where the local certificate authority is and how to trust it.
#[expect(clippy::print_stdout, reason = "what the command is for")]
pub fn print_ca(args: &DataArgs) -> Result<(), StartError> {
    println!("{}", tls::ca_instructions(&args.data.join("tls")));
    Ok(())
}

fn tls_source(args: &ServeArgs) -> TlsSource {
    match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => TlsSource::Files {
            cert: cert.clone(),
            key: key.clone(),
        },
        _ => TlsSource::local_authority(&args.data.data, &args.gateway_domain, &[]),
    }
}

/// Takes the data folder for this process alone, as long as the file lives:
/// two servers would collect each other's artifacts.
fn lock(data: &Path) -> Result<File, StartError> {
    let told =
        |error: io::Error| format!("the data folder {} cannot be used: {error}", data.display());
    make_folder(data).map_err(told)?;
    let file = File::create(data.join("lock")).map_err(told)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(format!("another sluice serves from {}", data.display()).into())
        }
        Err(std::fs::TryLockError::Error(error)) => Err(told(error).into()),
    }
}

/// Makes the data folder, for its owner alone, where it is missing.
pub fn make_folder(data: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(data)
}

fn bind(flag: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let listener = TcpListener::bind(address)
        .map_err(|error| format!("{flag} {address} cannot be listened on: {error}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

type Serving = tokio::task::JoinHandle<io::Result<()>>;

fn serve(listener: TcpListener, handle: Handle<SocketAddr>, router: Router) -> io::Result<Serving> {
    let mut server = axum_server::from_tcp(listener)?
        .acceptor(NoDelayAcceptor::new())
        .handle(handle);
    limit_headers(server.http_builder());
    Ok(tokio::spawn(server.serve(
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )))
}

fn serve_tls(
    listener: TcpListener,
    handle: Handle<SocketAddr>,
    router: Router,
    config: RustlsConfig,
) -> io::Result<Serving> {
    let acceptor = RustlsAcceptor::new(config).acceptor(NoDelayAcceptor::new());
    let mut server = axum_server::from_tcp(listener)?
        .acceptor(acceptor)
        .handle(handle);
    limit_headers(server.http_builder());
    Ok(tokio::spawn(server.serve(
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )))
}

fn limit_headers(
    builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>,
) {
    builder
        .http1()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(MAX_HEADERS);
    builder.http2().max_header_list_size(MAX_HEADER_BYTES);
}

/// Ctrl+C and SIGTERM, listened for from its making on.
#[cfg(unix)]
struct StopSignals(signal::unix::Signal, signal::unix::Signal);

#[cfg(unix)]
impl StopSignals {
    fn listen() -> io::Result<Self> {
        use signal::unix::{SignalKind, signal};
        Ok(Self(
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        ))
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
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

    #[expect(
        clippy::print_stdout,
        reason = "programs that start the server wait for this line"
    )]
    fn print(&self) {
        println!("{}", serde_json::to_string(self).unwrap_or_default());
    }
}
