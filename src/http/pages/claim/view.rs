//! What the page is told.

use idos_client::WriteGrant;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::app::App;
use crate::flow::claim::{Look, Next};
use crate::flow::relay::Relayed;
use crate::http::api::write_grants::GrantView;
use crate::model::issuance::{HaltCode, Kind};
use crate::model::verification::Reason;

/// How far it is, and all that the page shows of it.
#[derive(Serialize)]
pub(super) struct StateView {
    /// Something else as soon as anything of it is.
    version: String,
    #[serde(flatten)]
    claim: ClaimOfPage,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClaimOfPage {
    state: &'static str,
    provider: ProviderView,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    delivery: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<NetworkView>,
    expires_at: String,
    grant_seconds: u32,
    /// Whether a write grant may be asked for now.
    takes_grant: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enclave_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet: Option<WalletOfPage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Step>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuance: Option<Step>,
    /// Of a person whom a consumer of the relay has sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    relay: Option<RelayOfPage>,
}

#[derive(Serialize)]
struct RelayOfPage {
    /// Who gets the copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<CheckOfPage>,
}

/// The vendor's check.
#[derive(Serialize)]
struct CheckOfPage {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl From<Relayed> for RelayOfPage {
    fn from(relayed: Relayed) -> Self {
        let check = relayed.check.map(|check| CheckOfPage {
            state: check.state.as_str(),
            reason: check.reason.map(Reason::as_str),
            url: check.url,
        });
        Self { consumer: relayed.consumer, check }
    }
}

#[derive(Serialize)]
struct ProviderView {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NetworkView {
    chain_id: String,
}

#[derive(Serialize)]
struct WalletOfPage {
    r#type: &'static str,
}

/// A profile or an issuance: where it stands, and why it has stopped.
#[derive(Serialize)]
struct Step {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    halt: Option<&'static str>,
}

impl StateView {
    pub(super) fn of(app: &App, look: Look, relayed: Option<Relayed>) -> Self {
        let Look { claim, return_url, profile, issuance } = look;
        let stands = issuance.as_ref().map(|issuance| (issuance.state, issuance.halt));
        let claim = ClaimOfPage {
            state: claim.state.as_str(),
            provider: ProviderView {
                name: app.issuer.name.clone(),
                url: app.claims.provider_url.as_ref().map(ToString::to_string),
            },
            kind: claim.kind.map(Kind::as_str),
            delivery: claim.delivery.as_str(),
            user_id: claim.identified(),
            network: app.network().map(|chain_id| NetworkView { chain_id: chain_id.to_owned() }),
            expires_at: claim.expires_at.to_string(),
            grant_seconds: claim.grant_seconds,
            // Who was sent by a consumer signs for what has come of the check.
            takes_grant: claim.takes_grant(stands) && (relayed.is_none() || stands.is_some()),
            return_url,
            enclave_url: app.claims.enclave_url.as_ref().map(ToString::to_string),
            wallet: claim.wallet.map(|(wallet_type, _)| WalletOfPage { r#type: wallet_type.as_str() }),
            profile: profile.map(|it| Step { state: it.state.as_str(), halt: it.halt.map(HaltCode::as_str) }),
            issuance: issuance
                .map(|it| Step { state: it.state.as_str(), halt: it.halt.map(HaltCode::as_str) }),
            relay: relayed.map(RelayOfPage::from),
        };
        let text = serde_json::to_vec(&claim).unwrap_or_default(); // texts and numbers
        let version = hex::encode(Sha256::digest(&text)).get(..16).unwrap_or_default().to_owned();
        Self { version, claim }
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }
}

/// What the wallet is asked for next.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NextView {
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

impl From<Next> for NextView {
    fn from(next: Next) -> Self {
        let nothing = Self { next: None, user_id: None, message: None, nonce: None, expires_at: None };
        match next {
            Next::SignIn { message, nonce } => {
                Self { next: Some("sign_in"), message: Some(message), nonce: Some(nonce), ..nothing }
            }
            Next::CreateProfile { user_id, challenge } => Self {
                next: Some("create_profile"),
                user_id: Some(user_id),
                message: Some(challenge.message.to_string()),
                expires_at: Some(challenge.expires_at.to_string()),
                ..nothing
            },
            Next::Known(user_id) => Self { user_id: Some(user_id), ..nothing },
        }
    }
}

/// A grant to be signed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GrantOfferView {
    expires_at: String,
    grant: GrantView,
    message: String,
}

impl GrantOfferView {
    pub(super) fn of(grant: WriteGrant, message: String) -> Self {
        Self { expires_at: grant.not_after().to_string(), grant: grant.into(), message }
    }
}
