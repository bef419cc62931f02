//! The database: is it there, up to date, writable, and what does it hold that somebody must see to?

use std::path::Path;

use super::Report;
use crate::clock;
use crate::config::Config;
use crate::flow::audit;
use crate::keys::Keys;
use crate::model::bulk_resume::MOST_COUNTED;
use crate::model::issuance::Stopped;
use crate::model::job::JobState;
use crate::store::{FileFault, Kind, Store, StoreError};
use crate::vault::Vault;

/// Due for longer than this, and nobody does it: milliseconds.
const STUCK: i64 = 10 * 60_000;

/// Gives the database if it can be used.
pub(super) async fn examine(
    config: &Config,
    keys: Option<&Keys>,
    vault: Option<&Vault>,
    report: &mut Report,
) -> Option<Store> {
    let store = connect(config, report).await?;
    let outcome = async {
        writing(&store, report).await;
        if let Some(keys) = keys {
            signing_key(&store, keys, report).await?;
        }
        if let Some(vault) = vault {
            locked(&store, vault, report).await?;
        }
        work(&store, report).await?;
        audit_chain(&store, keys, report).await
    }
    .await;
    if let Err(error) = outcome {
        report.complain("database", super::causes(&error), "see to the database; its own log says more");
    }
    Some(store)
}

async fn connect(config: &Config, report: &mut Report) -> Option<Store> {
    const CHECK: &str = "database";
    let url = config.database.url.expose();
    let store = match Store::connect(url, config.database.max_connections).await {
        Ok(store) => store,
        Err(error) => {
            report.complain(CHECK, super::causes(&error), cure(&error));
            return None;
        }
    };
    if let Some(path) = Store::file_of(url) {
        modes(&path, report);
    }
    match store.require_migrated().await {
        Ok(()) => {
            let kind = match store.kind() {
                Kind::Sqlite => "SQLite",
                Kind::Postgres => "PostgreSQL",
            };
            report.fine(CHECK, format!("{kind}, reachable and up to date"));
            Some(store)
        }
        Err(error) => {
            let cure = match error {
                StoreError::NotMigrated => "idos-issuer migrate",
                _ => "see to the database; its own log says more",
            };
            report.complain(CHECK, super::causes(&error), cure);
            None
        }
    }
}

fn cure(error: &StoreError) -> &'static str {
    match error {
        StoreError::File(FileFault::Missing(_) | FileFault::Empty(_)) => {
            "mount the volume, or put the file back from its backup; for a new deployment: idos-issuer migrate --create"
        }
        StoreError::File(FileFault::NoFolder(_) | FileFault::NotAFile(_)) => {
            "mount the volume, or correct database.url"
        }
        StoreError::File(FileFault::NotADatabase(_)) => {
            "correct database.url, or put the file back from its backup"
        }
        StoreError::File(FileFault::Disk(_)) => "free space on the disk, or replace it",
        StoreError::File(
            FileFault::ReadOnlyFolder(_) | FileFault::ReadOnly(_) | FileFault::Forbidden(..),
        ) => {
            "give the service's user write permission to the file and its folder, or mount the volume for writing"
        }
        _ => "start the database server, or correct database.url, user and password",
    }
}

/// Who else may read the files of an SQLite database: locked as contents are, users' ids are not.
#[cfg(unix)]
fn modes(path: &Path, report: &mut Report) {
    use std::os::unix::fs::PermissionsExt as _;

    const CHECK: &str = "database";
    for ending in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(ending);
        let file = Path::new(&file);
        let Ok(metadata) = file.metadata() else { continue };
        let mode = metadata.permissions().mode();
        if mode & 0o007 != 0 {
            report.complain(
                CHECK,
                format!("everybody on this machine may open {}", file.display()),
                format!("chmod 600 {}", file.display()),
            );
        } else if mode & 0o070 != 0 {
            report.note(CHECK, format!("a group may open {}", file.display()));
        }
    }
}

#[cfg(not(unix))]
fn modes(_: &Path, _: &mut Report) {}

async fn writing(store: &Store, report: &mut Report) {
    match store.probe_write(clock::now()).await {
        Ok(()) => report.fine("writing", "the database takes writes"),
        Err(error) => {
            report.complain(
                "writing",
                super::causes(&error),
                "free space on the disk, or give write permission",
            );
        }
    }
}

async fn signing_key(store: &Store, keys: &Keys, report: &mut Report) -> Result<(), StoreError> {
    const CHECK: &str = "signing key";
    match store.recorded(crate::app::SIGNING_KEY).await? {
        None => report.note(CHECK, "none is recorded yet: the first start records it"),
        Some(recorded) if recorded == keys.identity() => report.fine(CHECK, "is the recorded one"),
        Some(_) => report.complain(
            CHECK,
            "is not the one that this deployment has signed with, or issuer.url is not",
            "put the old key file and issuer.url back, or, if it is meant: idos-issuer keys accept",
        ),
    }
    Ok(())
}

async fn locked(store: &Store, vault: &Vault, report: &mut Report) -> Result<(), StoreError> {
    const CHECK: &str = "vault";
    let records = store.locked_records(|key| key == vault.key_id()).await?;
    let mut is_fine = true;
    for record in &records {
        let is_known = vault.key_ids().any(|id| id == record.key_id);
        is_fine = false;
        if is_known {
            let until = if record.is_relocked {
                "lock them anew with idos-issuer vault relock"
            } else {
                "they go by themselves, as retention says; keep the old key until then"
            };
            report.note(
                CHECK,
                format!("{} records of {} are locked under an old key: {until}", record.count, record.table),
            );
        } else {
            report.complain(
                CHECK,
                format!(
                    "{} records of {} are locked under the vault key {}, which is not there",
                    record.count, record.table, record.key_id
                ),
                "put the old key's file back as a further one of keys.vault",
            );
        }
    }
    if is_fine {
        report.fine(CHECK, "all that is locked is locked under the present key");
    }
    Ok(())
}

async fn work(store: &Store, report: &mut Report) -> Result<(), StoreError> {
    const CHECK: &str = "work";
    let mut is_fine = true;
    let halted = store.jobs(Some(JobState::Halted), MOST_COUNTED + 1).await?.len();
    if halted > 0 {
        is_fine = false;
        report.complain(
            CHECK,
            format!("{} webhooks are given up", counted(halted)),
            "see why: idos-issuer jobs list --state halted; mend that; then: idos-issuer jobs retry --all-halted",
        );
    }
    // By reason: of each no more than so many are counted, and nothing that has not stopped.
    let groups = store.stopped_groups().await?;
    for (kinds, are) in [
        (&[Stopped::Issuance][..], "issuances are halted"),
        (&[Stopped::Profile, Stopped::Wallet], "profiles or wallets are halted"),
        (&[Stopped::Attribute], "attributes are halted"),
    ] {
        let counts = groups
            .iter()
            .filter(|group| kinds.contains(&group.reason.what))
            .map(|group| group.count as usize);
        let stopped: usize = counts.sum();
        if stopped > 0 {
            is_fine = false;
            report.complain(
                CHECK,
                format!("{} {are}", counted(stopped)),
                "each says its cure: idos-issuer halted list; then: idos-issuer halted resume",
            );
        }
    }
    let late = store.open_cases(Some(clock::now()), None, 100).await?.items;
    let late = late.iter().filter(|case| case.state.waits_for_somebody()).count();
    if late > 0 {
        is_fine = false;
        let are = if late == 1 { "request to erase is" } else { "requests to erase are" };
        report.complain(
            CHECK,
            format!("{late} {are} overdue"),
            "see them: idos-issuer cases list; then decide, or refuse, each: the law gives a month (docs/erasure.md)",
        );
    }
    if let Some((count, since)) = store.unclear_notices().await? {
        let are = if count == 1 { "notice is" } else { "notices are" };
        report.note(
            "notices",
            format!(
                "{count} {are} unclear, the oldest since {since}: the mail server may have taken them. See them by notices list --state \
                 unclear; those that its log does not have are sent by notices resend, and the others may stay"
            ),
        );
    }
    let overdue = store.oldest_due().await?.map_or(0, |due| clock::now().unix_millis() - due.unix_millis());
    if overdue > STUCK {
        is_fine = false;
        report.complain(
            CHECK,
            format!("a job has been due for {} minutes, and nobody does it", overdue / 60_000),
            "start idos-issuer worker, or serve without --no-worker; if one runs, see its log",
        );
    }
    if is_fine {
        report.fine(CHECK, "nothing is halted or overdue");
    }
    Ok(())
}

/// So many, as far as was counted.
fn counted(count: usize) -> String {
    let most = MOST_COUNTED as usize;
    if count > most { format!("more than {most}") } else { count.to_string() }
}

async fn audit_chain(store: &Store, keys: Option<&Keys>, report: &mut Report) -> Result<(), StoreError> {
    const CHECK: &str = "audit";
    let known = keys.map(Keys::signing_public).unwrap_or_default();
    let verdict = audit::verify(store, known, Vec::new()).await?;
    for fault in &verdict.faults {
        report.complain(
            CHECK,
            fault.to_string(),
            "somebody has changed the table: find out who, and restore it from a backup beside the present one",
        );
    }
    if !verdict.faults.is_empty() {
        return Ok(());
    }
    report.fine(
        CHECK,
        format!("the chain holds: {} entries, proven up to {}", verdict.entries, verdict.proven()),
    );
    if let Some((witness, _)) = verdict.not_judged.last()
        && keys.is_some()
    {
        report.complain(
            CHECK,
            format!("{witness} is signed with another key than keys.signing"),
            "idos-issuer audit verify --key, if it is an earlier key of yours; then idos-issuer keys accept",
        );
    }
    Ok(())
}
