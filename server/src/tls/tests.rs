use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection, Stream};

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const GROUP_HOST: &str = "0123456789abcdef0123456789abcdef.apig.localhost";

fn source(dir: &Path) -> TlsSource {
    TlsSource::local_authority(dir, "apig.localhost", &[])
}

fn read(dir: &Path, file: &str) -> String {
    std::fs::read_to_string(dir.join("tls").join(file)).unwrap()
}

/// Connects by loopback, trusting `ca.pem` of the folder and nothing else.
/// Gives the protocol that was agreed on.
fn connect(config: Arc<ServerConfig>, ca: &Path, host: &str) -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(config).unwrap();
        let mut stream = Stream::new(&mut connection, &mut socket);
        let _ = stream
            .read_exact(&mut [0; 4])
            .and_then(|()| stream.write_all(b"pong"));
        connection.send_close_notify();
        while connection.wants_write() && connection.write_tls(&mut socket).is_ok() {}
    });
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(ca).unwrap())
        .unwrap();
    let mut client = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec()];
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let mut connection = ClientConnection::new(client.into(), name).unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    let mut stream = Stream::new(&mut connection, &mut socket);
    let mut answer = [0; 4];
    let result = stream
        .write_all(b"ping")
        .and_then(|()| stream.read_exact(&mut answer));
    drop(socket);
    server.join().unwrap();
    result.map_err(|error| error.to_string())?;
    assert_eq!(&answer, b"pong");
    Ok(String::from_utf8_lossy(connection.alpn_protocol().unwrap_or_default()).into_owned())
}

#[test]
fn a_client_that_trusts_the_authority_connects() {
    let data = tempfile::tempdir().unwrap();
    let config = source(data.path())
        .server_config(SystemTime::now())
        .unwrap();
    let ca = data.path().join("tls/ca.pem");
    for host in [
        GROUP_HOST,
        "apig.localhost",
        "localhost",
        "127.0.0.1",
        "::1",
    ] {
        assert_eq!(
            connect(config.clone(), &ca, host).as_deref(),
            Ok("h2"),
            "{host}"
        );
    }
    for ip in primary_addresses() {
        assert_eq!(
            connect(config.clone(), &ca, &ip.to_string()).as_deref(),
            Ok("h2"),
            "{ip}"
        );
    }
    assert!(connect(config, &ca, "example.com").is_err());
}

#[test]
fn the_authority_cannot_sign_for_other_domains() {
    let data = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    source(data.path()).server_config(now).unwrap();
    // Someone took the authority's key and signs for a name of their own.
    let key = rcgen::KeyPair::from_pem(&read(data.path(), "ca.key")).unwrap();
    let issuer = rcgen::Issuer::from_ca_cert_pem(&read(data.path(), "ca.pem"), key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["example.com".to_owned()]).unwrap();
    let forged = params.signed_by(&key, &issuer).unwrap();
    std::fs::write(data.path().join("forged.pem"), forged.pem()).unwrap();
    std::fs::write(data.path().join("forged.key"), key.serialize_pem()).unwrap();
    let config = TlsSource::Files {
        cert: data.path().join("forged.pem"),
        key: data.path().join("forged.key"),
    };
    let config = config.server_config(now).unwrap();
    let error = connect(config, &data.path().join("tls/ca.pem"), "example.com").unwrap_err();
    assert!(error.contains("NameConstraint"), "{error}");
}

#[test]
fn a_second_start_takes_what_is_there() {
    let data = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let files =
        || ["ca.pem", "ca.key", "server.pem", "server.key"].map(|file| read(data.path(), file));
    source(data.path()).server_config(now).unwrap();
    let first = files();
    source(data.path()).server_config(now + DAY).unwrap();
    assert_eq!(files(), first);
}

#[test]
fn a_certificate_is_renewed_before_it_expires_and_the_authority_stays() {
    let data = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    source(data.path()).server_config(now).unwrap();
    let (ca, cert) = (read(data.path(), "ca.pem"), read(data.path(), "server.pem"));
    for later in [300 * DAY, 800 * DAY] {
        source(data.path()).server_config(now + later).unwrap();
        assert_eq!(read(data.path(), "ca.pem"), ca);
        assert_ne!(read(data.path(), "server.pem"), cert);
    }
    source(data.path()).server_config(now + 3600 * DAY).unwrap();
    assert_ne!(read(data.path(), "ca.pem"), ca);
}

#[test]
fn other_names_make_another_certificate() {
    let data = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    source(data.path()).server_config(now).unwrap();
    let (ca, cert) = (read(data.path(), "ca.pem"), read(data.path(), "server.pem"));
    // An address, or a name below a domain of the authority, changes the certificate only.
    let more = ["192.0.2.9".to_owned(), "Box.localhost".to_owned()];
    let config = TlsSource::local_authority(data.path(), "apig.localhost", &more)
        .server_config(now)
        .unwrap();
    assert_eq!(read(data.path(), "ca.pem"), ca);
    assert_ne!(read(data.path(), "server.pem"), cert);
    let ca_path = data.path().join("tls/ca.pem");
    assert_eq!(
        connect(config.clone(), &ca_path, "192.0.2.9").as_deref(),
        Ok("h2")
    );
    assert_eq!(
        connect(config, &ca_path, "box.localhost").as_deref(),
        Ok("h2")
    );
    // Another domain needs another authority.
    let config = TlsSource::local_authority(data.path(), "functions.example.com", &[])
        .server_config(now)
        .unwrap();
    assert_ne!(read(data.path(), "ca.pem"), ca);
    assert_eq!(
        connect(config, &ca_path, "x.functions.example.com").as_deref(),
        Ok("h2")
    );
}

#[test]
fn a_certificate_that_was_damaged_is_made_anew() {
    let data = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    source(data.path()).server_config(now).unwrap();
    std::fs::write(data.path().join("tls/server.pem"), "damaged").unwrap();
    source(data.path()).server_config(now).unwrap();
    assert!(read(data.path(), "server.pem").starts_with("-----BEGIN CERTIFICATE"));
}

#[test]
fn half_an_authority_is_not_replaced_behind_anyones_back() {
    let data = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    source(data.path()).server_config(now).unwrap();
    std::fs::remove_file(data.path().join("tls/ca.key")).unwrap();
    let error = source(data.path())
        .server_config(now)
        .unwrap_err()
        .to_string();
    assert!(error.contains("ca.key: is missing; put it back"), "{error}");
}

#[cfg(unix)]
#[test]
fn keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let data = tempfile::tempdir().unwrap();
    let mode = |file: &str| {
        let path = data.path().join("tls").join(file);
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    source(data.path())
        .server_config(SystemTime::now())
        .unwrap();
    assert_eq!(
        (mode("ca.key"), mode("server.key"), mode("")),
        (0o600, 0o600, 0o700)
    );
    let key = data.path().join("tls/ca.key");
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o644)).unwrap();
    source(data.path())
        .server_config(SystemTime::now())
        .unwrap();
    assert_eq!(mode("ca.key"), 0o600);
}

#[test]
fn a_wrong_file_is_named() {
    let data = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    source(data.path()).server_config(now).unwrap();
    let check = |cert: &str, key: &str| {
        let (cert, key) = (data.path().join(cert), data.path().join(key));
        let error = TlsSource::Files { cert, key }
            .server_config(now)
            .unwrap_err();
        error
            .to_string()
            .replace(&data.path().display().to_string(), "<data>")
    };
    std::fs::write(data.path().join("empty"), "").unwrap();
    assert_eq!(
        check("none.pem", "tls/server.key"),
        "<data>/none.pem: cannot be read"
    );
    assert_eq!(
        check("empty", "tls/server.key"),
        "<data>/empty: has no certificate in PEM form"
    );
    assert_eq!(
        check("tls/server.pem", "empty"),
        "<data>/empty: has no private key in PEM form"
    );
    assert_eq!(
        check("tls/server.pem", "tls/ca.pem"),
        "<data>/tls/ca.pem: has no private key in PEM form"
    );
    assert_eq!(
        check("tls/server.pem", "tls/ca.key"),
        "<data>/tls/server.pem and <data>/tls/ca.key cannot be used together"
    );
}

#[test]
fn the_instructions_name_the_file() {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().join("tls");
    assert!(ca_instructions(&dir).contains("It is not there yet"));
    source(data.path())
        .server_config(SystemTime::now())
        .unwrap();
    let text = ca_instructions(&dir);
    assert!(!text.contains("It is not there yet"));
    let ca = dir.join("ca.pem").display().to_string();
    for command in [
        format!("curl --cacert \"{ca}\""),
        format!("cp \"{ca}\" /usr/local/share/ca-certificates/sluice.crt"),
        "update-ca-certificates".to_owned(),
        "certutil -d \"sql:$HOME/.pki/nssdb\"".to_owned(),
        "Firefox".to_owned(),
        "security add-trusted-cert".to_owned(),
        "certutil -addstore -f Root".to_owned(),
    ] {
        assert!(text.contains(&command), "{command}");
    }
}
