//! Results that come in by themselves: a vendor that signs its webhooks and checks our requests, the real service, a node.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use idos_devnode::DevNodeConfig;
use idos_issuer::model::client::Scope;
use idos_wallet::WalletType;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::door::{Answer, Door};
use super::signed_requests::{TOKEN, Wanted};
use crate::support::service::{Backend, Service, Stage, audit_holds, audit_names};
use crate::support::{Folder, example};

/// HMAC-SHA-256 as RFC 2104 writes it, apart from the libraries that the service uses.
pub(crate) fn hmac(key: &[u8], text: &[u8]) -> String {
    let key = if key.len() > 64 { Sha256::digest(key).to_vec() } else { key.to_vec() };
    let pad =
        |with: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or_default() ^ with).collect() };
    let inner = Sha256::digest([pad(0x36), text.to_vec()].concat());
    hex::encode(Sha256::digest([pad(0x5c), inner.to_vec()].concat()))
}

pub(crate) fn recorded(vendor: &str, file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("crates/identity-vendors/tests/recorded")
        .join(vendor)
        .join(file);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// What sources of personhood sign, and with what.
pub(crate) fn recorded_person() -> Value {
    let path = "crates/identity-vendors/tests/it/personhood/signed.json";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// What a vendor answers, by method and path.
type Answers = HashMap<String, (u16, Vec<(&'static str, String)>, Vec<u8>)>;

/// How a vendor answers badly.
#[derive(Clone, Debug)]
pub(crate) enum Harm {
    /// After this time, which may be longer than anybody waits.
    Late(Duration),
    /// It promises more than comes.
    BreakOff,
    /// It never ends.
    Endless,
}

#[derive(Default)]
pub(super) struct Shared {
    pub(super) answers: Answers,
    /// What is answered where nothing is said above.
    pub(super) otherwise: Option<Vec<u8>>,
    /// By method and path.
    pub(super) harms: HashMap<String, Harm>,
    asked: Vec<String>,
    /// What requests must be like.
    wanted: Option<Wanted>,
    /// Those that were otherwise.
    badly_signed: Vec<String>,
}

/// A vendor.
#[derive(Clone)]
pub(crate) struct Vendor {
    pub(super) shared: Arc<Mutex<Shared>>,
    pub(crate) url: String,
}

impl Vendor {
    pub(crate) async fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(super) fn on(listener: TcpListener) -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, url }
    }

    pub(crate) fn says(&self, what: &str, status: u16, body: impl Into<Vec<u8>>) {
        self.shared.lock().unwrap().answers.insert(what.to_owned(), (status, Vec::new(), body.into()));
    }

    pub(crate) fn otherwise(&self, file: Vec<u8>) {
        self.shared.lock().unwrap().otherwise = Some(file);
    }

    pub(super) fn harm(&self, what: &str, how: Harm) {
        self.shared.lock().unwrap().harms.insert(what.to_owned(), how);
    }

    pub(super) fn wants(&self, wanted: Wanted) {
        self.shared.lock().unwrap().wanted = Some(wanted);
    }

    pub(super) fn badly_signed(&self) -> Vec<String> {
        self.shared.lock().unwrap().badly_signed.clone()
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.lock().unwrap().asked.clone()
    }
}

async fn answer(State(shared): State<Arc<Mutex<Shared>>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path_and_query().unwrap().as_str();
    let harm = shared.lock().unwrap().harms.get(&format!("{} {path}", parts.method)).cloned();
    if let Some(Harm::Late(time)) = harm {
        tokio::time::sleep(time).await;
    }
    let mut shared = shared.lock().unwrap();
    let what = format!("{} {path}", parts.method);
    if shared.wanted.as_ref().is_some_and(|wanted| !wanted.takes(&parts, &body)) {
        shared.badly_signed.push(what.clone());
    }
    shared.asked.push(what.clone());
    let none = if what == "POST /oauth2/token" {
        let token = json!({ "access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600 });
        (200, Vec::new(), token.to_string().into_bytes())
    } else {
        shared
            .otherwise
            .as_ref()
            .map_or((404, Vec::new(), Vec::new()), |file| (200, Vec::new(), file.clone()))
    };
    let (status, headers, body) = shared.answers.get(&what).cloned().unwrap_or(none);
    let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap());
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let chunks = |body: Vec<u8>| futures_util::stream::iter([Ok::<_, std::io::Error>(body)]);
    match harm {
        Some(Harm::BreakOff) => {
            let cut = futures_util::stream::iter([Err(std::io::ErrorKind::ConnectionReset.into())]);
            response = response.header("content-length", body.len() + 1000);
            return response.body(Body::from_stream(chunks(body).chain(cut))).unwrap();
        }
        Some(Harm::Endless) => {
            let more = futures_util::stream::repeat_with(|| Ok(vec![b' '; 1 << 16]));
            return response.body(Body::from_stream(chunks(body).chain(more))).unwrap();
        }
        Some(Harm::Late(_)) | None => {}
    }
    response.body(Body::from(body)).unwrap()
}

pub(crate) const APPLICANT: &str = "68a7d46b8a6f58bf219053c6";
const SECRET: &str = "whsec_test";

/// A photo that can be shown.
pub(crate) fn picture() -> Vec<u8> {
    std::fs::read(example("selfie.jpg")).unwrap()
}

/// The service with Sumsub as a source, and more settings of that source.
pub(super) async fn sumsub(backend: Backend, more: &str) -> (Door, Vendor, Folder) {
    let vendor = Vendor::start().await;
    let account = json!({ "key": "prd:app-token", "secret": "test-secret" });
    vendor.wants(Wanted { vendor: "sumsub".to_owned(), account, elsewhere: Vec::new() });
    let (stage, folder) = sumsub_at(backend, &vendor.url, more).await;
    (Door::on(stage).await.working(), vendor, folder)
}

/// What a service is made of that has Sumsub at this address as a source.
pub(super) async fn sumsub_at(backend: Backend, url: &str, more: &str) -> (Stage, Folder) {
    let folder = Folder::new();
    let secret = |name: &str, text: &str| {
        let path = folder.write(name, text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    let (key, hook, next) =
        (secret("key", "prd:app-token\n"), secret("hook", SECRET), secret("next", "whsec_next"));
    let secret = secret("secret", "test-secret\n");
    let mut stage = Stage::with(backend, 1, DevNodeConfig::default()).await;
    stage.settings = format!(
        "[[source]]\nname = \"kyc\"\nvendor = \"sumsub\"\nclient = \"acme\"\nbase_url = \"{url}\"\nkey = \"{key}\"\n\
         secret = \"{secret}\"\nwebhook_secrets = [\"{hook}\", \"{next}\"]\npoll_seconds = 1\n{more}\n"
    );
    (stage, folder)
}

/// Has the vendor approve the person of this reference.
pub(super) fn approve(vendor: &Vendor, reference: &Value, reviewed: &str) {
    let mut applicant = recorded("sumsub", "applicant.json");
    applicant["externalUserId"] = reference.clone();
    applicant["review"]["reviewDate"] = json!(reviewed);
    vendor.says(&one(), 200, applicant.to_string());
    let images = recorded("sumsub", "images.json").to_string();
    vendor.says(&format!("GET /resources/applicants/{APPLICANT}/metadata/resources"), 200, images);
    for image in ["1001", "1003", "1005"] {
        let path = format!("GET /resources/inspections/68a7d46b8a6f58bf219053c7/resources/{image}");
        vendor.says(&path, 200, picture());
    }
}

pub(super) fn one() -> String {
    format!("GET /resources/applicants/{APPLICANT}/one")
}

pub(super) fn event(kind: &str, reference: &Value, more: &Value) -> Value {
    let mut event =
        json!({ "applicantId": APPLICANT, "externalUserId": reference, "type": kind, "sandboxMode": false });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

pub(super) fn green(reference: &Value, at: &str) -> Value {
    let more = json!({ "reviewResult": { "reviewAnswer": "GREEN" }, "createdAtMs": at });
    event("applicantReviewed", reference, &more)
}

/// Tells it as the vendor does, signed.
pub(super) async fn tell(door: &Door, body: &Value) -> Answer {
    tell_with(door, body, SECRET).await
}

async fn tell_with(door: &Door, body: &Value, secret: &str) -> Answer {
    let body = body.to_string();
    let digest = hmac(secret.as_bytes(), body.as_bytes());
    let call = door.call("POST", "/webhooks/kyc").without("Authorization");
    call.header("X-Payload-Digest", &digest).body("application/json", body).send().await
}

pub(super) async fn open(door: &Door, user: Option<Uuid>, delivery: Value) -> Value {
    let mut opening = json!({ "source": "kyc", "delivery": delivery, "reference": "case-1",
        "contact": { "email": "erika@example.com" } });
    if let Some(user) = user {
        opening["userId"] = json!(user);
    }
    door.make("/v1/verifications", &opening).send().await.expect(202).json()
}

/// Asks until the verification is as wanted.
pub(super) async fn until(door: &Door, opened: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/v1/verifications/{}", opened["id"].as_str().unwrap());
    for _ in 0..1200 {
        let shown = door.get(&path).send().await.expect(200).json();
        if wanted(&shown) {
            return shown;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("it did not come to that: {:#}", door.get(&path).send().await.json());
}

async fn kinds(door: &Door) -> Vec<String> {
    let events = door.get("/v1/events").send().await.expect(200).json();
    let kinds = events["items"].as_array().unwrap().iter().rev().map(|event| event["type"].as_str().unwrap());
    kinds.map(str::to_owned).collect()
}

on_both_databases! {
    async fn an_approval_becomes_a_credential_by_itself(backend) {
        let (door, vendor, _folder) = sumsub(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let opened = open(&door, Some(user.id), json!({ "by": "inserter" })).await;
        assert_eq!((&opened["state"], &opened["hasContact"]), (&json!("opened"), &json!(true)));
        let reference = &opened["externalId"];
        approve(&vendor, reference, "2026-01-02 03:04:05+0000");

        let progress = event("applicantPending", reference, &json!({ "createdAtMs": "2026-01-02 03:00:00.000" }));
        assert_eq!(tell(&door, &progress).await.expect(200).json(), json!({ "outcome": "accepted" }));
        let approved = green(reference, "2026-01-02 03:04:06.000");
        tell(&door, &approved).await.expect(200);
        assert_eq!(tell(&door, &approved).await.expect(200).json(), json!({ "outcome": "repeated" }));

        let path = format!("/v1/verifications/{}?wait=30", opened["id"].as_str().unwrap());
        let issued = door.get(&path).send().await.expect(200).json();
        assert_eq!((&issued["state"], &issued["issuance"]["state"]), (&json!("issued"), &json!("issued")), "{issued:#}");
        assert_eq!(issued["hasContact"], false, "it is the issuance's");
        let issuance = format!("/v1/issuances/{}", issued["issuance"]["id"].as_str().unwrap());
        let issuance = door.get(&issuance).send().await.expect(200).json();
        assert_eq!((&issuance["level"], &issuance["hasContact"]), (&json!("basic+liveness"), &json!(true)));
        assert_eq!((&issuance["userId"], &issuance["reference"]), (&json!(user.id), &json!("case-1")));
        assert_eq!(door.stage.node.counts().await.unwrap().credentials, 1);
        // Two of them in one transaction, and so perhaps in one millisecond.
        let mut told = kinds(&door).await;
        told.sort_unstable();
        assert_eq!(told, ["issuance.issued", "verification.approved", "verification.issued"]);
        assert_eq!(vendor.badly_signed(), [""; 0]);
        assert!(vendor.asked().len() >= 5, "{:?}", vendor.asked());

        let trail = format!("/v1/verifications/{}/audit", opened["id"].as_str().unwrap());
        let entries = door.get(&trail).send().await.expect(200).json();
        let entries = entries["items"].as_array().unwrap();
        let acts: Vec<_> = entries.iter().map(|entry| entry["act"].as_str().unwrap()).collect();
        assert_eq!(acts, ["verification_opened", "vendor_told", "verification_approved", "issued"]);
        assert_eq!((&entries[0]["detail"], &entries[3]["detail"]), (&json!("kyc"), &issued["issuance"]["id"]));
        assert!(entries[0]["actor"].as_str().unwrap().starts_with("client:acme:"), "{}", entries[0]);
        let stranger = door.key_of("other", Scope::ALL).await;
        door.get(&trail).key(&stranger).send().await.problem(404, "not_found");
        let key = door.key_of("acme", &[Scope::IssuancesWrite]).await;
        door.get(&trail).key(&key).send().await.problem(403, "forbidden");
        door.get("/v1/verifications/x/audit").send().await.expect(404);

        // The same decision told of once more makes no other one.
        tell(&door, &green(reference, "2026-01-02 03:04:07.000")).await.expect(200);
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        assert_eq!(door.stage.node.counts().await.unwrap().credentials, 1);
        for query in ["", "?state=issued&source=kyc", "?source=kyc", "?state=issued", "?reference=case-1&state=issued"] {
            let list = door.get(format!("/v1/verifications{query}")).send().await.expect(200).json();
            assert_eq!(list["items"].as_array().unwrap().len(), 1, "{query}");
        }
        for query in ["?state=failed", "?source=other", "?reference=other", "?state=opened&source=kyc"] {
            let list = door.get(format!("/v1/verifications{query}")).send().await.expect(200).json();
            assert_eq!(list, json!({ "items": [] }), "{query}");
        }
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn what_is_not_signed_as_it_must_be_is_not_read(backend) {
        let (door, vendor, _folder) = sumsub(backend, "").await;
        let opened = open(&door, None, json!({ "by": "inserter" })).await;
        let reference = &opened["externalId"];
        let body = green(reference, "2026-01-02 03:04:06.000");
        tell_with(&door, &body, "whsec_other").await.problem(403, "not_signed");
        let post = |body: &str| door.call("POST", "/webhooks/kyc").body("application/json", body);
        post(&body.to_string()).send().await.problem(403, "not_signed");
        post(&body.to_string()).header("X-Payload-Digest", "zz").send().await.problem(403, "not_signed");
        // Neither is what can be read in no way.
        post("{").header("X-Payload-Digest", "00").send().await.problem(403, "not_signed");
        let digest = hmac(SECRET.as_bytes(), b"{");
        post("{").header("X-Payload-Digest", &digest).send().await.problem(400, "invalid_request");
        door.call("POST", "/webhooks/other").body("application/json", "{}").send().await.problem(404, "not_found");
        assert_eq!(vendor.asked(), [] as [String; 0]);
        let shown = until(&door, &opened, |_| true).await;
        assert_eq!(shown["state"], "opened");

        // Both secrets hold while one is being replaced; an unknown kind is acknowledged.
        let unknown = event("applicantOfTomorrow", reference, &json!({}));
        let taken = tell_with(&door, &unknown, "whsec_next").await.expect(200);
        assert_eq!(taken.json(), json!({ "outcome": "ignored" }));
        door.close().await;
    }

    async fn a_decline_leaves_nothing_but_the_fact(backend) {
        let (door, vendor, _folder) = sumsub(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let opened = open(&door, Some(user.id), json!({ "by": "inserter" })).await;
        let reference = &opened["externalId"];
        approve(&vendor, reference, "2026-01-02 03:04:05+0000");
        let mut applicant = recorded("sumsub", "applicant.json");
        applicant["externalUserId"] = reference.clone();
        applicant["review"]["reviewResult"] =
            json!({ "reviewAnswer": "RED", "reviewRejectType": "FINAL", "rejectLabels": ["FORGERY"] });
        vendor.says(&one(), 200, applicant.to_string());
        let red = json!({ "reviewResult": { "reviewAnswer": "RED", "reviewRejectType": "FINAL" } });
        tell(&door, &event("applicantReviewed", reference, &red)).await.expect(200);
        let declined = until(&door, &opened, |shown| shown["state"] == "declined").await;
        assert_eq!(declined["reason"]["code"], "fraud");
        assert_eq!(declined["hasContact"], false);
        assert_eq!(kinds(&door).await, ["verification.declined"]);
        assert_eq!(door.stage.node.counts().await.unwrap().credentials, 0);
        door.close().await;
    }

    async fn what_is_erased_is_forgotten_and_stays_so(backend) {
        let (door, vendor, _folder) = sumsub(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let opened = open(&door, Some(user.id), json!({ "by": "inserter" })).await;
        let path = format!("/v1/verifications/{}", opened["id"].as_str().unwrap());
        for _ in 0..2 {
            let left = door.delete(&path).send().await.expect(200).json();
            assert_eq!((&left["state"], &left["hasContact"]), (&json!("erased"), &json!(false)));
            assert!(left["reference"].is_null() && left["userId"].is_null(), "{left:#}");
            assert!(!audit_names(&door.app.store, opened["id"].as_str().unwrap()).await);
        }
        approve(&vendor, &opened["externalId"], "2026-01-02 03:04:05+0000");
        let taken = tell(&door, &green(&opened["externalId"], "2026-01-02 03:04:06.000")).await.expect(200);
        assert_eq!(taken.json(), json!({ "outcome": "ignored" }));

        // With an issuance, it goes with that; its events too.
        let opened = open(&door, Some(user.id), json!({ "by": "inserter" })).await;
        let path = format!("/v1/verifications/{}", opened["id"].as_str().unwrap());
        approve(&vendor, &opened["externalId"], "2026-01-02 03:04:05+0000");
        tell(&door, &green(&opened["externalId"], "2026-01-02 03:04:06.000")).await.expect(200);
        let issued = until(&door, &opened, |shown| shown["state"] == "issued").await;
        door.delete(&path).send().await.problem(409, "state_conflict");
        let issuance = format!("/v1/issuances/{}", issued["issuance"]["id"].as_str().unwrap());
        door.delete(&issuance).send().await.expect(200);
        let left = until(&door, &opened, |shown| shown["state"] == "erased").await;
        assert!(left["reference"].is_null() && left["userId"].is_null(), "{left:#}");
        assert_eq!(kinds(&door).await, ["issuance.erased"]);
        for id in [&opened["id"], &issued["issuance"]["id"]] {
            assert!(!audit_names(&door.app.store, id.as_str().unwrap()).await);
        }
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    /// The user's id and grant may come after the approval; all is visible meanwhile.
    async fn what_is_missing_is_waited_for(backend) {
        let (door, vendor, _folder) = sumsub(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let opened = open(&door, None, json!({ "by": "write_grant" })).await;
        approve(&vendor, &opened["externalId"], "2026-01-02 03:04:05+0000");
        tell(&door, &green(&opened["externalId"], "2026-01-02 03:04:06.000")).await.expect(200);
        let waiting = until(&door, &opened, |shown| shown["state"] == "approved").await;
        assert_eq!(waiting["reason"]["code"], "user_id_missing");
        assert_eq!(waiting["hasContact"], true);

        let path = format!("/v1/verifications/{}/resume", opened["id"].as_str().unwrap());
        door.post(&path, &json!({ "userId": user.id })).send().await.expect(202);
        let sealed = until(&door, &opened, |shown| shown["issuance"]["state"] == "awaiting_grant").await;
        assert_eq!(sealed["state"], "approved");
        door.post(&path, &json!({})).send().await.problem(409, "state_conflict");
        door.close().await;
    }

    /// The vendor changes its mind: what becomes of the credential is the provider's rule, and a later approval replaces it.
    async fn an_approval_that_holds_no_more_is_revoked_by_rule_and_a_later_one_replaces(backend) {
        let (door, vendor, _folder) = sumsub(backend, "on_reset = \"revoke\"").await;
        let user = door.user(WalletType::Evm).await;
        let opened = open(&door, Some(user.id), json!({ "by": "inserter" })).await;
        let reference = &opened["externalId"];
        approve(&vendor, reference, "2026-01-02 03:04:05+0000");
        tell(&door, &green(reference, "2026-01-02 03:04:06.000")).await.expect(200);
        let first = until(&door, &opened, |shown| shown["state"] == "issued").await["issuance"]["id"].clone();

        // A newer approval: a second credential, and the first one is revoked.
        approve(&vendor, reference, "2026-01-03 03:04:05+0000");
        tell(&door, &green(reference, "2026-01-03 03:04:06.000")).await.expect(200);
        let second = until(&door, &opened, |shown| {
            shown["state"] == "issued" && shown["issuance"]["id"] != first && shown["issuance"]["state"] == "issued"
        });
        let second = second.await["issuance"]["id"].clone();
        let state = async |id: &Value, wanted: &str| {
            let path = format!("/v1/issuances/{}", id.as_str().unwrap());
            for _ in 0..1200 {
                if door.get(&path).send().await.expect(200).json()["state"] == wanted {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            panic!("{id} is not {wanted}");
        };
        state(&first, "revoked").await;
        state(&second, "issued").await;
        let replacing = door.get(format!("/v1/issuances/{}", second.as_str().unwrap())).send().await.expect(200).json();
        assert_eq!(replacing["hasContact"], true, "whom to write to is known of the later one as well");

        // An old event that comes late changes nothing; a reset revokes.
        let late = event("applicantReset", reference, &json!({ "createdAtMs": "2026-01-01 00:00:00.000" }));
        assert_eq!(tell(&door, &late).await.expect(200).json(), json!({ "outcome": "ignored" }));
        let reset = event("applicantReset", reference, &json!({ "createdAtMs": "2026-01-04 00:00:00.000" }));
        tell(&door, &reset).await.expect(200);
        let anew = until(&door, &opened, |shown| shown["state"] == "pending").await;
        assert_eq!(anew["reason"]["code"], "reset");
        state(&second, "revoked").await;
        assert!(kinds(&door).await.contains(&"verification.reset".to_owned()));
        door.close().await;
    }

    /// A webhook that never comes: where the case is known, the vendor is asked unbidden; refusals to answer are waited out.
    async fn the_vendor_is_asked_where_it_tells_nothing(backend) {
        let (door, vendor, _folder) = sumsub(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let opening = json!({ "source": "kyc", "delivery": { "by": "inserter" }, "userId": user.id,
            "case": { "id": APPLICANT } });
        let opened = door.make("/v1/verifications", &opening).send().await.expect(202).json();
        door.make("/v1/verifications", &opening).send().await.problem(422, "invalid_fields");
        let limited = (429, vec![("retry-after", "1".to_owned())], Vec::new());
        vendor.shared.lock().unwrap().answers.insert(one(), limited);
        let tried = until(&door, &opened, |shown| shown["reason"]["code"] == "vendor_unavailable").await;
        assert_eq!(tried["state"], "opened");
        approve(&vendor, &opened["externalId"], "2026-01-02 03:04:05+0000");
        until(&door, &opened, |shown| shown["state"] == "issued").await;
        door.close().await;
    }

    /// Every "no" says which no, and names what is in the way and never its value.
    async fn what_cannot_become_a_credential_halts_with_a_code(backend) {
        let (door, vendor, _folder) = sumsub(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let mut told = 0;
        let mut check = async |change: fn(&mut Value), reason: &str, field: Option<&str>| {
            let opened = open(&door, Some(user.id), json!({ "by": "inserter" })).await;
            approve(&vendor, &opened["externalId"], "2026-01-02 03:04:05+0000");
            let mut applicant = recorded("sumsub", "applicant.json");
            applicant["externalUserId"] = opened["externalId"].clone();
            change(&mut applicant);
            let id = format!("a{told}");
            applicant["id"] = json!(id);
            vendor.says(&format!("GET /resources/applicants/{id}/one"), 200, applicant.to_string());
            let images = recorded("sumsub", "images.json").to_string();
            vendor.says(&format!("GET /resources/applicants/{id}/metadata/resources"), 200, images);
            let mut body = green(&opened["externalId"], "2026-01-02 03:04:06.000");
            body["applicantId"] = json!(id);
            tell(&door, &body).await.expect(200);
            let halted = until(&door, &opened, |shown| shown["state"] == "halted").await;
            assert_eq!(halted["reason"]["code"], reason, "{halted:#}");
            let fields = halted["reason"]["obstacles"].to_string();
            assert!(field.is_none_or(|field| fields.contains(field)), "{halted:#}");
            assert!(!halted.to_string().contains("Xyzzy"), "{halted:#}");
            told += 1;
        };
        check(|it| it["fixedInfo"]["nationality"] = json!("UTO"), "not_in_schema", Some("nationality")).await;
        check(|it| it["info"]["idDocs"][0]["dob"] = json!("1984-00-00"), "not_in_schema", Some("dateOfBirth")).await;
        check(|it| it["externalUserId"] = json!("Xyzzy"), "another_user", Some("externalUserId")).await;
        check(|it| it["type"] = json!("company"), "not_a_person", None).await;
        check(|it| it["sandboxMode"] = json!(true), "sandbox_result", None).await;
        check(|it| it["review"]["reviewStatus"] = json!("Xyzzy"), "answer_unusable", Some("reviewStatus")).await;
        check(|it| it["info"]["idDocs"][0]["validUntil"] = json!("2020-01-01"), "refused", Some("idDocument")).await;
        assert_eq!(door.stage.node.counts().await.unwrap().credentials, 0);
        door.close().await;
    }

    /// Killed wherever it is, again and again: one credential.
    async fn killed_in_between_there_is_one_credential(backend) {
        let (door, vendor, _folder) = sumsub(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let opened = open(&door, Some(user.id), json!({ "by": "inserter" })).await;
        approve(&vendor, &opened["externalId"], "2026-01-02 03:04:05+0000");
        for number in 0..8 {
            let app = door.stage.app().await;
            let service = Service::start(app);
            let at = format!("2026-01-02 03:04:{:02}.000", 6 + number);
            tell(&door, &green(&opened["externalId"], &at)).await.expect(200);
            tokio::time::sleep(std::time::Duration::from_millis(30 * number)).await;
            service.kill().await;
        }
        until(&door, &opened, |shown| shown["state"] == "issued").await;
        assert_eq!(door.stage.node.counts().await.unwrap().credentials, 1);
        let made = door.get("/v1/issuances").send().await.expect(200).json();
        assert_eq!(made["items"].as_array().unwrap().len(), 1);
        door.close().await;
    }

    /// Each vendor that there is: what it is recorded to answer becomes a credential of the level that its checks support.
    async fn every_vendor_leads_to_a_credential(backend) {
        let folder = Folder::new();
        let mut stage = Stage::with(backend, 1, DevNodeConfig::default()).await;
        let mut vendors = Vec::new();
        for known in identity_vendors::Vendor::ALL {
            let name = known.name();
            let cases = recorded(name, "cases.json");
            let vendor = Vendor::start().await;
            let account = &cases["account"];
            let secret = |of: &str, text: &str| {
                let path = folder.write(&format!("{name}-{of}"), text);
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
                path
            };
            let key = secret("key", account["key"].as_str().unwrap());
            let second = account["secret"].as_str().map(|text| format!("secret = \"{}\"", secret("secret", text)));
            let files = account.get("files").cloned().unwrap_or_else(|| json!([]));
            let section = format!(
                "[[source]]\nname = \"{name}\"\nvendor = \"{name}\"\nclient = \"acme\"\nbase_url = \"{0}\"\n\
                 tokens_url = \"{0}\"\nkey = \"{key}\"\n{1}\nfiles = {files}\npoll_seconds = 1\n",
                vendor.url, second.unwrap_or_default()
            );
            stage.settings.push_str(&section);
            stage.files_of_vendors.push((name.to_owned(), vendor.url.parse().unwrap()));
            vendors.push((name, cases, vendor));
        }
        let door = Door::on(stage).await.working();
        let user = door.user(WalletType::Evm).await;
        let mut opened = Vec::new();
        for (name, cases, vendor) in &vendors {
            let conversations = cases["conversations"].as_array().unwrap();
            let approved = conversations.iter().find(|one| one["is"] == "approved" && one["like"].is_null()).unwrap();
            let opening = json!({ "source": name, "delivery": { "by": "inserter" }, "userId": user.id,
                "case": approved["case"] });
            let made = door.make("/v1/verifications", &opening).send().await.expect(202).json();
            for (asked, answer) in approved["answers"].as_object().unwrap() {
                let answer = answer.as_str().map_or_else(|| answer.clone(), |file| recorded(name, file));
                let answer = answer.to_string().replace("\"u1\"", &made["externalId"].to_string());
                vendor.says(asked, 200, answer);
            }
            let files = approved["files"].as_object().unwrap();
            let elsewhere = files.values().map(|place| place.as_str().unwrap().split(' '));
            let elsewhere = elsewhere.map(Iterator::collect::<Vec<_>>).filter(|place| place[1] != "api");
            let elsewhere = elsewhere.map(|place| format!("{} {}", place[0], place[2])).collect();
            vendor.wants(Wanted { vendor: (*name).to_owned(), account: cases["account"].clone(), elsewhere });
            for place in files.values() {
                let path = place.as_str().unwrap().rsplit(' ').next().unwrap();
                let in_json = json!({ "data": STANDARD.encode(picture()) }).to_string();
                let file = if *name == "complycube" { in_json.into_bytes() } else { picture() };
                vendor.says(&format!("GET {path}"), 200, file);
            }
            opened.push((name, made, approved["claims"]["level"].clone()));
        }
        for (name, made, level) in &opened {
            let over = until(&door, made, |shown| shown["state"] != "opened" && shown["state"] != "approved").await;
            assert_eq!(over["state"], "issued", "{name}: {over:#}");
            let issuance = format!("/v1/issuances/{}", over["issuance"]["id"].as_str().unwrap());
            let issuance = door.get(&issuance).send().await.expect(200).json();
            assert_eq!(issuance["level"], *level, "{name}");
        }
        for (name, _, vendor) in &vendors {
            assert_eq!(vendor.badly_signed(), [""; 0], "{name}");
            assert!(vendor.asked().len() > 3, "{name}: decision and files are asked for");
        }
        let made = i64::try_from(vendors.len()).unwrap();
        assert_eq!(door.stage.node.counts().await.unwrap().credentials, made);
        door.close().await;
    }
}
