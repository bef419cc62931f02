//! Sealing: encryption to a recipient, and the two signatures that a node checks.
//!
//! Content is `base64(nonce ‖ box)` with a NaCl box (X25519, XSalsa20-Poly1305, tag first). Every copy has an
//! ephemeral key of its own, whose secret is gone afterwards: the issuer cannot open what it sealed for a user.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_box::{PublicKey, SecretKey};
use idos_content_id::ContentId;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::contents::BASE64;
use crate::nacl_box::{BoxKey, NONCE, TAG};

pub(crate) const SIGNATURE: usize = 64;

/// Why sealing or opening failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not base64 of 32 bytes.
    #[error("the {0} must be 32 bytes in base64")]
    Key(&'static str),
    /// A public key for which the shared secret is known to everyone (X25519, RFC 7748 section 6.1).
    #[error("the {0} has low order: anyone could open what is sealed with it")]
    LowOrder(&'static str),
    /// The content is not base64, or too short.
    #[error("the content must be base64 of at least 40 bytes")]
    Content,
    /// Wrong key, or a changed content.
    #[error("the content does not open with this key")]
    DoesNotOpen,
    /// The notes name another level than the credential.
    #[error("the level in the public notes must be that of the credential")]
    Level,
    /// The plaintext is too long for the cipher, or memory.
    #[error("the content is too long to be sealed")]
    TooLong,
}

/// The X25519 public key of somebody who gets a copy.
#[derive(Clone, PartialEq, Eq)]
pub struct RecipientKey(PublicKey);

impl fmt::Debug for RecipientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecipientKey({})", self.to_base64())
    }
}

impl RecipientKey {
    /// From 32 bytes. Refuses points of low order, for which the shared secret is predictable.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, SealError> {
        usable(bytes, "recipient's public key").map(Self)
    }

    /// From standard base64, as users' keys stand in idOS.
    pub fn from_base64(text: &str) -> Result<Self, SealError> {
        let what = "recipient's public key";
        usable(*key_bytes(text, what)?, what).map(Self)
    }

    /// As it stands in idOS.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0.as_bytes())
    }
}

/// The X25519 secret of somebody who opens copies: an issuer, a consumer, a user. Wiped on drop.
#[derive(Clone)]
pub struct EncryptionSecret(SecretKey);

impl fmt::Debug for EncryptionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionSecret(..)")
    }
}

impl EncryptionSecret {
    /// From 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(SecretKey::from_bytes(bytes))
    }

    /// From standard base64 of 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, SealError> {
        Ok(Self::from_bytes(*key_bytes(text, "secret key")?))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> RecipientKey {
        RecipientKey(self.0.public_key())
    }

    /// Opens what [`seal_text`] has made.
    pub fn open_text(&self, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let bytes = sealed.strip_prefix(SEALED_TEXT).and_then(|code| STANDARD.decode(code).ok());
        let bytes = bytes.ok_or(SealError::Content)?;
        let (encryptor, content) = bytes.split_first_chunk::<32>().ok_or(SealError::Content)?;
        self.open_bytes(content.to_vec(), &STANDARD.encode(encryptor))
    }

    /// Opens a content as it stands in a row: base64.
    pub fn open(&self, content: &str, encryptor_public_key: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.open_bytes(BASE64.decode(content).map_err(|_| SealError::Content)?, encryptor_public_key)
    }

    /// Opens a content as a blob gateway gives it: the bytes of nonce and box.
    pub fn open_bytes(
        &self,
        content: Vec<u8>,
        encryptor_public_key: &str,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let what = "encryptor's public key";
        let sender = usable(*key_bytes(encryptor_public_key, what)?, what)?;
        let mut bytes = Zeroizing::new(content);
        let Some((nonce, tag)) = bytes
            .split_first_chunk::<NONCE>()
            .and_then(|(nonce, rest)| Some((*nonce, *rest.first_chunk::<TAG>()?)))
        else {
            return Err(SealError::Content);
        };
        let ciphertext = bytes.get_mut(NONCE + TAG..).ok_or(SealError::Content)?;
        BoxKey::agreed(&sender, &self.0).decrypt(&nonce, &tag, ciphertext).ok_or(SealError::DoesNotOpen)?;
        bytes.drain(..NONCE + TAG);
        Ok(bytes)
    }
}

/// The encrypted content of a row, or what names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealedContent {
    /// In the row: `base64(nonce ‖ box)`.
    InRow(String),
    /// At a blob gateway.
    ByReference(ContentReference),
}

/// What names a content that is kept at a blob gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentReference {
    /// The identifier of `nonce ‖ box`.
    pub id: ContentId,
    /// Its bytes.
    pub size: u64,
}

impl ContentReference {
    /// The content's URI, as a row names it and the broader signature covers it.
    #[must_use]
    pub fn uri(&self) -> String {
        self.id.uri()
    }
}

impl SealedContent {
    /// The content, if it is in the row.
    #[must_use]
    pub fn in_row(&self) -> Option<&str> {
        match self {
            Self::InRow(content) => Some(content),
            Self::ByReference(_) => None,
        }
    }

    /// What names it, if it is not.
    #[must_use]
    pub fn reference(&self) -> Option<ContentReference> {
        match self {
            Self::InRow(_) => None,
            Self::ByReference(reference) => Some(*reference),
        }
    }
}

/// One encrypted copy of a credential, with all that a node stores and checks of it. Only sealing makes
/// one; see [`crate::stored`] for how a store revives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRow {
    pub(crate) content: SealedContent,
    pub(crate) encryptor_public_key: String,
    pub(crate) public_notes: String,
    pub(crate) public_notes_signature: String,
    pub(crate) broader_signature: String,
}

impl SealedRow {
    /// The encrypted content, or what names it.
    #[must_use]
    pub fn content(&self) -> &SealedContent {
        &self.content
    }

    /// Base64 of the ephemeral X25519 key.
    #[must_use]
    pub fn encryptor_public_key(&self) -> &str {
        &self.encryptor_public_key
    }

    /// Empty for a copy.
    #[must_use]
    pub fn public_notes(&self) -> &str {
        &self.public_notes
    }

    /// Base64 of the Ed25519 signature over the notes.
    #[must_use]
    pub fn public_notes_signature(&self) -> &str {
        &self.public_notes_signature
    }

    /// Base64 of the Ed25519 signature over the bytes of the notes' signature and of the content, or of its URI.
    #[must_use]
    pub fn broader_signature(&self) -> &str {
        &self.broader_signature
    }
}

/// The contents of a credential whose rows only name them: what is to be uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blobs {
    /// The user's: nonce and box.
    pub original: Vec<u8>,
    /// The grantee's.
    pub copy: Option<Vec<u8>>,
}

/// A credential that only its recipients can read: the only form in which one may be stored or sent. Only sealing
/// makes one; see [`crate::stored`] for how a store revives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedCredential {
    pub(crate) content_hash: String,
    pub(crate) issuer_auth_public_key: String,
    pub(crate) original: SealedRow,
    pub(crate) copy: Option<SealedRow>,
    pub(crate) blobs: Option<Blobs>,
}

impl SealedCredential {
    /// Lower-case hex of the SHA-256 of the plaintext; the same for all copies.
    #[must_use]
    pub fn content_hash(&self) -> &str {
        &self.content_hash
    }

    /// Lower-case hex of the Ed25519 key that signed the rows.
    #[must_use]
    pub fn issuer_auth_public_key(&self) -> &str {
        &self.issuer_auth_public_key
    }

    /// The user's copy.
    #[must_use]
    pub fn original(&self) -> &SealedRow {
        &self.original
    }

    /// Takes the contents out, where the rows only name them: there once, just after sealing.
    #[must_use]
    pub fn take_blobs(&mut self) -> Option<Blobs> {
        self.blobs.take()
    }

    /// The copy for whoever was granted one.
    #[must_use]
    pub fn copy(&self) -> Option<&SealedRow> {
        self.copy.as_ref()
    }
}

/// Seals bytes that are no credential of ours, as contents of rows are sealed. Returns the content and the
/// encryptor's public key.
pub fn seal_bytes(
    plaintext: &[u8],
    recipient: &RecipientKey,
    rng: &mut impl CryptoRngCore,
) -> Result<(String, String), SealError> {
    let (sealed, encryptor) = encrypt(plaintext, recipient, rng)?;
    Ok((BASE64.encode(sealed.get(SIGNATURE..).unwrap_or_default()), encryptor))
}

/// What stands before a text that is sealed by itself: it names the format.
pub const SEALED_TEXT: &str = "nacl-box-v1:";

/// Seals a text so that whoever has the recipient's secret needs nothing else to open it, such as the value of an attribute:
/// [`SEALED_TEXT`], and base64 of ephemeral public key (32 bytes), nonce (24) and box, whose tag stands first.
pub fn seal_text(
    text: &str,
    recipient: &RecipientKey,
    rng: &mut impl CryptoRngCore,
) -> Result<String, SealError> {
    let (sealed, encryptor) = encrypt(text.as_bytes(), recipient, rng)?;
    let encryptor = key_bytes(&encryptor, "encryptor's public key")?;
    let content = sealed.get(SIGNATURE..).unwrap_or_default();
    Ok(format!("{SEALED_TEXT}{}", STANDARD.encode([encryptor.as_slice(), content].concat())))
}

/// Nonce, tag and ciphertext, after room for a signature: see [`crate::Encrypted`].
pub(crate) fn encrypt(
    plaintext: &[u8],
    recipient: &RecipientKey,
    rng: &mut impl CryptoRngCore,
) -> Result<(Vec<u8>, String), SealError> {
    const START: usize = SIGNATURE + NONCE + TAG;
    let mut secret = Zeroizing::new([0; 32]);
    rng.fill_bytes(secret.as_mut_slice());
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    let ephemeral = SecretKey::from_bytes(*secret);

    let mut sealed = vec![0; START + plaintext.len()];
    let (head, body) = sealed.split_at_mut(START);
    let key = BoxKey::agreed(&recipient.0, &ephemeral);
    let tag = key.encrypt(&nonce, plaintext, body).ok_or(SealError::TooLong)?;
    let (_, public) = head.split_at_mut(SIGNATURE);
    public.copy_from_slice(&[nonce.as_slice(), &tag].concat());
    Ok((sealed, STANDARD.encode(ephemeral.public_key().as_bytes())))
}

fn key_bytes(text: &str, what: &'static str) -> Result<Zeroizing<[u8; 32]>, SealError> {
    if text.len() > 64 {
        return Err(SealError::Key(what));
    }
    let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| SealError::Key(what))?);
    bytes.as_slice().try_into().map(Zeroizing::new).map_err(|_| SealError::Key(what))
}

/// X25519 ignores the top bit and reduces modulo p = 2^255 - 19, so each of the five low-order points of the
/// curve and its twist has several encodings; these are all below 2^255.
const LOW_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda,
        0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04,
        0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    around_p(0xec),
    around_p(0xed),
    around_p(0xee),
];

/// p - 1, p and p + 1 differ in their first byte only.
const fn around_p(first: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = first;
    bytes[31] = 0x7f;
    bytes
}

fn usable(bytes: [u8; 32], what: &'static str) -> Result<PublicKey, SealError> {
    let mut masked = bytes;
    masked[31] &= 0x7f;
    if LOW_ORDER.contains(&masked) {
        Err(SealError::LowOrder(what))
    } else {
        Ok(PublicKey::from_bytes(bytes))
    }
}
