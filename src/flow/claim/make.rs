//! Make a claim.

use rand::rngs::OsRng;

use super::{ClaimError, invalid};
use crate::app::App;
use crate::flow::claimed::Kept;
use crate::model::audit::{AuditAction, AuditEntry};
use crate::model::claim::{Claim, NewClaim, State};
use crate::model::ids::{ClaimId, IssuanceId, random_uuid};
use crate::model::issuance::{HaltCode, Issuance, Reference, State as IssuanceState};
use crate::model::mail_link::LinkToken;
use crate::model::relay::{Begun, Start};
use crate::model::submitter::Submitter;
use crate::model::time::HOUR;

/// A claim, and the link that nobody will be able to read again.
pub struct Made {
    /// The record.
    pub claim: Claim,
    /// Where the person goes.
    pub url: String,
}

/// Makes a link for one person. Asked for twice, there are two of them: each works by itself.
pub async fn make(app: &App, caller: &Submitter, new: NewClaim) -> Result<Made, ClaimError> {
    make_by(app, caller, new, &LinkToken::new(&mut OsRng), None).await
}

/// The same with a token that was chosen before, and perhaps what a consumer of the relay has begun it with.
/// [`StoreError::Exists`](crate::store::StoreError::Exists) if there is one by this token.
pub(in crate::flow) async fn make_by(
    app: &App,
    caller: &Submitter,
    new: NewClaim,
    token: &LinkToken,
    begun: Option<Begun>,
) -> Result<Made, ClaimError> {
    if new.return_url.as_ref().is_some_and(|url| !app.claims.may_lead_back_to(url)) {
        return Err(invalid("returnUrl", "begins with none of the addresses that claims.return_urls names"));
    }
    let issuance = match &new.issuance_id {
        Some(id) => Some(waiting(app, caller, id, &new).await?),
        None => None,
    };
    let path = format!("/claim/{}", *token.to_text());
    let url = app.http.public(&path).ok_or(ClaimError::NoPage)?;
    let now = app.clock.now();
    let id = ClaimId::new(now, &mut OsRng);
    let lasts =
        new.expires_in.map_or(i64::from(app.claims.link_hours) * HOUR, |seconds| i64::from(seconds) * 1000);
    let kept = Kept { return_url: new.return_url, grant: None };
    let claim = Claim {
        client: caller.tenant.clone(),
        hash: token.hash(),
        state: State::Open,
        kind: issuance.as_ref().map(|issuance| issuance.kind).or(new.kind),
        delivery: new.delivery,
        user_id: issuance.map_or_else(|| random_uuid(&mut OsRng), |issuance| issuance.user_id),
        issuance_id: new.issuance_id,
        profile_id: None,
        wallet: None,
        reference: new.reference.map(Reference::into_string),
        locale: new.locale,
        grant_seconds: new.grant_seconds.unwrap_or(app.claims.grant_seconds),
        grant_id: None,
        locked: kept.lock(app, &id)?,
        version: 0,
        expires_at: now.plus_millis(lasts),
        created_at: now,
        updated_at: now,
        id,
    };
    let mut tx = app.store.begin().await?;
    tx.add_claim(&claim).await?;
    if let Some(Begun { consumer, level, person, wallet }) = begun {
        let claim = claim.id.clone();
        tx.add_relay_start(&Start { claim, consumer, level, person, wallet, verification: None }, now)
            .await?;
    }
    let issuance = claim.issuance_id.as_ref().map_or("", IssuanceId::as_str);
    let entry = AuditEntry::new(now, caller.actor(), AuditAction::ClaimMade, claim.id.as_str());
    tx.record(&entry.detail(issuance)).await?;
    tx.commit().await?;
    tracing::info!(claim.id = %claim.id, "Made {}", claim.id);
    Ok(Made { claim, url })
}

/// The issuance that is to wait for the person, which must be one that does.
async fn waiting(
    app: &App,
    caller: &Submitter,
    id: &IssuanceId,
    new: &NewClaim,
) -> Result<Issuance, ClaimError> {
    let issuance = app.store.issuance_of(&caller.tenant, id).await?;
    let issuance = issuance.ok_or_else(|| invalid("issuanceId", "is no issuance of this client"))?;
    let waits = match issuance.state {
        IssuanceState::AwaitingProfile | IssuanceState::AwaitingGrant => true,
        IssuanceState::Halted => issuance.halt.is_some_and(HaltCode::is_of_the_grant),
        _ => false,
    };
    if !waits {
        return Err(invalid(
            "issuanceId",
            "is an issuance that waits for nobody: it must be awaiting_profile or awaiting_grant, or need a new write grant",
        ));
    }
    if issuance.delivery != new.delivery {
        return Err(invalid("delivery", "is not that of the issuance"));
    }
    if new.kind.is_some_and(|kind| kind != issuance.kind) {
        return Err(invalid("kind", "is not that of the issuance"));
    }
    Ok(issuance)
}
