//! A contact is found, and erased, whichever way its address is spelled.

use idos_issuer::flow::contact;
use idos_issuer::model::ids::IssuanceId;
use idos_issuer::model::personal::LockedContact;
use serde_json::json;
use zeroize::Zeroizing;

use super::door::{Door, inserter, kyc};

const FAST: &str = "[http]\nrequests_per_second = 100000\nburst = 100000\n";

/// Spellings of one address each.
const SAME: [&[&str]; 3] = [
    &[
        "josé@münchen.example",
        "JOSÉ@MÜNCHEN.example",
        "José@xn--mnchen-3ya.example",
        "josé@XN--MNCHEN-3YA.EXAMPLE",
        "jose\u{301}@mu\u{308}nchen.example",
        "ｊｏｓé@ｍünchen．ｅxample",
        "josé@münchen。example",
        "josé@münchen.example.",
        "josé＠münchen.example",
        "\"josé\"@münchen.example",
    ],
    &["a@straße.example", "A@xn--strae-oqa.example", "a@STRAẞE.example."],
    &["a@strasse.example", "A@STRASSE.EXAMPLE", "ａ@strasse｡example"],
];

impl Door {
    async fn contact(&self, email: &str) -> String {
        let mut submission = kyc(crate::support::id(), inserter());
        submission["contact"] = json!({ "email": email });
        let made = self.make("/v1/issuances", &submission).send().await.expect(202).json();
        assert_eq!(made["hasContact"], true, "{email}");
        made["id"].as_str().unwrap().to_owned()
    }

    async fn found(&self, email: &str) -> Vec<String> {
        let answer =
            self.post("/v1/contacts/lookup", &json!({ "email": email })).send().await.expect(200).json();
        serde_json::from_value(answer["issuances"].clone()).unwrap()
    }
}

on_both_databases! {
    async fn a_contact_is_found_and_erased_by_any_spelling(backend) {
        let door = Door::with(backend, FAST).await;
        for spellings in SAME {
            for stored in spellings {
                let id = door.contact(stored).await;
                for sought in spellings {
                    assert_eq!(door.found(sought).await, std::slice::from_ref(&id), "{stored} by {sought}");
                }
                for others in SAME.iter().filter(|others| **others != spellings) {
                    assert!(door.found(others[0]).await.is_empty(), "{stored} is not {}", others[0]);
                }
                door.delete(format!("/v1/issuances/{id}")).send().await.expect(200);
                for sought in spellings {
                    assert!(door.found(sought).await.is_empty(), "{stored} by {sought}");
                }
            }
        }
        door.close().await;
    }

    async fn what_an_earlier_version_stored_is_found(backend) {
        let door = Door::with(backend, FAST).await;
        let (app, now) = (&door.app, door.app.clock.now());
        // As it was: the address in lower case, and nothing before the hash.
        let keep_under = async |email: &str, index: String| {
            let made = door.make("/v1/issuances", &kyc(crate::support::id(), inserter())).send().await.expect(202);
            let id: IssuanceId = made.json()["id"].as_str().unwrap().parse().unwrap();
            let kept = Zeroizing::new(json!({ "email": email, "locale": "en" }).to_string());
            let place = format!("contact/{id}");
            let locked = app.vault.lock(&place, kept.as_bytes(), &mut rand::rngs::OsRng).unwrap();
            let mut tx = app.store.begin().await.unwrap();
            tx.keep_contact(&id, &LockedContact { locked, index }, now).await.unwrap();
            tx.commit().await.unwrap();
            id.to_string()
        };
        let keep = async |email: &str| {
            keep_under(email, app.vault.index("email", email.to_lowercase().as_bytes())).await
        };
        // A later one: by the rules for spellings, and the same hash for all clients.
        let of_all = keep_under("lia@plain.example", format!("2.{}", app.vault.index("email", b"lia@plain.example"))).await;
        assert_eq!(door.found("LIA@plain.example").await, std::slice::from_ref(&of_all));
        assert_eq!(contact::relock_all(app).await.unwrap(), 1);
        assert_eq!(door.found("LIA@plain.example").await, [of_all]);
        for (stored, sought) in [
            ("Ana@MÜNCHEN.example", "ana@xn--mnchen-3ya.example"),
            ("Ana@xn--MNCHEN-3ya.example", "ana@münchen.example."),
            ("Ana@mu\u{308}nchen.example", "ana@xn--mnchen-3ya.example"),
            ("Ana@plain.example", "ａｎａ@plain.example"),
            ("Eva@ｐlain．example", "EVA@ｐlain．example"),
        ] {
            let id = keep(stored).await;
            for spelling in [stored, sought] {
                assert_eq!(door.found(spelling).await, std::slice::from_ref(&id), "{stored} by {spelling}");
            }
            door.delete(format!("/v1/issuances/{id}")).send().await.expect(200);
        }

        // Which spelling it was cannot be guessed, until all are locked anew.
        let id = keep("ｏｌd@ｏlＤ．example").await;
        let sought = "OLD@old.example";
        assert!(door.found(sought).await.is_empty());
        assert_eq!(contact::relock_all(app).await.unwrap(), 1);
        assert_eq!(contact::relock_all(app).await.unwrap(), 0);
        assert_eq!(door.found(sought).await, std::slice::from_ref(&id));
        assert_eq!(door.found("ｏｌd@ｏlＤ．example").await, [id]);
        door.close().await;
    }

    async fn the_same_person_cannot_be_recognised_between_clients(backend) {
        let door = Door::with(backend, FAST).await;
        let other = door.key_of("other", idos_issuer::model::client::Scope::ALL).await;
        let email = "ana@plain.example";
        let ours = door.contact(email).await;
        let mut submission = kyc(crate::support::id(), inserter());
        submission["contact"] = json!({ "email": email });
        let theirs = door.make("/v1/issuances", &submission).key(&other).send().await.expect(202).json();
        let theirs = theirs["id"].as_str().unwrap().to_owned();

        let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&door.stage.database.url).await.unwrap();
        let indexes: Vec<(String,)> =
            sqlx::query_as("SELECT DISTINCT email_index FROM contact").fetch_all(&mut connection).await.unwrap();
        assert_eq!(indexes.len(), 2, "{indexes:?}");

        // Each client finds its own, and an operator both.
        assert_eq!(door.found(email).await, std::slice::from_ref(&ours));
        let all = contact::look_up_all(&door.app, &"Ana@PLAIN.example".parse().unwrap()).await.unwrap();
        let all: Vec<_> = all.into_iter().map(|(client, found)| (client, found.issuances[0].to_string(), found.len())).collect();
        assert_eq!(all, [("acme".to_owned(), ours, 1), ("other".to_owned(), theirs, 1)]);
        door.close().await;
    }

    async fn what_is_no_address_is_refused(backend) {
        let door = Door::with(backend, FAST).await;
        for email in ["", "@", ".", "a@", "a@.", "@b.example", "a b@c.example", "a@b..example", "a@b.example..", "a@b\u{0}.example"] {
            let refused = door.post("/v1/contacts/lookup", &json!({ "email": email })).send().await;
            assert_eq!(refused.problem(422, "invalid_fields").pointers(), ["/email"], "{email}");
        }
        door.close().await;
    }
}
