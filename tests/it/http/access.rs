//! Who may do what, and sees what.

use idos_issuer::flow::api_keys;
use idos_issuer::http::{Guard, ROUTES};
use idos_issuer::model::client::Scope;
use idos_wallet::WalletType;
use serde_json::json;

use super::door::{Door, inserter, kyc, new_profile};
use crate::support::User;

const AN_ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

on_both_databases! {
    async fn every_route_asks_for_its_scope_and_no_other(backend) {
        let door = Door::with(backend, "").await;
        for route in ROUTES {
            let prefix = match route.path {
                path if path.contains("profiles") => "prf_",
                path if path.contains("wallet-links") => "lnk_",
                path if path.contains("wallets") => "wal_",
                path if path.contains("verifications") => "ver_",
                path if path.contains("claims") => "clm_",
                path if path.contains("erasure-cases") => "era_",
                _ => "iss_",
            };
            let path = route.path.replace("{id}", &format!("{prefix}{AN_ID}")).replace("{token}", &"A".repeat(43));
            let path = path.replace("{file}", "claim.css");
            let scope = match route.guard {
                Guard::Scope(scope) => scope,
                Guard::Open => {
                    assert!(!path.starts_with("/v1"), "{path} is open");
                    let call = door.call(route.method, &path).without("Authorization");
                    let call = call.header("Sec-Fetch-Site", "same-origin");
                    let call = if route.method == "POST" {
                        call.body("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click")
                    } else {
                        call
                    };
                    // There is no such link, and people have no page of their own here; nobody asks who wants to know.
                    let is_of_a_link = path.contains("/AAAA") || path.starts_with("/kyc");
                    let is_own_page = path == "/me" || path.starts_with("/me/");
                    call.send().await.expect(if is_of_a_link || is_own_page { 404 } else { 200 });
                    continue;
                }
                // Of a relay, which is not enabled here.
                Guard::Consumer => {
                    door.call(route.method, &path).send().await.problem(404, "not_found");
                    continue;
                }
                // Of sources that are configured; there is none here, whatever key comes with it.
                Guard::Console | Guard::Staff(_) | Guard::StaffOfAll(_) => panic!("{path} is the console's"),
                Guard::Source => {
                    assert!(!path.starts_with("/v1"), "{path} takes no key");
                    let path = path.replace("{source}", "none");
                    door.call(route.method, path).send().await.problem(404, "not_found");
                    continue;
                }
            };
            let others: Vec<_> = Scope::ALL.iter().copied().filter(|other| *other != scope).collect();
            let key = door.key_of("others", &others).await;
            let refused = door.call(route.method, &path).key(&key).send().await.problem(403, "forbidden");
            assert!(refused.json()["detail"].as_str().unwrap().contains(scope.as_str()));
            let key = door.key_of("one", &[scope]).await;
            let answer = door.call(route.method, &path).key(&key).send().await;
            assert!(![401, 403, 405].contains(&answer.status) && answer.status < 500, "{path} {answer:?}");
        }
        door.close().await;
    }

    async fn whatever_is_wrong_with_a_key_the_answer_is_the_same(backend) {
        let door = Door::with(backend, "").await;
        let now = door.app.clock.now();
        let store = &door.app.store;
        let (revoked, revoked_text) = api_keys::create(store, "acme", Scope::ALL, None, now).await.unwrap();
        api_keys::revoke(store, &revoked.id, now).await.unwrap();
        let soon = Some(now.plus_millis(1));
        let (_, expired_text) = api_keys::create(store, "acme", Scope::ALL, soon, now).await.unwrap();
        let mut wrong = door.key.clone();
        let last = if wrong.pop() == Some('A') { 'B' } else { 'A' };
        wrong.push(last);
        let unknown = format!("idos_key_{AN_ID}_{}", "A".repeat(43));
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;

        let mut answers = Vec::new();
        for text in [&*revoked_text, &*expired_text, &wrong, &unknown, "", "idos_", "x y", "idos_key_%00", "\u{e9}"] {
            let answer = door.get("/v1/issuances").key(text).header("X-Request-Id", "same").send().await;
            answers.push(answer.problem(401, "unauthorized").json());
        }
        for header in ["", "Bearer", "Basic YTpi", &format!("Basic {}", door.key), &door.key] {
            let call = door.get("/v1/issuances").header("Authorization", header).header("X-Request-Id", "same");
            answers.push(call.send().await.problem(401, "unauthorized").json());
        }
        let call = door.get("/v1/issuances").without("Authorization").header("X-Request-Id", "same");
        answers.push(call.send().await.problem(401, "unauthorized").json());
        assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:#?}");
        door.get("/v1/issuances").header("Authorization", &format!("bearer {}", door.key)).send().await.expect(200);
        for route in idos_issuer::http::ROUTES.iter().filter(|route| matches!(route.guard, Guard::Scope(_))) {
            let path = route.path.replace("{id}", "iss_01ARZ3NDEKTSV4RRFFQ69G5FAV");
            let twice = door.call(route.method, path).another_header("Authorization", "Bearer Xyzzy").send().await;
            let twice = twice.problem(400, "invalid_request");
            assert_eq!(twice.json()["errors"][0]["header"], "Authorization");
            assert!(!String::from_utf8_lossy(&twice.body).contains("Xyzzy"));
        }
        door.close().await;
    }

    async fn nobody_sees_what_another_client_made(backend) {
        let door = Door::open(backend).await;
        let user = User::with(WalletType::Evm);
        let mut submission = kyc(user.id, inserter());
        submission["contact"] = json!({ "email": "ana@example.com" });
        let made = door.make("/v1/issuances", &submission).send().await.expect(202);
        let place = made.header("location").unwrap().to_owned();
        let profile = door.make("/v1/profiles", &new_profile(&user)).send().await.expect(202);
        let profile = profile.header("location").unwrap().to_owned();
        door.get(format!("{place}?wait=30")).send().await.expect(200);
        let event = door.get("/v1/events").send().await.expect(200).json()["items"][0]["id"].clone();
        let event = event.as_str().unwrap().to_owned();

        let other = door.key_of("other", Scope::ALL).await;
        for (method, path) in [
            ("GET", place.clone()),
            ("DELETE", place.clone()),
            ("POST", format!("{place}/resume")),
            ("POST", format!("{place}/revoke")),
            ("GET", format!("{place}/audit")),
            ("GET", profile),
            ("POST", format!("/v1/events/{event}/replay")),
        ] {
            door.call(method, &path).key(&other).send().await.problem(404, "not_found");
        }
        for path in ["/v1/issuances", "/v1/events"] {
            let list = door.get(path).key(&other).send().await.expect(200).json();
            assert_eq!(list, json!({ "items": [] }));
        }
        let found = door.post("/v1/contacts/lookup", &json!({ "email": "ana@example.com" })).key(&other).send().await;
        assert_eq!(found.expect(200).json(), json!({ "issuances": [] }));
        let second = door.key_of("acme", &[Scope::IssuancesRead]).await;
        door.get(&place).key(&second).send().await.expect(200);
        door.close().await;
    }
}
