//! Ask a vendor what holds now, and bring the verification on.

use std::sync::Arc;
use std::time::Duration;

use identity_vendors::{
    Case, CaseId, Claims, Decline, Environment, Event, Fault, Finding, Identity, Inquiry, MediaReference,
    Outcome, Reference as VendorReference, Shows, Step, Wait,
};
use idos_credential::RecipientKey;
use rand::rngs::OsRng;

use super::evidence::{self, Files};
use super::hear::told as told_of;
use super::open::{ask_now, waits_until};
use crate::app::App;
use crate::flow::events::{SendOutcome, emit_verification};
use crate::flow::intake::{self, IntakeError};
use crate::flow::relayed;
use crate::flow::verified::{MadeBy, MadeFor, tell, write_down};
use crate::flow::work;
use crate::model::audit::AuditAction;
use crate::model::event::EventKind;
use crate::model::job::{Job, Work};
use crate::model::kyc_version::KYC;
use crate::model::personal::Contact;
use crate::model::retry;
use crate::model::submission::{Authority, CopyFor, Submission};
use crate::model::time::{HOUR, Timestamp};
use crate::model::verification::{
    self, Act, Heard, Next, Obstacle, Reason, Standing, State, Verification, WaitsFor,
};
use crate::source::{AskError, Source};
use crate::store::StoreError;

/// The longest pause before a vendor is asked again that has not decided, in milliseconds.
const LONGEST_PAUSE: i64 = 6 * HOUR;

/// What becomes of the job.
enum Then {
    /// It is done, or somebody has seen to it in a transaction of its own.
    Done(SendOutcome),
    /// The vendor was not reached, or asks to be let be.
    Again { reason: Reason, cause: String, come_again: Option<Duration> },
    /// Something of ours is in the way, and may pass.
    Later(&'static str),
    /// The verification has changed meanwhile.
    Anew,
}

/// Does what a job of a source's queue says: asks about a verification, or about a webhook of which none is known.
pub async fn fetch_result(app: Arc<App>, job: Job) -> Result<SendOutcome, StoreError> {
    let Some(source) = app.source(&job.target).cloned() else {
        // It is in the configuration no more, or not of this replica.
        put_off(&app, &job, "the source is not configured", None).await?;
        return Ok(SendOutcome::Nothing);
    };
    let then = match job.subject.parse() {
        Ok(id) => match app.store.verification(&id).await? {
            Some(of) => Box::pin(proceed(&app, &source, &job, of)).await,
            None => finish(&app, &job).await,
        },
        Err(_) => find_out_whose(&app, &source, &job).await,
    };
    match then {
        Ok(Then::Done(outcome)) => Ok(outcome),
        Ok(Then::Again { reason, cause, come_again }) => {
            tracing::warn!(source = %source.name, job.subject, "A vendor is asked again later: {cause}");
            tell_reason(&app, &job, reason).await?;
            put_off(&app, &job, reason.as_str(), come_again).await?;
            Ok(SendOutcome::NotAnswered { come_again })
        }
        Ok(Then::Later(why)) => {
            put_off(&app, &job, why, None).await?;
            Ok(SendOutcome::Nothing)
        }
        Ok(Then::Anew) | Err(StoreError::Stale) => {
            let mut tx = app.store.begin().await?;
            match tx.retry_job(&job, app.clock.now(), "it has changed meanwhile").await {
                Ok(()) => tx.commit().await?,
                // It was enqueued anew, or is done: whoever did that has seen to it.
                Err(StoreError::Stale) => {}
                Err(error) => return Err(error),
            }
            Ok(SendOutcome::Nothing)
        }
        Err(error) => Err(error),
    }
}

async fn finish(app: &App, job: &Job) -> Result<Then, StoreError> {
    work::finish(app, job).await?;
    Ok(Then::Done(SendOutcome::Nothing))
}

async fn put_off(app: &App, job: &Job, why: &str, come_again: Option<Duration>) -> Result<(), StoreError> {
    work::put_off(app, job, retry::due(app.clock.now(), job.attempts, come_again, &mut OsRng), why).await
}

/// Shows at the verification why nothing comes.
async fn tell_reason(app: &App, job: &Job, reason: Reason) -> Result<(), StoreError> {
    let Ok(id) = job.subject.parse() else { return Ok(()) };
    let Some(of) = app.store.verification(&id).await? else { return Ok(()) };
    if of.reason.is_some() || of.issuance_id.is_some() {
        return Ok(());
    }
    let mut tx = app.store.begin().await?;
    match tx.change_verification(&Verification { reason: Some(reason), ..of }, app.clock.now()).await {
        Ok(()) => tx.commit().await,
        Err(StoreError::Stale) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A webhook named a case that no verification is known to be of: the vendor says under which reference it has it.
async fn find_out_whose(app: &App, source: &Source, job: &Job) -> Result<Then, StoreError> {
    let Some(event) = app.store.vendor_event(&job.subject).await? else { return finish(app, job).await };
    let Some(case) = case_of(event.case_id.as_deref(), event.case_scope.as_deref(), None) else {
        return finish(app, job).await;
    };
    let finding = match converse(app, source, case).await {
        Ok(finding) => finding,
        Err(error) => match again(source, &error) {
            Some(then) => return Ok(then),
            None => return finish(app, job).await,
        },
    };
    let ours = finding.case.reference.as_ref().and_then(|it| uuid::Uuid::try_parse(it.as_str()).ok());
    let found = match ours {
        Some(ours) => app.store.verification_by_external_id(source.name.as_str(), ours).await?,
        None => None,
    };
    let mut tx = app.store.begin().await?;
    tx.finish_job(job).await?;
    if let Some(found) = found {
        let now = app.clock.now();
        let of = Verification {
            case_id: event.case_id,
            case_scope: event.case_scope,
            heard: Some(event.event.clone()),
            ..found
        };
        tx.change_verification(&of, now).await?;
        tx.enqueue(&ask_now(source.name.as_str(), of.id.as_str(), now)).await?;
        told_of(&mut tx, &of, &event.event, now).await?;
    }
    tx.commit().await?;
    Ok(Then::Done(SendOutcome::Answered))
}

fn case_of(id: Option<&str>, scope: Option<&str>, reference: Option<&str>) -> Option<Case> {
    Some(Case {
        id: CaseId::new(id?).ok()?,
        scope: scope.map(CaseId::new).transpose().ok()?,
        reference: reference.map(VendorReference::new).transpose().ok()?,
    })
}

/// Asks until the vendor has said all.
async fn converse(app: &App, source: &Source, case: Case) -> Result<Finding, AskError> {
    let now = || app.clock.now().unix_seconds();
    let account = source.account(now()).await?;
    let mut inquiry = Inquiry::new(source.vendor, &account, case);
    loop {
        match inquiry.next(now())? {
            Step::Done(finding) => return Ok(*finding),
            Step::Ask(request) => {
                let answered = source.send(&request).await?;
                answered.read(|answer| inquiry.answer(answer), now())?;
            }
        }
    }
}

/// Whether it is asked again by itself, and why that is needed.
fn again(source: &Source, error: &AskError) -> Option<Then> {
    let (reason, come_again) = match *error {
        AskError::Unreached(_) => (Reason::VendorUnavailable, None),
        AskError::Fault { fault: Fault::Denied, come_again } => {
            source.forget_token();
            (Reason::KeyRefused, come_again)
        }
        AskError::Fault { fault: Fault::NoKey(_), come_again } => (Reason::KeyRefused, come_again),
        AskError::Fault { fault, come_again } if fault.is_worth_retrying() => {
            (Reason::VendorUnavailable, come_again)
        }
        AskError::Fault { .. } => return None,
    };
    Some(Then::Again { reason, cause: error.to_string(), come_again })
}

/// What a signed webhook said that is not asked about: it is over, or begins anew.
fn told(of: &Verification) -> Option<Heard> {
    let told = of.heard.as_deref()?;
    [
        (Event::Reset, Heard::Reset),
        (Event::Deleted, Heard::Over(Reason::Deleted)),
        (Event::Withdrawn, Heard::Over(Reason::Withdrawn)),
        (Event::Expired, Heard::Over(Reason::Expired)),
    ]
    .into_iter()
    .find(|(event, _)| event.as_str() == told)
    .map(|(_, heard)| heard)
}

/// What the vendor says, and who the person is.
struct Said {
    heard: Heard,
    person: Option<(Box<Identity>, Environment)>,
}

impl From<Finding> for Said {
    fn from(finding: Finding) -> Self {
        let heard = |heard| Self { heard, person: None };
        match finding.outcome {
            Outcome::Approved(person) => Self {
                heard: Heard::Approved(finding.decided_at.map(|moment| moment.0)),
                person: Some((person, finding.environment)),
            },
            Outcome::Declined(why) => heard(Heard::Declined(match why {
                Decline::Document => Reason::Document,
                Decline::Face => Reason::Face,
                Decline::Fraud => Reason::Fraud,
                Decline::Watchlist => Reason::Watchlist,
                Decline::Address => Reason::Address,
                Decline::Unspecified => Reason::Unspecified,
            })),
            Outcome::NotYet(who) => heard(Heard::Undecided(match who {
                Wait::Vendor => WaitsFor::Vendor,
                Wait::Review => WaitsFor::Review,
                Wait::User => WaitsFor::User,
            })),
            Outcome::Expired => heard(Heard::Over(Reason::Expired)),
            Outcome::Deleted => heard(Heard::Over(Reason::Deleted)),
            Outcome::Withdrawn => heard(Heard::Over(Reason::Withdrawn)),
        }
    }
}

async fn proceed(app: &Arc<App>, source: &Source, job: &Job, of: Verification) -> Result<Then, StoreError> {
    if of.state.is_final() {
        return finish(app, job).await;
    }
    let said = if let Some(heard) = told(&of) {
        Said { heard, person: None }
    } else {
        let reference = of.external_id.to_string();
        let Some(case) = case_of(of.case_id.as_deref(), of.case_scope.as_deref(), Some(&reference)) else {
            return finish(app, job).await;
        };
        match converse(app, source, case).await {
            Ok(finding) => finding.into(),
            Err(error) => return no_answer(app, source, job, of, &error).await,
        }
    };
    let Some(next) = verification::next(Standing::from(&of), said.heard, source.on_reset) else {
        // Nothing new.
        return apply(app, source, job, Verification { heard: None, ..of }, None).await;
    };
    match (next.act, said.person, said.heard) {
        (Act::Issue, Some((person, environment)), Heard::Approved(decided_at)) => {
            issue(app, source, job, of, (&person, environment), decided_at).await
        }
        (Act::Withdraw, ..) => withdraw(app, source, job, of, next).await,
        _ => {
            let event = next.event;
            apply(app, source, job, moved(of, next), event).await
        }
    }
}

/// The verification where it goes next.
fn moved(of: Verification, next: Next) -> Verification {
    let is_over = matches!(next.state, State::Declined | State::Ended);
    Verification {
        state: next.state,
        reason: next.reason,
        waits_for: next.waits_for,
        obstacles: Vec::new(),
        heard: None,
        locked_contact: of.locked_contact.filter(|_| !is_over),
        waits_until: of.waits_until.filter(|_| !is_over),
        ..of
    }
}

/// Writes down where a verification stands. One that is not decided is asked about again, after a pause.
async fn apply(
    app: &App,
    source: &Source,
    job: &Job,
    mut to: Verification,
    event: Option<EventKind>,
) -> Result<Then, StoreError> {
    let now = app.clock.now();
    let is_open = matches!(to.state, State::Opened | State::Pending);
    if is_open && to.waits_until.is_none() {
        to.waits_until = Some(waits_until(source, now));
    }
    let mut tx = app.store.begin().await?;
    tx.change_verification(&to, now).await?;
    if is_open {
        let pause = i64::from(source.poll_seconds) * 1000;
        let pause = pause.saturating_mul(1 << job.attempts.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
        tx.retry_job(job, now.plus_millis(pause), "the vendor has not decided").await?;
    } else {
        tx.finish_job(job).await?;
    }
    if let Some(event) = event {
        tell(app, &mut tx, (to.vendor(), event), &to, now).await?;
    }
    tx.commit().await?;
    Ok(Then::Done(SendOutcome::Answered))
}

/// What was made holds no more, and is taken back by a job of its own.
async fn withdraw(
    app: &App,
    source: &Source,
    job: &Job,
    of: Verification,
    next: Next,
) -> Result<Then, StoreError> {
    let now = app.clock.now();
    let Some(issuance) = of.issuance_id.clone() else { return Ok(Then::Anew) };
    let had = moved(of, next);
    let to = Verification {
        issuance_id: None,
        waits_until: (had.state == State::Pending).then(|| waits_until(source, now)),
        ..had.clone()
    };
    let mut tx = app.store.begin().await?;
    tx.change_verification(&to, now).await?;
    tx.enqueue(&Job::new(Work::Withdraw, issuance.as_str(), now, &mut OsRng)).await?;
    tx.finish_job(job).await?;
    if let Some(event) = next.event {
        emit_verification(app, &mut tx, event, &had, now).await?;
    }
    write_down(&mut tx, (had.vendor(), AuditAction::Withdrawn), &had, now).await?;
    let decided = match to.state {
        State::Declined => Some(AuditAction::VerificationDeclined),
        State::Ended => Some(AuditAction::VerificationEnded),
        _ => None,
    };
    if let Some(act) = decided {
        write_down(&mut tx, (to.vendor(), act), &to, now).await?;
    }
    tx.commit().await?;
    Ok(Then::Done(SendOutcome::Answered))
}

/// The vendor has answered, and not what can be used; or it has not.
async fn no_answer(
    app: &App,
    source: &Source,
    job: &Job,
    of: Verification,
    error: &AskError,
) -> Result<Then, StoreError> {
    if let Some(then) = again(source, error) {
        return Ok(then);
    }
    let AskError::Fault { fault, .. } = *error else { return Ok(Then::Later("the vendor was not reached")) };
    let (reason, field) = match fault {
        Fault::NotFound => (Reason::CaseUnknown, ""),
        Fault::AnotherUser(field) | Fault::AnotherCase(field) => (Reason::AnotherUser, field),
        Fault::NotAPerson => (Reason::NotAPerson, ""),
        Fault::Malformed(field) | Fault::Missing(field) | Fault::Incomplete(field) => {
            (Reason::AnswerUnusable, field)
        }
        _ => (Reason::AnswerUnusable, ""),
    };
    tracing::warn!(verification.id = %of.id, source = %source.name, "A vendor's answer cannot be used: {fault}");
    let obstacle = Obstacle { code: reason.as_str().to_owned(), field: field.to_owned() };
    halt(app, source, job, of, reason, vec![obstacle]).await
}

/// A person has to see to it. Where there is a credential of an earlier approval, that stays what it is.
async fn halt(
    app: &App,
    source: &Source,
    job: &Job,
    of: Verification,
    reason: Reason,
    obstacles: Vec<Obstacle>,
) -> Result<Then, StoreError> {
    let state = if of.issuance_id.is_some() { of.state } else { State::Halted };
    let is_new = (of.state, of.reason) != (state, Some(reason));
    let to = Verification { state, reason: Some(reason), obstacles, waits_for: None, heard: None, ..of };
    apply(app, source, job, to, is_new.then_some(EventKind::VerificationHalted)).await
}

/// It is over, whatever the vendor says. Where there is a credential of an earlier approval, that stays what it is.
async fn end_without(
    app: &App,
    source: &Source,
    job: &Job,
    of: Verification,
    reason: Reason,
    obstacles: Vec<Obstacle>,
) -> Result<Then, StoreError> {
    if of.issuance_id.is_some() {
        return halt(app, source, job, of, reason, obstacles).await;
    }
    let to = Verification {
        state: State::Failed,
        reason: Some(reason),
        obstacles,
        waits_for: None,
        heard: None,
        locked_contact: None,
        waits_until: None,
        ..of
    };
    apply(app, source, job, to, Some(EventKind::VerificationFailed)).await
}

/// Why no credential is made of somebody who was approved.
type Refused = (Reason, Vec<Obstacle>);

async fn issue(
    app: &Arc<App>,
    source: &Source,
    job: &Job,
    of: Verification,
    (person, environment): (&Identity, Environment),
    decided_at: Option<i64>,
) -> Result<Then, StoreError> {
    if let Some((reason, obstacles)) = relayed::refusal(app, &of, person).await? {
        return end_without(app, source, job, of, reason, obstacles).await;
    }
    let kind = app.kyc_versions.asked(&source.tenant, KYC);
    let Some((kind, schema)) = kind.and_then(|kind| Some((kind, evidence::schema(kind)?))) else {
        return Ok(Then::Later("no version of KYC is configured"));
    };
    let claims = match claims(app, source, person, environment, schema) {
        Ok(claims) => claims,
        Err((reason, obstacles)) => return halt(app, source, job, of, reason, obstacles).await,
    };
    let Some(user_id) = of.user_id else {
        let is_new = of.state != State::Approved;
        let to = Verification {
            state: State::Approved,
            reason: Some(Reason::UserIdMissing),
            waits_for: None,
            obstacles: Vec::new(),
            heard: None,
            ..of
        };
        return apply(app, source, job, to, is_new.then_some(EventKind::VerificationApproved)).await;
    };
    let files = match files(app, source, &claims).await {
        Ok(files) => files,
        Err(Stop::Then(then)) => return Ok(then),
        Err(Stop::Refused(shows)) => {
            let obstacle =
                Obstacle { code: Reason::FileUnusable.as_str().to_owned(), field: shows.to_owned() };
            return halt(app, source, job, of, Reason::FileUnusable, vec![obstacle]).await;
        }
    };
    let now = app.clock.now();
    let decided = decided_at.and_then(|at| Timestamp::from_unix_millis(at).ok());
    let bytes = files.iter().map(|(_, media)| media.bytes.len()).sum();
    let evidence = app
        .compute(bytes, move || evidence::of(&claims, files, (kind, schema), user_id, decided.unwrap_or(now)))
        .await;
    let evidence = match evidence {
        Ok(evidence) => evidence,
        Err(invalid) => return halt(app, source, job, of, Reason::Refused, obstacles(&invalid)).await,
    };
    let kept = match (&of.locked_contact, &of.issuance_id) {
        (Some(kept), _) => Some((of.id.as_str(), kept.locked.clone())),
        // The one before has it, which this one is to replace.
        (None, Some(before)) => {
            app.store.locked_contact(before).await?.map(|locked| (before.as_str(), locked))
        }
        (None, None) => None,
    };
    let contact = match kept {
        Some((id, locked)) => match app.vault.unlock_record::<Contact>(id, &locked) {
            Ok(contact) => Some(contact),
            Err(error) => {
                tracing::error!(verification.id = %of.id, "A contact cannot be unlocked: {error}");
                return Ok(Then::Later("the contact cannot be unlocked"));
            }
        },
        None => None,
    };
    let copy_for = of.copy_for.as_ref().and_then(|(grantee, key)| {
        let encryption_key = RecipientKey::from_base64(key).ok()?;
        Some(CopyFor { grantee: grantee.clone(), encryption_key })
    });
    let submission = Submission {
        user_id,
        evidence: evidence.into(),
        files: Some(source.file_mode),
        authority: Authority::without_grant(of.delivery, copy_for),
        contact,
        reference: of.reference.as_deref().and_then(|text| text.parse().ok()),
        renews: None,
        claim: None,
    };
    let caller = source.submitter();
    // One decision, one credential: by the number of those that were made before, and in one transaction with that number.
    let key = intake::idempotency(app, &caller, &format!("{}/{}", of.id, of.made), &[b"verification"]);
    let made_for = MadeFor { verification: &of, by: MadeBy::Job(job), decided_at };
    match intake::accept_for(app, &caller, &key, submission, Some(made_for)).await {
        Ok(_) => Ok(Then::Done(SendOutcome::Answered)),
        Err(IntakeError::Store(StoreError::Stale) | IntakeError::KeyReused) => Ok(Then::Anew),
        Err(IntakeError::Store(error)) => Err(error),
        Err(IntakeError::Invalid(invalid)) => {
            halt(app, source, job, of, Reason::Refused, obstacles(&invalid)).await
        }
        Err(IntakeError::Files(refused)) => {
            let is_about_size = refused.iter().all(|file| file.refusal.is_about_size());
            let reason = if is_about_size { Reason::FilesTooLarge } else { Reason::FileUnusable };
            let obstacles = refused
                .into_iter()
                .map(|file| Obstacle { code: file.refusal.code().to_owned(), field: file.field });
            halt(app, source, job, of, reason, obstacles.collect()).await
        }
        Err(IntakeError::TooLarge(_)) => halt(app, source, job, of, Reason::FilesTooLarge, Vec::new()).await,
        Err(error) => {
            tracing::error!(verification.id = %of.id, "What was approved is not accepted yet: {error}");
            Ok(Then::Later("it is not accepted yet"))
        }
    }
}

fn obstacles(invalid: &idos_credential::Invalid) -> Vec<Obstacle> {
    let code = Reason::Refused.as_str();
    invalid
        .problems
        .iter()
        .map(|problem| Obstacle { code: code.to_owned(), field: problem.field.clone() })
        .collect()
}

/// What a credential can say of somebody, if one may be made.
fn claims(
    app: &App,
    source: &Source,
    person: &Identity,
    environment: Environment,
    schema: identity_vendors::Schema,
) -> Result<Claims, Refused> {
    if environment == Environment::Sandbox && !app.takes_test_data {
        return Err((Reason::SandboxResult, Vec::new()));
    }
    let claims = person.claims(schema, source.script).map_err(|refusals| {
        let obstacle = |refusal: &identity_vendors::Refusal| Obstacle {
            code: refusal.code.as_str().to_owned(),
            field: refusal.field.to_owned(),
        };
        (Reason::NotInSchema, refusals.iter().map(obstacle).collect::<Vec<_>>())
    })?;
    let level = claims.level.to_string();
    if !source.levels.is_empty() && !source.levels.contains(&level) {
        return Err((Reason::LevelNotTaken, vec![Obstacle { code: level, field: "level".to_owned() }]));
    }
    Ok(claims)
}

/// Why there is no file.
enum Stop {
    Then(Then),
    Refused(&'static str),
}

/// Fetches the files, one after the other.
async fn files(app: &App, source: &Source, claims: &Claims) -> Result<Files, Stop> {
    let proof = claims.address.as_ref().and_then(|address| address.proof.as_ref()).map(|proof| &proof.file);
    let wanted = [
        (Shows::Front, Some(&claims.front)),
        (Shows::Back, claims.back.as_ref()),
        (Shows::Selfie, Some(&claims.selfie)),
        (Shows::AddressProof, proof),
    ];
    let mut files = Files::new();
    for (shows, media) in wanted.into_iter().filter_map(|(shows, media)| Some((shows, media?))) {
        match file(app, source, media).await {
            Ok(media) => files.push((shows, media)),
            Err(error) => {
                if let Some(then) = again(source, &error) {
                    return Err(Stop::Then(then));
                }
                tracing::warn!(source = %source.name, file = shows.as_str(), "A file cannot be used: {error}");
                return Err(Stop::Refused(shows.as_str()));
            }
        }
    }
    Ok(files)
}

async fn file(
    app: &App,
    source: &Source,
    media: &MediaReference,
) -> Result<identity_vendors::Media, AskError> {
    let now = || app.clock.now().unix_seconds();
    let account = source.account(now()).await?;
    let request = source.vendor.media_request(&account, media, now())?;
    let answered = source.send(&request).await?;
    answered.read(|answer| source.vendor.media(&account, media, answer), now())
}
