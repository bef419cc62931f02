//! The commands as people run them: what they print, how they end, what they never say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_content_id::ContentId;
use idos_credential::sealing::seal_bytes;
use idos_credential::{EncryptionSecret, VerificationKey};
use serde_json::Value;

use crate::support::{Folder, run, stderr, stdout};

const KEY: &str = "z6Mkp2kwy7pmTRftiprun5oKbs9RzNe2rD5koAYPX481gRLB";
const ISSUER: &str = "https://vc-issuers.example.com/idos";

fn vector(name: &str) -> String {
    format!("{}/tests/vectors/sdk/vc/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

fn vectors(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/vectors/sdk/{file}", env!("CARGO_MANIFEST_DIR"));
    let all: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    all["vectors"].as_array().unwrap().clone()
}

#[test]
fn verify_says_verified_or_why_not() {
    let file = vector("kyc_plus");
    let good = run(&["verify", &file, "--key", KEY, "--issuer", ISSUER, "--at", "2026-09-01"]);
    assert_eq!(good.status.code(), Some(0));
    assert!(stdout(&good).starts_with("verified\n"), "{}", stdout(&good));

    for (arguments, reason) in [
        (
            vec!["--key", KEY, "--issuer", ISSUER, "--at", "2031-01-01"],
            "not verified: the credential has expired\n",
        ),
        (
            vec!["--key", KEY, "--issuer", ISSUER, "--at", "2025-01-01"],
            "not verified: the credential is not valid yet\n",
        ),
        (
            vec!["--key", KEY, "--issuer", "https://other.example", "--at", "2026-09-01"],
            "not verified: the credential is of no accepted issuer\n",
        ),
        (
            vec!["--key", "z6MkfVhFkFBiNR5qDsvqjMiUbabwn7hh7nDYuV9SktvuQnmg", "--at", "2026-09-01"],
            "not verified: the signature is wrong\n",
        ),
    ] {
        let arguments = [vec!["verify", &file], arguments].concat();
        let bad = run(&arguments);
        assert_eq!((bad.status.code(), stdout(&bad).as_str()), (Some(1), reason));
    }

    let json = run(&["verify", &file, "--key", KEY, "--json", "--at", "2026-09-01"]);
    let answer: Value = serde_json::from_str(&stdout(&json)).unwrap();
    assert_eq!(
        (answer["verified"].as_bool(), answer["level"].as_str()),
        (Some(true), Some("plus+liveness+email+phoneNumber"))
    );
}

#[test]
fn verify_as_the_sdk_says_what_that_overlooks() {
    let folder = Folder::new();
    for vector in vectors("credentials_malleable.json") {
        let name = vector["name"].as_str().unwrap();
        if !name.starts_with("F_") {
            continue;
        }
        let file = folder.write("credential.json", vector["vc_json"].as_str().unwrap());
        let common = ["verify", &file, "--key", KEY, "--issuer", ISSUER, "--at", "2026-09-01"];
        assert_eq!(run(&common).status.code(), Some(1), "{name}");
        let as_sdk = run(&[&common[..], &["--as-sdk"]].concat());
        assert_eq!(as_sdk.status.code(), Some(0), "{name}");
        assert!(stdout(&as_sdk).contains("overlooks that"), "{name}: {}", stdout(&as_sdk));
    }
}

#[test]
fn old_subjects_are_taken_on_request() {
    let folder = Folder::new();
    let text = std::fs::read_to_string(vector("kyc_plus")).unwrap();
    let file = folder.write(
        "old.json",
        text.replace("idos-credential-subject-v2.json", "idos-credential-subject-v1.json"),
    );
    let common = ["verify", &file, "--key", KEY, "--issuer", ISSUER, "--at", "2026-09-01"];
    let refused = run(&common);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stdout(&refused).contains("old subject (version 1)"), "{}", stdout(&refused));
    let taken = run(&[&common[..], &["--old-subjects"]].concat());
    assert_eq!(taken.status.code(), Some(0));
    assert!(stdout(&taken).contains("KYC, version 1"), "{}", stdout(&taken));
}

#[test]
fn what_cannot_be_judged_ends_with_two() {
    let file = vector("kyc_plus");
    for arguments in [
        vec!["verify", "/nonexistent", "--key", KEY],
        vec!["verify", &file, "--key", "z6MkXyzzy"],
        vec!["verify", &file, "--key", KEY, "--at", "Xyzzy"],
        vec!["verify", &file, "--issuer", "https://no-key.example"],
        vec!["verify", &file, "--issuer", "did:key:Xyzzy"],
        vec!["open", &file, "--secret-key-file", "/nonexistent", "--encryptor-public-key", "AA=="],
        vec!["check-wallet", "/nonexistent"],
        vec!["keys", "show", "--folder", "/nonexistent"],
        vec!["demo", "--node-url", "http://127.0.0.1:1"],
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(
            stderr(&output).contains("error: ") && !stderr(&output).contains("Xyzzy"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn keys_are_made_once_shown_in_all_spellings_and_for_their_owner_alone() {
    let folder = Folder::new();
    let place = ["--folder", &folder.path("keys"), "--json"];
    let made = run(&[&["keys", "generate"][..], &place].concat());
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let again = run(&[&["keys", "generate"][..], &place].concat());
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("never overwritten"));

    let shown = run(&[&["keys", "show"][..], &place].concat());
    assert_eq!(stdout(&shown), stdout(&made));
    let keys: Value = serde_json::from_str(&stdout(&shown)).unwrap();
    let multibase = keys["signing"]["verificationKey"]["publicKeyMultibase"].as_str().unwrap();
    let key = VerificationKey::from_multibase(multibase).unwrap();
    assert_eq!(keys["signing"]["didKey"], key.to_did_key());
    assert_eq!(VerificationKey::from_jwk(&keys["signing"]["jwk"].to_string()), Ok(key));
    assert_eq!(keys["signing"]["verificationKey"]["controller"], key.to_did_key());
    assert_eq!(keys["write"]["publicKey"].as_str().unwrap().len(), 64);

    for file in ["signing.key", "write.key", "encryption.key"] {
        let path = folder.0.join("keys").join(file);
        let secret = std::fs::read_to_string(&path).unwrap();
        assert!(!stdout(&shown).contains(secret.trim()), "{file} is shown");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            let open = run(&[&["keys", "show"][..], &place].concat());
            assert!(stderr(&open).contains("chmod 600"), "{}", stderr(&open));
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

#[test]
fn open_gives_the_plaintext_back_byte_for_byte() {
    let folder = Folder::new();
    run(&["keys", "generate", "--folder", &folder.path("keys")]);
    let secret_file = folder.path("keys/encryption.key");
    let secret =
        EncryptionSecret::from_base64(std::fs::read_to_string(&secret_file).unwrap().trim()).unwrap();
    let plaintext = b"\x00not text\xff\n";
    let (content, encryptor) = seal_bytes(plaintext, &secret.public(), &mut rand::rngs::OsRng).unwrap();
    let file = folder.write("content", format!("{content}\n"));
    let common = ["open", &file, "--secret-key-file", &secret_file, "--encryptor-public-key"];
    let opened = run(&[&common[..], &[&encryptor]].concat());
    assert_eq!((opened.status.code(), opened.stdout.as_slice()), (Some(0), plaintext.as_slice()));

    let other = EncryptionSecret::from_bytes([3; 32]).public().to_base64();
    let closed = run(&[&common[..], &[&other]].concat());
    assert_eq!(closed.status.code(), Some(1));
    assert!(stderr(&closed).contains("does not open"), "{}", stderr(&closed));
    assert!(closed.stdout.is_empty());

    // As a blob gateway has it, by what names it.
    let bytes = STANDARD.decode(&content).unwrap();
    let uri = ContentId::of(&bytes).unwrap().uri();
    let blob = folder.write("original.blob", &bytes);
    let named = |uri: &str| {
        let keys = ["--secret-key-file", &secret_file, "--encryptor-public-key", &encryptor];
        run(&[&["open", &blob, "--content-uri", uri][..], &keys].concat())
    };
    let opened = named(&uri);
    assert_eq!((opened.status.code(), opened.stdout.as_slice()), (Some(0), plaintext.as_slice()));
    let other = named(&ContentId::of(b"other").unwrap().uri());
    assert_eq!((other.status.code(), other.stdout.as_slice()), (Some(1), &b""[..]));
    assert!(stderr(&other).contains("is not the one that --content-uri names"), "{}", stderr(&other));
    assert_eq!(named("https://example.com").status.code(), Some(2));
}

#[test]
fn open_tells_a_no_from_what_cannot_be_read() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let folder = Folder::new();
    run(&["keys", "generate", "--folder", &folder.path("keys")]);
    let secret_file = folder.path("keys/encryption.key");
    let secret =
        EncryptionSecret::from_base64(std::fs::read_to_string(&secret_file).unwrap().trim()).unwrap();
    let (content, encryptor) = seal_bytes(b"x", &secret.public(), &mut rand::rngs::OsRng).unwrap();
    let bytes = STANDARD.decode(&content).unwrap();
    let changed = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        STANDARD.encode(bytes)
    };
    let sealed_for_another =
        seal_bytes(b"x", &EncryptionSecret::from_bytes([3; 32]).public(), &mut rand::rngs::OsRng).unwrap();
    let low = STANDARD.encode([0; 32]);
    let (other, short) = (sealed_for_another.1.clone(), STANDARD.encode(&bytes[..39]));
    for (code, content, encryptor) in [
        (1, sealed_for_another.0.as_str(), encryptor.as_str()),
        (1, &content, &other),
        (1, &changed(0), &encryptor),
        (1, &changed(24), &encryptor),
        (1, &changed(40), &encryptor),
        (1, &STANDARD.encode(&bytes[..40]), &encryptor),
        (1, &STANDARD.encode([&bytes[..], &[0]].concat()), &encryptor),
        (2, &short, &encryptor),
        (2, "", &encryptor),
        (2, "Xyzzy", &encryptor),
        (2, &content[1..], &encryptor),
        (2, &content.repeat(2)[..=content.len()], &encryptor),
        (2, r#"{"@context":"Xyzzy"}"#, &encryptor),
        (2, &content, "Xyzzy"),
        (2, &content, ""),
        (2, &content, &low),
        (2, &content, &encryptor[4..]),
    ] {
        let file = folder.write("content", content);
        let output =
            run(&["open", &file, "--secret-key-file", &secret_file, "--encryptor-public-key", encryptor]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{content} {encryptor}: {said}");
        assert!(output.stdout.is_empty() && !said.contains("Xyzzy"), "{said}");
        assert!(said.starts_with(if code == 1 { "not opened: " } else { "error: " }), "{said}");
    }
    let file = folder.write("content", &content);
    let unreadable = folder.write("not.key", "Xyzzy");
    for key in [unreadable, folder.path("none.key")] {
        let output = run(&["open", &file, "--secret-key-file", &key, "--encryptor-public-key", &encryptor]);
        assert_eq!(output.status.code(), Some(2), "{key}");
    }
}

#[test]
fn a_content_hash_is_compared_with_the_exact_bytes() {
    use sha2::{Digest as _, Sha256};
    let folder = Folder::new();
    let text = std::fs::read_to_string(vector("kyc_plus")).unwrap();
    let hash = hex::encode(Sha256::digest(&text));
    let other = hex::encode(Sha256::digest("another text"));
    // The names trade places, which no proof notices.
    let swapped: Value = {
        let mut document: Value = serde_json::from_str(&text).unwrap();
        let subject = document["credentialSubject"].as_object_mut().unwrap();
        let (first, family) = (subject["firstName"].clone(), subject["familyName"].clone());
        subject["firstName"] = family;
        subject["familyName"] = first;
        document
    };
    let exact = folder.write("exact.json", &text);
    let with_break = folder.write("break.json", format!("{text}\n"));
    let swapped = folder.write("swapped.json", swapped.to_string());
    for mode in [&[][..], &["--as-sdk"]] {
        let verify = |file: &str, hash: &str| {
            let common = ["verify", file, "--key", KEY, "--at", "2026-09-01", "--content-hash", hash];
            run(&[&common[..], mode].concat())
        };
        for hash in [hash.clone(), hash.to_uppercase()] {
            let yes = verify(&exact, &hash);
            assert_eq!(yes.status.code(), Some(0), "{}", stdout(&yes));
            assert!(stdout(&yes).contains("content hash is that of this text"), "{}", stdout(&yes));
        }
        for (file, hash, says) in [
            (&exact, &other, "not verified: its content hash is another"),
            (&swapped, &hash, "not verified: its content hash is another"),
            (&with_break, &hash, "without the line break at its end"),
        ] {
            let no = verify(file, hash);
            assert_eq!(no.status.code(), Some(1));
            assert!(stdout(&no).contains(says), "{}", stdout(&no));
        }
        for malformed in ["", "Xyzzy", &hash[1..], &format!("{hash}00"), &format!("0x{hash}")] {
            let neither = verify(&exact, malformed);
            assert_eq!(neither.status.code(), Some(2));
            assert!(stderr(&neither).contains("--content-hash") && !stderr(&neither).contains("Xyzzy"));
        }
    }
    let json =
        run(&["verify", &exact, "--key", KEY, "--at", "2026-09-01", "--content-hash", &other, "--json"]);
    let answer: Value = serde_json::from_str(&stdout(&json)).unwrap();
    assert_eq!(json.status.code(), Some(1));
    assert_eq!(
        (&answer["verified"], &answer["verdict"], &answer["kind"], &answer["contentHash"]),
        (&Value::from(false), &Value::from("refused"), &Value::from("content_hash"), &Value::from("other"))
    );
}

#[test]
fn which_no_is_told_to_machines() {
    let folder = Folder::new();
    let text = std::fs::read_to_string(vector("kyc_plus")).unwrap();
    for (kind, text, more) in [
        ("malformed", "{".to_owned(), &[][..]),
        ("malformed", "{}".to_owned(), &[]),
        ("malformed", text.replace("\"level\":", "\"level\":1,\"x\":"), &[]),
        ("unknown", text.replace("Ed25519Signature2020", "DataIntegrityProof"), &[]),
        ("unknown", text.replace("2018/credentials/v1", "2018/credentials/v9"), &[]),
        ("unknown", text.replace("subject-v2.json", "subject-v3.json"), &[]),
        ("unknown", text.replace("\"level\":", "\"newMember\":\"x\",\"level\":"), &[]),
        ("issuer", text.clone(), &["--issuer", "https://other.example"]),
        ("signature", text.replace("\"level\":\"plus", "\"level\":\"basic"), &[]),
        ("expired", text.clone(), &["--at", "2099-01-01"]),
        ("not_yet_valid", text.clone(), &["--at", "2000-01-01"]),
    ] {
        let file = folder.write("credential.json", text);
        let at: &[&str] = if more.contains(&"--at") { &[] } else { &["--at", "2026-09-01"] };
        let output = run(&[&["verify", &file, "--key", KEY, "--json"], at, more].concat());
        let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(output.status.code(), Some(1), "{kind}");
        assert_eq!((&answer["verdict"], &answer["kind"]), (&"refused".into(), &kind.into()), "{answer}");
    }
}

#[test]
fn verify_explains_both_versions_and_due_diligence() {
    let folder = Folder::new();
    let mut seen = 0;
    for file in ["kyc_v3.json", "edd_v1.json"] {
        let path = format!("{}/tests/vectors/next/{file}", env!("CARGO_MANIFEST_DIR"));
        let all: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let key = all["key"]["publicKeyMultibase"].as_str().unwrap();
        for (name, lines) in [
            (
                "kyc3_full",
                ["  subject  KYC, version 3", "  kycLevel 3", "  expires  2035-05-05T23:59:59.999Z"],
            ),
            ("kyc3_minimal", ["  subject  KYC, version 3", "  level    basic", "  kycLevel 0"]),
            (
                "kyc3_given_level_kept",
                ["  level    plus+liveness", "  kycLevel 3", "do not support the level"],
            ),
            ("edd1_full", ["verified", "  subject  enhanced due diligence", "  level    edd"]),
        ] {
            let Some(vector) = all["vectors"].as_array().unwrap().iter().find(|v| v["name"] == name) else {
                continue;
            };
            let file = folder.write("credential.json", vector["vc_json"].as_str().unwrap());
            let verify = ["verify", &file, "--key", key, "--at", vector["clock"].as_str().unwrap()];
            let output = run(&verify);
            assert_eq!(output.status.code(), Some(0), "{name}: {}", stdout(&output));
            for line in lines {
                assert!(stdout(&output).contains(line), "{name}: {line}: {}", stdout(&output));
            }
            let answer: Value =
                serde_json::from_str(&stdout(&run(&[&verify[..], &["--json"]].concat()))).unwrap();
            let kyc_level = vector["derived"].get("kycLevel").map(|_| name != "kyc3_minimal");
            assert_eq!(answer.get("kycLevel").map(|level| *level == 3), kyc_level, "{name}: {answer}");
            seen += 1;
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn check_wallet_says_valid_or_why_not() {
    let folder = Folder::new();
    let vectors = vectors("wallets.json");
    let named = |name: &str| vectors.iter().find(|v| v["name"] == name).unwrap()["payload"].clone();
    for (name, code, answer) in [
        ("evm_valid", 0, "valid\n"),
        ("near_valid", 0, "valid\n"),
        ("xrpl_secp256k1_valid", 0, "valid\n"),
        ("near_wrong_message", 1, "not valid: "),
        ("xrpl_ed25519_any_address", 1, "not valid: address does not belong to the public key\n"),
        ("near_malleated_S_plus_L", 1, "not valid: "),
    ] {
        let file = folder.write("proof.json", named(name).to_string());
        let output = run(&["check-wallet", &file]);
        assert_eq!(output.status.code(), Some(code), "{name}: {}", stdout(&output));
        assert!(stdout(&output).starts_with(answer), "{name}: {}", stdout(&output));
        let claims_an_account = name == "near_valid";
        assert_eq!(stdout(&output).contains("is claimed, not proven"), claims_an_account, "{name}");
    }
    // A type that idOS has, whatever stands beside it: the official SDK would say yes.
    for more in ["", r#","public_key":"Xyzzy","message":"Xyzzy","signature":"Xyzzy""#] {
        let text = format!(r#"{{"wallet_type":"MM","address":"Xyzzy"{more}}}"#);
        let output = run(&["check-wallet", &folder.write("proof.json", text)]);
        assert_eq!(output.status.code(), Some(1));
        let said = "not valid: wallet_type is MM, and no proof is defined for this wallet type\n";
        assert_eq!(stdout(&output), said);
    }
    for (text, error) in [
        ("[]", "the proof must be a JSON object"),
        (r#"{"wallet_type":"EVM"}"#, "address must be a text"),
        (r#"{"wallet_type":"Xyzzy"}"#, "wallet_type must be EVM, NEAR, XRPL, Stellar or FaceSign"),
        (r#"{"wallet_type":"EVM","wallet_type":"NEAR"}"#, "the proof has a member twice"),
    ] {
        let file = folder.write("proof.json", text);
        let output = run(&["check-wallet", &file]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(error) && !stderr(&output).contains("Xyzzy"), "{}", stderr(&output));
    }
}
