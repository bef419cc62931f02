//! What a simulated user and the client that submits for it ask of the service: a profile, and a signed write grant.

use std::time::Duration;

use idos_client::Signer;
use idos_client::actions::GetCredentialOwned;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Error;
use super::holder::{Holder, random_id};
use crate::app::App;
use crate::cli::background::until;
use crate::flow::challenge::{self, Purpose};
use crate::flow::network::content_of;
use crate::flow::{grant, intake, profile};
use crate::model::client::Idempotency;
use crate::model::personal::Personal;
use crate::model::profile::{NewProfile, PasswordStore, Profile, ProfileState, WalletClaim};
use crate::model::submission::SignedGrant;
use crate::model::submitter::Submitter;

/// How long a write grant of a simulated user is good for.
const GRANT_LIFE: Duration = Duration::from_hours(24);

/// What makes a request of a simulated client one of its own.
pub(in crate::cli) fn request_key(app: &App, caller: &Submitter) -> Idempotency {
    intake::idempotency(app, caller, &random_id().to_string(), &[])
}

/// Has the service create the user's profile, by a challenge that the user's wallet signs, and waits until it is on the
/// network.
pub(in crate::cli) async fn create_profile(
    app: &App,
    caller: &Submitter,
    holder: &Holder,
) -> Result<(), Error> {
    let profile = ask_for_profile(app, caller, &request_key(app, caller), holder).await?;
    match (profile.state, profile.halt) {
        (ProfileState::Created, _) => Ok(()),
        (_, Some(code)) => {
            Err(format!("the profile has stopped ({code}): {}", code.cure(profile.stopped())).into())
        }
        (state, None) => Err(format!("the profile is {state}").into()),
    }
}

/// The same, under this key, whatever becomes of it.
pub(in crate::cli) async fn ask_for_profile(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    holder: &Holder,
) -> Result<Profile, Error> {
    let owner = holder.owner();
    let signer = challenge::Signer::of(&owner, None);
    let message = challenge::offer(app, caller, Purpose::Proof, holder.user_id, signer).message;
    let signature = holder.sign(&message);
    let new = NewProfile {
        user_id: holder.user_id,
        encryption_key: holder.secret.public(),
        password_store: PasswordStore::User,
        wallet: WalletClaim {
            wallet_type: owner.wallet_type,
            address: owner.address,
            public_key: owner.public_key,
            message: Personal::new(message.to_string()),
            signature: Personal::new(signature),
        },
    };
    let asked = profile::request(app, caller, key, new).await?.record;
    let look = async || app.store.profile(&asked.id).await;
    Ok(until(app, asked.id.as_str(), look, |profile| profile.state != ProfileState::Pending).await?)
}

/// Gets the text of a write grant, and has the user's wallet sign it.
pub(in crate::cli) async fn signed_grant(app: &App, holder: &Holder) -> Result<SignedGrant, Error> {
    let owner = holder.owner();
    let (grant, text) = grant::offer(app, &owner, GRANT_LIFE, None, None).await?;
    Ok(SignedGrant { grant, owner, signature: Personal::new(holder.sign(&text)) })
}

/// Fetches a credential of the user's from the network and opens it, with nothing but the wallet and the password.
pub(super) async fn read_own(app: &App, holder: &Holder, id: Uuid) -> Result<Zeroizing<Vec<u8>>, Error> {
    let signer = Signer::from(holder.wallet.clone());
    let row = app.idos().await?.call_one(&signer, &GetCredentialOwned { id }).await?;
    let row = row.ok_or("the user has no such credential")?;
    let content = content_of(app, &signer, row.content).await?;
    Ok(holder.derive_again()?.open_bytes(content, &row.encryptor_public_key)?)
}
