//! The recorded vectors, and how the tests read them.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use serde_json::Value;

/// Reads one of the files that were recorded from the JavaScript SDK and its Kwil client.
pub(crate) fn vectors(file: &str) -> Value {
    let path = format!("{}/../../tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The string at a JSON pointer.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap()
}

/// 32 bytes from hexadecimal, with or without what XRPL and Ethereum put in front.
pub(crate) fn seed(hex_text: &str) -> [u8; 32] {
    let digits = hex_text.get(hex_text.len() - 64..).unwrap();
    hex::decode(digits).unwrap().try_into().unwrap()
}
