//! Proof of personhood: stand-ins for the sources' APIs, the real service, a node.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use idos_credential::{AcceptedIssuer, WriteKey, verify};
use idos_devnode::DevNodeConfig;
use idos_issuer::app::{App, StartError};
use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::{holder, sweep};
use idos_issuer::store::Store;
use idos_issuer::vault::Vault;
use idos_wallet::WalletType;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sha3::Keccak256;
use sqlx::Row as _;
use zeroize::Zeroizing;

use super::door::{Answer, Door, inserter, new_profile, owner};
use super::verifications::{Vendor, recorded_person};
use crate::support::service::{Backend, Stage, audit_holds, same_keys};
use crate::support::{Folder, User, id, owned};

const VERIFY: &str = "POST /api/v4/verify/rp_1234";
const LEVEL: &str = "Meets.expirable";
/// 2100-01-01T00:00:00Z.
const FAR: i64 = 4_102_444_800;

/// World ID's hash of a signal: Keccak-256 without its last byte, and a zero before it.
pub(crate) fn signal_hash(signal: &str) -> String {
    format!("0x00{}", hex::encode(&Keccak256::digest(signal.as_bytes())[..31]))
}

/// A nullifier of its own.
pub(crate) fn nullifier() -> String {
    format!("0x00{}", hex::encode(rand::random::<[u8; 31]>()))
}

fn node_key() -> WriteKey {
    WriteKey::from_seed(&[7; 32])
}

/// All sources, with what each needs in files.
fn sections(url: &str, folder: &Folder) -> String {
    let secret = |name: &str, text: &str| {
        let path = folder.write(name, text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    let signed = recorded_person();
    let relay = secret("relay", signed["relayPem"].as_str().unwrap());
    let key = secret("passport", "api-key");
    let node = STANDARD.encode(hex::decode(node_key().public_hex()).unwrap());
    let token_key: String =
        signed["pem"].as_str().unwrap().lines().filter(|line| !line.starts_with('-')).collect();
    let source = |name: &str, kind: &str, more: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\npersonhood = \"{kind}\"\nclient = \"acme\"\nbase_url = \"{url}\"\n{more}\n"
        )
    };
    let world = "write_as_face_sign = true\napp = \"rp_1234\"\naction = \"idos-pop\"\n";
    [
        source("world", "world_id", &format!("{world}protocol = \"4.0\"\nissuer_schemas = [1]")),
        source("world-3", "world_id", &format!("{world}protocol = \"3.0\"\nlevels = [\"orb\"]")),
        source("world-2", "world_id_v2", &format!("{world}levels = [\"orb\"]")),
        source(
            "passport",
            "human_passport",
            &format!("write_as_face_sign = true\nscorer = 335\nkey = \"{key}\"\naction = \"idos-pop\"\nthreshold = \"20\""),
        ),
        source(
            "bright",
            "brightid",
            &format!(
                "write_as_face_sign = true\napp = \"idos\"\nverification = \"{LEVEL}\"\nnode_keys = [\"{node}\"]\nvalid_for = 86400"
            ),
        ),
        source(
            "face",
            "face_sign",
            &format!("group = \"facesign-users\"\nrelay_key = \"{relay}\"\nattestation_keys = [\"{token_key}\"]"),
        ),
    ]
    .concat()
}

/// A service with all sources, and all of them at once.
struct World {
    door: Door,
    api: Vendor,
    _folder: Folder,
}

impl World {
    async fn new(backend: Backend) -> Self {
        Self::with(backend, Clock::System, "").await
    }

    async fn with(backend: Backend, clock: Clock, more: &str) -> Self {
        let (api, folder) = (Vendor::start().await, Folder::new());
        let mut stage = Stage::with(backend, 1, DevNodeConfig::default()).await;
        stage.clock = clock;
        stage.settings = format!("{}{more}", sections(&api.url, &folder));
        Self { door: Door::on(stage).await.working(), api, _folder: folder }
    }

    async fn user(&self) -> User {
        self.door.user(WalletType::Evm).await
    }

    async fn open(&self, source: &str, user: &User) -> Value {
        let opening =
            json!({ "source": source, "delivery": inserter(), "userId": user.id, "reference": "case-1" });
        self.door.make("/v1/verifications", &opening).send().await.expect(202).json()
    }

    /// Sends what a user brings.
    async fn prove(&self, opened: &Value, body: &Value) -> Answer {
        self.door.post(proof_of(opened), body).send().await
    }

    async fn show(&self, opened: &Value, wait: &str) -> Value {
        let path = format!("/v1/verifications/{}{wait}", opened["id"].as_str().unwrap());
        self.door.get(path).send().await.expect(200).json()
    }

    /// Waits for the credential. Gives the verification and the issuance.
    async fn issued(&self, opened: &Value) -> (Value, Value) {
        let shown = self.show(opened, "?wait=30").await;
        assert_eq!(shown["state"], "issued", "{shown:#}");
        let path = format!("/v1/issuances/{}", shown["issuance"]["id"].as_str().unwrap());
        (shown, self.door.get(path).send().await.expect(200).json())
    }

    /// The API says that the proof of this nullifier is good.
    fn world_says(&self, nullifier: &str) {
        let answer = json!({
            "success": true, "action": "idos-pop", "nullifier": nullifier, "environment": "production",
            "results": [{ "identifier": "orb", "success": true, "nullifier": nullifier }],
            "created_at": "2026-01-02T03:04:05.000Z", "message": "Proof verified successfully",
        });
        self.api.says(VERIFY, 200, answer.to_string());
    }

    async fn rows(&self, table: &str) -> Vec<String> {
        rows(&self.door, table).await
    }

    async fn state_of(&self, issuance: &Value, wanted: &str) {
        let path = format!("/v1/issuances/{}", issuance["id"].as_str().unwrap());
        for _ in 0..1200 {
            if self.door.get(&path).send().await.expect(200).json()["state"] == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{issuance} is not {wanted}");
    }
}

fn proof_of(opened: &Value) -> String {
    format!("/v1/verifications/{}/proof", opened["id"].as_str().unwrap())
}

/// The first column of all rows.
async fn rows(door: &Door, table: &str) -> Vec<String> {
    use sqlx::Connection as _;
    let mut connection = sqlx::AnyConnection::connect(&door.stage.database.url).await.unwrap();
    let statement = sqlx::AssertSqlSafe(format!("SELECT * FROM {table}"));
    let rows = sqlx::query(statement).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

/// A proof of World's of version 4.0, for this verification.
fn world_4(opened: &Value, nullifier: &str) -> Value {
    json!({ "nonce": "0x2a", "proof": {
        "protocol_version": "4.0", "nonce": "0x002A", "action": "idos-pop", "environment": "production",
        "responses": [{
            "identifier": "orb", "signal_hash": signal_hash(opened["externalId"].as_str().unwrap()),
            "issuer_schema_id": 1, "nullifier": nullifier, "expires_at_min": FAR,
            "proof": ["0x1", "0x2", "0x3", "0x4", "0x5"],
        }],
    }})
}

/// One of version 3.0, as version 2 of the API takes it.
pub(crate) fn world_2(opened: &Value, nullifier: &str) -> Value {
    json!({ "proof": {
        "nullifier_hash": nullifier, "merkle_root": "0x2264a6", "proof": format!("0x{}", "0a".repeat(256)),
        "verification_level": "orb", "action": "idos-pop",
        "signal_hash": signal_hash(opened["externalId"].as_str().unwrap()),
    }})
}

/// What a node of BrightID says of an id in the app, signed.
fn bright_says(id: &str, at: i64) -> Value {
    let hash = hex::encode(Sha256::digest(LEVEL.as_bytes()));
    let sig = node_key().sign(format!("idos,{id},{hash},{at}").as_bytes());
    json!({ "data": [{
        "unique": true, "app": "idos", "appUserId": id, "verification": LEVEL, "verificationHash": hash,
        "timestamp": at, "sig": STANDARD.encode(sig),
    }]})
}

/// A challenge that the user's wallet has signed.
async fn wallet(door: &Door, user: &User) -> Value {
    let wanted = json!({ "userId": user.id, "wallet": owner(user) });
    let offered = door.post("/v1/wallets/challenge", &wanted).send().await.expect(200).json();
    let message = offered["message"].as_str().unwrap();
    json!({
        "type": "EVM", "address": user.wallet.address(), "message": message,
        "signature": user.wallet.sign_message(message, [9; 32]),
    })
}

fn face(user: &str) -> Value {
    json!({ "success": true, "responseBlob": "AAAA", "didError": false, "result": { "livenessProven": true }, "userId": user })
}

on_both_databases! {
    /// What is recorded of each source becomes a credential, which ends when the source's word ends.
    async fn every_source_leads_to_a_credential(backend) {
        let world = World::new(backend).await;
        let user = world.user().await;
        let mut made = Vec::new();

        let opened = world.open("world", &user).await;
        let own = nullifier();
        world.world_says(&own);
        made.push((opened.clone(), world_4(&opened, &own), "world_id:", Some("2100-01-01T00:00:00.000Z")));

        let opened = world.open("world-3", &user).await;
        let mut proof = world_4(&opened, &own);
        proof["proof"]["protocol_version"] = json!("3.0");
        proof["proof"]["responses"] = json!([{
            "identifier": "orb", "signal_hash": signal_hash(opened["externalId"].as_str().unwrap()), "nullifier": own,
            "merkle_root": "0x2264a6", "proof": format!("0x{}", "0a".repeat(256)),
        }]);
        made.push((opened, proof, "world_id:", None));

        let opened = world.open("world-2", &user).await;
        let other = nullifier();
        let answer = json!({ "uses": 1, "success": true, "action": "idos-pop", "nullifier_hash": other,
            "created_at": "2026-01-02T03:04:00.000Z" });
        world.api.says("POST /api/v2/verify/rp_1234", 200, answer.to_string());
        made.push((opened.clone(), world_2(&opened, &other), "world_id_v2:", None));

        let opened = world.open("passport", &user).await;
        let address = user.wallet.address();
        let answer = json!({ "address": address, "score": "27.12300", "passing_score": true, "error": null,
            "last_score_timestamp": "2026-01-02T03:04:05.000000+00:00", "expiration_timestamp": "2099-04-02T03:04:05.000000+00:00" });
        world.api.says(&format!("GET /v2/stamps/335/score/{}", address.to_lowercase()), 200, answer.to_string());
        let proof = json!({ "proof": { "address": address }, "wallet": wallet(&world.door, &user).await });
        made.push((opened, proof, "human_passport:", Some("2099-04-02T03:04:05.000Z")));

        let opened = world.open("bright", &user).await;
        let (at, id) = (clock::now().unix_seconds() - 60, opened["externalId"].as_str().unwrap().to_owned());
        let path = format!("GET /brightid/v6/verifications/idos/{id}?signed=nacl&timestamp=seconds&includeHash=true");
        world.api.says(&path, 200, bright_says(&id, at).to_string());
        made.push((opened, json!({ "proof": { "appUserId": id } }), "brightid:", None));

        let opened = world.open("face", &user).await;
        let face_id = "6f1c1a4e-0000-4000-8000-000000000001";
        world.api.says("POST /relay/uniqueness", 201, face(face_id).to_string());
        made.push((opened, json!({ "proof": { "requestBlob": "AAAA" } }), face_id, None));

        for (opened, proof, subject, ends) in &made {
            let source = &opened["source"];
            let accepted = world.prove(opened, proof).await.expect(202).json();
            assert_eq!(accepted["state"], "approved", "{source}");
            let (shown, issuance) = world.issued(opened).await;
            assert_eq!((&issuance["kind"], &issuance["level"]), (&json!("personhood"), &json!("human")), "{source}");
            assert_eq!((&issuance["userId"], &issuance["reference"]), (&json!(user.id), &json!("case-1")));
            if let Some(ends) = ends {
                assert_eq!(issuance["validUntil"], *ends, "{source}");
            }
            if source == "bright" {
                let ends: idos_credential::Timestamp = issuance["validUntil"].as_str().unwrap().parse().unwrap();
                assert_eq!(ends.unix_seconds(), at + 86400);
            }
            let id = issuance["credentialId"].as_str().unwrap().parse().unwrap();
            let text = owned(world.door.app.idos().await.unwrap(), &user, id).await.unwrap();
            let now = world.door.app.clock.now();
            let issuer = AcceptedIssuer::of(world.door.app.keys.signing_at(now).unwrap().method.clone());
            assert_eq!(verify(&text, &[issuer], now).unwrap().kind.as_str(), "personhood");
            let credential: Value = serde_json::from_slice(&text).unwrap();
            let name = credential["credentialSubject"]["faceSignUserId"].as_str().unwrap();
            assert!(name.starts_with(subject), "{source}: {name}");
            assert!(!String::from_utf8_lossy(&text).contains(&own[4..]), "the nullifier stays with us");
            assert_eq!(shown["hasContact"], false);
        }
        // World's two versions of proofs gave one nullifier: one person, of whom the newer credential holds.
        let replaced = world.show(&made[0].0, "").await["issuance"].clone();
        world.state_of(&replaced, "revoked").await;
        assert_eq!(world.rows("person").await.len(), made.len() - 1);
        assert_eq!(world.rows("person_issuance").await.len(), made.len() - 1);
        audit_holds(&world.door.app.store).await;
        world.door.close().await;
    }

    /// One person, one credential: for another user it is refused, for the same one the newer replaces, and erasing frees.
    async fn one_person_has_one_credential_until_it_is_erased(backend) {
        let world = World::new(backend).await;
        let (user, other) = (world.user().await, world.user().await);
        let own = nullifier();
        world.world_says(&own);
        let first = world.open("world", &user).await;
        world.prove(&first, &world_4(&first, &own)).await.expect(202);
        let (_, first_issuance) = world.issued(&first).await;
        // The same proof once more, for the same verification.
        let again = world.prove(&first, &world_4(&first, &own)).await.expect(202).json();
        assert_eq!(again["issuance"]["id"], first_issuance["id"]);

        // However the nullifier is spelled.
        let theirs = world.open("world", &other).await;
        for spelled in [own.clone(), own[2..].to_uppercase(), own.replace("0x00", "0x")] {
            let refused = world.prove(&theirs, &world_4(&theirs, &spelled)).await.problem(409, "already_used");
            let text = String::from_utf8(refused.body).unwrap();
            for word in [user.id.to_string(), first_issuance["id"].as_str().unwrap().to_owned()] {
                assert!(!text.contains(&word), "{text}");
            }
        }
        assert_eq!(world.show(&theirs, "").await["state"], "opened");
        // Neither the proof of another verification's counts, nor one that is tied to nobody.
        let mut stolen = world_4(&first, &nullifier());
        let refused = world.prove(&theirs, &stolen).await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/proof/signal_hash"]);
        stolen["proof"]["responses"][0].as_object_mut().unwrap().remove("signal_hash");
        world.prove(&theirs, &stolen).await.problem(422, "invalid_fields");

        let second = world.open("world", &user).await;
        world.prove(&second, &world_4(&second, &own)).await.expect(202);
        let (_, second_issuance) = world.issued(&second).await;
        world.state_of(&first_issuance, "revoked").await;
        assert_eq!(world.rows("person").await.len(), 1);
        world.prove(&theirs, &world_4(&theirs, &own)).await.problem(409, "already_used");

        let path = format!("/v1/issuances/{}", second_issuance["id"].as_str().unwrap());
        world.door.delete(&path).send().await.expect(200);
        assert_eq!(world.rows("person").await.len(), 0, "the one that was replaced holds nobody");
        assert_eq!(world.rows("person_issuance").await.len(), 0);
        world.prove(&theirs, &world_4(&theirs, &own)).await.expect(202);
        let (_, theirs) = world.issued(&theirs).await;
        // What was revoked, and not replaced, frees nobody.
        world.door.post(format!("/v1/issuances/{}/revoke", theirs["id"].as_str().unwrap()), &json!({})).send().await;
        world.state_of(&theirs, "revoked").await;
        let anew = world.open("world", &user).await;
        world.prove(&anew, &world_4(&anew, &own)).await.problem(409, "already_used");
        assert_eq!(world.show(&second, "").await["state"], "erased");
        audit_holds(&world.door.app.store).await;
        world.door.close().await;
    }

    /// At the same time, one is the first; and one verification is one credential, however often it is proven.
    async fn two_at_a_time_are_not_both_the_first(backend) {
        let world = World::new(backend).await;
        for _ in 0..3 {
            let own = nullifier();
            world.world_says(&own);
            let users = [world.user().await, world.user().await, world.user().await];
            let mut opened = Vec::new();
            for user in &users {
                opened.push(world.open("world", user).await);
            }
            let calls = opened.iter().map(|one| async { world.prove(one, &world_4(one, &own)).await.status });
            let mut statuses = join_all(calls).await;
            statuses.sort_unstable();
            assert_eq!(statuses, [202, 409, 409]);
        }
        let before = world.rows("issuance").await.len();
        assert_eq!(before, 3);
        let (own, user) = (nullifier(), world.user().await);
        world.world_says(&own);
        let opened = world.open("world", &user).await;
        let calls = (0..4).map(|_| async { world.prove(&opened, &world_4(&opened, &own)).await.expect(202).json() });
        let ids: std::collections::BTreeSet<_> =
            join_all(calls).await.iter().map(|answer| answer["issuance"]["id"].to_string()).collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
        assert_eq!(world.rows("issuance").await.len(), before + 1);
        // By two verifications of the same user at a time: one credential is left.
        let opened = [world.open("world", &user).await, world.open("world", &user).await];
        let calls = opened.iter().map(|one| async { world.prove(one, &world_4(one, &own)).await.status });
        assert_eq!(join_all(calls).await, [202, 202]);
        for _ in 0..1200 {
            let states: Vec<_> = world.door.get("/v1/issuances?state=revoked").send().await.json()["items"].as_array().unwrap().clone();
            if states.len() == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let left = world.door.get("/v1/issuances?state=revoked").send().await.json()["items"].as_array().unwrap().len();
        assert_eq!((left, world.rows("person").await.len()), (2, 4));
        world.door.close().await;
    }

    /// A source that is away is told from one that says no, and nothing is lost by it.
    async fn a_source_that_is_away_is_asked_again_by_whoever_has_the_proof(backend) {
        let world = World::new(backend).await;
        let user = world.user().await;
        let opened = world.open("world", &user).await;
        let own = nullifier();
        let proof = world_4(&opened, &own);
        for (status, body) in [(500, "{}"), (503, ""), (429, "{}"), (200, "<html>")] {
            world.api.says(VERIFY, status, body);
            let away = world.prove(&opened, &proof).await.problem(503, "source_unavailable");
            assert!(away.header("retry-after").is_some());
        }
        for (status, body) in [(302, "{}"), (401, "{}"), (418, "{}"), (200, "{}"), (200, r#"{"success":true}"#)] {
            world.api.says(VERIFY, status, body);
            world.prove(&opened, &proof).await.problem(502, "source_unusable");
        }
        let no = |code: &str| {
            json!({ "success": false, "code": "all_verifications_failed", "results": [{ "success": false, "code": code }] }).to_string()
        };
        for (code, means) in [("invalid_proof", "proof_wrong"), ("invalid_root", "not_yet"), ("outdated_nullifier", "expired")] {
            world.api.says(VERIFY, 400, no(code));
            let refused = world.prove(&opened, &proof).await.problem(422, "proof_refused");
            let detail = refused.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
            assert!(detail.starts_with(&format!("is refused ({means}, ")), "{detail}");
        }
        assert_eq!(world.rows("person").await.len(), 0);
        world.world_says(&own);
        world.prove(&opened, &proof).await.expect(202);
        world.issued(&opened).await;
        assert_eq!(world.door.stage.node.counts().await.unwrap().credentials, 1);
        world.door.close().await;
    }

    /// Every "no" says which no, points at the member, and repeats nothing of it.
    async fn what_is_no_proof_is_refused_at_the_door(backend) {
        let world = World::new(backend).await;
        let (user, stranger) = (world.user().await, User::with(WalletType::Evm));
        let opened = world.open("world", &user).await;
        let good = world_4(&opened, &nullifier());
        let with = |pointer: &str, value: Value| {
            let mut proof = good.clone();
            *proof.pointer_mut(pointer).unwrap() = value;
            proof
        };
        let response = "/proof/responses/0";
        for (proof, pointer) in [
            (json!({}), "/proof"),
            (json!({ "proof": "Xyzzy" }), "/proof"),
            (json!({ "proof": [] }), "/proof"),
            (json!({ "proof": { "Xyzzy": "Xyzzy" }, "nonce": "1" }), "/proof/protocol_version"),
            (json!({ "proof": good["proof"], "Xyzzy": 1 }), ""),
            (json!({ "proof": good["proof"] }), "/nonce"),
            (json!({ "proof": good["proof"], "nonce": "Xyzzy" }), "/proof/nonce"),
            (json!({ "proof": good["proof"], "nonce": "" }), "/nonce"),
            (json!({ "proof": good["proof"], "nonce": "0x2a", "userId": "Xyzzy" }), "/userId"),
            (json!({ "proof": good["proof"], "nonce": "0x2a", "userId": id() }), "/userId"),
            (with("/proof/action", json!("Xyzzy")), "/proof/action"),
            (with("/proof/environment", json!("staging")), "/proof/environment"),
            (with("/proof/protocol_version", json!("3.0")), "/proof/protocol_version"),
            (with("/proof/responses", json!([])), "/proof/responses"),
            (with(&format!("{response}/nullifier"), json!("Xyzzy")), "/proof/nullifier"),
            (with(&format!("{response}/nullifier"), json!("0x0")), "/proof/nullifier"),
            (with(&format!("{response}/signal_hash"), json!("0x0")), "/proof/signal_hash"),
            (with(&format!("{response}/issuer_schema_id"), json!(9)), "/proof/issuer_schema_id"),
            (with(&format!("{response}/expires_at_min"), json!(1)), "/proof/expires_at_min"),
            (with(&format!("{response}/proof"), json!(["Xyzzy"])), "/proof/proof"),
        ] {
            let refused = world.prove(&opened, &proof).await.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), [pointer], "{proof}");
            assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"), "{refused:?}");
        }
        let call = |body: Vec<u8>| world.door.call("POST", proof_of(&opened)).body("application/json", body);
        for text in ["", "{", "Xyzzy", "{\"proof\":{\"a\":1,\"a\":2}}", "{\"proof\":\"\\ud800\"}"] {
            let answer = call(text.into()).send().await;
            assert!(answer.status == 400, "{answer:?}");
        }
        let deep = format!("{{\"proof\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
        call(deep.into_bytes()).send().await.problem(400, "invalid_request");
        call(vec![b' '; 5 * 1024 * 1024]).send().await.problem(413, "too_large");
        assert_eq!(world.api.asked(), [] as [String; 0], "nobody was asked");

        // A wallet has to be the user's, by a challenge that was made for it.
        let opened = world.open("passport", &user).await;
        let address = json!({ "address": user.wallet.address() });
        let refused = world.prove(&opened, &json!({ "proof": address })).await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/wallet"]);
        let mut unasked = new_profile(&user)["wallet"].clone();
        let refused = world.prove(&opened, &json!({ "proof": address, "wallet": unasked })).await;
        assert_eq!(refused.problem(422, "invalid_fields").pointers(), ["/wallet/message"]);
        unasked["signature"] = json!("0x00");
        let refused = world.prove(&opened, &json!({ "proof": address, "wallet": unasked })).await;
        assert_eq!(refused.problem(422, "invalid_fields").pointers(), ["/wallet/signature"]);
        let theirs = wallet(&world.door, &stranger).await;
        let refused = world.prove(&opened, &json!({ "proof": address, "wallet": theirs })).await;
        assert_eq!(refused.problem(422, "invalid_fields").pointers(), ["/wallet/message"]);
        let own = wallet(&world.door, &user).await;
        let other = json!({ "address": stranger.wallet.address() });
        let refused = world.prove(&opened, &json!({ "proof": other, "wallet": own })).await;
        assert_eq!(refused.problem(422, "invalid_fields").pointers(), ["/proof/address"]);

        // An id that was given for somebody else.
        let (opened, theirs) = (world.open("bright", &user).await, world.open("bright", &world.user().await).await);
        for stolen in [theirs["externalId"].clone(), json!(id()), json!("u1")] {
            let refused = world.prove(&opened, &json!({ "proof": { "appUserId": stolen } })).await;
            assert_eq!(refused.problem(422, "invalid_fields").pointers(), ["/proof/appUserId"]);
        }
        assert_eq!(world.api.asked(), [] as [String; 0], "nobody was asked");

        // What has no proof, and what is nobody's.
        let case = json!({ "source": "world", "delivery": inserter(), "case": { "id": "a" } });
        let refused = world.door.make("/v1/verifications", &case).send().await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/case"]);
        let missing = json!({ "id": "ver_01ARZ3NDEKTSV4RRFFQ69G5FAV" });
        world.prove(&missing, &good).await.problem(404, "not_found");
        let key = world.door.key_of("other", idos_issuer::model::client::Scope::ALL).await;
        world.door.post(proof_of(&opened), &good).key(&key).send().await.problem(404, "not_found");
        world.door.delete(format!("/v1/verifications/{}", opened["id"].as_str().unwrap())).send().await.expect(200);
        world.prove(&opened, &good).await.problem(409, "state_conflict");
        world.door.close().await;
    }

    /// A scan that has to be repeated goes back to the device; a token is believed by its signature alone.
    async fn faces_are_relayed_and_tokens_believed(backend) {
        const NOW: i64 = 1_767_323_045_000;
        let clock = Clock::fixed(idos_credential::Timestamp::from_unix_millis(NOW).unwrap());
        let world = World::with(backend, clock, "").await;
        let user = User::with(WalletType::Evm);
        let opened = world.open("face", &user).await;
        world.api.says("POST /relay/uniqueness", 200, r#"{"responseBlob":"BBBB","sessionStart":true}"#);
        let scan = json!({ "proof": { "requestBlob": "AAAA" } });
        let more = world.prove(&opened, &scan).await.expect(200).json();
        assert_eq!(more, json!({ "responseBlob": "BBBB" }));
        world.api.says("POST /relay/uniqueness", 400, r#"{"errorMessage":"Xyzzy"}"#);
        let refused = world.prove(&opened, &scan).await.problem(422, "proof_refused");
        assert!(!String::from_utf8_lossy(&refused.body).contains("Xyzzy"));
        world.api.says("POST /relay/uniqueness", 409, "{}");
        world.prove(&opened, &scan).await.problem(422, "proof_refused");

        let token = |name: &str| json!({ "proof": { "userAttestmentToken": recorded_person()[name] } });
        let refused = world.prove(&opened, &token("otherKey")).await.problem(422, "invalid_fields");
        assert_eq!(refused.pointers(), ["/proof/userAttestmentToken"]);
        let asked = world.api.asked().len();
        let accepted = world.prove(&opened, &token("good")).await.expect(202).json();
        assert_eq!((&accepted["state"], world.api.asked().len()), (&json!("approved"), asked));
        // The same face by a scan is the same person.
        let theirs = world.open("face", &User::with(WalletType::Evm)).await;
        world.api.says("POST /relay/uniqueness", 201, face("6F1C1A4E-0000-4000-8000-000000000001").to_string());
        world.prove(&theirs, &scan).await.problem(409, "already_used");
        world.door.close().await;
    }

    /// BrightID lets a person have one id in an app: the same user comes again with the one that it was given before.
    async fn an_id_that_was_given_before_is_the_users(backend) {
        let world = World::new(backend).await;
        let user = world.user().await;
        let first = world.open("bright", &user).await;
        let id = first["externalId"].as_str().unwrap().to_owned();
        let path = format!("GET /brightid/v6/verifications/idos/{id}?signed=nacl&timestamp=seconds&includeHash=true");
        let at = clock::now().unix_seconds() - 60;
        world.api.says(&path, 200, bright_says(&id, at).to_string());
        let proof = json!({ "proof": { "appUserId": id } });
        world.prove(&first, &proof).await.expect(202);
        let (_, before) = world.issued(&first).await;
        let second = world.open("bright", &user).await;
        world.prove(&second, &proof).await.expect(202);
        world.issued(&second).await;
        world.state_of(&before, "revoked").await;
        assert_eq!(world.rows("person").await.len(), 1);
        world.door.close().await;
    }

    /// What never became a credential holds nobody.
    async fn what_failed_frees_the_person(backend) {
        let clock = Clock::fixed(clock::now());
        let world = World::with(backend, clock.clone(), "").await;
        let (user, other) = (User::with(WalletType::Evm), User::with(WalletType::Evm));
        let own = nullifier();
        world.world_says(&own);
        let opening = json!({ "source": "world", "delivery": { "by": "write_grant" } });
        let opened = world.door.make("/v1/verifications", &opening).send().await.expect(202).json();
        let without = world.prove(&opened, &world_4(&opened, &own)).await.problem(422, "invalid_fields");
        assert_eq!(without.pointers(), ["/userId"]);
        let mut proof = world_4(&opened, &own);
        proof["userId"] = json!(user.id);
        world.prove(&opened, &proof).await.expect(202);
        let waiting = world.show(&opened, "").await;
        assert_eq!(waiting["issuance"]["state"], "awaiting_profile", "{waiting:#}");
        let theirs = world.open("world", &other).await;
        world.prove(&theirs, &world_4(&theirs, &own)).await.problem(409, "already_used");
        clock.advance_millis(25 * 3_600_000);
        sweep::sweep(&world.door.app).await.unwrap();
        assert_eq!(world.show(&opened, "").await["state"], "failed");
        assert_eq!(world.rows("person").await.len(), 0);
        world.prove(&theirs, &world_4(&theirs, &own)).await.expect(202);
        world.door.close().await;
    }

    /// Given up half way, again and again, wherever that is: one credential.
    async fn given_up_in_between_there_is_one_credential(backend) {
        let world = World::new(backend).await;
        let user = world.user().await;
        let own = nullifier();
        world.world_says(&own);
        let opened = world.open("world", &user).await;
        let bytes = world.door.post(proof_of(&opened), &world_4(&opened, &own)).bytes();
        for number in 0..12 {
            use tokio::io::AsyncWriteExt as _;
            let mut stream = tokio::net::TcpStream::connect(world.door.address).await.unwrap();
            stream.write_all(&bytes).await.unwrap();
            tokio::time::sleep(Duration::from_millis(3 * number)).await;
            drop(stream);
        }
        for _ in 0..3 {
            let app = world.door.stage.app().await;
            let service = crate::support::service::Service::start(app);
            tokio::time::sleep(Duration::from_millis(20)).await;
            service.kill().await;
        }
        world.prove(&opened, &world_4(&opened, &own)).await.expect(202);
        world.issued(&opened).await;
        assert_eq!(world.door.stage.node.counts().await.unwrap().credentials, 1);
        assert_eq!((world.rows("issuance").await.len(), world.rows("person").await.len()), (1, 1));
        world.door.close().await;
    }

    /// Under another vault key, a person is known again; and without the old one, once it was made anew.
    async fn a_person_is_known_under_another_vault_key(backend) {
        let world = World::new(backend).await;
        let (user, other) = (world.user().await, world.user().await);
        let own = nullifier();
        world.world_says(&own);
        let opened = world.open("world", &user).await;
        world.prove(&opened, &world_4(&opened, &own)).await.expect(202);
        world.issued(&opened).await;
        let before = world.rows("person").await;
        let theirs = world.open("world", &other).await;
        let vault = |keys: &[u8]| Vault::new(&keys.iter().map(|key| Zeroizing::new([*key; 32])).collect::<Vec<_>>()).unwrap();
        let prove = async |app: &Arc<App>| {
            let proof = idos_issuer::flow::proof::Proof {
                json: Zeroizing::new(world_4(&theirs, &own)["proof"].to_string().into_bytes()),
                user_id: None, wallet: None, nonce: Some("0x2a".to_owned()),
            };
            let id = theirs["id"].as_str().unwrap().parse().unwrap();
            let outcome = idos_issuer::flow::proof::prove(app, &crate::support::service::caller(), &id, proof).await;
            assert!(matches!(outcome, Err(idos_issuer::flow::proof::ProofError::AlreadyUsed)));
        };
        let both = world.door.stage.app_with(vault(&[8, 7])).await;
        prove(&both).await;
        assert_eq!(holder::relock_all(&both).await.unwrap(), 1);
        assert_eq!(holder::relock_all(&both).await.unwrap(), 0);
        let after = world.rows("person").await;
        assert!(after.len() == 1 && after != before);
        let new = world.door.stage.app_with(vault(&[8])).await;
        prove(&new).await;
        assert_eq!(new.store.locked_records(|key| new.vault.key_ids().any(|id| id == key)).await.unwrap().len(), 0);
        both.store.close().await;
        new.store.close().await;
        world.door.close().await;
    }

    /// Test data, and a source without a type of subject.
    async fn what_may_be_no_credential_is_none(backend) {
        let sandbox = |url: &str| format!(
            "[[source]]\nname = \"sand\"\npersonhood = \"world_id\"\nclient = \"acme\"\nbase_url = \"{url}\"\nsandbox = true\n\
             write_as_face_sign = true\napp = \"rp_1234\"\naction = \"idos-pop\"\nprotocol = \"4.0\"\nissuer_schemas = [1]\n"
        );
        let api = Vendor::start().await;
        let mut stage = Stage::with(backend, 1, DevNodeConfig::default()).await;
        stage.settings = sandbox(&api.url);
        let door = Door::on(stage).await.working();
        let user = door.user(WalletType::Evm).await;
        let opening = json!({ "source": "sand", "delivery": inserter(), "userId": user.id });
        let opened = door.make("/v1/verifications", &opening).send().await.expect(202).json();
        let own = nullifier();
        let mut proof = world_4(&opened, &own);
        proof["proof"]["environment"] = json!("staging");
        let answer = json!({ "success": true, "action": "idos-pop", "nullifier": own, "environment": "staging",
            "results": [{ "identifier": "orb", "success": true }] });
        api.says("POST /api/v4/verify/rp_1234", 200, answer.to_string());
        let refused = door.post(proof_of(&opened), &proof).send().await.problem(422, "proof_refused");
        assert!(refused.json()["errors"][0]["detail"].as_str().unwrap().contains("sandbox_result"));
        assert_eq!(rows(&door, "person").await.len(), 0);

        let mut stage = Stage::with(backend, 1, DevNodeConfig::default()).await;
        stage.settings = sandbox(&api.url).replace("write_as_face_sign = true\n", "");
        let store = Store::connect(&stage.database.url, 1).await.unwrap();
        store.migrate().await.unwrap();
        let refused = App::wire(stage.config(), stage.clock.clone(), store.clone(), same_keys(&stage.keys),
            Vault::new(&[Zeroizing::new([7; 32])]).unwrap());
        let error = refused.err().unwrap();
        assert!(matches!(&error, StartError::PersonSource(name, _) if name == "sand"), "{error}");
        assert!(error.to_string().contains("write_as_face_sign"), "{error}");
        store.close().await;
        door.close().await;
    }
}
