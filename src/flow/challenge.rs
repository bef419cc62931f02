//! Challenges for wallets: a text of our own to sign, so that a proof is for this user, this wallet and this time. Any message
//! that a wallet has ever signed proves who held it once, and is in the hands of whoever it was signed for.
//!
//! Nothing is kept: the text carries a keyed hash of itself and of the client that asked for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rand::RngCore as _;
use rand::rngs::OsRng;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::app::App;
use crate::model::profile::{WalletClaim, spelled};
use crate::model::submission::Owner;
use crate::model::submitter::Submitter;
use crate::model::time::Timestamp;

/// What the keyed hash of a text is for.
const MAC: &str = "wallet_challenge";

/// What stands before the part that makes a text one of ours.
const MARK: &str = "Challenge: idos-issuer-1.";

const USER: &str = "idOS user: ";
const WALLET: &str = "Wallet: ";
const UNTIL: &str = "Valid until: ";

/// A text to be signed.
pub struct Challenge {
    /// The text, to the letter.
    pub message: Zeroizing<String>,
    /// Until when its signature is taken.
    pub expires_at: Timestamp,
}

/// Why a signed text is no answer to a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// One is wanted, and this is none.
    #[error("must be a challenge of POST /v1/wallets/challenge")]
    Missing,
    /// It looks like one, and is none that this client was given.
    #[error("is not a challenge as this client was given it")]
    Altered,
    /// It is for somebody else.
    #[error("is a challenge for another user")]
    OtherUser,
    /// It is for another wallet.
    #[error("is a challenge for another wallet")]
    OtherWallet,
    /// Its time is over.
    #[error("is a challenge whose time is over")]
    Expired,
}

/// Makes a text for the owner of a wallet to sign, who is to be this user.
#[must_use]
pub fn offer(app: &App, caller: &Submitter, user_id: Uuid, wallet: &Owner) -> Challenge {
    let minutes = i64::from(app.wallets.challenge_minutes);
    // To the second, as it stands in the text.
    let end = app.clock.now().plus_millis(minutes * 60_000).unix_seconds().saturating_mul(1000);
    let expires_at = Timestamp::from_unix_millis(end).unwrap_or(app.clock.now());
    let mut random = [0; 16];
    OsRng.fill_bytes(&mut random);
    let text = Zeroizing::new(format!(
        "{} asks you to show that this wallet is yours.\n\n{USER}{user_id}\n{WALLET}{} {}\n{UNTIL}{expires_at}\n{MARK}{}.",
        app.issuer.name,
        wallet.wallet_type,
        wallet.address.expose(),
        BASE64.encode(random),
    ));
    let mac = app.vault.index(MAC, &keyed(caller, &text));
    Challenge { message: Zeroizing::new(format!("{}{mac}", *text)), expires_at }
}

/// Checks the text that a wallet has signed: one that is a challenge must be right, and where challenges are required there
/// must be one.
pub fn check(
    app: &App,
    caller: &Submitter,
    user_id: Uuid,
    claim: &WalletClaim,
) -> Result<(), ChallengeError> {
    match require(app, caller, user_id, claim) {
        Err(ChallengeError::Missing) if !app.wallets.require_challenge => Ok(()),
        checked => checked,
    }
}

/// Checks the text that a wallet has signed, which must be a challenge, whatever the configuration says.
pub fn require(
    app: &App,
    caller: &Submitter,
    user_id: Uuid,
    claim: &WalletClaim,
) -> Result<(), ChallengeError> {
    let message = claim.message.expose();
    let at = message.rfind(MARK).ok_or(ChallengeError::Missing)?;
    let end = message.rfind('.').map_or(at, |dot| dot + 1);
    let (text, mac) = message.split_at(end.max(at));
    let macs = app.vault.indexes(MAC, &keyed(caller, text));
    if !macs.iter().any(|known| known == mac) {
        return Err(ChallengeError::Altered);
    }
    // What follows was written here. The name of the issuer may have lines of any kind, so it is read from the end.
    let mut lines = text.rsplit('\n').skip(1);
    let mut line =
        |name| lines.next().and_then(|line: &str| line.strip_prefix(name)).ok_or(ChallengeError::Altered);
    let (until, of, user) = (line(UNTIL)?, line(WALLET)?, line(USER)?);
    if user != user_id.to_string() {
        return Err(ChallengeError::OtherUser);
    }
    let (wallet_type, address) = of.split_once(' ').ok_or(ChallengeError::Altered)?;
    let compared = |address: &str| spelled(claim.wallet_type, address);
    if wallet_type != claim.wallet_type.as_str() || compared(address) != compared(claim.address.expose()) {
        return Err(ChallengeError::OtherWallet);
    }
    let until: Timestamp = until.parse().map_err(|_| ChallengeError::Altered)?;
    if app.clock.now() > until { Err(ChallengeError::Expired) } else { Ok(()) }
}

fn keyed(caller: &Submitter, text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([caller.tenant.as_bytes(), b"\0", text.as_bytes()].concat())
}
