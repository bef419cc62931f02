//! Follow a link, and see how far it is.

use super::ClaimError;
use super::person::identified_by_profile;
use crate::app::App;
use crate::flow::claimed::Kept;
use crate::model::claim::{Claim, State};
use crate::model::issuance::Issuance;
use crate::model::mail_link::LinkToken;
use crate::model::profile::{Profile, ProfileState};

/// The claim that a token leads to. Following changes nothing.
pub async fn follow(app: &App, token: &LinkToken) -> Result<Claim, ClaimError> {
    let claim = app.store.claim_by_hash(&token.hash()).await?.ok_or(ClaimError::Unknown)?;
    if claim.state == State::Erased {
        return Err(ClaimError::Unknown);
    }
    if claim.is_followed(app.clock.now()) { Ok(claim) } else { Err(ClaimError::Expired) }
}

/// A claim, with all that its page shows.
pub struct Look {
    /// The claim.
    pub claim: Claim,
    /// Where the page leads back to.
    pub return_url: Option<String>,
    /// The profile that the person has had created.
    pub profile: Option<Profile>,
    /// The issuance.
    pub issuance: Option<Issuance>,
}

impl Look {
    /// Ids of all that was looked at.
    #[must_use]
    pub fn read_from(&self) -> Vec<String> {
        let claim = self.claim.id.to_string();
        let others = [
            self.claim.profile_id.as_ref().map(ToString::to_string),
            self.claim.issuance_id.as_ref().map(ToString::to_string),
        ];
        [claim].into_iter().chain(others.into_iter().flatten()).collect()
    }
}

/// Looks at a claim that was followed.
pub async fn look(app: &App, claim: Claim) -> Result<Look, ClaimError> {
    let profile = match &claim.profile_id {
        Some(id) => app.store.profile(&id.clone().into()).await?,
        None => None,
    };
    // Whoever noted the profile with the claim may have been too late to see it created.
    let is_created = profile.as_ref().is_some_and(|profile| profile.state == ProfileState::Created);
    let claim = if claim.state == State::Open && is_created {
        identified_by_profile(app, claim).await?
    } else {
        claim
    };
    let issuance = match &claim.issuance_id {
        Some(id) => app.store.issuance(id).await?,
        None => None,
    };
    // Without the vault key there is no way back, and all else goes on.
    let return_url = Kept::of(app, &claim).ok().and_then(|kept| kept.return_url);
    Ok(Look { claim, return_url: return_url.map(|url| url.to_string()), profile, issuance })
}
