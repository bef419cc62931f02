//! Requests to erase, as cases: who is meant, who shows it, who decides, and by when.

use std::collections::BTreeSet;
use std::sync::Arc;

use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::sweep;
use idos_issuer::mail::{Mailer, Sent};
use idos_issuer::model::client::Scope;
use idos_wallet::WalletType;
use serde_json::{Value, json};

use super::claims::{Page, SETTINGS as CLAIMS};
use super::door::{Answer, Door, inserter, kyc, owner};
use super::verifications::{open as open_verification, sumsub};
use crate::support::User;
use crate::support::service::{Backend, Stage, audit_holds};

const DAY: i64 = 86_400_000;
const BY_CLIENT: &str = "[erasure]\nidentity = \"by_client\"\n";

/// A service whose clock stands, at this moment.
async fn at(backend: Backend, settings: &str, now: &str) -> Door {
    let mut stage = Stage::new(backend).await;
    stage.clock = Clock::fixed(now.parse().unwrap());
    settings.clone_into(&mut stage.settings);
    Door::on(stage).await
}

async fn open(door: &Door, user: Value) -> Value {
    door.make("/v1/erasure-cases", &json!({ "user": user })).send().await.expect(201).json()
}

/// The same, where the client vouches for who it is.
async fn vouched(door: &Door, user: Value) -> Value {
    let body = json!({ "user": user, "identity": { "checkedBy": "client" } });
    door.make("/v1/erasure-cases", &body).send().await.expect(201).json()
}

async fn step(door: &Door, case: &Value, step: &str, body: &Value) -> Answer {
    door.post(format!("/v1/erasure-cases/{}/{step}", case["id"].as_str().unwrap()), body).send().await
}

async fn show(door: &Door, case: &Value) -> Value {
    door.get(format!("/v1/erasure-cases/{}", case["id"].as_str().unwrap())).send().await.expect(200).json()
}

fn ids(case: &Value) -> BTreeSet<String> {
    case["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["id"].as_str().unwrap().to_owned())
        .collect()
}

/// An issuance for a user, with this contact and reference.
async fn issuance(door: &Door, user: &User, email: &str, reference: &str) -> String {
    let mut submission = kyc(user.id, inserter());
    submission["contact"] = json!({ "email": email });
    submission["reference"] = json!(reference);
    let made = door.make("/v1/issuances", &submission).send().await.expect(202).json();
    made["id"].as_str().unwrap().to_owned()
}

/// Signs what a case has a wallet sign.
async fn signed(door: &Door, case: &Value, user: &User) -> Value {
    let text =
        step(door, case, "identity/challenge", &json!({ "wallet": owner(user) })).await.expect(200).json();
    let signature = user.wallet.sign_message(text["message"].as_str().unwrap(), [3; 32]);
    json!({ "wallet": owner(user), "nonce": text["nonce"], "signature": signature })
}

/// What was told of a case, oldest first.
async fn told(door: &Door, case: &Value) -> Vec<String> {
    let events = door.get("/v1/events?limit=200").send().await.expect(200).json();
    let of_case = |event: &&Value| event["data"]["caseId"] == case["id"];
    let mut told: Vec<_> = events["items"].as_array().unwrap().iter().filter(of_case).cloned().collect();
    told.reverse();
    told.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

/// What was written down of a case.
async fn acts(door: &Door, case: &Value) -> Vec<(String, String)> {
    let trail = door.app.store.audit_of(case["id"].as_str().unwrap()).await.unwrap();
    trail.into_iter().map(|entry| (entry.act, entry.detail)).collect()
}

on_both_databases! {
    async fn all_records_of_a_person_are_found_by_whatever_they_are_known_by(backend) {
        let door = Door::with(backend, CLAIMS).await.working();
        let (user, other) = (door.user(WalletType::Evm).await, door.user(WalletType::Evm).await);
        let mut wanted = BTreeSet::new();
        wanted.insert(issuance(&door, &user, "ana@example.com", "case-1").await);
        // Known by another address, and by no reference of the same.
        wanted.insert(issuance(&door, &user, "ana.exemplo@example.org", "case-2").await);
        let theirs = issuance(&door, &other, "rui@example.com", "case-3").await;
        let attribute = json!({ "userId": user.id, "key": "tier", "value": "gold", "sensitive": "none" });
        let made = door.make("/v1/attributes", &attribute).send().await.expect(202).json();
        wanted.insert(made["id"].as_str().unwrap().to_owned());
        // A proven wallet: the link, and the record that writes it.
        let wallet = User::with(WalletType::Xrpl);
        let link = json!({ "userId": user.id, "wallet": owner(&wallet), "reference": "case-4" });
        let link = door.make("/v1/wallet-links", &link).send().await.expect(201).json();
        let signature = wallet.wallet.sign_message(link["challenge"]["message"].as_str().unwrap(), [3; 32]);
        let proven = door
            .post(format!("/v1/wallet-links/{}/proof", link["id"].as_str().unwrap()), &json!({ "signature": signature }))
            .send()
            .await
            .expect(200)
            .json();
        wanted.extend([&proven["id"], &proven["walletId"]].map(|id| id.as_str().unwrap().to_owned()));
        // A claim that the person has followed.
        let page = Page::make(&door, &json!({ "delivery": "write_grant", "reference": "case-5" })).await;
        page.identify(&user).await.expect(200);
        wanted.insert(page.id.clone());
        // The profile that was created.
        let profiles = open(&door, json!({ "userId": user.id })).await;
        let profile = ids(&profiles).into_iter().find(|id| id.starts_with("prf_")).unwrap();
        wanted.insert(profile);

        let mut known_by = vec![json!({ "userId": user.id }), json!({ "email": "ANA@example.com." })];
        known_by.extend((1..=5).filter(|number| *number != 3).map(|number| json!({ "reference": format!("case-{number}") })));
        // Claims have a hash of the wallet that has signed in.
        known_by.push(json!({ "wallet": owner(&user) }));
        for whose in known_by {
            let answer = door.make("/v1/erasure-cases", &json!({ "user": whose })).send().await.expect(201);
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(!text.contains("example.") && !text.contains(&user.wallet.address()), "{text}");
            let case = answer.json();
            assert_eq!(ids(&case), wanted, "{whose}");
            assert_eq!((&case["state"], &case["recordCount"]), (&json!("awaiting_identity"), &json!(wanted.len())));
            assert_eq!(case["candidates"], Value::Null);
            assert_eq!(answer.header("location").unwrap(), format!("/v1/erasure-cases/{}", case["id"].as_str().unwrap()));
        }
        assert!(!wanted.contains(&theirs));

        // Another client has nothing of them, and does not see the case; its request is to be answered all the same.
        let key = door.key_of("other", Scope::ALL).await;
        let body = json!({ "user": { "userId": user.id } });
        let nothing = door.make("/v1/erasure-cases", &body).key(&key).send().await.expect(201).json();
        assert_eq!((ids(&nothing).len(), &nothing["recordCount"]), (0, &json!(0)));
        let list = door.get("/v1/erasure-cases").key(&key).send().await.expect(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        let place = format!("/v1/erasure-cases/{}", profiles["id"].as_str().unwrap());
        door.get(&place).key(&key).send().await.problem(404, "not_found");
        for step in ["decide", "approve", "withdraw"] {
            door.post(format!("{place}/{step}"), &json!({})).key(&key).send().await.problem(404, "not_found");
        }
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn nobody_is_taken_for_somebody_else(backend) {
        let door = Door::with(backend, BY_CLIENT).await;
        // Nothing is delivered here: an issuance for a user whom no node knows waits.
        let (ana, rui) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
        let of_ana = issuance(&door, &ana, "family@example.com", "a").await;
        let of_rui = issuance(&door, &rui, "family@example.com", "b").await;
        let case = vouched(&door, json!({ "email": "family@example.com" })).await;
        assert_eq!(case["state"], "awaiting_decision");
        let candidates: BTreeSet<_> = case["candidates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["userId"].as_str().unwrap().to_owned(), one["records"].clone().to_string()))
            .collect();
        let expected = [(&ana, &of_ana), (&rui, &of_rui)].map(|(user, id)| (user.id.to_string(), json!([id]).to_string()));
        assert_eq!(candidates, BTreeSet::from(expected));

        for body in [json!({}), json!({ "users": [] }), json!({ "users": [], "records": [] })] {
            step(&door, &case, "decide", &body).await.problem(409, "state_conflict");
        }
        for (body, pointer) in [
            (json!({ "users": [User::with(WalletType::Evm).id] }), "/users"),
            (json!({ "records": [of_ana] }), "/records"),
            (json!({ "users": ["Xyzzy"] }), "/users/0"),
            (json!({ "records": ["iss_Xyzzy"] }), "/records/0"),
            (json!({ "users": "Xyzzy" }), "/users"),
            (json!({ "stranger": 1 }), ""),
        ] {
            let refused = step(&door, &case, "decide", &body).await.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), [pointer], "{body}");
            assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"));
        }
        let decided = step(&door, &case, "decide", &json!({ "users": [ana.id] })).await.expect(200).json();
        assert_eq!((&decided["state"], ids(&decided)), (&json!("carrying_out"), BTreeSet::from([of_ana])));
        assert_eq!(decided["candidates"], Value::Null);
        step(&door, &case, "decide", &json!({ "users": [rui.id] })).await.problem(409, "state_conflict");
        step(&door, &case, "withdraw", &json!({})).await.problem(409, "state_conflict");
        door.close().await;
    }

    async fn what_names_nobody_is_somebodys_to_decide_about(backend) {
        let (door, _vendor, _folder) = sumsub(backend, BY_CLIENT).await;
        let user = User::with(WalletType::Evm);
        let opened = open_verification(&door, None, inserter()).await;
        let unowned = opened["id"].as_str().unwrap().to_owned();
        // Alone, it is what is meant.
        let alone = vouched(&door, json!({ "email": "erika@example.com" })).await;
        assert_eq!((ids(&alone), &alone["candidates"]), (BTreeSet::from([unowned.clone()]), &Value::Null));
        // Beside somebody's, it may be anybody's.
        let theirs = issuance(&door, &user, "erika@example.com", "a").await;
        let case = vouched(&door, json!({ "email": "erika@example.com" })).await;
        assert_eq!(ids(&case), BTreeSet::from([unowned.clone(), theirs.clone()]));
        step(&door, &case, "decide", &json!({})).await.problem(409, "state_conflict");
        let both = json!({ "users": [user.id], "records": [unowned] });
        let decided = step(&door, &case, "decide", &both).await.expect(200).json();
        assert_eq!(ids(&decided), BTreeSet::from([unowned, theirs]));
        door.close().await;
    }

    async fn a_wallet_shows_who_asks(backend) {
        let door = Door::open(backend).await;
        let (user, other) = (door.user(WalletType::Evm).await, door.user(WalletType::Evm).await);
        let theirs = issuance(&door, &user, "ana@example.com", "a").await;
        let case = open(&door, json!({ "email": "ana@example.com" })).await;
        step(&door, &case, "decide", &json!({})).await.problem(409, "state_conflict");
        // The client's word is not taken here.
        let refused = step(&door, &case, "identity", &json!({ "checkedBy": "client" })).await;
        assert_eq!(refused.problem(422, "invalid_fields").pointers(), ["/checkedBy"]);
        let body = json!({ "user": { "email": "ana@example.com" }, "identity": { "checkedBy": "client" } });
        let refused = door.make("/v1/erasure-cases", &body).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/identity/checkedBy"]);

        // Somebody else's wallet, another case's text, another wallet's, and none that was signed.
        let strange = signed(&door, &case, &other).await;
        step(&door, &case, "identity/wallet", &strange).await.problem(409, "wrong_wallet");
        let another = open(&door, json!({ "email": "ana@example.com" })).await;
        let elsewhere = signed(&door, &another, &user).await;
        let refused = step(&door, &case, "identity/wallet", &elsewhere).await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/nonce"]);
        let mut right = signed(&door, &case, &user).await;
        let mut wrong = right.clone();
        wrong["wallet"] = owner(&other);
        let refused = step(&door, &case, "identity/wallet", &wrong).await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/nonce"]);
        wrong = right.clone();
        wrong["signature"] = json!(user.wallet.sign_message("another text", [3; 32]));
        let refused = step(&door, &case, "identity/wallet", &wrong).await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/signature"]);
        assert_eq!(show(&door, &case).await["state"], "awaiting_identity");

        let known = step(&door, &case, "identity/wallet", &right).await.expect(200).json();
        assert_eq!((&known["state"], &known["identity"]["by"]), (&json!("awaiting_decision"), &json!("wallet")));
        assert!(ids(&known).contains(&theirs));
        right = signed(&door, &another, &user).await;
        step(&door, &case, "identity/wallet", &right).await.problem(409, "state_conflict");
        assert_eq!(told(&door, &case).await, ["erasure_case.identified"]);
        let refused = step(&door, &case, "refuse", &json!({ "grounds": "not_identified" })).await;
        refused.problem(409, "state_conflict");
        let decided = step(&door, &case, "decide", &json!({})).await.expect(200).json();
        assert_eq!(decided["state"], "carrying_out");
        let written: Vec<_> = acts(&door, &case).await.into_iter().map(|(act, _)| act).collect();
        assert_eq!(written, ["case_opened", "case_identified", "case_decided"]);
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn a_wallet_of_which_nothing_is_kept_brings_its_user(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Evm).await;
        let theirs = issuance(&door, &user, "ana@example.com", "a").await;
        let case = open(&door, json!({ "wallet": owner(&user) })).await;
        assert_eq!(ids(&case).len(), 0, "the wallet is on the network, and forgotten here");
        let answer = signed(&door, &case, &user).await;
        let known = step(&door, &case, "identity/wallet", &answer).await.expect(200).json();
        assert!(ids(&known).contains(&theirs) && ids(&known).iter().any(|id| id.starts_with("prf_")), "{known}");
        assert_eq!(known["recordCount"], json!(ids(&known).len()));
        // A wallet of one of several narrows the case to them.
        let other = door.user(WalletType::Evm).await;
        let of_other = issuance(&door, &other, "ana@example.com", "b").await;
        let shared = open(&door, json!({ "email": "ana@example.com" })).await;
        assert!(ids(&shared).is_superset(&BTreeSet::from([theirs.clone(), of_other.clone()])));
        let answer = signed(&door, &shared, &other).await;
        let known = step(&door, &shared, "identity/wallet", &answer).await.expect(200).json();
        assert!(ids(&known).contains(&of_other) && !ids(&known).contains(&theirs), "{known}");
        assert_eq!(known["candidates"], Value::Null);
        assert_eq!(step(&door, &shared, "decide", &json!({})).await.expect(200).json()["state"], "carrying_out");
        door.close().await;
    }

    async fn somebody_else_has_to_approve_where_that_is_wanted(backend) {
        let settings = format!("{BY_CLIENT}second_approver = true\n");
        let door = Door::with(backend, &settings).await;
        let user = User::with(WalletType::Evm);
        issuance(&door, &user, "ana@example.com", "a").await;
        let case = vouched(&door, json!({ "userId": user.id })).await;
        step(&door, &case, "approve", &json!({})).await.problem(409, "state_conflict");
        let decided = step(&door, &case, "decide", &json!({})).await.expect(200).json();
        assert_eq!(decided["state"], "awaiting_approval");
        let refused = step(&door, &case, "approve", &json!({})).await.problem(409, "state_conflict");
        assert!(refused.json()["detail"].as_str().unwrap().contains("somebody else"), "{refused:?}");
        // The same client's other key is somebody else; one without the scope is nobody.
        let place = format!("/v1/erasure-cases/{}/approve", case["id"].as_str().unwrap());
        let reader = door.key_of("acme", &[Scope::IssuancesRead]).await;
        door.post(&place, &json!({})).key(&reader).send().await.problem(403, "forbidden");
        let second = door.key_of("acme", &[Scope::Erase]).await;
        // Came in between: it is of the same person.
        let later = issuance(&door, &user, "ana@example.com", "b").await;
        let approved = door.post(&place, &json!({})).key(&second).send().await.expect(200).json();
        assert_eq!(approved["state"], "carrying_out");
        assert!(approved["approved"]["at"].is_string() && ids(&approved).contains(&later), "{approved}");
        let written: Vec<_> = acts(&door, &case).await.into_iter().map(|(act, _)| act).collect();
        assert_eq!(written, ["case_opened", "case_identified", "case_decided", "case_approved"]);
        door.close().await;
    }

    async fn a_case_is_refused_with_grounds_and_names_nothing_any_more(backend) {
        let door = Door::with(backend, BY_CLIENT).await;
        let user = User::with(WalletType::Evm);
        issuance(&door, &user, "ana@example.com", "a").await;
        let case = vouched(&door, json!({ "userId": user.id })).await;
        for (body, pointer) in [
            (json!({}), "/grounds"),
            (json!({ "grounds": "Xyzzy" }), "/grounds"),
            (json!({ "grounds": "other" }), "/basis"),
            (json!({ "grounds": "other", "basis": "" }), "/basis"),
            (json!({ "grounds": "other", "basis": "two\nlines" }), "/basis"),
            (json!({ "grounds": "other", "basis": "asked for by xyzzy@Xyzzy.example" }), "/basis"),
            (json!({ "grounds": "legal_claims", "basis": "against Xyzzy, born 1990-02-14" }), "/basis"),
        ] {
            let refused = step(&door, &case, "refuse", &body).await.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), [pointer], "{body}");
            assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"));
        }
        let basis = "GDPR, Art. 17(3)(a)";
        let refused = step(&door, &case, "refuse", &json!({ "grounds": "other", "basis": basis })).await.expect(200).json();
        assert_eq!(refused["refusal"], json!({ "grounds": "other", "basis": basis }));
        assert_eq!((&refused["state"], ids(&refused).len(), &refused["recordCount"]), (&json!("refused"), 0, &json!(1)));
        for again in ["decide", "withdraw", "approve"] {
            step(&door, &case, again, &json!({})).await.problem(409, "state_conflict");
        }
        assert_eq!(acts(&door, &case).await.last().unwrap(), &("case_refused".to_owned(), "other".to_owned()));

        // Who has not shown to be the person may be refused for it.
        let unknown = open(&door, json!({ "userId": user.id })).await;
        let refused = step(&door, &unknown, "refuse", &json!({ "grounds": "not_identified" })).await.expect(200).json();
        assert_eq!(refused["state"], "refused");
        let withdrawn = open(&door, json!({ "userId": user.id })).await;
        let withdrawn = step(&door, &withdrawn, "withdraw", &json!({})).await.expect(200).json();
        assert_eq!((&withdrawn["state"], ids(&withdrawn).len()), (&json!("withdrawn"), 0));
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn a_case_is_due_within_a_month_and_is_extended_once(backend) {
        let door = at(backend, &format!("{BY_CLIENT}time_zone = \"Europe/Berlin\"\n"), "2026-01-31T12:00:00Z").await;
        let user = User::with(WalletType::Evm);
        let case = open(&door, json!({ "userId": user.id })).await;
        let due = json!({
            "on": "2026-02-28", "at": "2026-02-28T22:59:59.999Z", "onWithPause": "2026-02-28", "timeZone": "Europe/Berlin"
        });
        assert_eq!(case["due"], due);
        door.app.clock.advance_millis(10 * DAY);
        assert_eq!(show(&door, &case).await["due"]["onWithPause"], "2026-03-10");
        step(&door, &case, "identity", &json!({ "checkedBy": "client" })).await.expect(200);
        door.app.clock.advance_millis(10 * DAY);
        let shown = show(&door, &case).await;
        assert_eq!((&shown["due"]["on"], &shown["due"]["onWithPause"]), (&json!("2026-02-28"), &json!("2026-03-10")));

        // Eight days before the end nobody is told yet; seven days before it, once.
        assert_eq!(told(&door, &case).await, ["erasure_case.identified"]);
        sweep::sweep(&door.app).await.unwrap();
        assert_eq!(told(&door, &case).await.len(), 1);
        door.app.clock.advance_millis(2 * DAY);
        for _ in 0..2 {
            sweep::sweep(&door.app).await.unwrap();
            assert_eq!(told(&door, &case).await, ["erasure_case.identified", "erasure_case.due_soon"]);
        }
        let due = |before: &str| format!("/v1/erasure-cases?dueBefore={before}");
        let count = |answer: Answer| answer.expect(200).json()["items"].as_array().unwrap().len();
        assert_eq!(count(door.get(due("2026-02-28")).send().await), 0);
        assert_eq!(count(door.get(due("2026-03-01")).send().await), 1);

        let refused = step(&door, &case, "extend", &json!({ "reason": "Xyzzy" })).await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/reason"]);
        let extended = step(&door, &case, "extend", &json!({ "reason": "complexity" })).await.expect(200).json();
        assert_eq!((&extended["due"]["on"], &extended["extension"]["reason"]), (&json!("2026-04-30"), &json!("complexity")));
        step(&door, &case, "extend", &json!({ "reason": "complexity" })).await.problem(409, "state_conflict");
        sweep::sweep(&door.app).await.unwrap();
        assert_eq!(told(&door, &case).await.len(), 2);
        door.app.clock.advance_millis(61 * DAY);
        sweep::sweep(&door.app).await.unwrap();
        // It is told anew before the new end; what was told two months ago is forgotten.
        assert_eq!(told(&door, &case).await, ["erasure_case.due_soon"]);

        // Received before; and too late to extend.
        let body = json!({ "user": { "userId": user.id }, "receivedAt": "2026-02-28T10:00:00Z" });
        let late = door.make("/v1/erasure-cases", &body).send().await.expect(201).json();
        assert_eq!(late["due"]["on"], "2026-03-28");
        step(&door, &late, "extend", &json!({ "reason": "complexity" })).await.problem(409, "state_conflict");
        for wrong in ["2036-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "Xyzzy"] {
            let body = json!({ "user": { "userId": user.id }, "receivedAt": wrong });
            let refused = door.make("/v1/erasure-cases", &body).send().await.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), ["/receivedAt"]);
        }
        door.close().await;
    }

    async fn a_law_holds_a_case_until_its_day(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(clock::now());
        stage.settings = format!(
            "{BY_CLIENT}hold = {{ basis = \"Regulation (EU) 2024/1624, Art. 77\", start = \"issued\", term = \"1y\" }}\n"
        );
        let door = Door::on(stage).await.working();
        let user = door.user(WalletType::Evm).await;
        let issued = issuance(&door, &user, "ana@example.com", "a").await;
        let shown = door.get(format!("/v1/issuances/{issued}?wait=60")).send().await.expect(200).json();
        assert_eq!(shown["state"], "issued");
        let case = vouched(&door, json!({ "userId": user.id })).await;
        let held = step(&door, &case, "decide", &json!({})).await.expect(200).json();
        assert_eq!((&held["state"], &held["hold"]["basis"]), (&json!("held"), &json!("Regulation (EU) 2024/1624, Art. 77")));
        let records = ids(&held);
        assert!(records.contains(&issued));
        // Somebody else's, of which no credential was made, is not held.
        let waiting = User::with(WalletType::Evm);
        issuance(&door, &waiting, "rui@example.com", "b").await;
        let free = vouched(&door, json!({ "userId": waiting.id })).await;
        assert_eq!(step(&door, &free, "decide", &json!({})).await.expect(200).json()["state"], "carrying_out");
        // One that is held can be withdrawn, and not refused.
        let other = vouched(&door, json!({ "userId": user.id })).await;
        step(&door, &other, "decide", &json!({})).await.expect(200);
        step(&door, &other, "refuse", &json!({ "grounds": "excessive" })).await.problem(409, "state_conflict");
        step(&door, &other, "withdraw", &json!({})).await.expect(200);

        door.app.clock.advance_millis(364 * DAY);
        sweep::sweep(&door.app).await.unwrap();
        assert_eq!(show(&door, &case).await["state"], "held");
        door.app.clock.advance_millis(2 * DAY);
        sweep::sweep(&door.app).await.unwrap();
        let over = show(&door, &case).await;
        assert!(["carrying_out", "done"].contains(&over["state"].as_str().unwrap()), "{over}");
        assert_eq!(show(&door, &other).await["state"], "withdrawn");
        assert_eq!(acts(&door, &case).await.iter().filter(|(act, _)| act == "case_hold_over").count(), 1);
        door.close().await;
    }

    async fn a_case_is_opened_once_for_each_request(backend) {
        let door = Door::with(backend, BY_CLIENT).await;
        let body = json!({ "user": { "reference": "case-1" } });
        let call = |key: &str| door.post("/v1/erasure-cases", &body).idempotent(key);
        let first = call("one").send().await.expect(201);
        let again = call("one").send().await.expect(201);
        assert_eq!((again.json()["id"].clone(), again.header("idempotency-replayed")), (first.json()["id"].clone(), Some("true")));
        let other = door.post("/v1/erasure-cases", &json!({ "user": { "reference": "case-2" } })).idempotent("one");
        other.send().await.problem(422, "idempotency_key_reused");
        door.post("/v1/erasure-cases", &body).send().await.problem(400, "idempotency_key_missing");
        assert_ne!(call("two").send().await.expect(201).json()["id"], first.json()["id"]);
        for (body, pointer) in [
            (json!({}), "/user"),
            (json!({ "user": {} }), "/user"),
            (json!({ "user": { "reference": "a", "email": "xyzzy@Xyzzy.example" } }), "/user"),
            (json!({ "user": { "email": "Xyzzy" } }), "/user/email"),
            (json!({ "user": { "userId": "Xyzzy" } }), "/user/userId"),
            (json!({ "user": { "reference": "Xyzzy Xyzzy" } }), "/user/reference"),
            (json!({ "user": { "wallet": { "type": "EVM", "address": "Xyzzy" } } }), "/user/wallet/address"),
            (json!({ "user": { "reference": "a" }, "identity": {} }), "/identity/checkedBy"),
            (json!({ "user": { "reference": "a" }, "identity": { "checkedBy": "Xyzzy" } }), "/identity/checkedBy"),
        ] {
            let refused = door.make("/v1/erasure-cases", &body).send().await.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), [pointer], "{body}");
            assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"));
        }
        // Lists are read part by part, and by state.
        let (mut seen, mut next) = (Vec::new(), String::new());
        for _ in 0..2 {
            let page = door.get(format!("/v1/erasure-cases?limit=1{next}")).send().await.expect(200).json();
            seen.push(page["items"][0]["id"].clone());
            next = page["nextCursor"].as_str().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        }
        assert!(seen[0] != seen[1] && next.is_empty(), "{seen:?} {next}");
        let count = |answer: Answer| answer.expect(200).json()["items"].as_array().unwrap().len();
        assert_eq!(count(door.get("/v1/erasure-cases?state=awaiting_identity").send().await), 2);
        assert_eq!(count(door.get("/v1/erasure-cases?state=done").send().await), 0);
        door.get("/v1/erasure-cases?state=Xyzzy").send().await.problem(400, "invalid_request");
        door.close().await;
    }

    async fn two_who_decide_at_the_same_time_decide_once(backend) {
        let door = Door::with(backend, BY_CLIENT).await;
        let user = User::with(WalletType::Evm);
        issuance(&door, &user, "ana@example.com", "a").await;
        let case = vouched(&door, json!({ "userId": user.id })).await;
        let nothing = json!({});
        let refusal = json!({ "grounds": "excessive" });
        let (one, other) = tokio::join!(step(&door, &case, "decide", &nothing), step(&door, &case, "refuse", &refusal));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{one:?} {other:?}");
        let state = show(&door, &case).await["state"].clone();
        assert_eq!(state, if one.status == 200 { "carrying_out" } else { "refused" });
        let written = acts(&door, &case).await;
        assert_eq!(written.len(), 3, "{written:?}");
        door.close().await;
    }
}

/// A service whose mails are kept in memory, and which knows where it is reached.
async fn with_mail(backend: Backend) -> (Door, Sent) {
    let mut stage = Stage::new(backend).await;
    stage.clock = Clock::fixed(clock::now());
    "[http]\npublic_url = \"https://issuer.example/kyc\"\n".clone_into(&mut stage.settings);
    let sent = Sent::default();
    let mailer = Mailer::memory_of("Example <a@b.example>", sent.clone()).unwrap();
    let app = Arc::into_inner(stage.app().await).unwrap().with_mailer(mailer);
    (Door::of(stage, Arc::new(app)).await, sent)
}

/// The path of the link in the mail that was sent last.
fn link_of(sent: &Sent) -> String {
    let text = sent.all().last().unwrap().rendered.text.clone();
    let link = text.split_whitespace().find(|word| word.contains("/erasure/")).unwrap();
    link.strip_prefix("https://issuer.example/kyc").unwrap().to_owned()
}

on_both_databases! {
    async fn the_link_of_a_mail_shows_who_asks(backend) {
        let (door, sent) = with_mail(backend).await;
        let user = User::with(WalletType::Evm);
        let mut submission = kyc(user.id, inserter());
        submission["contact"] = json!({ "email": "Ana@example.com", "locale": "pt-PT" });
        door.make("/v1/issuances", &submission).send().await.expect(202);
        let case = open(&door, json!({ "userId": user.id })).await;
        let shown = step(&door, &case, "identity/mail", &json!({})).await.expect(200);
        assert!(!String::from_utf8_lossy(&shown.body).to_lowercase().contains("ana@example"));
        let mail = sent.all().pop().unwrap();
        assert_eq!((mail.envelope.to.as_str(), sent.all().len()), ("Ana@example.com", 1));
        assert!(mail.rendered.subject.ends_with("o seu pedido"), "{}", mail.rendered.subject);
        // Not as often as somebody likes.
        step(&door, &case, "identity/mail", &json!({})).await.problem(409, "state_conflict");
        let first = link_of(&sent);

        // Programs look at links: nothing happens, however often.
        for _ in 0..3 {
            let page = door.get(&first).without("Authorization").header("Accept-Language", "pt").send().await.expect(200);
            let html = String::from_utf8(page.body).unwrap();
            assert!(html.contains("<form method=\"post\"") && html.contains("Confirmar o pedido"), "{html}");
            assert!(!html.to_lowercase().contains("ana@"), "{html}");
        }
        assert_eq!(show(&door, &case).await["state"], "awaiting_identity");
        // A later mail's link takes the place of the first.
        door.app.clock.advance_millis(5 * 60_000);
        step(&door, &case, "identity/mail", &json!({})).await.expect(200);
        let second = link_of(&sent);
        assert_ne!(first, second);
        let confirm = |path: &str| door.call("POST", path).without("Authorization");
        confirm(&first).send().await.expect(404);
        door.get(&first).send().await.expect(404);
        for wrong in ["/erasure/x", &format!("/erasure/{}", "A".repeat(43))] {
            confirm(wrong).send().await.expect(404);
            door.get(wrong).send().await.expect(404);
        }
        confirm(&second).send().await.expect(200);
        let known = show(&door, &case).await;
        assert_eq!((&known["state"], &known["identity"]["by"]), (&json!("awaiting_decision"), &json!("mail")));
        confirm(&second).send().await.expect(404);
        step(&door, &case, "identity/mail", &json!({})).await.problem(409, "state_conflict");
        assert_eq!(told(&door, &case).await, ["erasure_case.identified"]);
        let written: Vec<_> = acts(&door, &case).await.into_iter().map(|(act, _)| act).collect();
        assert_eq!(written, ["case_opened", "case_mail_sent", "case_mail_sent", "case_identified"]);

        // A day later it is too late, and of a case that is over there is nothing to confirm.
        let late = open(&door, json!({ "userId": user.id })).await;
        step(&door, &late, "identity/mail", &json!({})).await.expect(200);
        let path = link_of(&sent);
        door.app.clock.advance_millis(DAY);
        door.get(&path).send().await.expect(404);
        confirm(&path).send().await.expect(404);
        step(&door, &late, "identity/mail", &json!({})).await.expect(200);
        let path = link_of(&sent);
        step(&door, &late, "withdraw", &json!({})).await.expect(200);
        confirm(&path).send().await.expect(404);
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn a_mail_goes_to_the_recorded_address_alone(backend) {
        let (door, sent) = with_mail(backend).await;
        let user = User::with(WalletType::Evm);
        door.make("/v1/issuances", &kyc(user.id, inserter())).send().await.expect(202);
        let case = open(&door, json!({ "userId": user.id })).await;
        step(&door, &case, "identity/mail", &json!({})).await.problem(409, "state_conflict");
        issuance(&door, &user, "ana@example.com", "a").await;
        issuance(&door, &user, "rui@example.com", "b").await;
        let several = open(&door, json!({ "userId": user.id })).await;
        let refused = step(&door, &several, "identity/mail", &json!({})).await.problem(409, "state_conflict");
        assert!(refused.json()["detail"].as_str().unwrap().contains("several addresses"));
        assert_eq!(sent.all().len(), 0);
        let stage = door.leave().await;
        // Where nothing can be sent, that is said.
        let door = Door::on(stage).await;
        let alone = User::with(WalletType::Evm);
        issuance(&door, &alone, "eva@example.com", "c").await;
        let case = open(&door, json!({ "userId": alone.id })).await;
        step(&door, &case, "identity/mail", &json!({})).await.problem(503, "not_ready");
        door.close().await;
    }
}
