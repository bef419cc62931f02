//! What users do with their credentials.

use idos_client::encoding::Value;
use idos_client::{Ed25519Signer, Signer};
use idos_wallet::WalletType;
use serde_json::json;

use crate::support::{Content, Done, LOCK, World, copy_of, id, sealed, wallet};

struct Holder {
    world: World,
    signer: Signer,
    stranger: Signer,
}

impl Holder {
    async fn new() -> Self {
        let world = World::new().await;
        let (key, other) = (wallet(WalletType::Evm, 3), wallet(WalletType::FaceSign, 4));
        world.user(id(1), &key).await;
        world.user(id(2), &other).await;
        Self { world, signer: Signer::Wallet(key), stranger: Signer::Wallet(other) }
    }

    async fn add(&self, number: u128, content: &Content) -> Done {
        let arguments = vec![
            id(number).into(),
            content.issuer_key.as_str().into(),
            content.encryptor_key.as_str().into(),
            content.content.as_str().into(),
            content.notes.as_str().into(),
            content.notes_signature.as_str().into(),
            content.broader_signature.as_str().into(),
        ];
        self.world.execute(&self.signer, "add_credential", arguments).await
    }

    async fn edit(&self, signer: &Signer, number: u128, content: &Content) -> Done {
        let arguments = vec![
            id(number).into(),
            content.notes.as_str().into(),
            content.notes_signature.as_str().into(),
            content.broader_signature.as_str().into(),
            content.content.as_str().into(),
            content.encryptor_key.as_str().into(),
            content.issuer_key.as_str().into(),
        ];
        self.world.execute(signer, "edit_credential", arguments).await
    }

    async fn share(&self, signer: &Signer, share: &Share<'_>) -> Done {
        self.world.execute(signer, "share_credential", share.arguments()).await
    }

    async fn remove(&self, signer: &Signer, number: u128) -> Done {
        self.world.execute(signer, "remove_credential", vec![id(number).into()]).await
    }
}

struct Share<'a> {
    original: u128,
    copy: u128,
    content: &'a Content,
    grantee: &'a str,
    locked_until: i64,
}

impl Share<'_> {
    fn arguments(&self) -> Vec<Value<'_>> {
        let content = self.content;
        vec![
            id(self.copy).into(),
            id(self.original).into(),
            content.notes.as_str().into(),
            content.notes_signature.as_str().into(),
            content.broader_signature.as_str().into(),
            content.content.as_str().into(),
            "the hash".into(),
            content.encryptor_key.as_str().into(),
            content.issuer_key.as_str().into(),
            self.grantee.into(),
            self.locked_until.into(),
        ]
    }
}

fn throw_away_key() -> Ed25519Signer {
    Ed25519Signer::from_seed(&[55; 32])
}

#[tokio::test]
async fn a_user_adds_reads_edits_and_removes_a_credential() {
    let holder = Holder::new().await;
    let world = &holder.world;
    let content = sealed(&throw_away_key(), b"first", r#"{"id":"a"}"#);
    let mut broken = content.clone();
    broken.notes.push(' ');
    holder.add(10, &broken).await.failed("signature is wrong");
    holder.add(10, &content).await.succeeded();
    holder
        .add(10, &content)
        .await
        .failed("duplicate key value violates unique constraint \"credentials_pkey\" (SQLSTATE 23505)");

    let owned = |content: &Content| {
        json!([
            id(10),
            id(1),
            content.notes,
            content.content,
            content.encryptor_key,
            content.issuer_key,
            null
        ])
    };
    let read = || vec![id(10).into()];
    assert_eq!(
        world.view(Some(&holder.signer), "get_credential_owned", read()).await,
        Ok(vec![owned(&content)])
    );
    assert_eq!(world.view(Some(&holder.stranger), "get_credential_owned", read()).await, Ok(vec![]));
    assert_eq!(world.view(None, "get_credential_owned", read()).await, Ok(vec![]));
    assert_eq!(
        world.view(Some(&holder.signer), "get_credentials", vec![]).await,
        Ok(vec![json!([id(10), id(1), content.notes, content.issuer_key, null, null])])
    );
    assert_eq!(world.view(Some(&holder.stranger), "get_credentials", vec![]).await, Ok(vec![]));

    let second = sealed(&throw_away_key(), b"second", r#"{"id":"b"}"#);
    let mut broken = second.clone();
    broken.content.clone_from(&content.content);
    holder.edit(&holder.signer, 10, &broken).await.failed("signature is wrong");
    holder.edit(&holder.stranger, 10, &second).await.succeeded(); // in silence
    assert_eq!(
        world.view(Some(&holder.signer), "get_credential_owned", read()).await,
        Ok(vec![owned(&content)])
    );
    holder.edit(&holder.signer, 10, &second).await.succeeded();
    assert_eq!(
        world.view(Some(&holder.signer), "get_credential_owned", read()).await,
        Ok(vec![owned(&second)])
    );
    let row = world.node.credentials().await.unwrap().remove(0);
    assert_eq!(row.verifiable_credential_id.as_deref(), Some("b"));

    let not_yours = "the credential does not belong to the caller";
    holder.remove(&holder.stranger, 10).await.failed(not_yours);
    holder.remove(&holder.signer, 11).await.failed(not_yours);
    holder.remove(&holder.signer, 10).await.succeeded();
    assert_eq!(world.node.counts().await.unwrap().credentials, 0);
}

#[tokio::test]
async fn a_stranger_without_profile_adds_nothing() {
    let world = World::new().await;
    let key = wallet(WalletType::Evm, 3);
    let holder = Holder { world, signer: Signer::Wallet(key.clone()), stranger: Signer::Wallet(key) };
    holder.add(10, &sealed(&throw_away_key(), b"x", "")).await.failed(
        "null value in column \"user_id\" of relation \"credentials\" violates not-null constraint (SQLSTATE 23502)",
    );
}

#[tokio::test]
async fn a_shared_copy_is_the_consumers_to_read_and_nobodys_to_edit() {
    let holder = Holder::new().await;
    let world = &holder.world;
    let original = sealed(&throw_away_key(), b"for me", r#"{"id":"a"}"#);
    holder.add(10, &original).await.succeeded();
    let consumer = wallet(WalletType::Evm, 70);
    let grantee = consumer.address();
    let copy = copy_of(&throw_away_key(), b"for them");
    let share = Share { original: 10, copy: 11, content: &copy, grantee: &grantee, locked_until: 0 };

    let not_yours = "original credential does not belong to the caller";
    holder.share(&holder.stranger, &share).await.failed(not_yours);
    holder.share(&holder.signer, &Share { original: 99, ..share }).await.failed(not_yours);
    let noted = sealed(&throw_away_key(), b"for them", "{}");
    let with_notes = Share { content: &noted, ..share };
    holder
        .share(&holder.signer, &with_notes)
        .await
        .failed("shared credentials cannot have public_notes, it must be an empty string");
    let mut broken = copy.clone();
    broken.broader_signature.clone_from(&original.broader_signature);
    holder.share(&holder.signer, &Share { content: &broken, ..share }).await.failed("signature is wrong");
    holder.share(&holder.signer, &share).await.succeeded();
    let again = holder.share(&holder.signer, &share).await;
    again.failed("duplicate key value violates unique constraint \"credentials_pkey\" (SQLSTATE 23505)");

    let grant = world.node.access_grants().await.unwrap().remove(0);
    assert_eq!(
        (grant.inserter_type.as_str(), grant.inserter_id.as_str()),
        ("user", holder.signer.caller().as_str())
    );
    assert_eq!((grant.grantee.as_str(), grant.content_hash.as_deref()), (grantee.as_str(), Some("the hash")));

    let reader = Signer::Wallet(consumer);
    let row = json!([id(11), id(1), original.notes, copy.content, copy.encryptor_key, copy.issuer_key, null]);
    let shared = || vec![id(11).into()];
    assert_eq!(world.view(Some(&reader), "get_credential_shared", shared()).await, Ok(vec![row]));
    let listed = json!([id(11), id(1), original.notes, copy.encryptor_key, copy.issuer_key, null, id(10)]);
    let by_user = |issuer: Value<'static>| vec![id(1).into(), issuer];
    let list = "get_credentials_shared_by_user";
    assert_eq!(
        world.view(Some(&reader), list, by_user(crate::support::null())).await,
        Ok(vec![listed.clone()])
    );
    let key = original.issuer_key.clone();
    assert_eq!(world.view(Some(&reader), list, by_user(key.into())).await, Ok(vec![listed]));
    assert_eq!(world.view(Some(&reader), list, by_user("other".into())).await, Ok(vec![]));
    assert_eq!(world.view(Some(&holder.signer), list, by_user(crate::support::null())).await, Ok(vec![]));

    let cannot = "can not edit shared credential";
    holder.edit(&holder.signer, 11, &original).await.failed(cannot);
    holder.edit(&holder.stranger, 11, &original).await.failed(cannot); // there is a grant for it
    let revoke = vec![uuid::Uuid::parse_str(&grant.id).unwrap().into()];
    world.execute(&holder.signer, "revoke_access_grant", revoke).await.succeeded();
    holder.edit(&holder.signer, 11, &original).await.failed(cannot); // still a copy
    holder.edit(&holder.stranger, 11, &original).await.succeeded(); // in silence: not the stranger's copy
    assert_eq!(world.node.counts().await.unwrap().credentials, 2);
}

#[tokio::test]
async fn a_removed_original_leaves_its_copies_with_null_notes() {
    let holder = Holder::new().await;
    let world = &holder.world;
    let original = sealed(&throw_away_key(), b"for me", "{}");
    let copy = copy_of(&throw_away_key(), b"for them");
    let reader = Signer::from_seed(&[71; 32]);
    let caller = reader.caller();
    holder.add(10, &original).await.succeeded();
    let share = Share { original: 10, copy: 11, content: &copy, grantee: &caller, locked_until: 0 };
    holder.share(&holder.signer, &share).await.succeeded();
    holder.remove(&holder.signer, 10).await.succeeded();

    let counts = world.node.counts().await.unwrap();
    assert_eq!((counts.credentials, counts.access_grants, counts.shared_credentials), (1, 1, 0));
    let rows = world.view(Some(&reader), "get_credential_shared", vec![id(11).into()]).await.unwrap();
    assert_eq!(rows[0][2], json!(null));
    let by_user = vec![id(1).into(), crate::support::null()];
    assert_eq!(world.view(Some(&reader), "get_credentials_shared_by_user", by_user).await, Ok(vec![]));
}

#[tokio::test]
async fn a_locked_copy_is_not_removed_before_its_time() {
    let holder = Holder::new().await;
    let world = &holder.world;
    holder.add(10, &sealed(&throw_away_key(), b"for me", "{}")).await.succeeded();
    let copy = copy_of(&throw_away_key(), b"for them");
    let until = world.now() + LOCK;
    let share = Share { original: 10, copy: 11, content: &copy, grantee: "somebody", locked_until: until };
    holder.share(&holder.signer, &share).await.succeeded();
    let ask = || vec![id(11).into()];
    let has_locked = "has_locked_access_grants";
    assert_eq!(world.view(Some(&holder.signer), has_locked, ask()).await, Ok(vec![json!([true])]));
    assert_eq!(world.view(Some(&holder.stranger), has_locked, ask()).await, Ok(vec![json!([false])]));

    let locked = "there are locked access grants for this credential";
    holder.remove(&holder.signer, 11).await.failed(locked);
    if world.pass_to(until).await.exactly() {
        holder.remove(&holder.signer, 11).await.failed(locked); // the last second counts
    }
    world.pass_to(until + 1).await;
    assert_eq!(world.view(Some(&holder.signer), has_locked, ask()).await, Ok(vec![json!([false])]));
    holder.remove(&holder.signer, 11).await.succeeded();
    assert_eq!(world.node.counts().await.unwrap().access_grants, 0);
}
