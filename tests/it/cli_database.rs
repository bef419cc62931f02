//! The file of the database: missing, empty, of something else, write-protected; and who may read it.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::cli_deployment::Deployment;
use crate::http::full_disk::SmallDisk;
use crate::support::{stderr, stdout};

/// Commands that work on a database.
const COMMANDS: &[&[&str]] = &[
    &["serve"],
    &["worker"],
    &["migrate"],
    &["migrate", "--check"],
    &["apikey", "list"],
    &["jobs", "list"],
    &["audit", "verify"],
    &["audit", "checkpoint"],
    &["audit", "export"],
    &["keys", "accept"],
    &["vault", "relock"],
];

/// Names another database in the configuration.
fn use_database(deployment: &Deployment, path: &str) {
    let text = std::fs::read_to_string(deployment.config()).unwrap();
    deployment.folder.write("config.toml", text.replace("sqlite://issuer.db", &format!("sqlite://{path}")));
}

/// All commands refuse, at once, and say `parts`; so does the doctor, with a cure.
#[track_caller]
fn all_refuse(deployment: &Deployment, parts: &[&str]) {
    for command in COMMANDS {
        let start = Instant::now();
        let refused = deployment.run(command);
        // A pool waits for 15 seconds.
        assert!(start.elapsed() < Duration::from_secs(12), "{command:?}");
        let said = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{command:?}: {said}{}", stdout(&refused));
        for part in parts {
            assert!(said.contains(part), "{command:?}: {part}: {said}");
        }
    }
    let told = deployment.run(&["doctor"]);
    assert_eq!(told.status.code(), Some(1));
    for part in parts {
        assert!(stdout(&told).contains(part), "{part}: {}", stdout(&told));
    }
}

fn mode(path: &str) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_missing_database_is_made_only_when_that_is_asked_for() {
    let deployment = Deployment::new().await;
    let file = deployment.folder.path("issuer.db");
    all_refuse(&deployment, &["there is no database at ", &file, "migrate --create"]);
    assert!(!std::path::Path::new(&file).exists());
    use_database(&deployment, "issuer.db?mode=rwc");
    all_refuse(&deployment, &["there is no database at ", "migrate --create"]);
    assert!(!std::path::Path::new(&file).exists());

    deployment.configure("");
    let (code, _, said) = deployment.start(&["serve", "--create"]).stop();
    assert_eq!(code, Some(0), "{said}");
    for command in COMMANDS.iter().skip(2) {
        deployment.good(command);
    }
    // It stays the same one.
    deployment.good(&["apikey", "create", "--client", "a"]);
    deployment.good(&["migrate", "--create"]);
    let (code, ..) = deployment.start(&["worker", "--create"]).stop();
    assert_eq!(code, Some(0));
    assert!(deployment.good(&["apikey", "list"]).contains(" a "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_no_database_is_said_and_left_alone() {
    let deployment = Deployment::new().await;
    let folder = &deployment.folder;
    use_database(&deployment, "other.db");
    let file = folder.write("other.db", "");
    all_refuse(&deployment, &[&file, "is empty", "migrate --create"]);
    assert_eq!(std::fs::metadata(&file).unwrap().len(), 0);
    for text in ["x", "SQLite format 2\0 and more", &"not a database ".repeat(1000)] {
        folder.write("other.db", text);
        all_refuse(&deployment, &[&file, "is no SQLite database"]);
        assert_eq!(deployment.run(&["migrate", "--create"]).status.code(), Some(2));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
    // It begins like one.
    folder.write("other.db", format!("SQLite format 3\0{}", "x".repeat(5000)));
    all_refuse(&deployment, &[&file, "is no SQLite database, or a damaged one"]);
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    all_refuse(&deployment, &[&file, "is no file"]);

    deployment.configure("");
    use_database(&deployment, "none/issuer.db");
    all_refuse(&deployment, &["there is no folder ", "none"]);
    assert!(stderr(&deployment.run(&["migrate", "--create"])).contains("there is no folder "));
    // An empty file becomes one where that is asked for.
    deployment.configure("");
    folder.write("issuer.db", "");
    deployment.good(&["migrate", "--create"]);
    deployment.good(&["migrate", "--check"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_folder_that_takes_nothing_is_named_at_once() {
    let deployment = Deployment::new().await;
    let disk = SmallDisk::new();
    use_database(&deployment, &disk.0.path("issuer.db"));
    deployment.good(&["migrate", "--create"]);
    let folder = disk.0.0.display().to_string();
    disk.protect();
    all_refuse(&deployment, &["nothing can be written in the folder ", &folder]);
    use_database(&deployment, &disk.0.path("issuer.db"));
    let text = std::fs::read_to_string(deployment.config()).unwrap();
    deployment.folder.write("config.toml", text.replace("issuer.db", "second.db"));
    let refused = deployment.run(&["migrate", "--create"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("nothing can be written in the folder "), "{}", stderr(&refused));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_disk_that_is_full_at_the_start_is_said_at_once() {
    let deployment = Deployment::new().await;
    let disk = SmallDisk::new();
    use_database(&deployment, &disk.0.path("issuer.db"));
    disk.fill();
    for command in [&["migrate", "--create"][..], &["serve", "--create"]] {
        let start = Instant::now();
        let refused = deployment.run(command);
        assert!(start.elapsed() < Duration::from_secs(12), "{command:?}");
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains("is full, or fails"), "{command:?}: {}", stderr(&refused));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn files_are_for_their_owner_whatever_the_umask_says() {
    let deployment = Deployment::new().await;
    let migrate = format!(
        "umask 0; exec {} --config {} migrate --create",
        env!("CARGO_BIN_EXE_idos-issuer"),
        deployment.config()
    );
    assert!(Command::new("sh").args(["-c", &migrate]).status().unwrap().success());
    let serve = deployment.start(&["serve"]);
    let file = deployment.folder.path("issuer.db");
    for ending in ["", "-wal", "-shm"] {
        assert_eq!(mode(&format!("{file}{ending}")), 0o600, "{ending:?}");
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", serve.id())).unwrap();
    assert!(status.contains("Umask:\t0077"), "{status}");
    // SQLite makes the files beside the database anew, with its mode: nothing may do that while the mode changes.
    assert_eq!(serve.stop().0, Some(0));

    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let told = deployment.run(&["doctor"]);
    assert_eq!(told.status.code(), Some(1));
    assert!(stdout(&told).contains(&format!("chmod 600 {file}")), "{}", stdout(&told));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(deployment.good(&["doctor"]).contains("a group may open"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_process_with_keys_leaves_no_core() {
    let deployment = Deployment::migrated().await;
    for command in [&["serve"][..], &["worker"]] {
        let process = deployment.start(command);
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", process.id())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let limit: Vec<_> = core.split_whitespace().skip(4).take(2).collect();
        assert_eq!(limit, ["0", "0"], "{command:?}: {core}");
    }
}
