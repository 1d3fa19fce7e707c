//! Debian's packages, on machines that have them.

use anyhow::{Context, Result, bail};

use crate::process;

/// Whether this machine takes Debian's packages at all.
pub fn is_here() -> bool {
    process::on_path(&["apt-get"]).is_some()
}

/// Installs packages as root, or through sudo where that asks no question.
pub fn install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    let needs = format!("Debian packages are needed: apt-get install {list}");
    if !is_here() {
        bail!("{needs}");
    }
    let mut before = Vec::new();
    if !is_root() {
        if !process::answers("sudo", &["-n", "true"]) {
            bail!("{needs} (as root)");
        }
        before.push("sudo");
    }
    apt_get(&before, &["update", "-qq"]).with_context(|| needs.clone())?;
    let mut install = vec!["install", "-y", "-qq", "--no-install-recommends"];
    install.extend(packages);
    apt_get(&before, &install).context(needs)
}

/// The newest of the packages whose names are this prefix and a number, as in `lld-22`.
pub fn newest(prefix: &str) -> Result<String> {
    let pattern = format!("^{prefix}[0-9]+$");
    let listed =
        process::output(process::program("apt-cache").args(["search", "--names-only", &pattern]))?;
    listed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter_map(|name| Some((name.strip_prefix(prefix)?.parse::<u32>().ok()?, name)))
        .max()
        .map(|(_, name)| name.to_owned())
        .with_context(|| format!("no Debian package {prefix}NN is known; run `apt-get update`"))
}

fn is_root() -> bool {
    process::output(process::program("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn apt_get(before: &[&str], arguments: &[&str]) -> Result<()> {
    let mut words: Vec<&str> = before.to_vec();
    words.push("apt-get");
    words.extend(arguments);
    let mut command = process::program(words[0]);
    command
        .args(&words[1..])
        .env("DEBIAN_FRONTEND", "noninteractive");
    process::run(&mut command)
}
