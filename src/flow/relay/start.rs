//! A person comes with a consumer's token.

use zeroize::Zeroizing;

use super::RelayError;
use super::consumers::{consumer_of, submitter};
use crate::app::App;
use crate::flow::claim::{self, ClaimError};
use crate::model::claim::NewClaim;
use crate::model::issuance::Delivery;
use crate::model::kyc_version::KYC;
use crate::model::mail_link::LinkToken;
use crate::model::relay::{Begun, TokenFault, Unverified, spelled};
use crate::store::StoreError;

/// What the keyed hash is for from which a claim's link is made.
const LINK: &str = "relay_link";

/// What the keyed hash of a person is for.
pub(super) const PERSON: &str = "relay_person";

/// What the keyed hash of a wallet is for.
pub(super) const WALLET: &str = "relay_wallet";

/// Begins a claim with a consumer's token. Gives the part of its link that cannot be guessed. The same token is the same claim: who loads a
/// page again is where they were, and who has copied a token has one claim to share with its owner.
pub async fn start(app: &App, token: &str) -> Result<Zeroizing<String>, RelayError> {
    if !app.relay.enabled {
        return Err(RelayError::Unknown);
    }
    let token = Unverified::read(token)?;
    let consumer = consumer_of(app, &token).await?;
    let begins = token.begins(&consumer.key, app.clock.now().unix_seconds())?;
    if app.relay.journey(&begins.level).is_none() {
        return Err(TokenFault::Purpose("its level is none that is done here").into());
    }
    let of_consumer = |parts: &[&str]| {
        let id = consumer.id.to_string();
        let all: Vec<_> = std::iter::once(id.as_str()).chain(parts.iter().copied()).collect();
        // None has a NUL: ids and levels have none, and what a token says is refused with one.
        Zeroizing::new(all.join("\0").into_bytes())
    };
    let links: Vec<_> = app
        .vault
        .indexes(LINK, &of_consumer(&[token.signed()]))
        .iter()
        .filter_map(|hash| LinkToken::of_keyed_hash(hash))
        .collect();
    for link in &links {
        match claim::follow(app, link).await {
            Ok(_) => return Ok(link.to_text()),
            Err(ClaimError::Unknown) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let Some(link) = links.first() else { return Err(RelayError::Unknown) };
    let (kind, value) = &begins.person;
    let person =
        app.vault.index(PERSON, &of_consumer(&[&begins.level, kind, &in_one_spelling(kind, value.expose())]));
    let wallet =
        begins.wallet.as_ref().map(|wallet| app.vault.index(WALLET, spelled(wallet.expose()).as_bytes()));
    let begun = Begun { consumer: consumer.id, level: begins.level, person, wallet };
    let new = NewClaim {
        kind: app.kyc_versions.asked(&consumer.client, KYC),
        delivery: Delivery::WriteGrant,
        issuance_id: None,
        grant_seconds: None,
        expires_in: None,
        return_url: None,
        reference: None,
        locale: None,
    };
    match claim::make_by(app, &submitter(&consumer), new, link, Some(begun)).await {
        // The same token has come twice at the same time. Or the claim was erased: then there is none any more.
        Ok(_) => {}
        Err(ClaimError::Store(StoreError::Exists)) => drop(claim::follow(app, link).await?),
        Err(error) => return Err(error.into()),
    }
    Ok(link.to_text())
}

/// A wallet is the same in either spelling.
fn in_one_spelling(kind: &str, value: &str) -> String {
    if kind == "wallet" { spelled(value) } else { value.to_owned() }
}
