//! What the network has: users and wallets, as the issuer may look for them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use idos_client::actions::{Content, GetUserAsInserter, HasProfile, UserRecord};
use idos_client::{Client, Refusal, Signer};
use uuid::Uuid;

use crate::app::{App, NodeError};
use crate::keys::Key;

/// How long the caller waits for the node to be asked. What takes longer is found out in the background.
pub(super) const LOOK_UP: Duration = Duration::from_secs(5);

/// Whether some user has a wallet of this address.
pub async fn exists(client: &Client, signer: &Signer, address: &str) -> Result<bool, idos_client::Error> {
    Ok(client.call_one(signer, &HasProfile { address }).await?.unwrap_or(false))
}

/// How a profile is looked for.
#[derive(Clone, Copy)]
pub enum By<'a> {
    /// By the address of a wallet of any type.
    Address(&'a str),
    /// By the user's id.
    User(Uuid),
}

/// Looks for a profile on the network. By address it is only known whether there is one; by id, the user is found.
pub async fn find(app: &App, by: By<'_>) -> Result<Found, NodeError> {
    let (client, signer) = (app.idos().await?, app.identity());
    Ok(match by {
        By::Address(address) => Found { exists: exists(client, &signer, address).await?, user: None },
        By::User(id) => {
            let user = client.call_one(&signer, &GetUserAsInserter { id }).await?;
            Found { exists: user.is_some(), user }
        }
    })
}

/// What was found.
pub struct Found {
    /// Whether there is a profile.
    pub exists: bool,
    /// The user, if it was looked for by id.
    pub user: Option<UserRecord>,
}

/// The bytes of an encrypted content: those of the row, or those that the blob gateway gives for what the row names.
pub async fn content_of(app: &App, signer: &Signer, content: Content) -> Result<Vec<u8>, NodeError> {
    match content {
        Content::InRow(text) => {
            STANDARD.decode(text).map_err(|_| idos_client::Error::Malformed("a content").into())
        }
        Content::AtGateway(blob) => Ok(app.idos().await?.fetch(signer, blob).await?),
    }
}

/// A write key is no delegate of an inserter: nothing that it is to write can be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the write key {0} is no delegate of an inserter (idos-issuer doctor)")]
pub struct NotAnInserter(
    /// Its public half: lower-case hex.
    pub String,
);

/// What a node says about a user before anything is accepted.
pub(super) enum Seen {
    /// There is one.
    User(UserRecord),
    /// There is none.
    Nobody,
    /// The node cannot be asked: whatever it is, it is found out in the background.
    Away,
}

/// Asks for a user, as the write key that is to write: so it is also known whether that may.
pub(super) async fn see(app: &App, key: &Key, user_id: Uuid) -> Result<Seen, NotAnInserter> {
    let signer = key.signer();
    let look = async {
        let user = app.idos().await?.call_one(&signer, &GetUserAsInserter { id: user_id }).await?;
        Ok::<_, NodeError>(user)
    };
    match tokio::time::timeout(LOOK_UP, look).await.unwrap_or(Err(NodeError::TooSlow)) {
        Ok(Some(user)) => Ok(Seen::User(user)),
        Ok(None) => Ok(Seen::Nobody),
        Err(NodeError::Node(error)) if error.refusal() == Some(Refusal::NotAnInserter) => {
            Err(NotAnInserter(key.public_hex()))
        }
        Err(error) => {
            tracing::warn!("The node cannot be asked for a user: {error}");
            Ok(Seen::Away)
        }
    }
}
