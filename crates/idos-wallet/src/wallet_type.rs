//! The five types of wallet that can prove something, under the names that the idOS schema gives them.

use std::fmt;
use std::str::FromStr;

/// A type of wallet that idOS knows and that can prove something. Its name is compared case-sensitively.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WalletType {
    /// Ethereum and its relatives: an address, signatures by EIP-191.
    Evm,
    /// NEAR: an account name and an Ed25519 key, signatures by NEP-413.
    Near,
    /// XRP Ledger: an `r…` address and an Ed25519 or secp256k1 key.
    Xrpl,
    /// Stellar: a `G…` address that is its Ed25519 key.
    Stellar,
    /// `FaceSign`: an Ed25519 key whose hexadecimal text is also the address.
    FaceSign,
}

impl WalletType {
    /// Every type, in the order of the schema.
    pub const ALL: [WalletType; 5] =
        [WalletType::Evm, WalletType::Near, WalletType::Xrpl, WalletType::Stellar, WalletType::FaceSign];

    /// The name in the column `wallet_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            WalletType::Evm => "EVM",
            WalletType::Near => "NEAR",
            WalletType::Xrpl => "XRPL",
            WalletType::Stellar => "Stellar",
            WalletType::FaceSign => "FaceSign",
        }
    }
}

impl fmt::Display for WalletType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The type of wallets that trusted issuers insert for holders of tokens (`mm_token`): address and public key are one key, and
/// there is no form of message or signature by which such a wallet could show that somebody holds it. The official SDK takes
/// whatever has a public key.
const WITHOUT_PROOF: &str = "MM";

/// The text names no wallet type by which anything can be proven.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UnusableWalletType {
    /// It names no type at all.
    #[error("wallet_type is none of EVM, NEAR, XRPL, Stellar, FaceSign")]
    Unknown,
    /// It names `MM`, which idOS has.
    #[error("wallet_type is MM, and no proof is defined for this wallet type")]
    NoProof,
}

impl FromStr for WalletType {
    type Err = UnusableWalletType;

    fn from_str(text: &str) -> Result<WalletType, UnusableWalletType> {
        let known = WalletType::ALL.into_iter().find(|known| known.as_str() == text);
        known.ok_or(if text == WITHOUT_PROOF {
            UnusableWalletType::NoProof
        } else {
            UnusableWalletType::Unknown
        })
    }
}
