//! What the owner of the schema writes: who may issue, and upstream's next version of it.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use idos_client::actions::{Action, AddDelegateAsOwner, AddInserterAsOwner, DeleteDelegateAsOwner};
use idos_client::transaction::{Body, CONCAT, Fee, Signature, Signed, TxHash};
use idos_client::{Broadcast, Client, ClientConfig, Ed25519Signer, Nonce, Signer};
use idos_devnode::{Inserter, Schema};
use rand_core::{OsRng, RngCore};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::rows;
use crate::rpc::{RpcFailure, Server};
use crate::validator::write_secret;

const KEY: &str = "owner.key";

/// The next schema, on a network of today's.
const NAMES: &str = include_str!("../../../tests/kwild/schema/next/1_names.sql");
/// Takes away what it has no more.
const GONE: &str = include_str!("../../../tests/kwild/schema/next/2_gone.sql");

/// How long to wait for the block of something.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who owns a network's schema.
#[derive(Debug)]
pub(crate) struct Owner(Ed25519Signer);

/// An inserter cannot be added.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The node refuses the owner's transaction, or cannot be spoken to.
    #[error("the network does not take what its owner writes")]
    Node(#[from] Box<idos_client::Error>),
    /// What is there cannot be read.
    #[error("the network's database cannot be read")]
    Database(#[from] sqlx::Error),
    /// The node's address is malformed.
    #[error("the node's address is malformed")]
    Url(#[from] url::ParseError),
    /// The node does not take the owner's SQL.
    #[error("the network does not take its owner's SQL")]
    Sql(#[from] RpcFailure),
}

impl From<idos_client::Error> for SeedError {
    fn from(error: idos_client::Error) -> Self {
        Self::Node(Box::new(error))
    }
}

impl Owner {
    /// The owner of the network in this folder. The key is made if there is none.
    pub(crate) fn of(folder: &Path) -> io::Result<Self> {
        let file = folder.join(KEY);
        if !file.exists() {
            let mut seed = [0; 32];
            OsRng.fill_bytes(&mut seed);
            write_secret(&file, &hex::encode(seed))?;
        }
        let mut seed = [0; 32];
        hex::decode_to_slice(fs::read_to_string(file)?.trim_end(), &mut seed)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the owner's key cannot be read"))?;
        Ok(Self(Ed25519Signer::from_seed(&seed)))
    }

    /// What the schema knows the owner by.
    pub(crate) fn caller(&self) -> String {
        self.0.public_key_hex()
    }

    /// Who signs for the owner.
    pub(crate) fn signer(&self) -> Signer {
        Signer::Ed25519(self.0.clone())
    }

    /// Speaks to a node for the owner.
    pub(crate) async fn at(&self, node_url: &str) -> Result<AtNode, SeedError> {
        let client = Client::connect(ClientConfig::new(node_url.parse()?)).await?;
        Ok(AtNode { client, signer: self.signer() })
    }
}

/// The owner, with a node to write to.
pub(crate) struct AtNode {
    client: Client,
    signer: Signer,
}

/// Something that is to be written.
enum Write<'a> {
    Inserter(&'a Inserter),
    Delegate { address: String, inserter_id: Uuid },
    NoDelegate { address: String },
}

impl AtNode {
    /// Makes sure that inserters and their delegates are there, whatever was there before. A delegate of another one
    /// becomes a delegate of the one that is named last.
    pub(crate) async fn seed(&self, db: &mut PgConnection, inserters: &[Inserter]) -> Result<(), SeedError> {
        let mut writes = Vec::new();
        for inserter in inserters {
            let there = rows::inserter_named(db, &inserter.name).await?;
            if there.is_none() {
                writes.push(Write::Inserter(inserter));
            }
            let inserter_id = there.unwrap_or(inserter.id);
            for delegate in &inserter.delegates {
                let address = delegate.to_lowercase();
                let theirs = rows::inserter_of(db, &address).await?;
                if theirs == Some(inserter_id) {
                    continue;
                }
                if theirs.is_some() {
                    writes.push(Write::NoDelegate { address: address.clone() });
                }
                writes.push(Write::Delegate { address, inserter_id });
            }
        }
        self.write_all(&writes).await
    }

    /// Writes all in few blocks: only the last is waited for, and then it is looked up what became of the others.
    async fn write_all(&self, writes: &[Write<'_>]) -> Result<(), SeedError> {
        let Some((last, others)) = writes.split_last() else { return Ok(()) };
        let mut sent = Vec::new();
        for write in others {
            sent.push(self.write(write, Broadcast::Accept).await?);
        }
        self.write(last, Broadcast::Wait).await?;
        for hash in sent {
            self.client.confirm(hash, PATIENCE).await?;
        }
        Ok(())
    }

    async fn write(&self, write: &Write<'_>, broadcast: Broadcast) -> Result<TxHash, SeedError> {
        match write {
            Write::Inserter(Inserter { id, name, .. }) => {
                self.execute(&AddInserterAsOwner { id: *id, name }, broadcast).await
            }
            Write::Delegate { address, inserter_id } => {
                self.execute(&AddDelegateAsOwner { address, inserter_id: *inserter_id }, broadcast).await
            }
            Write::NoDelegate { address } => {
                self.execute(&DeleteDelegateAsOwner { address }, broadcast).await
            }
        }
    }

    /// Makes sure that a network has this schema. True if it had, or has now; false if it has the next one already.
    pub(crate) async fn bring_to(
        &self,
        node: &Server,
        db: &mut PgConnection,
        schema: Schema,
    ) -> Result<bool, SeedError> {
        let is_next = rows::names_contents(db).await?;
        if is_next || !schema.has_blobs() {
            return Ok(is_next == schema.has_blobs());
        }
        self.run_sql(node, NAMES).await?;
        if schema == Schema::Next {
            self.run_sql(node, GONE).await?;
        }
        Ok(true)
    }

    /// Runs SQL of the owner's, who may do everything, in a transaction of its own. Gives the height of its block.
    pub(crate) async fn run_sql(&self, node: &Server, statements: &str) -> Result<i64, SeedError> {
        let body = Body {
            description: String::new(),
            payload: raw_statement(statements),
            payload_type: "raw_statement".to_owned(),
            fee: Fee::zero(),
            nonce: self.client.pending_account(&self.signer).await?.nonce + 1,
            chain_id: self.client.chain_id().to_owned(),
        };
        let signed = Signed {
            signature: Signature {
                bytes: self.signer.sign(&body.sign_text()).await.map_err(idos_client::Error::from)?,
                signature_type: self.signer.signature_type().as_str().to_owned(),
            },
            sender: self.signer.sender(),
            serialization: CONCAT.to_owned(),
            body,
        };
        node.call("user.broadcast", json!({ "tx": signed, "sync": 0 })).await?;
        let height = self.client.confirm(signed.hash(), PATIENCE).await?;
        Ok(i64::try_from(height).unwrap_or(i64::MAX))
    }

    async fn execute<A: Action>(&self, action: &A, broadcast: Broadcast) -> Result<TxHash, SeedError> {
        Ok(self.client.execute(&self.signer, action, Nonce::Next, broadcast).await?.hash)
    }
}

/// The payload of SQL without parameters: version 0, the statements, no parameters; lengths in little endian.
fn raw_statement(statements: &str) -> Vec<u8> {
    let length = u32::try_from(statements.len()).unwrap_or(u32::MAX);
    let mut payload = vec![0, 0];
    payload.extend(length.to_le_bytes());
    payload.extend(statements.as_bytes());
    payload.extend([0, 0]);
    payload
}
