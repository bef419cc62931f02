//! Browsers that have come in before. One carries a cookie that says so, good for one account; its attempts are counted apart from all
//! others, so that whoever guesses somebody's password does not keep them out. It opens nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rand::RngCore as _;
use rand::rngs::OsRng;
use subtle::ConstantTimeEq as _;

use crate::app::App;
use crate::model::ids::StaffId;

const PURPOSE: &str = "staff_device";

/// What a browser carries that has come in as somebody.
#[must_use]
pub fn issue(app: &App, staff: &StaffId) -> String {
    let mut nonce = [0; 16];
    OsRng.fill_bytes(&mut nonce);
    let nonce = BASE64.encode(nonce);
    let proof = app.vault.index(PURPOSE, format!("{staff}/{nonce}").as_bytes());
    format!("{nonce}.{proof}")
}

/// The name of the browser, if it has come in as this person before.
pub(super) fn known<'a>(app: &App, staff: &StaffId, text: Option<&'a str>) -> Option<&'a str> {
    let (nonce, proof) = text?.split_once('.')?;
    let made = app.vault.indexes(PURPOSE, format!("{staff}/{nonce}").as_bytes());
    made.iter().any(|made| bool::from(made.as_bytes().ct_eq(proof.as_bytes()))).then_some(nonce)
}
