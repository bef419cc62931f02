//! `import` as operators run it: a file to a running service.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::cli_deployment::{Deployment, Process, run};
use crate::cli_serve::api_key;
use crate::support::{id, stderr, stdout};

/// A line about somebody new, without pictures of any size.
pub(crate) fn line() -> String {
    let evidence = json!({
        "approvedAt": "2026-01-20T09:30:00Z", "expiresAt": "2040-01-20",
        "subject": {
            "firstName": "Ana", "familyName": "Exemplo", "dateOfBirth": "1990-02-14", "nationality": "PT",
            "idDocumentCountry": "PT", "idDocumentNumber": "SP1", "idDocumentType": "PASSPORT",
            "idDocumentFrontFile": { "base64": "/9j/4AAQSkZJRg==" }, "selfieFile": { "base64": "/9j/4AAQSkZJRg==" }
        }
    });
    json!({ "userId": id(), "kind": "kyc", "evidence": evidence, "delivery": { "by": "inserter" } })
        .to_string()
}

/// A service that takes imports, and a file with a key for it.
fn serving(deployment: &Deployment) -> (Process, String) {
    let key = api_key(deployment);
    let file = deployment.folder.write("import.key", format!("{key}\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    (deployment.start(&["serve", "--no-worker"]), file)
}

fn import(file: &str, url: &str, key: &str, more: &[&str]) -> Output {
    run(&[&["import", file, "--url", url, "--key-file", key], more].concat())
}

fn refused(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(format!("{file}.refused.ndjson")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_file_goes_in_and_what_was_refused_is_written_down() {
    let deployment = Deployment::migrated().await;
    let (serve, key) = serving(&deployment);
    let mut lines: Vec<_> = (0..40).map(|_| line()).collect();
    lines.insert(10, String::new());
    lines.insert(20, lines[19].replace("\"PT\"", "\"Xyzzy\""));
    lines.insert(30, "Plugh".to_owned());
    let file = deployment.folder.write("people.ndjson", lines.join("\r\n"));
    let imported = import(&file, &serve.url(), &key, &["--progress"]);
    assert_eq!(imported.status.code(), Some(1), "{}", stderr(&imported));
    assert!(
        stdout(&imported).starts_with("accepted 40, replayed 0, refused 2, failed 0\n"),
        "{}",
        stdout(&imported)
    );
    let progress = stderr(&imported);
    assert!(progress.contains("42 lines, ") && progress.contains("100.0 % of the file"), "{progress}");
    let written = refused(&file);
    assert_eq!(written.iter().map(|line| line["line"].as_u64().unwrap()).collect::<Vec<_>>(), [21, 31]);
    assert!(
        written[0]["problem"]["errors"][0]["pointer"].as_str().unwrap().starts_with("/evidence/subject/")
    );
    let all: String = [stdout(&imported), progress, format!("{written:?}")].concat();
    assert!(!all.contains("Xyzzy") && !all.contains("Plugh"), "{all}");

    // It is done, and is not done again; the same file as another import would be.
    let again = import(&file, &serve.url(), &key, &["--json"]);
    assert_eq!(again.status.code(), Some(1));
    let said: Value = serde_json::from_str(&stdout(&again)).unwrap();
    assert_eq!((&said["accepted"], &said["refused"]), (&json!(40), &json!(2)));

    // As docs/imports.md says: the lines that were refused, out of the file.
    let script = r#"grep -o '^{"line":[0-9]*' "$1.refused.ndjson" | awk -F: 'NR == FNR { wanted[$2]; next } FNR in wanted' - "$1""#;
    let taken = Command::new("sh").args(["-c", script, "sh", &file]).output().unwrap();
    let taken: Vec<_> = stdout(&taken).lines().map(|line| line.trim_end().to_owned()).collect();
    assert_eq!(taken, [lines[20].as_str(), lines[30].as_str()]);

    // What is mended becomes credentials, by an import of its own.
    let mended = deployment.folder.write("mended.ndjson", format!("{}\n{}", line(), line()));
    let imported = import(&mended, &serve.url(), &key, &[]);
    assert_eq!(
        (imported.status.code(), stdout(&imported).lines().next().unwrap().to_owned()),
        (Some(0), "accepted 2, replayed 0, refused 0, failed 0".to_owned())
    );
    assert!(refused(&mended).is_empty());
    let (_, _, log) = serve.stop();
    assert!(log.contains("An import has ended"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_cannot_go_well_is_said_and_nothing_is_sent() {
    let deployment = Deployment::migrated().await;
    let (serve, key) = serving(&deployment);
    let file = deployment.folder.write("people.ndjson", line());
    let refusals = [
        (vec![&*file, "--url", "http://issuer.example", "--key-file", &key], "must be https://"),
        (vec![&*file, "--url", "http://127.0.0.1:1"], "IDOS_ISSUER_API_KEY"),
        (vec!["/nowhere", "--url", "http://127.0.0.1:1", "--key-file", &key], "/nowhere"),
        (
            vec!["/dev/null", "--url", "http://127.0.0.1:1", "--key-file", &key, "--refused", "/tmp/x"],
            "not a file",
        ),
    ];
    for (arguments, why) in refusals {
        let refused = run(&[vec!["import"], arguments].concat());
        assert_eq!(refused.status.code(), Some(2), "{}", stdout(&refused));
        assert!(stderr(&refused).contains(why), "{}", stderr(&refused));
    }
    // A service that is not there is tried again, as often as is said.
    let away = import(&file, "http://127.0.0.1:1", &key, &["--attempts", "2"]);
    assert_eq!(away.status.code(), Some(2));
    let said = stderr(&away);
    assert!(
        said.contains("cannot be reached. It goes on at line 1 in 1 s") && said.contains("given up after 2"),
        "{said}"
    );
    // A key that may not is not tried again.
    let other = deployment.folder.write(
        "other.key",
        "idos_key_01ARZ3NDEKTSV4RRFFQ69G5FAV_0000000000000000000000000000000000000000000",
    );
    #[cfg(unix)]
    std::fs::set_permissions(Path::new(&other), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let wrong = import(&file, &serve.url(), &other, &[]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("answers 401"), "{}", stderr(&wrong));
    // It goes on where it was, though nothing had gone in.
    let imported = import(&file, &serve.url(), &key, &[]);
    assert_eq!(imported.status.code(), Some(0), "{}", stderr(&imported));
    // Other bytes under the same name are another import.
    std::fs::write(&file, format!("{}\n{}\n", line(), line())).unwrap();
    let changed = import(&file, &serve.url(), &key, &[]);
    assert_eq!(changed.status.code(), Some(2));
    assert!(stderr(&changed).contains("has changed"), "{}", stderr(&changed));
}
