//! What a consumer would not believe is refused before anything is signed: as JSON, and as multipart.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::door::{Door, Form, inserter, kyc, kyc_in_parts};
use crate::support::service::Backend;
use crate::support::{User, id};

/// A member of the evidence, what it is given, and what is said of it.
fn refused() -> Vec<(&'static str, Value, &'static str)> {
    let mut table = Vec::new();
    for member in [
        "/subject/dateOfBirth",
        "/subject/idDocumentDateOfIssue",
        "/subject/idDocumentDateOfExpiry",
        "/subject/residentialAddress/proofDateOfIssue",
    ] {
        for date in [
            "2000-01-01T00:00:00+02:00",
            "2000-01-01T13:00:00Z",
            "1998-12-31T23:59:60Z",
            "+010000-01-01T00:00:00Z",
        ] {
            table.push((member, json!(date), "must be a calendar date"));
        }
    }
    table.extend([
        ("/subject/dateOfBirth", json!("2199-01-01"), "is after approvedAt"),
        ("/subject/dateOfBirth", json!("1825-01-01"), "is more than 130 years before approvedAt"),
        ("/subject/idDocumentDateOfIssue", json!("2026-02-01"), "is after approvedAt"),
        ("/subject/idDocumentDateOfExpiry", json!("1989-01-01"), "is before dateOfBirth"),
        ("/expiresAt", json!("+010000-01-01T00:00:00Z"), "of the years 1 to 9999"),
        ("/expiresAt", json!("2032-12-31T23:59:60Z"), "must be a date"),
        ("/approvedAt", json!("2016-12-31T23:59:60Z"), "must be a date"),
    ]);
    for member in
        ["/subject/firstName", "/subject/familyName", "/subject/middleName", "/subject/idDocumentNumber"]
    {
        for blank in ["", "  ", "\u{a0}", "\u{200b}"] {
            table.push((member, json!(blank), "must not be blank"));
        }
    }
    for member in ["/subject/residentialAddress/street", "/subject/residentialAddress/city"] {
        table.push((member, json!("\t"), "must not be blank"));
    }
    for member in
        ["/subject/nationality", "/subject/idDocumentCountry", "/subject/residentialAddress/country"]
    {
        for (code, phrase) in [
            ("UK", "GB"),
            ("EL", "GR"),
            ("PRT", "alpha-3"),
            ("pt", "upper case"),
            ("D<", "assigned"),
            ("ZZ", "assigned"),
        ] {
            table.push((member, json!(code), phrase));
        }
    }
    table.extend([
        ("/subject/phoneNumber", json!("n/a"), "E.164"),
        ("/subject/ssn", json!("000000000"), "nine digits"),
        ("/subject/email", json!("ana@xn--h1alffa9f.xn--p1ai"), "leave it out"),
        ("/subject/email", json!("a&b@example.com"), "leave it out"),
        ("/subject/email", json!("jürgen@example.com"), "leave it out"),
        ("/subject/firstName", json!("A\u{0}na"), "control characters"),
    ]);
    for member in [
        "/subject/idDocumentFrontFile",
        "/subject/idDocumentBackFile",
        "/subject/selfieFile",
        "/subject/residentialAddress/proofFile",
    ] {
        table.push((member, file(b""), "is an empty file"));
        for content in [b"undefined".as_slice(), b"<html><body>404</body></html>", b"GIF89a"] {
            table.push((member, file(content), "must be a JPEG, PNG, WebP, HEIC or PDF file"));
        }
    }
    table
}

fn file(content: &[u8]) -> Value {
    json!({ "base64": STANDARD.encode(content) })
}

fn with_address(mut submission: Value) -> Value {
    submission["evidence"]["subject"]["residentialAddress"] = json!({
        "street": "Rua do Exemplo", "city": "Lisboa", "country": "PT", "proofCategory": "UTILITY_BILL",
        "proofFile": file(b"%PDF-1.7")
    });
    submission
}

fn set(submission: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    submission["evidence"].pointer_mut(parent).unwrap()[name] = value;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_would_believe_is_refused_in_json_and_in_multipart() {
    let door = Door::with(Backend::Sqlite, "[http]\nburst = 10000\n").await;
    let user = User::with(idos_wallet::WalletType::Evm);
    for (pointer, value, phrase) in refused() {
        let mut whole = with_address(kyc(user.id, inserter()));
        set(&mut whole, pointer, value.clone());
        let json = door.make("/v1/issuances", &whole).send().await.problem(422, "invalid_fields");

        let mut parts = with_address(kyc_in_parts(user.id, inserter()));
        let odd = value["base64"].as_str().map(|text| STANDARD.decode(text).unwrap());
        set(&mut parts, pointer, if odd.is_some() { json!({ "part": "odd" }) } else { value.clone() });
        let text = parts.to_string();
        let jpeg = b"\xff\xd8\xff\xe0".to_vec();
        let form = [("passport", &jpeg), ("selfie", &jpeg), ("odd", odd.as_ref().unwrap_or(&jpeg))]
            .into_iter()
            .filter(|(name, _)| text.contains(&format!("{{\"part\":\"{name}\"}}")))
            .fold(Form::new("XyZ"), |form, (name, content)| form.part(name, "image/jpeg", content))
            .part("submission", "application/json", &text);
        let media = form.media();
        let call = door.call("POST", "/v1/issuances").body(&media, form.end()).idempotent(&id().to_string());
        let multipart = call.send().await.problem(422, "invalid_fields");

        for answer in [json, multipart] {
            let pointers = answer.pointers();
            assert_eq!(pointers, [format!("/evidence{pointer}")], "{value}: {answer:?}");
            let detail = answer.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains(phrase), "{pointer} = {value}: {detail}");
        }
    }
    let list = door.get("/v1/issuances").send().await.expect(200).json();
    assert_eq!(list["items"], json!([]), "{list}");
    door.close().await;
}
