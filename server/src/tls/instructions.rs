//! What `sluice ca` says.

use std::path::Path;

use super::authority::Files;

/// Where the local authority's certificate is, and how to trust it on each
/// system, as text for a terminal. The file is made at the first start with
/// the local authority; until then the text says so.
pub fn ca_instructions(dir: &Path) -> String {
    let ca = Files::of(dir).ca;
    // An absolute path, because the commands may be run from another folder.
    let ca = std::path::absolute(&ca).unwrap_or(ca);
    let missing = if ca.exists() {
        ""
    } else {
        "It is not there yet: the first start of `sluice` makes it.\n"
    };
    let path = ca.display();
    format!(
        r#"The certificate of Sluice's local authority:
  {path}
{missing}
Trust it on every device that calls trigger URLs by HTTPS, then start the
browser again. Never give away ca.key, which lies beside it.

One command only
  curl --cacert "{path}" https://…
  Python     REQUESTS_CA_BUNDLE="{path}"
  Node.js    NODE_EXTRA_CA_CERTS="{path}"

Linux: Debian, Ubuntu
  sudo cp "{path}" /usr/local/share/ca-certificates/sluice.crt
  sudo update-ca-certificates
Linux: Fedora, RHEL
  sudo cp "{path}" /etc/pki/ca-trust/source/anchors/sluice.pem
  sudo update-ca-trust
Linux: Arch
  sudo trust anchor --store "{path}"
Linux: Chrome, Chromium (they have their own list; certutil is in libnss3-tools or nss-tools)
  mkdir -p "$HOME/.pki/nssdb"
  certutil -d "sql:$HOME/.pki/nssdb" -A -t "C,," -n "Sluice local authority" -i "{path}"

Firefox, on every system
  Settings > Privacy & Security > Certificates > View Certificates > Authorities > Import…
  Choose the file, and tick "Trust this CA to identify websites".

macOS
  sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain "{path}"

Windows, as administrator
  certutil -addstore -f Root "{path}"

The authority can sign only for localhost, the base domain and addresses. To
stop trusting it, remove "Sluice local authority" where it was added.
"#
    )
}
