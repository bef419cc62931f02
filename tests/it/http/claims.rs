//! Links by which people have credentials brought into their profiles: the page's questions, as a browser asks them.

use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::sweep;
use idos_issuer::model::client::Scope;
use idos_issuer::model::mail_link::LinkToken;
use idos_wallet::WalletType;
use serde_json::{Value, json};

use super::door::{Answer, Door, kyc, owner};
use crate::support::User;
use crate::support::service::{Backend, Stage, audit_holds, audit_names};

pub(super) const SETTINGS: &str = "[http]\npublic_url = \"https://issuer.example/kyc\"\n\
    [claims]\nreturn_urls = [\"https://kyc.example/done\"]\nprovider_url = \"https://kyc.example\"\n";

const DONE: &str = "https://kyc.example/done?case=Quux";

/// A claim, and its page in a browser.
pub(super) struct Page<'d> {
    door: &'d Door,
    pub(super) id: String,
    pub(super) path: String,
}

impl<'d> Page<'d> {
    pub(super) async fn make(door: &'d Door, wanted: &Value) -> Self {
        let made = door.post("/v1/claims", wanted).send().await.expect(201);
        let view = made.json();
        let id = view["id"].as_str().unwrap().to_owned();
        assert_eq!(made.header("location"), Some(format!("/v1/claims/{id}").as_str()));
        assert_eq!(view["state"], "open");
        let url = view["url"].as_str().unwrap();
        let path = url.strip_prefix("https://issuer.example/kyc").unwrap().to_owned();
        Self { door, id, path }
    }

    /// The page at a link that somebody else has made.
    pub(super) fn at(door: &'d Door, path: &str) -> Self {
        Self { door, id: String::new(), path: path.to_owned() }
    }

    /// The id of its claim.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What the page asks for.
    pub(super) async fn ask(&self, what: &str, body: &Value) -> Answer {
        let call = self.door.post(format!("{}/{what}", self.path), body);
        call.without("Authorization").header("Sec-Fetch-Site", "same-origin").send().await
    }

    pub(super) async fn state(&self) -> Value {
        self.ask("state", &json!({})).await.expect(200).json()
    }

    /// The state as soon as it is as wanted.
    pub(super) async fn until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut state = self.state().await;
        for _ in 0..60 {
            if wanted(&state) {
                return state;
            }
            let news = json!({ "wait": 5, "seen": state["version"] });
            state = self.ask("state", &news).await.expect(200).json();
        }
        panic!("it did not come to that: {state:#}");
    }

    async fn record(&self) -> Value {
        self.door.get(format!("/v1/claims/{}", self.id)).send().await.expect(200).json()
    }

    /// Connects a wallet, and gives what it is to sign.
    async fn connect(&self, user: &User) -> Value {
        self.ask("wallet", &json!({ "wallet": owner(user) })).await.expect(200).json()
    }

    /// Signs in with a wallet that has been asked to.
    async fn sign_in(&self, user: &User, next: &Value) -> Answer {
        self.ask("sign-in", &signed_in(user, next)).await
    }

    /// Connects, and signs in.
    pub(super) async fn identify(&self, user: &User) -> Answer {
        let next = self.connect(user).await;
        assert_eq!(next["next"], "sign_in", "{next}");
        self.sign_in(user, &next).await
    }

    /// Has a profile created for a wallet that no profile has.
    pub(super) async fn create(&self, user: &User) -> Value {
        let mut next = self.connect(user).await;
        if user.wallet.wallet_type() == WalletType::Near {
            // By its name alone nobody knows whose a NEAR wallet is.
            assert_eq!(next["next"], "sign_in");
            next = self.sign_in(user, &next).await.expect(200).json();
        }
        assert_eq!(next["next"], "create_profile", "{next}");
        next
    }

    pub(super) async fn offer(&self, user: &User) -> Answer {
        self.ask("grant", &json!({ "wallet": owner(user) })).await
    }

    /// Has a grant made, and signs it.
    pub(super) async fn grant(&self, user: &User) -> Value {
        let offer = self.offer(user).await.expect(200).json();
        signed_grant(user, &offer)
    }
}

/// A message as wallets in browsers sign it: those of Stellar by `SEP-53`.
fn sign(user: &User, text: &Value) -> String {
    let text = text.as_str().unwrap();
    if user.wallet.wallet_type() == WalletType::Stellar {
        return hex::encode(user.wallet.sign_transaction(text.as_bytes(), [4; 32]));
    }
    user.wallet.sign_message(text, [4; 32])
}

fn signed_in(user: &User, next: &Value) -> Value {
    let signature = sign(user, &next["message"]);
    json!({ "wallet": owner(user), "nonce": next["nonce"], "signature": signature })
}

fn signed_grant(user: &User, offer: &Value) -> Value {
    let signature = sign(user, &offer["message"]);
    json!({ "grant": offer["grant"], "owner": owner(user), "signature": signature })
}

/// What the page sends to have a profile created.
pub(super) fn profile(user: &User, next: &Value) -> Value {
    let mut wallet = owner(user);
    wallet["message"] = next["message"].clone();
    wallet["signature"] = json!(sign(user, &next["message"]));
    json!({ "wallet": wallet, "encryptionPublicKey": user.secret.public().to_base64(), "passwordStore": "user" })
}

/// What has been told of claims, the oldest first.
async fn events(door: &Door) -> Vec<(String, Value)> {
    let listed = door.get("/v1/events").send().await.expect(200).json();
    let mut all: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["type"].as_str().unwrap().to_owned(), event["data"].clone()))
        .filter(|(kind, _)| kind.starts_with("claim."))
        .collect();
    all.reverse();
    all
}

async fn kinds(door: &Door) -> Vec<String> {
    events(door).await.into_iter().map(|(kind, _)| kind).collect()
}

fn by_claim(by: &str, page: &Page<'_>) -> Value {
    json!({ "by": by, "claim": page.id })
}

/// A door with a page behind it, and a clock that is moved by hand.
async fn with_clock(backend: Backend) -> Door {
    let mut stage = Stage::new(backend).await;
    stage.clock = Clock::fixed(clock::now());
    SETTINGS.clone_into(&mut stage.settings);
    Door::on(stage).await
}

on_both_databases! {
    async fn a_new_user_has_what_waits_written_by_any_wallet(backend) {
        let door = Door::with(backend, SETTINGS).await.working();
        for wallet_type in WalletType::ALL {
            let user = User::with(wallet_type);
            let waiting = door.make("/v1/issuances", &kyc(user.id, json!({ "by": "write_grant" }))).send().await.expect(202).json();
            assert_eq!(waiting["state"], "awaiting_profile");
            let wanted = json!({ "delivery": "write_grant", "issuanceId": waiting["id"], "returnUrl": DONE, "validForSeconds": 7200 });
            let page = Page::make(&door, &wanted).await;
            let state = page.state().await;
            assert_eq!((&state["state"], &state["kind"], &state["grantSeconds"]), (&json!("open"), &json!("kyc"), &json!(7200)));
            assert_eq!((&state["returnUrl"], &state["provider"]["name"]), (&json!(DONE), &json!("Example KYC")));
            assert!(state.get("userId").is_none() && state["takesGrant"] == false, "{state}");
            page.offer(&user).await.problem(409, "state_conflict");

            let next = page.create(&user).await;
            assert_eq!(next["userId"], json!(user.id));
            let wanted = profile(&user, &next);
            page.ask("profile", &wanted).await.expect(202);
            // An answer may get lost.
            page.ask("profile", &wanted).await.expect(202);
            let state = page.until(|state| state["takesGrant"] == true).await;
            assert_eq!((&state["state"], &state["userId"]), (&json!("identified"), &json!(user.id)), "{state}");
            assert_eq!(state["wallet"]["type"], wallet_type.as_str());

            let grant = page.grant(&user).await;
            page.ask("grant/signed", &grant).await.expect(202);
            page.until(|state| state["state"] == "written").await;
            // So may this one; and nothing is doubled.
            let again = page.ask("grant/signed", &grant).await.expect(202).json();
            assert_eq!((&again["state"], &again["returnUrl"]), (&json!("written"), &json!(DONE)));
            page.ask("wallet", &json!({ "wallet": owner(&user) })).await.problem(409, "state_conflict");
            page.offer(&user).await.problem(409, "state_conflict");
            let record = page.record().await;
            assert_eq!((&record["state"], &record["issuance"]["state"]), (&json!("written"), &json!("issued")));
            assert_eq!(record["profile"]["state"], "created");
        }
        let told = kinds(&door).await;
        assert_eq!(told, ["claim.identified", "claim.granted", "claim.written"].repeat(WalletType::ALL.len()));
        assert_eq!(door.stage.node.counts().await.unwrap().credentials, 10);
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn whoever_has_a_profile_signs_in_with_any_wallet(backend) {
        let door = Door::with(backend, SETTINGS).await.working();
        for wallet_type in WalletType::ALL {
            let user = door.user(wallet_type).await;
            let page = Page::make(&door, &json!({ "delivery": "write_grant", "kind": "kyc", "reference": "case-9" })).await;
            let submission = kyc(user.id, by_claim("write_grant", &page));
            let refused = door.make("/v1/issuances", &submission).send().await.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), ["/delivery/claim"]);

            let known = page.identify(&user).await.expect(200).json();
            assert_eq!(known, json!({ "userId": user.id }));
            let refused = door.make("/v1/issuances", &submission).send().await.problem(422, "invalid_fields");
            assert!(refused.json()["errors"][0]["detail"].as_str().unwrap().contains("not signed the write grant yet"));
            let grant = page.grant(&user).await;
            let state = page.ask("grant/signed", &grant).await.expect(202).json();
            assert_eq!(state["state"], "granted");

            // For another user, of another kind, by another client: no.
            let other = kyc(User::with(WalletType::Evm).id, by_claim("write_grant", &page));
            assert_eq!(door.make("/v1/issuances", &other).send().await.problem(422, "invalid_fields").pointers(), ["/userId"]);
            let stranger = door.key_of("other", Scope::ALL).await;
            let theirs = door.make("/v1/issuances", &submission).key(&stranger).send().await.problem(422, "invalid_fields");
            assert_eq!(theirs.pointers(), ["/delivery/claim"]);
            let mut both = submission.clone();
            both["delivery"]["writeGrant"] = grant.clone();
            assert_eq!(door.make("/v1/issuances", &both).send().await.problem(422, "invalid_fields").pointers(), ["/delivery/writeGrant"]);

            let made = door.make("/v1/issuances", &submission).send().await.expect(202).json();
            assert_eq!(page.until(|state| state["state"] == "written").await["issuance"]["state"], "issued");
            let again = door.make("/v1/issuances", &submission).send().await.problem(422, "invalid_fields");
            assert!(again.json()["errors"][0]["detail"].as_str().unwrap().contains("has an issuance already"));
            assert_eq!(page.record().await["issuance"]["id"], made["id"]);
        }
        let (kinds, data): (Vec<_>, Vec<_>) = events(&door).await.into_iter().unzip();
        assert_eq!(kinds, ["claim.identified", "claim.granted", "claim.written"].repeat(WalletType::ALL.len()));
        assert!(data.iter().all(|data| data["reference"] == "case-9" && data["kind"] == "kyc" && data["userId"].is_string()));
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn an_inserter_needs_to_know_who_it_is_and_no_grant(backend) {
        let door = Door::with(backend, SETTINGS).await.working();
        let user = User::with(WalletType::Evm);
        let page = Page::make(&door, &json!({ "delivery": "inserter" })).await;
        let next = page.create(&user).await;
        let mut user = user;
        user.id = next["userId"].as_str().unwrap().parse().unwrap();
        page.ask("profile", &profile(&user, &next)).await.expect(202);
        let known = door.get(format!("/v1/claims/{}?wait=30", page.id)).send().await.expect(200).json();
        let known = if known["state"] == "identified" { known } else { page.until(|state| state["state"] == "identified").await };
        assert_eq!(known["userId"], json!(user.id));
        page.offer(&user).await.problem(409, "state_conflict");
        let granted = kyc(user.id, by_claim("write_grant", &page));
        assert_eq!(door.make("/v1/issuances", &granted).send().await.problem(422, "invalid_fields").pointers(), ["/delivery/by"]);
        door.make("/v1/issuances", &kyc(user.id, by_claim("inserter", &page))).send().await.expect(202);
        page.until(|state| state["state"] == "written").await;
        assert_eq!(kinds(&door).await, ["claim.identified", "claim.written"]);
        door.close().await;
    }

    async fn what_was_signed_for_something_else_is_refused(backend) {
        let door = Door::with(backend, SETTINGS).await.working();
        let (user, other) = (door.user(WalletType::Evm).await, door.user(WalletType::Evm).await);
        let wanted = json!({ "delivery": "write_grant" });
        let (page, second) = (Page::make(&door, &wanted).await, Page::make(&door, &wanted).await);
        let next = page.connect(&user).await;
        let right = signed_in(&user, &next);
        // For another link, by another wallet, altered, and with a signature of something else.
        second.ask("sign-in", &right).await.problem(422, "invalid_fields");
        let mut of_other = right.clone();
        of_other["wallet"] = owner(&other);
        assert_eq!(page.ask("sign-in", &of_other).await.problem(422, "invalid_fields").pointers(), ["/nonce"]);
        let mut altered = right.clone();
        altered["nonce"] = json!(format!("a{}", next["nonce"].as_str().unwrap()));
        assert_eq!(page.ask("sign-in", &altered).await.problem(422, "invalid_fields").pointers(), ["/nonce"]);
        for signature in [user.wallet.sign_message("Xyzzy", [0; 32]), other.wallet.sign_message(next["message"].as_str().unwrap(), [0; 32]), "0xXyzzy".to_owned()] {
            let mut wrong = right.clone();
            wrong["signature"] = json!(signature);
            let refused = page.ask("sign-in", &wrong).await.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), ["/signature"]);
            assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"));
        }
        assert_eq!(page.state().await["state"], "open");
        page.ask("sign-in", &right).await.expect(200);
        // The gateway takes a login once: the same text is refused a second time, and that is said.
        assert_eq!(page.ask("sign-in", &right).await.problem(422, "invalid_fields").pointers(), ["/nonce"]);

        // Who is identified stays who it is.
        page.identify(&other).await.problem(409, "wrong_wallet");
        page.offer(&other).await.problem(409, "wrong_wallet");
        page.ask("wallet", &json!({ "wallet": owner(&User::with(WalletType::Xrpl)) })).await.problem(409, "wrong_wallet");

        // A grant of somebody else's, one that is altered, one for another issuer's copy, one that has run out.
        second.identify(&other).await.expect(200);
        let theirs = second.grant(&other).await;
        page.ask("grant/signed", &theirs).await.problem(409, "wrong_wallet");
        let offer = page.offer(&user).await.expect(200).json();
        let grant = signed_grant(&user, &offer);
        for (field, value, pointer) in [
            ("notAfter", "2030-01-01T00:00:00Z", "/signature"),
            ("notAfter", "2020-01-01T00:00:01Z", "/grant/notAfter"),
            ("grantee", &"ab".repeat(32), "/grant/grantee"),
            ("issuerPublicKey", &"ab".repeat(32), "/grant/issuerPublicKey"),
        ] {
            let mut wrong = grant.clone();
            wrong["grant"][field] = json!(value);
            if value.starts_with("2020") {
                wrong["grant"]["notBefore"] = json!("2020-01-01T00:00:00Z");
            }
            assert_eq!(page.ask("grant/signed", &wrong).await.problem(422, "invalid_fields").pointers(), [pointer]);
        }
        page.ask("grant/signed", &grant).await.expect(202);
        // The same grant for a second credential, by another link of the same person.
        let third = Page::make(&door, &wanted).await;
        third.identify(&user).await.expect(200);
        third.ask("grant/signed", &grant).await.expect(202);
        door.make("/v1/issuances", &kyc(user.id, by_claim("write_grant", &page))).send().await.expect(202);
        let refused = door.make("/v1/issuances", &kyc(user.id, by_claim("write_grant", &third))).send().await;
        refused.problem(422, "invalid_fields");
        door.close().await;
    }

    async fn a_link_for_one_user_is_for_nobody_else(backend) {
        let door = Door::with(backend, SETTINGS).await.working();
        let (user, other) = (door.user(WalletType::Evm).await, door.user(WalletType::Stellar).await);
        let waiting = door.make("/v1/issuances", &kyc(user.id, json!({ "by": "write_grant" }))).send().await.expect(202).json();
        assert_eq!(waiting["state"], "awaiting_grant");
        let page = Page::make(&door, &json!({ "delivery": "write_grant", "issuanceId": waiting["id"] })).await;
        page.identify(&other).await.problem(409, "wrong_wallet");
        // Nor does somebody without a profile get one that is somebody else's.
        let nobody = User::with(WalletType::Evm);
        page.ask("wallet", &json!({ "wallet": owner(&nobody) })).await.problem(409, "wrong_wallet");
        assert_eq!(page.state().await["state"], "open");
        page.identify(&user).await.expect(200);

        // Whose a link is, others cannot learn, nor use what is another client's.
        let stranger = door.key_of("other", Scope::ALL).await;
        for call in [door.get(format!("/v1/claims/{}", page.id)), door.delete(format!("/v1/claims/{}", page.id))] {
            call.key(&stranger).send().await.problem(404, "not_found");
        }
        let theirs = json!({ "delivery": "write_grant", "issuanceId": waiting["id"] });
        let refused = door.post("/v1/claims", &theirs).key(&stranger).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/issuanceId"]);
        let lacking = door.key_of("acme", &[Scope::IssuancesWrite]).await;
        door.post("/v1/claims", &theirs).key(&lacking).send().await.problem(403, "forbidden");

        // Erasing the issuance takes the link with it.
        door.delete(format!("/v1/issuances/{}", waiting["id"].as_str().unwrap())).send().await.expect(200);
        page.ask("state", &json!({})).await.problem(404, "not_found");
        let record = page.record().await;
        assert_eq!(record["state"], "erased");
        assert!(events(&door).await.is_empty(), "what was told of it is forgotten");
        for id in [waiting["id"].as_str().unwrap(), &page.id] {
            assert!(!audit_names(&door.app.store, id).await);
        }
        // So do entries about one whose own time was over before.
        let waiting = door.make("/v1/issuances", &kyc(user.id, json!({ "by": "write_grant" }))).send().await.expect(202).json();
        let page = Page::make(&door, &json!({ "delivery": "write_grant", "issuanceId": waiting["id"] })).await;
        page.identify(&user).await.expect(200);
        let claim = door.app.store.claim(&page.id.parse().unwrap()).await.unwrap().unwrap();
        let mut tx = door.app.store.begin().await.unwrap();
        tx.forget_claim(&claim).await.unwrap();
        tx.commit().await.unwrap();
        assert!(audit_names(&door.app.store, &page.id).await);
        door.delete(format!("/v1/issuances/{}", waiting["id"].as_str().unwrap())).send().await.expect(200);
        for id in [waiting["id"].as_str().unwrap(), &page.id] {
            assert!(!audit_names(&door.app.store, id).await);
        }
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn of_two_tabs_one_is_faster_and_the_other_sees_it(backend) {
        let door = Door::with(backend, SETTINGS).await.working();
        let user = door.user(WalletType::Evm).await;
        let waiting = door.make("/v1/issuances", &kyc(user.id, json!({ "by": "write_grant" }))).send().await.expect(202).json();
        let page = Page::make(&door, &json!({ "delivery": "write_grant", "issuanceId": waiting["id"] })).await;
        let (one, other) = (page.connect(&user).await, page.connect(&user).await);
        let (one, other) = tokio::join!(page.sign_in(&user, &one), page.sign_in(&user, &other));
        assert!([&one, &other].iter().any(|answer| answer.status == 200), "{one:?} {other:?}");
        for answer in [one, other] {
            if answer.status != 200 {
                answer.problem(409, "state_conflict");
            }
        }
        let (one, other) = (page.grant(&user).await, page.grant(&user).await);
        let (one, other) = tokio::join!(page.ask("grant/signed", &one), page.ask("grant/signed", &other));
        let taken = [&one, &other].iter().filter(|answer| answer.status == 202).count();
        assert_eq!(taken, 1, "{one:?} {other:?}");
        let late = if one.status == 202 { other } else { one };
        late.problem(409, "state_conflict");
        page.until(|state| state["state"] == "written").await;
        assert_eq!(kinds(&door).await, ["claim.identified", "claim.granted", "claim.written"]);
        assert_eq!(door.stage.node.counts().await.unwrap().credentials, 2);
        door.close().await;
    }

    async fn what_is_signed_outlives_the_service(backend) {
        let mut stage = Stage::new(backend).await;
        SETTINGS.clone_into(&mut stage.settings);
        let door = Door::on(stage).await.working();
        let user = door.user(WalletType::Evm).await;
        let waiting = door.make("/v1/issuances", &kyc(user.id, json!({ "by": "write_grant" }))).send().await.expect(202).json();
        let with = Page::make(&door, &json!({ "delivery": "write_grant", "issuanceId": waiting["id"] })).await;
        let without = Page::make(&door, &json!({ "delivery": "write_grant" })).await;
        let mut kept = Vec::new();
        for page in [&with, &without] {
            page.identify(&user).await.expect(200);
            let grant = page.grant(&user).await;
            page.ask("grant/signed", &grant).await.expect(202);
            kept.push((page.id.clone(), page.path.clone(), grant));
        }
        let Door { stage, .. } = door;
        // Another process, which knows nothing but what is in the database.
        let door = Door::on(stage).await.working();
        for ((id, path, grant), state) in kept.into_iter().zip(["written", "granted"]) {
            let page = Page { door: &door, id, path };
            page.until(|view| view["state"] == state).await;
            assert_eq!(page.ask("grant/signed", &grant).await.expect(202).json()["state"], state);
            if state == "granted" {
                door.make("/v1/issuances", &kyc(user.id, by_claim("write_grant", &page))).send().await.expect(202);
                page.until(|view| view["state"] == "written").await;
            }
        }
        assert_eq!(door.stage.node.counts().await.unwrap().credentials, 4);
        door.close().await;
    }

    async fn a_link_ends_and_what_it_held_is_forgotten(backend) {
        let door = with_clock(backend).await.working();
        let user = door.user(WalletType::Evm).await;
        let wanted = json!({ "delivery": "write_grant", "expiresInSeconds": 600, "returnUrl": DONE });
        let page = Page::make(&door, &wanted).await;
        page.identify(&user).await.expect(200);
        let grant = page.grant(&user).await;
        page.ask("grant/signed", &grant).await.expect(202);
        let kept = Page::make(&door, &json!({ "delivery": "write_grant" })).await;
        let submission = kyc(user.id, by_claim("write_grant", &page));

        door.stage.clock.advance_millis(600_000);
        for what in ["state", "wallet", "grant"] {
            let body = if what == "state" { json!({}) } else { json!({ "wallet": owner(&user) }) };
            page.ask(what, &body).await.problem(410, "link_expired");
        }
        let shown = door.get(&page.path).without("Authorization").header("Accept-Language", "de").send().await.expect(410);
        assert!(String::from_utf8_lossy(&shown.body).contains("abgelaufen"));
        sweep::sweep(&door.app).await.unwrap();
        let record = page.record().await;
        assert_eq!(record["state"], "expired");
        let (kind, data) = events(&door).await.pop().unwrap();
        assert_eq!((kind.as_str(), &data["claimId"]), ("claim.expired", &json!(page.id)));
        let refused = door.make("/v1/issuances", &submission).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/delivery/claim"]);
        let id = page.id.parse().unwrap();
        assert_eq!(door.app.store.claim(&id).await.unwrap().unwrap().locked, None);

        // Nothing is left a month later; and what goes on, goes on.
        door.stage.clock.advance_millis(30 * 86_400_000);
        sweep::sweep(&door.app).await.unwrap();
        door.get(format!("/v1/claims/{}", page.id)).send().await.problem(404, "not_found");
        assert_eq!(door.app.store.claim(&id).await.unwrap(), None);
        assert_eq!(kept.record().await["state"], "expired");
        door.close().await;
    }

    async fn a_claim_is_forgotten_on_request(backend) {
        let door = Door::with(backend, SETTINGS).await.working();
        let user = door.user(WalletType::Evm).await;
        let page = Page::make(&door, &json!({ "delivery": "write_grant", "reference": "case-1", "returnUrl": DONE })).await;
        page.identify(&user).await.expect(200);
        page.ask("grant/signed", &page.grant(&user).await).await.expect(202);
        for _ in 0..2 {
            let left = door.delete(format!("/v1/claims/{}", page.id)).send().await.expect(200).json();
            assert_eq!(left["state"], "erased");
            assert!(left.get("reference").is_none() && left.get("userId").is_none());
            assert!(!audit_names(&door.app.store, &page.id).await);
        }
        page.ask("state", &json!({})).await.problem(404, "not_found");
        door.get(&page.path).without("Authorization").send().await.expect(404);
        assert!(events(&door).await.is_empty());
        let row = door.app.store.claim(&page.id.parse().unwrap()).await.unwrap().unwrap();
        assert_eq!((row.locked, row.wallet, row.reference), (None, None, None));
        door.close().await;
    }

    async fn a_grant_that_runs_out_is_signed_anew_by_the_same_link(backend) {
        let door = with_clock(backend).await.working();
        let user = door.user(WalletType::Evm).await;
        let page = Page::make(&door, &json!({ "delivery": "write_grant", "validForSeconds": 300 })).await;
        page.identify(&user).await.expect(200);
        // While the person reads.
        let offer = page.offer(&user).await.expect(200).json();
        door.stage.clock.advance_millis(301_000);
        let late = page.ask("grant/signed", &signed_grant(&user, &offer)).await.problem(422, "invalid_fields");
        assert_eq!(late.pointers(), ["/grant/notAfter"]);
        // While the provider waits.
        page.ask("grant/signed", &page.grant(&user).await).await.expect(202);
        door.stage.clock.advance_millis(301_000);
        let submission = kyc(user.id, by_claim("write_grant", &page));
        let refused = door.make("/v1/issuances", &submission).send().await.problem(422, "invalid_fields");
        assert!(refused.json()["errors"][0]["detail"].as_str().unwrap().contains("run out"));
        assert_eq!(page.state().await["takesGrant"], true);
        page.ask("grant/signed", &page.grant(&user).await).await.expect(202);
        door.make("/v1/issuances", &submission).send().await.expect(202);
        door.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_changes_nothing_and_lets_nobody_in() {
    let settings = format!(
        "{SETTINGS}frame_ancestors = [\"https://app.kyc.example\"]\nenclave_url = \"https://enclave.example\"\n"
    );
    let mut stage = Stage::new(Backend::Sqlite).await;
    settings.clone_into(&mut stage.settings);
    let door = Door::on(stage).await;
    let page = Page::make(&door, &json!({ "delivery": "write_grant", "locale": "pt" })).await;
    let before = door.app.store.claim(&page.id.parse().unwrap()).await.unwrap().unwrap();
    let show = |query: &str, language: &str| {
        door.get(format!("{}{query}", page.path)).without("Authorization").header("Accept-Language", language)
    };
    for (query, asked, tag) in
        [("", "", "pt"), ("", "fr, de;q=0.5", "fr"), ("?lang=es", "fr", "es"), ("?lang=xx", "ja", "pt")]
    {
        let shown = show(query, asked).send().await.expect(200);
        let html = String::from_utf8(shown.body.clone()).unwrap();
        assert!(html.contains(&format!("<html lang=\"{tag}\">")) && html.contains("<noscript>"), "{html}");
        let policy = shown.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(
            policy.contains("frame-ancestors https://app.kyc.example; base-uri 'none'; form-action 'none'")
        );
        assert!(!policy.contains("unsafe") && !html.contains("<script>") && !html.contains(" style="));
        for (name, value) in [
            ("cross-origin-opener-policy", "same-origin-allow-popups"),
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(shown.header(name), Some(value));
        }
        assert!(shown.header("permissions-policy").unwrap().contains("camera=()"));
        assert!(shown.header("set-cookie").is_none() && shown.header("location").is_none());
        assert!(!html.contains(page.path.rsplit('/').next().unwrap()), "the page does not repeat its link");
    }
    // Programs that look at links: by any method, and as often as they like.
    door.call("HEAD", &page.path).without("Authorization").send().await.expect(200);
    for method in ["POST", "PUT", "DELETE"] {
        door.call(method, &page.path)
            .without("Authorization")
            .send()
            .await
            .problem(405, "method_not_allowed");
    }
    assert_eq!(page.state().await["enclaveUrl"], "https://enclave.example/");
    assert_eq!(door.app.store.claim(&page.id.parse().unwrap()).await.unwrap().unwrap(), before);

    // Its files, which are kept by their versions.
    let html = String::from_utf8(show("", "en").send().await.expect(200).body).unwrap();
    for name in ["claim.js", "claim.css"] {
        let at = html.find(&format!("assets/{name}?v=")).unwrap();
        let place = html[at..].split('"').next().unwrap();
        let file = door.get(format!("/claim/{place}")).without("Authorization").send().await.expect(200);
        assert!(file.header("cache-control").unwrap().contains("immutable"));
        let tag = file.header("etag").unwrap().to_owned();
        let plain = door.get(format!("/claim/assets/{name}")).without("Authorization");
        assert_eq!(plain.send().await.expect(200).header("cache-control"), Some("no-cache"));
        let known = door.get(format!("/claim/assets/{name}")).header("If-None-Match", &tag).send().await;
        assert!(known.expect(304).body.is_empty());
    }
    for name in ["logo", "../claims.rs", "..%2f..%2fconfig.toml", "claim.js.map"] {
        door.get(format!("/claim/assets/{name}")).send().await.problem(404, "not_found");
    }

    // From other sites, and from nowhere.
    let ask = || door.post(format!("{}/state", page.path), &json!({})).without("Authorization");
    for site in ["cross-site", "same-site", "none", "same-origin, cross-site"] {
        ask().header("Sec-Fetch-Site", site).send().await.problem(400, "invalid_request");
    }
    ask().send().await.problem(400, "invalid_request");
    for origin in
        ["https://evil.example", "https://issuer.example.evil.example", "null", "http://issuer.example"]
    {
        ask().header("Origin", origin).send().await.problem(400, "invalid_request");
    }
    ask().header("Origin", "https://issuer.example").send().await.expect(200);
    ask()
        .header("Sec-Fetch-Site", "same-origin")
        .header("Content-Type", "text/plain")
        .send()
        .await
        .problem(415, "unsupported_media_type");
    for wrong in [
        json!([]),
        json!({ "wait": 61 }),
        json!({ "wait": 1.5 }),
        json!({ "wait": "1" }),
        json!({ "Xyzzy": 1 }),
    ] {
        let refused = page.ask("state", &wrong).await.problem(422, "invalid_fields");
        assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"));
    }
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_text_and_a_link_leads_back_only_where_it_may() {
    let door = Door::with(Backend::Sqlite, SETTINGS).await;
    for url in [
        "https://evil.example/",
        "https://kyc.example.evil.example/done",
        "https://kyc.example@evil.example/done",
        "https://kyc.example/done/../../else",
        "javascript:alert(1)",
        "//evil.example/done",
        "http://kyc.example/done",
        "Xyzzy",
    ] {
        let wanted = json!({ "delivery": "write_grant", "returnUrl": url });
        let refused = door.post("/v1/claims", &wanted).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/returnUrl"], "{url}");
        assert!(!String::from_utf8_lossy(&refused.body).contains("evil"));
    }
    for (member, value) in [
        ("kind", json!("Xyzzy")),
        ("delivery", json!("Xyzzy")),
        ("issuanceId", json!("Xyzzy")),
        ("issuanceId", json!("iss_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
        ("validForSeconds", json!(299)),
        ("expiresInSeconds", json!(59)),
        ("expiresInSeconds", json!("60")),
        ("reference", json!("<Xyzzy>")),
        ("locale", json!("Xyzzy")),
    ] {
        let mut wanted = json!({ "delivery": "write_grant" });
        wanted[member] = value;
        let refused = door.post("/v1/claims", &wanted).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), [format!("/{member}")]);
        assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"));
    }
    door.close().await;

    // Without an address there is no page.
    let door = Door::with(Backend::Sqlite, "").await;
    door.post("/v1/claims", &json!({ "delivery": "inserter" })).send().await.problem(503, "not_ready");
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_not_guessed() {
    let settings =
        "[http]\npublic_url = \"https://issuer.example/kyc\"\nrequests_per_second = 5\nburst = 100\n";
    let door = Door::with(Backend::Sqlite, settings).await;
    let page = Page::make(&door, &json!({ "delivery": "inserter" })).await;
    let token = page.path.rsplit('/').next().unwrap().to_owned();
    // One that is nearly right is as wrong as any.
    for wrong in [&token[1..], &format!("{token}A"), &token.to_lowercase(), "x"] {
        door.get(format!("/claim/{wrong}")).without("Authorization").send().await.expect(404);
    }
    let mut answers = Vec::new();
    for n in 0..80 {
        let path = format!("/claim/{}", *LinkToken::new(&mut rand::rngs::OsRng).to_text());
        let answer = if n % 2 == 0 {
            door.get(&path).without("Authorization").send().await
        } else {
            let asked = door.post(format!("{path}/state"), &json!({})).without("Authorization");
            asked.header("Sec-Fetch-Site", "same-origin").send().await
        };
        answers.push(answer.status);
    }
    assert!(
        answers.iter().all(|status| [404, 429].contains(status)) && answers.contains(&429),
        "{answers:?}"
    );
    // Who has a link is not held up.
    assert_eq!(page.state().await["state"], "open");
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_link_does_not_keep_the_node_busy() {
    let door = Door::with(Backend::Sqlite, SETTINGS).await;
    let page = Page::make(&door, &json!({ "delivery": "write_grant" })).await;
    let user = User::with(WalletType::Evm);
    let mut refused = 0;
    for _ in 0..60 {
        let answer = page.ask("wallet", &json!({ "wallet": owner(&user) })).await;
        if answer.status == 429 {
            refused += 1;
        }
    }
    assert!(refused > 0, "any number of questions were asked");
    assert_eq!(page.state().await["state"], "open", "looking is not held up by that");
    door.close().await;
}
