//! `check-wallet`: is a wallet ownership proof valid?

use std::path::PathBuf;

use clap::Args;
use idos_credential::strict_json::Json;
use idos_wallet::{OwnershipProof, UnusableWalletType, WalletType};

use super::{Outcome, input, output};

/// Checks a wallet ownership proof by the rules of idOS. Exit code 0 for yes; 1 for no; 2 where the input is no proof,
/// or of a wallet type that is not known. For wallets of the type MM no proof is defined, so the answer is no. The proof is a JSON object with the texts `wallet_type`, `address`, `message`, `signature`
/// and, for all types but EVM, `public_key` (a text, or a list of texts as the official SDK writes it).
#[derive(Args)]
pub(super) struct CheckWallet {
    /// The proof. `-` reads standard input.
    file: PathBuf,
}

/// A proof that is not written as proofs are.
#[derive(Debug, thiserror::Error)]
enum ProofError {
    #[error("the proof {0}")]
    Json(#[from] idos_credential::strict_json::JsonError),
    #[error("the proof must be a JSON object")]
    NotAnObject,
    #[error("{0} must be a text")]
    NotAText(&'static str),
    #[error("public_key must be a text or a list of texts")]
    PublicKey,
    #[error("wallet_type must be EVM, NEAR, XRPL, Stellar or FaceSign")]
    WalletType,
}

impl CheckWallet {
    pub(super) fn run(self) -> Outcome {
        let json = Json::parse(&input::read(&self.file)?).map_err(ProofError::from)?;
        let verdict = check(&json)?;
        output::line(
            &verdict.as_ref().map_or_else(|reason| format!("not valid: {reason}"), |()| "valid".to_owned()),
        );
        if verdict.is_ok() && claims_an_account(&json) {
            output::line(
                "note: the account's name is claimed, not proven: only the NEAR chain knows its keys",
            );
        }
        Ok(verdict.is_ok())
    }
}

/// Whether the address is a chosen name, which says nothing about its keys. (Implicit accounts of NEAR are their key.)
fn claims_an_account(json: &Json) -> bool {
    let is_name = |address: &str| address.len() != 64 || !address.bytes().all(|b| b.is_ascii_hexdigit());
    let text = |name| json.member(name).and_then(Json::as_text);
    text("wallet_type").is_some_and(|kind| kind.parse() == Ok(WalletType::Near))
        && text("address").is_some_and(is_name)
}

/// Whether the proof holds with any of its keys; if not, why not with the first.
fn check(json: &Json) -> Result<Result<(), String>, ProofError> {
    if !matches!(json, Json::Object(_)) {
        return Err(ProofError::NotAnObject);
    }
    let text = |name| json.member(name).and_then(Json::as_text).ok_or(ProofError::NotAText(name));
    let wallet_type: WalletType = match text("wallet_type")?.parse() {
        Ok(wallet_type) => wallet_type,
        Err(error @ UnusableWalletType::NoProof) => return Ok(Err(error.to_string())),
        Err(UnusableWalletType::Unknown) => return Err(ProofError::WalletType),
    };
    let (address, message, signature) = (text("address")?, text("message")?, text("signature")?);
    let keys: Vec<Option<&str>> = match json.member("public_key") {
        None | Some(Json::Null) => vec![None],
        Some(Json::Text(key)) => vec![Some(key)],
        Some(Json::List(keys)) if keys.is_empty() => vec![None],
        Some(Json::List(keys)) => keys
            .iter()
            .map(|key| key.as_text().map(Some).ok_or(ProofError::PublicKey))
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(ProofError::PublicKey),
    };
    let mut verdicts = keys
        .into_iter()
        .map(|public_key| OwnershipProof { wallet_type, address, public_key, message, signature }.verify());
    let first = verdicts.next().unwrap_or(Ok(()));
    Ok(if verdicts.any(|verdict| verdict.is_ok()) {
        Ok(())
    } else {
        first.map_err(|reason| reason.to_string())
    })
}
