//! `sluice serve`: builds the parts, opens the doors, and closes them in order.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use sluice_gateway::{Listener, TrustedProxies};
use sluice_listener::listen;
use sluice_store::Retention;
use tokio::net::TcpListener;
use tokio::signal;

use crate::access_log;
use crate::acme::AcmeConfig;
use crate::admin::Admin;
use crate::backup;
use crate::cli::{DataArgs, ServeArgs};
use crate::console::Addresses;
use crate::doors::{self, Doors};
use crate::machine;
use crate::parts::{Parts, PartsConfig};
use crate::tls::{self, TlsByName, TlsSource};

/// Why the server could not start.
pub(crate) type StartError = Box<dyn std::error::Error>;

/// Serves until Ctrl+C or SIGTERM.
pub async fn run(args: ServeArgs) -> Result<(), StartError> {
    let began = Instant::now();
    args.limits.check()?;
    let data = &args.data.data;
    let _lock = lock(data)?;
    backup::finish_restore(data)?;
    let console_listener = bind("--console", args.console).await?;
    let http_listener = bind("--gateway-http", args.gateway_http).await?;
    let https_listener = bind("--gateway-https", args.gateway_https).await?;
    // Open while the other parts are being made, which the first time takes long.
    let admin = match args.admin_address {
        None => None,
        Some(address) => {
            let (admin, listener) = (Admin::default(), bind("--admin-address", address).await?);
            let local = listener.local_addr()?;
            // It tells of the stop, too, until the process ends.
            drop(listen(listener, admin.door(), sluice_listener::stop().1));
            Some((admin, local))
        }
    };
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
    let tls = tls_source(&args);
    // Before the parts, which may issue certificates for domain names.
    let built_in = tls.server_config(SystemTime::now())?;
    let places = doors::places(&args);
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
        tls,
        acme: AcmeConfig::read(args.acme_directory.clone(), args.acme_ca_file.as_deref())?,
        secure_cookie: args.secure_cookie,
        access_log: match &admin {
            Some((admin, _)) => Some(admin.access_log(access_log)),
            None => access_log,
        },
        record_observer: admin.as_ref().map(|(admin, _)| admin.record_observer()),
        trusted_proxies: TrustedProxies::new(args.trusted_proxies.clone()),
        limits: args.limits.clone(),
        places: places.clone(),
    })
    .await?;

    let ready = ReadyLine::new(
        &console_listener,
        &http_listener,
        &https_listener,
        admin.as_ref().map(|(_, address)| *address),
    )?;
    let doors = Doors::new(places, args.limits.of_doors(), &parts.gateway);
    let (closing, closed) = sluice_listener::stop();
    let gateway = |tls| parts.gateway.router(Listener { tls });
    let console = doors.console(parts.console.clone());
    let console = listen(console_listener, console, closed.clone());
    let http = listen(http_listener, doors.gateway(gateway(false)), closed.clone());
    let by_name = TlsByName {
        built_in,
        named: parts.named_configs.clone(),
    };
    let https = doors.gateway(gateway(true)).tls(by_name);
    let https = listen(https_listener, https, closed);
    // Before anyone is told that there is something to stop.
    let mut stop = StopSignals::listen()?;
    if let Some((admin, _)) = &admin {
        admin.ready(Arc::clone(&parts.shared));
    }
    ready.print();
    tracing::info!(duration_ms = began.elapsed().as_millis() as u64, "ready");

    stop.next().await;
    let grace = Duration::from_secs(args.stop_grace);
    tracing::info!(
        grace_s = args.stop_grace,
        "stopping: calls in flight may end"
    );
    if let Some((admin, _)) = &admin {
        admin.stopping();
    }
    closing.within(grace);
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
        _ => TlsSource::local_authority(
            &args.data.data,
            &args.gateway_domain,
            &args.authority_domains,
        ),
    }
}

/// Takes the data folder for this process alone, as long as the file lives:
/// two servers would collect each other's artifacts.
pub(crate) fn lock(data: &Path) -> Result<File, StartError> {
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

async fn bind(flag: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| format!("{flag} {address} cannot be listened on: {error}").into())
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
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<String>,
}

impl ReadyLine {
    fn new(
        console: &TcpListener,
        http: &TcpListener,
        https: &TcpListener,
        admin: Option<SocketAddr>,
    ) -> io::Result<Self> {
        Ok(Self {
            console: format!("http://{}", console.local_addr()?),
            gateway_http: format!("http://{}", http.local_addr()?),
            gateway_https: format!("https://{}", https.local_addr()?),
            admin: admin.map(|address| format!("http://{address}")),
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
