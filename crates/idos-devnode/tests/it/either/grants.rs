//! Access grants: lists of them, taking them back, and making them for an owner who has signed.

use idos_client::encoding::{Scalar, Value};
use idos_client::{Signer, access_grant_id};
use idos_wallet::{WalletKey, WalletType};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Done, Grant, LOCK, World, id, null, time, wallet};

fn no_user() -> Value<'static> {
    Value::Null(Scalar::Uuid)
}

/// A user with `number` write grants used, each a second after the other.
async fn with_grants(number: u128) -> (World, WalletKey, Vec<Grant>) {
    let world = World::new().await;
    let key = wallet(WalletType::Evm, 3);
    world.user(id(1), &key).await;
    let mut grants = Vec::new();
    for n in 1..=number {
        let grant = Grant::draft(&world, &key, n).signed_by(&world, &key).await;
        grant.write(&world, &world.issuer()).await.succeeded();
        grants.push(grant);
    }
    (world, key, grants)
}

#[tokio::test]
async fn grantees_list_their_grants_in_pages() {
    let (world, key, grants) = with_grants(3).await;
    let issuer = world.issuer();
    let list = async |arguments| world.view(Some(&issuer), "get_access_grants_granted", arguments).await;
    let copies = |rows: Result<Vec<serde_json::Value>, String>| -> Vec<String> {
        rows.unwrap().iter().map(|row| row[3].as_str().unwrap().to_owned()).collect()
    };
    let expected: Vec<String> = grants.iter().map(|grant| grant.copy_id.to_string()).collect();

    let all = list(vec![no_user(), 1.into(), 10.into()]).await;
    assert_eq!(
        all.clone().unwrap()[0],
        json!([
            access_grant_id(&grants[0].grantee, grants[0].copy_id, 0),
            id(1),
            grants[0].grantee,
            grants[0].copy_id,
            "0",
            grants[0].content_hash,
            "delegated_write_grant",
            grants[0].id.to_string()
        ])
    );
    assert_eq!(copies(all), expected);
    assert_eq!(copies(list(vec![id(1).into(), 2.into(), 2.into()]).await), expected[2..]);
    assert_eq!(copies(list(vec![id(2).into(), 1.into(), 10.into()]).await), Vec::<String>::new());
    // Nulls are neither checked nor limits.
    assert_eq!(copies(list(vec![no_user(), Value::UntypedNull, Value::UntypedNull]).await), expected);
    assert_eq!(copies(list(vec![no_user(), 2.into(), Value::UntypedNull]).await), expected);

    let page = Err("page has to be a positive integer".to_owned());
    let size = Err("size has to be a positive integer".to_owned());
    assert_eq!(list(vec![no_user(), 0.into(), 0.into()]).await, page);
    assert_eq!(list(vec![no_user(), (-1).into(), 1.into()]).await, page);
    assert_eq!(list(vec![no_user(), 1.into(), 0.into()]).await, size);
    assert_eq!(
        list(vec![no_user(), i64::MAX.into(), i64::MAX.into()]).await,
        Err("ERROR: bigint out of range (SQLSTATE 22003)".to_owned())
    );

    let count = async |signer: &Signer, user| {
        world.view(Some(signer), "get_access_grants_granted_count", vec![user]).await.unwrap()[0][0].clone()
    };
    assert_eq!(count(&issuer, no_user()).await, "3"); // an integer, as text
    assert_eq!(count(&issuer, id(1).into()).await, "3");
    assert_eq!(count(&issuer, id(2).into()).await, "0");
    assert_eq!(count(&Signer::Wallet(key), no_user()).await, "0");

    let one =
        world.view(Some(&issuer), "get_access_grants_for_credential", vec![grants[1].copy_id.into()]).await;
    assert_eq!(copies(one), expected[1..2]);
}

#[tokio::test]
async fn owners_list_their_grants_and_take_them_back() {
    let (world, key, grants) = with_grants(1).await;
    let (holder, issuer) = (Signer::Wallet(key.clone()), world.issuer());
    let rows = world.view(Some(&holder), "get_access_grants_owned", vec![]).await.unwrap();
    assert_eq!(rows.len(), 1);
    let grant = Uuid::parse_str(rows[0][0].as_str().unwrap()).unwrap();
    assert_eq!(world.view(Some(&issuer), "get_access_grants_owned", vec![]).await, Ok(vec![]));

    let revoke = "revoke_access_grant";
    world.execute(&issuer, revoke, vec![grant.into()]).await.failed("the access grant not found");
    world.execute(&holder, revoke, vec![id(99).into()]).await.failed("the access grant not found");
    world.execute(&holder, revoke, vec![grant.into()]).await.succeeded();
    world.execute(&holder, revoke, vec![grant.into()]).await.failed("the access grant not found");
    let counts = world.node.counts().await.unwrap();
    assert_eq!((counts.access_grants, counts.credentials), (0, 2)); // the copy stays
    assert_eq!(
        world.view(Some(&issuer), "get_credential_shared", vec![grants[0].copy_id.into()]).await,
        Err("the credential is not shared with the caller".to_owned())
    );

    let mut locked = Grant::draft(&world, &key, 9);
    let until = world.now() + LOCK;
    locked.timelock = time(until);
    locked.signed_by(&world, &key).await.write(&world, &issuer).await.succeeded();
    let grant = Uuid::parse_str(&world.node.access_grants().await.unwrap()[0].id).unwrap();
    world.execute(&holder, revoke, vec![grant.into()]).await.failed("the grant is locked");
    if world.pass_to(until).await.exactly() {
        world.execute(&holder, revoke, vec![grant.into()]).await.failed("the grant is locked"); // the last second counts
    }
    world.pass_to(until + 1).await;
    world.execute(&holder, revoke, vec![grant.into()]).await.succeeded();
}

/// A delegated access grant.
struct Delegated<'a> {
    owner: String,
    grantee: &'a str,
    data_id: Uuid,
    locked_until: i64,
    signature: String,
}

impl Delegated<'_> {
    fn message_arguments(&self) -> Vec<Value<'_>> {
        vec![
            self.owner.as_str().into(),
            self.grantee.into(),
            self.data_id.into(),
            self.locked_until.into(),
            "the hash".into(),
        ]
    }

    async fn sign(&mut self, world: &World, key: &WalletKey) {
        let rows = world.view(None, "dag_message", self.message_arguments()).await.unwrap();
        self.signature = key.sign_message(rows[0][0].as_str().unwrap(), [6; 32]);
    }

    async fn create(&self, world: &World) -> Done {
        let mut arguments = self.message_arguments();
        arguments.push(self.signature.as_str().into());
        world.execute(&world.issuer(), "create_ag_by_dag_for_copy", arguments).await
    }
}

#[tokio::test]
async fn an_owner_of_every_type_of_wallet_delegates_an_access_grant() {
    for wallet_type in WalletType::ALL {
        let world = World::new().await;
        let key = wallet(wallet_type, 3);
        world.user(id(1), &key).await;
        let written = Grant::draft(&world, &key, 1).signed_by(&world, &key).await;
        written.write(&world, &world.issuer()).await.succeeded();

        let mut grant = Delegated {
            owner: key.owner_identifier(),
            grantee: "somebody",
            data_id: written.copy_id,
            locked_until: 7,
            signature: String::new(),
        };
        grant.sign(&world, &key).await;
        grant.create(&world).await.succeeded();
        let rows = world.node.access_grants().await.unwrap();
        let row = rows.iter().find(|row| row.grantee == "somebody").unwrap();
        assert_eq!(
            (row.inserter_type.as_str(), row.inserter_id.as_str()),
            ("dag_message", written.grantee.as_str())
        );
        assert_eq!((row.locked_until, row.content_hash.as_deref()), (7, Some("the hash")));
        assert_eq!(row.id, access_grant_id("somebody", written.copy_id, 7).to_string());
        grant
            .create(&world)
            .await
            .failed("a grant with the same grantee, copy_credential_id, and locked_until already exists");
    }
}

#[tokio::test]
async fn the_checks_of_a_delegated_access_grant_come_in_order() {
    let (world, key, grants) = with_grants(1).await;
    let other = wallet(WalletType::Evm, 4);
    world.user(id(2), &other).await;
    let mut grant = Delegated {
        owner: wallet(WalletType::Evm, 66).address(),
        grantee: "somebody",
        data_id: id(99),
        locked_until: 0,
        signature: "0x".to_owned(),
    };
    grant.create(&world).await.failed("dag_owner not found");
    grant.owner = other.address();
    grant.create(&world).await.failed("the dag_signature is invalid");
    grant.sign(&world, &key).await;
    grant.create(&world).await.failed("the dag_signature is invalid");
    grant.sign(&world, &other).await;
    grant.create(&world).await.failed("the data_id does not belong to the owner");
    grant.data_id = grants[0].copy_id;
    grant.create(&world).await.failed("the dag_signature is invalid"); // of another text now
    grant.sign(&world, &other).await;
    grant.create(&world).await.failed("the data_id does not belong to the owner");
    grant.owner = key.address();
    grant.sign(&world, &key).await;
    grant.create(&world).await.succeeded();

    let nulls = vec![null(), "b".into(), id(1).into(), 0.into(), "h".into()];
    assert_eq!(
        world.view(None, "dag_message", nulls).await,
        Err("-300: extension implementation error: extension method \"dag_message\" expected argument 1 to be \
             non-null, but got null"
            .to_owned())
    );
}

#[tokio::test]
async fn grantees_are_found_in_any_case() {
    let world = World::new().await;
    let (key, reader) = (wallet(WalletType::Evm, 3), wallet(WalletType::Evm, 4));
    world.user(id(1), &key).await;
    let mut grant = Grant::draft(&world, &key, 1);
    grant.grantee = reader.address().to_lowercase();
    let grant = grant.signed_by(&world, &key).await;
    grant.write(&world, &world.issuer()).await.succeeded();
    let rows =
        world.view(Some(&Signer::Wallet(reader)), "get_credential_shared", vec![grant.copy_id.into()]).await;
    assert_eq!(rows.unwrap().len(), 1);
}
