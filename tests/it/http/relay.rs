//! What consumers of upstream's relay call, as they call it: tokens that they sign, a person in a browser, a vendor that decides.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use idos_issuer::model::client::Scope;
use idos_issuer::model::ids::IssuanceId;
use idos_wallet::WalletType;
use p521::SecretKey;
use p521::ecdsa::signature::RandomizedSigner as _;
use p521::ecdsa::{Signature, SigningKey, VerifyingKey};
use rand::rngs::OsRng;
use serde_json::{Value, json};

use super::claims::{Page, profile};
use super::door::{Answer, Door, owner};
use super::verifications::{Vendor, picture, recorded, sumsub_at, tell};
use crate::service::privacy::dump_tables;
use crate::support::User;
use crate::support::service::{Backend, audit_holds};

const SETTINGS: &str = "[http]\npublic_url = \"https://issuer.example/kyc\"\n\
    [claims]\nframe_ancestors = [\"https://exchange.example\", \"https://other.example\"]\n\
    [relay]\nenabled = true\nclient = \"acme\"\n\
    [[relay.journey]]\nlevel = \"basic+liveness\"\nsource = \"kyc\"\npage = \"https://kyc.example/check?case={externalId}#a\"\n";

/// A service with a vendor and a relay.
async fn relay(backend: Backend) -> (Door, Vendor, crate::support::Folder) {
    let vendor = Vendor::start().await;
    let (mut stage, folder) = sumsub_at(backend, &vendor.url, "").await;
    stage.settings.push_str(SETTINGS);
    (Door::on(stage).await.working(), vendor, folder)
}

/// A consumer, with its keys.
struct Consumer {
    id: String,
    key: SigningKey,
    wallet: User,
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&SecretKey::random(&mut OsRng).to_bytes()).unwrap()
}

fn jwk(key: &SigningKey) -> Value {
    let point = VerifyingKey::from(key).to_encoded_point(false);
    let part = |bytes: Option<&p521::FieldBytes>| URL_SAFE_NO_PAD.encode(bytes.unwrap());
    json!({ "kty": "EC", "crv": "P-521", "x": part(point.x()), "y": part(point.y()) })
}

impl Consumer {
    async fn register(door: &Door, blocked: Value) -> Self {
        let (key, wallet) = (key(), User::with(WalletType::Evm));
        let asked = registration(&key, &wallet, &blocked);
        let made = door.post("/developer/console/clients", &asked).send().await.expect(201).json();
        assert_eq!(made.as_object().unwrap().len(), 1, "{made}");
        Self { id: made["id"].as_str().unwrap().to_owned(), key, wallet }
    }

    /// A token as npm `jsonwebtoken` makes it.
    fn token(&self, door: &Door, claims: &Value) -> String {
        let now = door.app.clock.now().unix_seconds();
        let mut all = json!({ "clientId": self.id, "iat": now });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "ES512", "typ": "JWT" })), part(&all));
        let signature: Signature = self.key.sign_with_rng(&mut OsRng, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// One by which this person begins.
    fn link(&self, door: &Door, person: &str) -> String {
        self.token(door, &json!({ "kyc": true, "level": "basic+liveness+idos", "externalUserId": person, "state": crate::support::id() }))
    }

    /// The page of somebody who comes with a token.
    async fn page<'d>(&self, door: &'d Door, token: &str) -> Page<'d> {
        let begun = start(door, token).await.expect(200).json();
        Page::at(door, &format!("/claim/{}", begun["claim"].as_str().unwrap()))
    }

    /// What it is told of a credential.
    async fn asks(&self, door: &Door, credential: impl std::fmt::Display) -> Answer {
        let token =
            self.token(door, &json!({ "api": true, "exp": door.app.clock.now().unix_seconds() + 600 }));
        door.get(format!("/providers/sumsub/sharedToken/{credential}")).key(&token).send().await
    }
}

fn registration(key: &SigningKey, wallet: &User, blocked: &Value) -> Value {
    json!({
        "name": "Example Exchange", "email": "Xyzzy@exchange.example", "publicKey": jwk(key),
        "consumerWallet": wallet.wallet.address(), "consumerEncPubKey": wallet.secret.public().to_base64(),
        "blockedCountries": blocked
    })
}

/// As the page sends it.
async fn start(door: &Door, token: &str) -> Answer {
    let call = door.post("/kyc/start", &json!({ "token": token })).without("Authorization");
    call.header("Sec-Fetch-Site", "same-origin").send().await
}

/// The reference by which the vendor knows the person whose page this is.
async fn reference(page: &Page<'_>) -> Value {
    let state = page.until(|state| state["relay"]["check"]["url"].is_string()).await;
    assert_eq!(state["relay"]["check"]["state"], "opened", "{state:#}");
    let url = state["relay"]["check"]["url"].as_str().unwrap();
    let id = url.strip_prefix("https://kyc.example/check?case=").unwrap().strip_suffix("#a").unwrap();
    json!(id)
}

/// Has the vendor decide about somebody: each is a case of its own.
async fn decide(door: &Door, vendor: &Vendor, reference: &Value, review: Value) {
    let case = reference.as_str().unwrap().replace('-', "");
    let mut applicant = recorded("sumsub", "applicant.json");
    applicant["id"] = json!(case);
    applicant["externalUserId"] = reference.clone();
    applicant["review"]["reviewDate"] = json!("2026-01-02 03:04:05+0000");
    if review["reviewAnswer"] == "RED" {
        applicant["review"]["reviewResult"] = review.clone();
    }
    vendor.says(&format!("GET /resources/applicants/{case}/one"), 200, applicant.to_string());
    let images = recorded("sumsub", "images.json").to_string();
    vendor.says(&format!("GET /resources/applicants/{case}/metadata/resources"), 200, images);
    vendor.otherwise(picture());
    let told = json!({ "applicantId": case, "externalUserId": reference, "type": "applicantReviewed", "sandboxMode": false,
        "reviewResult": review, "createdAtMs": "2026-01-02 03:04:06.000" });
    tell(door, &told).await.expect(200);
}

async fn approve(door: &Door, vendor: &Vendor, reference: &Value) {
    decide(door, vendor, reference, json!({ "reviewAnswer": "GREEN" })).await;
}

async fn decline(door: &Door, vendor: &Vendor, reference: &Value) {
    let red = json!({ "reviewAnswer": "RED", "reviewRejectType": "FINAL", "rejectLabels": ["FORGERY"] });
    decide(door, vendor, reference, red).await;
}

/// Signs what waits for the person, and gives the issuance and the state in the end.
async fn sign(door: &Door, page: &Page<'_>, user: &User) -> (IssuanceId, Value) {
    page.until(|state| state["takesGrant"] == true).await;
    let grant = page.grant(user).await;
    page.ask("grant/signed", &grant).await.expect(202);
    let state = page.until(|state| state["state"] == "written").await;
    let listed = door.get("/v1/issuances?limit=1").send().await.expect(200).json();
    (listed["items"][0]["id"].as_str().unwrap().parse().unwrap(), state)
}

/// That the database holds none of these, in whatever case.
async fn holds_none_of(door: &Door, texts: &[&str]) {
    let dump = match door.stage.database.folder() {
        Some(folder) => {
            let files = std::fs::read_dir(&folder.0).unwrap().map(|file| file.unwrap().path());
            files.flat_map(|file| std::fs::read(file).unwrap()).collect()
        }
        None => dump_tables(&door.stage.database.url).await,
    };
    let dump = dump.to_ascii_lowercase();
    let holds =
        |text: &str| dump.windows(text.len()).any(|part| part == text.to_ascii_lowercase().as_bytes());
    assert!(holds("relay_start") && holds("Example Exchange"), "it is a dump of the records");
    for text in texts {
        assert!(!holds(text), "{text} is kept");
    }
}

on_both_databases! {
    async fn a_person_whom_a_consumer_sends_gives_it_a_copy_of_what_the_vendor_has_found_out(backend) {
        let (door, vendor, _folder) = relay(backend).await;
        let (consumer, other) = (Consumer::register(&door, json!([])).await, Consumer::register(&door, json!(["KP", "IRN", "IR"])).await);
        let user = door.user(WalletType::Evm).await;
        let token = consumer.token(&door, &json!({ "kyc": true, "level": "basic+liveness+idos", "externalUserId": "Quux", "state": "Plugh" }));

        // Looking at the link changes nothing, and shows nothing of it.
        for _ in 0..2 {
            let shown = door.get(format!("/kyc?token={token}&provider=sumsub")).without("Authorization").send().await.expect(200);
            let html = String::from_utf8_lossy(&shown.body).replace("&#x2f;", "/");
            assert!(html.contains("data-start=\"kyc/start\"") && html.contains("\"claim/assets/claim.js?v="), "{html}");
            assert!(html.contains("data-frames=\"https://exchange.example https://other.example\""), "{html}");
            assert!(!html.contains(&token) && !html.contains("Quux"), "{html}");
            let policy = shown.header("content-security-policy").unwrap();
            assert!(policy.contains("frame-ancestors https://exchange.example https://other.example;"), "{policy}");
            assert_eq!((shown.header("x-frame-options"), shown.header("referrer-policy")), (None, Some("no-referrer")));
        }
        // The same token is the same claim, however often it comes.
        let first = start(&door, &token).await.expect(200).json();
        assert_eq!(start(&door, &token).await.expect(200).json(), first);
        let page = consumer.page(&door, &token).await;
        let state = page.state().await;
        assert_eq!((&state["state"], &state["relay"]), (&json!("open"), &json!({ "consumer": "Example Exchange" })));
        assert_eq!((&state["delivery"], &state["kind"]), (&json!("write_grant"), &json!("kyc")));

        page.identify(&user).await.expect(200);
        let case = reference(&page).await;
        assert_eq!(reference(&page).await, case, "asked again, it is the same check");
        assert_eq!(page.state().await["takesGrant"], false);
        page.offer(&user).await.problem(409, "state_conflict");
        let another = consumer.page(&door, &consumer.link(&door, "Quux")).await;
        another.identify(&user).await.expect(200);
        assert_eq!(reference(&another).await, case, "one person has one check");

        approve(&door, &vendor, &case).await;
        page.until(|state| state["issuance"]["state"] == "awaiting_grant").await;
        let grant = page.grant(&user).await;
        assert_eq!(grant["grant"]["grantee"], json!(consumer.wallet.wallet.address()));
        let (issuance, state) = sign(&door, &page, &user).await;
        assert_eq!(state["relay"]["check"]["url"], Value::Null);
        assert_eq!(another.until(|state| state["state"] == "written").await["issuance"]["state"], "issued");
        let ids = door.app.store.issuance(&issuance).await.unwrap().unwrap().ids;
        for id in [ids.copy, ids.original] {
            let told = consumer.asks(&door, id).await.expect(200).json();
            assert_eq!(told, json!({ "id": id, "kycStatus": "approved", "token": null, "forClientId": consumer.id }));
            other.asks(&door, id).await.problem(404, "not_found");
        }
        consumer.asks(&door, ids.notes).await.problem(404, "not_found");
        consumer.asks(&door, "Quux").await.problem(404, "not_found");

        // Whoever comes again has it already; and another consumer's credential takes nothing from this one.
        let again = consumer.page(&door, &consumer.link(&door, "Quux")).await;
        again.identify(&user).await.expect(200);
        again.until(|state| state["state"] == "written").await;
        let elsewhere = other.page(&door, &other.link(&door, "Quux")).await;
        elsewhere.identify(&user).await.expect(200);
        let second = reference(&elsewhere).await;
        assert_ne!(second, case);
        approve(&door, &vendor, &second).await;
        let (theirs, _) = sign(&door, &elsewhere, &user).await;
        assert_ne!(theirs, issuance);
        assert_eq!(consumer.asks(&door, ids.copy).await.expect(200).json()["kycStatus"], "approved");

        // Revoked, and erased.
        let path = format!("/v1/issuances/{issuance}");
        door.call("POST", format!("{path}/revoke")).send().await.expect(202);
        door.get(format!("{path}?wait=30")).send().await.expect(200);
        assert_eq!(consumer.asks(&door, ids.copy).await.expect(200).json()["kycStatus"], "rejected");
        door.delete(&path).send().await.expect(200);
        consumer.asks(&door, ids.copy).await.problem(404, "not_found");
        holds_none_of(&door, &["Quux", "Plugh", "Xyzzy@exchange.example", &token]).await;
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn a_new_user_makes_a_profile_first(backend) {
        let (door, vendor, _folder) = relay(backend).await;
        let consumer = Consumer::register(&door, json!([])).await;
        let mut user = User::with(WalletType::Stellar);
        let page = consumer.page(&door, &consumer.link(&door, "1")).await;
        let next = page.create(&user).await;
        user.id = next["userId"].as_str().unwrap().parse().unwrap();
        page.ask("profile", &profile(&user, &next)).await.expect(202);
        approve(&door, &vendor, &reference(&page).await).await;
        let (_, state) = sign(&door, &page, &user).await;
        assert_eq!(state["userId"], json!(user.id));
        door.close().await;
    }

    async fn what_comes_to_nothing_is_told_and_may_be_begun_anew(backend) {
        let (door, vendor, _folder) = relay(backend).await;
        let consumer = Consumer::register(&door, json!([])).await;
        let user = door.user(WalletType::Evm).await;
        let page = consumer.page(&door, &consumer.link(&door, "1")).await;
        page.identify(&user).await.expect(200);
        let case = reference(&page).await;
        decline(&door, &vendor, &case).await;
        let state = page.until(|state| state["state"] == "failed").await;
        // Why is the provider's to tell.
        assert_eq!(state["relay"]["check"], json!({ "state": "declined" }));
        page.offer(&user).await.problem(409, "state_conflict");

        let page = consumer.page(&door, &consumer.link(&door, "1")).await;
        page.identify(&user).await.expect(200);
        let another = reference(&page).await;
        assert_ne!(another, case);
        approve(&door, &vendor, &another).await;
        sign(&door, &page, &user).await;
        door.close().await;
    }

    async fn nobody_of_a_blocked_country_is_asked_to_sign(backend) {
        let (door, vendor, _folder) = relay(backend).await;
        let (strict, open) = (Consumer::register(&door, json!(["AT", "DEU"])).await, Consumer::register(&door, json!(["AT"])).await);
        let user = door.user(WalletType::Evm).await;
        let page = strict.page(&door, &strict.link(&door, "1")).await;
        page.identify(&user).await.expect(200);
        approve(&door, &vendor, &reference(&page).await).await;
        let state = page.until(|state| state["state"] == "failed").await;
        assert_eq!(state["relay"]["check"], json!({ "state": "failed", "reason": "country_blocked" }));
        let listed = door.get("/v1/verifications?state=failed").send().await.expect(200).json();
        let reason = &listed["items"][0]["reason"];
        assert_eq!(reason["code"], "country_blocked");
        assert!(!listed.to_string().contains("DE\"") && !listed.to_string().contains("DEU"), "{listed}");
        assert_eq!(door.get("/v1/issuances").send().await.expect(200).json(), json!({ "items": [] }));

        let page = open.page(&door, &open.link(&door, "1")).await;
        page.identify(&user).await.expect(200);
        approve(&door, &vendor, &reference(&page).await).await;
        sign(&door, &page, &user).await;
        door.close().await;
    }

    async fn the_wallet_that_a_token_names_is_the_one(backend) {
        let (door, vendor, _folder) = relay(backend).await;
        let consumer = Consumer::register(&door, json!([])).await;
        let (user, thief) = (door.user(WalletType::Evm).await, door.user(WalletType::Evm).await);
        let address = user.wallet.address().to_uppercase().replacen("0X", "0x", 1);
        let claims = json!({ "kyc": true, "level": "basic+liveness+idos", "walletAddress": address });
        let page = consumer.page(&door, &consumer.token(&door, &claims)).await;
        let wallet = json!({ "wallet": owner(&thief) });
        let refused = page.ask("wallet", &wallet).await.problem(409, "wrong_wallet");
        assert!(!String::from_utf8_lossy(&refused.body).to_lowercase().contains(&user.wallet.address().to_lowercase()));
        let stranger = json!({ "wallet": owner(&User::with(WalletType::Xrpl)) });
        page.ask("wallet", &stranger).await.problem(409, "wrong_wallet");
        page.identify(&user).await.expect(200);
        approve(&door, &vendor, &reference(&page).await).await;
        page.until(|state| state["takesGrant"] == true).await;
        page.offer(&thief).await.problem(409, "wrong_wallet");
        sign(&door, &page, &user).await;
        holds_none_of(&door, &[user.wallet.address().as_str()]).await;
        door.close().await;
    }

    async fn a_token_that_is_not_right_begins_nothing(backend) {
        let (door, _vendor, _folder) = relay(backend).await;
        let (consumer, other) = (Consumer::register(&door, json!([])).await, Consumer::register(&door, json!([])).await);
        let now = door.app.clock.now().unix_seconds();
        let good = consumer.link(&door, "Xyzzy");
        let (head, rest) = good.split_once('.').unwrap();
        let (claims, signature) = rest.split_once('.').unwrap();
        let encode = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let of = |more: Value| {
            let mut claims = json!({ "kyc": true, "level": "basic+liveness+idos", "externalUserId": "Xyzzy" });
            claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            consumer.token(&door, &claims)
        };
        let theirs = |more: &Consumer| other.token(&door, &json!({ "clientId": more.id, "kyc": true, "level": "basic+liveness+idos" }));
        for (token, status, code, said) in [
            ("Xyzzy".to_owned(), 403, "token_refused", "three parts of base64url"),
            (format!("{}.{claims}.{signature}", encode(json!({ "alg": "none" }))), 403, "token_refused", "ES512"),
            (format!("{}.{claims}.{signature}", encode(json!({ "alg": "HS256", "typ": "JWT" }))), 403, "token_refused", "ES512"),
            (format!("{head}.{claims}."), 403, "token_refused", "not signed by the key"),
            (theirs(&consumer), 403, "token_refused", "not signed by the key"),
            (of(json!({ "clientId": crate::support::id() })), 403, "token_refused", "not registered"),
            (of(json!({ "iat": now - 4000 })), 410, "link_expired", "has expired"),
            (of(json!({ "iat": now + 1000 })), 403, "token_refused", "not good yet"),
            (of(json!({ "exp": now + 7200 })), 403, "token_refused", "longer than an hour"),
            (of(json!({ "kyc": false })), 403, "token_refused", "something else"),
            (of(json!({ "api": true })), 403, "token_refused", "something else"),
            (of(json!({ "level": "basic+liveness" })), 403, "token_refused", "+idos"),
            (of(json!({ "level": "plus+liveness+idos" })), 403, "token_refused", "none that is done here"),
        ] {
            let refused = start(&door, &token).await.problem(status, code);
            assert_eq!(refused.pointers(), ["/token"]);
            let body = String::from_utf8_lossy(&refused.body);
            assert!(body.contains(said) && !body.contains("Xyzzy"), "{said}: {body}");
        }
        // Not from another site; not in another form.
        let sent = json!({ "token": good });
        door.post("/kyc/start", &sent).header("Sec-Fetch-Site", "cross-site").send().await.problem(400, "invalid_request");
        door.post("/kyc/start", &sent).send().await.problem(400, "invalid_request");
        let call = door.call("POST", "/kyc/start").header("Sec-Fetch-Site", "same-origin");
        call.body("text/plain", sent.to_string()).send().await.problem(415, "unsupported_media_type");

        // Tokens to ask with open no link, and the other way round.
        let path = format!("/providers/sumsub/sharedToken/{}", crate::support::id());
        for token in [good.as_str(), &theirs(&consumer), &door.key, "Xyzzy"] {
            let refused = door.get(&path).key(token).send().await.problem(401, "unauthorized");
            assert_eq!(refused.json()["errors"][0]["header"], "Authorization");
            assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"));
        }
        door.get(&path).without("Authorization").send().await.problem(401, "unauthorized");
        consumer.asks(&door, crate::support::id()).await.problem(404, "not_found");
        let asks = consumer.token(&door, &json!({ "api": true }));
        start(&door, &asks).await.problem(403, "token_refused");
        let share = json!({ "credentialId": crate::support::id(), "forClientId": other.id, "skipCheck": true });
        door.post("/providers/sumsub/sharedToken", &share).key(&asks).send().await.problem(403, "not_offered");
        door.post("/v1/verifications", &json!({})).key(&asks).send().await.problem(401, "unauthorized");
        door.close().await;
    }

    async fn consumers_are_registered_and_struck_off_by_the_relays_client(backend) {
        let (door, vendor, _folder) = relay(backend).await;
        let (key, wallet) = (key(), User::with(WalletType::Evm));
        let right = registration(&key, &wallet, &json!(["de", "DEU"]));
        let with = |name: &str, value: Value| {
            let mut asked = right.clone();
            asked[name] = value;
            asked
        };
        let mut private = jwk(&key);
        private["d"] = json!(URL_SAFE_NO_PAD.encode(key.to_bytes()));
        for (asked, pointer) in [
            (with("name", json!("Ex\u{202e}change")), "/name"),
            (with("name", json!(" ")), "/name"),
            (with("publicKey", json!("Xyzzy")), "/publicKey"),
            (with("publicKey", private), "/publicKey"),
            (with("publicKey", json!(7)), "/publicKey"),
            (with("consumerWallet", json!("Xyzzy")), "/consumerWallet"),
            (with("consumerEncPubKey", json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")), "/consumerEncPubKey"),
            (with("blockedCountries", json!(["DE", "Xyzzy"])), "/blockedCountries/1"),
            (with("blockedCountries", json!("DE")), "/blockedCountries"),
            (with("Xyzzy", json!(1)), ""),
        ] {
            let refused = door.post("/developer/console/clients", &asked).send().await.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), [pointer]);
            assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"));
        }
        let stranger = door.key_of("other", Scope::ALL).await;
        door.post("/developer/console/clients", &right).key(&stranger).send().await.problem(403, "forbidden");
        let claims_only = door.key_of("acme", &[Scope::Claims]).await;
        door.post("/developer/console/clients", &right).key(&claims_only).send().await.problem(403, "forbidden");

        let consumer = Consumer::register(&door, json!([])).await;
        let user = door.user(WalletType::Evm).await;
        let token = consumer.link(&door, "1");
        let (page, early) = (consumer.page(&door, &token).await, consumer.page(&door, &consumer.link(&door, "2")).await);
        page.identify(&user).await.expect(200);
        let case = reference(&page).await;
        let path = format!("/developer/console/clients/{}", consumer.id);
        door.delete(&path).key(&stranger).send().await.problem(403, "forbidden");
        door.delete(&path).send().await.expect(204);
        door.delete(&path).send().await.problem(404, "not_found");
        start(&door, &token).await.problem(403, "token_refused");
        consumer.asks(&door, crate::support::id()).await.problem(401, "unauthorized");
        // What it has begun ends, be it looked at or not.
        early.ask("wallet", &json!({ "wallet": owner(&user) })).await.problem(409, "state_conflict");
        assert_eq!(early.state().await["state"], "failed");
        approve(&door, &vendor, &case).await;
        let state = page.until(|state| state["state"] == "failed").await;
        assert_eq!(state["relay"].get("consumer"), None);
        let listed = door.get("/v1/issuances").send().await.expect(200).json();
        assert_eq!(listed, json!({ "items": [] }));
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn where_it_is_not_enabled_there_is_none(backend) {
        let door = Door::with(backend, "").await;
        door.get("/kyc?token=a").send().await.problem(404, "not_found");
        start(&door, "a").await.problem(404, "not_found");
        let asked = registration(&key(), &User::with(WalletType::Evm), &json!([]));
        door.post("/developer/console/clients", &asked).send().await.problem(404, "not_found");
        door.delete(format!("/developer/console/clients/{}", crate::support::id())).send().await.problem(404, "not_found");
        door.get(format!("/providers/sumsub/sharedToken/{}", crate::support::id())).send().await.problem(404, "not_found");
        door.post("/providers/sumsub/sharedToken", &json!({})).send().await.problem(404, "not_found");
        door.close().await;
    }
}
