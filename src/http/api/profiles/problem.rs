//! What the errors of creating a profile, or adding a wallet, are to the caller.

use crate::flow::wallet::RequestError;
use crate::flow::wallet::ResumeError;
use crate::http::api::common::{conflict, not_listed, wallet_fault};
use crate::http::kit::json::USER_ID;
use crate::http::kit::problem::{Code, Location, Problem};

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            RequestError::Wallet(error) => Self::fields(vec![wallet_fault("/wallet", error)]),
            RequestError::UserId => {
                Self::new(Code::InvalidFields).at(Location::Pointer("/userId".to_owned()), USER_ID)
            }
            RequestError::OtherKey => Self::new(Code::AlreadyThere).at(
                Location::Pointer("/encryptionPublicKey".to_owned()),
                "is another key than the one with which this user is being created already",
            ),
            RequestError::UserExists => Self::new(Code::AlreadyThere).at(
                Location::Pointer("/encryptionPublicKey".to_owned()),
                "is another key than the one that this user has on the network",
            ),
            RequestError::UserUnknown => Self::new(Code::InvalidFields).at(
                Location::Pointer("/userId".to_owned()),
                "is no user's on the network: have the profile created first",
            ),
            RequestError::Challenge(error) => Self::new(Code::InvalidFields)
                .at(Location::Pointer("/wallet/message".to_owned()), error.to_string()),
            RequestError::Disclosed(what) => Self::new(Code::InvalidFields).at(
                Location::Pointer("/wallet/message".to_owned()),
                format!(
                    "looks like {}, and would stand on the network for everybody to read: have another text signed",
                    what.phrase()
                ),
            ),
            RequestError::WalletTaken => Self::new(Code::AlreadyThere)
                .at(Location::Pointer("/wallet/address".to_owned()), "belongs to an idOS profile already"),
            RequestError::WalletUnderWay => Self::new(Code::AlreadyThere).at(
                Location::Pointer("/wallet/address".to_owned()),
                "is being added to an idOS profile already",
            ),
            RequestError::NoEndpoint => Self::new(Code::InvalidFields).at(
                Location::Pointer("/wallet/chain".to_owned()),
                "names a chain that is not asked here: what its contracts say of signatures is not known",
            ),
            RequestError::NotListed(error) => Self::fields(vec![not_listed(error)]),
            RequestError::NotAnInserter(error) => error.into(),
            RequestError::Store(error) => error.into(),
            error @ RequestError::Vault(_) => Self::fault(&error),
        }
    }
}

impl From<ResumeError> for Problem {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::NotFound => Self::new(Code::NotFound),
            ResumeError::Conflict(state) => {
                conflict(format!("It is {state}; only what is halted is resumed."))
            }
            ResumeError::UnderWay => conflict("The same has been asked for again, and is on its way."),
            ResumeError::ContentGone => {
                conflict("The wallet's proof is gone: ask for it again, with a new Idempotency-Key.")
            }
            ResumeError::Store(error) => error.into(),
        }
    }
}
