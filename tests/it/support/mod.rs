//! A node, an issuer, a user; and the binary. A wired service on either database is in `service`.

#[macro_use]
pub(crate) mod service;

use std::path::PathBuf;
use std::process::{Command, Output};

use idos_client::actions::PasswordStore;
use idos_client::{Client, ClientConfig, GrantParties, GrantTime, Signer, WriteGrant};
use idos_credential::{EncryptionSecret, Moment, SealedCredential};
use idos_devnode::{DevNode, DevNodeConfig, Inserter};
use idos_issuer::clock;
use idos_issuer::flow::issue::{self, Ids};
use idos_issuer::flow::profile::{self, ProfileError, ProfileToCreate};
use idos_issuer::keys::Keys;
use idos_issuer::model::evidence::Evidence;
use idos_issuer::model::issuance::Kind;
use idos_issuer::model::notes::NotesForm;
use idos_localnet::AnyNode;
use idos_wallet::{OwnershipProof, WalletKey, WalletType};
use rand::Rng as _;
use uuid::Uuid;

pub(crate) const ISSUER_URL: &str = "https://kyc.example.com/idos";

pub(crate) fn id() -> Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}

/// A running node with an issuer who may write to it.
pub(crate) struct World {
    pub(crate) node: AnyNode,
    pub(crate) client: Client,
    pub(crate) keys: Keys,
    pub(crate) issuer: Signer,
}

impl World {
    pub(crate) async fn start() -> Self {
        let keys = Keys::ephemeral(Some(ISSUER_URL)).unwrap();
        let inserters = vec![Inserter::new("Example KYC", [keys.first().rows.public_hex()])];
        Self::with(keys, DevNodeConfig { inserters, ..DevNodeConfig::default() }).await
    }

    pub(crate) async fn with(keys: Keys, node: DevNodeConfig) -> Self {
        let node = AnyNode::start(node).await.unwrap();
        let mut config = ClientConfig::new(node.url().parse().unwrap());
        config.timeout = std::time::Duration::from_secs(if node.dev().is_some() { 3 } else { 20 });
        let client = Client::connect(config).await.unwrap();
        let issuer = Signer::from_seed(&keys.first().seed);
        Self { node, client, keys, issuer }
    }

    /// The node, for a test of what only the development node has.
    pub(crate) fn dev(&self) -> &DevNode {
        self.node.dev().unwrap()
    }

    pub(crate) async fn create_profile(&self, user: &User) -> Result<(), ProfileError> {
        create_profile(&self.client, &self.issuer, user).await
    }

    /// A grant that the user has signed, good from `from` to `to` seconds from now.
    pub(crate) async fn grant(&self, user: &User, from: i64, to: i64) -> (WriteGrant, String) {
        let time = |seconds| GrantTime::from_unix(clock::now().unix_seconds() + seconds).unwrap();
        let parties = GrantParties {
            owner: user.wallet.owner_identifier(),
            grantee: self.keys.first().rows.public_hex(),
            issuer_public_key: self.keys.first().rows.public_hex(),
        };
        let grant = WriteGrant::new(id(), parties, time(0), time(from), time(to)).unwrap();
        let text = self.client.call_one(&self.issuer, &grant.message()).await.unwrap().unwrap();
        (grant, user.wallet.sign_message(&text, [7; 32]))
    }

    pub(crate) fn seal(&self, user: &User, ids: Ids) -> SealedCredential {
        let signed = issue::sign(evidence(user.id), ids, ISSUER_URL, &self.keys, clock::now()).unwrap();
        let own = self.keys.encryption.public();
        issue::seal(
            signed,
            Kind::KycV2,
            ids,
            &NotesForm::of("Example KYC"),
            &user.secret.public(),
            Some(&own),
            &self.keys.first().rows,
        )
        .unwrap()
    }
}

/// Creates a user's profile as an issuer does.
pub(crate) async fn create_profile(
    client: &Client,
    issuer: &Signer,
    user: &User,
) -> Result<(), ProfileError> {
    let (address, public_key, signature) = user.proof();
    let new = ProfileToCreate {
        user_id: user.id,
        encryption_key: &user.secret.public(),
        password_store: PasswordStore::User,
        wallet_id: user.wallet_id,
        wallet: OwnershipProof {
            wallet_type: user.wallet.wallet_type(),
            address: &address,
            public_key: public_key.as_deref(),
            message: MESSAGE,
            signature: &signature,
        },
    };
    profile::create(client, issuer, &new).await
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
    result.expires_at = Some("2040-01-01".parse::<Moment>().unwrap());
    result
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
