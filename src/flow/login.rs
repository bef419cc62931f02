//! Signing in by a wallet at the gateway of idOS, which says whose profile the wallet belongs to.
//!
//! What the wallet signs goes out and comes back. Nothing is kept meanwhile: it carries a keyed hash of itself, of the record that it is for
//! and of the wallet, so that it is good for these only, in two tabs and at any replica.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use idos_client::actions::GetUser;
use idos_client::{Login, LoginError};
use idos_wallet::InvalidProof;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::network::LOOK_UP;
use super::wallet::owner_identity;
use crate::app::{App, NodeError};
use crate::model::submission::Owner;

/// What the keyed hash is for.
const MAC: &str = "claim_login";

#[derive(Serialize, Deserialize)]
struct Text {
    gateway: String,
    nonce: String,
    message: String,
}

/// A text that a wallet is asked to sign.
pub struct Offered {
    /// The text.
    pub message: String,
    /// What comes back with the signature.
    pub nonce: String,
}

/// Why it is not known whose a wallet is.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoginFault {
    /// What was signed is not what was offered for this record and this wallet, or its time is over.
    #[error("the text is too old, or not that of this record and this wallet")]
    Stale,
    /// The wallet has not signed it.
    #[error("the signature is refused: {0}")]
    Signature(InvalidProof),
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
}

/// Has a text made for a wallet to sign, for the record of this id.
pub(super) async fn offer(app: &App, bound_to: &str, owner: &Owner) -> Result<Offered, NodeError> {
    let offered = async { Ok::<_, NodeError>(app.idos().await?.offer_login().await?) };
    let login = tokio::time::timeout(LOOK_UP, offered).await.unwrap_or(Err(NodeError::TooSlow))?;
    let nonce = write(app, bound_to, owner, &login);
    Ok(Offered { message: login.message, nonce })
}

/// The user whose profile a wallet belongs to that has signed what was [offered](offer); `None` if it belongs to none.
pub(super) async fn whose(
    app: &App,
    bound_to: &str,
    owner: &Owner,
    (nonce, signature): (&str, &str),
) -> Result<Option<Uuid>, LoginFault> {
    let login = read(app, bound_to, owner, nonce).ok_or(LoginFault::Stale)?;
    let key = owner.public_key.as_ref().map(|key| key.expose().as_str());
    let signed = idos_wallet::signed_elsewhere(
        owner.wallet_type,
        owner.address.expose(),
        key,
        &login.message,
        signature,
    )
    .map_err(LoginFault::Signature)?;
    let ask = async {
        Ok::<_, NodeError>(app.idos().await?.call_one_by_login(&login, &signed, &GetUser {}).await?)
    };
    // Three questions: the login, whose it is, and the end of it.
    match tokio::time::timeout(LOOK_UP * 3, ask).await.unwrap_or(Err(NodeError::TooSlow)) {
        Ok(user) => Ok(user.map(|user| user.id)),
        Err(NodeError::Node(idos_client::Error::Login(
            LoginError::NotAccepted | LoginError::OtherGateway,
        ))) => Err(LoginFault::Stale),
        Err(error) => Err(error.into()),
    }
}

/// The text that stands for a login.
fn write(app: &App, bound_to: &str, owner: &Owner, login: &Login) -> String {
    let Login { gateway, nonce, message } = login.clone();
    let body = serde_json::to_vec(&Text { gateway, nonce, message }).unwrap_or_default(); // texts only
    let body = BASE64.encode(body);
    let mac = app.vault.index(MAC, &keyed(bound_to, owner, &body));
    format!("{body}.{mac}")
}

/// The login, if it was written here for this record and this wallet.
fn read(app: &App, bound_to: &str, owner: &Owner, text: &str) -> Option<Login> {
    let (body, mac) = text.rsplit_once('.')?;
    let macs = app.vault.indexes(MAC, &keyed(bound_to, owner, body));
    if !macs.iter().any(|known| known == mac) {
        return None;
    }
    let Text { gateway, nonce, message } = serde_json::from_slice(&BASE64.decode(body).ok()?).ok()?;
    Some(Login { gateway, nonce, message })
}

fn keyed(bound_to: &str, owner: &Owner, body: &str) -> Zeroizing<Vec<u8>> {
    let owner = owner_identity(owner);
    Zeroizing::new([bound_to.as_bytes(), b"\0", owner.as_slice(), b"\0", body.as_bytes()].concat())
}
