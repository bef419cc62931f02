//! The whole way with the real client: through the gateway, for users with every type of wallet.

use idos_client::actions::{
    AddUserAsInserter, CreateCredentialsByDwg, GetCredentialOwned, GetCredentialShared, GetCredentials,
    GetUser, GetUserAsInserter, HasProfile, PasswordStore, UpsertWalletAsInserter,
};
use idos_client::{
    Broadcast, Class, Client, ClientConfig, GrantParties, GrantTime, Nonce, Refusal, Signer, Viewer,
    WriteGrant,
};
use idos_wallet::{WalletKey, WalletType};

use crate::support::{Content, World, copy_of, id, sealed, wallet};

async fn connect(world: &World) -> Client {
    Client::connect(ClientConfig::new(world.node.url().parse().unwrap())).await.unwrap()
}

fn add_user(number: u128) -> AddUserAsInserter<'static> {
    AddUserAsInserter {
        id: id(number),
        recipient_encryption_public_key: "Y+kNWSnoYhlBrsDQ/01FTfoHQ5CeXyjDEHbQmNDGOjw=",
        encryption_password_store: PasswordStore::User,
    }
}

/// Makes a profile as an issuer does.
async fn make_profile(client: &Client, issuer: &Signer, key: &WalletKey) {
    client.execute(issuer, &add_user(1), Nonce::Next, Broadcast::Wait).await.unwrap();
    let (message, public_key) = ("Sign this message to prove you own this wallet", key.public_key());
    let wallet = UpsertWalletAsInserter {
        id: id(2),
        user_id: id(1),
        address: &key.address(),
        public_key: public_key.as_deref(),
        wallet_type: key.wallet_type(),
        message,
        signature: &key.sign_message(message, [1; 32]),
    };
    client.execute(issuer, &wallet, Nonce::Next, Broadcast::Wait).await.unwrap();
}

/// A grant for an hour, which begins so many seconds from now.
fn grant(world: &World, key: &WalletKey, from: i64) -> WriteGrant {
    let parties = GrantParties {
        owner: key.owner_identifier(),
        grantee: world.issuer.public_key_hex(),
        issuer_public_key: world.issuer.public_key_hex(),
    };
    let at = |seconds: i64| GrantTime::from_unix(seconds).unwrap();
    let begins = world.now() + from;
    WriteGrant::new(id(5), parties, at(0), at(begins), at(begins + 3600)).unwrap()
}

fn write<'a>(
    original: &'a Content,
    copy: &'a Content,
    grant: &'a WriteGrant,
    signature: &'a str,
) -> CreateCredentialsByDwg<'a> {
    CreateCredentialsByDwg {
        issuer_auth_public_key: &original.issuer_key,
        original_encryptor_public_key: &original.encryptor_key,
        original_credential_id: id(3),
        original_content: &original.content,
        original_public_notes: &original.notes,
        original_public_notes_signature: &original.notes_signature,
        original_broader_signature: &original.broader_signature,
        copy_encryptor_public_key: &copy.encryptor_key,
        copy_credential_id: id(4),
        copy_content: &copy.content,
        copy_public_notes_signature: &copy.notes_signature,
        copy_broader_signature: &copy.broader_signature,
        content_hash: "the hash",
        dwg_owner: &grant.owner,
        dwg_grantee: &grant.grantee,
        dwg_issuer_public_key: &grant.issuer_public_key,
        dwg_id: grant.id,
        dwg_access_grant_timelock: &grant.access_grant_timelock,
        dwg_not_before: grant.not_before(),
        dwg_not_after: grant.not_after(),
        dwg_signature: signature,
    }
}

#[tokio::test]
async fn an_issuer_writes_and_user_and_issuer_read() {
    for wallet_type in WalletType::ALL {
        let world = World::with(|config| config.require_sessions = true).await;
        let (issuer, key) = (world.issuer(), wallet(wallet_type, 3));
        let client = connect(&world).await;
        let address = key.address();
        let known = HasProfile { address: &address };
        assert_eq!(client.call_one(Viewer::Anonymous, &known).await.unwrap(), Some(false));
        make_profile(&client, &issuer, &key).await;
        assert_eq!(client.call_one(Viewer::Anonymous, &known).await.unwrap(), Some(true));

        let grant = grant(&world, &key, 0);
        let text = client.call_one(&issuer, &grant.message()).await.unwrap().unwrap(); // logs in
        let signature = key.sign_message(&text, [2; 32]);
        let original = sealed(&world.issuer, b"for the user", r#"{"id":"vc"}"#);
        let copy = copy_of(&world.issuer, b"for the issuer");
        let write = write(&original, &copy, &grant, &signature);
        let outcome = client.execute(&issuer, &write, Nonce::Next, Broadcast::Wait).await.unwrap();
        assert!(outcome.committed);

        let reader = connect(&world).await;
        let holder = Signer::Wallet(key);
        let user = reader.call_one(&holder, &GetUser {}).await.unwrap().unwrap();
        assert_eq!(user.id, id(1));
        assert_eq!(reader.call(&holder, &GetCredentials {}).await.unwrap().len(), 2);
        let read = reader.call_one(&holder, &GetCredentialOwned { id: id(3) }).await.unwrap().unwrap();
        assert_eq!(read.content.in_row(), Some(original.content.as_str()));
        let read = client.call_one(&issuer, &GetCredentialShared { id: id(4) }).await.unwrap().unwrap();
        assert_eq!(read.content.in_row(), Some(copy.content.as_str()));

        let again = client.execute(&issuer, &write, Nonce::Next, Broadcast::Wait).await.unwrap_err();
        assert_eq!(again.class(), Class::Refused);
        assert!(again.conflict().is_some(), "{again}");
    }
}

#[tokio::test]
async fn the_client_says_what_is_wrong_with_a_write_grant() {
    let world = World::new().await;
    let (issuer, key) = (world.issuer(), wallet(WalletType::Evm, 3));
    let client = connect(&world).await;
    make_profile(&client, &issuer, &key).await;
    let signed = async |from| {
        let grant = grant(&world, &key, from);
        let text = client.call_one(&issuer, &grant.message()).await.unwrap().unwrap();
        (grant, key.sign_message(&text, [2; 32]))
    };
    let (grant, signature) = signed(0).await;
    let original = sealed(&world.issuer, b"for the user", r#"{"id":"vc"}"#);
    let copy = copy_of(&world.issuer, b"for the issuer");
    let right = || write(&original, &copy, &grant, &signature);
    let (nobody, stranger) = (wallet(WalletType::Evm, 4).address(), "ab".repeat(32));
    let forged = key.sign_message("another text", [2; 32]);
    let (before, after) = (grant.not_before(), grant.not_after());

    for (wrong, refusal) in [
        (CreateCredentialsByDwg { dwg_issuer_public_key: &stranger, ..right() }, Refusal::GrantIssuer),
        (CreateCredentialsByDwg { dwg_owner: &nobody, ..right() }, Refusal::GrantOwnerUnknown),
        (
            CreateCredentialsByDwg { dwg_not_before: after, dwg_not_after: before, ..right() },
            Refusal::GrantTimes,
        ),
        (CreateCredentialsByDwg { dwg_signature: &forged, ..right() }, Refusal::GrantSignature),
        (CreateCredentialsByDwg { original_content: &copy.content, ..right() }, Refusal::CredentialSignature),
        (CreateCredentialsByDwg { copy_content: &original.content, ..right() }, Refusal::CredentialSignature),
    ] {
        let error = client.execute(&issuer, &wrong, Nonce::Next, Broadcast::Wait).await.unwrap_err();
        assert_eq!((error.refusal(), error.class()), (Some(refusal), Class::Refused), "{error}");
    }
    let (grant, signature) = signed(-7200).await;
    let late = write(&original, &copy, &grant, &signature);
    let error = client.execute(&issuer, &late, Nonce::Next, Broadcast::Wait).await.unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::GrantWindow));
}

#[tokio::test]
async fn a_view_that_fails_is_an_error_to_a_careful_client() {
    let world = World::with(|config| config.require_sessions = true).await;
    let client = connect(&world).await;
    let stranger = Signer::from_seed(&[9; 32]);
    let error = client.call(&stranger, &GetUserAsInserter { id: id(1) }).await.unwrap_err();
    assert_eq!(error.node_message(), Some("Unauthorized inserter"));
}
