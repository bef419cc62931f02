//! What issuers write without a grant: credentials, and the notes of those that their key has signed.

use idos_client::encoding::{Scalar, Value};
use idos_client::{Ed25519Signer, Signer};
use idos_wallet::WalletType;
use serde_json::json;

use crate::support::{Content, World, id, null, sealed, wallet};

const UPSERT: &str = "upsert_credential_as_inserter";

fn arguments(number: u128, user: u128, content: &Content) -> Vec<Value<'_>> {
    vec![
        id(number).into(),
        id(user).into(),
        content.issuer_key.as_str().into(),
        content.encryptor_key.as_str().into(),
        content.content.as_str().into(),
        content.notes.as_str().into(),
        content.notes_signature.as_str().into(),
        content.broader_signature.as_str().into(),
    ]
}

async fn with_user() -> World {
    let world = World::new().await;
    world.user(id(1), &wallet(WalletType::Evm, 3)).await;
    world
}

#[tokio::test]
async fn a_credential_is_written_and_written_over() {
    let world = with_user().await;
    let notes = r#"{"id":"vc-1","level":"basic"}"#;
    let first = sealed(&world.issuer, b"first", notes);
    world.execute(&world.issuer(), UPSERT, arguments(9, 1, &first)).await.succeeded();
    let row = world.node.credentials().await.unwrap().remove(0);
    assert_eq!(row.verifiable_credential_id.as_deref(), Some("vc-1"));
    assert_eq!((row.content.as_str(), row.public_notes.as_str()), (first.content.as_str(), notes));
    assert_eq!(row.inserter.as_deref(), Some("Example"));

    // Another inserter, another key: nobody minds. The signing key need not be the caller's either.
    let other = Signer::from_seed(&[9; 32]);
    world.node.add_inserter(&idos_devnode::Inserter::new("Other", [other.caller()])).await.unwrap();
    let second = sealed(&Ed25519Signer::from_seed(&[44; 32]), b"second", "");
    world.execute(&other, UPSERT, arguments(9, 1, &second)).await.succeeded();
    let row = world.node.credentials().await.unwrap().remove(0);
    assert_eq!((row.content, row.verifiable_credential_id), (second.content, None));
    assert_eq!(row.inserter.as_deref(), Some("Other"));
    assert_eq!(world.node.counts().await.unwrap().credentials, 1);
}

#[tokio::test]
async fn the_inserter_is_checked_first_then_both_signatures() {
    let world = with_user().await;
    let stranger = Signer::from_seed(&[9; 32]);
    let content = sealed(&world.issuer, b"content", "{}");
    let mut broken = content.clone();
    broken.notes_signature = "x".to_owned();
    world.execute(&stranger, UPSERT, arguments(9, 1, &broken)).await.failed("Unauthorized inserter");

    let another = sealed(&world.issuer, b"other content", "{ }");
    let change: [fn(&mut Content, &Content); 9] = [
        |content, another| content.content.clone_from(&another.content),
        |content, another| content.notes.clone_from(&another.notes),
        |content, another| content.notes_signature.clone_from(&another.notes_signature),
        |content, another| content.broader_signature.clone_from(&another.broader_signature),
        |content, _| content.issuer_key = "00".repeat(32),
        |content, _| content.issuer_key = "not hex".to_owned(),
        |content, _| content.content = "not base64".to_owned(),
        |content, _| content.content.push('='),
        |content, _| content.broader_signature = "AAAA".to_owned(),
    ];
    for (case, change) in change.into_iter().enumerate() {
        let mut broken = content.clone();
        change(&mut broken, &another);
        let done = world.execute(&world.issuer(), UPSERT, arguments(9, 1, &broken)).await;
        assert_eq!((case, done.log.as_str()), (case, "ERROR: signature is wrong"));
    }
    for position in [2, 4, 5, 6, 7] {
        let mut nulls = arguments(9, 1, &content);
        nulls[position] = null();
        world.execute(&world.issuer(), UPSERT, nulls).await.failed("signature is wrong");
    }
    let mut upper_case = content.clone();
    upper_case.issuer_key = upper_case.issuer_key.to_uppercase();
    world.execute(&world.issuer(), UPSERT, arguments(9, 1, &upper_case)).await.succeeded();
}

#[tokio::test]
async fn the_database_has_the_last_word() {
    let world = with_user().await;
    let content = sealed(&world.issuer, b"content", "{}");
    world.execute(&world.issuer(), UPSERT, arguments(9, 2, &content)).await.failed(
        "insert or update on table \"credentials\" violates foreign key constraint \"credentials_user_id_fkey\" \
         (SQLSTATE 23503)",
    );
    let mut no_key = arguments(9, 1, &content);
    no_key[3] = null();
    world.execute(&world.issuer(), UPSERT, no_key).await.failed(
        "null value in column \"encryptor_public_key\" of relation \"credentials\" violates not-null constraint \
         (SQLSTATE 23502)",
    );
    let mut nul = arguments(9, 1, &content);
    nul[3] = "a\0b".into();
    world
        .execute(&world.issuer(), UPSERT, nul)
        .await
        .failed("invalid byte sequence for encoding \"UTF8\": 0x00 (SQLSTATE 22021)");
    assert_eq!(world.node.counts().await.unwrap().credentials, 0);
}

#[tokio::test]
async fn notes_are_edited_by_the_key_that_signed_them_and_without_an_error_if_there_are_none() {
    let world = with_user().await;
    let edit = "edit_public_notes_as_issuer";
    for number in [9, 10] {
        let content = sealed(&world.issuer, b"content", r#"{"id":"vc-1","status":"approved"}"#);
        world.execute(&world.issuer(), UPSERT, arguments(number, 1, &content)).await.succeeded();
    }
    let revoked = r#"{"id":"vc-2","status":"revoked"}"#;
    let stranger = Signer::from_seed(&[9; 32]);
    for (signer, vc_id) in [(&stranger, "vc-1"), (&world.issuer(), "vc-9")] {
        world.execute(signer, edit, vec![vc_id.into(), revoked.into()]).await.succeeded();
        let rows = world.node.credentials().await.unwrap();
        assert!(rows.iter().all(|row| row.public_notes.contains("approved")));
    }
    world.execute(&world.issuer(), edit, vec!["vc-1".into(), revoked.into()]).await.succeeded();
    let rows = world.node.credentials().await.unwrap();
    assert!(rows.iter().all(|row| row.public_notes == revoked));

    // The stored id does not follow the notes.
    world.execute(&world.issuer(), edit, vec!["vc-2".into(), "{}".into()]).await.succeeded();
    assert_eq!(world.node.credentials().await.unwrap(), rows);
    world.execute(&world.issuer(), edit, vec!["vc-1".into(), "".into()]).await.succeeded();
    assert!(world.node.credentials().await.unwrap().iter().all(|row| row.public_notes.is_empty()));
    world.execute(&world.issuer(), edit, vec!["vc-1".into(), null()]).await.failed(
        "null value in column \"public_notes\" of relation \"credentials\" violates not-null constraint (SQLSTATE 23502)",
    );
}

#[tokio::test]
async fn an_inserter_asks_whether_a_credential_exists() {
    let world = with_user().await;
    let ask = |number: u128| vec![id(number).into()];
    let exists = "credential_exist_as_inserter";
    let content = sealed(&world.issuer, b"content", "{}");
    world.execute(&world.issuer(), UPSERT, arguments(9, 1, &content)).await.succeeded();
    assert_eq!(world.view(Some(&world.issuer()), exists, ask(9)).await, Ok(vec![json!([true])]));
    assert_eq!(world.view(Some(&world.issuer()), exists, ask(8)).await, Ok(vec![json!([false])]));
    let unknown = vec![Value::Null(Scalar::Uuid)];
    assert_eq!(world.view(Some(&world.issuer()), exists, unknown).await, Ok(vec![json!([false])]));
    let refused = Err("Unauthorized inserter".to_owned());
    assert_eq!(world.view(None, exists, ask(9)).await, refused);
    assert_eq!(world.view(Some(&Signer::from_seed(&[9; 32])), exists, ask(9)).await, refused);
}
