//! A contact is found, and erased, whichever way its address is spelled.

use idos_issuer::flow::contact;
use idos_issuer::model::ids::IssuanceId;
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
        let keep = async |email: &str| {
            let made = door.make("/v1/issuances", &kyc(crate::support::id(), inserter())).send().await.expect(202);
            let id: IssuanceId = made.json()["id"].as_str().unwrap().parse().unwrap();
            let kept = Zeroizing::new(json!({ "email": email, "locale": "en" }).to_string());
            let place = format!("contact/{id}");
            let locked = app.vault.lock(&place, kept.as_bytes(), &mut rand::rngs::OsRng).unwrap();
            let index = app.vault.index("email", email.to_lowercase().as_bytes());
            let mut tx = app.store.begin().await.unwrap();
            tx.keep_contact(&id, &locked, &index, now).await.unwrap();
            tx.commit().await.unwrap();
            id.to_string()
        };
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

    async fn what_is_no_address_is_refused(backend) {
        let door = Door::with(backend, FAST).await;
        for email in ["", "@", ".", "a@", "a@.", "@b.example", "a b@c.example", "a@b..example", "a@b.example..", "a@b\u{0}.example"] {
            let refused = door.post("/v1/contacts/lookup", &json!({ "email": email })).send().await;
            assert_eq!(refused.problem(422, "invalid_fields").pointers(), ["/email"], "{email}");
        }
        door.close().await;
    }
}
