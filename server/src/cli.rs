//! The command line. Every flag can also be set by an environment variable.

mod limits;

pub use limits::LimitArgs;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use sluice_domain::acme::AcmeDirectory;
use sluice_domain::domain_name::DomainName;
use sluice_domain::user::Role;

/// A self-hosted functions console: write a function in the browser, deploy
/// it, give it a URL, read its log.
#[derive(Debug, Parser)]
#[command(name = "sluice", version, about, max_term_width = 100)]
pub struct Cli {
    /// How the server's own log is written to standard error.
    #[arg(long, global = true, env = "SLUICE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the console and the gateway until Ctrl+C.
    Serve(Box<ServeArgs>),
    /// Manage the console's users.
    User(UserArgs),
    /// Print where the local certificate authority is and how to trust it.
    Ca(DataArgs),
    /// Write all state into one file, while the server serves or not.
    Backup(BackupArgs),
    /// Bring back the state of a backup. No server may serve from the data folder.
    Restore(RestoreArgs),
}

/// Where the state is.
#[derive(Debug, Clone, Args)]
pub struct DataArgs {
    /// Folder of all state: sluice.db, secrets.key, artifacts/, tls/. Made if it is missing.
    #[arg(
        long,
        env = "SLUICE_DATA",
        default_value = "./data",
        value_name = "DIR"
    )]
    pub data: PathBuf,
}

/// Flags of `sluice serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Where the state is.
    #[command(flatten)]
    pub data: DataArgs,
    /// Address of the console. Port 0 takes any free port.
    #[arg(
        long,
        env = "SLUICE_CONSOLE",
        default_value = "127.0.0.1:3000",
        value_name = "ADDR"
    )]
    pub console: SocketAddr,
    /// Address of the gateway for trigger URLs over HTTP. Port 0 takes any free port.
    #[arg(
        long,
        env = "SLUICE_GATEWAY_HTTP",
        default_value = "0.0.0.0:8080",
        value_name = "ADDR"
    )]
    pub gateway_http: SocketAddr,
    /// Address of the gateway for trigger URLs over HTTPS. Port 0 takes any free port.
    #[arg(
        long,
        env = "SLUICE_GATEWAY_HTTPS",
        default_value = "0.0.0.0:8443",
        value_name = "ADDR"
    )]
    pub gateway_https: SocketAddr,
    /// Address for an operator's programs: /metrics for Prometheus, /healthz and /readyz. Without it
    /// there is none. Whoever reaches it may ask: keep it inside.
    #[arg(long, env = "SLUICE_ADMIN_ADDRESS", value_name = "ADDR")]
    pub admin_address: Option<SocketAddr>,
    /// Domain under which every API group has its host.
    #[arg(
        long,
        env = "SLUICE_GATEWAY_DOMAIN",
        default_value = "apig.localhost",
        value_name = "NAME"
    )]
    pub gateway_domain: String,
    /// Certificate chain of the gateway, a PEM file. Without it a local
    /// certificate authority makes one.
    #[arg(
        long,
        env = "SLUICE_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,
    /// Private key that belongs to --tls-cert, a PEM file.
    #[arg(
        long,
        env = "SLUICE_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,
    /// Domain that the local certificate authority may sign for, besides localhost and the domain of
    /// the gateway; may be given several times. Domain names below it can have a certificate issued by
    /// Sluice. With another one a new authority is made, which has to be trusted again.
    #[arg(
        long = "authority-domain",
        env = "SLUICE_AUTHORITY_DOMAIN",
        value_name = "NAME",
        value_delimiter = ',',
        conflicts_with = "tls_cert",
        value_parser = domain
    )]
    pub authority_domains: Vec<String>,
    /// Send the console's cookie over HTTPS only: set it where a proxy in front
    /// of the console speaks HTTPS.
    #[arg(long, env = "SLUICE_SECURE_COOKIE")]
    pub secure_cookie: bool,
    /// How long invocation records and their logs are kept, in days.
    #[arg(long, env = "SLUICE_RETENTION_DAYS", default_value_t = 30, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub retention_days: u32,
    /// Size at which the oldest records are deleted, in MB.
    #[arg(long, env = "SLUICE_RETENTION_MB", default_value_t = 2048, value_name = "MB", value_parser = clap::value_parser!(u64).range(16..=1_048_576))]
    pub retention_mb: u64,
    /// Most instances of one function at a time, whatever its own setting allows.
    #[arg(long, env = "SLUICE_MAX_INSTANCES", default_value_t = 400, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_instances: u32,
    /// How long a call waits where its function has no further instance, in milliseconds;
    /// then it is answered with 429.
    #[arg(long, env = "SLUICE_QUEUE_WAIT_MS", default_value_t = 2000, value_name = "MS", value_parser = clap::value_parser!(u64).range(0..=60_000))]
    pub queue_wait_ms: u64,
    /// Memory of all functions together, in MB. Without it half of what this machine has.
    #[arg(long, env = "SLUICE_FUNCTION_MEMORY_MB", value_name = "MB", value_parser = clap::value_parser!(u64).range(64..=16_777_216))]
    pub function_memory_mb: Option<u64>,
    /// Where to write a line of JSON for each request to a trigger URL; - for standard output.
    /// A file is only appended to.
    #[arg(long, env = "SLUICE_ACCESS_LOG", value_name = "FILE")]
    pub access_log: Option<PathBuf>,
    /// Most connections to the gateway at a time. One too many is answered with 503, or closed
    /// where that needs a TLS handshake.
    #[arg(long, env = "SLUICE_MAX_CONNECTIONS", default_value_t = 8192, value_name = "N", value_parser = clap::value_parser!(u32).range(16..=1_000_000))]
    pub max_connections: u32,
    /// Most connections of one address to the gateway at a time; of IPv6, of one network of 64 bits.
    /// One too many is answered with 429. Trusted proxies may have all.
    #[arg(long, env = "SLUICE_MAX_CONNECTIONS_PER_ADDRESS", default_value_t = 1024, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_connections_per_address: u32,
    /// How long callers may take, and how much is held of them.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Address or network of a proxy in front of the gateway; may be given several times. What it
    /// says of callers in X-Forwarded-For, -Proto and -Host is believed; of others it is not.
    #[arg(
        long = "trusted-proxy",
        env = "SLUICE_TRUSTED_PROXY",
        value_name = "CIDR",
        value_delimiter = ',',
        value_parser = network
    )]
    pub trusted_proxies: Vec<IpNet>,
    /// Directory of an ACME server that issues certificates for domain names, and that may have an address
    /// of this machine or of a private network; others, which users choose, need a public one.
    #[arg(long, env = "SLUICE_ACME_DIRECTORY", value_name = "URL")]
    pub acme_directory: Option<AcmeDirectory>,
    /// Certificate authorities, a PEM file, that ACME servers may have their own certificate of, besides
    /// those that this machine trusts.
    #[arg(long, env = "SLUICE_ACME_CA_FILE", value_name = "FILE")]
    pub acme_ca_file: Option<PathBuf>,
    /// How long a stop waits for calls in flight, in seconds.
    #[arg(long, env = "SLUICE_STOP_GRACE", default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(0..=900))]
    pub stop_grace: u64,
}

/// Reads a network, or an address as the network of nothing else.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse()
        .or_else(|_| address())
        .map_err(|_| "must be an address or a network, such as 10.0.0.0/8".to_owned())
}

/// Reads a domain: a name of one label or more.
fn domain(text: &str) -> Result<String, String> {
    let below = DomainName::parse(&format!("x.{text}"));
    let below = below.map(|name| String::from(name).split_off(2));
    below.map_err(|_| "must be a domain, such as example.com or lan".to_owned())
}

/// `sluice backup`
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The file to write, - for standard output; one that is there is replaced as a whole. Whoever
    /// has the file has every secret in it.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the state is.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `sluice restore`
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// What `sluice backup` wrote.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Replace the state of the data folder. It is kept in a folder in there, replaced-…
    #[arg(long)]
    pub replace: bool,
    /// Where the state is to be.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `sluice user …`
#[derive(Debug, Args)]
pub struct UserArgs {
    /// What to do with users.
    #[command(subcommand)]
    pub command: UserCommand,
}

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user. The password is asked for, or read from SLUICE_PASSWORD.
    Add {
        /// Name of the user: 1 to 64 letters, digits, `_`, `-`, `.`, a letter first.
        name: String,
        /// Make the user an administrator: the same as --role administrator.
        #[arg(long, conflicts_with = "role")]
        admin: bool,
        /// What the user may do: administrator, developer or viewer.
        #[arg(long, default_value = "developer", value_parser = role)]
        role: Role,
        /// Where the state is.
        #[command(flatten)]
        data: DataArgs,
    },
}

fn role(text: &str) -> Result<Role, String> {
    let parsed = text.to_uppercase().parse::<Role>();
    parsed.map_err(|_| "must be administrator, developer or viewer".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let check = |proxies: &str| {
            let line = ["sluice", "serve", "--trusted-proxy", proxies];
            match Cli::try_parse_from(line).map(|cli| cli.command) {
                Ok(Command::Serve(args)) => format!("{:?}", args.trusted_proxies),
                Ok(_) => unreachable!(),
                Err(error) => format!("{:?}", error.kind()),
            }
        };
        assert_eq!(check("10.0.0.0/8,::1"), "[10.0.0.0/8, ::1/128]");
        assert_eq!(check("192.0.2.7"), "[192.0.2.7/32]");
        for wrong in ["10.0.0.0/33", "10.0.0", "proxy.example"] {
            assert_eq!(check(wrong), "ValueValidation", "{wrong}");
        }
    }
}
