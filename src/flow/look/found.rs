//! A record of any kind, as far as all have something in common.

use crate::app::App;
use crate::model::attribute::Attribute;
use crate::model::claim::Claim;
use crate::model::issuance::{HaltCode, Issuance, Stopped};
use crate::model::profile::Profile;
use crate::model::sought::AnyRecord;
use crate::model::staff::Reach;
use crate::model::time::Timestamp;
use crate::model::verification::Verification;
use crate::model::wallet_link::WalletLink;
use crate::store::StoreError;

/// A record, as it was read.
pub(super) enum Loaded {
    Issuance(Box<Issuance>),
    Profile(Box<Profile>),
    Attribute(Box<Attribute>),
    /// With the record that writes its wallet.
    WalletLink(Box<WalletLink>, Option<Box<Profile>>),
    Verification(Box<Verification>),
    Claim(Box<Claim>),
}

/// A record in a list of what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which it is.
    pub record: AnyRecord,
    /// Whose it is.
    pub client: String,
    /// Where it stands, as a code.
    pub state: &'static str,
    /// Why it has stopped, or is over, as a code.
    pub code: Option<&'static str>,
    /// What the provider calls it.
    pub reference: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Loaded {
    /// Reads a record that may be seen. Nobody is told whether there is one that may not.
    pub(super) async fn read(app: &App, whose: &Reach, id: &AnyRecord) -> Result<Option<Self>, StoreError> {
        let store = &app.store;
        let found = match id {
            AnyRecord::Issuance(id) => store.issuance(id).await?.map(|one| Self::Issuance(Box::new(one))),
            AnyRecord::Profile(id) => {
                store.profile(&id.clone().into()).await?.map(|one| Self::Profile(Box::new(one)))
            }
            AnyRecord::Wallet(id) => {
                store.profile(&id.clone().into()).await?.map(|one| Self::Profile(Box::new(one)))
            }
            AnyRecord::Attribute(id) => store.attribute(id).await?.map(|one| Self::Attribute(Box::new(one))),
            AnyRecord::WalletLink(id) => match store.wallet_link(id).await? {
                None => None,
                Some(link) => {
                    let writes = match link.record_id.clone() {
                        Some(id) => store.profile(&id.into()).await?.map(Box::new),
                        None => None,
                    };
                    Some(Self::WalletLink(Box::new(link), writes))
                }
            },
            AnyRecord::Verification(id) => {
                store.verification(id).await?.map(|one| Self::Verification(Box::new(one)))
            }
            AnyRecord::Claim(id) => store.claim(id).await?.map(|one| Self::Claim(Box::new(one))),
        };
        Ok(found.filter(|found| whose.sees(found.client())))
    }

    pub(super) fn client(&self) -> &str {
        match self {
            Self::Issuance(one) => &one.client,
            Self::Profile(one) => &one.client,
            Self::Attribute(one) => &one.client,
            Self::WalletLink(one, _) => &one.client,
            Self::Verification(one) => &one.client,
            Self::Claim(one) => &one.client,
        }
    }

    pub(super) fn state(&self, now: Timestamp) -> &'static str {
        match self {
            Self::Issuance(one) => one.state.as_str(),
            Self::Profile(one) => one.state.as_str(),
            Self::Attribute(one) => one.state.as_str(),
            Self::WalletLink(one, writes) => one.state_with(writes.as_deref(), now).as_str(),
            Self::Verification(one) => one.state.as_str(),
            Self::Claim(one) => one.state.as_str(),
        }
    }

    /// What has stopped, and why, or why it is over.
    pub(super) fn halt(&self) -> Option<(Stopped, HaltCode)> {
        match self {
            Self::Issuance(one) => one.halt.map(|code| (one.stopped(), code)),
            Self::Profile(one) => one.halt.map(|code| (one.stopped(), code)),
            Self::Attribute(one) => one.halt.map(|code| (one.stopped(), code)),
            Self::WalletLink(_, writes) => {
                writes.as_ref().and_then(|one| one.halt.map(|code| (one.stopped(), code)))
            }
            Self::Verification(_) | Self::Claim(_) => None,
        }
    }

    pub(super) fn reference(&self) -> Option<&str> {
        match self {
            Self::Issuance(one) => one.reference.as_deref(),
            Self::Profile(_) | Self::Attribute(_) => None,
            Self::WalletLink(one, _) => one.reference.as_deref(),
            Self::Verification(one) => one.reference.as_deref(),
            Self::Claim(one) => one.reference.as_deref(),
        }
    }

    /// When it was made, and when it last changed.
    pub(super) fn times(&self) -> (Timestamp, Timestamp) {
        match self {
            Self::Issuance(one) => (one.created_at, one.updated_at),
            Self::Profile(one) => (one.created_at, one.updated_at),
            Self::Attribute(one) => (one.created_at, one.updated_at),
            Self::WalletLink(one, _) => (one.created_at, one.updated_at),
            Self::Verification(one) => (one.created_at, one.updated_at),
            Self::Claim(one) => (one.created_at, one.updated_at),
        }
    }

    pub(super) fn hit(&self, record: AnyRecord, now: Timestamp) -> Hit {
        let (created_at, updated_at) = self.times();
        let reason = match self {
            Self::Verification(one) => one.reason.map(crate::model::verification::Reason::as_str),
            _ => None,
        };
        Hit {
            record,
            client: self.client().to_owned(),
            state: self.state(now),
            code: self.halt().map(|(_, code)| code.as_str()).or(reason),
            reference: self.reference().map(str::to_owned),
            created_at,
            updated_at,
        }
    }
}

/// A record that may be seen, in short.
pub(super) async fn hit(app: &App, whose: &Reach, record: AnyRecord) -> Result<Option<Hit>, StoreError> {
    let found = Loaded::read(app, whose, &record).await?;
    Ok(found.map(|found| found.hit(record, app.clock.now())))
}
