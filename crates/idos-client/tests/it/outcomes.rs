//! What a failed broadcast means: refused for good, to be tried again, or unknown.

use idos_client::actions::AddAttributeAsInserter;
use idos_client::{Broadcast, Class, Conflict, Error, Nonce, Prepared, Refusal, TxOutcome, Uncertainty};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::support::server::{Server, Step, not_found};
use crate::support::vectors::{KWIL, issuer};

const SECRET: &str = "Zoë Example";

async fn broadcast_as(step: Step, broadcast: Broadcast) -> (Prepared, Result<TxOutcome, Error>) {
    // Whoever looks the transaction up hears that it is not known.
    let server = Server::playing(vec![("user.broadcast", step), ("user.tx_query", not_found())]).await;
    let client = server.client().await;
    let action = AddAttributeAsInserter {
        id: Uuid::nil(),
        user_id: Uuid::nil(),
        attribute_key: "given-name",
        value: SECRET,
    };
    let prepared = client.prepare(&issuer(), &action, Nonce::Exactly(7)).await.unwrap();
    let outcome = client.broadcast(&prepared, broadcast).await;
    let methods = server.methods();
    assert_eq!(methods.iter().filter(|method| *method == "user.broadcast").count(), 1, "{methods:?}");
    (prepared, outcome)
}

/// The error, and whether its class is "unknown" for the right transaction.
async fn failed(step: Step) -> (Error, Sorted) {
    let (prepared, outcome) = broadcast_as(step, Broadcast::Wait).await;
    let error = outcome.unwrap_err();
    let sorted = match error.class() {
        Class::Refused => Sorted::Refused,
        Class::Retry => Sorted::Retry,
        Class::Unknown { hash } => {
            assert_eq!(hash, prepared.hash());
            Sorted::Unknown
        }
    };
    (error, sorted)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sorted {
    Refused,
    Retry,
    Unknown,
}
use Sorted::{Refused, Retry, Unknown};

/// An answer that names another transaction hash than the one that was sent.
fn executed(code: u32, log: &str) -> Step {
    Step::result(&json!({"tx_hash": "ab".repeat(32), "result": {"code": code, "gas": 0, "log": log}}))
}

fn rejected(code: u32, message: &str) -> Step {
    let data = json!({"code": code, "hash": "ab".repeat(32), "message": message});
    let error = json!({"code": -201, "message": "broadcast error", "data": data});
    Step::json(200, &json!({"jsonrpc": "2.0", "id": 1, "error": error}))
}

#[tokio::test]
async fn a_broadcast_without_a_whole_answer_has_an_unknown_outcome() {
    for step in [Step::HangUp, Step::HalfAnswer] {
        let (error, sorted) = failed(step).await;
        assert_eq!(sorted, Unknown);
        assert!(matches!(error, Error::OutcomeUnknown { why: Uncertainty::NoAnswer(_), .. }), "{error:?}");
        assert!(!error.is_timeout());
    }
    let (error, sorted) = failed(Step::Silence).await;
    assert_eq!(sorted, Unknown);
    assert!(error.is_timeout());
}

#[tokio::test]
async fn an_answer_that_says_nothing_about_it_leaves_the_outcome_unknown() {
    for step in [
        Step::raw(200, "<html>"),
        Step::raw(200, "{"),
        Step::raw(200, r#"{"jsonrpc":"2.0","result":{"tx_hash":"zz"}}"#),
        Step::raw(200, r#"{"jsonrpc":"2.0","result":{}}"#),
        Step::raw(500, "oops"),
        Step::raw(502, "bad gateway"),
        Step::raw(504, "gateway timeout"),
        Step::raw(408, "request timeout"),
        Step::raw(202, "accepted"),
        Step::Endless(100_000),
        Step::error(-32603, "internal"),
        Step::error(-32001, "database timeout"),
        Step::error(-200, "tx internal"),
        Step::error(-201, "broadcast error"),
        Step::error(-900, "gateway internal"),
        Step::error(-12345, "who knows"),
        Step::result(&json!({"tx_hash": "ab".repeat(32)})), // it should have waited for a block
    ] {
        let shown = format!("{step:?}");
        assert_eq!(failed(step).await.1, Unknown, "{shown}");
    }
}

#[tokio::test]
async fn what_was_not_passed_on_is_not_unknown() {
    for (step, sorted) in [
        (Step::raw(413, "too large"), Retry),
        (Step::raw(403, "forbidden"), Retry),
        (Step::raw(429, "slow down"), Retry),
        (Step::raw(308, "elsewhere"), Retry),
        (Step::error(-32700, "invalid JSON"), Refused),
        (Step::error(-32602, "bad params"), Refused),
        (Step::error(-901, "not authorised"), Retry),
        (Step::error(-903, "not allowed"), Retry),
        (Step::error(-905, "too many requests"), Retry),
    ] {
        let shown = format!("{step:?}");
        assert_eq!(failed(step).await.1, sorted, "{shown}");
    }
}

#[tokio::test]
async fn transaction_codes_are_sorted() {
    for (code, refused, failed_in_block) in [
        (1, Refused, Refused),
        (2, Refused, Refused),
        (3, Refused, Refused),
        (4, Retry, Retry),
        (5, Refused, Refused),
        (6, Refused, Refused),
        (7, Refused, Refused),
        (9, Refused, Refused),
        (10, Unknown, Unknown),
        (11, Retry, Retry),
        (130, Refused, Refused),
        (200, Retry, Retry),
        (201, Retry, Retry),
    ] {
        assert_eq!(failed(rejected(code, "m")).await.1, refused, "{code} before a block");
        let (error, sorted) = failed(executed(code, "m")).await;
        assert_eq!(sorted, failed_in_block, "{code} in a block: {error:?}");
    }
}

#[tokio::test]
async fn errors_without_a_code_of_their_own_are_sorted_by_their_text() {
    for (message, sorted) in [
        ("transaction already exists", Unknown),
        ("failed to verify the transaction: signature is bad", Refused),
        ("failed to get tx sender identifier: unknown", Refused),
        ("transaction size limit exceeded", Refused),
        ("node is catching up, cannot process transactions right now", Retry),
        // A node that waits for a block says this when the transaction is in its mempool.
        ("context deadline exceeded", Unknown),
        ("context canceled", Unknown),
        ("something new", Unknown),
        ("", Unknown),
    ] {
        assert_eq!(failed(rejected(65535, message)).await.1, sorted, "{message}");
    }
}

#[tokio::test]
async fn the_captured_errors_are_sorted() {
    let captured = |name: &str| {
        let mut response = KWIL["errors"][name]["response"].clone();
        response["jsonrpc"] = json!("2.0");
        Step::json(200, &response)
    };
    let (error, sorted) = failed(captured("broadcast-rejected")).await;
    assert_eq!(sorted, Retry, "a fresh nonce is needed");
    assert_eq!(error.node_message(), Some("invalid nonce"));

    let (error, sorted) = failed(captured("executed-with-error")).await;
    assert_eq!(sorted, Refused);
    assert!(matches!(&error, Error::Failed(rejection) if rejection.code == 65535), "{error:?}");
    assert_eq!(error.node_message(), Some("ERROR: Unauthorized inserter"));
    assert_eq!(error.conflict(), None);
}

#[tokio::test]
async fn what_is_there_already_is_recognised() {
    let duplicate = |constraint: &str| {
        format!(
            "1. notice\nERROR: duplicate key value violates unique constraint \"{constraint}\" (SQLSTATE 23505)"
        )
    };
    for (log, conflict) in [
        (duplicate("consumed_write_grants_pkey"), Conflict::WriteGrantUsed),
        (duplicate("credentials_pkey"), Conflict::CredentialExists),
        (duplicate("users_pkey"), Conflict::UserExists),
        (duplicate("user_attributes_pkey"), Conflict::AttributeExists),
        (duplicate("access_grants_pkey"), Conflict::AccessGrantExists),
        (duplicate("shared_credentials_pkey"), Conflict::Other),
        (duplicate("delegates_pkey"), Conflict::Other),
        (
            "ERROR: a grant with the same grantee, copy_credential_id, and locked_until already exists"
                .to_owned(),
            Conflict::AccessGrantExists,
        ),
        ("ERROR: wallet address already exists in idos".to_owned(), Conflict::WalletTaken),
        ("ERROR: wallet public key already exists in idos".to_owned(), Conflict::WalletTaken),
    ] {
        let (error, sorted) = failed(executed(65535, &log)).await;
        assert_eq!((error.conflict(), sorted), (Some(conflict), Refused), "{log}");
    }
}

#[tokio::test]
async fn reasons_that_a_caller_can_act_on_are_recognised() {
    let row = "ERROR: insert or update on table";
    let foreign_key = "violates foreign key constraint";
    for (log, refusal) in [
        ("ERROR: Unauthorized inserter".to_owned(), Some(Refusal::NotAnInserter)),
        ("1. a notice\nERROR: wallet is invalid".to_owned(), Some(Refusal::WalletInvalid)),
        ("ERROR: wallet address already exists in idos".to_owned(), Some(Refusal::WalletTaken)),
        (
            format!("{row} \"credentials\" {foreign_key} \"credentials_user_id_fkey\" (SQLSTATE 23503)"),
            Some(Refusal::UserUnknown),
        ),
        (
            format!("{row} \"shared_credentials\" {foreign_key} \"shared_credentials_original_id_fkey\""),
            Some(Refusal::CredentialUnknown),
        ),
        (
            "ERROR: null value in column \"user_id\" of relation \"credentials\" violates not-null constraint"
                .to_owned(),
            Some(Refusal::UserUnknown),
        ),
        (
            "ERROR: null value in column \"content\" of relation \"credentials\" violates not-null constraint"
                .to_owned(),
            Some(Refusal::ValueRefused),
        ),
        ("ERROR: duplicate key value violates unique constraint \"users_pkey\"".to_owned(), None),
        ("ERROR: something new".to_owned(), None),
        (String::new(), None),
    ] {
        let error = failed(executed(65535, &log)).await.0;
        assert_eq!(error.refusal(), refusal, "{log}");
        assert!(!error.is_wrong_nonce());
    }
    for (code, message, refusal) in [
        (65535, "failed to verify the transaction: bad", Some(Refusal::TransactionSignature)),
        (3, "", Some(Refusal::TransactionSignature)),
        (5, "wrong chain ID: x", Some(Refusal::OtherNetwork)),
        (7, "", Some(Refusal::Funds)),
        (11, "mempool is full", None),
        (4, "invalid nonce", None),
    ] {
        assert_eq!(failed(rejected(code, message)).await.0.refusal(), refusal, "{code} {message}");
    }
    let error = failed(Step::error(-903, "action is owner-only: action x can only be executed by the owner"));
    assert_eq!(error.await.0.refusal(), Some(Refusal::NotAllowed));
}

#[tokio::test]
async fn a_wrong_nonce_is_told_with_the_right_one_if_the_node_says_it() {
    for (code, message, is_wrong, expected) in [
        (4, "invalid nonce for account 03a1: got 9, expected 7", true, Some(7)),
        (4, "invalid nonce", true, None),
        (4, "invalid nonce for account 03a1: got 9, expected more", true, None),
        (11, "invalid nonce for account 03a1: got 9, expected 7", false, None),
    ] {
        let error = failed(rejected(code, message)).await.0;
        assert_eq!((error.is_wrong_nonce(), error.expected_nonce()), (is_wrong, expected), "{message}");
    }
    // In a block, without the transaction before it.
    for (code, log, sorted, expected) in [
        (65535, "ERROR: invalid nonce: expected nonce 7, got 9", Retry, Some(7)),
        (65535, "ERROR: invalid nonce: expected nonce x, got 9", Retry, None),
        (6, "ERROR: account has zero balance", Retry, None),
    ] {
        let (error, class) = failed(executed(code, log)).await;
        assert!(matches!(error, Error::Failed(_)) && error.is_wrong_nonce(), "{error:?}");
        assert_eq!((class, error.expected_nonce(), error.refusal()), (sorted, expected, None), "{log}");
    }
    let (error, class) = failed(executed(6, "ERROR: transaction tries to spend 9 tokens")).await;
    assert_eq!((class, error.is_wrong_nonce()), (Refused, false));
    assert_eq!(error.refusal(), Some(Refusal::Funds));
}

#[tokio::test]
async fn arguments_are_struck_out_of_what_the_node_says() {
    let said = format!("ERROR: the value \"{SECRET}\" of given-name is wrong\u{1b}[2J");
    for step in [
        executed(65535, &said),
        rejected(4, &said),
        rejected(65535, &said),
        Step::error(-32602, &said),
        Step::error(-32603, &said),
        Step::error(-201, &said),
    ] {
        let error = broadcast_as(step, Broadcast::Wait).await.1.unwrap_err();
        let mut shown = format!("{error} {error:?} {:?}", error.node_message());
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            shown.push_str(&error.to_string());
            source = error.source();
        }
        assert!(shown.contains("is wrong"), "{shown}");
        assert!(
            !shown.contains("Zoë") && !shown.contains("given-name") && !shown.contains('\u{1b}'),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn a_transaction_keeps_its_hash_whatever_the_node_calls_it() {
    let (prepared, outcome) = broadcast_as(executed(0, ""), Broadcast::Wait).await;
    assert_eq!(outcome.unwrap(), TxOutcome { hash: prepared.hash(), nonce: 7, committed: true });

    let accepted = Step::result(&json!({"tx_hash": "ab".repeat(32)}));
    let (prepared, outcome) = broadcast_as(accepted, Broadcast::Accept).await;
    assert_eq!(outcome.unwrap(), TxOutcome { hash: prepared.hash(), nonce: 7, committed: false });

    let (prepared, outcome) = broadcast_as(executed(10, "timed out"), Broadcast::Wait).await;
    let Error::OutcomeUnknown { hash, why: Uncertainty::NotInABlockYet } = outcome.unwrap_err() else {
        panic!("the node gave up waiting")
    };
    assert_eq!(hash, prepared.hash());

    let (prepared, outcome) = broadcast_as(executed(65535, "ERROR: no"), Broadcast::Wait).await;
    let Error::Failed(rejection) = outcome.unwrap_err() else { panic!("it has failed") };
    assert_eq!(rejection.hash, prepared.hash());
}

#[tokio::test]
async fn a_result_says_more_than_was_waited_for() {
    let (_, outcome) = broadcast_as(executed(0, ""), Broadcast::Accept).await;
    assert!(outcome.unwrap().committed);
    let (_, outcome) = broadcast_as(executed(65535, "ERROR: no"), Broadcast::Accept).await;
    assert_eq!(outcome.unwrap_err().class(), Class::Refused);
}

#[tokio::test]
async fn json_of_any_form_is_no_success() {
    let hash: Json = json!("ab".repeat(32));
    for result in [
        json!({"tx_hash": hash, "result": {"gas": 0}}),
        json!({"tx_hash": hash, "result": {"code": "0"}}),
        json!({"tx_hash": hash, "result": {"code": -1}}),
        json!({"tx_hash": hash, "result": []}),
        json!({"tx_hash": 7, "result": {"code": 0}}),
        json!([]),
    ] {
        assert_eq!(failed(Step::result(&result)).await.1, Unknown, "{result}");
    }
}
