//! Transactions that reach the node twice: a proxy repeats a request, and the second copy is refused for its nonce.

use idos_client::actions::AddAttributeAsInserter;
use idos_client::transaction::{Signed, TxHash};
use idos_client::{Broadcast, Class, Error, Nonce, TxOutcome, Uncertainty};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::support::server::{Server, Step, account, wrong_nonce};
use crate::support::vectors::issuer;

const SECRET: &str = "Zoë Example";

/// Executes against a node that refuses the nonce and then answers look-ups like this. Gives what was asked, too.
async fn delivered_twice(
    look_ups: Vec<Step>,
    broadcast: Broadcast,
) -> (Result<TxOutcome, Error>, Vec<String>, TxHash) {
    let action =
        AddAttributeAsInserter { id: Uuid::nil(), user_id: Uuid::nil(), attribute_key: "k", value: SECRET };
    let steps = [("user.account", account(6)), ("user.broadcast", wrong_nonce())];
    let look_ups = look_ups.into_iter().map(|step| ("user.tx_query", step));
    let server = Server::playing(steps.into_iter().chain(look_ups).collect()).await;
    let outcome = server.client().await.execute(&issuer(), &action, Nonce::Next, broadcast).await;
    let requests = server.requests();
    let sent: Signed = serde_json::from_value(requests[1].params()["tx"].clone()).unwrap();
    for look_up in &requests[2..] {
        assert_eq!(*look_up.params(), json!({"tx_hash": sent.hash()}));
    }
    (outcome, server.methods(), sent.hash())
}

fn looked_up(height: i64, result: &Json) -> Step {
    Step::result(&json!({"tx_hash": "ab".repeat(32), "height": height, "tx": null, "tx_result": result}))
}

#[tokio::test]
async fn a_transaction_that_a_proxy_delivers_twice_is_not_signed_twice() {
    let pending = || looked_up(-1, &Json::Null);
    let succeeded = || looked_up(9, &json!({"code": 0, "gas": 0, "log": ""}));
    for (look_ups, broadcast, committed) in [
        (vec![succeeded()], Broadcast::Wait, true),
        (vec![succeeded()], Broadcast::Accept, true),
        (vec![pending()], Broadcast::Accept, false),
        (vec![pending(), pending(), succeeded()], Broadcast::Wait, true),
    ] {
        let asked = look_ups.len() + 2;
        let (outcome, methods, hash) = delivered_twice(look_ups, broadcast).await;
        assert_eq!(outcome.unwrap(), TxOutcome { hash, nonce: 7, committed });
        assert_eq!(methods.len(), asked, "{methods:?}");
    }
}

#[tokio::test]
async fn a_transaction_that_was_delivered_twice_may_have_failed() {
    let failed = || looked_up(9, &json!({"code": 65535, "gas": 0, "log": "ERROR: no"}));
    for look_ups in [vec![failed()], vec![looked_up(-1, &Json::Null), failed()]] {
        let (outcome, methods, hash) = delivered_twice(look_ups, Broadcast::Wait).await;
        let error = outcome.unwrap_err();
        assert!(matches!(&error, Error::Failed(rejection) if rejection.hash == hash), "{error:?}");
        assert_eq!(error.class(), Class::Refused);
        assert_eq!(methods.iter().filter(|method| *method == "user.broadcast").count(), 1);
    }
}

/// The refusal of a transaction that the node has.
fn known() -> Step {
    let data = json!({"code": 65535, "hash": "ab".repeat(32), "message": "transaction already exists"});
    let error = json!({"code": -201, "message": "broadcast error", "data": data});
    Step::json(200, &json!({"jsonrpc": "2.0", "id": 1, "error": error}))
}

#[tokio::test]
async fn what_became_of_a_transaction_that_the_node_has_is_the_outcome_of_sending_it_again() {
    let action =
        AddAttributeAsInserter { id: Uuid::nil(), user_id: Uuid::nil(), attribute_key: "k", value: SECRET };
    for (look_up, class) in [
        (looked_up(9, &json!({"code": 0, "gas": 0})), None),
        (looked_up(9, &json!({"code": 65535, "gas": 0, "log": "ERROR: no"})), Some(false)),
        (Step::error(-202, "transaction not found"), Some(true)),
        (Step::HangUp, Some(true)),
    ] {
        let shown = format!("{look_up:?}");
        let server = Server::playing(vec![("user.broadcast", known()), ("user.tx_query", look_up)]).await;
        let client = server.client().await;
        let prepared = client.prepare(&issuer(), &action, Nonce::Exactly(7)).await.unwrap();
        let error = client.broadcast(&prepared, Broadcast::Wait).await.err();
        let is_unknown = error.map(|error| error.class() == Class::Unknown { hash: prepared.hash() });
        assert_eq!(is_unknown, class, "{shown}");
        assert_eq!(server.methods(), ["user.broadcast", "user.tx_query"]);
    }
}

#[tokio::test]
async fn nothing_is_signed_again_while_nobody_says_whether_it_was_delivered() {
    for step in [Step::raw(403, "forbidden"), Step::HangUp, Step::error(-32601, "method not found")] {
        let (outcome, methods, hash) = delivered_twice(vec![step], Broadcast::Wait).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, Error::OutcomeUnknown { why: Uncertainty::LookUp(_), .. }), "{error:?}");
        assert_eq!(error.class(), Class::Unknown { hash });
        assert_eq!(methods, ["user.account", "user.broadcast", "user.tx_query"]);
    }
}

#[tokio::test]
async fn arguments_are_struck_out_of_what_look_ups_say() {
    let said = format!("ERROR: the value \"{SECRET}\" is wrong");
    let failed = || looked_up(9, &json!({"code": 65535, "gas": 0, "log": said}));
    for look_ups in
        [vec![failed()], vec![looked_up(-1, &Json::Null), failed()], vec![Step::error(-32602, &said)]]
    {
        let error = delivered_twice(look_ups, Broadcast::Wait).await.0.unwrap_err();
        let mut shown = format!("{error} {error:?}");
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            shown.push_str(&error.to_string());
            source = error.source();
        }
        assert!(shown.contains("is wrong") && !shown.contains("Zoë"), "{shown}");
    }
}
