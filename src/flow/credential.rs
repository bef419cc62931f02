//! The credential of a provider's result: built, signed, and sealed for those who may read it.

use idos_client::ContentPlace;
use idos_client::transaction::MAX_TRANSACTION;
use idos_content_id::MAX_CONTENT;
use idos_credential::sealing::SealError;
use idos_credential::verify::CLOCK_SKEW_MILLIS;
use idos_credential::{
    CredentialFields, Draft, Encrypted, Invalid, Problem, PublicNotes, RecipientKey, SignedCredential,
    Unsigned, VerificationKey, VerificationMethod,
};
use idos_wallet::MAX_SIGNATURE_LEN;
use rand::rngs::OsRng;
use serde_json::Value;

use crate::model::disclosure::{self, Disclosed};
use crate::model::evidence::Evidence;
use crate::model::issuance::{Delivery, Ids, Kind};
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
    /// It is more than the network takes.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

/// A sealed credential is more than the network takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the sealed credential{} would have {bytes} bytes, and {} {limit}: the files together must stay below about {} MB",
    self.with_copy(),
    self.taker(),
    self.megabytes()
)]
pub struct TooLarge {
    /// Bytes of what would be sealed: with its copy, where one transaction holds both.
    pub bytes: usize,
    /// The most that is taken.
    pub limit: usize,
    /// Whether that is the content twice.
    pub twice: bool,
    /// What takes no more.
    pub place: ContentPlace,
}

impl TooLarge {
    fn with_copy(&self) -> &'static str {
        if self.twice { " and its copy together" } else { "" }
    }

    /// What is left for files.
    fn megabytes(&self) -> &'static str {
        match (self.place, self.twice) {
            (ContentPlace::Row, true) => "1.2",
            (ContentPlace::Row, false) => "2.4",
            (ContentPlace::Gateway, _) => "16",
        }
    }

    fn taker(&self) -> &'static str {
        match self.place {
            ContentPlace::Row => "a transaction takes",
            ContentPlace::Gateway => "the blob gateway takes",
        }
    }
}

/// The bytes that a sealed content of `text` bytes has: base64 of nonce (24), tag (16) and text.
#[must_use]
pub fn sealed_len(text: usize) -> usize {
    (text + 24 + 16).div_ceil(3) * 4
}

/// Refuses what the network cannot take: a transaction holds the content once, or twice with a copy; a blob gateway takes each
/// by itself.
pub fn check_size(text: usize, with_copy: bool, place: ContentPlace) -> Result<(), TooLarge> {
    let (bytes, limit, twice) = match place {
        ContentPlace::Row => {
            let bytes = sealed_len(text) * if with_copy { 2 } else { 1 };
            (bytes, MAX_TRANSACTION - ROOM_FOR_THE_REST, with_copy)
        }
        // Nonce (24) and tag (16), and no base64.
        ContentPlace::Gateway => (text + 24 + 16, usize::try_from(MAX_CONTENT).unwrap_or(usize::MAX), false),
    };
    if bytes > limit { Err(TooLarge { bytes, limit, twice, place }) } else { Ok(()) }
}

/// The most bytes of text that the network takes there: what [`check_size`] lets pass.
#[must_use]
pub fn most_text(with_copy: bool, place: ContentPlace) -> usize {
    match place {
        ContentPlace::Row => {
            let sealed = (MAX_TRANSACTION - ROOM_FOR_THE_REST) / if with_copy { 2 } else { 1 };
            (sealed / 4 * 3).saturating_sub(24 + 16)
        }
        ContentPlace::Gateway => usize::try_from(MAX_CONTENT).unwrap_or(usize::MAX).saturating_sub(24 + 16),
    }
}

/// Whether a network that keeps contents there takes credentials that are delivered so: a blob gateway's takes none from inserters.
#[must_use]
pub fn is_taken(delivery: Delivery, place: ContentPlace) -> bool {
    delivery.needs_grant() || place == ContentPlace::Row
}

/// Where a content is to go as far as it is known: a node that cannot be asked decides when it can, and until then what does not
/// fit a transaction can only be for a blob gateway.
#[must_use]
pub fn place_for(text: usize, with_copy: bool, known: Option<ContentPlace>) -> ContentPlace {
    known.unwrap_or_else(|| match check_size(text, with_copy, ContentPlace::Row) {
        Ok(()) => ContentPlace::Row,
        Err(_) => ContentPlace::Gateway,
    })
}

/// The public notes of a fresh credential.
fn notes(form: &NotesForm, kind: Kind, ids: Ids, signed: &SignedCredential) -> Result<PublicNotes, Invalid> {
    let id = ids.notes.to_string();
    let notes = PublicNotes::of(signed, &id, form.types.of(kind), "approved", &form.issuer_name)?;
    if !form.documents {
        return Ok(notes);
    }
    let told = notes.clone().with_documents(signed)?;
    // The door has looked at what they tell, if they were to tell it then: settings change while a credential waits.
    Ok(if tells_of_people(&told) { notes } else { told })
}

/// Whether a text that notes tell of a document looks like personal data. Dates of documents are what they are.
fn tells_of_people(notes: &PublicNotes) -> bool {
    let Ok(Value::Object(members)) = serde_json::from_str(notes.text()) else { return true };
    let texts = members.values().filter_map(Value::as_object).flat_map(serde_json::Map::values);
    texts
        .filter_map(Value::as_str)
        .filter_map(disclosure::in_setting)
        .any(|what| what != Disclosed::DateOfBirth)
}

/// Refuses evidence that the public notes would repeat, and that looks like personal data there: the level, and what tells of
/// documents if they do (`tells_documents`).
pub fn check_notes(evidence: &Evidence, tells_documents: bool, now: Timestamp) -> Result<(), Invalid> {
    const WHY: &str = "looks like personal data (an address, a number or a date of a person), and the public notes would tell it \
                       to everybody";
    let level = evidence.level.iter().map(|level| ("level".to_owned(), level.as_str()));
    let told = if tells_documents { evidence.subject.shown_in_notes() } else { Vec::new() };
    let told = told.iter().map(|(path, text)| (format!("subject.{path}"), text.as_str()));
    let problems: Vec<_> = level
        .chain(told)
        .filter(|(_, text)| disclosure::in_text(text, now).is_some())
        .map(|(path, _)| Problem::new(path, WHY))
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Invalid { problems }) }
}

/// Builds the credential of a provider's result, which `method` is to sign. The level is what the evidence says, or else all
/// that it supports.
pub fn build(
    evidence: Evidence,
    ids: Ids,
    issuer_url: &str,
    method: &VerificationMethod,
    now: Timestamp,
) -> Result<Unsigned, Invalid> {
    let Evidence { approved_at, expires_at, risk: _, subject, level } = evidence;
    check_times(approved_at, expires_at, now)?;
    if let (None, Some((end, path))) = (expires_at, subject.end())
        && end <= now
    {
        // Intake has bounded it already; whoever else builds one is held to the same.
        let problem = "is past, and the credential ends with the document";
        return Err(Problem::new(format!("subject.{path}"), problem).into());
    }
    let fields = CredentialFields {
        id: format!("{}/credentials/{}", issuer_url.trim_end_matches('/'), ids.notes),
        level: level.unwrap_or_else(|| subject.level()),
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

/// Encrypts a credential for the user, and for `grantee` if there is one, so that its contents go to `place`; `writer` is to
/// sign its rows.
pub fn encrypt(
    signed: SignedCredential,
    (kind, ids, form): (Kind, Ids, &NotesForm),
    user: &RecipientKey,
    grantee: Option<&RecipientKey>,
    writer: VerificationKey,
    place: ContentPlace,
) -> Result<Encrypted, CredentialError> {
    // Said now, and not when a profile has been made and a grant been signed for nothing.
    check_size(signed.text().len(), grantee.is_some(), place)?;
    let notes = notes(form, kind, ids, &signed)?;
    let encrypted = signed.encrypt(&notes, user, grantee, writer, &mut OsRng)?;
    Ok(match place {
        ContentPlace::Row => encrypted,
        ContentPlace::Gateway => encrypted.by_reference()?,
    })
}
