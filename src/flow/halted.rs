//! What has stopped: found, and brought on, singly or all that has met the same; a client's, or whosever it is for operators.

use super::{attribute, resume, revoke, wallet};
use crate::app::App;
use crate::model::attribute::Attribute;
use crate::model::audit::Actor;
use crate::model::issuance::{HaltCode, Issuance, State, Stopped};
use crate::model::profile::Profile;
use crate::model::submitter::Submitter;
use crate::store::{Store, StoreError};

/// Records that are read in one go.
const BATCH: u32 = 500;

/// Something that has stopped.
pub enum Halted {
    /// An issuance, or the revocation of its credential.
    Issuance(Box<Issuance>),
    /// A profile, or a wallet.
    Profile(Box<Profile>),
    /// An attribute.
    Attribute(Box<Attribute>),
}

/// Which of them are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only this kind.
    pub what: Option<Stopped>,
    /// Only for this reason.
    pub code: Option<HaltCode>,
    /// Only this client's.
    pub client: Option<String>,
}

/// Why it was not brought on.
#[derive(Debug, thiserror::Error)]
pub enum HaltedError {
    /// An issuance.
    #[error(transparent)]
    Issuance(#[from] resume::ResumeError),
    /// A revocation.
    #[error(transparent)]
    Revocation(#[from] revoke::RevokeError),
    /// A profile or a wallet.
    #[error(transparent)]
    Profile(#[from] wallet::ResumeError),
    /// An attribute.
    #[error(transparent)]
    Attribute(#[from] attribute::ResumeError),
}

impl HaltedError {
    /// What the database had to say, if it is that and would be so of any record. Somebody who was faster is none of it.
    pub(super) fn of_the_store(self) -> Option<StoreError> {
        match self {
            Self::Issuance(resume::ResumeError::Store(error))
            | Self::Revocation(revoke::RevokeError::Store(error))
            | Self::Profile(wallet::ResumeError::Store(error))
            | Self::Attribute(attribute::ResumeError::Store(error))
                if !matches!(error, StoreError::Stale) =>
            {
                Some(error)
            }
            _ => None,
        }
    }
}

impl Halted {
    /// Its id: that of the issuance, the profile, the wallet or the attribute.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Issuance(issuance) => issuance.id.as_str(),
            Self::Profile(profile) => profile.id.as_str(),
            Self::Attribute(attribute) => attribute.id.as_str(),
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn client(&self) -> &str {
        match self {
            Self::Issuance(issuance) => &issuance.client,
            Self::Profile(profile) => &profile.client,
            Self::Attribute(attribute) => &attribute.client,
        }
    }

    /// What has stopped.
    #[must_use]
    pub fn what(&self) -> Stopped {
        match self {
            Self::Issuance(issuance) => issuance.stopped(),
            Self::Profile(profile) => profile.stopped(),
            Self::Attribute(attribute) => attribute.stopped(),
        }
    }

    /// Why.
    #[must_use]
    pub fn code(&self) -> Option<HaltCode> {
        match self {
            Self::Issuance(issuance) => issuance.halt,
            Self::Profile(profile) => profile.halt,
            Self::Attribute(attribute) => attribute.halt,
        }
    }

    /// Since when.
    #[must_use]
    pub fn since(&self) -> idos_credential::Timestamp {
        match self {
            Self::Issuance(issuance) => issuance.updated_at,
            Self::Profile(profile) => profile.updated_at,
            Self::Attribute(attribute) => attribute.updated_at,
        }
    }

    fn is(&self, wanted: &Wanted) -> bool {
        wanted.what.is_none_or(|what| what == self.what())
            && wanted.code.is_none_or(|code| Some(code) == self.code())
            && wanted.client.as_deref().is_none_or(|client| client == self.client())
    }
}

/// All that has stopped and is wanted: issuances and revocations first, then profiles and wallets, then attributes. What cannot be read is
/// passed over, and logged.
pub async fn find(store: &Store, wanted: &Wanted) -> Result<Vec<Halted>, StoreError> {
    let mut found = Vec::new();
    let mut from = None;
    let is_profile = |what| matches!(what, Stopped::Profile | Stopped::Wallet);
    let is_attribute = |what| what == Stopped::Attribute;
    while wanted.what.is_none_or(|what| !is_profile(what) && !is_attribute(what)) {
        let batch = store.stopped(from, BATCH).await?;
        let all = batch.items.into_iter().map(|issuance| Halted::Issuance(Box::new(issuance)));
        found.extend(all.filter(|halted| halted.is(wanted)));
        from = batch.next;
        if from.is_none() {
            break;
        }
    }
    while wanted.what.is_none_or(is_profile) {
        let batch = store.stopped_profiles(None, from, BATCH).await?;
        let all = batch.items.into_iter().map(|profile| Halted::Profile(Box::new(profile)));
        found.extend(all.filter(|halted| halted.is(wanted)));
        from = batch.next;
        if from.is_none() {
            break;
        }
    }
    while wanted.what.is_none_or(is_attribute) {
        let batch = store.stopped_attributes(None, from, BATCH).await?;
        let all = batch.items.into_iter().map(|attribute| Halted::Attribute(Box::new(attribute)));
        found.extend(all.filter(|halted| halted.is(wanted)));
        from = batch.next;
        if from.is_none() {
            break;
        }
    }
    Ok(found)
}

/// Brings one on, by an operator's word.
pub async fn resume(app: &App, halted: Halted) -> Result<(), HaltedError> {
    bring_on(app, Actor::Operator, halted).await
}

/// Brings one on, by somebody's word.
pub(super) async fn resume_as(app: &App, actor: Actor, halted: Halted) -> Result<(), HaltedError> {
    bring_on(app, actor, halted).await
}

async fn bring_on(app: &App, actor: Actor, halted: Halted) -> Result<(), HaltedError> {
    match halted {
        Halted::Issuance(issuance) if issuance.state == State::Issued => {
            revoke::revoke(app, actor, *issuance).await?;
        }
        Halted::Issuance(issuance) => {
            resume::bring_on(app, actor, *issuance, None).await?;
        }
        Halted::Profile(profile) => {
            wallet::bring_on(app, actor, *profile).await?;
        }
        Halted::Attribute(attribute) => {
            attribute::bring_on(app, actor, *attribute).await?;
        }
    }
    Ok(())
}

/// The most that one request brings on.
const AT_ONCE: u32 = 200;

/// What became of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// How many go on.
    pub resumed: u32,
    /// How many do not: they take a new write grant, or their content is gone. Each says so by itself.
    pub left: u32,
    /// Whether there may be more than are brought on at once.
    pub more: bool,
}

/// Brings on what has stopped of a client, of one kind: all, or what has stopped for one reason.
pub async fn resume_all(
    app: &App,
    caller: &Submitter,
    what: Stopped,
    code: Option<HaltCode>,
) -> Result<Resumed, StoreError> {
    let wanted = Wanted { what: Some(what), code, client: Some(caller.tenant.clone()) };
    let mut outcome = Resumed { resumed: 0, left: 0, more: false };
    for halted in find(&app.store, &wanted).await? {
        if outcome.resumed >= AT_ONCE {
            outcome.more = true;
            break;
        }
        match bring_on(app, caller.actor(), halted).await {
            Ok(()) => outcome.resumed += 1,
            Err(error) => match error.of_the_store() {
                Some(error) => return Err(error),
                None => outcome.left += 1,
            },
        }
    }
    Ok(outcome)
}
