//! Looking transactions up.

use std::time::Duration;

use idos_client::actions::RemoveCredential;
use idos_client::transaction::TxHash;
use idos_client::{
    Class, Client, ClientConfig, Conflict, Error, Fate, Nonce, TxState, TxStatus, Uncertainty,
    access_grant_id,
};
use serde_json::json;

use crate::support::server::{Server, Step, account, chain_info, not_found};
use crate::support::vectors::{KWIL, issuer, text, vector};

fn captured() -> Step {
    Step::json(200, &KWIL["auth"]["tx_query_trace"]["response"])
}

fn hash() -> TxHash {
    text(&KWIL["auth"]["tx_query_trace"]["request"]["params"], "tx_hash").parse().unwrap()
}

fn pending() -> Step {
    Step::result(&json!({"tx_hash": hash(), "height": -1, "tx": null, "tx_result": null}))
}

/// A failure that repeats an argument of the transaction, which is in the answer as well.
fn failed(log: &str) -> Step {
    let tx = &vector("add_attribute_as_inserter")["broadcast_params"]["tx"];
    let result = json!({"code": 65535, "gas": 0, "log": log});
    Step::result(&json!({"tx_hash": hash(), "height": 1235, "tx": tx, "tx_result": result}))
}

async fn looked_up(step: Step) -> Result<Option<TxStatus>, Error> {
    let server = Server::playing(vec![("user.tx_query", step)]).await;
    let answer = server.client().await.transaction(hash()).await;
    assert_eq!(*server.requests()[0].params(), KWIL["auth"]["tx_query_trace"]["request"]["params"]);
    answer
}

#[tokio::test]
async fn a_transaction_is_in_a_block_or_waits_or_is_not_found() {
    let status = |state| Some(TxStatus { hash: hash(), state });
    assert_eq!(looked_up(captured()).await.unwrap(), status(TxState::Succeeded { height: 1235 }));
    assert_eq!(looked_up(pending()).await.unwrap(), status(TxState::Pending));
    assert_eq!(looked_up(not_found()).await.unwrap(), None);

    let log = "ERROR: duplicate key value violates unique constraint \"user_attributes_pkey\": plain ascii";
    let Some(TxStatus { state: TxState::Failed { height: 1235, rejection }, .. }) =
        looked_up(failed(log)).await.unwrap()
    else {
        panic!("it has failed")
    };
    assert_eq!(rejection.conflict, Some(Conflict::AttributeExists));
    assert!(rejection.message.as_str().ends_with("\"user_attributes_pkey\": …"), "{rejection}");
}

#[tokio::test]
async fn a_look_up_changes_nothing_and_may_be_repeated() {
    for step in
        [Step::HangUp, Step::HalfAnswer, Step::error(-700, "failed to query transaction"), Step::raw(503, "")]
    {
        assert_eq!(looked_up(step).await.unwrap_err().class(), Class::Retry);
    }
}

#[tokio::test]
async fn a_transaction_is_waited_for() {
    let steps = vec![
        ("user.tx_query", not_found()),
        ("user.tx_query", Step::HangUp),
        ("user.tx_query", pending()),
        ("user.tx_query", captured()),
    ];
    let server = Server::playing(steps).await;
    let height = server.client().await.confirm(hash(), Duration::from_secs(20)).await.unwrap();
    assert_eq!(height, 1235);
    assert_eq!(server.methods().len(), 4);
}

#[tokio::test]
async fn a_transaction_is_not_waited_for_for_ever() {
    let mut asked = 0;
    let server = Server::answering(move |request| {
        asked += 1;
        match request.method() {
            "user.chain_info" => chain_info(),
            _ if asked % 2 == 0 => not_found(),
            _ => pending(),
        }
    })
    .await;
    let error = server.client().await.confirm(hash(), Duration::from_secs(2)).await.unwrap_err();
    assert_eq!(error.class(), Class::Unknown { hash: hash() });
    assert!(error.is_timeout());
    assert!((1..=4).contains(&server.methods().len()), "with pauses that grow");
}

#[tokio::test]
async fn a_transaction_that_failed_is_an_error() {
    let server = Server::playing(vec![("user.tx_query", failed("ERROR: no"))]).await;
    let error = server.client().await.confirm(hash(), Duration::from_secs(5)).await.unwrap_err();
    assert!(matches!(error, Error::Failed(_)), "{error:?}");
    assert_eq!(error.class(), Class::Refused);
}

async fn fate_of(steps: Vec<(&'static str, Step)>) -> (Result<Fate, Error>, Vec<String>) {
    let server = Server::playing(steps).await;
    let client = server.client().await;
    let action = RemoveCredential { id: uuid::Uuid::nil() };
    let prepared = client.prepare(&issuer(), &action, Nonce::Exactly(7)).await.unwrap();
    (client.fate(&issuer(), &prepared).await, server.methods())
}

#[tokio::test]
async fn a_transaction_is_there_or_can_still_come_or_never_will() {
    let look_up = |step| ("user.tx_query", step);
    let nonce = |nonce| ("user.account", account(nonce));
    let written = || Fate::Known(TxState::Succeeded { height: 1235 });
    for (steps, fate) in [
        (vec![look_up(captured())], written()),
        (vec![look_up(pending())], Fate::Known(TxState::Pending)),
        (vec![look_up(not_found()), nonce(6)], Fate::Absent),
        (vec![look_up(not_found()), nonce(7), look_up(not_found())], Fate::Superseded),
        (vec![look_up(not_found()), nonce(9), look_up(not_found())], Fate::Superseded),
        (vec![look_up(not_found()), nonce(7), look_up(captured())], written()), // came meanwhile
    ] {
        let asked: Vec<_> = steps.iter().map(|(method, _)| *method).collect();
        let (found, methods) = fate_of(steps).await;
        assert_eq!((found.unwrap(), methods), (fate, asked.into_iter().map(str::to_owned).collect()));
    }
    let steps = || vec![look_up(not_found()), nonce(7)];
    for failing in [Step::HangUp, Step::error(-700, "no"), Step::raw(503, "")] {
        let steps = steps().into_iter().chain([look_up(failing)]).collect();
        assert_eq!(fate_of(steps).await.0.unwrap_err().class(), Class::Retry);
    }
}

/// The first node is ahead and goes away in the middle; the second one lags behind.
#[tokio::test]
async fn a_transactions_fate_is_asked_of_one_node() {
    let first = Server::playing(vec![("user.tx_query", not_found()), ("user.account", Step::HangUp)]).await;
    let second = Server::playing(vec![("user.tx_query", not_found()), ("user.account", account(6))]).await;
    let config = ClientConfig { urls: vec![first.url.clone(), second.url.clone()], ..first.config() };
    let client = Client::connect(config).await.unwrap();
    let action = RemoveCredential { id: uuid::Uuid::nil() };
    let prepared = client.prepare(&issuer(), &action, Nonce::Exactly(7)).await.unwrap();
    assert_eq!(client.fate(&issuer(), &prepared).await.unwrap(), Fate::Absent);
    assert_eq!(second.methods(), ["user.tx_query", "user.account"], "from the beginning");
}

#[tokio::test]
async fn a_look_up_that_fails_does_not_end_the_waiting() {
    for step in failing_look_ups() {
        let shown = format!("{step:?}");
        let server = Server::playing(vec![("user.tx_query", step), ("user.tx_query", captured())]).await;
        let height = server.client().await.confirm(hash(), Duration::from_secs(20)).await;
        assert_eq!(height.unwrap(), 1235, "{shown}");
        assert_eq!(server.methods().len(), 2);
    }
}

#[tokio::test]
async fn a_look_up_that_fails_to_the_end_leaves_the_outcome_not_found() {
    for step in failing_look_ups() {
        let shown = format!("{step:?}");
        let server = Server::playing(vec![("user.tx_query", step)]).await;
        let error = server.client().await.confirm(hash(), Duration::ZERO).await.unwrap_err();
        assert_eq!(error.class(), Class::Unknown { hash: hash() }, "{shown}");
        assert!(matches!(error, Error::OutcomeUnknown { why: Uncertainty::LookUp(_), .. }), "{error:?}");
        assert!(!error.is_timeout(), "{shown}");
        assert_eq!(server.methods().len(), 1);
    }
    let server = Server::playing(vec![("user.tx_query", Step::Silence)]).await;
    let error = server.client().await.confirm(hash(), Duration::ZERO).await.unwrap_err();
    assert_eq!(error.class(), Class::Unknown { hash: hash() });
    assert!(error.is_timeout());
}

/// Answers that say something about the look-up, or about who answers, and nothing about the transaction.
fn failing_look_ups() -> Vec<Step> {
    let elsewhere = json!({"tx_hash": hash(), "height": "high", "tx_result": null});
    vec![
        Step::raw(403, "forbidden"),
        Step::raw(404, "<html>"),
        Step::raw(308, ""),
        Step::raw(503, ""),
        Step::raw(200, "<html>"),
        Step::raw(200, r#"{"jsonrpc":"2.0"}"#),
        Step::raw(200, r#"{"jsonrpc":"1.0","result":{}}"#),
        Step::result(&elsewhere),
        Step::result(&json!({})),
        Step::Endless(100_000),
        Step::HangUp,
        Step::error(-32601, "method not found"),
        Step::error(-32602, "bad params"),
        Step::error(-903, "not allowed"),
        Step::error(-12345, "who knows"),
    ]
}

#[test]
fn hashes_are_64_hex_digits() {
    let text = hash().to_string();
    assert_eq!(text.to_uppercase().parse::<TxHash>().unwrap(), hash());
    for bad in ["", &text[1..], &format!("{text}00"), &text.replace('a', "g"), &format!("0x{}", &text[2..])] {
        assert!(bad.parse::<TxHash>().is_err(), "{bad}");
    }
}

#[test]
fn access_grants_have_the_ids_that_a_node_gives_them() {
    for id in ["access_grant_uuid_v5", "access_grant_uuid_v5_evm_locked"] {
        let expected = &KWIL["ids"][id];
        let name = text(expected, "name");
        let (grantee, rest) = name.split_at(name.find('-').unwrap());
        let (copy, locked_until) = rest[1..].rsplit_once('-').unwrap();
        let made = access_grant_id(grantee, copy.parse().unwrap(), locked_until.parse().unwrap());
        assert_eq!(made.to_string(), text(expected, "id"));
    }
}
