//! The parts of the server, joined but without sockets: what `sluice serve`
//! opens doors to, and what tests call straight.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use sluice_domain::function::Runtime;
use sluice_executor::{Executor, ExecutorConfig, RuntimeImage};
use sluice_gateway::{AccessLog, Gateway, GatewayConfig, TrustedProxies};
use sluice_listener::Places;
use sluice_store::{RecordObserver, Recorder, Retention, Store, StoreError};
use tokio::sync::mpsc;

use crate::acme::{Acme, AcmeConfig, Issuing};
use crate::cli::LimitArgs;
use crate::console::{Addresses, Shared};
use crate::counts::Counter;
use crate::domain_names::DomainPublisher;
use crate::publish::Publisher;
use crate::renewal::Renewal;
use crate::tls::{NamedConfigs, TlsSource};
use crate::{drawn, site, web};

/// Records between the executor and the recorder: a second of heavy traffic.
/// When it is full, callers wait.
const RECORDS_IN_FLIGHT: usize = 4096;

/// How long a stop waits for the records of calls that have ended. Writing a
/// full channel takes a fraction of it.
const LAST_RECORDS: Duration = Duration::from_secs(5);

const PYTHON_312: RuntimeImage<'static> = RuntimeImage {
    runtime: Runtime::Python312,
    component_zst: include_bytes!(concat!(
        env!("SLUICE_RUNTIMES_DIR"),
        "/python3.12/component.wasm.zst"
    )),
    image_zst: Some(include_bytes!(concat!(
        env!("SLUICE_RUNTIMES_DIR"),
        "/python3.12/image.wasm.zst"
    ))),
    stdlib_tar_zst: Some(include_bytes!(concat!(
        env!("SLUICE_RUNTIMES_DIR"),
        "/python3.12/stdlib.tar.zst"
    ))),
    standalone_zst: Some(include_bytes!(concat!(
        env!("SLUICE_RUNTIMES_DIR"),
        "/python3.12/standalone.wasm.zst"
    ))),
};

const JAVASCRIPT: RuntimeImage<'static> = RuntimeImage {
    runtime: Runtime::JavaScript,
    component_zst: include_bytes!(concat!(
        env!("SLUICE_RUNTIMES_DIR"),
        "/javascript/component.wasm.zst"
    )),
    image_zst: None,
    stdlib_tar_zst: None,
    standalone_zst: None,
};

const PYTHON_314: RuntimeImage<'static> = RuntimeImage {
    runtime: Runtime::Python314,
    component_zst: include_bytes!(concat!(
        env!("SLUICE_RUNTIMES_DIR"),
        "/python3.14/component.wasm.zst"
    )),
    image_zst: Some(include_bytes!(concat!(
        env!("SLUICE_RUNTIMES_DIR"),
        "/python3.14/image.wasm.zst"
    ))),
    stdlib_tar_zst: Some(include_bytes!(concat!(
        env!("SLUICE_RUNTIMES_DIR"),
        "/python3.14/stdlib.tar.zst"
    ))),
    standalone_zst: Some(include_bytes!(concat!(
        env!("SLUICE_RUNTIMES_DIR"),
        "/python3.14/standalone.wasm.zst"
    ))),
};

/// The runtimes that are embedded in the binary.
pub const RUNTIMES: &[RuntimeImage<'static>] = &[PYTHON_312, PYTHON_314, JAVASCRIPT];

/// How the parts are set up.
#[derive(Debug, Clone)]
pub struct PartsConfig {
    /// Folder of all state.
    pub data: PathBuf,
    /// What is kept of the past.
    pub retention: Retention,
    /// Most instances of one function at a time.
    pub max_instances_per_function: usize,
    /// How long a call waits for an instance.
    pub queue_wait: Duration,
    /// Bytes that the instances of all functions may have together.
    pub memory_bytes: u64,
    /// How the addresses of triggers are made.
    pub addresses: Addresses,
    /// Where the certificate of the gateway comes from; domain names may have one from there too.
    pub tls: TlsSource,
    /// What the operator says of ACME servers.
    pub acme: AcmeConfig,
    /// Whether the console's cookie is sent over HTTPS only.
    pub secure_cookie: bool,
    /// Who is told of each request to the gateway, if anybody is.
    pub access_log: Option<AccessLog>,
    /// Whom the gateway believes what they say of callers.
    pub trusted_proxies: TrustedProxies,
    /// What callers of the gateway may take.
    pub limits: LimitArgs,
    /// The places for connections to the gateway.
    pub places: Places,
    /// Who is told of each invocation that is recorded, if anybody is.
    pub record_observer: Option<RecordObserver>,
}

/// The parts at work.
pub struct Parts {
    /// The console, to be served.
    pub console: Router,
    /// The gateway, whose routers are to be served.
    pub gateway: Gateway<Executor>,
    /// How TLS is spoken by the domain names that have a certificate.
    pub named_configs: NamedConfigs,
    /// Runs the functions.
    pub executor: Executor,
    /// What the console and the operator's programs look at.
    pub shared: Arc<Shared>,
    store: Store,
    recorder: Recorder,
    counter: Counter,
    /// Renews what the local authority has issued.
    pub renewal: Renewal,
    /// Issues and renews by ACME.
    pub issuing: Issuing,
}

impl Parts {
    /// Opens the database, makes the runtimes ready, deploys all functions and
    /// publishes all triggers.
    pub async fn build(config: PartsConfig) -> Result<Self, Box<dyn std::error::Error>> {
        let assets = site::assets()
            .ok_or("the binary was built without its site: run `cargo xtask build`")?;
        let store = Store::open(&config.data.join("sluice.db")).await?;
        let (records, receiver) = mpsc::channel(RECORDS_IN_FLIGHT);
        let recorder = Recorder::start(
            store.clone(),
            receiver,
            config.retention,
            config.record_observer,
        );
        let executor_config = ExecutorConfig {
            artifacts: config.data.join("artifacts"),
            max_instances_per_function: config.max_instances_per_function,
            queue_wait: config.queue_wait,
            idle: sluice_executor::IDLE,
            memory_bytes: config.memory_bytes,
            tmp_bytes: sluice_executor::TMP_BYTES,
            records,
            more_authorities: Vec::new(),
        };
        let executor = Executor::start(executor_config, RUNTIMES).await?;
        let gateway_config = GatewayConfig {
            base_domain: config.addresses.domain.clone(),
            console_cookie: web::SESSION_COOKIE,
            access_log: config.access_log,
            trusted_proxies: config.trusted_proxies,
            ..GatewayConfig::default()
        };
        let gateway_config = config.limits.of_gateway(gateway_config);
        let gateway = Gateway::new(executor.clone(), gateway_config);
        let domain_names = DomainPublisher::new(
            store.clone(),
            gateway.clone(),
            &config.addresses,
            config.tls,
        );
        let named_configs = domain_names.configs();
        let publisher = Publisher::new(
            store.clone(),
            executor.clone(),
            gateway.clone(),
            domain_names,
        );
        publisher.start().await?;
        let shared = Shared {
            store: store.clone(),
            executor: executor.clone(),
            publisher,
            acme: Acme::new(config.acme),
            addresses: config.addresses,
            limits: config.limits,
            places: config.places,
            lost: recorder.lost(),
            data: config.data,
            started_at: drawn::now(),
            signing_in: tokio::sync::Mutex::default(),
            archiving: tokio::sync::Mutex::default(),
        };
        let counter = Counter::start(executor.clone(), store.clone());
        let shared = Arc::new(shared);
        let renewal = Renewal::start(Arc::clone(&shared));
        let issuing = Issuing::start(Arc::clone(&shared));
        let console = web::router(Arc::clone(&shared), assets, config.secure_cookie);
        Ok(Self {
            console,
            gateway,
            named_configs,
            executor,
            shared,
            store,
            recorder,
            counter,
            renewal,
            issuing,
        })
    }

    /// Writes what is still to be recorded, and closes the database. A call
    /// that is running all the same is not waited for.
    pub async fn finish(self) -> Result<(), StoreError> {
        if tokio::time::timeout(LAST_RECORDS, self.recorder.finish())
            .await
            .is_err()
        {
            tracing::warn!("calls that were still running are not recorded");
        }
        self.issuing.finish().await;
        self.renewal.finish().await;
        self.counter.finish().await;
        self.store.close().await
    }
}
