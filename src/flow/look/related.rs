//! What a record has to do with others.

use super::found::{self, Hit, Loaded};
use crate::app::App;
use crate::model::sought::AnyRecord;
use crate::model::staff::Reach;
use crate::store::StoreError;

/// The most records of the same user that are shown.
const MOST: usize = 20;

/// What one record is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// It was made of this verification.
    MadeOf,
    /// This was made of it.
    Made,
    /// It takes the place of this one.
    Renews,
    /// This one takes its place.
    RenewedBy,
    /// A person follows this claim's link for it.
    Claim,
    /// It is what this claim has led to.
    OfClaim,
    /// This link's wallet is what it writes.
    Link,
    /// This record writes its wallet.
    WrittenBy,
    /// The same idOS user.
    SameUser,
}

impl Relation {
    /// As a code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MadeOf => "made_of",
            Self::Made => "made",
            Self::Renews => "renews",
            Self::RenewedBy => "renewed_by",
            Self::Claim => "claim",
            Self::OfClaim => "of_claim",
            Self::Link => "link",
            Self::WrittenBy => "written_by",
            Self::SameUser => "same_user",
        }
    }
}

/// Another record, and what it is to the one that is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// What it is.
    pub relation: Relation,
    /// The record.
    pub hit: Hit,
}

/// The others that a record has to do with; those of the same user come last.
pub(super) async fn related(
    app: &App,
    whose: &Reach,
    record: &AnyRecord,
    loaded: &Loaded,
) -> Result<Vec<Related>, StoreError> {
    let store = &app.store;
    let mut ids: Vec<(Relation, String)> = Vec::new();
    let user = match loaded {
        Loaded::Issuance(one) => {
            ids.extend(store.verification_behind(&one.id).await?.map(|id| (Relation::MadeOf, id)));
            let claims = store.claims_for_issuance(&one.id).await?;
            ids.extend(claims.into_iter().map(|id| (Relation::Claim, id)));
            ids.extend(one.renews.as_ref().map(|id| (Relation::Renews, id.to_string())));
            let renewed = store.renewed_by(&one.id).await?;
            ids.extend(renewed.into_iter().map(|id| (Relation::RenewedBy, id)));
            ids.extend(one.superseded_by.as_ref().map(|id| (Relation::RenewedBy, id.to_string())));
            Some(one.user_id)
        }
        Loaded::Profile(one) => {
            let links = store.links_for_record(one.id.as_str()).await?;
            ids.extend(links.into_iter().map(|id| (Relation::Link, id)));
            if let AnyRecord::Profile(id) = record {
                let claims = store.claims_for_profile(id).await?;
                ids.extend(claims.into_iter().map(|id| (Relation::Claim, id)));
            }
            Some(one.user_id)
        }
        Loaded::Attribute(one) => Some(one.user_id),
        Loaded::WalletLink(one, _) => {
            ids.extend(one.record_id.as_ref().map(|id| (Relation::WrittenBy, id.to_string())));
            one.user_id
        }
        Loaded::Verification(one) => {
            let made = store.made_of_verification(&one.id).await?;
            ids.extend(made.into_iter().take(MOST).map(|id| (Relation::Made, id)));
            let claims = store.claims_for_verification(&one.id).await?;
            ids.extend(claims.into_iter().map(|id| (Relation::Claim, id)));
            one.user_id
        }
        Loaded::Claim(one) => {
            ids.extend(one.issuance_id.as_ref().map(|id| (Relation::OfClaim, id.to_string())));
            ids.extend(one.profile_id.as_ref().map(|id| (Relation::OfClaim, id.to_string())));
            ids.extend(store.verification_for_claim(&one.id).await?.map(|id| (Relation::OfClaim, id)));
            one.identified()
        }
    };
    if let Some(user) = user {
        let most = u32::try_from(MOST).unwrap_or(u32::MAX);
        let same = store.ids_of_user(user, most).await?;
        ids.extend(same.into_iter().map(|id| (Relation::SameUser, id)));
    }
    let mut related: Vec<Related> = Vec::new();
    let mut same = 0;
    for (relation, id) in ids {
        let Ok(other) = id.parse::<AnyRecord>() else { continue };
        if other == *record || related.iter().any(|there| there.hit.record == other) {
            continue;
        }
        if relation == Relation::SameUser {
            same += 1;
            if same > MOST {
                break;
            }
        }
        related.extend(found::hit(app, whose, other).await?.map(|hit| Related { relation, hit }));
    }
    Ok(related)
}
