//! Sample work that has stopped, each for another reason that there really is.

use futures_util::future::try_join_all;
use idos_client::actions::AddUserAsInserter;
use idos_client::{Broadcast, Nonce, Signer};
use idos_devnode::{Fault, Switch};
use idos_wallet::WalletType;
use tokio::try_join;

use super::person::{Person, UNKNOWN_OWNERS, UNUSABLE_KEY};
use super::{Error, People, by_grant, holders};
use crate::cli::background::until;
use crate::cli::demo::user;
use crate::flow::network::{self, By};
use crate::flow::{attribute, profile};
use crate::model::attribute::{NewAttribute, Sensitive};
use crate::model::issuance::State;
use crate::model::personal::Personal;
use crate::model::profile::{PasswordStore, ProfileState};
use crate::model::submission::Authority;

/// A key that decrypts nothing and that everybody knows: a point of low order, the first.
const NO_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The key of another issuer, which everybody knows.
pub(super) fn another_issuer() -> Signer {
    Signer::from_seed(&[0x42; 32])
}

/// Each of what stops by itself; beside each other, since a service looks for a profile, and at a wallet that is taken, for seconds.
pub(super) async fn make(people: &People) -> Result<(), Error> {
    let unknown = UNKNOWN_OWNERS.iter().map(|person| grant_of_a_wallet_without_profile(people, person));
    try_join!(try_join_all(unknown), key_that_is_none(people), wallet_of_somebody_else(people))?;
    Ok(())
}

/// `owner_unknown`: a node does not tell whose wallet of NEAR it is, until a grant is used that it has signed.
async fn grant_of_a_wallet_without_profile(people: &People, person: &'static Person) -> Result<(), Error> {
    let holder = people.holder(person.name).await?;
    people.with_profile(people.caller(person), person.name, &holder).await?;
    let stranger = holders::of(&people.app, &format!("{}-near", person.name), WalletType::Near).await?;
    let grant = user::signed_grant(&people.app, &stranger).await?;
    let issuance = people.submit(person, &holder, by_grant(grant)).await?;
    people.settled(issuance).await.map(drop)
}

/// `key_unusable`: while the credential waits for the user's profile, another issuer creates that with a key that is none.
async fn key_that_is_none(people: &People) -> Result<(), Error> {
    let holder = people.holder(UNUSABLE_KEY.name).await?;
    let authority = Authority::without_grant(people.delivery(), None);
    let issuance = people.submit(&UNUSABLE_KEY, &holder, authority).await?;
    if issuance.state == State::AwaitingProfile {
        let user = AddUserAsInserter {
            id: holder.user_id,
            recipient_encryption_public_key: NO_KEY,
            encryption_password_store: profile::password_store(PasswordStore::User),
        };
        if !network::find(&people.app, By::User(holder.user_id)).await?.exists {
            let client = people.app.idos().await?;
            client.execute(&another_issuer(), &user, Nonce::Next, Broadcast::Wait).await?;
        }
    }
    people.settled(issuance).await.map(drop)
}

/// `wallet_taken`: a node does not tell beforehand that a wallet of NEAR is somebody's.
async fn wallet_of_somebody_else(people: &People) -> Result<(), Error> {
    let (app, caller) = (&people.app, &people.onboarding);
    let first = holders::of(app, "hugo", WalletType::Near).await?;
    people.with_profile(caller, "hugo", &first).await?;
    let second = holders::with_wallet_of(app, "hugo-again", "hugo", WalletType::Near).await?;
    user::ask_for_profile(app, caller, &people.key(caller, "hugo-again-profile"), &second).await.map(drop)
}

/// `refused`: the node's database does not take the value of an attribute. Only the development node can be told to say so.
pub(super) async fn value_that_the_node_refuses(people: &People) -> Result<(), Error> {
    let Some(faults) = &people.faults else { return Ok(()) };
    let (app, caller) = (&people.app, &people.onboarding);
    let key = people.key(caller, "attribute");
    let new = NewAttribute {
        user_id: people.holder("ana").await?.user_id,
        key: Personal::new("tier".to_owned()),
        value: Personal::new("gold".to_owned()),
        sensitive: Sensitive::None,
    };
    faults.set(Switch {
        fault: Fault::Refuse {
            code: Some(-201),
            // In words that a client knows: what it does not know, it tries again.
            message: Some(
                "ERROR: new row for relation \"user_attributes\" violates check constraint \"user_attributes_value_check\""
                    .to_owned(),
            ),
            // One of those that a node gives before it takes a transaction.
            transaction_code: Some(110),
        },
        method: Some("user.broadcast".to_owned()),
        action: Some("add_attribute_as_inserter".to_owned()),
        next: Some(1),
    });
    let asked = attribute::request(app, caller, &key, new).await?.record;
    let look = async || app.store.attribute(&asked.id).await;
    until(app, asked.id.as_str(), look, |attribute| attribute.state != ProfileState::Pending).await?;
    Ok(())
}
