//! Credentials and write grants as an issuer would make them. What is "sealed" here is any bytes: a node cannot
//! look into it.

use idos_client::encoding::Value;
use idos_client::{Ed25519Signer, Signer};
use idos_wallet::WalletKey;
use serde_json::json;
use uuid::Uuid;

use super::{World, base64, id, time};

/// Content with its two signatures.
#[derive(Clone)]
#[expect(clippy::struct_field_names, reason = "the schema calls it so")]
pub(crate) struct Content {
    pub(crate) issuer_key: String,
    pub(crate) encryptor_key: String,
    pub(crate) content: String,
    pub(crate) notes: String,
    pub(crate) notes_signature: String,
    pub(crate) broader_signature: String,
}

/// Signs content and notes as an issuer does.
pub(crate) fn sealed(issuer: &Ed25519Signer, content: &[u8], notes: &str) -> Content {
    let notes_signature = issuer.sign(notes.as_bytes());
    let broader = [notes_signature.as_slice(), content].concat();
    Content {
        issuer_key: issuer.public_key_hex(),
        encryptor_key: base64(&[9; 32]),
        content: base64(content),
        notes: notes.to_owned(),
        notes_signature: base64(&notes_signature),
        broader_signature: base64(&issuer.sign(&broader)),
    }
}

/// The copy of some content: without notes.
pub(crate) fn copy_of(issuer: &Ed25519Signer, content: &[u8]) -> Content {
    sealed(issuer, content, "")
}

/// A delegated write grant and what is written with it: the arguments of `create_credentials_by_dwg`.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) original_id: Uuid,
    pub(crate) original: Content,
    pub(crate) copy_id: Uuid,
    pub(crate) copy: Content,
    pub(crate) content_hash: String,
    pub(crate) owner: String,
    pub(crate) grantee: String,
    pub(crate) issuer_key: String,
    pub(crate) id: Uuid,
    pub(crate) timelock: String,
    pub(crate) not_before: String,
    pub(crate) not_after: String,
    pub(crate) signature: String,
}

impl Grant {
    /// A grant from the owner of `wallet` to the world's issuer, usable now and for a day, not yet signed.
    pub(crate) fn draft(world: &World, wallet: &WalletKey, number: u128) -> Self {
        let notes = json!({ "id": id(number + 900), "level": "basic", "status": "approved" }).to_string();
        Self {
            original_id: id(number + 300),
            original: sealed(&world.issuer, b"sealed for the user", &notes),
            copy_id: id(number + 400),
            copy: copy_of(&world.issuer, b"sealed for the issuer"),
            content_hash: "7e510a443aabb9e17ddcd05612f44dd0fedcd3df185ffbed667d9ec081cc137b".to_owned(),
            owner: wallet.owner_identifier(),
            grantee: world.issuer.public_key_hex(),
            issuer_key: world.issuer.public_key_hex(),
            id: id(number + 500),
            timelock: time(0),
            not_before: time(world.now()),
            not_after: time(world.now() + 24 * 60 * 60),
            signature: String::new(),
        }
    }

    /// Fetches the text from the node and has the wallet sign it.
    pub(crate) async fn signed_by(mut self, world: &World, wallet: &WalletKey) -> Self {
        let text = self.text(world).await.unwrap();
        self.signature = wallet.sign_message(&text, [5; 32]);
        self
    }

    /// The text to sign, from the node.
    pub(crate) async fn text(&self, world: &World) -> Result<String, String> {
        let rows = world.view(Some(&world.issuer()), "dwg_message", self.message_arguments()).await?;
        Ok(rows[0][0].as_str().unwrap().to_owned())
    }

    fn message_arguments(&self) -> Vec<Value<'_>> {
        vec![
            self.owner.as_str().into(),
            self.grantee.as_str().into(),
            self.issuer_key.as_str().into(),
            self.id.into(),
            self.timelock.as_str().into(),
            self.not_before.as_str().into(),
            self.not_after.as_str().into(),
        ]
    }

    pub(crate) fn arguments(&self) -> Vec<Value<'_>> {
        let Content { issuer_key, encryptor_key, content, notes, notes_signature, broader_signature } =
            &self.original;
        vec![
            issuer_key.as_str().into(),
            encryptor_key.as_str().into(),
            self.original_id.into(),
            content.as_str().into(),
            notes.as_str().into(),
            notes_signature.as_str().into(),
            broader_signature.as_str().into(),
            self.copy.encryptor_key.as_str().into(),
            self.copy_id.into(),
            self.copy.content.as_str().into(),
            self.copy.notes_signature.as_str().into(),
            self.copy.broader_signature.as_str().into(),
            self.content_hash.as_str().into(),
            self.owner.as_str().into(),
            self.grantee.as_str().into(),
            self.issuer_key.as_str().into(),
            self.id.into(),
            self.timelock.as_str().into(),
            self.not_before.as_str().into(),
            self.not_after.as_str().into(),
            self.signature.as_str().into(),
        ]
    }

    /// Writes with it.
    pub(crate) async fn write(&self, world: &World, relay: &Signer) -> super::Done {
        world.execute(relay, "create_credentials_by_dwg", self.arguments()).await
    }
}
