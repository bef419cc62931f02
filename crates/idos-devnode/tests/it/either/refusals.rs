//! Why the node refuses, as the client tells it.

use idos_client::actions::{
    AddAttributeAsInserter, AddUserAsInserter, CredentialExistAsInserter, GetCredentialShared, PasswordStore,
    RescindSharedCredential, UpsertWalletAsInserter,
};
use idos_client::{Broadcast, Client, ClientConfig, Error, Nonce, Refusal, Signer};
use idos_wallet::{WalletKey, WalletType};

use crate::support::{World, id, wallet};

const MESSAGE: &str = "Sign this message to prove you own this wallet";

fn add_user(store: PasswordStore) -> AddUserAsInserter<'static> {
    AddUserAsInserter { id: id(1), recipient_encryption_public_key: "key", encryption_password_store: store }
}

struct Tried<'a> {
    client: &'a Client,
    signer: Signer,
}

impl Tried<'_> {
    async fn refused<A: idos_client::actions::Action>(&self, action: &A) -> Error {
        self.client.execute(&self.signer, action, Nonce::Next, Broadcast::Wait).await.unwrap_err()
    }
}

#[tokio::test]
async fn the_reasons_of_the_schema_are_told_apart() {
    let world = World::new().await;
    let client = Client::connect(ClientConfig::new(world.node.url().parse().unwrap())).await.unwrap();
    let stranger = Tried { client: &client, signer: Signer::from_seed(&[9; 32]) };
    let issuer = Tried { client: &client, signer: world.issuer() };

    let error = stranger.refused(&add_user(PasswordStore::User)).await;
    assert_eq!(error.refusal(), Some(Refusal::NotAnInserter));
    let seen = client.call(&stranger.signer, &CredentialExistAsInserter { id: id(1) }).await.unwrap_err();
    assert_eq!(seen.refusal(), Some(Refusal::NotAnInserter), "of a view");
    let seen = client.call(&issuer.signer, &GetCredentialShared { id: id(1) }).await.unwrap_err();
    assert_eq!(seen.refusal(), Some(Refusal::CredentialUnknown));

    let attribute = AddAttributeAsInserter { id: id(2), user_id: id(1), attribute_key: "k", value: "v" };
    assert_eq!(issuer.refused(&attribute).await.refusal(), Some(Refusal::UserUnknown));
    let error = issuer.refused(&RescindSharedCredential { credential_id: id(1) }).await;
    assert_eq!(error.refusal(), Some(Refusal::CredentialUnknown));

    world.user(id(1), &wallet(WalletType::Evm, 3)).await;
    let (key, other) = (wallet(WalletType::Evm, 3), wallet(WalletType::Evm, 4));
    let add = |key: &WalletKey, signer: &WalletKey| (key.address(), signer.sign_message(MESSAGE, [1; 32]));
    for ((address, signature), refusal) in
        [(add(&key, &other), Refusal::WalletInvalid), (add(&key, &key), Refusal::WalletTaken)]
    {
        let wallet = UpsertWalletAsInserter {
            id: id(7),
            user_id: id(1),
            address: &address,
            public_key: None,
            wallet_type: WalletType::Evm,
            message: MESSAGE,
            signature: &signature,
        };
        let error = issuer.refused(&wallet).await;
        assert_eq!(error.refusal(), Some(refusal), "{error}");
    }
    let error = issuer.refused(&add_user(PasswordStore::User)).await;
    assert_eq!(error.refusal(), None);
    assert!(error.conflict().is_some());
}
