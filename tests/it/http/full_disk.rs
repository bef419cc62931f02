//! A disk that is full, and has room again: nothing has to be started anew.

use std::process::Command;
use std::time::{Duration, Instant};

use idos_issuer::model::client::Scope;
use idos_issuer::store::Store;
use idos_wallet::WalletType;

use super::door::{Door, inserter, kyc};
use crate::support::Folder;
use crate::support::service::{Backend, Stage};

/// A file system of its own, of a few megabytes, gone afterwards.
pub(crate) struct SmallDisk(pub(crate) Folder);

impl SmallDisk {
    pub(crate) fn new() -> Self {
        let folder = Folder::new();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=6m", "none"])
            .arg(&folder.0)
            .output()
            .unwrap();
        assert!(
            mounted.status.success(),
            "this test needs a small file system, which only root may mount: {}",
            String::from_utf8_lossy(&mounted.stderr)
        );
        Self(folder)
    }

    fn file(&self) -> String {
        self.0.path("filler")
    }

    /// Lets nobody write any more.
    pub(crate) fn protect(&self) {
        let done = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0.0).status().unwrap();
        assert!(done.success());
    }

    /// Leaves no room for another page.
    pub(crate) fn fill(&self) {
        use std::io::Write as _;
        let mut file = std::fs::File::create(self.file()).unwrap();
        for size in [65_536, 4096, 1] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.file()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_and_gets_over() {
    let disk = SmallDisk::new();
    let mut stage = Stage::new(Backend::Sqlite).await;
    stage.settings = "[http]\nburst = 10000\n".to_owned();
    stage.database.url = format!("sqlite://{}", disk.0.path("issuer.db"));
    Store::create(&stage.database.url, 1).await.unwrap().close().await;
    let door = Door::on(stage).await.working();
    let user = door.user(WalletType::Evm).await;
    let key = door.key_of("reader", &[Scope::IssuancesRead]).await;
    let submit = async || {
        let submission = kyc(user.id, inserter());
        door.make("/v1/issuances", &submission).send().await
    };
    submit().await.expect(202);

    disk.fill();
    let mut refused = 0;
    for _ in 0..12 {
        let answer = submit().await;
        if answer.status != 202 {
            let answer = answer.problem(503, "not_ready");
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            refused += 1;
        }
    }
    assert!(refused > 0, "the disk is not full");
    // The database itself, or the lane that has something to record: which of them needs a new page first is chance.
    let until = Instant::now() + Duration::from_secs(20);
    while door.get("/readyz").without("Authorization").send().await.status == 200 {
        assert!(Instant::now() < until, "it calls itself ready");
        submit().await;
    }
    // Who only reads is served, by a key whose first use cannot be noted.
    door.get("/v1/issuances").key(&key).send().await.expect(200);

    disk.make_room();
    let mut ids = Vec::new();
    for _ in 0..40 {
        ids.push(submit().await.expect(202).json()["id"].as_str().unwrap().to_owned());
    }
    let until = Instant::now() + Duration::from_mins(1);
    for id in ids {
        loop {
            let issuance = door.get(format!("/v1/issuances/{id}?wait=5")).send().await.expect(200).json();
            if issuance["state"] == "issued" {
                break;
            }
            assert!(Instant::now() < until, "{issuance}");
        }
    }
    loop {
        if door.get("/readyz").without("Authorization").send().await.status == 200 {
            break;
        }
        assert!(Instant::now() < until, "it is not ready");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    door.close().await;
}
