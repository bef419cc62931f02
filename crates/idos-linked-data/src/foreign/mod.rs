//! Credentials of other makers, by ssi: the suites that it knows, keys that are a `did:key`, no network.
//!
//! Three answers are kept apart: it verifies; it does not ([`Refusal`]); and it cannot be judged here
//! ([`Obstacle`]), because it is not readable, or because it needs a context, suite, DID method or data model that
//! is not compiled in. The third says nothing about the credential: elsewhere it may well verify.

mod envelope;
mod error;

use chrono::DateTime;
use idos_credential::Timestamp;
use serde_json::Value;
use ssi::claims::vc::v1::data_integrity::any_credential_from_json_str;
use ssi::claims::{Invalid, InvalidClaims, ProofValidationError, VerificationParameters};
use ssi::dids::{DIDKey, DIDResolver as _};
use ssi::verification_methods::AnyMethod;

pub use self::error::{ForeignError, Obstacle, Refusal};
use crate::canonical::{LinkedDataError, canonical, parse};
use crate::contexts::{all_contexts, knows};

/// Verifies a credential (data model 1.1, Data Integrity proofs) whose issuer is a `did:key` at the time `now`, with
/// the contexts of ssi and of idOS. Where it has several proofs, each of them must hold.
///
/// Whether it was revoked is not looked at: see [`names_a_status`].
pub fn verify_foreign(credential: impl AsRef<[u8]>, now: Timestamp) -> Result<(), ForeignError> {
    let text = envelope::text_of(credential.as_ref())?;
    let document = parse(text).map_err(|error| match error {
        LinkedDataError::TooLarge => ForeignError::from(Obstacle::TooLarge),
        _ => envelope::not_json(text).into(),
    })?;
    let proofs = envelope::proofs_of(&document)?;
    envelope::check_contexts(&document, &|url| knows(url))?;
    let issuer = envelope::issuer_of(&document)?;

    let verdicts = proofs.into_iter().map(|proof| {
        envelope::check_proof(proof, issuer)?;
        // Each proof is judged as if it stood alone: another one may need what is not known here.
        let mut alone = document.clone();
        if let Some(members) = alone.as_object_mut() {
            members.insert("proof".to_owned(), proof.clone());
        }
        check_meaning(&alone)?;
        by_ssi(&alone, now)?;
        envelope::check_end(proof, now)
    });
    let mut obstacle = Ok(());
    for verdict in verdicts {
        match verdict {
            Err(ForeignError::NotJudged(_)) if obstacle.is_ok() => obstacle = verdict,
            Err(ForeignError::Refused(_)) => return verdict,
            _ => {}
        }
    }
    obstacle
}

/// Whether the credential names a place where its revocation is published. That place is not asked.
#[must_use]
pub fn names_a_status(credential: &[u8]) -> bool {
    let document = serde_json::from_slice::<Value>(credential).unwrap_or_default();
    document.get("credentialStatus").is_some_and(|status| !status.is_null())
}

/// ssi drops what no context defines, and labels blank nodes without a bound. Neither must pass.
fn check_meaning(document: &Value) -> Result<(), ForeignError> {
    canonical(document, &all_contexts()).map(drop).map_err(|error| match error {
        LinkedDataError::Expansion => Refusal::Meaning.into(),
        LinkedDataError::TooLarge => Obstacle::TooLarge.into(),
        LinkedDataError::Json => Obstacle::NotJson.into(),
    })
}

fn by_ssi(document: &Value, now: Timestamp) -> Result<(), ForeignError> {
    let credential = any_credential_from_json_str(&document.to_string())
        .map_err(|_| Obstacle::Malformed("the credential"))?;
    let now = DateTime::from_timestamp_millis(now.unix_millis()).ok_or(Obstacle::Malformed("the time"))?;
    let verifier = VerificationParameters::from_resolver(DIDKey.into_vm_resolver::<AnyMethod>())
        .with_date_time(now)
        .with_json_ld_loader(all_contexts());
    match futures_executor::block_on(credential.verify(&verifier)) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Invalid::Claims(InvalidClaims::Premature { .. }))) => Err(Refusal::NotYetValid.into()),
        Ok(Err(Invalid::Claims(InvalidClaims::Expired { .. }))) => Err(Refusal::Expired.into()),
        Ok(Err(Invalid::Claims(InvalidClaims::MissingIssuanceDate))) => {
            Err(Obstacle::Malformed("issuanceDate").into())
        }
        Ok(Err(Invalid::Claims(InvalidClaims::Other(_)))) => {
            Err(Obstacle::Malformed("the credential").into())
        }
        Ok(Err(Invalid::Proof(_))) => Err(Refusal::Signature.into()),
        Err(error) => Err(of_validation(&error)),
    }
}

fn of_validation(error: &ProofValidationError) -> ForeignError {
    use ProofValidationError as E;
    match error {
        E::InvalidProof | E::InvalidSignature | E::MissingSignature => Refusal::Signature.into(),
        E::InvalidKeyUse => Refusal::Purpose.into(),
        E::UnknownKey | E::MissingPublicKey | E::KeyControllerNotFound(_) => Refusal::KeyNotInDid.into(),
        E::InvalidKey | E::AmbiguousPublicKey | E::MissingAlgorithm => Obstacle::Key.into(),
        E::UnsupportedKeyController(_) => Obstacle::DidMethod.into(),
        _ => Obstacle::Malformed("proof").into(),
    }
}
