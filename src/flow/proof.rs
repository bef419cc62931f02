//! Take a proof of personhood: the source says whether it holds, and who holds to it gets one credential.
//!
//! The answer comes in the request. Nothing of a proof is kept, neither while the source is asked nor afterwards: where the source is away, the
//! verification stays as it is, and whoever has the proof sends it again.

use std::sync::Arc;
use std::time::Duration;

use identity_vendors::Environment;
use identity_vendors::personhood::{Binding, Denial, DenialCode, Person, Step};
use idos_credential::{FaceSignSubject, Invalid, Problem, RecipientKey, Subject};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::challenge::{self, ChallengeError};
use super::holder::Holder;
use super::intake::{self, IntakeError};
use super::verified::{MadeBy, MadeFor};
use crate::app::App;
use crate::model::evidence::Evidence;
use crate::model::ids::VerificationId;
use crate::model::personal::Contact;
use crate::model::profile::WalletClaim;
use crate::model::submission::{Authority, CopyFor, Given, Submission};
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;
use crate::model::validity::Risk;
use crate::model::verification::{State, Verification};
use crate::person_source::{PersonSource, Tie, Unanswered};
use crate::store::StoreError;
use crate::vault::VaultError;

/// How often it is tried where others are faster.
const TRIES: usize = 5;

/// What a user brings.
pub struct Proof {
    /// The source's JSON.
    pub json: Zeroizing<Vec<u8>>,
    /// The idOS user, where that was not said before.
    pub user_id: Option<Uuid>,
    /// A wallet of the user's with its proof, which was verified, where that ties the proof to the user.
    pub wallet: Option<WalletClaim>,
    /// The nonce of the request that the proof answers, where there is one.
    pub nonce: Option<String>,
}

/// What became of a proof.
pub enum Proven {
    /// This is a person: a credential is being made.
    Person(Box<Verification>),
    /// The source and the user's device are not done with each other: this goes to the device, which will bring another proof.
    Continue(Zeroizing<String>),
}

/// Why a proof is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The caller has no such verification.
    #[error("there is no such verification")]
    NotFound,
    /// It is not of a source of personhood, or that is not configured any more.
    #[error("the verification is not of a source of personhood")]
    NotOfPersons,
    /// It waits for no proof.
    #[error("a verification that is {0} takes no proof")]
    Conflict(State),
    /// A field.
    #[error("it is refused: {0}")]
    Invalid(#[from] Invalid),
    /// What the wallet has signed is no challenge for this user.
    #[error("the wallet's message {0}")]
    Challenge(#[from] ChallengeError),
    /// What was brought cannot be read, or is not the user's.
    #[error("the proof is not one: {0}")]
    Unfit(Denial),
    /// The source says no, or not yet.
    #[error("the source says no: {0}")]
    Denied(Denial),
    /// It is of test data, which becomes no credential.
    #[error("the proof is of test data")]
    TestData,
    /// Somebody else has a credential by the same person.
    #[error("the person has a credential already")]
    AlreadyUsed,
    /// The source gives no answer.
    #[error("the source does not answer")]
    Away(Option<Duration>),
    /// The source answers in a way that has to be seen to: it refuses the key, or says what its documentation does not.
    #[error("the source's answer cannot be used: {0}")]
    Unusable(Denial),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The credential is not accepted.
    #[error(transparent)]
    Intake(IntakeError),
}

/// Takes a proof for a verification. Sent again after it was taken, it changes nothing.
pub async fn prove(
    app: &Arc<App>,
    caller: &Submitter,
    id: &VerificationId,
    proof: Proof,
) -> Result<Proven, ProofError> {
    let of = app.store.verification_of(&caller.tenant, id).await?.ok_or(ProofError::NotFound)?;
    let source = app.person_source(&of.source).filter(|source| source.tenant == of.client);
    let source = source.ok_or(ProofError::NotOfPersons)?;
    if of.issuance_id.is_some() {
        return Ok(Proven::Person(Box::new(of)));
    }
    if of.state != State::Opened {
        return Err(ProofError::Conflict(of.state));
    }
    let user_id = user(&of, &proof)?;
    let outcome = match find_out(app, caller, source, (&of, user_id), &proof).await {
        Ok(Found::Continue(answer)) => return Ok(Proven::Continue(answer)),
        Ok(Found::Person(person)) => issue(app, source, of, user_id, &person).await,
        Err(error) => Err(error),
    };
    let code = outcome.as_ref().map_or_else(ProofError::code, |_| "person");
    metrics::counter!("proofs_total", "source" => source.name.to_string(), "outcome" => code).increment(1);
    if let Err(error) = &outcome {
        tracing::info!(verification.id = %id, source = %source.name, "A proof of personhood is not taken: {error}");
    }
    outcome.map(|of| Proven::Person(Box::new(of)))
}

impl ProofError {
    /// In metrics.
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound
            | Self::NotOfPersons
            | Self::Conflict(_)
            | Self::Invalid(_)
            | Self::Challenge(_) => "invalid",
            Self::Unfit(denial) | Self::Denied(denial) | Self::Unusable(denial) => denial.code.as_str(),
            Self::TestData => "sandbox_result",
            Self::AlreadyUsed => "already_used",
            Self::Away(_) => "unavailable",
            Self::Vault(_) | Self::Store(_) | Self::Intake(_) => "failed",
        }
    }
}

/// Whose the credential will be.
fn user(of: &Verification, proof: &Proof) -> Result<Uuid, Invalid> {
    match (of.user_id, proof.user_id) {
        (Some(known), Some(given)) if known != given => {
            Err(invalid("userId", "is not the one of the verification"))
        }
        (known, given) => known
            .or(given)
            .ok_or_else(|| invalid("userId", "is required: the verification was opened without one")),
    }
}

enum Found {
    Person(Box<Person>),
    Continue(Zeroizing<String>),
}

/// Reads what was brought, and asks the source.
async fn find_out(
    app: &App,
    caller: &Submitter,
    source: &PersonSource,
    (of, user_id): (&Verification, Uuid),
    proof: &Proof,
) -> Result<Found, ProofError> {
    let now = || app.clock.now().unix_seconds();
    let tied_to = tied_to(app, caller, source, (of, user_id), proof).await?;
    let binding = Binding { user: &tied_to, nonce: proof.nonce.as_deref() };
    let adapter = source.at(now());
    let step = adapter.begin(&proof.json, &binding, now()).map_err(unfit)?;
    let step = match step {
        Step::Ask(question) => source.ask(&adapter, &question, now).await.map_err(unanswered)?,
        done => done,
    };
    let person = match step {
        Step::Done(person) => person,
        Step::Continue(answer) => return Ok(Found::Continue(answer)),
        // A source is asked once.
        Step::Ask(_) => return Err(ProofError::Away(None)),
    };
    if person.environment == Environment::Sandbox && !app.takes_test_data {
        return Err(ProofError::TestData);
    }
    Ok(Found::Person(person))
}

/// What the proof has to be tied to.
async fn tied_to(
    app: &App,
    caller: &Submitter,
    source: &PersonSource,
    (of, user_id): (&Verification, Uuid),
    proof: &Proof,
) -> Result<Zeroizing<String>, ProofError> {
    let own = || Zeroizing::new(of.external_id.to_string());
    match source.tie {
        Tie::Nothing => Ok(Zeroizing::default()),
        Tie::Verification => Ok(own()),
        Tie::ExternalId => {
            let Some(earlier) = app_user_id(&proof.json) else { return Ok(own()) };
            let found = app.store.verification_by_external_id(&of.source, earlier).await?;
            let is_theirs = |one: &Verification| one.client == of.client && one.user_id == Some(user_id);
            Ok(found.filter(is_theirs).map_or_else(own, |one| Zeroizing::new(one.external_id.to_string())))
        }
        Tie::Wallet => {
            let wallet = proof.wallet.as_ref();
            let wallet = wallet.ok_or_else(|| {
                invalid(
                    "wallet",
                    "is required: this source knows people by a wallet, which they have to prove",
                )
            })?;
            challenge::require(app, caller, user_id, wallet)?;
            Ok(Zeroizing::new(wallet.address.expose().clone()))
        }
    }
}

/// The id that a proof of BrightID's has, if it can be one of ours.
fn app_user_id(json: &[u8]) -> Option<Uuid> {
    let json: serde_json::Value = serde_json::from_slice(json).ok()?;
    json.get("appUserId")?.as_str().and_then(|text| Uuid::try_parse(text).ok())
}

fn unfit(denial: Denial) -> ProofError {
    match denial.code {
        // All else that may be set has been looked at when the service started.
        DenialCode::NotConfigured if denial.field == "nonce" => {
            ProofError::Invalid(invalid("nonce", "is required: proofs of this version answer one request"))
        }
        DenialCode::NotConfigured if denial.field == "relay_token" => {
            ProofError::Invalid(invalid("proof.requestBlob", "is not taken: scans are not relayed here"))
        }
        DenialCode::NotConfigured if denial.field == "attestation_keys" => ProofError::Invalid(invalid(
            "proof.userAttestmentToken",
            "is not taken: tokens are not believed here",
        )),
        DenialCode::NotConfigured => ProofError::Unusable(denial),
        _ => ProofError::Unfit(denial),
    }
}

fn unanswered(error: Unanswered) -> ProofError {
    let (denial, come_again) = match error {
        Unanswered::Unreached(error) => {
            tracing::warn!("A source of personhood is not reached: {error}");
            return ProofError::Away(None);
        }
        Unanswered::Denied { denial, come_again } => (denial, come_again),
    };
    if denial.is_worth_retrying() {
        return ProofError::Away(come_again);
    }
    match denial.code {
        DenialCode::NotYet
        | DenialCode::UnknownToSource
        | DenialCode::AlreadyUsed
        | DenialCode::SeveralPersons
        | DenialCode::ScoreTooLow
        | DenialCode::Expired
        | DenialCode::TooNew
        | DenialCode::LevelNotAccepted
        | DenialCode::ProofWrong
        | DenialCode::Refused
        | DenialCode::OtherAction => ProofError::Denied(denial),
        // By its code, and not by what is wrong with the answer.
        DenialCode::Malformed if denial.field == "code" || denial.field == "errorNum" => {
            ProofError::Denied(denial)
        }
        _ => ProofError::Unusable(denial),
    }
}

/// Makes the credential, once for the verification and once for the person.
async fn issue(
    app: &Arc<App>,
    source: &PersonSource,
    mut of: Verification,
    user_id: Uuid,
    person: &Person,
) -> Result<Verification, ProofError> {
    let holder = Holder::new(&app.vault, &person.id, (&of.client, user_id))?;
    let caller = source.submitter();
    let id = of.id.clone();
    for _ in 0..TRIES {
        if of.issuance_id.is_some() {
            return Ok(of);
        }
        if of.state != State::Opened {
            return Err(ProofError::Conflict(of.state));
        }
        if holder.is_taken(app).await? {
            return Err(ProofError::AlreadyUsed);
        }
        let with_user = Verification { user_id: Some(user_id), ..of };
        let submission = submission(app, source, &with_user, user_id, (person, &holder))?;
        let decided_at = Some(person.issued_at.unwrap_or(person.checked_at).0);
        let made_for = MadeFor { verification: &with_user, by: MadeBy::Proof(&holder), decided_at };
        let key = intake::idempotency(app, &caller, &format!("{id}/{}", with_user.made), &[b"proof"]);
        match intake::accept_for(app, &caller, &key, submission, Some(made_for)).await {
            // Somebody was faster, with this verification or with this person: it is looked at anew.
            Ok(_)
            | Err(IntakeError::Store(StoreError::Stale | StoreError::Exists) | IntakeError::KeyReused) => {}
            Err(IntakeError::Store(error)) => return Err(error.into()),
            Err(error) => return Err(ProofError::Intake(error)),
        }
        of = app.store.verification(&id).await?.ok_or(ProofError::NotFound)?;
    }
    if of.issuance_id.is_some() { Ok(of) } else { Err(StoreError::Stale.into()) }
}

/// What is written: when the source found so, until when it vouches for it, and who it is in the one type of subject that idOS has.
fn submission(
    app: &App,
    source: &PersonSource,
    of: &Verification,
    user_id: Uuid,
    (person, holder): (&Person, &Holder),
) -> Result<Submission, ProofError> {
    let moment = |millis| Timestamp::from_unix_millis(millis).ok();
    let now = app.clock.now();
    let found_at = person.issued_at.and_then(|at| moment(at.0)).filter(|at| *at <= now);
    let expires_at = match person.expires {
        Some(at) => {
            Some(moment(at.0).ok_or_else(|| invalid("proof", "ends at a time that cannot be written"))?)
        }
        None => None,
    };
    // A name of FaceSign's is a UUID; the others have their source before them, so that nobody takes one for the other.
    let face_sign_user_id = match person.face_sign_user_id() {
        Some(id) => id.to_owned(),
        None => format!("{}:{}", source.kind_name(), holder.pseudonym(&app.vault)),
    };
    let subject: Subject = FaceSignSubject { face_sign_user_id }.into();
    subject.check(found_at).map_err(ProofError::Invalid)?;
    let contact = match &of.locked_contact {
        Some(locked) => Some(app.vault.unlock_record::<Contact>(of.id.as_str(), &locked.locked)?),
        None => None,
    };
    let copy_for = of.copy_for.as_ref().and_then(|(grantee, key)| {
        let encryption_key = RecipientKey::from_base64(key).ok()?;
        Some(CopyFor { grantee: grantee.clone(), encryption_key })
    });
    Ok(Submission {
        user_id,
        evidence: Given::Result(Evidence {
            approved_at: found_at.unwrap_or(now),
            expires_at,
            subject,
            level: None,
            risk: Risk::default(),
        }),
        files: None,
        authority: Authority::without_grant(of.delivery, copy_for),
        contact,
        reference: of.reference.as_deref().and_then(|text| text.parse().ok()),
        renews: None,
        claim: None,
    })
}

fn invalid(field: &str, problem: &'static str) -> Invalid {
    Problem::new(field, problem).into()
}
