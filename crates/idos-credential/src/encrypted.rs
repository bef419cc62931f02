//! From an encrypted credential to a sealed one: its rows are signed in two rounds, since the second covers the first. What is
//! to be signed is a value, so that the write key may be anywhere.
//!
//! The second signature covers the content itself, or, where contents are kept at a blob gateway, the URI that names it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_content_id::ContentId;
use rand_core::CryptoRngCore;

use crate::contents::{BASE64, wipe_text};
use crate::error::{Invalid, Problem, WrongSignature};
use crate::key::VerificationKey;
use crate::notes::PublicNotes;
use crate::sealing::{
    Blobs, ContentReference, RecipientKey, SIGNATURE, SealError, SealedContent, SealedCredential, SealedRow,
    encrypt,
};
use crate::seed_key::WriteKey;
use crate::signed::SignedCredential;

/// A credential that is encrypted for its recipients, and whose public notes are to be signed.
///
/// Whatever is to be signed stands in one order: the original's first, then the copy's, where there is one.
#[derive(Debug)]
pub struct Encrypted {
    pub(crate) content_hash: String,
    pub(crate) writer: VerificationKey,
    pub(crate) original: Row,
    pub(crate) copy: Option<Row>,
}

/// A credential whose public notes are signed, and whose rows are to be: the broader signatures.
#[derive(Debug)]
pub struct NotesSigned {
    encrypted: Encrypted,
    notes: Vec<[u8; SIGNATURE]>,
}

/// A row that lacks its signatures.
#[derive(Debug)]
pub(crate) struct Row {
    /// Room for the notes' signature, and the content: what the broader signature covers where the content stands in the
    /// row lies in one piece, and no megabyte is copied for it.
    message: Vec<u8>,
    /// Where the content is kept elsewhere: what names it.
    named: Option<Named>,
    encryptor_public_key: String,
    public_notes: String,
}

/// A content by reference, and what the broader signature then covers: room for the notes' signature, and the URI.
#[derive(Debug)]
struct Named {
    reference: ContentReference,
    message: Vec<u8>,
}

impl Row {
    fn new(content: &[u8], encryptor_public_key: String, public_notes: String) -> Self {
        let mut message = Vec::with_capacity(SIGNATURE + content.len());
        message.extend_from_slice(&[0; SIGNATURE]);
        message.extend_from_slice(content);
        Self { message, named: None, encryptor_public_key, public_notes }
    }

    fn content(&self) -> &[u8] {
        self.message.get(SIGNATURE..).unwrap_or_default()
    }

    /// What the broader signature covers.
    fn to_sign(&self) -> &[u8] {
        self.named.as_ref().map_or(&self.message, |named| &named.message)
    }

    /// Names the content instead of holding it.
    fn by_reference(mut self) -> Result<Self, SealError> {
        let id = ContentId::of(self.content()).map_err(|_| SealError::TooLong)?;
        let reference = ContentReference { id, size: self.content().len() as u64 };
        let mut message = vec![0; SIGNATURE];
        message.extend_from_slice(reference.uri().as_bytes());
        self.named = Some(Named { reference, message });
        Ok(self)
    }

    fn put(&mut self, notes: &[u8; SIGNATURE]) {
        let message = self.named.as_mut().map_or(&mut self.message, |named| &mut named.message);
        if let Some(room) = message.first_chunk_mut() {
            *room = *notes;
        }
    }

    /// Gives the row, and the content where the row only names it.
    fn sealed(mut self, notes: [u8; SIGNATURE], broader: [u8; SIGNATURE]) -> (SealedRow, Option<Vec<u8>>) {
        let (content, blob) = match self.named {
            None => (SealedContent::InRow(BASE64.encode(self.content())), None),
            Some(named) => {
                self.message.drain(..SIGNATURE);
                (SealedContent::ByReference(named.reference), Some(self.message))
            }
        };
        let row = SealedRow {
            content,
            encryptor_public_key: self.encryptor_public_key,
            public_notes: self.public_notes,
            public_notes_signature: STANDARD.encode(notes),
            broader_signature: STANDARD.encode(broader),
        };
        (row, blob)
    }
}

impl Encrypted {
    /// Has the rows name their contents instead of holding them, for a network that keeps contents at a blob gateway. Refuses
    /// what is longer than such a gateway takes.
    pub fn by_reference(self) -> Result<Self, SealError> {
        Ok(Self {
            original: self.original.by_reference()?,
            copy: self.copy.map(Row::by_reference).transpose()?,
            ..self
        })
    }

    /// The public notes of each row, to be signed by the write key.
    #[must_use]
    pub fn to_sign(&self) -> Vec<&[u8]> {
        self.rows().map(|row| row.public_notes.as_bytes()).collect()
    }

    /// How many bytes are to be signed of the contents, as they stand in the rows or as their names do.
    #[must_use]
    pub fn content_len(&self) -> usize {
        self.rows().map(|row| row.to_sign().len()).sum()
    }

    /// Puts the notes' signatures in, if they are the write key's: one for each of [`to_sign`](Self::to_sign).
    pub fn signed(self, signatures: &[impl AsRef<[u8]>]) -> Result<NotesSigned, WrongSignature> {
        let signatures = checked(self.writer, &self.to_sign(), signatures)?;
        Ok(self.put(signatures))
    }

    /// Signs notes and rows with a key that is at hand. What it signs is not checked, as [`NotesSigned::sign_with`] says. Refuses a
    /// key that is not the write key.
    pub fn sign_with(self, key: &WriteKey) -> Result<SealedCredential, WrongSignature> {
        if key.verification_key() == self.writer { Ok(self.sign_by(key)) } else { Err(WrongSignature) }
    }

    fn sign_by(self, key: &WriteKey) -> SealedCredential {
        let signatures = self.to_sign().into_iter().map(|notes| key.sign(notes)).collect();
        self.put(signatures).sign_by(key)
    }

    fn put(mut self, notes: Vec<[u8; SIGNATURE]>) -> NotesSigned {
        for (row, signature) in std::iter::once(&mut self.original).chain(&mut self.copy).zip(&notes) {
            row.put(signature);
        }
        NotesSigned { encrypted: self, notes }
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        std::iter::once(&self.original).chain(&self.copy)
    }
}

impl NotesSigned {
    /// How many bytes are to be signed of the contents, as they stand in the rows or as their names do.
    #[must_use]
    pub fn content_len(&self) -> usize {
        self.encrypted.content_len()
    }

    /// A sealed credential whose rows are to be signed anew, because their contents, which are `blobs`, go to another place
    /// than when it was sealed: into the rows, or, `by_reference`, to a blob gateway.
    pub fn again(sealed: SealedCredential, blobs: &Blobs, by_reference: bool) -> Result<Self, Invalid> {
        let SealedCredential { content_hash, issuer_auth_public_key, original, copy, .. } = sealed;
        let writer = crate::stored::key(&issuer_auth_public_key)
            .map_err(|problem| Problem::new("issuer_auth_public_key", problem))?;
        let mut notes = Vec::new();
        let mut row = |column: &'static str, row: SealedRow, content: &[u8]| {
            let signature = crate::stored::signature(&row.public_notes_signature);
            notes.push(signature.ok_or_else(|| Problem::new(column, "is not signed"))?);
            let row = Row::new(content, row.encryptor_public_key, row.public_notes);
            let placed = if by_reference { row.by_reference() } else { Ok(row) };
            placed.map_err(|_| Problem::new(column, "is longer than a blob gateway takes"))
        };
        let original = row("original", original, &blobs.original)?;
        let copy = match (copy, &blobs.copy) {
            (None, None) => None,
            (Some(copy), Some(content)) => Some(row("copy", copy, content)?),
            _ => {
                return Err(
                    Problem::new("copy", "is there without its content, or the other way round").into()
                );
            }
        };
        Ok(Encrypted { content_hash, writer, original, copy }.put(notes))
    }

    /// What the broader signature of each row covers, to be signed by the write key: the notes' signature and the content, or
    /// its URI.
    #[must_use]
    pub fn to_sign(&self) -> Vec<&[u8]> {
        self.encrypted.rows().map(Row::to_sign).collect()
    }

    /// Puts the broader signatures in, if they are the write key's: one for each of [`to_sign`](Self::to_sign).
    pub fn signed(self, signatures: &[impl AsRef<[u8]>]) -> Result<SealedCredential, WrongSignature> {
        let signatures = checked(self.encrypted.writer, &self.to_sign(), signatures)?;
        Ok(self.complete(signatures))
    }

    /// Signs the rows with a key that is at hand. What it signs is not checked, since that takes half as long again: Ed25519
    /// hashes the whole content twice for a signature, and once to check it. Refuses a key that is not the write key.
    pub fn sign_with(self, key: &WriteKey) -> Result<SealedCredential, WrongSignature> {
        if key.verification_key() != self.encrypted.writer {
            return Err(WrongSignature);
        }
        Ok(self.sign_by(key))
    }

    fn sign_by(self, key: &WriteKey) -> SealedCredential {
        let signatures = self.to_sign().into_iter().map(|message| key.sign(message)).collect();
        self.complete(signatures)
    }

    fn complete(self, broader: Vec<[u8; SIGNATURE]>) -> SealedCredential {
        let Encrypted { content_hash, writer, original, copy } = self.encrypted;
        let mut signatures = self.notes.into_iter().zip(broader);
        let mut sealed = |row: Row| {
            let (notes, broader) = signatures.next().unwrap_or(([0; SIGNATURE], [0; SIGNATURE])); // one for each row
            row.sealed(notes, broader)
        };
        let (original, blob) = sealed(original);
        let (copy, copy_blob) = copy.map(sealed).unzip();
        SealedCredential {
            content_hash,
            issuer_auth_public_key: hex::encode(writer.to_bytes()),
            original,
            copy,
            blobs: blob.map(|original| Blobs { original, copy: copy_blob.flatten() }),
        }
    }
}

impl SignedCredential {
    /// Encrypts for the user, and for `grantee` if there is one; the rows are to be signed by `writer`, the public half of
    /// the write key. The plaintext is gone afterwards.
    ///
    /// From `rng` are drawn, for each copy, 32 bytes for the ephemeral secret and then 24 for the nonce.
    pub fn encrypt(
        mut self,
        notes: &PublicNotes,
        user: &RecipientKey,
        grantee: Option<&RecipientKey>,
        writer: VerificationKey,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Encrypted, SealError> {
        if notes.level() != self.level() {
            return Err(SealError::Level);
        }
        let plaintext = self.text.as_bytes();
        let encrypted = Encrypted {
            content_hash: self.content_hash(),
            writer,
            original: row(plaintext, notes.text(), user, rng)?,
            copy: grantee.map(|grantee| row(plaintext, "", grantee, rng)).transpose()?,
        };
        wipe_text(&mut self.text);
        Ok(encrypted)
    }

    /// Encrypts and signs it, with a write key that is at hand.
    pub fn seal_with(
        self,
        notes: &PublicNotes,
        user: &RecipientKey,
        grantee: Option<&RecipientKey>,
        writer: &WriteKey,
        rng: &mut impl CryptoRngCore,
    ) -> Result<SealedCredential, SealError> {
        Ok(self.encrypt(notes, user, grantee, writer.verification_key(), rng)?.sign_by(writer))
    }
}

/// Seals and signs one row of a credential whose plaintext somebody else wrote.
pub fn seal_row(
    plaintext: &[u8],
    public_notes: &str,
    recipient: &RecipientKey,
    writer: &WriteKey,
    rng: &mut impl CryptoRngCore,
) -> Result<SealedRow, SealError> {
    let original = row(plaintext, public_notes, recipient, rng)?;
    let encrypted =
        Encrypted { content_hash: String::new(), writer: writer.verification_key(), original, copy: None };
    Ok(encrypted.sign_by(writer).original)
}

fn row(
    plaintext: &[u8],
    public_notes: &str,
    recipient: &RecipientKey,
    rng: &mut impl CryptoRngCore,
) -> Result<Row, SealError> {
    let (message, encryptor_public_key) = encrypt(plaintext, recipient, rng)?;
    Ok(Row { message, named: None, encryptor_public_key, public_notes: public_notes.to_owned() })
}

/// The signatures, if there is one of `key` for each message.
fn checked(
    key: VerificationKey,
    messages: &[&[u8]],
    signatures: &[impl AsRef<[u8]>],
) -> Result<Vec<[u8; SIGNATURE]>, WrongSignature> {
    if messages.len() != signatures.len() {
        return Err(WrongSignature);
    }
    let check = |(message, signature): (&&[u8], [u8; SIGNATURE])| {
        if key.verifies(message, &signature) { Ok(signature) } else { Err(WrongSignature) }
    };
    let sized = |signature: &dyn AsRef<[u8]>| signature.as_ref().try_into().map_err(|_| WrongSignature);
    messages.iter().zip(signatures).map(|(message, signature)| check((message, sized(signature)?))).collect()
}
