//! Credentials of other makers, by ssi: any suite and method that it knows, without the network.

use chrono::DateTime;
use idos_credential::Moment;
use ssi::claims::VerificationParameters;
use ssi::claims::vc::v1::data_integrity::any_credential_from_json_str;
use ssi::dids::{DIDKey, DIDResolver as _};
use ssi::verification_methods::AnyMethod;

use crate::canonical::{canonical, parse};
use crate::contexts::all_contexts;

/// Why a foreign credential was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignError {
    /// Not a credential with a Data Integrity proof.
    #[error("is not a W3C credential (data model 1.1) with a Data Integrity proof")]
    NotACredential,
    /// A context, suite or DID method that is not known, or a proof that does not fit, or a date that is over.
    #[error("does not verify")]
    DoesNotVerify,
}

/// Verifies a credential whose issuer is a `did:key` at the time `now`, with the contexts of ssi and of idOS.
pub fn verify_foreign(credential: &str, now: Moment) -> Result<(), ForeignError> {
    let document = parse(credential).map_err(|_| ForeignError::NotACredential)?;
    // ssi labels blank nodes without a bound; what is too much for it is refused here.
    canonical(&document, &all_contexts()).map_err(|_| ForeignError::DoesNotVerify)?;
    let credential = any_credential_from_json_str(credential).map_err(|_| ForeignError::NotACredential)?;
    let now = DateTime::from_timestamp_millis(now.unix_millis()).ok_or(ForeignError::DoesNotVerify)?;
    let verifier = VerificationParameters::from_resolver(DIDKey.into_vm_resolver::<AnyMethod>())
        .with_date_time(now)
        .with_json_ld_loader(all_contexts());
    let verdict = futures_executor::block_on(credential.verify(&verifier));
    match verdict {
        Ok(Ok(())) => Ok(()),
        _ => Err(ForeignError::DoesNotVerify),
    }
}
