#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! A credential moves forward through types that consume each other, so that what is not checked cannot be
//! signed and what is not sealed cannot be written to a node:
//!
//! ```text
//! Subject ──▶ Draft ──prepare──▶ Unsigned ──signed──▶ SignedCredential
//!     ──encrypt──▶ Encrypted ──signed──▶ NotesSigned ──signed──▶ SealedCredential
//! ```
//!
//! No step needs a secret: what is to be signed is a value (`to_sign`), and a signature is checked before it is put in
//! (`signed`). Whoever has a key at hand takes the short ways [`Draft::sign_with`] and [`SignedCredential::seal_with`].
//!
//! | module | what it holds |
//! |---|---|
//! | [`kind`] | kinds of credentials, a file each: claims, their rules, how they are read, the level |
//! | [`claim`], [`reader`] | what claims are made of, and how they are read from JSON |
//! | [`contexts`] | where contexts have been |
//! | [`draft`] | a checked credential, ready to be signed |
//! | [`unsigned`](mod@unsigned) | a credential that lacks its signature, and the bytes to be signed |
//! | [`signed`] | a signed credential and its exact text |
//! | [`envelope`] | what a credential says of itself (VCDM 1.1) |
//! | [`proof`] | proof suites, a file each |
//! | [`verify`](mod@verify) | the strict verifier |
//! | [`sealing`] | encryption to a recipient |
//! | [`encrypted`] | the two signatures of a row |
//! | [`stored`] | how a store keeps and revives what was sealed |
//! | [`verification_method`] | who signs, as others know it: key, id and controller |
//! | [`key`] | keys and their spellings: multibase, JWK, `did:key` |
//! | [`secret_key`] | secret keys as people have them: hex, base64, multibase, PEM, JSON |
//! | [`level`] | levels such as `plus+liveness`, derived and matched |
//! | [`notes`] | the public notes that stand beside a sealed credential |
//! | [`user_key`] | the encryption key that a user derives from a password |
//! | [`base85`], [`timestamp`], [`number`] | how files, dates and numbers are spelled inside a credential |
//! | [`contents`] | what may have megabytes: written as base64, and wiped |
//!
//! # What a proof says, and what it does not
//!
//! The `Ed25519Signature2020` proof of an idOS credential covers an RDF dataset. The idOS contexts map nearly
//! all fields to the same predicate, so the dataset is a *set of values*: it does not say which value belongs
//! to which field. First and family name can be swapped, and the proof still holds. [`verify`](mod@verify)
//! refuses every document whose shape is not the one that issuers write, and values that break the rule of
//! their field, but it cannot see a swap of two values that are both plausible. Whoever holds the content hash
//! (access grants carry it) or the row's broader signature should compare those as well.

pub mod base85;
pub mod claim;
pub mod contents;
pub mod contexts;
pub mod draft;
pub mod encrypted;
pub mod envelope;
pub mod error;
mod form;
mod iri;
pub mod key;
pub mod kind;
pub mod level;
mod nacl_box;
pub mod notes;
mod nquads;
pub mod number;
mod plausible;
pub mod proof;
pub mod reader;
pub mod receipt;
mod rejection;
pub mod sealing;
pub mod secret_key;
mod seed_key;
pub mod signed;
pub mod stored;
pub mod strict_json;
pub mod timestamp;
pub mod unsigned;
pub mod user_key;
pub mod verification_method;
pub mod verify;
mod vocabulary;
mod writer;

pub use draft::Draft;
pub use encrypted::{Encrypted, NotesSigned};
pub use envelope::CredentialFields;
pub use error::{Invalid, Problem, WrongSignature};
pub use key::VerificationKey;
pub use kind::edd_v1::EddSubject;
pub use kind::face_sign::FaceSignSubject;
pub use kind::kyc_v2::{KycSubject, ResidentialAddress};
pub use kind::kyc_v3::KycV3Subject;
pub use kind::wallet_linkage::{Account, AccountError, LinkedWallet, WalletLinkage};
pub use kind::{Kind, Subject, SubjectFile};
pub use level::Level;
pub use notes::PublicNotes;
pub use plausible::is_assigned_country;
pub use proof::Suite;
pub use reader::ReadFile;
pub use receipt::{ErasureReceipt, UnsignedReceipt, VerifiedReceipt};
pub use sealing::{
    Blobs, ContentReference, EncryptionSecret, RecipientKey, SealedContent, SealedCredential, SealedRow,
};
pub use seed_key::{IssuerKey, WriteKey};
pub use signed::SignedCredential;
pub use stored::{StoredCredential, StoredRow};
pub use timestamp::Timestamp;
pub use unsigned::Unsigned;
pub use verification_method::VerificationMethod;
pub use verify::{AcceptedIssuer, Rejection, RejectionKind, Verified, verify, verify_with};
