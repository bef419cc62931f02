//! The credential of a provider's result: built, signed, and sealed for those who may read it.

use idos_client::transaction::MAX_TRANSACTION;
use idos_credential::sealing::SealError;
use idos_credential::verify::CLOCK_SKEW_MILLIS;
use idos_credential::{
    CredentialFields, Draft, Encrypted, Invalid, Problem, PublicNotes, RecipientKey, SignedCredential,
    Unsigned, VerificationKey, VerificationMethod,
};
use idos_wallet::MAX_SIGNATURE_LEN;
use rand::rngs::OsRng;

use crate::model::evidence::Evidence;
use crate::model::issuance::{Ids, Kind};
use crate::model::notes::NotesForm;
use crate::model::time::Timestamp;

/// What a transaction holds beside the contents: keys, signatures, the grant, the public notes. The signature of a grant
/// is by far the longest of it: those of NEAR hold what was signed.
const ROOM_FOR_THE_REST: usize = 24 * 1024 + MAX_SIGNATURE_LEN;

/// Why there is no credential.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The evidence breaks a rule of the credential.
    #[error("the evidence is refused: {0}")]
    Evidence(#[from] Invalid),
    /// It cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It does not fit a transaction, which holds the credential and its copy.
    #[error(
        "the sealed credential and its copy have {bytes} bytes, and a transaction takes {limit}: \
         the files together must stay below about 1.2 MB"
    )]
    TooLarge {
        /// Bytes of both contents, as they are written.
        bytes: usize,
        /// The most that both may have.
        limit: usize,
    },
}

/// The bytes that a sealed content of `text` bytes has: base64 of nonce (24), tag (16) and text.
#[must_use]
pub fn sealed_len(text: usize) -> usize {
    (text + 24 + 16).div_ceil(3) * 4
}

/// Refuses what cannot fit a transaction, which holds the content once, or twice with a copy.
pub fn check_size(text: usize, with_copy: bool) -> Result<(), CredentialError> {
    let bytes = sealed_len(text) * if with_copy { 2 } else { 1 };
    let limit = MAX_TRANSACTION - ROOM_FOR_THE_REST;
    if bytes > limit { Err(CredentialError::TooLarge { bytes, limit }) } else { Ok(()) }
}

/// The public notes of a fresh credential.
fn notes(form: &NotesForm, kind: Kind, ids: Ids, signed: &SignedCredential) -> Result<PublicNotes, Invalid> {
    let id = ids.notes.to_string();
    let notes = PublicNotes::of(signed, &id, form.types.of(kind), "approved", &form.issuer_name)?;
    if form.documents { notes.with_documents(signed) } else { Ok(notes) }
}

/// Builds the credential of a provider's result, which `method` is to sign. The level is what the evidence supports.
pub fn build(
    evidence: Evidence,
    ids: Ids,
    issuer_url: &str,
    method: &VerificationMethod,
    now: Timestamp,
) -> Result<Unsigned, Invalid> {
    let Evidence { approved_at, expires_at, subject } = evidence;
    check_times(approved_at, expires_at, now)?;
    if let (None, Some((end, path))) = (expires_at, subject.end())
        && end <= now
    {
        let problem = "is past, and the credential ends with the document unless there is an expiresAt";
        return Err(Problem::new(format!("subject.{path}"), problem).into());
    }
    let fields = CredentialFields {
        id: format!("{}/credentials/{}", issuer_url.trim_end_matches('/'), ids.notes),
        level: subject.level(),
        issued: subject.kind().envelope_has("issued").then_some(now),
        approved_at: Some(approved_at),
        expiration_date: expires_at,
    };
    Ok(Draft::new(fields, subject)?.prepare(method, now))
}

fn check_times(approved_at: Timestamp, expires_at: Option<Timestamp>, now: Timestamp) -> Result<(), Invalid> {
    if expires_at.is_some_and(|end| end <= now) {
        return Err(Problem::new("expiresAt", "is past").into());
    }
    if approved_at.plus_millis(-CLOCK_SKEW_MILLIS) > now {
        return Err(Problem::new("approvedAt", "is in the future").into());
    }
    Ok(())
}

/// Encrypts a credential for the user, and for `grantee` if there is one; `writer` is to sign its rows.
pub fn encrypt(
    signed: SignedCredential,
    kind: Kind,
    ids: Ids,
    form: &NotesForm,
    user: &RecipientKey,
    grantee: Option<&RecipientKey>,
    writer: VerificationKey,
) -> Result<Encrypted, CredentialError> {
    // Said now, and not when a profile has been made and a grant been signed for nothing.
    check_size(signed.text().len(), grantee.is_some())?;
    let notes = notes(form, kind, ids, &signed)?;
    Ok(signed.encrypt(&notes, user, grantee, writer, &mut OsRng)?)
}
