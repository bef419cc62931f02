//! The same request again is not another one.

use idos_issuer::model::client::Scope;
use idos_wallet::WalletType;
use serde_json::json;

use super::door::{Door, Form, inserter, jpeg, kyc, kyc_in_parts, new_profile};
use crate::support::User;

on_both_databases! {
    async fn the_same_again_gives_the_same_and_other_content_does_not(backend) {
        let door = Door::with(backend, "").await;
        let user = User::with(WalletType::Evm);
        let submission = kyc(user.id, inserter());
        let first = door.post("/v1/issuances", &submission).idempotent("a").send().await.expect(202);
        let again = door.post("/v1/issuances", &submission).idempotent("a").send().await.expect(202);
        assert_eq!(first.json(), again.json());
        assert_eq!(first.header("location"), again.header("location"));
        assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));

        let mut other = submission.clone();
        other["reference"] = json!("other");
        door.post("/v1/issuances", &other).idempotent("a").send().await.problem(422, "idempotency_key_reused");
        let profile = new_profile(&user);
        door.post("/v1/profiles", &profile).idempotent("a").send().await.problem(422, "idempotency_key_reused");
        door.post("/v1/profiles", &profile).idempotent("b").send().await.expect(202);
        let again = door.post("/v1/profiles", &profile).idempotent("b").send().await.expect(202);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));

        let next = door.post("/v1/issuances", &submission).idempotent("c").send().await.expect(202);
        assert_ne!(next.json()["id"], first.json()["id"]);
        let stranger = door.key_of("stranger", Scope::ALL).await;
        let theirs = door.post("/v1/issuances", &submission).key(&stranger).idempotent("a").send().await.expect(202);
        assert_ne!(theirs.json()["id"], first.json()["id"], "keys belong to their client");
        door.close().await;
    }

    async fn many_at_once_make_one(backend) {
        let door = Door::with(backend, "").await;
        let user = User::with(WalletType::Evm);
        let submission = kyc(user.id, inserter());
        let calls = (0..12).map(|_| door.post("/v1/issuances", &submission).idempotent("at-once").send());
        let answers = futures_util::future::join_all(calls).await;
        let ids: std::collections::BTreeSet<_> =
            answers.iter().map(|answer| answer.clone().expect(202).json()["id"].to_string()).collect();
        assert_eq!(ids.len(), 1);
        let first = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).count();
        assert_eq!(first, 1);
        let list = door.get("/v1/issuances").send().await.expect(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        door.close().await;
    }

    async fn a_form_is_known_by_what_is_in_it(backend) {
        let door = Door::with(backend, "").await;
        let user = User::with(WalletType::Evm);
        let submission = kyc_in_parts(user.id, inserter()).to_string();
        let json = "application/json";
        let send = async |form: Form, key: &str| {
            let media = form.media();
            door.call("POST", "/v1/issuances").idempotent(key).body(&media, form.end()).send().await
        };
        let form = |boundary| Form::new(boundary).part("submission", json, &submission);
        let first = send(form("a").part("passport", "image/jpeg", jpeg("1")).part("selfie", "image/jpeg", jpeg("2")), "k").await;
        let again = send(form("b").part("selfie", "image/png", jpeg("2")).part("passport", "text/plain", jpeg("1")), "k").await;
        assert_eq!(first.expect(202).json()["id"], again.clone().expect(202).json()["id"]);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let swapped = form("a").part("passport", "image/jpeg", jpeg("2")).part("selfie", "image/jpeg", jpeg("1"));
        send(swapped, "k").await.problem(422, "idempotency_key_reused");
        door.close().await;
    }

    async fn a_key_must_be_there_and_be_one(backend) {
        let door = Door::with(backend, "").await;
        let user = User::with(WalletType::Evm);
        for (path, body) in [("/v1/issuances", kyc(user.id, inserter())), ("/v1/profiles", new_profile(&user))] {
            let missing = door.post(path, &body).send().await.problem(400, "idempotency_key_missing");
            assert_eq!(missing.json()["errors"][0]["header"], "Idempotency-Key");
            for key in ["", "a b", "\u{e9}", &"x".repeat(256)] {
                door.post(path, &body).idempotent(key).send().await.problem(400, "invalid_request");
            }
            let twice = door.post(path, &body).idempotent("a").another_header("Idempotency-Key", "b");
            twice.send().await.problem(400, "invalid_request");
            door.post(path, &body).idempotent(&format!("{path}{}", "~".repeat(255 - path.len()))).send().await.expect(202);
        }
        door.close().await;
    }
}
