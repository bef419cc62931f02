//! Secrets as platforms mount them, and URLs with passwords in them: what is taken, what is refused, what is never said.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::service::{Backend, Database};
use crate::support::{Folder, run, stderr, stdout};

/// The user of the image.
const USER: u32 = 65532;
/// Another user's or group's number.
const STRANGER: u32 = 4711;

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A deployment in a folder, with its secrets in a volume as kubelet makes one of a Secret.
struct Mounted {
    folder: Folder,
    binary: String,
}

impl Mounted {
    fn new() -> Self {
        let folder = Folder::new();
        std::fs::set_permissions(&folder.0, std::fs::Permissions::from_mode(0o755)).unwrap();
        // Another user may not be allowed to enter the folder of the build.
        let binary = folder.path("idos-issuer");
        let built = env!("CARGO_BIN_EXE_idos-issuer");
        if std::fs::hard_link(built, &binary).is_err() {
            std::fs::copy(built, &binary).unwrap();
        }
        run(&["keys", "generate", "--folder", &folder.path("keys/..2026_01_01")]);
        folder.write("keys/..2026_01_01/database_url", "sqlite:///nonexistent/issuer.db\n");
        folder.write("keys/..2026_01_01/mail_url", "smtp://127.0.0.1:1\n");
        symlink("..2026_01_01", folder.0.join("keys/..data")).unwrap();
        for name in FILES {
            symlink(format!("..data/{name}"), folder.0.join("keys").join(name)).unwrap();
        }
        folder.write(
            "config.toml",
            "[node]\nurl = \"http://127.0.0.1:1\"\n[issuer]\nname = \"A\"\n[keys]\nsigning = \"keys/signing.key\"\n\
             write = \"keys/write.key\"\nencryption = \"keys/encryption.key\"\nvault = \"keys/vault.key\"\n\
             [database]\nurl_file = \"keys/database_url\"\n\
             [mail]\nurl_file = \"keys/mail_url\"\nfrom = \"A <a@b.example>\"\n",
        );
        Self { folder, binary }
    }

    /// Whose the files are.
    fn own(&self, names: &[&str], owner: u32, group: u32, mode: u32) {
        let folder = self.folder.0.join("keys");
        if is_root() {
            // kubelet's: a tmpfs in which everybody may write, in theory.
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o3777)).unwrap();
        }
        for name in names {
            let file = folder.join(name);
            if is_root() {
                chown(&file, Some(owner), Some(group)).unwrap();
            }
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    /// Runs a command as another user.
    fn run_as(&self, user: u32, group: u32, groups: &[u32], arguments: &[&str]) -> Output {
        let mut command = Command::new("setpriv");
        command.arg(format!("--reuid={user}")).arg(format!("--regid={group}"));
        match groups {
            [] => command.arg("--clear-groups"),
            groups => command
                .arg(format!("--groups={}", groups.iter().map(u32::to_string).collect::<Vec<_>>().join(","))),
        };
        command.args([self.binary.as_str(), "--config", &self.folder.path("config.toml")]).args(arguments);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("IDOS_")) {
            command.env_remove(name);
        }
        command.output().unwrap()
    }
}

const FILES: [&str; 6] =
    ["signing.key", "write.key", "encryption.key", "vault.key", "database_url", "mail_url"];

#[track_caller]
fn good(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
}

#[test]
fn secrets_that_kubernetes_and_openshift_mount_are_taken() {
    if !is_root() {
        return; // only root gives files away; the rule itself is tested in `secret_file`
    }
    let mounted = Mounted::new();
    let show = ["keys", "show"];
    for mode in [0o440, 0o640] {
        mounted.own(&FILES, 0, USER, mode);
        good(&mounted.run_as(USER, USER, &[], &show));
        good(&mounted.run_as(USER, 0, &[USER], &show));
        good(&mounted.run_as(1_000_650_000, 0, &[STRANGER, USER], &show));
        // A container that runs as root, with fsGroup.
        good(&mounted.run_as(0, 0, &[USER], &show));
        // OpenShift without fsGroup: any user, in the group 0.
        mounted.own(&FILES, 0, 0, mode);
        good(&mounted.run_as(1_000_650_000, 0, &[], &show));
        good(&mounted.run_as(0, 0, &[], &show));
    }
    // Secrets of the user's own.
    for mode in [0o400, 0o600] {
        mounted.own(&FILES, USER, USER, mode);
        good(&mounted.run_as(USER, USER, &[], &show));
        good(&mounted.run_as(0, 0, &[], &show));
    }
    // doctor has no complaint of its own about such a volume.
    mounted.own(&FILES, 0, USER, 0o440);
    let doctor = mounted.run_as(USER, USER, &[], &["doctor", "--json"]);
    let report: Value = serde_json::from_str(&stdout(&doctor)).unwrap();
    let about_secrets = ["configuration", "keys", "vault keys"];
    let mut seen = 0;
    for finding in report["findings"].as_array().unwrap() {
        if about_secrets.contains(&finding["check"].as_str().unwrap()) {
            assert_ne!(finding["verdict"], "bad", "{finding}");
            seen += 1;
        }
    }
    assert!(seen >= 3, "{report}");
}

#[test]
fn any_other_secret_file_is_refused_with_reason_and_cure() {
    if !is_root() {
        return;
    }
    let mounted = Mounted::new();
    let cases: [(u32, u32, u32, &str, &str); 9] = [
        (0, USER, 0o444, "can be read by others than its owner: its mode is 0444", "chmod 440"),
        (0, USER, 0o644, "its mode is 0644", "defaultMode: 0440"),
        (0, USER, 0o460, "can be changed by others than its owner", "chmod 440"),
        (0, STRANGER, 0o440, "can be read by group 4711", "fsGroup"),
        (0, 0, 0o640, "can be read by group 0", "fsGroup"),
        (0, 0, 0o400, "belongs to root, who alone may read it", "fsGroup"),
        (USER, USER, 0o440, "can be read by others than its owner", "chmod 600"),
        (USER, USER, 0o660, "can be read by others than its owner", "chmod 600"),
        (STRANGER, USER, 0o440, "belongs to user 4711, who is neither root nor", "chown"),
    ];
    for name in FILES {
        for (owner, group, mode, reason, cure) in cases {
            mounted.own(&FILES, 0, USER, 0o440);
            mounted.own(&[name], owner, group, mode);
            let output = mounted.run_as(USER, USER, &[], &["keys", "show"]);
            // Commands that do not need a mail server read its secret all the same.
            assert_eq!(output.status.code(), Some(2), "{name} {owner}:{group} {mode:o}");
            let said = stderr(&output);
            for part in [name, reason, cure] {
                assert!(said.contains(part), "{part}: {said}");
            }
        }
    }
    mounted.own(&FILES, 0, USER, 0o440);
    mounted.own(&["write.key"], 0, STRANGER, 0o440);
    let doctor = mounted.run_as(USER, USER, &[], &["doctor"]);
    assert!(stdout(&doctor).contains("can be read by group 4711") && stdout(&doctor).contains("cure: give "));
    // Root sees the same where the group is not its own.
    let as_root = mounted.run_as(0, 0, &[], &["keys", "show"]);
    assert!(stderr(&as_root).contains("run this as the service's user"), "{}", stderr(&as_root));
}

#[test]
fn what_is_no_secret_file_is_refused() {
    let folder = Folder::new();
    run(&["keys", "generate", "--folder", &folder.path("keys")]);
    let key = folder.0.join("keys/signing.key");
    let show = || {
        let output = run(&["keys", "show", "--folder", &folder.path("keys")]);
        assert_eq!(output.status.code(), Some(2));
        stderr(&output)
    };
    let put = |bytes: &[u8]| {
        std::fs::write(&key, bytes).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    put(&[0xff; 40]);
    assert!(show().contains("signing.key is not a text in UTF-8"), "{}", show());
    put(b"\xff\xfe0\x00");
    assert!(show().contains("in UTF-16: save it as UTF-8"), "{}", show());
    put(&vec![b'a'; 20_000]);
    assert!(show().contains("longer than 16 KiB"), "{}", show());
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    put(b"Xyzzy");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o604)).unwrap();
    assert!(show().contains("its mode is 0604") && show().contains("chmod 600"), "{}", show());
    std::fs::remove_file(&key).unwrap();
    std::fs::create_dir(&key).unwrap();
    assert!(show().contains("is not a file"), "{}", show());
}

/// Runs a command with a database URL, which stands in the configuration, in a file or in the environment.
fn with_url(folder: &Folder, place: &str, url: &str, command: &[&str]) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_idos-issuer"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("IDOS_")) {
        process.env_remove(name);
    }
    let setting = match place {
        "file" => {
            let file = folder.write("url", format!("{url}\n"));
            std::fs::set_permissions(Path::new(&file), std::fs::Permissions::from_mode(0o600)).unwrap();
            "url_file = \"url\"".to_owned()
        }
        "environment" => {
            process.env("IDOS_ISSUER_DATABASE_URL", url);
            String::new()
        }
        _ => format!("url = '''{url}'''"),
    };
    let config = folder.write(
        "config.toml",
        format!(
            "[node]\nurl = \"http://127.0.0.1:1\"\n[issuer]\nname = \"A\"\n[keys]\nsigning = \"keys/signing.key\"\n\
             write = \"keys/write.key\"\nencryption = \"keys/encryption.key\"\nvault = \"keys/vault.key\"\n\
             [http]\nlisten = \"127.0.0.1:0\"\n[database]\n{setting}\n"
        ),
    );
    process.args(["--config", &config]).args(command).env("RUST_LOG", "trace").output().unwrap()
}

#[test]
fn a_password_that_tears_its_url_apart_is_told_of_and_never_repeated() {
    let folder = Folder::new();
    run(&["keys", "generate", "--folder", &folder.path("keys")]);
    let urls = [
        "postgres://user:pa#Xyzzy@127.0.0.1:1/name",
        "postgres://user:pa/Xyzzy@127.0.0.1:1/name",
        "postgres://user:pa?Xyzzy@127.0.0.1:1/name",
        "postgres://user:1#Xyzzy@127.0.0.1:1/name",
        "postgres://localhost:1/Xyzzy@127.0.0.1:1/name",
        "postgres://localhost:1?Xyzzy@127.0.0.1:1/name",
        "postgres://user:p@Xyzzy/Xyzzy@127.0.0.1:1/name",
        "postgres://user:p@Xyzzy#@127.0.0.1:1/name",
        "postgres://user:p@Xyzzy?sslmode=Xyzzy@127.0.0.1:1/name",
        "postgres://user:%ffXyzzy@127.0.0.1:1/name",
        "postgres://user:Xyzzy@127.0.0.1:Xyzzy/name",
        "postgres://user:Xyzzy@/name",
        "postgres://user:Xyzzy@127.0.0.1:1/name?sslmode=Xyzzy",
        "postgres://user:Xyzzy@127.0.0.1:1/name?Xyzzy=Xyzzy",
    ];
    for (n, url) in urls.iter().enumerate() {
        let place = ["configuration", "file", "environment"][n % 3];
        for command in
            [&["migrate"][..], &["serve"], &["doctor"], &["worker"], &["jobs", "list"], &["keys", "accept"]]
        {
            let output = with_url(&folder, place, url, command);
            let said = stdout(&output) + &stderr(&output);
            assert!(said.contains("the setting database.url "), "{url} {command:?}: {said}");
            assert!(!said.contains("Xyzzy"), "{url} {command:?}: {said}");
            if n < 9 {
                assert!(said.contains("write % as %25"), "{url} {command:?}: {said}");
            }
            assert_eq!(output.status.code(), Some(if command == ["doctor"] { 1 } else { 2 }));
        }
    }
    for url in ["\"postgres://user:Xyzzy@host/name\"", "'postgres://user:Xyzzy@host/name'"] {
        let output = with_url(&folder, "file", url, &["migrate"]);
        assert!(stderr(&output).contains("stands in quotation marks"), "{}", stderr(&output));
    }
    let output = with_url(&folder, "file", "postgres://user:a\nXyzzy@host/name", &["migrate"]);
    assert!(stderr(&output).contains("line break") && !stderr(&output).contains("Xyzzy"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_does_not_let_us_in_repeats_nothing_either() {
    let folder = Folder::new();
    run(&["keys", "generate", "--folder", &folder.path("keys")]);
    let database = Database::new(Backend::Postgres).await;
    let mut url: url::Url = database.url.parse().unwrap();
    let say = |url: &url::Url, command: &str| {
        let output = with_url(&folder, "file", url.as_str(), &[command]);
        assert_ne!(output.status.code(), Some(0));
        let said = stdout(&output) + &stderr(&output);
        assert!(!said.contains("Xyzzy") && !said.contains("Plugh"), "{said}");
        said
    };
    for command in ["migrate", "serve", "doctor"] {
        // As if a % in the password had been meant.
        let mut other = url.clone();
        other.set_username("XyzzyUser").unwrap();
        other.set_password(Some("Plugh%41")).unwrap();
        let said = say(&other, command);
        assert!(said.contains("refuses user or password") && said.contains("% as %25"), "{said}");

        let mut other = url.clone();
        other.set_path("Xyzzy");
        assert!(say(&other, command).contains("has no database of the name"), "{command}");

        let mut other = url.clone();
        other.set_host(Some("xyzzy-Plugh.invalid")).unwrap();
        assert!(say(&other, command).contains("cannot be resolved"), "{command}");

        let mut other = url.clone();
        other.set_query(Some("sslmode=require"));
        assert!(say(&other, command).contains("no TLS connection"), "{command}");
    }
    // Marks that URLs let pass are read whole: a byte order mark and line ends around it mean nothing.
    url.set_query(None);
    let output = with_url(&folder, "file", &format!("\u{feff}{url}\r"), &["migrate"]);
    good(&output);
}
