//! Many that have stopped, brought on at once.

use idos_issuer::model::client::Scope;
use serde_json::json;

use super::door::{Door, inserter, kyc};

on_both_databases! {
    async fn all_that_has_met_the_same_is_brought_on(backend) {
        let door = Door::with(backend, "").await;
        let other = door.key_of("other", Scope::ALL).await;
        let mut made = Vec::new();
        for key in [&door.key, &door.key, &door.key, &other] {
            let submission = kyc(crate::support::id(), inserter());
            let answer = door.make("/v1/issuances", &submission).key(key).send().await.expect(202);
            made.push(answer.json()["id"].as_str().unwrap().to_owned());
        }
        let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&door.stage.database.url).await.unwrap();
        for (place, code) in [(0, "not_an_inserter"), (1, "not_an_inserter"), (2, "refused"), (3, "not_an_inserter")] {
            let statement = format!(
                "UPDATE issuance SET state = 'halted', halt = '{code}', waits_until = 9000000000000 WHERE id = '{}'",
                made[place]
            );
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        }
        let wanted = json!({ "code": "not_an_inserter" });
        let answer = door.post("/v1/issuances/resume", &wanted).send().await.expect(200).json();
        assert_eq!(answer, json!({ "resumed": 2, "left": 0, "more": false }));
        for (id, key, state) in [
            (&made[0], &door.key, "awaiting_profile"),
            (&made[1], &door.key, "awaiting_profile"),
            (&made[2], &door.key, "halted"),
            (&made[3], &other, "halted"),
        ] {
            let shown = door.get(format!("/v1/issuances/{id}")).key(key).send().await.expect(200).json();
            assert_eq!(shown["state"], state);
        }
        // All of them; what has nothing to go on with is left.
        let forget = format!("DELETE FROM unsealed_credential WHERE issuance_id = '{}'", made[2]);
        sqlx::query(sqlx::AssertSqlSafe(forget)).execute(&mut connection).await.unwrap();
        let answer = door.call("POST", "/v1/issuances/resume").send().await.expect(200).json();
        assert_eq!(answer, json!({ "resumed": 0, "left": 1, "more": false }));
        for path in ["/v1/profiles/resume", "/v1/wallets/resume"] {
            let answer = door.post(path, &json!({})).send().await.expect(200).json();
            assert_eq!(answer["resumed"], 0);
            let refused = door.post(path, &json!({ "code": "Refused" })).send().await.problem(422, "invalid_fields");
            assert_eq!(refused.pointers(), ["/code"]);
        }
        let reader = door.key_of("acme", &[Scope::IssuancesRead]).await;
        door.post("/v1/issuances/resume", &json!({})).key(&reader).send().await.problem(403, "forbidden");
        door.close().await;
    }
}
