//! What is kept after delivery, as callers see it.

use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::sweep::sweep;
use idos_issuer::model::client::Scope;
use idos_issuer::model::time::DAY;
use idos_wallet::WalletType;
use serde_json::{Value, json};

use super::door::{Answer, Door, inserter, kyc};
use crate::support::service::Stage;

on_both_databases! {
    async fn it_is_said_until_when_and_why_and_deleted_and_chosen_for(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(clock::now());
        let end = stage.clock.now().plus_millis(30 * DAY);
        stage.settings = format!("[retention]\nphase = \"safety_net\"\nsafety_net_until = \"{end}\"\n");
        let door = Door::on(stage).await.working();
        let user = door.user(WalletType::Evm).await;
        let issue = async || -> String {
            let made = door.make("/v1/issuances", &kyc(user.id, inserter())).send().await.expect(202).json();
            let id = made["id"].as_str().unwrap().to_owned();
            assert_eq!(made.get("keptUntil"), None, "nothing is kept before it is delivered");
            let shown = door.get(format!("/v1/issuances/{id}?wait=30")).send().await.expect(200).json();
            assert_eq!((&shown["state"], &shown["keptUntil"], &shown["keptBecause"]),
                (&json!("issued"), &json!(end.to_string()), &json!("safety_net")));
            id
        };
        let (id, other) = (issue().await, issue().await);
        let kept = format!("/v1/issuances/{id}/kept");
        let choose = async |until: Value| {
            let body = json!({ "until": until }).to_string();
            door.call("PUT", &kept).body("application/json", body).send().await
        };

        // Not yet; malformed; too little; another's; unknown.
        let far = stage_time(&door, 100);
        let early = choose(json!(far)).await.expect(409);
        assert!(said(&early).contains("the choice is offered when the phase is over"), "{early:?}");
        for wrong in [json!("Xyzzy"), json!(5551), Value::Null] {
            let answer = choose(wrong).await.expect(422);
            assert_eq!(answer.pointers(), ["/until"], "{answer:?}");
            assert!(!said(&answer).contains("Xyzzy") && !said(&answer).contains("5551"), "{answer:?}");
        }
        let stranger = door.key_of("other", Scope::ALL).await;
        door.delete(&kept).key(&stranger).send().await.expect(404);
        let body = json!({ "until": far }).to_string();
        door.call("PUT", &kept).key(&stranger).body("application/json", body).send().await.expect(404);
        let restore = async |id: &str, body: Value| door.make(format!("/v1/issuances/{id}/restore"), &body).send().await;
        assert_eq!(restore(&id, json!({})).await.expect(422).pointers(), ["/delivery"]);
        let again = restore(&id, json!({ "delivery": inserter() })).await.expect(202).json();
        let again = again["id"].as_str().unwrap();
        let shown = door.get(format!("/v1/issuances/{again}?wait=30")).send().await.expect(200).json();
        assert_eq!((&shown["state"], shown.get("keptUntil")), (&json!("issued"), None));

        for _ in 0..2 {
            let path = format!("/v1/issuances/{other}/kept");
            let left = door.delete(&path).send().await.expect(200).json();
            assert_eq!((&left["state"], left.get("keptUntil"), left.get("keptBecause")), (&json!("issued"), None, None));
        }
        let nothing = restore(&other, json!({ "delivery": inserter() })).await.expect(409);
        assert!(said(&nothing).contains("Nothing is kept"), "{nothing:?}");

        door.stage.clock.advance_millis(30 * DAY);
        sweep(&door.app).await.unwrap();
        let shown = door.get(format!("/v1/issuances/{id}")).send().await.expect(200).json();
        assert_eq!(shown["keptBecause"], "choice_open");
        let events = door.get("/v1/events?type=safety_net.ended").send().await.expect(200).json();
        let items = events["items"].as_array().unwrap();
        assert_eq!(items.len(), 1);
        assert_eq!((&items[0]["data"]["endedAt"], &items[0]["data"]["chooseUntil"]), (&json!(end.to_string()), &shown["keptUntil"]));
        for (until, why) in [(json!("2026-01-01"), "future"), (json!("2099-01-01T00:00:00Z"), "2 years")] {
            let answer = choose(until).await.expect(422);
            assert_eq!(answer.pointers(), ["/until"], "{answer:?}");
            assert!(said(&answer).contains(why), "{answer:?}");
        }
        let chosen = choose(json!(far)).await.expect(200).json();
        assert_eq!((&chosen["keptUntil"], &chosen["keptBecause"]), (&json!(far), &json!("chosen")));
        door.close().await;
    }
}

fn said(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

fn stage_time(door: &Door, days: i64) -> String {
    door.stage.clock.now().plus_millis(days * DAY).to_string()
}
