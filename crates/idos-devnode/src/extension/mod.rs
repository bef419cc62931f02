//! The functions that the idOS schema calls in the namespace `idos`.
//!
//! In a real node they are a compiled extension, which is not public. What they must do follows from the schema,
//! the SDK and the documents; where that leaves a choice, the function's comment says which was taken.

pub(crate) mod dates;
pub(crate) mod grants;
pub(crate) mod signatures;

use idos_wallet::OwnershipProof;
use serde_json::Value;

/// A function of the extension failed, which is not the same as answering `false`. The text is for the client.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ExtensionError(pub(crate) String);

/// A null where the function takes none, in the words of the Kwil engine.
pub(crate) fn required<T>(value: Option<T>, function: &str, position: usize) -> Result<T, ExtensionError> {
    value.ok_or_else(|| {
        ExtensionError(format!(
            "extension implementation error: extension method \"{function}\" expected argument {position} to be \
             non-null, but got null"
        ))
    })
}

/// `is_wallet_valid`: whether the wallet of this address and key signed the message. Anything missing or
/// malformed is simply not valid. Stricter than is known of a real node: see the crate `idos-wallet`.
pub(crate) fn is_wallet_valid(
    address: Option<&str>,
    public_key: Option<&str>,
    wallet_type: Option<&str>,
    message: Option<&str>,
    signature: Option<&str>,
) -> bool {
    let (Some(address), Some(wallet_type), Some(message), Some(signature)) =
        (address, wallet_type, message, signature)
    else {
        return false;
    };
    let Ok(wallet_type) = wallet_type.parse() else { return false };
    OwnershipProof { wallet_type, address, public_key, message, signature }.verify().is_ok()
}

/// `get_verifiable_credential_id`: the member `id` of the notes if they are a JSON object and it is a string,
/// otherwise nothing. (The extension answers the empty text, which the schema turns into null.)
pub(crate) fn verifiable_credential_id(public_notes: Option<&str>) -> Option<String> {
    match serde_json::from_str(public_notes?) {
        Ok(Value::Object(mut notes)) => match notes.remove("id") {
            Some(Value::String(id)) => Some(id).filter(|id| !id.is_empty()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_textual_id_of_an_object_is_found() {
        assert_eq!(verifiable_credential_id(Some(r#"{"id":"a","level":"basic"}"#)).as_deref(), Some("a"));
        for notes in [
            "",
            "x",
            "{}",
            "[]",
            r#""a""#,
            r#"{"id":1}"#,
            r#"{"id":null}"#,
            r#"{"id":""}"#,
            "[{\"id\":\"a\"}]",
        ] {
            assert_eq!(verifiable_credential_id(Some(notes)), None, "{notes}");
        }
        assert_eq!(verifiable_credential_id(None), None);
        assert_eq!(verifiable_credential_id(Some(&"[".repeat(100_000))), None);
    }
}
