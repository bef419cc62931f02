//! `demo`: in process, with evidence of one's own, against another node; and nothing of the person in its output.

use serde_json::Value;

use crate::support::{Folder, World, example, run, stderr, stdout};

#[test]
fn the_demo_ends_verified() {
    let story = run(&["demo"]);
    assert_eq!(story.status.code(), Some(0), "{}", stderr(&story));
    assert!(stdout(&story).ends_with("verified\n"), "{}", stdout(&story));

    // A folder for what is temporary: nothing stays there.
    let folder = Folder::new();
    let json = std::process::Command::new(env!("CARGO_BIN_EXE_idos-issuer"))
        .args(["demo", "--json"])
        .env("TMPDIR", &folder.0)
        .output()
        .unwrap();
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0, "nothing of it stays on the disk");
    let answer: Value = serde_json::from_str(&stdout(&json)).unwrap();
    assert_eq!(answer["verified"], true);
    for member in ["txHash", "contentHash"] {
        assert_eq!(answer[member].as_str().unwrap().len(), 64, "{member}");
    }
    for member in ["credentialId", "copyId", "userId", "writeGrantId"] {
        assert_eq!(answer[member].as_str().unwrap().len(), 36, "{member}");
    }
    assert!(answer["issuanceId"].as_str().unwrap().starts_with("iss_"));
    for step in ["createProfile", "buildAndSign", "accept", "write", "readAsUser", "readAsIssuer"] {
        assert!(answer["timingsMs"][step].as_f64().unwrap() > 0.0, "{step}");
    }
}

#[test]
fn the_demo_ends_verified_where_contents_are_at_a_blob_gateway() {
    let json = run(&["demo", "--next", "--json"]);
    let answer: Value = serde_json::from_str(&stdout(&json)).unwrap();
    assert_eq!(answer["verified"], true, "{}", stderr(&json));
    let both = run(&["--config", "config.toml", "demo", "--next"]);
    assert_eq!(both.status.code(), Some(2));
    assert!(stderr(&both).contains("--next is for a demo without --config"), "{}", stderr(&both));
}

#[test]
fn the_demo_shows_the_other_kinds() {
    for (kind, level) in
        [("kyc_v3", "plus+liveness+email+phoneNumber+sow+screening+onboarding"), ("edd", "edd")]
    {
        let output = run(&["demo", "--json", "--kind", kind]);
        assert_eq!(output.status.code(), Some(0), "{kind}: {}", stderr(&output));
        let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!((&answer["verified"], &answer["level"]), (&true.into(), &level.into()), "{kind}");
    }
    let output = run(&["demo", "--kind", "personhood"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("give --evidence"), "{}", stderr(&output));
}

#[test]
fn nothing_of_the_person_is_said_or_logged() {
    const MARKER: &str = "Quetzalcoatlus";
    let folder = Folder::new();
    let mut result: Value =
        serde_json::from_slice(&std::fs::read(example("kyc-result.json")).unwrap()).unwrap();
    for (name, value) in result["subject"].as_object_mut().unwrap() {
        let free = ["firstName", "familyName", "placeOfBirth", "idDocumentNumber"];
        if free.contains(&name.as_str()) {
            *value = MARKER.into();
        }
        if name == "email" {
            *value = format!("{MARKER}@example.com").into();
        }
    }
    for file in ["passport.jpg", "selfie.jpg", "utility-bill.png"] {
        folder.write(file, image(MARKER.repeat(100).as_bytes()));
    }
    let file = folder.write("result.json", result.to_string());
    let output = run(&["demo", "--evidence", &file]); // with RUST_LOG=trace
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for text in [stdout(&output), stderr(&output)] {
        assert!(!text.contains(MARKER), "{text}");
        assert!(!text.contains("1990-02-14"), "{text}");
    }
    assert!(stderr(&output).contains("NO idOS NODE"), "{}", stderr(&output));
}

#[test]
fn bad_evidence_is_named_by_field_and_not_repeated() {
    let folder = Folder::new();
    let good = std::fs::read_to_string(example("kyc-result.json")).unwrap();
    for file in ["passport.jpg", "selfie.jpg", "utility-bill.png"] {
        folder.write(file, image(b"x"));
    }
    folder.write("secret", "x");
    folder.write("empty", "");
    folder.write("undefined", "undefined");
    for (from, to, error) in [
        ("\"PT\"", "\"Xyzzy\"", "subject.nationality must be an assigned country code"),
        ("\"PASSPORT\"", "\"Xyzzy\"", "subject.idDocumentType must be PASSPORT"),
        ("\"1990-02-14\"", "\"Xyzzy\"", "subject.dateOfBirth must be a calendar date"),
        (
            "\"selfie.jpg\"",
            "\"Xyzzy\"",
            "subject.selfieFile names a file that is not there, or is no plain file",
        ),
        ("\"selfie.jpg\"", "\"../Xyzzy\"", "subject.selfieFile must name a file that lies beside the result"),
        (
            "\"selfie.jpg\"",
            "\"/etc/passwd\"",
            "subject.selfieFile must name a file that lies beside the result",
        ),
        ("1990-02-14", "1990-02-14T00:00:00+02:00", "subject.dateOfBirth must be a calendar date"),
        ("1990-02-14", "2027-02-14", "subject.dateOfBirth is after approvedAt"),
        ("1990-02-14", "1820-02-14", "subject.dateOfBirth is more than 130 years before approvedAt"),
        ("2023-01-14", "2033-01-14", "subject.idDocumentDateOfExpiry is before idDocumentDateOfIssue"),
        ("\"Ana Maria\"", "\" \"", "subject.firstName must not be blank"),
        ("\"SP0000001\"", "\"\u{a0}\"", "subject.idDocumentNumber must not be blank"),
        ("\"PT\"", "\"UK\"", "the United Kingdom has GB"),
        ("+351210000000", "351210000000", "subject.phoneNumber must be a phone number"),
        (
            "ana.exemplo@",
            "ana&exemplo@",
            "subject.email must be an e-mail address as consumers' software reads it",
        ),
        ("selfie.jpg", "empty", "subject.selfieFile is an empty file"),
        ("selfie.jpg", "undefined", "subject.selfieFile must be a JPEG, PNG, WebP, HEIC or PDF file"),
        ("\"approvedAt\"", "\"Xyzzy\"", "has a member that is not known"),
        ("\"expiresAt\": \"2033-01-13\",", "", "verified"),
        ("{", "Xyzzy", "the KYC result is not JSON (line 1, column 1)"),
        ("2033-01-13\",\n  \"subject", "2020-01-13\",\n  \"subject", "expiresAt is past"),
        ("2026-11-20", "2099-11-20", "approvedAt is in the future"),
    ] {
        let file = folder.write("result.json", good.replacen(from, to, 1));
        let output = run(&["demo", "--evidence", &file]);
        let (said, expected) = if error == "verified" { (stdout(&output), 0) } else { (stderr(&output), 2) };
        assert_eq!(output.status.code(), Some(expected), "{said}");
        assert!(said.contains(error), "{error}: {said}");
        assert!(!said.contains("Xyzzy"), "{said}");
    }
}

#[test]
fn files_that_fit_no_transaction_are_refused_with_the_arithmetic() {
    let folder = Folder::new();
    for (file, size) in [("passport.jpg", 700_000), ("selfie.jpg", 400_000), ("utility-bill.png", 200_000)] {
        folder.write(file, image(&vec![0xa5; size]));
    }
    let file = folder.write("result.json", std::fs::read(example("kyc-result.json")).unwrap());
    let output = run(&["demo", "--evidence", &file]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("the files together must stay below about 1.2 MB"),
        "{}",
        stderr(&output)
    );
    assert!(!stdout(&output).contains("A profile in idOS"), "nothing was written before");
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_no_evidence() {
    let folder = Folder::new();
    for file in ["passport.jpg", "utility-bill.png"] {
        folder.write(file, image(b"x"));
    }
    std::os::unix::fs::symlink("/etc/hostname", folder.0.join("selfie.jpg")).unwrap();
    let file = folder.write("result.json", std::fs::read(example("kyc-result.json")).unwrap());
    let output = run(&["demo", "--evidence", &file]);
    assert!(
        stderr(&output).contains("subject.selfieFile names a file that is not there, or is no plain file")
    );
    std::fs::remove_file(folder.0.join("selfie.jpg")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.0.join("selfie.jpg")).status().unwrap();
    assert!(made.success());
    assert_eq!(run(&["demo", "--evidence", &file]).status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_runs_against_another_node_with_the_configured_keys() {
    let folder = Folder::new();
    run(&["keys", "generate", "--folder", &folder.path("keys")]);
    let keys: Value =
        serde_json::from_str(&stdout(&run(&["keys", "show", "--json", "--folder", &folder.path("keys")])))
            .unwrap();
    let config = folder.write(
        "config.toml",
        "[node]\nurl = \"http://127.0.0.1:1\"\n[issuer]\nname = \"Mine\"\n[keys]\nsigning = \"keys/signing.key\"\n\
         write = \"keys/write.key\"\nencryption = \"keys/encryption.key\"\n",
    );
    let world = World::start().await;
    let url = world.node.url();
    let unreachable = run(&["--config", &config, "demo"]);
    assert_eq!(unreachable.status.code(), Some(2), "the configured node is used, and is not there");
    let demo = ["--config", &config, "demo", "--json", "--node-url", &url];
    let stranger = run(&demo);
    assert_eq!(stranger.status.code(), Some(2));
    assert!(stderr(&stranger).contains("is no delegate of an inserter"), "{}", stderr(&stranger));

    let delegate = keys["write"]["publicKey"].as_str().unwrap().to_owned();
    world.node.add_inserter(&idos_devnode::Inserter::new("Mine", [delegate])).await.unwrap();
    let output = run(&demo);
    let answer: Value =
        serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    assert_eq!(answer["verified"], true);
    assert_eq!(answer["issuer"], keys["signing"]["didKey"], "without a URL the issuer is its did:key");
    assert_eq!(world.node.counts().await.unwrap().credentials, 2);
}

/// A file that is an image as far as anybody looks.
fn image(content: &[u8]) -> Vec<u8> {
    [b"\xff\xd8\xff\xe0", content].concat()
}
