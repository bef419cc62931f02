//! Sealed credentials between two runs of the service: taken apart into texts for a store, and revived from them.
//!
//! **For the service's store only.** Reviving makes a [`SealedCredential`] that nobody sealed just now, so it is
//! for the one place that reads back what it wrote itself; everybody else must seal.
//!
//! What is read back is checked as far as it can be without a secret: the shape of every column, and both signatures
//! of every row. That finds a damaged row before a node refuses it, perhaps long after the evidence is gone.
//! `content_hash` and `encryptor_public_key` are covered by no signature, so of them only the shape is checked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::contents::BASE64;
use crate::error::{Invalid, Problems};
use crate::key::VerificationKey;
use crate::nacl_box::{NONCE, TAG};
use crate::sealing::{RecipientKey, SIGNATURE, SealError, SealedContent, SealedCredential, SealedRow};

/// The columns of a [`SealedCredential`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCredential {
    /// Lower-case hex of the SHA-256 of the plaintext.
    pub content_hash: String,
    /// Lower-case hex of the Ed25519 key that signed the rows.
    pub issuer_auth_public_key: String,
    /// The user's copy.
    pub original: StoredRow,
    /// The copy for whoever was granted one.
    pub copy: Option<StoredRow>,
}

/// The columns of a [`SealedRow`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRow {
    /// The encrypted content, or what names it.
    pub content: SealedContent,
    /// Base64 of the ephemeral X25519 key.
    pub encryptor_public_key: String,
    /// Empty for a copy.
    pub public_notes: String,
    /// Base64 of the Ed25519 signature over the notes.
    pub public_notes_signature: String,
    /// Base64 of the Ed25519 signature over the bytes of the notes' signature and of the content, or of its URI.
    pub broader_signature: String,
}

impl From<SealedCredential> for StoredCredential {
    fn from(sealed: SealedCredential) -> Self {
        Self {
            content_hash: sealed.content_hash,
            issuer_auth_public_key: sealed.issuer_auth_public_key,
            original: sealed.original.into(),
            copy: sealed.copy.map(StoredRow::from),
        }
    }
}

impl From<SealedRow> for StoredRow {
    fn from(row: SealedRow) -> Self {
        Self {
            content: row.content,
            encryptor_public_key: row.encryptor_public_key,
            public_notes: row.public_notes,
            public_notes_signature: row.public_notes_signature,
            broader_signature: row.broader_signature,
        }
    }
}

impl SealedCredential {
    /// Revives what the service's store kept; for that store only, see [`crate::stored`].
    ///
    /// The error names every damaged column, such as `content_hash` or `original.content`, and repeats no value.
    /// Where a signature does not hold, it names the column that is likeliest to be the damaged one.
    pub fn from_stored(stored: StoredCredential) -> Result<Self, Invalid> {
        let StoredCredential { content_hash, issuer_auth_public_key, original, copy } = stored;
        let mut problems = Problems::default();
        if lower_hex(&content_hash).is_none() {
            problems.add("content_hash", NOT_HEX);
        }
        match key(&issuer_auth_public_key) {
            Err(problem) => problems.add(KEY, problem),
            Ok(key) => {
                let found = [Some(&original), copy.as_ref()].map(|row| row.map(|row| damage(row, &key)));
                let [of_original, of_copy] = &found;
                // One damaged row is one damaged row. If nothing at all is this key's, the key is the damaged column.
                if found.iter().flatten().all(|damage| *damage == [Damage::AllSignatures]) {
                    problems.add(KEY, "is not the key of any of the signatures");
                } else {
                    report(&mut problems, "original.", of_original.as_deref().unwrap_or_default());
                    report(&mut problems, "copy.", of_copy.as_deref().unwrap_or_default());
                }
            }
        }
        if copy.as_ref().is_some_and(|copy| !copy.public_notes.is_empty()) {
            problems.add("copy.public_notes", "must be empty");
        }
        problems.or(Self {
            content_hash,
            issuer_auth_public_key,
            original: unchecked(original),
            copy: copy.map(unchecked),
            blobs: None,
        })
    }
}

impl SealedRow {
    /// Revives one row that `issuer_auth_public_key` signed; as [`SealedCredential::from_stored`], for the service's
    /// store only.
    pub fn from_stored(stored: StoredRow, issuer_auth_public_key: &str) -> Result<Self, Invalid> {
        let mut problems = Problems::default();
        match key(issuer_auth_public_key) {
            Err(problem) => problems.add(KEY, problem),
            Ok(key) => report(&mut problems, "", &damage(&stored, &key)),
        }
        problems.or(unchecked(stored))
    }
}

/// Bytes of a content of nothing: nonce and tag.
const SHORTEST: u64 = (NONCE + TAG) as u64;

const KEY: &str = "issuer_auth_public_key";
const NOT_HEX: &str = "must be 32 bytes in lower-case hex";
const NOT_A_SIGNATURE: &str = "must be 64 bytes in base64";

/// What is wrong with a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Damage {
    /// This column has not the form that it should have.
    Form(&'static str, &'static str),
    /// The notes' signature is genuine, as the broader signature over it shows, and does not fit the notes.
    Notes,
    /// The notes' signature fits, the broader one does not. It covers the content, and which of the two columns was
    /// damaged cannot be told.
    ContentOrSignature,
    /// Neither holds. What both depend on is the notes' signature, and the key.
    AllSignatures,
}

fn damage(row: &StoredRow, key: &VerificationKey) -> Vec<Damage> {
    let mut found = Vec::new();
    let notes_signature = signature(&row.public_notes_signature);
    let broader_signature = signature(&row.broader_signature);
    // The message of the broader signature, in one piece: no megabyte is copied for it.
    let mut message = Vec::new();
    let is_content = match &row.content {
        SealedContent::InRow(content) => {
            message.reserve_exact(SIGNATURE + content.len() / 4 * 3);
            message.extend_from_slice(&notes_signature.unwrap_or([0; SIGNATURE]));
            let decoded = BASE64.decode_vec(content, &mut message);
            decoded.is_ok() && message.len() >= SIGNATURE + NONCE + TAG
        }
        SealedContent::ByReference(reference) => {
            message.extend_from_slice(&notes_signature.unwrap_or([0; SIGNATURE]));
            message.extend_from_slice(reference.uri().as_bytes());
            reference.size >= SHORTEST
        }
    };

    match row.content {
        _ if is_content => {}
        SealedContent::InRow(_) => {
            found.push(Damage::Form("content", "must be base64 of at least 40 bytes"));
        }
        SealedContent::ByReference(_) => found.push(Damage::Form("content_size", "must be at least 40")),
    }
    match RecipientKey::from_base64(&row.encryptor_public_key) {
        Ok(_) => {}
        Err(SealError::LowOrder(_)) => found.push(Damage::Form("encryptor_public_key", "has low order")),
        Err(_) => found.push(Damage::Form("encryptor_public_key", "must be 32 bytes in base64")),
    }
    if notes_signature.is_none() {
        found.push(Damage::Form("public_notes_signature", NOT_A_SIGNATURE));
    }
    if broader_signature.is_none() {
        found.push(Damage::Form("broader_signature", NOT_A_SIGNATURE));
    }
    if let (Some(notes_signature), Some(broader_signature), true) =
        (notes_signature, broader_signature, is_content)
    {
        let notes_hold = key.verifies(row.public_notes.as_bytes(), &notes_signature);
        match (notes_hold, key.verifies(&message, &broader_signature)) {
            (true, true) => {}
            (false, true) => found.push(Damage::Notes),
            (true, false) => found.push(Damage::ContentOrSignature),
            (false, false) => found.push(Damage::AllSignatures),
        }
    }
    found
}

fn report(problems: &mut Problems, prefix: &str, found: &[Damage]) {
    for damage in found {
        let (column, problem) = match damage {
            Damage::Form(column, problem) => (*column, *problem),
            Damage::Notes => ("public_notes", "is not what public_notes_signature covers"),
            Damage::ContentOrSignature => ("content", "is not what broader_signature covers"),
            Damage::AllSignatures => ("public_notes_signature", "does not hold, nor does what covers it"),
        };
        problems.add(format!("{prefix}{column}"), problem);
    }
}

fn unchecked(row: StoredRow) -> SealedRow {
    SealedRow {
        content: row.content,
        encryptor_public_key: row.encryptor_public_key,
        public_notes: row.public_notes,
        public_notes_signature: row.public_notes_signature,
        broader_signature: row.broader_signature,
    }
}

pub(crate) fn key(hex: &str) -> Result<VerificationKey, &'static str> {
    let bytes = lower_hex(hex).ok_or(NOT_HEX)?;
    VerificationKey::from_bytes(&bytes).map_err(|_| "is not a usable Ed25519 public key")
}

fn lower_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    (!text.bytes().any(|byte| byte.is_ascii_uppercase())).then_some(bytes)
}

pub(crate) fn signature(base64: &str) -> Option<[u8; SIGNATURE]> {
    STANDARD.decode(base64).ok()?.try_into().ok()
}
