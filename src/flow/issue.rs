//! Issue a credential: from evidence to a sealed credential in the user's profile.

use idos_client::actions::{CopyToWrite, CreateCredentialsByDwg, CredentialExistAsInserter, OriginalToWrite};
use idos_client::transaction::MAX_TRANSACTION;
use idos_client::{Client, Signer, WriteGrant};
use idos_credential::sealing::SealError;
use idos_credential::verify::CLOCK_SKEW_MILLIS;
use idos_credential::{
    CredentialFields, Draft, Invalid, Moment, Problem, PublicNotes, RecipientKey, SealedCredential,
    SignedCredential, WriteKey,
};
use idos_wallet::MAX_SIGNATURE_LEN;
use rand::rngs::OsRng;

use super::submit::{Receipt, submit};
use crate::keys::Keys;
use crate::model::evidence::Evidence;
pub use crate::model::issuance::Ids;
use crate::model::issuance::Kind;
use crate::model::notes::NotesForm;

/// What a transaction holds beside the contents: keys, signatures, the grant, the public notes. The signature of a grant
/// is by far the longest of it: those of NEAR hold what was signed.
const ROOM_FOR_THE_REST: usize = 24 * 1024 + MAX_SIGNATURE_LEN;

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
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
    /// A credential for a grantee needs a copy.
    #[error("a credential that is written by a write grant needs a copy for the grantee")]
    NoCopy,
    /// The node.
    #[error(transparent)]
    Node(#[from] idos_client::Error),
}

/// The bytes that a sealed content of `text` bytes has: base64 of nonce (24), tag (16) and text.
#[must_use]
pub fn sealed_len(text: usize) -> usize {
    (text + 24 + 16).div_ceil(3) * 4
}

/// Refuses what cannot fit a transaction, which holds the content once, or twice with a copy.
pub fn check_size(text: usize, with_copy: bool) -> Result<(), IssueError> {
    let bytes = sealed_len(text) * if with_copy { 2 } else { 1 };
    let limit = MAX_TRANSACTION - ROOM_FOR_THE_REST;
    if bytes > limit { Err(IssueError::TooLarge { bytes, limit }) } else { Ok(()) }
}

/// The public notes of a fresh credential.
fn notes(form: &NotesForm, kind: Kind, ids: Ids, signed: &SignedCredential) -> Result<PublicNotes, Invalid> {
    let id = ids.notes.to_string();
    let notes = PublicNotes::new(&id, form.types.of(kind), signed.level(), "approved", &form.issuer_name)?;
    if form.documents { notes.with_documents(signed) } else { Ok(notes) }
}

/// The credential of a provider's result, as it is to be signed. The level is what the evidence supports.
pub fn draft(evidence: Evidence, ids: Ids, issuer_url: &str, now: Moment) -> Result<Draft, Invalid> {
    let Evidence { approved_at, expires_at, subject } = evidence;
    check_times(approved_at, expires_at, now)?;
    let fields = CredentialFields {
        id: format!("{}/credentials/{}", issuer_url.trim_end_matches('/'), ids.notes),
        level: subject.level(),
        issued: Some(now),
        approved_at: Some(approved_at),
        expiration_date: expires_at,
    };
    Draft::new(fields, subject)
}

/// Builds and signs the credential of a provider's result.
pub fn sign(
    evidence: Evidence,
    ids: Ids,
    issuer_url: &str,
    keys: &Keys,
    now: Moment,
) -> Result<SignedCredential, Invalid> {
    Ok(draft(evidence, ids, issuer_url, now)?.sign_with(&keys.signing, now))
}

fn check_times(approved_at: Moment, expires_at: Option<Moment>, now: Moment) -> Result<(), Invalid> {
    if expires_at.is_some_and(|end| end <= now) {
        return Err(Problem::new("expiresAt", "is past").into());
    }
    if approved_at.plus_millis(-CLOCK_SKEW_MILLIS) > now {
        return Err(Problem::new("approvedAt", "is in the future").into());
    }
    Ok(())
}

/// Seals a credential for the user, and for `grantee` if there is one.
pub fn seal(
    signed: SignedCredential,
    kind: Kind,
    ids: Ids,
    form: &NotesForm,
    user: &RecipientKey,
    grantee: Option<&RecipientKey>,
    write: &WriteKey,
) -> Result<SealedCredential, IssueError> {
    // Said now, and not when a profile has been made and a grant been signed for nothing.
    check_size(signed.text().len(), grantee.is_some())?;
    let notes = notes(form, kind, ids, &signed)?;
    Ok(signed.seal_with(&notes, user, grantee, write, &mut OsRng)?)
}

/// Writes a sealed credential and its copy under the user's write grant. `None` if an earlier try has written it.
pub async fn write_by_grant(
    client: &Client,
    signer: &Signer,
    sealed: &SealedCredential,
    ids: Ids,
    grant: &WriteGrant,
    grant_signature: &str,
) -> Result<Option<Receipt>, IssueError> {
    let copy = sealed.copy().ok_or(IssueError::NoCopy)?;
    if is_written(client, signer, ids).await? {
        return Ok(None);
    }

    let action = CreateCredentialsByDwg::new(
        sealed.issuer_auth_public_key(),
        OriginalToWrite {
            id: ids.original,
            encryptor_public_key: sealed.original().encryptor_public_key(),
            content: sealed.original().content(),
            public_notes: sealed.original().public_notes(),
            public_notes_signature: sealed.original().public_notes_signature(),
            broader_signature: sealed.original().broader_signature(),
        },
        CopyToWrite {
            id: ids.copy,
            encryptor_public_key: copy.encryptor_public_key(),
            content: copy.content(),
            public_notes_signature: copy.public_notes_signature(),
            broader_signature: copy.broader_signature(),
        },
        sealed.content_hash(),
        grant,
        grant_signature,
    );
    match submit(client, signer, &action).await {
        Ok(receipt) => Ok(Some(receipt)),
        // The grant is used up, or the row is there: by us, if our row is there.
        Err(error) if error.conflict().is_some() && is_written(client, signer, ids).await? => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn is_written(client: &Client, signer: &Signer, ids: Ids) -> Result<bool, idos_client::Error> {
    Ok(client.call_one(signer, &CredentialExistAsInserter { id: ids.original }).await?.unwrap_or(false))
}
