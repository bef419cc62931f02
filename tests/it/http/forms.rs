//! Which image is which: by the names of the parts, whatever the files are called.

use idos_credential::base85;
use idos_issuer::model::ids::IssuanceId;
use idos_wallet::WalletType;
use serde_json::{Value, json};

use super::door::{Answer, Door, Form, inserter, kyc_in_parts};
use crate::support::service::Backend;
use crate::support::{User, example, owned};

const FAST: &str = "[http]\nrequests_per_second = 100000\nburst = 100000\n";
const PLAIN: &str = "multipart/form-data; boundary=x";
const SUBMISSION: &str =
    "Content-Disposition: form-data; name=\"submission\"\r\nContent-Type: application/json";

/// What is in the files: the start of a JPEG, and what they are told apart by.
const FILES: [&[u8]; 2] = [b"\xff\xd8\xff\xe0 the passport", b"\xff\xd8\xff\xe0 the selfie"];

/// What clients write before a file that is called `x"; name="selfie\é.jpg`, recorded from them; .NET after its source.
const CLIENTS: [(&str, &str); 9] = [
    (
        "curl",
        "Content-Disposition: form-data; name=\"passport\"; filename=\"x%22; name=%22selfie\\é.jpg\"\r\nContent-Type: image/jpeg",
    ),
    (
        "curl --form-escape",
        "Content-Disposition: form-data; name=\"passport\"; filename=\"x\\\"; name=\\\"selfie\\\\é.jpg\"\r\nContent-Type: image/jpeg",
    ),
    (
        "FormData of Node and of browsers",
        "Content-Disposition: form-data; name=\"passport\"; filename=\"x%22; name=%22selfie\\é%0D%0A.jpg\"\r\nContent-Type: application/octet-stream",
    ),
    (
        "Python requests",
        "Content-Disposition: form-data; name=\"passport\"; filename=\"x%22; name=%22selfie\\é.jpg\"\r\nContent-Type: image/jpeg",
    ),
    (
        "Python httpx",
        "Content-Disposition: form-data; name=\"passport\"; filename=\"x%22; name=%22selfie\\\\é.jpg\"\r\nContent-Type: image/jpeg",
    ),
    (
        "Python aiohttp",
        "Content-Type: image/jpeg\r\nContent-Disposition: form-data; name=\"passport\"; filename=\"x%22%3B%20name%3D%22selfie%5C%C3%A9.jpg\"",
    ),
    (
        "Go mime/multipart",
        "Content-Disposition: form-data; name=\"passport\"; filename=\"x\\\"; name=\\\"selfie\\\\é%0D%0A.jpg\"\r\nContent-Type: application/octet-stream",
    ),
    (
        ".NET MultipartFormDataContent",
        "Content-Type: image/jpeg\r\nContent-Disposition: form-data; name=passport; filename=\"=?utf-8?B?eCI7IG5hbWU9InNlbGZpZS5qcGc=?=\"; filename*=utf-8''x%22%3B%20name%3D%22selfie.jpg",
    ),
    (
        "Java MIME",
        "Content-Disposition: form-data; name=\"passport\"; filename=\"selfie.jpg\"\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: binary",
    ),
];

/// What nobody writes but who means harm, and what can be read in one way only.
const HARMFUL: [&str; 7] = [
    r#"Content-Disposition: form-data; filename="x; name=selfie"; name="passport""#,
    r#"Content-Disposition: form-data; filename="; name=selfie; x="; name="passport""#,
    r#"Content-Disposition: form-data; filename="x\"; name=\"selfie"; name=passport"#,
    r#"Content-Disposition: form-data; filename="\\"; name="passport""#,
    r#"Content-Disposition: form-data; filename="name=\"selfie\""; name="passport""#,
    r#"Content-Disposition: form-data; x="; name=selfie"; name="passport""#,
    "Content-Disposition: FORM-DATA ;\tNAME=\"passport\" ; filename=\" name=selfie\"",
];

/// A submission whose first file has these headers, and whose other one tries the same the other way round.
fn form(submission: &Value, passport: &str, files: [&[u8]; 2]) -> Vec<u8> {
    let selfie = r#"Content-Disposition: form-data; filename="x; name=passport"; name="selfie""#;
    let form = Form::new("x").with_head(SUBMISSION, submission.to_string());
    form.with_head(passport, files[0]).with_head(selfie, files[1]).end()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_names_of_files_decide_nothing() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    let submission = kyc_in_parts(crate::support::id(), inserter());
    let plain = r#"Content-Disposition: form-data; name="passport""#;
    let send = async |head: &str, files: [&[u8]; 2]| {
        let call = door.call("POST", "/v1/issuances").idempotent("the-same");
        call.body(PLAIN, form(&submission, head, files)).send().await
    };
    send(plain, FILES).await.expect(202);
    for head in CLIENTS.iter().map(|(_, head)| head).chain(&HARMFUL) {
        // What counts as the same content are the files by their names.
        let same = send(head, FILES).await.expect(202);
        assert_eq!(same.header("idempotency-replayed"), Some("true"), "{head}");
        let swapped = send(head, [FILES[1], FILES[0]]).await;
        swapped.problem(422, "idempotency_key_reused");
    }
    door.close().await;
}

on_both_databases! {
    async fn the_credential_has_the_images_in_their_places(backend) {
        let door = Door::open(backend).await;
        let [passport, selfie] = ["passport.jpg", "selfie.jpg"].map(|file| std::fs::read(example(file)).unwrap());
        assert_ne!(passport, selfie);
        let user = door.user(WalletType::Evm).await;
        for head in [HARMFUL[0], HARMFUL[2], CLIENTS[2].1, CLIENTS[6].1] {
            let submission = kyc_in_parts(user.id, inserter());
            let body = form(&submission, head, [&passport, &selfie]);
            let made = door.make("/v1/issuances", &json!({})).body(PLAIN, body).send().await.expect(202);
            let place = format!("{}?wait=30", made.header("location").unwrap());
            let issued = door.get(place).send().await.expect(200).json();
            assert_eq!(issued["state"], "issued", "{issued:#}");

            let text = opened(&door, &user, issued["id"].as_str().unwrap()).await;
            let subject = &text["credentialSubject"];
            let file = |name: &str| base85::decode(subject[name].as_str().unwrap()).unwrap();
            assert!(file("idDocumentFrontFile") == passport, "{head}");
            assert!(file("selfieFile") == selfie, "{head}");
        }
        door.close().await;
    }
}

/// The credential, as the user reads it.
async fn opened(door: &Door, user: &User, id: &str) -> Value {
    let id: IssuanceId = id.parse().unwrap();
    let record = door.app.store.issuance(&id).await.unwrap().unwrap();
    let client = door.app.idos().await.unwrap();
    let text = owned(client, user, record.ids.original).await.unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_read_in_two_ways_is_refused_with_the_part_and_the_reason() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    let submission = kyc_in_parts(crate::support::id(), inserter()).to_string();
    let send = async |media: &str, body: Vec<u8>| -> Answer {
        let answer = door.make("/v1/issuances", &json!({})).body(media, body).send().await;
        assert!(!String::from_utf8_lossy(&answer.body).contains("Xyzzy"), "{answer:?}");
        answer.problem(400, "invalid_request")
    };
    let detail = |answer: Answer| answer.json()["detail"].as_str().unwrap().to_owned();
    let passport = r#"Content-Disposition: form-data; name="passport"; filename="Xyzzy""#;
    let disposition = |rest: &str| format!("Content-Disposition: {rest}; filename=\"Xyzzy\"");
    let also = |line: &str| format!("{passport}\r\n{line}");
    for (head, reason) in [
        (String::new(), "has no Content-Disposition"),
        ("Content-Type: image/jpeg".to_owned(), "has no Content-Disposition"),
        (disposition("form-data"), "without a name"),
        (disposition(r#"attachment; name="Xyzzy""#), "not form-data"),
        (disposition(r#"form-data; name="passport"; name="Xyzzy""#), "parameter twice"),
        (disposition(r#"form-data; filename="a"; name="passport""#), "parameter twice"),
        (disposition("form-data; name*=UTF-8''Xyzzy"), "extended parameter"),
        (disposition(r#"form-data; name="passport"; name*=UTF-8''Xyzzy"#), "extended parameter"),
        (disposition(r#"form-data; name="pass\port""#), "no escapes"),
        (disposition(r#"form-data; name="Xyzzyé""#), "must have a name"),
        (disposition("form-data; name=Xyz zy"), "not held apart"),
        (disposition(r#"form-data name="Xyzzy""#), "not held apart"),
        (r#"Content-Disposition: form-data; name="passport"; filename="Xyzzy\""#.to_owned(), "does not end"),
        ("Content-Disposition: form-data;\r\n name=\"Xyzzy\"".to_owned(), "more than one line"),
        ("Content-Disposition: form-data; x=\"\n\"; name=Xyzzy".to_owned(), "control character"),
        (also(r#"Content-Disposition: form-data; name="selfie""#), "two Content-Disposition headers"),
        (also("Content-Type: image/jpeg\r\nContent-Type: image/png"), "two Content-Type headers"),
        (also("Content-Type: multipart/mixed; boundary=Xyzzy"), "parts of its own"),
        (also("Content-Type: Xyzzy"), "no media type"),
        (also("Content-Transfer-Encoding: base64"), "Content-Transfer-Encoding"),
        (also("Content-Transfer-Encoding: Quoted-Printable"), "Content-Transfer-Encoding"),
        (also("Content-Transfer-Encoding: Xyzzy"), "Content-Transfer-Encoding"),
        (also("Content-Encoding: gzip"), "Content-Encoding"),
        (also("Xyzzy"), "among its headers"),
    ] {
        let first = Form::new("x").with_head(SUBMISSION, &submission);
        let body = first.with_head(&head, "/9j/4A==").part("selfie", "image/jpeg", FILES[1]).end();
        let said = detail(send(PLAIN, body).await);
        assert!(said.starts_with("Part 2 ") && said.contains(reason), "{head}: {said}");
    }
    // The submission is held to the same.
    for (head, reason) in [
        (
            format!("{SUBMISSION}\r\nContent-Transfer-Encoding: base64"),
            "Part 1 has a Content-Transfer-Encoding",
        ),
        (format!("{SUBMISSION}\r\nContent-Type: application/json"), "Part 1 has two Content-Type"),
        (SUBMISSION.replace("application/json", "text/plain"), "must be application/json"),
        (SUBMISSION.replace("submission", "submi\\ssion"), "Part 1 must have a name"),
        (SUBMISSION.replace("; name", "; name=\"passport\"; name"), "Part 1 has a Content-Disposition"),
    ] {
        let files = Form::new("x").with_head(head, &submission).part("passport", "image/jpeg", FILES[0]);
        let said = detail(send(PLAIN, files.part("selfie", "image/jpeg", FILES[1]).end()).await);
        assert!(said.contains(reason), "{said}");
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_has_one_boundary() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    let submission = kyc_in_parts(crate::support::id(), inserter());
    let plain = r#"Content-Disposition: form-data; name="passport""#;
    let body = || form(&submission, plain, FILES);
    for media in ["multipart/form-data; boundary=\"x\"", "Multipart/Form-Data ;charset=utf-8; BOUNDARY=x;"] {
        door.make("/v1/issuances", &json!({})).body(media, body()).send().await.expect(202);
    }
    for media in [
        "multipart/form-data; boundary=x; boundary=y",
        "multipart/form-data; boundary=x; Boundary=x",
        "multipart/form-data; boundary=\"\\x\"",
        "multipart/form-data; boundary*=UTF-8''x",
        "multipart/form-data; boundary=\"x",
        "multipart/form-data; boundary=x y",
        "multipart/form-data; boundary=\"x \"",
        "multipart/form-data; boundary = x",
        "multipart/form-data; a=\"; boundary=x\"",
        &format!("multipart/form-data; boundary={}", "x".repeat(71)),
    ] {
        let call = door.make("/v1/issuances", &json!({})).body(media, body());
        call.send().await.problem(400, "invalid_request");
    }
    let call = door.make("/v1/issuances", &json!({})).body(PLAIN, body());
    let twice = call.another_header("Content-Type", "multipart/form-data; boundary=y");
    twice.send().await.problem(400, "invalid_request");

    // What stands before and after the parts is not looked at; a boundary begins a line.
    let around = [b"before --x\r\n", &*body(), b"--x\r\nafter"].concat();
    door.make("/v1/issuances", &json!({})).body(PLAIN, around).send().await.expect(202);
    for broken in [body().replace_all(b"--x\r\n", b"--xy\r\n"), body().replace_all(b"\r\n", b"\n")] {
        let call = door.make("/v1/issuances", &json!({})).body(PLAIN, broken);
        call.send().await.problem(400, "invalid_request");
    }
    door.close().await;
}

trait ReplaceAll {
    fn replace_all(self, from: &[u8], to: &[u8]) -> Vec<u8>;
}

impl ReplaceAll for Vec<u8> {
    fn replace_all(self, from: &[u8], to: &[u8]) -> Vec<u8> {
        let (mut replaced, mut rest) = (Vec::new(), self.as_slice());
        while let Some(at) = rest.windows(from.len()).position(|there| there == from) {
            replaced.extend_from_slice(&[&rest[..at], to].concat());
            rest = &rest[at + from.len()..];
        }
        [&replaced, rest].concat()
    }
}
