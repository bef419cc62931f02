//! Whom to write to, while a verification holds it: found by address, locked anew, and erased as the contact of an issuance is.

use idos_issuer::flow::contact;
use idos_issuer::model::ids::VerificationId;
use idos_issuer::vault::Vault;
use idos_wallet::WalletType;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::door::{Door, inserter};
use super::verifications::{approve, green, open, sumsub, tell, until};
use crate::support::service::audit_holds;

async fn found(door: &Door, email: &str) -> Value {
    door.post("/v1/contacts/lookup", &json!({ "email": email })).send().await.expect(200).json()
}

fn vault(keys: &[u8]) -> Vault {
    Vault::new(&keys.iter().map(|key| Zeroizing::new([*key; 32])).collect::<Vec<_>>()).unwrap()
}

on_both_databases! {
    async fn what_a_verification_holds_is_found_and_erased(backend) {
        let (door, vendor, _folder) = sumsub(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let opened = open(&door, Some(user.id), inserter()).await;
        let id = opened["id"].clone();
        assert_eq!(found(&door, "ERIKA@example.com.").await, json!({ "issuances": [], "verifications": [id] }));
        assert_eq!(found(&door, "eva@example.com").await, json!({ "issuances": [] }));
        // Nobody else's, and an operator finds it.
        let other = door.key_of("other", idos_issuer::model::client::Scope::ALL).await;
        let asked = json!({ "email": "erika@example.com" });
        let theirs = door.post("/v1/contacts/lookup", &asked).key(&other).send().await.expect(200).json();
        assert_eq!(theirs, json!({ "issuances": [] }));
        let all = contact::look_up_all(&door.app, &"erika@example.com".parse().unwrap()).await.unwrap();
        let all: Vec<_> = all.iter().map(|(client, found)| (client.as_str(), found.ids().collect::<Vec<_>>())).collect();
        assert_eq!(all, [("acme", vec![id.as_str().unwrap().to_owned()])]);

        // The issuance has it from then on.
        approve(&vendor, &opened["externalId"], "2026-01-02 03:04:05+0000");
        tell(&door, &green(&opened["externalId"], "2026-01-02 03:04:06.000")).await.expect(200);
        let issued = until(&door, &opened, |shown| shown["state"] == "issued").await;
        assert_eq!(found(&door, "erika@example.com").await, json!({ "issuances": [issued["issuance"]["id"]] }));

        // Erased, there is nothing to find.
        let another = open(&door, None, inserter()).await;
        assert_eq!(found(&door, "erika@example.com").await["verifications"], json!([another["id"]]));
        door.delete(format!("/v1/verifications/{}", another["id"].as_str().unwrap())).send().await.expect(200);
        door.delete(format!("/v1/issuances/{}", issued["issuance"]["id"].as_str().unwrap())).send().await.expect(200);
        assert_eq!(found(&door, "erika@example.com").await, json!({ "issuances": [] }));
        audit_holds(&door.app.store).await;
        door.close().await;
    }

    async fn what_a_verification_holds_is_locked_anew(backend) {
        let (door, vendor, _folder) = sumsub(backend, "").await;
        let user = door.user(WalletType::Evm).await;
        let opened = open(&door, Some(user.id), inserter()).await;
        let id: VerificationId = opened["id"].as_str().unwrap().parse().unwrap();
        let old = door.app.store.verification(&id).await.unwrap().unwrap();
        let address = "Erika@example.com".parse().unwrap();
        let both = door.stage.app_with(vault(&[8, 7])).await;
        let under = |records: Vec<idos_issuer::store::Locked>| {
            records.into_iter().map(|of| (of.table, of.is_relocked, of.count)).collect::<Vec<_>>()
        };
        let present = both.vault.key_id().to_owned();
        let is_present = |key: &str| key == present;
        assert_eq!(under(both.store.locked_records(is_present).await.unwrap()), [("verification", true, 1)]);
        assert_eq!(contact::relock_all(&both).await.unwrap(), 1);
        assert_eq!(contact::relock_all(&both).await.unwrap(), 0);
        assert_eq!(under(both.store.locked_records(is_present).await.unwrap()), []);
        let acts: Vec<_> = both.store.audit_of(id.as_str()).await.unwrap().into_iter().map(|entry| entry.act).collect();
        assert_eq!(acts, ["verification_opened", "relocked"]);

        // Who has read the verification before does not write the old contact back.
        let mut tx = both.store.begin().await.unwrap();
        let stale = tx.change_verification(&old, both.clock.now()).await;
        assert!(matches!(stale, Err(idos_issuer::store::StoreError::Stale)), "{stale:?}");
        drop(tx);

        // The old key is not needed any more: neither to find it, nor for what becomes of it.
        let new = door.stage.app_with(vault(&[8])).await;
        assert_eq!(contact::look_up_all(&new, &address).await.unwrap()[0].1.verifications, [id]);
        let work = crate::support::service::Service::start(std::sync::Arc::clone(&new));
        approve(&vendor, &opened["externalId"], "2026-01-02 03:04:05+0000");
        tell(&door, &green(&opened["externalId"], "2026-01-02 03:04:06.000")).await.expect(200);
        let issued = until(&door, &opened, |shown| shown["state"] == "issued").await;
        let found = contact::look_up_all(&new, &address).await.unwrap();
        let found: Vec<_> = found[0].1.ids().collect();
        assert_eq!(json!(found), json!([issued["issuance"]["id"]]));
        work.stop().await;
        door.close().await;
    }
}
