//! A node, an issuer, a user; and the binary. A wired service on either database is in `service`.

pub(crate) mod rows;
pub(crate) mod tables;
mod template;
#[macro_use]
pub(crate) mod service;

use std::path::PathBuf;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_client::actions::{
    AddUserAsInserter, Content, GetCredentialOwned, PasswordStore, UpsertWalletAsInserter,
};
use idos_client::{Broadcast, Client, ClientConfig, Nonce, Signer};
use idos_credential::{EncryptionSecret, Timestamp};
use idos_devnode::{DevNodeConfig, Inserter};
use idos_issuer::keys::Keys;
use idos_issuer::model::evidence::Evidence;
use idos_issuer::model::issuance::Ids;
use idos_localnet::AnyNode;
use idos_wallet::{WalletKey, WalletType};
use rand::Rng as _;
use uuid::Uuid;
use zeroize::Zeroizing;

pub(crate) const ISSUER_URL: &str = "https://kyc.example.com/idos";

pub(crate) fn id() -> Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}

/// A running node with an issuer who may write to it.
pub(crate) struct World {
    pub(crate) node: AnyNode,
    pub(crate) client: Client,
    pub(crate) issuer: Signer,
}

impl World {
    pub(crate) async fn start() -> Self {
        let keys = Keys::ephemeral(Some(ISSUER_URL)).unwrap();
        let inserters = vec![Inserter::new("Example KYC", [keys.first().public_hex()])];
        Self::with(&keys, DevNodeConfig { inserters, ..DevNodeConfig::default() }).await
    }

    pub(crate) async fn with(keys: &Keys, node: DevNodeConfig) -> Self {
        let node = AnyNode::start(node).await.unwrap();
        let mut config = ClientConfig::new(node.url().parse().unwrap());
        config.timeout = std::time::Duration::from_secs(if node.dev().is_some() { 3 } else { 20 });
        let client = Client::connect(config).await.unwrap();
        let issuer = keys.first().signer();
        Self { node, client, issuer }
    }

    pub(crate) async fn create_profile(&self, user: &User) -> Result<(), idos_client::Error> {
        create_profile(&self.client, &self.issuer, user).await
    }
}

/// Puts a user's profile on the network, where a test is about what comes after it.
pub(crate) async fn create_profile(
    client: &Client,
    issuer: &Signer,
    user: &User,
) -> Result<(), idos_client::Error> {
    let key = user.secret.public().to_base64();
    let add = AddUserAsInserter {
        id: user.id,
        recipient_encryption_public_key: &key,
        encryption_password_store: PasswordStore::User,
    };
    client.execute(issuer, &add, Nonce::Next, Broadcast::Wait).await?;
    let (address, public_key, signature) = user.proof();
    let wallet = UpsertWalletAsInserter {
        id: user.wallet_id,
        user_id: user.id,
        address: &address,
        public_key: public_key.as_deref(),
        wallet_type: user.wallet.wallet_type(),
        message: MESSAGE,
        signature: &signature,
    };
    client.execute(issuer, &wallet, Nonce::Next, Broadcast::Wait).await?;
    Ok(())
}

/// What a user reads of a credential from the network, with nothing of the service; `None` if it is nothing of theirs.
pub(crate) async fn owned(client: &Client, user: &User, id: Uuid) -> Option<Zeroizing<Vec<u8>>> {
    let holder = Signer::from(user.wallet.clone());
    let row = client.call_one(&holder, &GetCredentialOwned { id }).await.unwrap()?;
    let content = content_of(client, &holder, row.content).await;
    Some(user.secret.open_bytes(content, &row.encryptor_public_key).unwrap())
}

/// The bytes of a content, from its row or from the blob gateway.
pub(crate) async fn content_of(client: &Client, reader: &Signer, content: Content) -> Vec<u8> {
    match content {
        Content::InRow(text) => STANDARD.decode(text).unwrap(),
        Content::AtGateway(blob) => client.fetch(reader, blob).await.unwrap(),
    }
}

pub(crate) const MESSAGE: &str = "Sign this message to prove you own this wallet";

/// A simulated user.
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) wallet_id: Uuid,
    pub(crate) wallet: WalletKey,
    pub(crate) secret: EncryptionSecret,
}

impl User {
    pub(crate) fn with(wallet_type: WalletType) -> Self {
        let wallet = WalletKey::from_seed(wallet_type, rand::random());
        let secret = EncryptionSecret::from_bytes(rand::thread_rng().r#gen());
        Self { id: id(), wallet_id: id(), wallet, secret }
    }

    /// The same user, to be changed.
    pub(crate) fn like(user: &Self) -> Self {
        let (wallet, secret) = (user.wallet.clone(), user.secret.clone());
        Self { id: user.id, wallet_id: user.wallet_id, wallet, secret }
    }

    pub(crate) fn proof(&self) -> (String, Option<String>, String) {
        (self.wallet.address(), self.wallet.public_key(), self.wallet.sign_message(MESSAGE, [9; 32]))
    }
}

pub(crate) fn ids() -> Ids {
    Ids { original: id(), copy: id(), notes: id() }
}

pub(crate) fn evidence(user: Uuid) -> Evidence {
    let text = std::fs::read(example("kyc-result.json")).unwrap();
    let mut read = |name: &str| std::fs::read(example(name)).map_err(|_| "names a file that is not there");
    let mut result = Evidence::parse_kyc(&text, &user.to_string(), &mut read).unwrap();
    result.expires_at = Some("2040-01-01".parse::<Timestamp>().unwrap());
    result
}

/// The same with files that have so many bytes more, each a third of them.
pub(crate) fn evidence_with(user: Uuid, more: usize) -> Evidence {
    let text = std::fs::read(example("kyc-result.json")).unwrap();
    let mut read = |name: &str| {
        let mut file = std::fs::read(example(name)).map_err(|_| "names a file that is not there")?;
        file.resize(file.len() + more / 3, 0xa5);
        Ok(file)
    };
    Evidence::parse_kyc(&text, &user.to_string(), &mut read).unwrap()
}

pub(crate) fn example(file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "examples", file].iter().collect()
}

/// A folder that is gone afterwards.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("idos-issuer-test-{}", id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the binary.
pub(crate) fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_idos-issuer"))
        .args(arguments)
        .env_remove("IDOS_NODE_URL")
        .env("RUST_LOG", "trace")
        .output()
        .unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
