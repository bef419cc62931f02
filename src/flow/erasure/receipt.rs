//! The receipt: what was erased, and what became, apart, of our records, our copies, the user's credentials and consumers' copies.

use idos_client::SignError;
use idos_credential::{ErasureReceipt, WrongSignature};

use crate::app::App;
use crate::keys::KeysError;
use crate::model::carrying_out::{CarriedCase, CopyState, Kept, ListedRecord, Undone};
use crate::model::case::RecordKind;
use crate::model::time::Timestamp;

/// How users remove what is theirs.
const REMOVES_BY: &str = "The user removes it: with a wallet of the profile, at idOS, by the action remove_credential for each credential, \
                          remove_attribute and remove_wallet for the others. Nobody else can.";

/// By what it is known who has a copy.
const KNOWN_BY: &str = "The user's profile at idOS shows each access grant, whose it is, and until when it is locked \
                        (get_access_grants_owned). Erasure is asked for there.";

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReceiptError {
    /// No key signs now.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// What it answered is no signature.
    #[error(transparent)]
    Wrong(#[from] WrongSignature),
}

/// The signed receipt of a case of whose records nothing is left, as JSON.
pub(super) async fn sign(
    app: &App,
    case: &CarriedCase,
    records: &[ListedRecord],
    now: Timestamp,
) -> Result<String, ReceiptError> {
    let key = app.keys.signing_at(now)?;
    let unsigned = receipt(case, records, now).prepare(&key.method, now);
    let signature = key.key.sign(unsigned.to_sign()).await?;
    Ok(unsigned.signed(&signature)?)
}

fn receipt(case: &CarriedCase, records: &[ListedRecord], now: Timestamp) -> ErasureReceipt {
    let count = |is_meant: &dyn Fn(&ListedRecord) -> bool| {
        records.iter().filter(|record| is_meant(record)).count() as u64
    };
    let of_kind = |kind: RecordKind| count(&|record| record.kind == kind);
    let of_copy = |state: CopyState| count(&|record| record.copy == Some(state));
    let of_kept = |kept: Kept| count(&|record| record.kept == Some(kept));
    ErasureReceipt {
        case: case.id.to_string(),
        received: case.received_at,
        erased: now,
        issuances: of_kind(RecordKind::Issuance),
        verifications: of_kind(RecordKind::Verification),
        claims: of_kind(RecordKind::Claim),
        profiles: of_kind(RecordKind::Profile),
        wallets: of_kind(RecordKind::Wallet),
        attributes: of_kind(RecordKind::Attribute),
        wallet_links: of_kind(RecordKind::WalletLink),
        copies_removed: of_copy(CopyState::Removed),
        copies_absent: of_copy(CopyState::Absent),
        copies_left: count(&|record| record.copy.is_some_and(CopyState::is_left)),
        credentials: of_kept(Kept::Credential),
        credentials_revoked: of_kept(Kept::Revoked),
        credentials_not_revoked: count(&|record| record.undone == Some(Undone::NotRevoked)),
        credentials_unknown: of_kept(Kept::Unknown),
        rows: of_kept(Kept::Row),
        removes_by: REMOVES_BY.to_owned(),
        consumer_copies: of_copy(CopyState::Others),
        consumer_copies_locked_until: None,
        consumer_copies_known_by: KNOWN_BY.to_owned(),
        confirmation: case.run.mail.as_str().to_owned(),
    }
}
