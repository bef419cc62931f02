//! Transactions: their signatures, and their JSON.

use idos_client::encoding::DataType;
use idos_client::transaction::{Body, Draft, Fee, Signed, TxHash};
use idos_wallet::nep413::{Payload, SignedPayload};
use idos_wallet::{SignatureType, WalletType, caller_of, verify_transaction_signature};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::input::{Bytes, text};
use crate::wallets::changed;

/// The blob of NEAR wallets: what is read is written the same.
pub fn nep413(data: &[u8]) {
    if let Ok(signed) = SignedPayload::decode(data) {
        assert_eq!(signed.encode().as_deref(), Some(data));
    }
    if let Ok(payload) = Payload::decode(data) {
        assert_eq!(payload.encode(), data);
        let signature = [0x5a; 64];
        if let Some(blob) = (SignedPayload { payload, signature }).encode() {
            assert_eq!(SignedPayload::decode(&blob), Ok(SignedPayload { payload, signature }));
        }
    }
}

/// Foreign signatures of transactions and logins.
///
/// Bytes: the signature's type, the length of the sender, 16 bits of the signature's length, these two, the text.
pub fn transaction_signature(data: &[u8]) {
    let mut input = Bytes(data);
    let Some((kind, sender_len, signature_len)) =
        input.byte().zip(input.byte()).zip(input.u16()).map(|((a, b), c)| (a, b, c))
    else {
        return;
    };
    let Some((sender, signature)) = input.take(sender_len.into()).zip(input.take(signature_len.into()))
    else {
        return;
    };
    let text = input.0;
    let signature_type = SignatureType::ALL[usize::from(kind) % SignatureType::ALL.len()];
    assert_eq!(signature_type.as_str().parse(), Ok(signature_type));

    let claimed = caller_of(signature_type, sender);
    if let Ok(caller) = &claimed {
        assert!(!caller.as_str().is_empty());
    }
    let Ok(caller) = verify_transaction_signature(signature_type, sender, text, signature) else { return };
    assert_eq!(claimed, Ok(caller));
    let refused = |t, text: &[u8], signature: &[u8]| {
        assert!(verify_transaction_signature(t, sender, text, signature).is_err());
    };
    refused(signature_type, &[text, b"x"].concat(), signature);
    let is_blob = signature_type == SignatureType::Nep413;
    let wallet_type = if is_blob { WalletType::Near } else { WalletType::FaceSign };
    refused(signature_type, text, &changed(signature, data.len() * 31, wallet_type));
    for other in SignatureType::ALL.into_iter().filter(|other| *other != signature_type) {
        refused(other, text, signature);
    }
}

/// Transactions in JSON, finished ones and drafts, and the small texts in them.
pub fn transaction_wire(data: &[u8]) {
    check_round_trip::<Body>(data);
    check_round_trip::<Draft>(data);
    check_round_trip::<DataType>(data);
    if let Some(tx) = check_round_trip::<Signed>(data) {
        check_transaction(&tx);
    }
    let Some(text) = text(data) else { return };
    if let Ok(fee) = text.parse::<Fee>() {
        assert_eq!(fee.as_str(), text);
    }
    if let Ok(hash) = text.parse::<TxHash>() {
        assert_eq!(hash.to_string(), text.to_ascii_lowercase());
        assert_eq!(hash.to_string().parse(), Ok(hash));
    }
}

/// What is read, is the same after it was written and read again.
fn check_round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(data: &[u8]) -> Option<T> {
    let value: T = serde_json::from_slice(data).ok()?;
    let written = serde_json::to_vec(&value).expect("it can be written");
    let again: T = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(again, value);
    Some(value)
}

fn check_transaction(tx: &Signed) {
    let mut json = Vec::new();
    tx.write_json(&mut json);
    assert_eq!(json, serde_json::to_vec(tx).expect("it can be written"), "the fast writer and serde agree");
    assert!(json.len() <= tx.json_capacity());

    assert_eq!(tx.serialize().len(), tx.serialized_len());
    assert_eq!(tx.hash(), serde_json::from_slice::<Signed>(&json).expect("JSON").hash());
    assert!(tx.body.sign_text().starts_with(&tx.body.description));
}
