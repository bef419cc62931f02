//! Bodies that nobody sends by mistake. None is answered 5xx, none is repeated.

use idos_wallet::WalletType;
use serde_json::{Value, json};

use super::door::{Answer, Door, Form, inserter, jpeg, kyc, kyc_in_parts, new_profile, owner};
use crate::support::User;
use crate::support::service::Backend;

const FAST: &str = "[http]\nrequests_per_second = 100000\nburst = 100000\n";

#[tokio::test(flavor = "multi_thread")]
async fn json_that_is_none_or_is_too_much() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let wide = format!("{{{}}}", (0..5000).map(|n| format!("\"m{n}\":1")).collect::<Vec<_>>().join(","));
    let bodies: [&[u8]; 12] = [
        b" ",
        b"Xyzzy",
        b"{\"userId\":\"Xyzzy\"",
        b"{\"userId\":1,\"userId\":2}",
        b"{\"userId\":1,\"user\\u0049d\":2}",
        b"\xff\xfe",
        b"\"\xed\xa0\x80\"",
        b"{} {}",
        deep.as_bytes(),
        wide.as_bytes(),
        b"{\"$serde_json::private::RawValue\":\"1\"}",
        b"\xef\xbb\xbf{}",
    ];
    for path in
        ["/v1/issuances", "/v1/profiles", "/v1/profiles/lookup", "/v1/write-grants", "/v1/contacts/lookup"]
    {
        for body in bodies {
            let answer = door.make(path, &json!({})).body("application/json", body).send().await;
            let answer = answer.problem(400, "invalid_request");
            assert!(!String::from_utf8_lossy(&answer.body).contains("Xyzzy"));
        }
        for body in ["null", "[]", "\"Xyzzy\"", "1e999", "-0", "123456789012345678901234567890", "true"] {
            // A number that fits no float is not JSON to everybody.
            let answer = door.make(path, &json!({})).body("application/json", body).send().await;
            assert!([400, 422].contains(&answer.status), "{body} {answer:?}");
        }
    }
    door.close().await;
}

/// Every place of a value.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    if let Value::Object(members) = value {
        for (name, value) in members {
            places(value, &format!("{at}/{name}"), found);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_types_everywhere_are_pointed_at() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    let user = User::with(WalletType::Near);
    let offer =
        door.post("/v1/write-grants", &json!({ "owner": owner(&user) })).send().await.expect(200).json();
    let signature = user.wallet.sign_message(offer["message"].as_str().unwrap(), [7; 32]);
    let grant = json!({ "grant": offer["grant"], "owner": owner(&user), "signature": signature });
    let mut submission = kyc(user.id, json!({ "by": "write_grant", "writeGrant": grant }));
    submission["contact"] = json!({ "email": "a@b.example", "locale": "en" });
    submission["evidence"]["subject"]["residentialAddress"] = json!({
        "street": "a", "city": "b", "country": "PT", "proofCategory": "c", "proofFile": { "base64": "/9j/4A==" }
    });
    for (path, body) in [
        ("/v1/issuances", submission),
        ("/v1/profiles", new_profile(&user)),
        (
            "/v1/write-grants",
            json!({ "owner": owner(&user), "validForSeconds": 300, "lockedUntil": "2030-01-01T00:00:00Z" }),
        ),
        ("/v1/write-grants/check", grant),
        ("/v1/contacts/lookup", json!({ "email": "a@b.example" })),
        ("/v1/profiles/lookup", json!({ "userId": user.id })),
    ] {
        let mut all = Vec::new();
        places(&body, "", &mut all);
        for place in all {
            for value in
                [json!(null), json!(7), json!(true), json!([]), json!(["Xyzzy"]), json!({ "Xyzzy": 1 })]
            {
                if place == "/validForSeconds" && value == 7 {
                    continue; // a number, if too small a one
                }
                let mut wrong = body.clone();
                *wrong.pointer_mut(&place).unwrap() = value.clone();
                let answer = door.make(path, &wrong).send().await;
                let answer = answer.problem(422, "invalid_fields");
                assert!(!String::from_utf8_lossy(&answer.body).contains("Xyzzy"));
                let pointers = answer.pointers();
                let near = pointers
                    .iter()
                    .any(|there| there.starts_with(&place) || place.starts_with(there.as_str()));
                assert!(near, "{path}{place} = {value}: {pointers:?}");
            }
        }
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_types_of_bodies_are_not_read() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    let user = User::with(WalletType::Evm);
    let body = kyc(user.id, inserter()).to_string();
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "",
        "json",
        "multipart/mixed; boundary=x",
    ] {
        let call = door.make("/v1/issuances", &json!({})).body(media, body.clone());
        call.send().await.problem(415, "unsupported_media_type");
    }
    door.make("/v1/issuances", &json!({}))
        .without("Content-Type")
        .send()
        .await
        .problem(415, "unsupported_media_type");
    for encoding in ["gzip", "br", "identity, gzip", "Xyzzy"] {
        let call = door.make("/v1/issuances", &json!({})).header("Content-Encoding", encoding);
        call.send().await.problem(415, "unsupported_media_type");
    }
    let form = Form::new("x").media();
    door.make("/v1/profiles", &json!({}))
        .body(&form, "x")
        .send()
        .await
        .problem(415, "unsupported_media_type");
    let call = door.make("/v1/issuances", &json!({})).body("Application/JSON; charset=utf-8", body);
    call.header("Content-Encoding", "identity").send().await.expect(202);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_that_are_none() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    let user = User::with(WalletType::Evm);
    let submission = kyc_in_parts(user.id, inserter()).to_string();
    let json = "application/json";
    let first = || Form::new("x").part("submission", json, &submission);
    let both = || first().part("passport", "image/jpeg", jpeg("1")).part("selfie", "image/jpeg", jpeg("2"));
    let send = async |media: &str, body: Vec<u8>| {
        let answer = door.make("/v1/issuances", &json!({})).body(media, body).send().await;
        assert!(!String::from_utf8_lossy(&answer.body).contains("Xyzzy"), "{answer:?}");
        answer
    };
    let media = "multipart/form-data; boundary=x";
    let bad: Vec<(&str, Vec<u8>)> = vec![
        ("multipart/form-data", both().end()),
        ("multipart/form-data; boundary=", both().end()),
        ("multipart/form-data; boundary=y", both().end()),
        (media, both().cut()),
        (media, first().cut()[..60].to_vec()),
        (media, b"--x--\r\n".to_vec()),
        (media, b"Xyzzy".to_vec()),
        (media, Form::new("x").part("passport", "image/jpeg", jpeg("1")).end()),
        (media, Form::new("x").part("submission", "text/plain", &submission).end()),
        (media, Form::new("x").part("submission", json, "{\"Xyzzy\"").end()),
        (media, both().part("submission", json, &submission).end()),
        (media, both().part("selfie", "image/jpeg", jpeg("3")).end()),
        (media, both().part("", "image/jpeg", "3").end()),
        (media, both().part("a b", "image/jpeg", "3").end()),
        (media, both().part(&"n".repeat(129), "image/jpeg", "3").end()),
        (media, (0..8).fold(both(), |form, n| form.part(&format!("Xyzzy{n}"), "image/jpeg", "3")).end()),
    ];
    for (n, (media, body)) in bad.into_iter().enumerate() {
        let answer = send(media, body).await;
        assert_eq!(answer.status, 400, "case {n}: {answer:?}");
    }

    let missing = send(media, first().part("passport", "image/jpeg", jpeg("1")).end())
        .await
        .problem(422, "invalid_fields");
    assert_eq!(missing.pointers(), ["/evidence/subject/selfieFile"]);
    let surplus =
        send(media, both().part("Xyzzy", "image/jpeg", "3").end()).await.problem(422, "invalid_fields");
    assert_eq!(surplus.pointers(), ["/evidence/subject"]);
    assert_eq!(surplus.json()["errors"][0]["detail"], "does not refer to part 4");
    send(media, both().end()).await.expect(202);
    let other_order =
        Form::new("x").part("selfie", "image/jpeg", jpeg("2")).part("passport", "image/jpeg", jpeg("1"));
    send(media, other_order.part("submission", json, &submission).end()).await.expect(202);

    // One file for two members, and one of the files inside the JSON.
    let mut mixed = kyc_in_parts(user.id, inserter());
    let subject = &mut mixed["evidence"]["subject"];
    subject["idDocumentBackFile"] = json!({ "part": "passport" });
    subject["selfieFile"] = json!({ "base64": "/9j/4A==" });
    let form =
        Form::new("x").part("submission", json, mixed.to_string()).part("passport", "image/jpeg", jpeg("1"));
    send(media, form.end()).await.expect(202);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_requests_are_not_5xx() {
    let door = Door::with(Backend::Sqlite, FAST).await;
    for bytes in [
        &b"\x16\x03\x01\x00\x05hello\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET /livez HTTP/9.9\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nX: \x01\r\n\r\n",
        b"POST /v1/issuances HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /v1/issuances HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ] {
        let answer = door.raw(bytes).await;
        assert!(
            answer.is_empty() || Answer::parse(&answer).status == 400,
            "{}",
            String::from_utf8_lossy(&answer)
        );
    }
    let long = format!("GET /livez HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let answer = door.raw(long.as_bytes()).await;
    assert!(answer.is_empty() || Answer::parse(&answer).status == 431);

    // Cut off in the middle of a body.
    let call = door.make("/v1/issuances", &json!({ "a": 1 })).header("Content-Length", "500");
    let mut stream = tokio::net::TcpStream::connect(door.address).await.unwrap();
    let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, &call.bytes()).await;
    drop(stream);
    door.get("/livez").send().await.expect(200);
    door.close().await;
}
