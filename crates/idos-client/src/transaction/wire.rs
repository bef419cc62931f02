//! The JSON form of transactions: base64 and hex for serde, and a writer that keeps the payload out of serde.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::Simd;
use base64::engine::general_purpose::PAD;

use super::Signed;

/// Standard base64 with padding, by the vector instructions of the processor: payloads may have megabytes.
static BASE64: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));

/// A Go byte slice: standard base64 with padding.
pub(crate) mod base64_bytes {
    use std::fmt;

    use base64::Engine as _;
    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    use super::BASE64;

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_str(Text)
    }

    pub(super) struct Text;

    impl Visitor<'_> for Text {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("base64")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
            // The decoder's own error would repeat a byte of the input.
            BASE64.decode(text).map_err(|_| E::custom("not base64 with padding"))
        }
    }
}

/// `HexBytes`: hex without prefix; null and nothing are no bytes.
pub(crate) mod hex_bytes {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use std::borrow::Cow;

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = Option::<Cow<'de, str>>::deserialize(deserializer)?.unwrap_or_default();
        hex::decode(text.as_ref()).map_err(|_| D::Error::custom("not hexadecimal"))
    }
}

/// Base64 that may be null.
pub(crate) mod optional_base64 {
    use std::fmt;

    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serialize as _, Serializer};

    use super::base64_bytes::{self, Text};

    #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
    pub(crate) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => base64_bytes::serialize(bytes, serializer),
            None => None::<&str>.serialize(serializer),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        struct Maybe;

        impl<'de> Visitor<'de> for Maybe {
            type Value = Option<Vec<u8>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64 or null")
            }

            fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
                deserializer.deserialize_str(Text).map(Some)
            }
        }

        deserializer.deserialize_option(Maybe)
    }
}

/// The length of `bytes` bytes in base64.
pub(crate) fn base64_len(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4)
}

/// Appends the base64 of `bytes` as a JSON string.
pub(crate) fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + base64_len(bytes.len()), 0);
    if let Some(room) = out.get_mut(start..) {
        // The room is exactly as long as the text, so this cannot fail.
        let written = BASE64.encode_slice(bytes, room).unwrap_or(0);
        out.truncate(start + written);
    }
    out.push(b'"');
}

pub(super) fn transaction_capacity(tx: &Signed) -> usize {
    // A character of a JSON text takes at most six (\u0000).
    let texts = tx.body.description.len()
        + tx.body.payload_type.len()
        + tx.body.chain_id.len()
        + tx.body.fee.as_str().len()
        + tx.signature.signature_type.len()
        + tx.serialization.len();
    let blobs = base64_len(tx.signature.bytes.len()) + base64_len(tx.body.payload.len());
    256 + 6 * texts + blobs + 2 * tx.sender.len()
}

pub(super) fn write_transaction(out: &mut Vec<u8>, tx: &Signed) {
    out.reserve(transaction_capacity(tx));
    out.extend_from_slice(br#"{"signature":{"sig":"#);
    write_base64(out, &tx.signature.bytes);
    write_member(out, "type", &tx.signature.signature_type);
    out.extend_from_slice(br#"},"body":{"desc":"#);
    write_text(out, &tx.body.description);
    out.extend_from_slice(br#","payload":"#);
    write_base64(out, &tx.body.payload);
    write_member(out, "type", &tx.body.payload_type);
    write_member(out, "fee", tx.body.fee.as_str());
    out.extend_from_slice(br#","nonce":"#);
    out.extend_from_slice(tx.body.nonce.to_string().as_bytes());
    write_member(out, "chain_id", &tx.body.chain_id);
    out.extend_from_slice(br#"},"sender":"#);
    write_text(out, &hex::encode(&tx.sender));
    write_member(out, "serialization", &tx.serialization);
    out.push(b'}');
}

fn write_member(out: &mut Vec<u8>, name: &str, text: &str) {
    out.push(b',');
    write_text(out, name);
    out.push(b':');
    write_text(out, text);
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
}
