//! Credentials that list wallets: made of links whose challenges were answered, each of them once.

use std::time::Duration;

use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::sweep;
use idos_issuer::model::client::Scope;
use idos_issuer::model::ids::WalletLinkId;
use idos_wallet::WalletType;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::claims::{Page, SETTINGS};
use super::copies::by_grant;
use super::door::{Answer, Door, inserter, kyc, owner};
use crate::support::service::{Stage, audit_holds};
use crate::support::{User, owned};

/// The types whose accounts have a name by CAIP-10.
const LISTED: [WalletType; 4] = [WalletType::Evm, WalletType::Near, WalletType::Xrpl, WalletType::Stellar];

fn wanted(user: &User, wallet: &User) -> Value {
    json!({ "userId": user.id, "wallet": owner(wallet), "inProfile": false, "forCredential": true })
}

async fn challenged(door: &Door, wanted: &Value) -> (String, String) {
    let made = door.make("/v1/wallet-links", wanted).send().await.expect(201).json();
    (made["id"].as_str().unwrap().to_owned(), made["challenge"]["message"].as_str().unwrap().to_owned())
}

async fn prove(door: &Door, id: &str, wallet: &User, message: &str) -> Value {
    let answer = json!({ "signature": wallet.wallet.sign_message(message, [3; 32]) });
    door.post(format!("/v1/wallet-links/{id}/proof"), &answer).send().await.expect(200).json()
}

/// A link whose wallet is proven, and kept if it is wanted so.
async fn proven(door: &Door, wanted: &Value, wallet: &User) -> String {
    let (id, message) = challenged(door, wanted).await;
    prove(door, &id, wallet, &message).await;
    id
}

/// A proven link of a new wallet that is kept for a credential.
async fn kept(door: &Door, user: &User) -> String {
    let wallet = User::with(WalletType::Stellar);
    proven(door, &wanted(user, &wallet), &wallet).await
}

fn linkage(user: &User, links: &[impl AsRef<str>], delivery: impl Into<Value>) -> Value {
    let links: Vec<_> = links.iter().map(AsRef::as_ref).collect();
    let delivery = delivery.into();
    json!({ "userId": user.id, "kind": "wallet_linkage", "evidence": { "links": links }, "delivery": delivery })
}

async fn submit(door: &Door, submission: &Value) -> Answer {
    door.make("/v1/issuances", submission).send().await
}

async fn settled(door: &Door, id: &Value) -> Value {
    let place = format!("/v1/issuances/{}?wait=60", id.as_str().unwrap());
    door.get(place).send().await.expect(200).json()
}

async fn shown(door: &Door, link: &str) -> Value {
    door.get(format!("/v1/wallet-links/{link}")).send().await.expect(200).json()
}

async fn is_locked(door: &Door, link: &str) -> bool {
    let id: WalletLinkId = link.parse().unwrap();
    door.app.store.locked_link(&id).await.unwrap().is_some()
}

/// That each of these places is refused, and why, in words that have no value in them.
#[track_caller]
fn refused_at(answer: Answer, expected: &[(&str, &str)]) {
    let answer = answer.problem(422, "invalid_fields");
    let pointers: Vec<_> = expected.iter().map(|(pointer, _)| *pointer).collect();
    assert_eq!(answer.pointers(), pointers, "{answer:?}");
    let body = answer.json();
    for (error, (pointer, why)) in body["errors"].as_array().unwrap().iter().zip(expected) {
        assert!(error["detail"].as_str().unwrap().contains(why), "{pointer}: {error}");
    }
}

/// The account of a wallet, as credentials list it.
fn account(wallet: &User) -> String {
    let address = wallet.wallet.address();
    match wallet.wallet.wallet_type() {
        WalletType::Evm => idos_credential::Account::evm(1, &address).unwrap().as_str().to_owned(),
        WalletType::Near => format!("near:mainnet:{address}"),
        WalletType::Xrpl => format!("xrpl:0:{address}"),
        WalletType::Stellar => format!("stellar:pubnet:{address}"),
        WalletType::FaceSign => panic!("it has none"),
    }
}

/// That a credential lists these wallets of this user, each at the time of its link's proof, and nothing else.
fn lists(credential: &Value, user: &User, expected: &[(String, Value)]) {
    let subject = &credential["credentialSubject"];
    assert_eq!(subject["id"], format!("urn:uuid:{}", user.id));
    let times: Vec<_> = expected.iter().map(|(_, link)| to_the_second(&link["provenAt"])).collect();
    let mut wallets: Vec<_> =
        expected.iter().zip(&times).map(|((account, _), time)| (time.clone(), account.clone())).collect();
    wallets.sort();
    let wallets: Vec<_> =
        wallets.iter().map(|(time, account)| json!({ "id": account, "provenAt": time })).collect();
    assert_eq!(subject["wallets"], json!(wallets));
    assert_eq!(credential["level"], "linked");
    assert!(credential.get("expirationDate").is_none(), "{credential}");
    let approved = to_the_second(&credential["approvedAt"]);
    assert_eq!(Some(&approved), times.iter().max());
}

fn to_the_second(time: &Value) -> String {
    format!("{}Z", time.as_str().unwrap().get(..19).unwrap())
}

async fn count(door: &Door) -> usize {
    let list = door.get("/v1/issuances?kind=wallet_linkage").send().await.expect(200).json();
    list["items"].as_array().unwrap().len()
}

on_both_databases! {
    async fn wallets_that_were_linked_are_listed_and_forgotten(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Evm).await;
        let (mut links, mut expected) = (Vec::new(), Vec::new());
        for (number, wallet_type) in LISTED.into_iter().enumerate() {
            let wallet = User::with(wallet_type);
            // One is written into the profile as well, and many wallets tell their key with the signature only.
            let mut new = wanted(&user, &wallet);
            new["inProfile"] = json!(number == 0);
            new["wallet"].as_object_mut().unwrap().remove("publicKey");
            let (id, message) = challenged(&door, &new).await;
            assert_eq!(shown(&door, &id).await.get("waitsUntil"), None);
            let mut answer = json!({ "signature": wallet.wallet.sign_message(&message, [3; 32]) });
            answer["publicKey"] = json!(wallet.wallet.public_key().unwrap_or_else(|| "x".to_owned()));
            door.post(format!("/v1/wallet-links/{id}/proof"), &answer).send().await.expect(200);
            let link = door.get(format!("/v1/wallet-links/{id}?wait=60")).send().await.expect(200).json();
            assert_eq!(link["state"], if number == 0 { "linked" } else { "proven" });
            assert!(link["forCredential"] == true && link["waitsUntil"].is_string(), "{link}");
            assert_eq!(link.get("issuanceId"), None);
            assert!(is_locked(&door, &id).await);
            expected.push((account(&wallet), link));
            links.push(id);
        }

        let submission = linkage(&user, &links, by_grant(&door, &user, None).await);
        let made = door.post("/v1/issuances", &submission).idempotent("once").send().await.expect(202).json();
        assert_eq!((&made["kind"], &made["level"], made.get("validUntil")), (&json!("wallet_linkage"), &json!("linked"), None));
        for link in &links {
            assert!(!is_locked(&door, link).await);
            let link = shown(&door, link).await;
            assert_eq!((&link["issuanceId"], link.get("waitsUntil")), (&made["id"], None));
            assert!(["proven", "linked"].contains(&link["state"].as_str().unwrap()));
        }
        let issued = settled(&door, &made["id"]).await;
        assert_eq!(issued["state"], "issued", "{issued:#}");
        let copy = door.get(format!("/v1/issuances/{}/copy", made["id"].as_str().unwrap())).send().await.expect(200).json();
        assert_eq!(copy["verified"], true, "{copy:#}");
        lists(&copy["credential"], &user, &expected);
        let notes: Value = serde_json::from_str(copy["publicNotes"].as_str().unwrap()).unwrap();
        assert_eq!((&notes["type"], &notes["level"], &notes["status"]), (&json!("wallet_linkage"), &json!("linked"), &json!("approved")));
        assert_eq!(count(&door).await, 1);

        // The same again is the same, and something else is not made of what was used.
        let again = door.post("/v1/issuances", &submission).idempotent("once").send().await.expect(202);
        assert_eq!((&again.json()["id"], again.header("idempotency-replayed")), (&made["id"], Some("true")));
        let anew = linkage(&user, &links[..1], inserter());
        refused_at(submit(&door, &anew).await, &[("/evidence/links/0", "in a credential already")]);
        let trail = door.get(format!("/v1/issuances/{}/audit", made["id"].as_str().unwrap())).send().await.expect(200).json();
        assert_eq!(trail["items"][0]["detail"], "wallet_linkage");
        let entries = door.app.store.audit_of(&links[0]).await.unwrap();
        let last = entries.last().unwrap();
        assert_eq!((last.act.as_str(), json!(last.detail)), ("wallet_link_used", made["id"].clone()));

        // A link that is forgotten, forgets its issuance, too; the credential is the user's.
        door.delete(format!("/v1/wallet-links/{}", links[0])).send().await.expect(200);
        assert_eq!(shown(&door, &links[0]).await.get("issuanceId"), None);
        door.call("POST", format!("/v1/issuances/{}/revoke", made["id"].as_str().unwrap())).send().await.expect(202);
        assert_eq!(settled(&door, &made["id"]).await["state"], "revoked");
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn an_inserter_writes_it_also_for_whom_has_no_profile_yet(backend) {
        let door = Door::open(backend).await;
        let user = User::with(WalletType::Near);
        let wallet = User::with(WalletType::Evm);
        let link = proven(&door, &wanted(&user, &wallet), &wallet).await;
        let expected = [(account(&wallet), shown(&door, &link).await)];
        let made = submit(&door, &linkage(&user, &[&link], inserter())).await.expect(202).json();
        assert_eq!(made["state"], "awaiting_profile");
        assert!(!is_locked(&door, &link).await);
        door.create_profile(&user).await;
        let issued = settled(&door, &made["id"]).await;
        assert_eq!(issued["state"], "issued", "{issued:#}");
        let id = made["credentialId"].as_str().unwrap().parse().unwrap();
        let text = owned(door.app.idos().await.unwrap(), &user, id).await.unwrap();
        lists(&serde_json::from_slice(&text).unwrap(), &user, &expected);
        door.close().await;
    }

    async fn the_grant_is_signed_by_a_claim_as_for_any_other(backend) {
        let door = Door::with(backend, SETTINGS).await.working();
        let user = door.user(WalletType::Evm).await;
        // It waits, and the person signs for it.
        let link = kept(&door, &user).await;
        let waiting = submit(&door, &linkage(&user, &[link], json!({ "by": "write_grant" }))).await.expect(202).json();
        assert_eq!(waiting["state"], "awaiting_grant");
        let page = Page::make(&door, &json!({ "delivery": "write_grant", "issuanceId": waiting["id"] })).await;
        page.identify(&user).await.expect(200);
        page.ask("grant/signed", &page.grant(&user).await).await.expect(202);
        page.until(|state| state["state"] == "written").await;
        assert_eq!(settled(&door, &waiting["id"]).await["state"], "issued");

        // The person has signed before, for a credential of this kind.
        let wanted = json!({ "delivery": "write_grant", "kind": "wallet_linkage" });
        let page = Page::make(&door, &wanted).await;
        page.identify(&user).await.expect(200);
        page.ask("grant/signed", &page.grant(&user).await).await.expect(202);
        let claimed = json!({ "by": "write_grant", "claim": page.id() });
        refused_at(submit(&door, &kyc(user.id, claimed.clone())).await, &[("/kind", "is not what the person was told")]);
        let link = kept(&door, &user).await;
        let made = submit(&door, &linkage(&user, &[link], claimed)).await.expect(202).json();
        page.until(|state| state["state"] == "written").await;
        assert_eq!(settled(&door, &made["id"]).await["state"], "issued");
        door.close().await;
    }

    async fn what_is_wrong_with_links_is_said_at_their_places(backend) {
        let door = Door::open(backend).await;
        let (user, other) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
        let wallet = User::with(WalletType::Xrpl);
        let good = proven(&door, &wanted(&user, &wallet), &wallet).await;
        let same = proven(&door, &wanted(&user, &wallet), &wallet).await;
        let (waits, _) = challenged(&door, &wanted(&user, &wallet)).await;
        let theirs = kept(&door, &other).await;
        let mut not_kept = wanted(&user, &wallet);
        not_kept["forCredential"] = json!(false);
        let not_kept = proven(&door, &not_kept, &wallet).await;
        let erased = kept(&door, &user).await;
        door.delete(format!("/v1/wallet-links/{erased}")).send().await.expect(200);
        let stranger = door.key_of("other", Scope::ALL).await;
        let foreign = door.make("/v1/wallet-links", &wanted(&user, &wallet)).key(&stranger).send().await.expect(201).json();
        let (tried, _) = challenged(&door, &wanted(&user, &wallet)).await;
        for _ in 0..10 {
            let wrong = json!({ "signature": wallet.wallet.sign_message("another text", [3; 32]) });
            door.post(format!("/v1/wallet-links/{tried}/proof"), &wrong).send().await.expect(422);
        }
        let links = [
            &good, &same, &waits, &theirs, &not_kept, &erased, foreign["id"].as_str().unwrap(), &tried,
            "lnk_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        ];
        refused_at(submit(&door, &linkage(&user, &links, inserter())).await, &[
            ("/evidence/links/1", "of an account that another link"),
            ("/evidence/links/2", "waits for its proof"),
            ("/evidence/links/3", "of another user"),
            ("/evidence/links/4", "not kept for a credential"),
            ("/evidence/links/5", "was erased"),
            ("/evidence/links/6", "no link of this client"),
            ("/evidence/links/7", "too many wrong signatures"),
            ("/evidence/links/8", "no link of this client"),
        ]);
        let twice = linkage(&user, &[&good, &waits, &good], inserter());
        refused_at(submit(&door, &twice).await, &[("/evidence/links/2", "listed twice")]);
        let good_one = linkage(&user, &[&good], inserter());
        let with = |pointer: &str, value: Value| {
            let mut body = good_one.clone();
            *body.pointer_mut(pointer).unwrap() = value;
            body
        };
        let many = vec![json!("lnk_01ARZ3NDEKTSV4RRFFQ69G5FAV"); 33];
        for (body, pointer, why) in [
            (with("/evidence", json!([])), "/evidence", "must be an object"),
            (with("/evidence", json!({})), "/evidence/links", "is required"),
            (with("/evidence", json!({ "links": [good], "approvedAt": "2026-01-01" })), "/evidence", "not known"),
            (with("/evidence/links", json!(good)), "/evidence/links", "must be a list"),
            (with("/evidence/links", json!([])), "/evidence/links", "1 to 32"),
            (with("/evidence/links", json!(many)), "/evidence/links", "1 to 32"),
            (with("/evidence/links/0", json!(7)), "/evidence/links/0", "must be an id of a link"),
            (with("/evidence/links/0", json!("iss_01ARZ3NDEKTSV4RRFFQ69G5FAV")), "/evidence/links/0", "must be an id of a link"),
            (with("/evidence/links/0", json!("Xyzzy")), "/evidence/links/0", "must be an id of a link"),
            (with("/kind", json!("kyc_v1")), "/kind", "wallet_linkage"),
        ] {
            let answer = submit(&door, &body).await;
            assert!(!String::from_utf8_lossy(&answer.body).contains("Xyzzy"));
            refused_at(answer, &[(pointer, why)]);
        }
        // A result of another kind is none of links.
        let answer = submit(&door, &with("/kind", json!("kyc"))).await.problem(422, "invalid_fields");
        assert!(answer.pointers().contains(&"/evidence/subject".to_owned()), "{answer:?}");
        // Nothing of all that has used anything up, or made anything.
        assert_eq!(count(&door).await, 0);
        assert!(is_locked(&door, &good).await && is_locked(&door, &theirs).await);
        submit(&door, &linkage(&user, &[&same], inserter())).await.expect(202);
        submit(&door, &linkage(&user, &[&good], inserter())).await.expect(202);
        door.close().await;
    }

    async fn what_could_never_be_listed_is_refused_before_anybody_signs(backend) {
        let door = Door::with(backend, "").await;
        let user = User::with(WalletType::Evm);
        let near = User::with(WalletType::Near);
        let mut named = wanted(&user, &near);
        named["wallet"]["address"] = json!("alice.near");
        for (body, why) in [
            (wanted(&user, &User::with(WalletType::FaceSign)), "FaceSign has no account by CAIP-10"),
            (named.clone(), "NEAR account with a name"),
        ] {
            let refused = door.make("/v1/wallet-links", &body).send().await;
            refused_at(refused, &[("/forCredential", why)]);
            let mut alone = body;
            alone["forCredential"] = json!(false);
            let made = door.make("/v1/wallet-links", &alone).send().await.expect(201).json();
            assert_eq!(made["forCredential"], false);
        }
        let mut odd = wanted(&user, &near);
        odd["forCredential"] = json!("yes");
        refused_at(door.make("/v1/wallet-links", &odd).send().await, &[("/forCredential", "true or false")]);
        // Software writes implicit accounts in upper case; NEAR, and a credential, in lower.
        let mut upper = wanted(&user, &near);
        upper["wallet"]["address"] = json!(near.wallet.address().to_uppercase());
        let (id, message) = challenged(&door, &upper).await;
        prove(&door, &id, &near, &message).await;
        let again = proven(&door, &wanted(&user, &near), &near).await;
        let answer = submit(&door, &linkage(&user, &[&id, &again], inserter())).await;
        refused_at(answer, &[("/evidence/links/1", "of an account that another link")]);
        submit(&door, &linkage(&user, &[&id], inserter())).await.expect(202);
        door.close().await;
    }

    async fn a_link_is_in_one_credential_whoever_is_faster(backend) {
        let door = Door::open(backend).await;
        let user = User::with(WalletType::Evm);
        for round in 0..4 {
            let links = [kept(&door, &user).await, kept(&door, &user).await, kept(&door, &user).await];
            let [first, shared, last] = &links;
            // They share one, and name theirs in opposite orders.
            let one = linkage(&user, &[first, shared], inserter());
            let other = linkage(&user, &[last, shared], inserter());
            let same = format!("same-{round}");
            let (one, again, other) = tokio::join!(
                door.post("/v1/issuances", &one).idempotent(&same).send(),
                door.post("/v1/issuances", &one).idempotent(&same).send(),
                submit(&door, &other),
            );
            let (taken, left) = if one.status == 202 { (first, last) } else { (last, first) };
            if taken == first {
                // The same asked twice at once is one, and answered twice.
                assert_eq!(one.clone().expect(202).json()["id"], again.expect(202).json()["id"]);
                refused_at(other, &[("/evidence/links/1", "in a credential already")]);
            } else {
                other.clone().expect(202);
                for late in [one.clone(), again] {
                    refused_at(late, &[("/evidence/links/1", "in a credential already")]);
                }
            }
            // Who came too late has lost nothing.
            assert!(!is_locked(&door, taken).await && !is_locked(&door, shared).await);
            assert!(is_locked(&door, left).await);
            assert_eq!(shown(&door, left).await.get("issuanceId"), None);
            assert_eq!(count(&door).await, round + 1);
        }
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn a_crash_leaves_neither_a_wallet_without_nor_a_second_credential(backend) {
        let user = User::with(WalletType::Evm);
        let (mut stage, mut all) = (Stage::new(backend).await, Vec::new());
        "[delivery]\nlease_seconds = 5\n".clone_into(&mut stage.settings);
        for number in 0..8_u32 {
            let door = Door::on(stage).await;
            let link = kept(&door, &user).await;
            let submission = linkage(&user, &[&link], inserter());
            let key = format!("crash-{number}");
            // Killed at any place between the request and its end.
            let asked = door.post("/v1/issuances", &submission).idempotent(&key).bytes();
            let mut stream = TcpStream::connect(door.address).await.unwrap();
            stream.write_all(&asked).await.unwrap();
            tokio::time::sleep(Duration::from_millis(u64::from(number) * 4)).await;
            let door = Door::on(door.crash().await).await;
            let link_now = shown(&door, &link).await;
            let is_made = link_now["issuanceId"].is_string();
            assert_eq!(is_locked(&door, &link).await, !is_made, "{link_now}");
            // Asked again, it is the first one, or the only one.
            let again = door.post("/v1/issuances", &submission).idempotent(&key).send().await.expect(202);
            assert_eq!(again.header("idempotency-replayed").is_some(), is_made);
            assert_eq!(shown(&door, &link).await["issuanceId"], again.json()["id"]);
            all.push(again.json()["id"].clone());
            stage = door.leave().await;
        }
        let door = Door::on(stage).await.working();
        door.create_profile(&user).await;
        for id in &all {
            assert_eq!(settled(&door, id).await["state"], "issued");
        }
        assert_eq!(count(&door).await, all.len());
        assert_eq!(door.stage.node.counts().await.unwrap().credentials, 8);
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn what_is_kept_for_a_credential_is_kept_for_so_long(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(clock::now());
        "[retention]\nsealed_hours = 3\n".clone_into(&mut stage.settings);
        let door = Door::on(stage).await.working();
        let user = User::with(WalletType::Evm);
        let links = [kept(&door, &user).await, kept(&door, &user).await, kept(&door, &user).await];
        let [listed, late, erased] = &links;
        let until = clock_text(&door, 3);
        assert_eq!(shown(&door, late).await["waitsUntil"], until);
        door.delete(format!("/v1/wallet-links/{erased}")).send().await.expect(200);
        assert!(!is_locked(&door, erased).await);

        door.stage.clock.advance_millis(3 * 3_600_000 - 1000);
        sweep::sweep(&door.app).await.unwrap();
        assert!(is_locked(&door, late).await);
        submit(&door, &linkage(&user, &[listed], inserter())).await.expect(202);
        door.stage.clock.advance_millis(2000);
        for swept in [false, true] {
            if swept {
                sweep::sweep(&door.app).await.unwrap();
            }
            assert_eq!(is_locked(&door, late).await, !swept);
            let answer = submit(&door, &linkage(&user, &[late], inserter())).await;
            refused_at(answer, &[("/evidence/links/0", "too late for a credential")]);
        }
        let link = shown(&door, late).await;
        assert_eq!((&link["state"], link.get("waitsUntil")), (&json!("proven"), None));
        door.close().await;
    }
}

fn clock_text(door: &Door, hours: i64) -> String {
    door.app.clock.now().plus_millis(hours * 3_600_000).to_string()
}
