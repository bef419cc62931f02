//! Find all records of one person: from whatever one is known by, on to all that names the same idOS user or hangs together.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use uuid::Uuid;

use super::CaseError;
use crate::app::App;
use crate::flow::{claim, contact, wallet};
use crate::model::case::{CaseRecord, MOST_RECORDS, RecordKind};
use crate::model::issuance::Reference;
use crate::model::personal::Email;
use crate::model::profile::RecordId;
use crate::model::submission::Owner;
use crate::store::StoreError;

/// How many more records there may be when a case is carried out than when it was opened: by then it is known to be one person.
const MORE: usize = 10;

/// By what a person is known.
#[derive(Debug)]
pub enum Whose {
    /// By the address of a contact.
    Email(Email),
    /// By a wallet, as far as records have a keyed hash of it. A node tells only the wallet itself whose it is.
    Wallet(Owner),
    /// By the idOS user's id.
    User(Uuid),
    /// By the provider's reference.
    Reference(Reference),
}

/// Records, each with the idOS user that it names, if it names one.
#[derive(Clone, Debug, Default)]
pub(super) struct Found(BTreeMap<(RecordKind, String), Option<Uuid>>);

impl Found {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What they are, and their ids.
    pub(super) fn records(&self) -> Vec<(RecordKind, String)> {
        self.0.keys().cloned().collect()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = CaseRecord> {
        self.0.iter().map(|((kind, id), user_id)| CaseRecord {
            kind: *kind,
            id: id.clone(),
            user_id: *user_id,
        })
    }

    /// The idOS users that are named.
    pub(super) fn users(&self) -> BTreeSet<Uuid> {
        self.0.values().flatten().copied().collect()
    }

    /// Whether these may be records of several people: they name several users, or some name none and might be anybody's.
    pub(super) fn is_shared(&self) -> bool {
        self.users().len() + self.0.values().filter(|user| user.is_none()).count() > 1
    }

    /// Only those that are wanted.
    pub(super) fn only(mut self, wanted: impl Fn(&str, Option<Uuid>) -> bool) -> Self {
        self.0.retain(|(_, id), user| wanted(id, *user));
        self
    }

    /// These and those.
    pub(super) fn with(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }
}

/// All records of a client's that belong to a person.
pub(super) async fn find(app: &App, client: &str, whose: &Whose) -> Result<Found, CaseError> {
    let most = i64::try_from(MOST_RECORDS).unwrap_or(i64::MAX).saturating_add(1);
    let ids = match whose {
        Whose::Email(email) => contact::find(app, client, email).await?.ids().collect(),
        Whose::Wallet(owner) => {
            let (of_claims, of_profiles) =
                (claim::wallet_indexes(app, owner), wallet::indexes_under_way(app, owner));
            app.store.records_of_wallet(client, (&of_claims, &of_profiles)).await?
        }
        Whose::User(user_id) => app.store.records_of_user(client, *user_id, most).await?,
        Whose::Reference(reference) => {
            app.store.records_of_reference(client, &reference.clone().into_string(), most).await?
        }
    };
    all_of(app, client, ids, MOST_RECORDS).await
}

/// The same, from the records of a case: what has come since is found as well, and what is gone is not.
pub(super) async fn again(
    app: &App,
    client: &str,
    records: Vec<(RecordKind, String)>,
) -> Result<Found, CaseError> {
    let ids = records.into_iter().map(|(_, id)| id).collect();
    all_of(app, client, ids, MOST_RECORDS * MORE).await
}

/// These records alone, as they are now.
pub(super) async fn these(
    app: &App,
    client: &str,
    records: Vec<(RecordKind, String)>,
) -> Result<Found, CaseError> {
    let mut found = Found::default();
    for (_, id) in records {
        if let Some(loaded) = load(app, client, &id).await? {
            found.0.insert((loaded.kind, id), loaded.user_id);
        }
    }
    Ok(found)
}

async fn all_of(app: &App, client: &str, mut ids: Vec<String>, most: usize) -> Result<Found, CaseError> {
    let of_each = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let (mut found, mut seen, mut users) = (Found::default(), BTreeSet::new(), BTreeSet::new());
    while let Some(id) = ids.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let Some(loaded) = load(app, client, &id).await? else { continue };
        if found.len() >= most {
            return Err(CaseError::TooMany);
        }
        found.0.insert((loaded.kind, id), loaded.user_id);
        ids.extend(loaded.beside);
        if let Some(user_id) = loaded.user_id.filter(|user_id| users.insert(*user_id)) {
            ids.extend(app.store.records_of_user(client, user_id, of_each).await?);
        }
    }
    Ok(found)
}

/// A record, and ids of what hangs together with it.
struct Loaded {
    kind: RecordKind,
    user_id: Option<Uuid>,
    beside: Vec<String>,
}

/// A client's record; `None` if there is none, or it is somebody else's.
async fn load(app: &App, client: &str, id: &str) -> Result<Option<Loaded>, StoreError> {
    let Some(kind) = RecordKind::of_id(id) else { return Ok(None) };
    match read(app, kind, id).await {
        Ok(Some((owner, user_id, beside))) => {
            Ok((owner == client).then_some(Loaded { kind, user_id, beside }))
        }
        Ok(None) => Ok(None),
        // A newer program has written it: it is there all the same. Whoever has led to it was this client's.
        Err(StoreError::Unreadable(_)) => Ok(Some(Loaded { kind, user_id: None, beside: Vec::new() })),
        Err(error) => Err(error),
    }
}

type Read = (String, Option<Uuid>, Vec<String>);

async fn read(app: &App, kind: RecordKind, id: &str) -> Result<Option<Read>, StoreError> {
    fn parsed<Id: FromStr>(id: &str) -> Result<Id, StoreError> {
        id.parse().map_err(|_| StoreError::Unreadable("id"))
    }
    let text = |id: Option<String>| id.into_iter();
    let store = &app.store;
    Ok(match kind {
        RecordKind::Issuance => match store.issuance(&parsed(id)?).await? {
            Some(issuance) => {
                let mut beside = store.records_of_issuance(id).await?;
                beside.extend(
                    issuance.renews.into_iter().chain(issuance.superseded_by).map(|id| id.to_string()),
                );
                Some((issuance.client, Some(issuance.user_id), beside))
            }
            None => None,
        },
        RecordKind::Verification => match store.verification(&parsed(id)?).await? {
            Some(verification) => {
                let user_id = match (verification.user_id, &verification.issuance_id) {
                    (None, Some(id)) => store.issuance(id).await?.map(|issuance| issuance.user_id),
                    (user_id, _) => user_id,
                };
                let beside = text(verification.issuance_id.map(|id| id.to_string())).collect();
                Some((verification.client, user_id, beside))
            }
            None => None,
        },
        RecordKind::Claim => match store.claim(&parsed(id)?).await? {
            Some(claim) => {
                // Before anybody is identified, the user is one that nobody is yet.
                let is_known =
                    claim.identified().is_some() || claim.issuance_id.is_some() || claim.profile_id.is_some();
                let user_id = is_known.then_some(claim.user_id);
                let beside = text(claim.issuance_id.map(|id| id.to_string()))
                    .chain(text(claim.profile_id.map(|id| id.to_string())));
                Some((claim.client, user_id, beside.collect()))
            }
            None => None,
        },
        RecordKind::Profile | RecordKind::Wallet => match store.profile(&parsed::<RecordId>(id)?).await? {
            Some(profile) => {
                let beside = store.records_of_profile(id).await?;
                Some((profile.client, Some(profile.user_id), beside))
            }
            None => None,
        },
        RecordKind::Attribute => {
            let attribute = store.attribute(&parsed(id)?).await?;
            attribute.map(|attribute| (attribute.client, Some(attribute.user_id), Vec::new()))
        }
        RecordKind::WalletLink => match store.wallet_link(&parsed(id)?).await? {
            Some(link) => {
                let beside = text(link.record_id.map(|id| id.to_string())).collect();
                Some((link.client, link.user_id, beside))
            }
            None => None,
        },
    })
}
