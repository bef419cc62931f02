//! Challenges for wallets: a text of our own to sign, so that a proof is for this issuer, this purpose, this user, this wallet and
//! this time. Any message that a wallet has ever signed proves who held it once, and is in the hands of whoever it was signed for.
//!
//! Of the text itself nothing has to be kept: it carries a keyed hash of itself and of the client that asked for it. The hash is
//! by the vault's key, so that no other deployment takes it, whatever it is called.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use idos_wallet::{EvmChain, WalletType};
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

const PURPOSE: &str = "Purpose: ";
const ISSUER: &str = "Issuer: ";
const USER: &str = "idOS user: ";
const WALLET: &str = "Wallet: ";
const MADE: &str = "Made at: ";
const UNTIL: &str = "Valid until: ";

/// What a text is signed for. What is signed for one purpose is good for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be brought along as the proof of a wallet: with a new profile, a further wallet, a proof of personhood.
    Proof,
    /// To answer the challenge of a link, once.
    Link,
}

impl Purpose {
    /// As the text says it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Proof => "prove that this wallet is yours",
            Self::Link => "link this wallet to your idOS user",
        }
    }
}

/// The wallet that is to sign.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    wallet_type: WalletType,
    address: &'a str,
    /// The chain on which it is a contract.
    chain: Option<EvmChain>,
}

impl<'a> Signer<'a> {
    /// This wallet, which is a contract if there is a chain.
    #[must_use]
    pub fn of(wallet: &'a Owner, chain: Option<EvmChain>) -> Self {
        Self { wallet_type: wallet.wallet_type, address: wallet.address.expose(), chain }
    }
}

impl fmt::Display for Signer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.wallet_type, self.address)?;
        self.chain.map_or(Ok(()), |chain| write!(f, "{ON}{chain}"))
    }
}

/// What stands between the address of a contract and its chain.
const ON: &str = " on ";

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
    /// It was made for something else.
    #[error("is a challenge for another purpose")]
    OtherPurpose,
    /// It was made by somebody else.
    #[error("is a challenge of another issuer")]
    OtherIssuer,
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
pub fn offer(
    app: &App,
    caller: &Submitter,
    purpose: Purpose,
    user_id: Uuid,
    wallet: Signer<'_>,
) -> Challenge {
    let minutes = i64::from(app.wallets.challenge_minutes);
    let now = app.clock.now();
    // To the second, as it stands in the text.
    let to_the_second =
        |at: Timestamp| Timestamp::from_unix_millis(at.unix_seconds().saturating_mul(1000)).unwrap_or(at);
    let (made_at, expires_at) = (to_the_second(now), to_the_second(now.plus_millis(minutes * 60_000)));
    let mut random = [0; 16];
    OsRng.fill_bytes(&mut random);
    let text = Zeroizing::new(format!(
        "{} asks you to show that this wallet is yours. To sign this costs nothing and moves nothing.\n\n\
         {PURPOSE}{}\n{ISSUER}{}\n{USER}{user_id}\n{WALLET}{wallet}\n{MADE}{made_at}\n{UNTIL}{expires_at}\n{MARK}{}.",
        app.issuer.name,
        purpose.as_str(),
        app.issuer_url(),
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
    require_for(app, caller, Purpose::Proof, user_id, (claim, None))
}

/// The same for any purpose, and for a wallet that is a contract on this chain.
pub(super) fn require_for(
    app: &App,
    caller: &Submitter,
    purpose: Purpose,
    user_id: Uuid,
    (claim, chain): (&WalletClaim, Option<EvmChain>),
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
    let (until, _made, of, user) = (line(UNTIL)?, line(MADE)?, line(WALLET)?, line(USER)?);
    let (issuer, signed_for) = (line(ISSUER)?, line(PURPOSE)?);
    if signed_for != purpose.as_str() {
        return Err(ChallengeError::OtherPurpose);
    }
    if issuer != app.issuer_url() {
        return Err(ChallengeError::OtherIssuer);
    }
    if user != user_id.to_string() {
        return Err(ChallengeError::OtherUser);
    }
    let (wallet_type, address) = of.split_once(' ').ok_or(ChallengeError::Altered)?;
    let address = match chain {
        Some(chain) => address.strip_suffix(&format!("{ON}{chain}")).ok_or(ChallengeError::OtherWallet)?,
        None => address,
    };
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
