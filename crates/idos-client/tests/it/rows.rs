//! The rows of every view, with the columns that the schema gives them.

use idos_client::actions::{
    CredentialExistAsInserter, DwgMessage, GetAllowance, GetAttributes, GetCredentialOwned,
    GetCredentialShared, GetCredentials, GetCredentialsSharedByUser, GetIssuerFee, GetSiblingCredentialId,
    GetUser, GetWallets, HasLockedAccessGrants, PasswordStore, View,
};
use idos_client::{Class, Error, GrantParties, GrantTime, WalletType, WriteGrant};
use serde_json::{Value as Json, json};
use uuid::{Uuid, uuid};

use crate::support::server::{Server, Step, health};
use crate::support::vectors::issuer;

const ID: Uuid = uuid!("00000000-0000-4000-8000-000000000001");
const USER: Uuid = uuid!("9f51b3b2-4cbe-4c2b-8ea3-0b0c1b2f1a11");
const ORIGINAL: Uuid = uuid!("00000000-0000-4000-8000-000000000003");

async fn rows<V: View>(view: &V, columns: &[(&str, Json)]) -> Result<Vec<V::Row>, Error> {
    let (names, values): (Vec<_>, Vec<_>) =
        columns.iter().map(|(name, value)| (*name, value.clone())).unzip();
    let table = json!({"query_result": {"column_names": names, "values": [values]}, "logs": "1. notice", "error": null});
    let server =
        Server::playing(vec![("user.health", health("open")), ("user.call", Step::result(&table))]).await;
    server.client().await.call(&issuer(), view).await
}

async fn row<V: View>(view: &V, columns: &[(&str, Json)]) -> V::Row {
    let mut rows = rows(view, columns).await.unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

#[tokio::test]
async fn profiles_are_read() {
    let user = row(
        &GetUser {},
        &[
            ("id", json!(USER)),
            ("recipient_encryption_public_key", json!("key")),
            ("encryption_password_store", json!("mpc")),
        ],
    )
    .await;
    assert_eq!((user.id, user.encryption_password_store), (USER, PasswordStore::Mpc));
    assert_eq!(user.recipient_encryption_public_key, "key");

    let wallet = row(
        &GetWallets {},
        &[
            ("id", json!(ID)),
            ("user_id", json!(USER)),
            ("address", json!("alice.near")),
            ("public_key", json!("ed25519:abc")),
            ("wallet_type", json!("NEAR")),
            ("message", json!("m")),
            ("signature", json!("s")),
            ("inserter", Json::Null),
        ],
    )
    .await;
    assert_eq!((wallet.id, wallet.user_id, wallet.wallet_type), (ID, USER, WalletType::Near));
    assert_eq!((wallet.address.as_str(), wallet.public_key.as_deref()), ("alice.near", Some("ed25519:abc")));
    assert_eq!((wallet.message.as_deref(), wallet.signature.as_deref()), (Some("m"), Some("s")));
    assert_eq!(wallet.inserter.0, None);
    assert!(!format!("{wallet:?}").contains("alice"));

    let attribute = row(
        &GetAttributes {},
        &[
            ("id", json!(ID)),
            ("user_id", json!(USER)),
            ("attribute_key", json!("k")),
            ("value", json!("")),
            ("original_id", json!(ORIGINAL)),
        ],
    )
    .await;
    assert_eq!((attribute.id, attribute.user_id, attribute.original_id), (ID, USER, Some(ORIGINAL)));
    assert_eq!((attribute.attribute_key.as_str(), attribute.value.as_str()), ("k", ""));
}

#[tokio::test]
async fn credentials_are_read() {
    let listed = row(
        &GetCredentials {},
        &[
            ("id", json!(ID)),
            ("user_id", json!(USER)),
            ("public_notes", json!("{}")),
            ("issuer_auth_public_key", json!("aa")),
            ("inserter", json!("Example")),
            ("original_id", Json::Null),
        ],
    )
    .await;
    assert_eq!((listed.id, listed.original_id, listed.public_notes.as_str()), (ID, None, "{}"));
    assert_eq!(
        (listed.issuer_auth_public_key.as_str(), listed.inserter.0.as_deref()),
        ("aa", Some("Example"))
    );

    let columns = |public_notes: Json| {
        [
            ("id", json!(ID)),
            ("user_id", json!(USER)),
            ("public_notes", public_notes),
            ("content", json!("sealed")),
            ("encryptor_public_key", json!("bb")),
            ("issuer_auth_public_key", json!("aa")),
            ("inserter", Json::Null),
        ]
    };
    let owned = row(&GetCredentialOwned { id: ID }, &columns(json!(""))).await;
    assert_eq!((owned.content.in_row().unwrap(), owned.encryptor_public_key.as_str()), ("sealed", "bb"));
    assert!(!format!("{owned:?}").contains("sealed"));
    let shared = row(&GetCredentialShared { id: ID }, &columns(Json::Null)).await;
    assert_eq!(
        (shared.public_notes, shared.content.in_row().unwrap()),
        (None, "sealed"),
        "the original is gone"
    );

    let view = GetCredentialsSharedByUser { user_id: USER, original_issuer_auth_public_key: None };
    let shared = row(
        &view,
        &[
            ("id", json!(ID)),
            ("user_id", json!(USER)),
            ("public_notes", json!("{}")),
            ("encryptor_public_key", json!("bb")),
            ("issuer_auth_public_key", json!("aa")),
            ("inserter", json!("Example")),
            ("original_id", json!(ORIGINAL)),
        ],
    )
    .await;
    assert_eq!((shared.original_id, shared.public_notes.as_deref()), (Some(ORIGINAL), Some("{}")));

    assert_eq!(row(&GetSiblingCredentialId { content_hash: "cc" }, &[("id", json!(ID))]).await, ID);
    let exists = CredentialExistAsInserter { id: ID };
    assert!(row(&exists, &[("credential_exist", json!(true))]).await);
    assert!(!row(&HasLockedAccessGrants { id: ID }, &[("has", json!(false))]).await);
}

#[tokio::test]
async fn large_numbers_are_read() {
    let allowance = json!("100000000000000000000");
    assert_eq!(
        row(&GetAllowance {}, &[("gas_allowance", allowance)]).await.as_str(),
        "100000000000000000000"
    );
    let fee = GetIssuerFee { credential_id: ID };
    assert_eq!(row(&fee, &[("issuer_fee", json!("9".repeat(78)))]).await.to_string(), "9".repeat(78));
    for bad in [json!(""), json!("-1"), json!("1e3"), json!(7), Json::Null] {
        let error = rows(&fee, &[("issuer_fee", bad)]).await.unwrap_err();
        assert!(matches!(error, Error::MalformedRow { view: "get_issuer_fee", .. }), "{error:?}");
    }
}

#[tokio::test]
async fn the_text_of_a_write_grant_is_asked_for_with_the_grants_values() {
    let parties = GrantParties {
        owner: "0xAb".to_owned(),
        grantee: "cd".to_owned(),
        issuer_public_key: "ef".to_owned(),
    };
    let time = |text: &str| text.parse::<GrantTime>().unwrap();
    let (before, after) = (time("2026-01-02T03:04:05Z"), time("2026-01-03T03:04:05Z"));
    let grant =
        WriteGrant::new(ID, parties, time("1970-01-01T00:00:00Z"), before.clone(), after.clone()).unwrap();

    assert_eq!(row(&grant.message(), &[("message", json!("sign me"))]).await, "sign me");
    assert_eq!(
        grant.message(),
        DwgMessage {
            owner_wallet_identifier: "0xAb",
            grantee_wallet_identifier: "cd",
            issuer_public_key: "ef",
            id: ID,
            access_grant_timelock: &time("1970-01-01T00:00:00Z"),
            not_usable_before: &before,
            not_usable_after: &after,
        }
    );
    assert_eq!(grant.access_grant_id(ORIGINAL), idos_client::access_grant_id("cd", ORIGINAL, 0));
}

#[tokio::test]
async fn rows_of_another_form_are_errors_that_name_the_column() {
    let good = [
        ("id", json!(USER)),
        ("recipient_encryption_public_key", json!("key")),
        ("encryption_password_store", json!("user")),
    ];
    rows(&GetUser {}, &good).await.unwrap();
    for (index, bad) in
        [(0, json!("no uuid")), (0, Json::Null), (1, json!(7)), (1, Json::Null), (2, json!("elsewhere"))]
    {
        let mut columns = good.clone();
        columns[index].1 = bad;
        let error = rows(&GetUser {}, &columns).await.unwrap_err();
        assert_eq!(error.class(), Class::Retry);
        let column = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(column, format!("the column {} is missing or malformed", good[index].0));
    }
    let error = rows(&GetUser {}, &good[1..]).await.unwrap_err();
    assert!(matches!(error, Error::MalformedRow { .. }), "{error:?}");
}
