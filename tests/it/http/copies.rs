//! What was issued is read back by those who may, and every "no" says which.

use idos_client::actions::{GetAccessGrantsOwned, RevokeAccessGrant, UpsertCredentialAsInserter};
use idos_client::{Broadcast, ContentPlace, Nonce, Signer};
use idos_devnode::Fault;
use idos_issuer::flow::credential;
use idos_issuer::model::client::Scope;
use idos_issuer::model::issuance::Kind;
use idos_issuer::model::notes::NotesForm;
use idos_wallet::WalletType;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::door::{Answer, Door, inserter, kyc, owner};
use crate::support::{ISSUER_URL, User, evidence, ids};

async fn issued(door: &Door, user: &User, delivery: Value) -> String {
    let made = door.make("/v1/issuances", &kyc(user.id, delivery)).send().await.expect(202);
    let place = made.header("location").unwrap().to_owned();
    let shown = door.get(format!("{place}?wait=30")).send().await.expect(200).json();
    assert_eq!(shown["state"], "issued", "{shown:#}");
    place
}

pub(super) async fn by_grant(door: &Door, user: &User, copy_for: Option<Value>) -> Value {
    let mut wanted = json!({ "owner": owner(user) });
    if let Some(copy_for) = &copy_for {
        wanted["grantee"] = copy_for["grantee"].clone();
    }
    let offer = door.post("/v1/write-grants", &wanted).send().await.expect(200).json();
    let signature = user.wallet.sign_message(offer["message"].as_str().unwrap(), [7; 32]);
    let grant = json!({ "grant": offer["grant"], "owner": owner(user), "signature": signature });
    let mut delivery = json!({ "by": "write_grant", "writeGrant": grant });
    if let Some(copy_for) = copy_for {
        delivery["copyFor"] = copy_for;
    }
    delivery
}

on_both_databases! {
    async fn what_was_issued_is_read_back_by_whoever_may(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Evm).await;
        let place = issued(&door, &user, by_grant(&door, &user, None).await).await;
        let copy = format!("{place}/copy");
        let answer = door.get(&copy).send().await.expect(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let body = answer.json();
        assert_eq!((&body["verified"], body.get("problem")), (&json!(true), None), "{body:#}");
        assert_eq!(body["credential"]["credentialSubject"]["firstName"], "Ana");
        let notes: Value = serde_json::from_str(body["publicNotes"].as_str().unwrap()).unwrap();
        assert_eq!((&notes["status"], &notes["issuer"]), (&json!("approved"), &json!("Example KYC")));
        // The credential stands in the answer to the byte.
        let (start, end) = (b"{\"credential\":".len(), answer.body.len());
        let hash = body["contentHash"].as_str().unwrap();
        let is_it = (start..end).rev().any(|to| answer.body[to] == b',' && hex::encode(Sha256::digest(&answer.body[start..to])) == hash);
        assert!(is_it);

        let trail = door.get(format!("{place}/audit")).send().await.expect(200).json();
        let read: Vec<_> = trail["items"].as_array().unwrap().iter().filter(|entry| entry["act"] == "copy_read").collect();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0]["detail"], hash);
        assert!(read[0]["actor"].as_str().unwrap().starts_with("client:acme:"));

        let stranger = door.key_of("other", Scope::ALL).await;
        door.get(&copy).key(&stranger).send().await.problem(404, "not_found");
        let others: Vec<_> = Scope::ALL.iter().copied().filter(|scope| *scope != Scope::CopiesRead).collect();
        let key = door.key_of("acme", &others).await;
        door.get(&copy).key(&key).send().await.problem(403, "forbidden");

        // As it is on the network: revoked, and the notes say so.
        door.call("POST", format!("{place}/revoke")).send().await.expect(202);
        assert_eq!(door.get(format!("{place}?wait=30")).send().await.json()["state"], "revoked");
        let notes = door.get(&copy).send().await.expect(200).json()["publicNotes"].as_str().unwrap().to_owned();
        assert!(notes.contains("\"status\":\"revoked\""), "{notes}");

        // The user takes it back.
        let (client, holder) = (door.app.idos().await.unwrap(), Signer::Wallet(user.wallet.clone()));
        let grants = client.call(&holder, &GetAccessGrantsOwned {}).await.unwrap();
        for grant in grants {
            let revoke = RevokeAccessGrant { id: grant.id };
            client.execute(&holder, &revoke, Nonce::Next, Broadcast::Wait).await.unwrap();
        }
        let gone = door.get(&copy).send().await.problem(410, "gone");
        assert!(gone.json()["detail"].as_str().unwrap().contains("The user"));
        door.delete(&place).send().await.expect(200);
        let gone = door.get(&copy).send().await.problem(410, "gone");
        assert!(gone.json()["detail"].as_str().unwrap().contains("erased"));
        door.close().await;
    }

    async fn every_no_says_which(backend) {
        let door = Door::open(backend).await;
        let user = door.user(WalletType::Evm).await;
        let read = |place: &str| door.get(format!("{place}/copy")).send();
        let detail = |answer: Answer| answer.json()["detail"].as_str().unwrap().to_owned();

        let place = issued(&door, &user, inserter()).await;
        assert!(detail(read(&place).await.problem(404, "not_found")).contains("inserter"));
        let consumer = User::with(WalletType::Evm);
        let copy_for = json!({ "grantee": consumer.wallet.address(), "encryptionPublicKey": consumer.secret.public().to_base64() });
        let place = issued(&door, &user, by_grant(&door, &user, Some(copy_for)).await).await;
        assert!(detail(read(&place).await.problem(404, "not_found")).contains("another grantee"));
        // For the issuer, but for a key that it does not have.
        let ours = door.app.identity().caller();
        let copy_for = json!({ "grantee": ours, "encryptionPublicKey": consumer.secret.public().to_base64() });
        let place = issued(&door, &user, by_grant(&door, &user, Some(copy_for)).await).await;
        assert!(detail(read(&place).await.problem(409, "state_conflict")).contains("encryption key"));
        let waiting = door.make("/v1/issuances", &kyc(user.id, json!({ "by": "write_grant" }))).send().await.expect(202);
        let waiting = waiting.header("location").unwrap();
        assert!(detail(read(waiting).await.problem(409, "state_conflict")).contains("awaiting_grant"));
        door.delete(waiting).send().await.expect(200);
        read(waiting).await.problem(410, "gone");
        read("/v1/issuances/iss_01ARZ3NDEKTSV4RRFFQ69G5FAV").await.problem(404, "not_found");

        // Something else, that opens as well: other delegates of the inserter can write rows, too.
        let place = issued(&door, &user, by_grant(&door, &user, None).await).await;
        let copy = door.get(&place).send().await.expect(200).json()["copyId"].as_str().unwrap().parse().unwrap();
        let (keys, now) = (&door.app.keys, door.app.clock.now());
        let signing = &keys.signing[0];
        let unsigned = credential::build(evidence(user.id), ids(), ISSUER_URL, &signing.method, now).unwrap();
        let signed = signing.sign_credential(unsigned).await.unwrap();
        let (own, write, form) = (keys.encryption.public(), keys.first(), NotesForm::of("Example KYC"));
        let encrypted = credential::encrypt(signed, (Kind::KycV2, ids(), &form), &own, None, write.public(), ContentPlace::Row).unwrap();
        let sealed = write.seal(encrypted).await.unwrap();
        let row = sealed.original();
        let other = UpsertCredentialAsInserter {
            id: copy,
            user_id: user.id,
            issuer_auth_public_key: sealed.issuer_auth_public_key(),
            encryptor_public_key: row.encryptor_public_key(),
            content: row.content().in_row().unwrap_or_default(),
            public_notes: row.public_notes(),
            public_notes_signature: row.public_notes_signature(),
            broader_signature: row.broader_signature(),
        };
        let client = door.app.idos().await.unwrap();
        client.execute(&door.app.identity(), &other, Nonce::Next, Broadcast::Wait).await.unwrap();
        read(&place).await.problem(502, "copy_altered");

        let place = issued(&door, &user, by_grant(&door, &user, None).await).await;
        door.stage.dev().faults().until_cleared(Fault::Down);
        read(&place).await.problem(503, "node_unavailable");
        door.stage.dev().faults().clear();
        // One that has been read by nobody leaves no such entry.
        let trail = door.get(format!("{place}/audit")).send().await.expect(200).json();
        assert!(!trail.to_string().contains("copy_read"));
        read(&place).await.expect(200);
        door.close().await;
    }
}
