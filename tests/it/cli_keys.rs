//! `keys import`, and key files as people bring them.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_credential::key::{seed_to_jwk, seed_to_multibase};
use idos_credential::secret_key::Curve;
use idos_credential::{EncryptionSecret, VerificationKey, WriteKey};
use serde_json::Value;

use crate::support::{Folder, run, stderr, stdout};

const SEED: [u8; 32] = [0x0b; 32];
const OTHER: [u8; 32] = [0x0c; 32];

/// Runs the binary with something on its standard input.
pub(crate) fn fed(arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_idos-issuer"))
        .args(arguments)
        .env("RUST_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_ref()); // it need not read all of it
    child.wait_with_output().unwrap()
}

fn nacl(seed: &[u8; 32]) -> String {
    hex::encode([seed.as_slice(), &Curve::Ed25519.public(seed)].concat())
}

fn signing_public(seed: &[u8; 32]) -> String {
    VerificationKey::from_bytes(&Curve::Ed25519.public(seed)).unwrap().to_multibase()
}

fn encryption_public(secret: &[u8; 32]) -> String {
    EncryptionSecret::from_bytes(*secret).public().to_base64()
}

/// Nothing of a secret in what is said, in hex or base64.
#[track_caller]
fn says_no_secret(output: &Output) {
    let said = stdout(output) + &stderr(output);
    for secret in [SEED, OTHER] {
        for text in [hex::encode(secret), STANDARD.encode(secret), seed_to_multibase(&secret).to_string()] {
            assert!(!said.contains(&text[..20]), "{said}");
        }
    }
}

#[track_caller]
fn imported(output: &Output, parts: &[&str]) {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    for part in parts {
        assert!(stdout(output).contains(part), "{part}: {}", stdout(output));
    }
    says_no_secret(output);
}

#[track_caller]
fn refused(output: &Output, part: &str) {
    assert_eq!(output.status.code(), Some(2), "{}", stdout(output));
    assert!(stderr(output).contains(part), "{part}: {}", stderr(output));
    assert_eq!(stdout(output), "");
    says_no_secret(output);
}

#[test]
fn keys_of_the_official_sdk_move_in() {
    let folder = Folder::new();
    let keys = folder.path("keys");
    let place = ["--folder", keys.as_str()];
    let file = folder.write("from-sdk", nacl(&SEED) + "\n");
    let signing = run(&[&["keys", "import", "signing", &file][..], &place].concat());
    let read = "an nacl secret key in hex, 64 bytes, whose second half matches";
    imported(&signing, &[read, &signing_public(&SEED), "made", "keys/signing.key"]);

    // The same key may write.
    let write = fed(&[&["keys", "import", "write", "-"][..], &place].concat(), nacl(&SEED));
    imported(&write, &[read, &WriteKey::from_seed(&SEED).public_hex(), "keys/write.key"]);
    let encryption = fed(&[&["keys", "import", "encryption", "-"][..], &place].concat(), hex::encode(SEED));
    imported(&encryption, &["an X25519 secret in hex, 32 bytes", &encryption_public(&SEED)]);

    for name in ["signing.key", "write.key", "encryption.key"] {
        let mode = std::fs::metadata(folder.0.join("keys").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "{name}");
    }
    let left: Vec<_> = std::fs::read_dir(&keys).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");

    std::fs::write(folder.0.join("keys/vault.key"), STANDARD.encode([1; 32])).unwrap();
    std::fs::set_permissions(folder.0.join("keys/vault.key"), std::fs::Permissions::from_mode(0o600))
        .unwrap();
    let shown = run(&[&["keys", "show", "--json"][..], &place].concat());
    let shown: Value = serde_json::from_str(&stdout(&shown)).unwrap();
    assert_eq!(shown["signing"]["verificationKey"]["publicKeyMultibase"], signing_public(&SEED));
    assert_eq!(shown["write"]["publicKey"], WriteKey::from_seed(&SEED).public_hex());
    assert_eq!(shown["encryption"]["publicKey"], encryption_public(&SEED));
}

#[test]
fn an_import_says_the_same_in_json() {
    let folder = Folder::new();
    let place = ["--folder", &folder.path("keys"), "--json"];
    let first = fed(&[&["keys", "import", "signing", "-"][..], &place].concat(), &*seed_to_jwk(&SEED));
    imported(&first, &[]);
    let first: Value = serde_json::from_str(&stdout(&first)).unwrap();
    assert_eq!(first["use"], "signing");
    assert_eq!(first["read"], "an Ed25519 JSON Web Key, whose public half matches");
    assert_eq!(first["outcome"], "made");
    assert_eq!(first["public"]["multibase"], signing_public(&SEED));
    assert_eq!(first["public"]["hex"], hex::encode(Curve::Ed25519.public(&SEED)));

    let public = signing_public(&SEED);
    let replace = ["keys", "import", "signing", "-", "--replace", &public];
    let second = fed(&[&replace[..], &place].concat(), STANDARD.encode(OTHER));
    imported(&second, &[]);
    let second: Value = serde_json::from_str(&stdout(&second)).unwrap();
    assert_eq!((&second["outcome"], &second["replaced"]), (&"replaced".into(), &public.into()));
}

#[test]
fn a_key_that_is_there_is_given_up_by_name_only() {
    let folder = Folder::new();
    let keys = folder.path("keys");
    let import = |what: &str, more: &[&str], input: &str| {
        fed(&[&["keys", "import", what, "-", "--folder", &keys], more].concat(), input)
    };
    for (what, public, other_public) in [
        ("signing", signing_public(&SEED), signing_public(&OTHER)),
        ("write", WriteKey::from_seed(&SEED).public_hex(), WriteKey::from_seed(&OTHER).public_hex()),
        ("encryption", encryption_public(&SEED), encryption_public(&OTHER)),
    ] {
        let file = folder.0.join(format!("keys/{what}.key"));
        let (first, second) = (hex::encode(SEED), STANDARD.encode(OTHER));
        refused(&import(what, &["--replace", &public], &first), "does not hold the key that --replace names");
        assert!(!file.exists());
        imported(&import(what, &[], &first), &["made"]);
        let before = std::fs::read(&file).unwrap();

        imported(&import(what, &[], &first), &["is there", "nothing was written"]);
        refused(&import(what, &[], &second), &format!("--replace {public}"));
        for wrong in [&other_public, "yes", "signing", "", &public[1..]] {
            refused(
                &import(what, &["--replace", wrong], &second),
                "does not hold the key that --replace names",
            );
        }
        assert_eq!(std::fs::read(&file).unwrap(), before, "nothing was written");

        // Through a symbolic link, the file behind it.
        let elsewhere = folder.0.join(format!("{what}-elsewhere"));
        std::fs::rename(&file, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
        imported(
            &import(what, &["--replace", &public], &second),
            &["replaced", &format!("before: {public}")],
        );
        assert!(file.is_symlink());
        assert_eq!(std::fs::metadata(&elsewhere).unwrap().permissions().mode() & 0o777, 0o600);
        imported(&import(what, &[], &second), &["is there", &other_public]);
    }
    // Other names of the same key.
    let did = format!("did:key:{}", signing_public(&OTHER));
    imported(&import("signing", &["--replace", &did], &hex::encode(SEED)), &["replaced"]);
    let hex_name = hex::encode_upper(Curve::Ed25519.public(&SEED));
    imported(&import("signing", &["--replace", &hex_name], &hex::encode(OTHER)), &["replaced"]);

    // What is there and is no key is not overwritten by any name; neither is a link that leads nowhere.
    let file = folder.0.join("keys/signing.key");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("nowhere", &file).unwrap();
    refused(&import("signing", &[], &hex::encode(SEED)), "move it away first");
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, "Xyzzy").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    refused(&import("signing", &["--replace", "Xyzzy"], &hex::encode(SEED)), "move it away first");
    assert_eq!(std::fs::read(&file).unwrap(), b"Xyzzy");
}

#[test]
fn nonsense_is_not_imported_and_says_why() {
    let folder = Folder::new();
    let keys = folder.path("keys");
    let mut damaged = nacl(&SEED);
    damaged.replace_range(100..101, if &damaged[100..101] == "0" { "1" } else { "0" });
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(nacl(&SEED).bytes().flat_map(|byte| [byte, 0])).collect();
    let public = signing_public(&SEED);
    for (what, input, reason) in [
        ("signing", "".as_bytes(), "it is empty"),
        ("signing", b"Xyzzy", "is neither hex nor base64"),
        ("signing", damaged.as_bytes(), "second half is not the public key of the first"),
        ("signing", public.as_bytes(), "is a public key"),
        ("write", &[b'Q'; 32], "it is 24 bytes in base64"),
        ("write", &utf16, "what was read is a text in UTF-16: save it as UTF-8"),
        ("write", &[0xb0; 32], "what was read is not a text in UTF-8"),
        ("write", &[b'0'; 64], "nothing but zeros"),
        ("write", &vec![b'a'; 20_000], "longer than 16 KiB"),
        ("encryption", nacl(&SEED).as_bytes(), "is an Ed25519 key, and an X25519 key is wanted here"),
        ("encryption", seed_to_jwk(&SEED).as_bytes(), "is an Ed25519 key, and an X25519 key is wanted here"),
    ] {
        let output = fed(&["keys", "import", what, "-", "--folder", &keys], input);
        refused(&output, reason);
        assert!(!stderr(&output).contains("Xyzzy"));
    }
    assert!(!std::path::Path::new(&keys).exists(), "nothing was written");
    assert_eq!(run(&["keys", "import", "vault", "-"]).status.code(), Some(2));
}

#[test]
fn a_key_is_never_an_argument() {
    for key in [nacl(&SEED), STANDARD.encode(SEED), seed_to_multibase(&SEED).to_string()] {
        refused(&run(&["keys", "import", "signing", &key]), "a key is never an argument");
    }
    let gone = run(&["keys", "import", "signing", "/nonexistent/Xyzzy"]);
    refused(&gone, "the file with the key cannot be read");
    assert!(!stderr(&gone).contains("Xyzzy"), "it may be a part of a key");
}

#[test]
fn of_several_write_keys_one_is_named() {
    let folder = Folder::new();
    let config = folder.write(
        "config.toml",
        "[node]\nurl = \"http://127.0.0.1:1\"\n[issuer]\nname = \"A\"\n[keys]\nsigning = \"k/s.key\"\n\
         write = [\"k/a.key\", \"k/b.key\"]\nencryption = \"k/e.key\"\nvault = \"k/v.key\"\n",
    );
    let import = |more: &[&str]| {
        fed(&[&["--config", &config, "keys", "import", "write", "-"], more].concat(), nacl(&SEED))
    };
    refused(&import(&[]), "--to");
    refused(&import(&["--to", "k/c.key"]), "--to names no file of keys.write");
    refused(&import(&["--to", "k/s.key"]), "--to names no file of keys.write");
    imported(&import(&["--to", "k/b.key"]), &["made", "k/b.key"]);
    imported(&import(&["--to", &folder.path("k/b.key")]), &["is there"]);
    assert!(!folder.0.join("k/a.key").exists());
    refused(&import(&["--folder", "k"]), "leave --folder out");
}

#[test]
fn key_files_are_read_in_the_spellings_that_are_imported() {
    let folder = Folder::new();
    let place = ["--folder", &folder.path("keys"), "--json"];
    run(&[&["keys", "generate"][..], &place].concat());
    let show = || run(&[&["keys", "show"][..], &place].concat());
    let write = |name: &str, text: &str| std::fs::write(folder.0.join("keys").join(name), text).unwrap();
    for (signing, encryption, vault) in [
        (nacl(&SEED) + "\n", hex::encode(SEED) + "\n", hex::encode([9; 32])),
        (
            format!("\u{feff}{}\r\n", nacl(&SEED)),
            format!("0x{}", hex::encode(SEED)),
            STANDARD.encode([9; 32]),
        ),
        (
            format!("\"{}\"", hex::encode(SEED)),
            format!("\u{feff}{}\r\n", STANDARD.encode(SEED)),
            "\u{feff}".to_owned() + &STANDARD.encode([9; 32]),
        ),
    ] {
        write("signing.key", &signing);
        write("write.key", &signing);
        write("encryption.key", &encryption);
        write("vault.key", &vault);
        let shown = show();
        assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
        says_no_secret(&shown);
        let shown: Value = serde_json::from_str(&stdout(&shown)).unwrap();
        assert_eq!(shown["signing"]["didKey"], format!("did:key:{}", signing_public(&SEED)));
        assert_eq!(shown["encryption"]["publicKey"], encryption_public(&SEED));
        assert_eq!(shown["vault"]["keyIds"][0].as_str().unwrap().len(), 8);
    }
    for (name, text, said) in [
        (
            "vault.key",
            nacl(&SEED),
            "is no vault key, which is 32 bytes in base64 or hex: it is 64 bytes in hex",
        ),
        ("encryption.key", nacl(&SEED), "is no X25519 key: it is an Ed25519 key"),
        ("signing.key", "Xyzzy".to_owned(), "is no Ed25519 key: it is neither hex nor base64"),
    ] {
        write(name, &text);
        let output = show();
        refused(&output, said);
        assert!(!stderr(&output).contains("Xyzzy"));
    }
}

/// One file for both keys: made once.
#[test]
fn a_signing_key_that_also_writes() {
    let folder = Folder::new();
    let config = |write: &str, encryption: &str| {
        folder.write(
            "config.toml",
            format!(
                "[node]\nurl = \"http://127.0.0.1:1\"\n[issuer]\nname = \"A\"\n[keys]\nsigning = \"k/s.key\"\n\
                 write = \"{write}\"\nencryption = \"{encryption}\"\nvault = \"k/v.key\"\n"
            ),
        )
    };
    let wrong = config("k/s.key", "k/s.key");
    refused(&run(&["--config", &wrong, "keys", "generate"]), "named for two keys that cannot be one");
    assert!(!folder.0.join("k").exists());
    let right = config("k/s.key", "k/e.key");
    let made = run(&["--config", &right, "keys", "generate", "--json"]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let made: Value = serde_json::from_str(&stdout(&made)).unwrap();
    let key = VerificationKey::from_jwk(&made["signing"]["jwk"].to_string()).unwrap();
    assert_eq!(made["write"]["publicKey"], hex::encode(key.to_bytes()));
}
