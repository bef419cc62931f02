//! Credentials and write grants as an issuer would make them. What is "sealed" here is any bytes: a node cannot
//! look into it.

use idos_client::encoding::Value;
use idos_client::{Ed25519Signer, Signer};
use idos_content_id::ContentId;
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

    /// The same for somebody who does not say who they are, and so needs no session.
    pub(crate) async fn text_for_anybody(&self, world: &World) -> String {
        let rows = world.view(None, "dwg_message", self.message_arguments()).await.unwrap();
        rows[0][0].as_str().unwrap().to_owned()
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

/// A content for the blob gateway, its name in a row, and the two signatures of the next schema.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) issuer_key: String,
    pub(crate) encryptor_key: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) uri: String,
    pub(crate) size: i64,
    pub(crate) notes: String,
    pub(crate) notes_signature: String,
    pub(crate) broader_signature: String,
}

/// Names a content, and signs name and notes as an issuer does.
pub(crate) fn named(issuer: &Ed25519Signer, content: &[u8], notes: &str) -> Named {
    let uri = ContentId::of(content).unwrap().uri();
    named_so(issuer, content, &uri, notes)
}

/// The same by any name.
pub(crate) fn named_so(issuer: &Ed25519Signer, content: &[u8], uri: &str, notes: &str) -> Named {
    let notes_signature = issuer.sign(notes.as_bytes());
    let broader = [notes_signature.as_slice(), uri.as_bytes()].concat();
    Named {
        issuer_key: issuer.public_key_hex(),
        encryptor_key: base64(&[9; 32]),
        bytes: content.to_vec(),
        uri: uri.to_owned(),
        size: i64::try_from(content.len()).unwrap(),
        notes: notes.to_owned(),
        notes_signature: base64(&notes_signature),
        broader_signature: base64(&issuer.sign(&broader)),
    }
}

impl Named {
    /// The identifier alone.
    pub(crate) fn cid(&self) -> &str {
        self.uri.strip_prefix("ipfs://").unwrap()
    }
}

/// The arguments of `create_preliminary_credentials_by_dwg`. Of the grant, its own contents are not used.
#[derive(Clone)]
pub(crate) struct GrantedNames {
    pub(crate) request_id: Uuid,
    pub(crate) original: Named,
    pub(crate) copy: Named,
    pub(crate) grant: Grant,
}

impl GrantedNames {
    /// For a signed grant; different numbers give different contents and ids.
    pub(crate) fn new(world: &World, grant: Grant, number: u128) -> Self {
        let (original, copy) = (format!("{number} for the user"), format!("{number} for the issuer"));
        Self {
            request_id: id(number + 600),
            original: named(&world.issuer, original.as_bytes(), &grant.original.notes),
            copy: named(&world.issuer, copy.as_bytes(), ""),
            grant,
        }
    }

    pub(crate) fn arguments(&self) -> Vec<Value<'_>> {
        let Self { request_id, original, copy, grant } = self;
        vec![
            (*request_id).into(),
            original.issuer_key.as_str().into(),
            original.encryptor_key.as_str().into(),
            grant.original_id.into(),
            original.uri.as_str().into(),
            original.size.into(),
            original.notes.as_str().into(),
            original.notes_signature.as_str().into(),
            original.broader_signature.as_str().into(),
            copy.encryptor_key.as_str().into(),
            grant.copy_id.into(),
            copy.uri.as_str().into(),
            copy.size.into(),
            copy.notes_signature.as_str().into(),
            copy.broader_signature.as_str().into(),
            grant.content_hash.as_str().into(),
            grant.owner.as_str().into(),
            grant.grantee.as_str().into(),
            grant.issuer_key.as_str().into(),
            grant.id.into(),
            grant.timelock.as_str().into(),
            grant.not_before.as_str().into(),
            grant.not_after.as_str().into(),
            grant.signature.as_str().into(),
        ]
    }

    /// Writes the rows.
    pub(crate) async fn write(&self, world: &World) -> super::Done {
        world.execute(&world.issuer(), "create_preliminary_credentials_by_dwg", self.arguments()).await
    }

    /// The contents, as the parts of an upload.
    pub(crate) fn parts(&self) -> [(&str, &[u8]); 2] {
        [("original", &self.original.bytes), ("copy", &self.copy.bytes)]
    }
}

/// A form with these parts, as browsers and Node.js write files: its media type, and its bytes.
pub(crate) fn form(parts: &[(&str, &[u8])]) -> (&'static str, Vec<u8>) {
    let mut body = Vec::new();
    for (name, content) in parts {
        let head = format!(
            "--a-boundary\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}.blob\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend([head.as_bytes(), content, b"\r\n"].concat());
    }
    body.extend(b"--a-boundary--\r\n");
    ("multipart/form-data; boundary=a-boundary", body)
}
