//! `verify --foreign`: yes, no, and what cannot be judged, each told from the others.

use idos_credential::{
    CredentialFields, Draft, FaceSignSubject, IssuerKey, LinkedWallet, Timestamp, WalletLinkage,
};
use serde_json::{Value, json};

use crate::support::{Folder, run, stderr, stdout};

/// A credential whose issuer is a `did:key`, as JSON.
fn credential() -> Value {
    let now: Timestamp = "2026-01-01".parse().unwrap();
    let fields = CredentialFields {
        id: "https://issuer.example/1".into(),
        level: "human".into(),
        issued: None,
        approved_at: None,
        expiration_date: Some("2030-01-01".parse().unwrap()),
    };
    let subject = FaceSignSubject { face_sign_user_id: "Xyzzy".into() };
    let draft = Draft::new(fields, subject).unwrap();
    serde_json::from_str(draft.sign_with(&IssuerKey::of_did_key(&[4; 32]), now).text()).unwrap()
}

/// Exit code, and what was said, of the plain command; the JSON answer agrees with it.
fn judge(text: impl AsRef<[u8]>) -> (i32, String) {
    let folder = Folder::new();
    let file = folder.write("credential", text);
    let common = ["verify", &file, "--foreign", "--at", "2026-09-01"];
    let output = run(&common);
    let said = stdout(&output) + &stderr(&output);
    assert!(!said.contains("Xyzzy"), "{said}");

    let in_json = run(&[&common[..], &["--json"]].concat());
    assert_eq!(in_json.status.code(), output.status.code());
    let answer: Value = serde_json::from_str(&stdout(&in_json)).unwrap();
    let (verdict, code) = match answer["verdict"].as_str().unwrap() {
        "verified" => (true, 0),
        "refused" => (false, 1),
        "not_judged" => (false, 2),
        other => panic!("{other}"),
    };
    assert_eq!((answer["verified"].as_bool(), output.status.code()), (Some(verdict), Some(code)));
    assert_eq!(answer["reason"].is_string(), code != 0);
    (code, said)
}

type Change = Box<dyn Fn(&mut Value)>;

/// Judges the credential with `change` made to it.
fn changed(change: impl FnOnce(&mut Value)) -> (i32, String) {
    let mut credential = credential();
    change(&mut credential);
    judge(credential.to_string())
}

#[test]
fn yes_where_a_did_key_signed_it() {
    assert_eq!(changed(|_| ()).0, 0);
    assert_eq!(changed(|c| c["proof"] = json!([c["proof"]])).0, 0);
    assert_eq!(changed(|c| c["proof"] = json!([c["proof"], c["proof"]])).0, 0);
    assert_eq!(changed(|c| c["issuer"] = json!({ "id": c["issuer"] })).0, 0);
}

#[test]
fn no_where_it_is_forged_or_over() {
    let other = IssuerKey::of_did_key(&[5; 32]);
    let cases: Vec<(&str, Change)> = vec![
        ("signature is wrong", Box::new(|c| c["level"] = "Xyzzy".into())),
        ("signature is wrong", Box::new(|c| c["credentialSubject"]["faceSignUserId"] = "Xyzzy2".into())),
        ("signature is wrong", Box::new(|c| c["proof"]["created"] = "2026-01-02T00:00:00Z".into())),
        ("signature is wrong", Box::new(|c| c["proof"]["proofValue"] = "zXyzzy".into())),
        ("signature is wrong", Box::new(|c| c["proof"]["proofValue"] = "".into())),
        ("signature is wrong", Box::new(|c| c["proof"]["proofValue"] = Value::Null)),
        ("signature is wrong", Box::new(|c| c["expirationDate"] = "2031-01-01T00:00:00Z".into())),
        ("no proof", Box::new(|c| drop(c.as_object_mut().unwrap().remove("proof")))),
        ("no proof", Box::new(|c| c["proof"] = Value::Null)),
        ("no proof", Box::new(|c| c["proof"] = json!([]))),
        ("another DID than the issuer", {
            let did = other.controller().to_owned();
            Box::new(move |c| c["issuer"] = did.clone().into())
        }),
        ("another DID than the issuer", {
            let key = other.id().to_owned();
            Box::new(move |c| c["proof"]["verificationMethod"] = key.clone().into())
        }),
        ("not assertionMethod", Box::new(|c| c["proof"]["proofPurpose"] = "authentication".into())),
        ("do not define", Box::new(|c| c["undefinedMember"] = "Xyzzy".into())),
        ("do not define", Box::new(|c| c["type"] = json!(["VerifiableCredential", "UndefinedType"]))),
        (
            "signature is wrong",
            Box::new(|c| {
                // One wrong proof among good ones.
                let mut wrong = c["proof"].clone();
                wrong["created"] = "2026-01-02T00:00:00Z".into();
                c["proof"] = json!([c["proof"], wrong]);
            }),
        ),
    ];
    for (says, change) in cases {
        let (code, said) = changed(change);
        assert_eq!(code, 1, "{says}: {said}");
        assert!(said.starts_with("not verified: ") && said.contains(says), "{says}: {said}");
    }
    let folder = Folder::new();
    let file = folder.write("credential", credential().to_string());
    for (at, says) in [("2031-01-01", "has expired"), ("2025-01-01", "not valid yet")] {
        let output = run(&["verify", &file, "--foreign", "--at", at]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stdout(&output).contains(says), "{}", stdout(&output));
    }
}

#[test]
fn neither_where_something_is_not_known_here() {
    let method = |name: &'static str| -> Change {
        Box::new(move |c| {
            c["issuer"] = name.into();
            c["proof"]["verificationMethod"] = format!("{name}#key").into();
        })
    };
    let p256 = "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169";
    let cases: Vec<(&str, Change)> = vec![
        ("@context names", Box::new(|c| c["@context"][1] = "https://x.example/Xyzzy".into())),
        (
            "@context names",
            Box::new(|c| c["credentialSubject"]["@context"] = "https://x.example/Xyzzy".into()),
        ),
        ("@context names", Box::new(|c| c["proof"]["@context"] = json!(["https://x.example/Xyzzy"]))),
        (
            "@context names",
            Box::new(|c| {
                c["@context"][1] = json!({ "a": { "@id": "urn:a", "@context": "https://x.example/Xyzzy" } });
            }),
        ),
        ("data model 2.0", Box::new(|c| c["@context"][0] = "https://www.w3.org/ns/credentials/v2".into())),
        ("data model that is known", Box::new(|c| c["@context"][0] = "https://x.example/Xyzzy".into())),
        ("data model that is known", Box::new(|c| drop(c.as_object_mut().unwrap().remove("@context")))),
        ("proof.type", Box::new(|c| c["proof"]["type"] = "XyzzySignature2020".into())),
        ("proof.type", Box::new(|c| c["proof"]["type"] = "BbsBlsSignature2020".into())),
        ("proof.type", Box::new(|c| c["proof"]["type"] = "EcdsaSecp256k1Signature2019".into())),
        ("proof.type", Box::new(|c| c["proof"]["type"] = Value::Null)),
        (
            "proof.cryptosuite",
            Box::new(|c| {
                c["proof"]["type"] = "DataIntegrityProof".into();
                c["proof"]["cryptosuite"] = "Xyzzy-2022".into();
            }),
        ),
        (
            "proof.cryptosuite",
            Box::new(|c| {
                c["proof"]["type"] = "DataIntegrityProof".into();
                c["proof"]["cryptosuite"] = "eddsa-jcs-2022".into();
            }),
        ),
        ("proof.cryptosuite", Box::new(|c| c["proof"]["type"] = "DataIntegrityProof".into())),
        ("previousProof", Box::new(|c| c["proof"]["previousProof"] = "urn:Xyzzy".into())),
        ("needs the network", method("did:web:xyzzy.example")),
        ("needs the network", method("did:ethr:0x00")),
        ("method is not supported", method("did:xyzzy:1")),
        ("method is not supported", method("did:jwk:eyJ")),
        ("not an Ed25519 key", method(p256)),
        ("did:key is malformed", method("did:key:z0OIl")),
        (
            "does not name a key of a DID",
            Box::new(|c| {
                c["proof"]["verificationMethod"] = "https://x.example/keys/1".into();
            }),
        ),
        (
            "does not name a key of a DID",
            Box::new(|c| {
                // A key that is written out proves nothing: anybody can write one.
                let id = c["proof"]["verificationMethod"].clone();
                c["proof"]["verificationMethod"] = json!({ "id": id, "type": "Ed25519VerificationKey2020" });
            }),
        ),
        ("issuer is not a DID", Box::new(|c| c["issuer"] = "https://x.example/Xyzzy".into())),
        ("needs the network", Box::new(|c| c["issuer"] = "did:web:xyzzy.example".into())),
        ("issuer is missing", Box::new(|c| drop(c.as_object_mut().unwrap().remove("issuer")))),
        ("issuanceDate is missing", Box::new(|c| drop(c.as_object_mut().unwrap().remove("issuanceDate")))),
        ("credentialSubject is missing", Box::new(|c| c["credentialSubject"] = Value::Null)),
        ("not of the form", Box::new(|c| c["issuanceDate"] = "Xyzzy".into())),
        ("not of the form", Box::new(|c| c["proof"] = "Xyzzy".into())),
        ("not a W3C", Box::new(|c| c["type"] = "VerifiablePresentation".into())),
        (
            "proof.type",
            Box::new(|c| {
                // A good proof beside one of a suite that is not known.
                let mut other = c["proof"].clone();
                other["type"] = "XyzzySignature2020".into();
                c["proof"] = json!([c["proof"], other]);
            }),
        ),
    ];
    for (says, change) in cases {
        let (code, said) = changed(change);
        assert_eq!(code, 2, "{says}: {said}");
        assert!(
            said.starts_with("error: the credential cannot be judged: ") && said.contains(says),
            "{says}: {said}"
        );
    }
}

#[test]
fn neither_where_it_is_encoded_otherwise_or_no_credential() {
    let jwt = "eyJhbGciOiJFZERTQSJ9.eyJ2YyI6e319.c2ln";
    let many = format!("[{}1]", "1,".repeat(5000));
    let enveloped = json!({
        "@context": "https://www.w3.org/ns/credentials/v2",
        "type": "EnvelopedVerifiableCredential",
        "id": format!("data:application/vc+jwt,{jwt}"),
    });
    for (says, text) in [
        ("JSON Web Token", jwt.as_bytes().to_vec()),
        ("JSON Web Token", format!("{jwt}\n").into_bytes()),
        ("JSON Web Token", format!("\"{jwt}\"").into_bytes()),
        ("JSON Web Token", json!({ "payload": "e30", "signatures": [] }).to_string().into_bytes()),
        ("SD-JWT", format!("{jwt}~WyJ4Il0~").into_bytes()),
        ("SD-JWT", format!("\"{jwt}~\"").into_bytes()),
        ("CBOR", vec![0xd2, 0x84, 0x43, 0xa1, 0x01, 0x27, 0xa0, 0xff]),
        ("CBOR", vec![0xd8, 0x3d, 0xd2, 0x84, 0x43, 0xff]),
        ("not JSON", Vec::new()),
        ("not JSON", b"Xyzzy".to_vec()),
        ("not JSON", b"{".to_vec()),
        ("not JSON", b"a.b".to_vec()),
        ("not JSON", vec![0xff, 0xfe, b'{']),
        ("not a W3C", b"{}".to_vec()),
        ("not a W3C", b"[]".to_vec()),
        ("not a W3C", b"null".to_vec()),
        ("not a W3C", b"\"Xyzzy\"".to_vec()),
        ("data model 2.0", enveloped.to_string().into_bytes()),
        ("too large", many.into_bytes()),
    ] {
        let (code, said) = judge(&text);
        assert_eq!(code, 2, "{says}: {said}");
        assert!(said.contains(says), "{says}: {said}");
    }
}

#[test]
fn another_hash_is_a_no_whatever_else_is_said() {
    let folder = Folder::new();
    let text = credential().to_string();
    let unknown = text.replace("Ed25519Signature2020", "XyzzySignature2020");
    let other = "00".repeat(32);
    for text in [text, unknown] {
        let file = folder.write("credential", text);
        let output = run(&["verify", &file, "--foreign", "--at", "2026-09-01", "--content-hash", &other]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stdout(&output).contains("content hash is another"), "{}", stdout(&output));
    }
}

/// A credential that brings its own context, which no document of ours or of idOS has: judged by its RDF.
#[test]
fn wallets_that_are_listed_are_bound_to_their_times_for_everybody() {
    const EVM: &str = "eip155:1:0xba32858eA15Ad4A729d3aCA3c2ed5E3363Bc16f6";
    const XRPL: &str = "xrpl:0:rrrrrrrrrrrrrrrrrrrrBZbvji";
    let (earlier, later) = ("2026-01-02T03:04:05Z", "2026-01-03T03:04:05Z");
    let key = IssuerKey::of_did_key(&[4; 32]);
    let wallet =
        |account: &str, time: &str| LinkedWallet::new(account.parse().unwrap(), time.parse().unwrap());
    let user = "9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11";
    let subject = WalletLinkage::new(user, vec![wallet(EVM, earlier), wallet(XRPL, later)]).unwrap();
    let fields = CredentialFields {
        id: "https://issuer.example/1".into(),
        level: "linked".into(),
        issued: None,
        approved_at: subject.newest(),
        expiration_date: None,
    };
    let signed = Draft::new(fields, subject).unwrap().sign_with(&key, "2026-01-04".parse().unwrap());
    let text = signed.text();
    let own = "urn:idos-issuer:wallet-linkage:1#wallet";
    let issuer = key.method().controller();
    // Exit codes of the strict verifier, of the official SDK's verdict, and of general software.
    for (from, to, codes) in [
        ("", "", [0, 0, 0]),
        (earlier, "2026-01-02T03:04:06Z", [1, 1, 1]),
        ("eip155:1:", "eip155:137:", [1, 1, 1]),
        (user, "9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a12", [1, 1, 1]),
        (own, "urn:idos-issuer:wallet-linkage:2#wallet", [1, 1, 1]),
        // What says the same in other words, only the strict one refuses: a reader of the JSON would see something else.
        (r#""@protected":true,"#, "", [1, 0, 0]),
        ("\"wallets\":", "\"other\":", [1, 0, 0]),
        // A context that is fetched, nobody fetches: for the SDK that is a no, and for general software none.
        (r#"{"@version":1.1,"#, r#"{"@version":1.1,"@import":"https://x.example/","#, [1, 1, 2]),
    ] {
        let folder = Folder::new();
        let changed = text.replace(from, to);
        assert!(from.is_empty() || changed != text, "{from}");
        let file = folder.write("credential", if from.is_empty() { text } else { &changed });
        let common = ["verify", &file, "--at", "2026-09-01"];
        for (mode, code) in
            [&["--issuer", issuer][..], &["--issuer", issuer, "--as-sdk"], &["--foreign"]].iter().zip(codes)
        {
            let output = run(&[&common[..], mode].concat());
            let said = stdout(&output) + &stderr(&output);
            assert_eq!(output.status.code(), Some(code), "{from} {to} {mode:?}: {said}");
            for value in [EVM, XRPL, user, "x.example"] {
                assert!(!said.contains(value), "{said}");
            }
            if mode.contains(&"--as-sdk") && code == 0 {
                assert_eq!(said.contains("overlooks that"), codes[0] == 1, "{said}");
            }
        }
    }
}
