//! Photos as phones make them become credentials, and what cannot become one is refused by its name.

use idos_credential::base85;
use idos_wallet::WalletType;
use image::ImageFormat;
use serde_json::{Value, json};

use super::door::{Answer, Door, Form, inserter, kyc, owner};
use crate::support::service::Backend;
use crate::support::{User, owned};

#[path = "../../../crates/idos-images/tests/it/pictures.rs"]
#[expect(dead_code, reason = "the tests of the crate need more of it")]
pub(super) mod pictures;

use pictures::{SECRET, has, jpeg, jpeg_exif, jpeg_with, photo};

/// As large as phones make them.
const LARGE: &str = "[http]\nmax_file = 12000000\nmax_body = 40000000\n";

/// A photo of more than 5 MB, held as `orientation` says, with a position in it.
pub(super) fn phone_photo(orientation: u16) -> Vec<u8> {
    let file = jpeg_with(&jpeg(&photo(4032, 3024, 40), 90), &[jpeg_exif(orientation)], SECRET);
    assert!(file.len() > 5_000_000 && has(&file, SECRET));
    file
}

async fn by_grant(door: &Door, user: &User) -> Value {
    let offer =
        door.post("/v1/write-grants", &json!({ "owner": owner(user) })).send().await.expect(200).json();
    let signature = user.wallet.sign_message(offer["message"].as_str().unwrap(), [7; 32]);
    let grant = json!({ "grant": offer["grant"], "owner": owner(user), "signature": signature });
    json!({ "by": "write_grant", "writeGrant": grant })
}

/// Submits with files as parts; each stands in the submission as `{"part": name}`.
async fn submit(door: &Door, submission: &Value, parts: &[(&str, &[u8])]) -> Answer {
    let mut form = Form::new("XyZ").part("submission", "application/json", submission.to_string());
    for (name, file) in parts {
        form = form.part(name, "image/jpeg", file);
    }
    let media = form.media();
    door.make("/v1/issuances", &json!(null)).body(&media, form.end()).send().await
}

/// What became of it: the issuance, and the subject as the user reads it.
async fn issued(door: &Door, user: &User, accepted: Answer) -> (Value, Value) {
    let location = accepted.expect(202).header("location").unwrap().to_owned();
    let shown = door.get(format!("{location}?wait=30")).send().await.expect(200).json();
    assert_eq!(shown["state"], "issued", "{shown}");
    let id = shown["credentialId"].as_str().unwrap().parse().unwrap();
    let text = owned(door.app.idos().await.unwrap(), user, id).await.unwrap();
    let credential: Value = serde_json::from_slice(&text).unwrap();
    (shown, credential["credentialSubject"].clone())
}

pub(super) fn file_of(subject: &Value, name: &str) -> Vec<u8> {
    base85::decode(subject[name].as_str().unwrap()).unwrap()
}

on_both_databases! {
    async fn photos_of_five_megabytes_each_become_a_credential(backend) {
        let door = Door::with(backend, LARGE).await.working();
        let user = door.user(WalletType::Evm).await;
        let (upright, on_its_side) = (phone_photo(1), phone_photo(6));
        let parts: [(&str, &[u8]); 3] = [("front", &upright), ("back", &on_its_side), ("selfie", &on_its_side)];
        let mut submission = kyc(user.id, by_grant(&door, &user).await);
        let members = [("idDocumentFrontFile", "front"), ("idDocumentBackFile", "back"), ("selfieFile", "selfie")];
        for (member, part) in members {
            submission["evidence"]["subject"][member] = json!({ "part": part });
        }
        // As it was before, and is unless somebody asks: refused with the arithmetic.
        submit(&door, &submission, &parts).await.problem(413, "too_large");
        submission["files"] = json!("refuse");
        submit(&door, &submission, &parts).await.problem(413, "too_large");
        submission["files"] = json!("fit");
        let (shown, subject) = issued(&door, &user, submit(&door, &submission, &parts).await).await;

        let sizes = shown["files"].as_array().unwrap();
        assert_eq!(sizes.len(), 3);
        for (size, (member, part)) in sizes.iter().zip(members) {
            let file = file_of(&subject, member);
            let came = parts.iter().find(|(name, _)| *name == part).unwrap().1.len();
            let there = image::load_from_memory_with_format(&file, ImageFormat::Jpeg).unwrap();
            assert_eq!(size, &json!({
                "field": member, "bytesBefore": came, "bytesAfter": file.len(), "width": there.width(), "height": there.height()
            }));
            assert!(there.width() >= if member == "selfieFile" { 500 } else { 1000 }, "{size}");
            assert_eq!(there.height() > there.width(), part != "front", "upright: {size}");
            assert!(!has(&file, SECRET) && !has(&file, b"Exif"), "{member}");
        }
        let all: u64 = sizes.iter().map(|size| size["bytesAfter"].as_u64().unwrap()).sum();
        assert!((900_000..1_250_000).contains(&all), "the room is used: {all}");
        // The copy holds the same, and the record says no more when it is erased.
        let location = format!("/v1/issuances/{}", shown["id"].as_str().unwrap());
        let copy = door.get(format!("{location}/copy")).send().await.expect(200).json();
        assert_eq!((&copy["verified"], &copy["credential"]["credentialSubject"]), (&json!(true), &subject));
        let erased = door.delete(&location).send().await.expect(200).json();
        assert!(erased.get("files").is_none(), "{erased}");
        door.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_with_files_and_every_member_is_made_to_fit() {
    let door = Door::with(Backend::Sqlite, &format!("{LARGE}[evidence]\nfiles = \"fit\"\n")).await.working();
    let user = door.user(WalletType::Evm).await;
    let large = jpeg_with(&jpeg(&photo(2400, 1800, 40), 90), &[jpeg_exif(1)], SECRET);
    let part = || json!({ "part": "photo" });
    let version_3 = json!({
        "person": { "firstName": "Ana", "dateOfBirth": "1990-02-14", "nationality": "PT" },
        "idDocument": {
            "type": "PASSPORT", "number": "SP1", "country": "PT", "dateOfExpiry": "2041-01-20", "frontFile": part(), "backFile": part()
        },
        "biometric": { "selfieFile": part() },
        "residentialAddress": {
            "verified": true, "street": "Rua do Exemplo", "city": "Lisboa", "country": "PT", "proofCategory": "UTILITY_BILL",
            "proofFile": part()
        },
        "edd": { "sourceOfFundsProofFile": part() },
        "sourceOfWealth": { "type": "SALARY", "sourceOfWealthProofFile": part() }
    });
    let mut version_2 = kyc(user.id, inserter())["evidence"]["subject"].clone();
    for member in ["idDocumentFrontFile", "idDocumentBackFile", "selfieFile"] {
        version_2[member] = part();
    }
    version_2["residentialAddress"] = json!({
        "street": "Rua do Exemplo", "city": "Lisboa", "country": "PT", "proofCategory": "UTILITY_BILL", "proofFile": part()
    });
    let due_diligence = json!({ "edd": { "occupation": "HEALTHCARE", "sourceOfFundsProofFile": part() } });
    for (kind, subject, fields) in [
        (
            "kyc",
            version_2,
            &["idDocumentFrontFile", "idDocumentBackFile", "selfieFile", "residentialAddress.proofFile"][..],
        ),
        (
            "kyc_v3",
            version_3,
            &[
                "idDocument.frontFile",
                "idDocument.backFile",
                "biometric.selfieFile",
                "residentialAddress.proofFile",
                "edd.sourceOfFundsProofFile",
                "sourceOfWealth.sourceOfWealthProofFile",
            ],
        ),
        ("edd", due_diligence, &["edd.sourceOfFundsProofFile"]),
    ] {
        let evidence = json!({ "approvedAt": "2026-01-20T09:30:00Z", "subject": subject });
        let submission =
            json!({ "userId": user.id, "kind": kind, "evidence": evidence, "delivery": inserter() });
        let (shown, subject) =
            issued(&door, &user, submit(&door, &submission, &[("photo", &large)]).await).await;
        let sizes = shown["files"].as_array().unwrap();
        assert_eq!(
            sizes.iter().map(|size| size["field"].as_str().unwrap()).collect::<Vec<_>>(),
            fields,
            "{kind}"
        );
        let files: Vec<_> = subject
            .as_object()
            .unwrap()
            .values()
            .filter_map(|value| base85::decode(value.as_str()?).ok())
            .collect();
        assert_eq!(files.len(), fields.len(), "{kind}");
        assert!(
            files.iter().all(|file| image::load_from_memory(file).is_ok() && !has(file, SECRET)),
            "{kind}"
        );
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_to_fit_is_named_by_field_and_code() {
    let settings = format!("{LARGE}[evidence]\nmax_pixels = 1000000\n");
    let door = Door::with(Backend::Sqlite, &settings).await.working();
    let user = door.user(WalletType::Evm).await;
    let fine = jpeg(&photo(300, 200, 10), 90);
    let heic = [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".as_slice(), SECRET].concat();
    let large = jpeg(&photo(1200, 900, 10), 90);
    let pdf = |len: usize| [b"%PDF-1.7\n".as_slice(), &vec![b' '; len]].concat();
    for (file, status, code, why) in [
        (&heic, 422, "invalid_fields", "(heic)"),
        (&fine[..fine.len() - 9].to_vec(), 422, "invalid_fields", "(damaged)"),
        (&large, 422, "invalid_fields", "(too_many_pixels)"),
        (&pdf(4_000_000), 413, "too_large", "(pdf_too_large)"),
    ] {
        let mut submission = kyc(user.id, inserter());
        submission["files"] = json!("fit");
        submission["evidence"]["subject"]["idDocumentFrontFile"] = json!({ "part": "front" });
        submission["evidence"]["subject"]["selfieFile"] = json!({ "part": "selfie" });
        let answer =
            submit(&door, &submission, &[("front", &fine), ("selfie", file)]).await.problem(status, code);
        assert_eq!(answer.pointers(), ["/evidence/subject/selfieFile"], "{why}");
        let detail = answer.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
        assert!(detail.ends_with(why) && !detail.contains("Xyzzy"), "{detail}");
    }
    // What is small enough, and no picture of this kind: taken as it is where nobody asks for more.
    let mut submission = kyc(user.id, inserter());
    submission["files"] = json!("Xyzzy");
    let answer = door.make("/v1/issuances", &submission).send().await.problem(422, "invalid_fields");
    assert_eq!(answer.pointers(), ["/files"]);
    assert!(!String::from_utf8_lossy(&answer.body).contains("Xyzzy"));
    door.close().await;
}
