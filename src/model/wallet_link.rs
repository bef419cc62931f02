//! Links: a wallet whose holder signs a challenge of ours, once, for one user; and what comes of it.

use idos_credential::{Account, AccountError};
use idos_wallet::{EvmChain, WalletType};
use uuid::Uuid;

use super::ids::{IssuanceId, WalletId, WalletLinkId};
use super::named::named;
use super::profile::{Profile, ProfileState};
use super::submission::Owner;
use super::time::Timestamp;

/// How many wrong signatures a challenge takes before it is over.
pub const MOST_ATTEMPTS: u32 = 10;

named! {
    /// Where a link stands. The database has the first four and the last; what lies between follows from the record that writes
    /// the wallet.
    LinkState {
        /// The challenge waits for a signature.
        Challenged = "challenged",
        /// The holder has signed it, and the wallet is written nowhere.
        Proven = "proven",
        /// Its time was over before somebody had signed it.
        Expired = "expired",
        /// There were too many wrong signatures.
        Refused = "refused",
        /// Proven, and on its way into the user's profile.
        Writing = "writing",
        /// Proven, and in the user's profile.
        Linked = "linked",
        /// Proven, and stopped on its way: a person has to do something and resume the record that writes it.
        Halted = "halted",
        /// Proven, and not in the user's profile: nobody brought it on in time.
        Failed = "failed",
        /// Forgotten on request.
        Erased = "erased",
    }
}

/// The record of a link. Nothing in it tells which wallet it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletLink {
    /// Our id.
    pub id: WalletLinkId,
    /// The client that asked for it.
    pub client: String,
    /// Where it stands, as far as the link itself knows.
    pub state: LinkState,
    /// Whose wallet it is to be; `None` when it is erased.
    pub user_id: Option<Uuid>,
    /// Whether the wallet is to be written into the user's profile.
    pub in_profile: bool,
    /// Whether the wallet is kept once it is proven, to be listed in a credential.
    pub for_credential: bool,
    /// The provider's reference.
    pub reference: Option<String>,
    /// Wrong signatures so far.
    pub attempts: u32,
    /// Until when the challenge can be answered.
    pub expires_at: Timestamp,
    /// When it was answered.
    pub proven_at: Option<Timestamp>,
    /// By what the same proof is told from another one: a keyed hash.
    pub proof_hash: Option<String>,
    /// The record that writes the wallet, or has written it.
    pub record_id: Option<WalletId>,
    /// The issuance whose credential lists the wallet.
    pub issuance_id: Option<IssuanceId>,
    /// Until when the locked wallet is kept: for an answer, and then for a credential.
    pub waits_until: Option<Timestamp>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed, the record that writes the wallet aside.
    pub updated_at: Timestamp,
}

impl WalletLink {
    /// Where it stands now, with what became of the record that writes its wallet.
    #[must_use]
    pub fn state_with(&self, record: Option<&Profile>, now: Timestamp) -> LinkState {
        match (self.state, record) {
            (LinkState::Challenged, _) if now > self.expires_at => LinkState::Expired,
            (LinkState::Proven, Some(record)) => match record.state {
                ProfileState::Pending => LinkState::Writing,
                ProfileState::Created => LinkState::Linked,
                ProfileState::Halted => LinkState::Halted,
                ProfileState::Failed => LinkState::Failed,
            },
            (state, _) => state,
        }
    }

    /// Until when a wallet that is proven can be listed in a credential; `None` if it cannot, or is already.
    #[must_use]
    pub fn kept_until(&self) -> Option<Timestamp> {
        self.waits_until.filter(|_| self.state == LinkState::Proven)
    }
}

/// What is remembered of a link with the record that writes its wallet: that its challenge was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkAnswer {
    /// The link.
    pub id: WalletLinkId,
    /// The proof's keyed hash.
    pub proof_hash: String,
    /// The keyed hash of user and wallet.
    pub wallet_index: String,
    /// Until when the wallet is kept, if it is to be listed in a credential.
    pub kept_until: Timestamp,
}

/// Why a wallet can be in no credential that lists wallets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotListed {
    /// Accounts of this type of wallet have no name by CAIP-10.
    #[error("a wallet of the type FaceSign has no account by CAIP-10")]
    NoNamespace,
    /// It is no account that such a credential lists.
    #[error("the wallet's account {0}")]
    Account(#[from] AccountError),
}

/// The chain that the account of an EVM wallet with a key is named on: the same key holds it on all of them.
const ETHEREUM: u64 = 1;

/// The account of a wallet as a credential lists it (CAIP-10). A contract is one on its `chain` alone.
pub fn account(wallet: &Owner, chain: Option<EvmChain>) -> Result<Account, NotListed> {
    let address = wallet.address.expose();
    let text = match wallet.wallet_type {
        WalletType::Evm => {
            return Ok(Account::evm(chain.map_or(ETHEREUM, EvmChain::number), address)?);
        }
        // Some software writes implicit accounts in upper case.
        WalletType::Near => format!("near:mainnet:{}", address.to_ascii_lowercase()),
        WalletType::Xrpl => format!("xrpl:0:{address}"),
        WalletType::Stellar => format!("stellar:pubnet:{address}"),
        WalletType::FaceSign => return Err(NotListed::NoNamespace),
    };
    Ok(text.parse::<Account>()?)
}
