//! A submission: a provider's result, and what is to become of it. Checked.

use idos_client::WriteGrant;
use idos_credential::RecipientKey;
use idos_wallet::WalletType;
use uuid::Uuid;

use super::evidence::Evidence;
use super::files::FileMode;
use super::ids::{ClaimId, IssuanceId, WalletLinkId};
use super::issuance::{Delivery, Kind, Reference};
use super::personal::{Contact, Personal};

/// What a credential is made of.
pub enum Given {
    /// A provider's result.
    Result(Evidence),
    /// Wallets that the user has shown to hold.
    Wallets {
        /// The kind of a credential that lists them.
        kind: Kind,
        /// Their links, each of them once.
        links: Vec<WalletLinkId>,
    },
}

impl Given {
    /// What the credential is about.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Result(evidence) => evidence.kind(),
            Self::Wallets { kind, .. } => *kind,
        }
    }
}

impl From<Evidence> for Given {
    fn from(evidence: Evidence) -> Self {
        Self::Result(evidence)
    }
}

/// What a credential is made of, and what is to become of it.
pub struct Submission {
    /// The user.
    pub user_id: Uuid,
    /// The result, or where it is found.
    pub evidence: Given,
    /// What is done with its files; what the configuration says, where nobody does.
    pub files: Option<FileMode>,
    /// On whose authority the credential is written.
    pub authority: Authority,
    /// Whom to write to about it.
    pub contact: Option<Contact>,
    /// The provider's reference.
    pub reference: Option<Reference>,
    /// The issuance whose credential this one takes the place of, once it is in the user's profile.
    pub renews: Option<IssuanceId>,
    /// The claim by which the user was identified, and has signed the write grant where one is needed.
    pub claim: Option<ClaimId>,
}

/// On whose authority a credential is written.
pub enum Authority {
    /// The issuer's own.
    Inserter,
    /// The user's.
    WriteGrant {
        /// The signed grant, if it is there already.
        grant: Option<Box<SignedGrant>>,
        /// Who gets the copy; the issuer itself if nobody is named.
        copy_for: Option<CopyFor>,
    },
}

impl Authority {
    /// The one of a delivery whose grant, if it needs one, comes later.
    #[must_use]
    pub fn without_grant(delivery: Delivery, copy_for: Option<CopyFor>) -> Self {
        match delivery {
            Delivery::Inserter => Self::Inserter,
            Delivery::WriteGrant => Self::WriteGrant { grant: None, copy_for },
        }
    }

    /// The grant and who gets the copy, as far as they come with it.
    #[must_use]
    pub fn into_parts(self) -> (Option<Box<SignedGrant>>, Option<CopyFor>) {
        match self {
            Self::Inserter => (None, None),
            Self::WriteGrant { grant, copy_for } => (grant, copy_for),
        }
    }

    /// The same, without what comes with it.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::Inserter => Delivery::Inserter,
            Self::WriteGrant { .. } => Delivery::WriteGrant,
        }
    }
}

/// Somebody else than the issuer who gets the copy.
pub struct CopyFor {
    /// Who, as their `@caller`: lower-case hex of an Ed25519 key, or an EVM address.
    pub grantee: String,
    /// Their encryption key.
    pub encryption_key: RecipientKey,
}

/// The wallet that a grant's owner signs with.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Its type.
    pub wallet_type: WalletType,
    /// Its address.
    pub address: Personal<String>,
    /// Its public key; needed for all types but EVM.
    pub public_key: Option<Personal<String>>,
}

impl Owner {
    /// How a grant names it (section 8.1 of the protocol): the address, or the public key for NEAR and `FaceSign`.
    #[must_use]
    pub fn identifier(&self) -> &str {
        match (self.wallet_type, &self.public_key) {
            (WalletType::Near | WalletType::FaceSign, Some(key)) => key.expose(),
            _ => self.address.expose(),
        }
    }
}

/// A write grant with its owner's signature.
pub struct SignedGrant {
    /// The grant.
    pub grant: WriteGrant,
    /// The wallet that signed it.
    pub owner: Owner,
    /// The signature over the node's text, in the encoding of the wallet's type.
    pub signature: Personal<String>,
}
