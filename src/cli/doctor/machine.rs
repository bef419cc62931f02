//! What this machine holds: settings and key files.

use std::collections::BTreeSet;
use std::path::Path;

use url::{Host, Url};

use super::Report;
use crate::clock;
use crate::config::Config;
use crate::keys::{Keys, KeysError, load_vault_keys};
use crate::vault::Vault;

/// Settings that are possible, and probably not meant.
pub(super) fn configuration(config: &Config, report: &mut Report) {
    const CHECK: &str = "configuration";
    let before = report.0.len();
    let is_sample = |url: &Url| {
        matches!(url.host(), Some(Host::Domain(name)) if ["example", "example.com", "example.org", "example.net"]
            .iter()
            .any(|sample| name == *sample || name.ends_with(&format!(".{sample}"))))
    };
    let is_local = |url: &Url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let issuer = config.issuer.url.as_deref().and_then(|url| Url::parse(url).ok());
    if issuer.as_ref().is_some_and(is_sample) && !is_local(&config.node.url) {
        report.complain(
            CHECK,
            "issuer.url is a sample address, and credentials would name it for ever",
            "set issuer.url to a URL of yours, or leave it out",
        );
    }
    if config.node.plain_http && config.node.url.scheme() == "http" && !is_local(&config.node.url) {
        report.note(CHECK, "node.plain_http: the node is spoken to without TLS");
    }
    if !config.http.listen.ip().is_loopback() {
        report.note(CHECK, "http.listen: other machines can reach the API; something before it must end TLS");
    }
    if config.webhook_policy.allow_private || config.webhook_policy.allow_http {
        report.note(CHECK, "webhook_policy: webhooks may go to private addresses or without TLS");
    }
    if report.0.len() == before {
        report.fine(CHECK, "makes sense");
    }
}

/// The key files. Gives the keys if all of them can be used.
pub(super) fn keys(config: &Config, report: &mut Report) -> Option<Keys> {
    const CHECK: &str = "keys";
    let files = &config.keys;
    let mut are_fine = true;
    let folders: BTreeSet<&Path> = files.all().filter_map(|path| path.parent()).collect();
    for folder in folders {
        if is_writable_by_others(folder) {
            are_fine = false;
            let folder = folder.display();
            report.complain(
                CHECK,
                format!("others than the owner may replace files in {folder}"),
                format!("chmod go-w {folder}"),
            );
        }
    }
    let url = config.issuer.url.as_deref();
    let keys = match Keys::load(files, url) {
        Ok(keys) => keys,
        Err(error) => {
            let faults = Keys::faults(files);
            for fault in &faults {
                complain(report, fault);
            }
            if faults.is_empty() {
                complain(report, &error);
            }
            return None;
        }
    };
    let public: Vec<_> = keys.write.iter().map(|key| key.key.public_hex()).collect();
    if public.iter().collect::<BTreeSet<_>>().len() < public.len() {
        are_fine = false;
        report.complain(CHECK, "keys.write names one key twice", "make another one, or leave it out");
    }
    if keys.signing.iter().any(|key| public.contains(&key.key.public_hex())) {
        report.note(
            CHECK,
            "a write key is also the signing key: whoever gets hold of the one can also sign; a write key of its own is \
             safer",
        );
    }
    if let Err(error) = keys.signing_at(clock::now()) {
        are_fine = false;
        complain(report, &error);
    }
    if are_fine {
        report
            .fine(CHECK, format!("signing key, {} write key(s) and encryption key are there", public.len()));
    }
    Some(keys)
}

/// The vault keys.
pub(super) fn vault(config: &Config, report: &mut Report) -> Option<Vault> {
    const CHECK: &str = "vault keys";
    let keys = match load_vault_keys(&config.keys.vault) {
        Ok(keys) => keys,
        Err(error) => {
            complain(report, &error);
            return None;
        }
    };
    match Vault::new(&keys) {
        Ok(vault) => {
            report.fine(CHECK, format!("{} there; {} locks", keys.len(), vault.key_id()));
            Some(vault)
        }
        Err(error) => {
            report.complain(
                CHECK,
                error.to_string(),
                "make one (idos-issuer keys generate), and name it as keys.vault",
            );
            None
        }
    }
}

fn complain(report: &mut Report, error: &KeysError) {
    let cure = match error {
        KeysError::Secret(error) => error.cure(),
        KeysError::Missing(_) => {
            "put the file back; for a new deployment: idos-issuer keys generate, or keys import".to_owned()
        }
        KeysError::Issuer(_) => "correct issuer.url".to_owned(),
        KeysError::NoneValid => {
            "name a key in keys.signing whose valid_from has come and whose valid_until has not".to_owned()
        }
        _ => "put the right file there, from your backup".to_owned(),
    };
    report.complain("keys", super::causes(error), cure);
}

#[cfg(unix)]
fn is_writable_by_others(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    // With the sticky bit nobody replaces what is another one's: so are the volumes that Kubernetes makes of a Secret.
    std::fs::metadata(folder).is_ok_and(|metadata| {
        let mode = metadata.permissions().mode();
        mode & 0o022 != 0 && mode & 0o1000 == 0
    })
}

#[cfg(not(unix))]
fn is_writable_by_others(_: &Path) -> bool {
    false
}
