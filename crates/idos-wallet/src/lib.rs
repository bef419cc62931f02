#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! - [`OwnershipProof`] is what the actions `upsert_wallet_as_inserter` and `add_wallet` take; [`verify_signed_by`]
//!   checks a message of a wallet that is known already (write grants, access grants).
//! - [`check_address`] and [`address_types`] say whether a text can be an address at all, and of which types.
//! - [`verify_transaction_signature`] checks the signature of a transaction or gateway login and says who the
//!   `@caller` is.
//! - [`signed_elsewhere`] makes of a login that an outside wallet has signed what a gateway takes.
//! - [`ContractCall`] is what a chain is asked about the signature of a wallet that is a contract (ERC-1271, ERC-6492), and what
//!   the answer means. Nothing is asked here.
//! - [`WalletKey`] is the key of a simulated wallet, for tests and demonstrations. It writes the same bytes as
//!   the JavaScript SDK.
//!
//! # Strictness
//!
//! The checks are stricter than those of the JavaScript SDK, and than what is known of a node:
//!
//! - Ed25519 signatures must have a canonical `S`, keys must be in canonical form and not of low order. (Others
//!   accept the neutral point as a key; one signature then fits every message.)
//! - The address must belong to the key wherever it can be derived from it: XRPL `r…`, Stellar `G…`, FaceSign,
//!   and NEAR's implicit accounts of 64 hexadecimal digits. A *named* NEAR account cannot be checked without
//!   asking the NEAR chain; a proof says that its sender holds the key and *claims* the account.
//! - Hexadecimal and base64 are read to the end; nothing may follow.
//! - Wallets of the type `MM`, and `mm_token`, prove nothing: no proof is defined for them, and the SDK takes whatever has a
//!   public key. They are told apart from types that do not exist.
//! - An empty message proves nothing and is refused. One with a NUL is refused too: no node can keep it.
//!
//! Where both a strict and a lax reading are in honest use, both are accepted: letter case of hexadecimal, the
//! two digests of Stellar wallets, Stellar keys as `G…` or hexadecimal, `v` of EVM signatures as 0/1 or 27/28.
//! NEP-413 recipients are not compared: wallets in browsers sign for `idos.network`, servers for `idos-issuer`,
//! and nothing shows that a node compares them.
//!
//! The work per proof is bounded: see the `MAX_…` constants.

mod address;
mod caller;
mod contract;
mod ed25519;
mod encoding;
mod error;
mod evm;
mod facesign;
mod keys;
mod limits;
mod near;
pub mod nep413;
mod proof;
mod stellar;
mod transaction;
mod wallet_type;
mod xrpl;

pub use address::{ADDRESS_FORMS, NotAnAddress, address_types, check_address};
pub use caller::is_caller;
pub use contract::{ContractCall, ContractVerdict, EvmChain, NotAChain};
pub use error::{Field, InvalidProof, InvalidSignature};
pub use keys::{
    EvmKey, FaceSignKey, InvalidMnemonic, NearKey, StellarKey, WalletKey, XrplKey, mnemonic_seed,
};
pub use limits::{MAX_ADDRESS_LEN, MAX_MESSAGE_LEN, MAX_PUBLIC_KEY_LEN, MAX_SIGNATURE_LEN};
pub use proof::{OwnershipProof, SignedElsewhere, check_wallet, signed_elsewhere, verify_signed_by};
pub use transaction::{
    Caller, SignatureType, UnusableSignatureType, caller_of, verify_transaction_signature,
};
pub use wallet_type::{UnusableWalletType, WalletType};
