//! Why a foreign credential is not accepted. Texts name fields, never values.

/// The two ways in which a foreign credential is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignError {
    /// The answer is no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no answer here.
    #[error(transparent)]
    NotJudged(#[from] Obstacle),
}

/// Why the answer is no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Nobody signed it.
    #[error("it has no proof")]
    NoProof,
    /// The signature does not fit the credential and the key, or is none.
    #[error("the signature is wrong")]
    Signature,
    /// Another key than the issuer's signed.
    #[error("proof.verificationMethod is a key of another DID than the issuer")]
    NotTheIssuer,
    /// The DID does not list the key that the proof names.
    #[error("proof.verificationMethod is not a key of its DID")]
    KeyNotInDid,
    /// Signed for something else than asserting.
    #[error("proof.proofPurpose is not assertionMethod")]
    Purpose,
    /// Something in it that no signature can cover.
    #[error("it has a member, type or id that its contexts do not define, so that no proof can cover it")]
    Meaning,
    /// `expirationDate` is past.
    #[error("the credential has expired")]
    Expired,
    /// `issuanceDate` is to come.
    #[error("the credential is not valid yet")]
    NotYetValid,
    /// `proof.expires` is past.
    #[error("proof.expires is past")]
    ProofExpired,
}

/// Why there is no answer here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// Not JSON, nor any encoding of credentials that is recognised.
    #[error("it is not JSON")]
    NotJson,
    /// A JSON Web Token (VC-JWT), or JWS in JSON.
    #[error("it is encoded as a JSON Web Token (JOSE), which is not supported")]
    Jwt,
    /// SD-JWT, with selective disclosure.
    #[error("it is encoded as an SD-JWT, which is not supported")]
    SdJwt,
    /// CBOR, as COSE and mdoc credentials are.
    #[error("it is encoded as CBOR (COSE), which is not supported")]
    Cbor,
    /// JSON, but not a W3C credential.
    #[error("it is not a W3C verifiable credential")]
    NotACredential,
    /// Version 2.0 of the data model.
    #[error("@context is that of data model 2.0; 1.1 is supported")]
    DataModel2,
    /// No data model that is known.
    #[error("@context does not begin with a data model that is known (1.1)")]
    DataModel,
    /// A member that is missing, or not of the form that the data model asks for.
    #[error("{0} is missing, or not of the form that the data model asks for")]
    Malformed(&'static str),
    /// A context by an address that is not compiled in.
    #[error("@context names a document that is not known here, and nothing is fetched")]
    Context,
    /// A proof of a type that is not supported.
    #[error("proof.type is not a proof suite that is known here")]
    Suite,
    /// A Data Integrity proof of a cryptosuite that is not supported.
    #[error("proof.cryptosuite is not known here")]
    Cryptosuite,
    /// A proof that builds on another one.
    #[error("proof.previousProof makes a chain of proofs, which is not supported")]
    Chain,
    /// The key is written out, or named by something that is no DID.
    #[error("proof.verificationMethod does not name a key of a DID")]
    KeyWithoutDid,
    /// The issuer is no DID: that the key is its own cannot be known here.
    #[error("issuer is not a DID, and whether the key is its own cannot be known here")]
    IssuerWithoutDid,
    /// A DID whose document would have to be fetched.
    #[error("the DID's method needs the network, and nothing is fetched; did:key is supported")]
    DidNetwork,
    /// A DID method that is not supported.
    #[error("the DID's method is not supported; did:key is")]
    DidMethod,
    /// A `did:key` that does not hold a key.
    #[error("the did:key is malformed")]
    DidMalformed,
    /// A key of a kind that is not compiled in.
    #[error("the key is not an Ed25519 key; others are not supported")]
    Key,
    /// More than is processed.
    #[error("it is too large to be processed")]
    TooLarge,
}

impl Obstacle {
    /// Whether it is the credential that is not readable, and not this verifier that lacks something.
    #[must_use]
    pub fn is_malformed(self) -> bool {
        matches!(self, Self::NotJson | Self::NotACredential | Self::Malformed(_) | Self::DidMalformed)
    }
}
