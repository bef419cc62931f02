//! Create a user's idOS profile: the user with an encryption key, and a wallet that is proven to be theirs.

use idos_client::actions::PasswordStore;
use rand::rngs::OsRng;

use super::Accepted;
use super::challenge;
use super::network::{Seen, see};
use super::wallet::{self, Asked, RequestError, Wanted};
use crate::app::App;
use crate::model::client::Idempotency;
use crate::model::ids::{ProfileId, is_user_id};
use crate::model::profile::{self as model, NewProfile, Profile, ProfileState, UserKeys};
use crate::model::submitter::Submitter;

/// Accepts a profile to be created. The wallet's proof is verified here, before any network; then the node is asked
/// whether the user or the wallet is there, if it can be asked.
pub async fn request(
    app: &App,
    caller: &Submitter,
    key: &Idempotency,
    new: NewProfile,
) -> Result<Accepted<Profile>, RequestError> {
    let asked = Asked::Request(key);
    wallet::once_more(|| attempt(app, caller, &asked, &new)).await
}

async fn attempt(
    app: &App,
    caller: &Submitter,
    asked: &Asked<'_>,
    new: &NewProfile,
) -> Result<Accepted<Profile>, RequestError> {
    if let Some(accepted) = wallet::replay(app, caller, asked).await? {
        return Ok(accepted);
    }
    if !is_user_id(new.user_id) {
        return Err(RequestError::UserId);
    }
    new.wallet.proof().verify()?;
    challenge::check(app, caller, new.user_id, &new.wallet)?;
    wallet::check_message(app, &new.wallet)?;
    let user = UserKeys {
        encryption_public_key: new.encryption_key.to_base64(),
        password_store: new.password_store,
    };
    // Asked for twice, under two keys: it is one profile, with one row for the wallet. One that has stopped is not: who
    // asks again may have mended what was wrong with it.
    let newest = app.store.profile_of(&caller.tenant, new.user_id).await?;
    if let Some(there) = newest.filter(|there| there.state == ProfileState::Pending) {
        if there.user.as_ref().map(|user| &user.encryption_public_key) != Some(&user.encryption_public_key) {
            return Err(RequestError::OtherKey);
        }
        if wallet::is_of(app, &there, &new.wallet).await? {
            return wallet::take_for_the_same(app, caller, asked, there).await;
        }
    }
    let now = app.clock.now();
    let id = ProfileId::new(now, &mut OsRng);
    let write = app.write_key_for(id.as_str());
    if let Seen::User(there) = see(app, write, new.user_id).await?
        && there.recipient_encryption_public_key != user.encryption_public_key
    {
        return Err(RequestError::UserExists);
    }
    wallet::check_free(app, (&new.wallet).into()).await?;
    let wanted = Wanted { id: id.into(), user_id: new.user_id, user: Some(user), write, wallet: &new.wallet };
    wallet::keep(app, caller, asked, wanted, now).await
}

/// The node's name for where a password is kept.
#[must_use]
pub fn password_store(store: model::PasswordStore) -> PasswordStore {
    match store {
        model::PasswordStore::User => PasswordStore::User,
        model::PasswordStore::Mpc => PasswordStore::Mpc,
    }
}
