//! What a wallet signs to sign in, as it goes to the browser and comes back. Nothing is kept meanwhile: it carries a keyed hash of itself,
//! of the claim and of the wallet, so that it is good for these only, in two tabs and at any replica.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use idos_client::Login;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::app::App;
use crate::flow::wallet::owner_identity;
use crate::model::claim::Claim;
use crate::model::submission::Owner;

/// What the keyed hash is for.
const MAC: &str = "claim_login";

#[derive(Serialize, Deserialize)]
struct Text {
    gateway: String,
    nonce: String,
    message: String,
}

/// The text that stands for a login.
pub(super) fn write(app: &App, claim: &Claim, owner: &Owner, login: &Login) -> String {
    let Login { gateway, nonce, message } = login.clone();
    let body = serde_json::to_vec(&Text { gateway, nonce, message }).unwrap_or_default(); // texts only
    let body = BASE64.encode(body);
    let mac = app.vault.index(MAC, &keyed(claim, owner, &body));
    format!("{body}.{mac}")
}

/// The login, if it was written here for this claim and this wallet.
pub(super) fn read(app: &App, claim: &Claim, owner: &Owner, text: &str) -> Option<Login> {
    let (body, mac) = text.rsplit_once('.')?;
    let macs = app.vault.indexes(MAC, &keyed(claim, owner, body));
    if !macs.iter().any(|known| known == mac) {
        return None;
    }
    let Text { gateway, nonce, message } = serde_json::from_slice(&BASE64.decode(body).ok()?).ok()?;
    Some(Login { gateway, nonce, message })
}

fn keyed(claim: &Claim, owner: &Owner, body: &str) -> Zeroizing<Vec<u8>> {
    let owner = owner_identity(owner);
    Zeroizing::new([claim.id.as_str().as_bytes(), b"\0", owner.as_slice(), b"\0", body.as_bytes()].concat())
}
