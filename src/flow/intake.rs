//! Intake: a submission becomes a durable issuance, or a refusal.
//!
//! Where all is at hand, the credential is sealed here, in the request: readable evidence never touches the disk. Only
//! where the user's encryption key is not known yet (there is no profile, or the node cannot be asked) the signed
//! credential waits, locked, for as long as the configuration allows.

use std::sync::Arc;

use futures_util::future::{self, Either, select};
use idos_client::actions::GetUserAsInserter;
use idos_client::{ContentPlace, SignError};
use idos_credential::{
    Blobs, Invalid, RecipientKey, SealedCredential, SignedCredential, Unsigned, VerificationMethod,
};
use rand::rngs::OsRng;
use uuid::Uuid;

use super::claimed::{self, NotUsed, Submitted, Used};
use super::credential::{self, CredentialError, TooLarge, check_size, is_taken, place_for};
use super::files::{self, FitError, RefusedFile};
use super::grant::{self, GrantError};
use super::idempotency::{self, ReplayError};
use super::kept::{self, LockedContent};
use super::linkage;
use super::network::{LOOK_UP, NotAnInserter, Seen, see};
use super::verified::MadeFor;
use super::{Accepted, contact, supersede, work};
use crate::app::{App, NodeError};
use crate::keys::KeysError;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::client::Idempotency;
use crate::model::evidence::Evidence;
use crate::model::files::{FileMode, FileSizes};
use crate::model::ids::{ClaimId, IssuanceId, is_user_id, random_uuid};
use crate::model::issuance::{Delivery, Ids, Issuance, Kind, Reference, State};
use crate::model::lifecycle::{self, Found};
use crate::model::personal::Contact;
use crate::model::profile::ProfileState;
use crate::model::submission::{Authority, CopyFor, Given, SignedGrant, Submission};
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;
use crate::model::validity::ValidBy;
use crate::store::{StoreError, TakenContent, TakenIn, Together, Tx};
use crate::vault::VaultError;

/// Where the id of a grant stands in a submission.
const GRANT_ID: &str = "delivery.writeGrant.grant.id";

/// What is said of a delivery by inserter where only write grants write.
const NO_INSERTER: &str = "must be write_grant: the network takes no credential from an inserter any more, so have the user sign a write grant";

/// Why a submission was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// Fields that break a rule, each named by its path in the submission.
    #[error("the submission is refused: {0}")]
    Invalid(#[from] Invalid),
    /// Another request had the same key.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// Files that cannot be made to fit, each with its member.
    #[error("{} files cannot be taken", .0.len())]
    Files(Vec<RefusedFile>),
    /// It is more than the network takes.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// It cannot be sealed.
    #[error("it cannot be sealed: {0}")]
    Seal(CredentialError),
    /// No key is valid that signs credentials.
    #[error(transparent)]
    NoSigningKey(#[from] KeysError),
    /// A key did not sign.
    #[error(transparent)]
    NotSigned(#[from] SignError),
    /// The write key may not write.
    #[error(transparent)]
    NotAnInserter(#[from] NotAnInserter),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NotUsed> for IntakeError {
    fn from(error: NotUsed) -> Self {
        match error {
            NotUsed::Invalid(invalid) => Self::Invalid(invalid),
            NotUsed::Vault(error) => Self::Vault(error),
            NotUsed::Store(error) => Self::Store(error),
        }
    }
}

impl From<ReplayError> for IntakeError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::KeyReused => Self::KeyReused,
            ReplayError::Store(error) => Self::Store(error),
        }
    }
}

/// Keyed hashes of a request: of its `Idempotency-Key`, and of what was asked.
#[must_use]
pub fn idempotency(app: &App, caller: &Submitter, key: &str, parts: &[&[u8]]) -> Idempotency {
    let fingerprint = parts.iter().fold(app.vault.fingerprint(), |hash, part| hash.part(part));
    Idempotency {
        key_hashes: app
            .vault
            .indexes("idempotency", format!("{}\0{key}", caller.idempotency_scope()).as_bytes()),
        fingerprints: fingerprint.finish(),
    }
}

/// Accepts a submission: from here on it ends in exactly one credential, or visibly without.
pub async fn accept(
    app: &Arc<App>,
    caller: &Submitter,
    key: &Idempotency,
    submission: Submission,
) -> Result<Accepted<Issuance>, IntakeError> {
    accept_for(app, caller, key, submission, None).await
}

/// The same, for a verification, which is told of it in the same transaction.
pub(super) async fn accept_for(
    app: &Arc<App>,
    caller: &Submitter,
    key: &Idempotency,
    submission: Submission,
    made_for: Option<MadeFor<'_>>,
) -> Result<Accepted<Issuance>, IntakeError> {
    match attempt(app, caller, key, submission, made_for).await {
        // What this names, a request with the same key may have used up meanwhile: then its answer is the answer.
        Err(IntakeError::Invalid(invalid)) => {
            replay(app, caller, key).await?.ok_or(IntakeError::Invalid(invalid))
        }
        outcome => outcome,
    }
}

async fn attempt(
    app: &Arc<App>,
    caller: &Submitter,
    key: &Idempotency,
    submission: Submission,
    made_for: Option<MadeFor<'_>>,
) -> Result<Accepted<Issuance>, IntakeError> {
    let costs_little = is_of_a_moment(app, &submission);
    let (earlier, ready) =
        (Box::pin(replay(app, caller, key)), Box::pin(make_ready(app, caller, submission)));
    let (earlier, ready) = if costs_little {
        // It takes nothing from what an earlier request has made: so it is made ready while that is looked for.
        match select(earlier, ready).await {
            Either::Left((earlier, ready)) => (earlier, Either::Left(ready)),
            Either::Right((ready, earlier)) => (earlier.await, Either::Right(future::ready(ready))),
        }
    } else {
        (earlier.await, Either::Left(ready))
    };
    if let Some(accepted) = earlier? {
        return Ok(accepted);
    }
    let (signed, way, destination) = ready.await?;
    take_in(app, caller, key, signed, (way, destination), made_for).await
}

/// Whether little is lost if it has been accepted before. Files may keep a core busy, and most lines of an import that is sent again were
/// accepted.
fn is_of_a_moment(app: &App, submission: &Submission) -> bool {
    let bytes = match &submission.evidence {
        Given::Result(evidence) => bytes_to_build(app, evidence, submission.files),
        Given::Wallets { .. } => 0,
    };
    app.takes_a_moment(bytes)
}

/// How many bytes are worked on to build a credential. To make pictures fit may take seconds, however few they have.
fn bytes_to_build(app: &App, evidence: &Evidence, mode: Option<FileMode>) -> usize {
    match (evidence.subject.file_bytes(), mode.unwrap_or(app.file_mode)) {
        (0, _) => 0,
        (_, FileMode::Fit) => usize::MAX,
        (bytes, FileMode::Refuse) => bytes,
    }
}

/// Signs the credential, and finds out whom it is for at the same time. Nothing is kept of either. What is wrong with the evidence is told
/// without waiting for the node, and before what is wrong with where it goes.
async fn make_ready(
    app: &Arc<App>,
    caller: &Submitter,
    submission: Submission,
) -> Result<(Signed, Way, Result<Destination, IntakeError>), IntakeError> {
    check_whose(app, caller, &submission).await?;
    let now = app.clock.now();
    let Submission { user_id, evidence, files: mode, authority, contact, reference, renews, claim } =
        submission;
    let kind = evidence.kind();
    let way = find_way(app, caller, (user_id, kind), authority, claim).await?;
    let ids = new_ids();
    let sign = async {
        let (evidence, listed) = found_out(app, caller, user_id, evidence).await?;
        let signing = app.keys.signing_at(now)?;
        // A node that cannot be asked may keep contents in rows, which take less.
        let most_text =
            credential::most_text(way.delivery.has_copy(), way.place.unwrap_or(ContentPlace::Row));
        let method = signing.method.clone();
        let (evidence, valid_by) = evidence
            .bounded(&app.validity, now)
            .map_err(|invalid| IntakeError::Invalid(below("evidence", invalid)))?;
        let (unsigned, files) = build(app, evidence, (ids, method, now), mode, most_text).await?;
        let credential = signing.sign_credential(unsigned).await?;
        Ok::<_, IntakeError>((credential, valid_by, files, listed))
    };
    let find = find_destination(app, caller, (user_id, ids), way.grant.as_deref());
    let (destination, signed) = match select(Box::pin(find), Box::pin(sign)).await {
        Either::Left((destination, sign)) => (destination, sign.await?),
        Either::Right((signed, find)) => {
            let signed = signed?;
            (find.await, signed)
        }
    };
    let (credential, valid_by, files, listed) = signed;
    let signed = Signed {
        credential,
        kind,
        user_id,
        ids,
        valid_by,
        files,
        reference: reference.map(Reference::into_string),
        contact,
        renews,
        restores: None,
        listed,
    };
    Ok((signed, way, destination))
}

/// Accepts a credential that was signed before, to be given again. Whoever asks has seen to [`replay`] first.
pub(super) async fn accept_signed(
    app: &Arc<App>,
    caller: &Submitter,
    key: &Idempotency,
    signed: Signed,
    (authority, claim): (Authority, Option<ClaimId>),
) -> Result<Accepted<Issuance>, IntakeError> {
    let way = find_way(app, caller, (signed.user_id, signed.kind), authority, claim).await?;
    let destination = find_destination(app, caller, (signed.user_id, signed.ids), way.grant.as_deref()).await;
    take_in(app, caller, key, signed, (way, destination), None).await
}

/// Ids on the network for a credential that is to be written.
pub(super) fn new_ids() -> Ids {
    Ids { original: random_uuid(&mut OsRng), copy: random_uuid(&mut OsRng), notes: random_uuid(&mut OsRng) }
}

/// A signed credential that is to come into its user's profile, and what goes with it.
pub(super) struct Signed {
    pub(super) credential: SignedCredential,
    pub(super) kind: Kind,
    pub(super) user_id: Uuid,
    pub(super) ids: Ids,
    pub(super) valid_by: Option<ValidBy>,
    pub(super) files: Vec<FileSizes>,
    pub(super) reference: Option<String>,
    pub(super) contact: Option<Contact>,
    pub(super) renews: Option<IssuanceId>,
    /// The issuance whose credential is given again. It is kept there, and not a second time.
    pub(super) restores: Option<IssuanceId>,
    /// The links whose wallets it lists.
    pub(super) listed: Option<linkage::Used>,
}

/// On which way a credential comes into its user's profile.
struct Way {
    delivery: Delivery,
    grant: Option<Box<SignedGrant>>,
    copy_for: Option<CopyFor>,
    place: Option<ContentPlace>,
    used: Option<Used>,
}

/// Finds out on which way, and refuses one that leads nowhere.
async fn find_way(
    app: &App,
    caller: &Submitter,
    (user_id, kind): (Uuid, Kind),
    authority: Authority,
    claim: Option<ClaimId>,
) -> Result<Way, IntakeError> {
    let delivery = authority.delivery();
    let (grant, copy_for) = authority.into_parts();
    let submitted = Submitted { user_id, kind, needs_grant: delivery.needs_grant() };
    let mut used = take_up(app, caller, claim, submitted).await?;
    let grant = used.as_mut().and_then(|used| used.grant.take()).map(Box::new).or(grant);
    let place = known_place(app).await;
    if place.is_some_and(|place| !is_taken(delivery, place)) {
        return Err(invalid("delivery.by", NO_INSERTER));
    }
    if let Some(grant) = &grant {
        check_grant(app, grant, copy_for.as_ref()).await?;
    }
    Ok(Way { delivery, grant, copy_for, place, used })
}

/// Makes an issuance of a signed credential: seals it, or locks it until it can be.
async fn take_in(
    app: &Arc<App>,
    caller: &Submitter,
    key: &Idempotency,
    signed: Signed,
    (way, destination): (Way, Result<Destination, IntakeError>),
    made_for: Option<MadeFor<'_>>,
) -> Result<Accepted<Issuance>, IntakeError> {
    let now = app.clock.now();
    let Way { delivery, grant, copy_for, place, used } = way;
    let Signed {
        credential: signed,
        kind,
        user_id,
        ids,
        valid_by,
        files,
        reference,
        contact,
        renews,
        restores,
        listed,
    } = signed;
    let text = signed.text().len();
    check_size(text, delivery.has_copy(), place_for(text, delivery.has_copy(), place))?;
    let Destination { write_key, user_key, is_there } = destination?;

    let id = IssuanceId::new(now, &mut OsRng);
    let mut issuance = Issuance {
        client: caller.tenant.clone(),
        kind,
        state: State::AwaitingProfile,
        delivery,
        user_id,
        ids,
        level: signed.level().to_owned(),
        reference,
        write_key,
        grantee: delivery
            .has_copy()
            .then(|| copy_for.as_ref().map_or_else(|| app.identity().caller(), |copy| copy.grantee.clone())),
        recipient_key: None,
        public_notes: None,
        content_hash: None,
        valid_until: signed.expiration_date(),
        valid_by,
        waits_until: None,
        created_at: now,
        updated_at: now,
        sealed_at: None,
        issued_at: None,
        transaction: None,
        was_sent: false,
        announced_at: None,
        halt: None,
        revoke_requested_at: None,
        revoked_at: None,
        confirmed_by: None,
        has_contact: contact.is_some(),
        files,
        renews,
        superseded_by: None,
        kept: None,
        id,
    };
    let grantee_key = copy_for.map(|copy| copy.encryption_key);
    let mut net = None;
    let content = if let Some(user_key) = user_key {
        issuance.recipient_key = Some(user_key.to_base64());
        let signed = if restores.is_none() && kept::is_to_be_kept(app, &signed) {
            let (shared, id) = (Arc::clone(app), issuance.id.clone());
            let bytes = signed.text().len();
            let (signed, locked) = app.compute(bytes, move || kept::lock(&shared, &id, signed)).await?;
            net = locked;
            signed
        } else {
            signed
        };
        let mut sealed = seal(app, signed, &issuance, user_key, grantee_key.clone(), place).await?;
        issuance.public_notes = Some(sealed.original().public_notes().to_owned());
        issuance.content_hash = Some(sealed.content_hash().to_owned());
        issuance.sealed_at = Some(now);
        let blobs = blobs_of(&mut sealed);
        TakenContent::Sealed(Box::new(sealed), blobs)
    } else {
        TakenContent::Waiting(app.vault.lock_record(issuance.id.as_str(), &signed, &mut OsRng)?)
    };
    let found = Found { user: is_there, right: !delivery.needs_grant() || grant.is_some() };
    let begin = lifecycle::begin(matches!(content, TakenContent::Sealed(..)), found, app.limits(), now);
    (issuance.state, issuance.waits_until) = (begin.state, begin.waits_until);
    let new = TakenIn {
        key: key.clone(),
        grantee_key: grantee_key.map(|key| key.to_base64()),
        grant: grant.map(|grant| lock_grant(app, &issuance.id, &grant)).transpose()?,
        contact: contact
            .map(|contact| contact::lock(&app.vault, (issuance.id.as_str(), &issuance.client), &contact))
            .transpose()?,
        content,
        net: net.map(LockedContent::into_parts),
        job: work::of_state(issuance.state, &issuance.id, &issuance.write_key, now),
        entries: entries_of(caller, &issuance, now),
        issuance,
    };
    let made_of = MadeOf { verification: made_for, claim: used, restores, listed };
    app.store.in_time(Box::pin(remember(app, caller, Box::new(new), made_of))).await
}

/// What the audit chain says of an issuance that is taken in.
fn entries_of(caller: &Submitter, issuance: &Issuance, now: Timestamp) -> Vec<AuditEntry> {
    let entry =
        |act, detail: &str| AuditEntry::new(now, caller.actor(), act, issuance.id.as_str()).detail(detail);
    let sealed = issuance.content_hash.as_ref().map(|hash| entry(AuditAction::Sealed, hash));
    [entry(AuditAction::Received, issuance.kind.as_str())].into_iter().chain(sealed).collect()
}

/// The claim that something is submitted for, with the grant that the person has signed.
async fn take_up(
    app: &App,
    caller: &Submitter,
    claim: Option<ClaimId>,
    submitted: Submitted,
) -> Result<Option<Used>, IntakeError> {
    match claim {
        Some(id) => Ok(Some(claimed::take_up(app, caller, &id, submitted).await?)),
        None => Ok(None),
    }
}

/// What the credential says: what was given, or what is found where it says.
async fn found_out(
    app: &App,
    caller: &Submitter,
    user_id: Uuid,
    given: Given,
) -> Result<(Evidence, Option<linkage::Used>), IntakeError> {
    match given {
        Given::Result(evidence) => Ok((evidence, None)),
        Given::Wallets { links, .. } => {
            let (evidence, used) = linkage::take_up(app, caller, user_id, links).await?;
            Ok((evidence, Some(used)))
        }
    }
}

/// The grant's id, and the grant, locked.
fn lock_grant(app: &App, id: &IssuanceId, grant: &SignedGrant) -> Result<(Uuid, String), VaultError> {
    Ok((grant.grant.id, app.vault.lock_record(id.as_str(), grant, &mut OsRng)?))
}

/// The user is one, and what is renewed is this user's.
async fn check_whose(app: &App, caller: &Submitter, submission: &Submission) -> Result<(), IntakeError> {
    if !is_user_id(submission.user_id) {
        return Err(invalid("userId", "must be a UUID of version 4"));
    }
    let refusal = match &submission.renews {
        Some(older) => supersede::refusal(app, caller, (older, submission.user_id)).await?,
        None => None,
    };
    refusal.map_or(Ok(()), |why| Err(invalid(supersede::RENEWS, why)))
}

/// Builds what is to be signed. Where it is wanted, files are made to fit `most_text` bytes before; gives what became
/// of them.
async fn build(
    app: &Arc<App>,
    evidence: Evidence,
    (ids, method, now): (Ids, VerificationMethod, Timestamp),
    mode: Option<FileMode>,
    most_text: usize,
) -> Result<(Unsigned, Vec<FileSizes>), IntakeError> {
    let issuer = app.issuer_url();
    credential::check_notes(&evidence, app.notes.documents, now)
        .map_err(|invalid| IntakeError::Invalid(below("evidence", invalid)))?;
    let limits = match mode.unwrap_or(app.file_mode) {
        FileMode::Fit => Some(app.picture_limits),
        FileMode::Refuse => None,
    };
    let bytes = bytes_to_build(app, &evidence, mode);
    let work = move || {
        let build = |evidence| credential::build(evidence, ids, &issuer, &method, now);
        let text_len = |evidence| build(evidence).map(|unsigned| unsigned.most_text());
        let (evidence, sizes) = match limits {
            Some(limits) => files::fit(evidence, most_text, text_len, &limits)?,
            None => (evidence, Vec::new()),
        };
        Ok((build(evidence)?, sizes))
    };
    app.compute(bytes, work).await.map_err(|error| match error {
        FitError::Invalid(invalid) => IntakeError::Invalid(below("evidence", invalid)),
        FitError::Files(refused) => IntakeError::Files(refused),
    })
}

/// What an issuance is made of besides what was submitted.
struct MadeOf<'a> {
    verification: Option<MadeFor<'a>>,
    claim: Option<Used>,
    restores: Option<IssuanceId>,
    /// The links whose wallets it lists.
    listed: Option<linkage::Used>,
}

impl MadeOf<'_> {
    fn is_nothing(&self) -> bool {
        let Self { verification, claim, restores, listed } = self;
        verification.is_none() && claim.is_none() && restores.is_none() && listed.is_none()
    }
}

/// All of it, or nothing: or what an earlier request with the same key has made.
async fn remember(
    app: &App,
    caller: &Submitter,
    new: Box<TakenIn>,
    made_of: MadeOf<'_>,
) -> Result<Accepted<Issuance>, IntakeError> {
    // What renews another one holds that one meanwhile.
    let new = if made_of.is_nothing() && new.issuance.renews.is_none() {
        match app.store.take_in(new).await? {
            Together::TakenIn(new) => return Ok(accepted(*new)),
            Together::NotYet(new) => new,
        }
    } else {
        new
    };
    let (issuance, now) = (&new.issuance, new.issuance.created_at);
    let Some(mut tx) = idempotency::claim(app, caller, &new.key, issuance.id.as_str(), now).await? else {
        return replay(app, caller, &new.key).await?.ok_or(IntakeError::KeyReused);
    };
    // What it is made after is there as long as this takes: what an erasure has taken does not come back by another way, nor is it named.
    if let Some(older) = &issuance.renews {
        match tx.hold_issuance(older, State::Issued).await {
            Err(StoreError::Stale) => return Err(invalid(supersede::RENEWS, supersede::OVER)),
            held => held?,
        }
    }
    if let Some(kept_at) = &made_of.restores {
        tx.hold_issuance(kept_at, State::Issued).await?;
        tx.kept_of(kept_at).await?.ok_or(StoreError::Stale)?;
    }
    match tx.add_taken_in(&[&new]).await {
        Err(StoreError::Exists) => {
            drop(tx);
            return Err(had_by_another(app, &new).await?);
        }
        added => added?,
    }
    // Before the end of the audit chain is taken, as whoever erases does: each waits for the other in one order.
    if let Some(made_for) = made_of.verification {
        made_for.record(app, &mut tx, issuance, now).await?;
    }
    if let Some(used) = &made_of.claim {
        used.record(&mut tx, issuance, now).await?;
    }
    if let Some(listed) = &made_of.listed {
        listed.record(&mut tx, &issuance.id, now).await?;
    }
    for entry in &new.entries {
        tx.record(entry).await?;
    }
    if let Some(kept_at) = &made_of.restores {
        let entry = AuditEntry::new(now, caller.actor(), AuditAction::Restored, kept_at.as_str());
        tx.record(&entry.detail(issuance.id.as_str())).await?;
    }
    if let Some(used) = &made_of.claim {
        let entry = AuditEntry::new(now, caller.actor(), AuditAction::ClaimUsed, used.id().as_str());
        tx.record(&entry.detail(issuance.id.as_str())).await?;
    }
    if let Some(listed) = &made_of.listed {
        listed.write_down(&mut tx, caller, &issuance.id, now).await?;
    }
    tx.commit().await?;
    Ok(accepted(*new))
}

/// Which of what only one issuance can have another one has.
async fn had_by_another(app: &App, new: &TakenIn) -> Result<IntakeError, StoreError> {
    let renews = new.issuance.renews.is_some();
    match &new.grant {
        Some((id, _)) if !renews || app.store.is_grant_in_use(*id, None).await? => {
            Ok(invalid(GRANT_ID, grant::USED))
        }
        _ if renews => Ok(invalid(supersede::RENEWS, supersede::RENEWED)),
        _ => Err(StoreError::Exists),
    }
}

/// It is on the disk.
fn accepted(TakenIn { issuance, .. }: TakenIn) -> Accepted<Issuance> {
    let (kind, state) = (issuance.kind.as_str(), issuance.state.as_str());
    metrics::counter!("issuances_accepted_total", "kind" => kind, "state" => state).increment(1);
    tracing::info!(issuance.id = %issuance.id, state, "Accepted {}", issuance.id);
    Accepted { record: issuance, replayed: false }
}

/// What an earlier request with the same key has made.
pub(super) async fn replay(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
) -> Result<Option<Accepted<Issuance>>, IntakeError> {
    let read = idempotency::replay(app, caller, key, async |id: &IssuanceId| app.store.issuance(id).await);
    Ok(app.store.in_time(read).await?)
}

/// The grant must stand by itself, and must be for the party that the copy is sealed for. If the node cannot say which
/// text was to be signed, its own check of the signature has to do: it comes before anything is written.
async fn check_grant(app: &App, grant: &SignedGrant, copy_for: Option<&CopyFor>) -> Result<(), IntakeError> {
    let at = |invalid| IntakeError::Invalid(below("delivery.writeGrant", invalid));
    grant::check_alone(app, grant).map_err(at)?;
    let begin = grant.grant.not_before().unix();
    let latest = app.clock.now().unix_seconds() + i64::from(app.retention.sealed_hours) * 3600;
    if begin > latest {
        return Err(invalid(
            "delivery.writeGrant.grant.notBefore",
            "is later than a sealed credential may wait",
        ));
    }
    if app.store.is_grant_in_use(grant.grant.id, None).await? {
        return Err(invalid(GRANT_ID, grant::USED));
    }
    let grantee = copy_for.map_or_else(|| app.identity().caller(), |copy| copy.grantee.clone());
    if !grant.grant.grantee.eq_ignore_ascii_case(&grantee) {
        return Err(invalid(
            "delivery.writeGrant.grant.grantee",
            "is not who gets the copy: the issuer, or the grantee of delivery.copyFor",
        ));
    }
    let checked = tokio::time::timeout(LOOK_UP, grant::check(app, grant));
    match checked.await.unwrap_or(Err(GrantError::Node(NodeError::TooSlow))) {
        Ok(()) => Ok(()),
        Err(GrantError::Invalid(invalid)) => Err(at(invalid)),
        Err(GrantError::Node(error)) => {
            tracing::warn!("The node cannot be asked for the text of a write grant: {error}");
            Ok(())
        }
    }
}

/// Where a credential goes.
struct Destination {
    /// The public half of the key that is to write it.
    write_key: String,
    /// The user's encryption key, if it is known.
    user_key: Option<RecipientKey>,
    /// Whether the user is on the network, with all that the credential needs.
    is_there: bool,
}

/// Finds out for whom it is sealed; refuses what could not be written for this user.
async fn find_destination(
    app: &App,
    caller: &Submitter,
    (user_id, ids): (Uuid, Ids),
    grant: Option<&SignedGrant>,
) -> Result<Destination, IntakeError> {
    let write = app.write_key_for(&ids.notes.to_string());
    let write_key = write.public_hex();
    let seen = see(app, write, user_id).await?;
    // The key that a grant names has to be a delegate as well.
    if let (Some(grant), Seen::User(_) | Seen::Nobody) = (grant, &seen)
        && let Some(named) = app.write_key(&grant.grant.issuer_public_key)
        && named.public_hex() != write_key
    {
        see(app, named, user_id).await?;
    }
    let has_owner = match grant {
        Some(grant) => {
            let under_way = app.store.profiles_under_way(user_id).await?;
            check_owner(app, grant, &seen, under_way.is_empty()).await?
        }
        None => true,
    };
    if let Seen::User(user) = seen {
        let key = RecipientKey::from_base64(&user.recipient_encryption_public_key)
            .map_err(|_| invalid("userId", "belongs to a user whose encryption key cannot be sealed for"))?;
        return Ok(Destination { write_key, user_key: Some(key), is_there: has_owner });
    }
    let announced = app.store.profile_of(&caller.tenant, user_id).await?;
    let announced = announced.filter(|profile| profile.state == ProfileState::Pending).and_then(|p| p.user);
    let user_key = announced.and_then(|user| RecipientKey::from_base64(&user.encryption_public_key).ok());
    Ok(Destination { write_key, user_key, is_there: false })
}

/// Whose wallet has signed the grant, as far as a node tells it. Gives whether it can be counted on to be on the network:
/// it may still be on its way, by a job of ours.
async fn check_owner(
    app: &App,
    grant: &SignedGrant,
    seen: &Seen,
    is_settled: bool,
) -> Result<bool, IntakeError> {
    const AT: &str = "delivery.writeGrant.owner.address";
    if matches!(seen, Seen::Away) {
        return Ok(is_settled);
    }
    let look = tokio::time::timeout(LOOK_UP, grant::is_owner_known(app, &grant.owner));
    match (look.await.unwrap_or(Err(NodeError::TooSlow)), seen) {
        (Ok(Some(false)), Seen::User(_)) if is_settled => Err(invalid(AT, grant::NO_PROFILE)),
        // The node would write into the profile that the wallet belongs to.
        (Ok(Some(true)), Seen::Nobody) if is_settled => {
            Err(invalid(AT, "belongs to the profile of another user than userId"))
        }
        (Ok(known), _) => Ok(known.unwrap_or(is_settled)),
        (Err(error), _) => {
            tracing::warn!("The node cannot be asked for the owner of a write grant: {error}");
            Ok(is_settled)
        }
    }
}

/// The encryption key of the issuance's user, as the network has it.
pub(super) async fn user_on_network(app: &App, issuance: &Issuance) -> Result<Option<String>, NodeError> {
    let view = GetUserAsInserter { id: issuance.user_id };
    let user = app.idos().await?.call_one(&app.identity(), &view).await?;
    Ok(user.map(|user| user.recipient_encryption_public_key))
}

/// Keeps a sealed credential, with what is to be uploaded of it.
pub(super) async fn keep_sealed(
    tx: &mut Tx,
    id: &IssuanceId,
    sealed: &mut SealedCredential,
) -> Result<(), StoreError> {
    let blobs = blobs_of(sealed);
    tx.keep_sealed(id, sealed, blobs.as_ref().map(|(blobs, request_id)| (blobs, *request_id))).await
}

/// What is to be uploaded of it, and the id of the request under which it will be.
fn blobs_of(sealed: &mut SealedCredential) -> Option<(Blobs, Uuid)> {
    sealed.take_blobs().map(|blobs| (blobs, random_uuid(&mut OsRng)))
}

/// Where the network keeps contents; `None` if it cannot be asked.
pub(super) async fn known_place(app: &App) -> Option<ContentPlace> {
    match tokio::time::timeout(LOOK_UP, app.content_place()).await.unwrap_or(Err(NodeError::TooSlow)) {
        Ok(place) => Some(place),
        Err(error) => {
            tracing::warn!("The node cannot be asked where contents are kept: {error}");
            None
        }
    }
}

/// Seals for the user, and for whoever gets the copy, so that the contents go to `place`, as far as it is known.
pub(super) async fn seal(
    app: &App,
    signed: SignedCredential,
    issuance: &Issuance,
    user: RecipientKey,
    grantee_key: Option<RecipientKey>,
    place: Option<ContentPlace>,
) -> Result<SealedCredential, IntakeError> {
    // The key that was chosen at intake may be gone by now.
    let chosen = app.write_key(&issuance.write_key);
    let write = chosen.unwrap_or_else(|| app.write_key_for(issuance.id.as_str()));
    let copy =
        issuance.delivery.has_copy().then(|| grantee_key.unwrap_or_else(|| app.keys.encryption.public()));
    let (form, kind, ids, writer) = (app.notes.clone(), issuance.kind, issuance.ids, write.public());
    let text = signed.text().len();
    let encrypted = app
        .compute(text, move || {
            let place = place_for(signed.text().len(), copy.is_some(), place);
            credential::encrypt(signed, (kind, ids, &form), &user, copy.as_ref(), writer, place)
        })
        .await
        .map_err(IntakeError::Seal)?;
    Ok(write.seal(encrypted).await?)
}

fn invalid(field: &str, problem: &'static str) -> IntakeError {
    IntakeError::Invalid(idos_credential::Problem::new(field, problem).into())
}

/// The same problems, with their fields below `parent`.
fn below(parent: &str, mut invalid: Invalid) -> Invalid {
    for problem in &mut invalid.problems {
        let field = problem
            .field
            .strip_prefix("credentialSubject")
            .map_or_else(|| problem.field.clone(), |rest| format!("subject{rest}"));
        let dot = if field.is_empty() { "" } else { "." };
        problem.field = format!("{parent}{dot}{field}");
    }
    invalid
}
