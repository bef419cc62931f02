//! NEP-413, the way NEAR wallets sign messages, and the blob in which idOS hands such a signature around.
//!
//! The signature is over SHA-256 of a borsh-encoded payload that holds more than the message, so the payload
//! travels with it:
//!
//! | part | encoding |
//! | --- | --- |
//! | length of the payload | `u16`, **big** endian |
//! | tag | `u32` little endian, 2^31 + 413 |
//! | message | `u32` little endian length, UTF-8 |
//! | nonce | 32 bytes |
//! | recipient | `u32` little endian length, UTF-8 |
//! | callback URL | `00`, or `01` and `u32` little endian length, UTF-8 |
//! | signature | 64 bytes |
//!
//! # An empty callback URL
//!
//! "None" (`00`) and "an empty one" (`01 00000000`) are two payloads with two digests, and what was signed is what
//! the blob says. That is what the SDK's own check does: it reads and writes the payload with the npm package
//! `borsh`, whose options are absent for `null` and `undefined` only (the same in its versions 1 and 2). A wallet that
//! signs "none" for an empty URL, while its caller writes "an empty one" into the blob, makes a proof that this check
//! and ours both refuse.
//!
//! How a node decides is not public: the `idos` extension of its engine is closed. Our development node and the
//! extension of the local network decide as this module does.

use sha2::{Digest, Sha256};

/// Marks a payload as NEP-413, so that its signature can never be one of a transaction.
pub const TAG: u32 = (1 << 31) + 413;

/// What is signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Payload<'a> {
    /// The message, in UTF-8.
    pub message: &'a [u8],
    /// Chosen by the wallet's caller, so that no two signatures are alike.
    pub nonce: [u8; 32],
    /// Whom the message is for, such as `idos.network`.
    pub recipient: &'a str,
    /// Where a web wallet sent the browser with the signature. Empty is not the same as none.
    pub callback_url: Option<&'a str>,
}

impl<'a> Payload<'a> {
    /// SHA-256 of the borsh encoding: what the key signs.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.encode()).into()
    }

    /// The borsh encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.message.len() + self.recipient.len());
        out.extend(TAG.to_le_bytes());
        push_bytes(&mut out, self.message);
        out.extend(self.nonce);
        push_bytes(&mut out, self.recipient.as_bytes());
        match self.callback_url {
            None => out.push(0),
            Some(url) => {
                out.push(1);
                push_bytes(&mut out, url.as_bytes());
            }
        }
        out
    }

    /// Reads a borsh encoding to its end.
    pub fn decode(bytes: &'a [u8]) -> Result<Payload<'a>, InvalidPayload> {
        let mut reader = Reader(bytes);
        if u32::from_le_bytes(reader.array()?) != TAG {
            return Err(InvalidPayload::Tag);
        }
        let message = reader.bytes()?;
        std::str::from_utf8(message).map_err(|_| InvalidPayload::Utf8)?;
        let payload = Payload {
            message,
            nonce: reader.array()?,
            recipient: reader.text()?,
            callback_url: match reader.array()? {
                [0] => None,
                [1] => Some(reader.text()?),
                _ => return Err(InvalidPayload::Option),
            },
        };
        if reader.0.is_empty() { Ok(payload) } else { Err(InvalidPayload::Length) }
    }
}

/// A payload and its signature: what idOS takes as the signature of a NEAR wallet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignedPayload<'a> {
    /// What was signed.
    pub payload: Payload<'a>,
    /// Ed25519 over [`Payload::digest`]. Not verified.
    pub signature: [u8; 64],
}

impl<'a> SignedPayload<'a> {
    /// Reads the blob to its end. Does not verify the signature.
    pub fn decode(blob: &'a [u8]) -> Result<SignedPayload<'a>, InvalidPayload> {
        let mut reader = Reader(blob);
        let length = u16::from_be_bytes(reader.array()?);
        let payload = Payload::decode(reader.take(usize::from(length))?)?;
        let signature = reader.array()?;
        if reader.0.is_empty() {
            Ok(SignedPayload { payload, signature })
        } else {
            Err(InvalidPayload::Length)
        }
    }

    /// Writes the blob. None if the payload is longer than its 16-bit length can say.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let payload = self.payload.encode();
        let length = u16::try_from(payload.len()).ok()?;
        Some([&length.to_be_bytes()[..], &payload, &self.signature].concat())
    }
}

/// Why bytes are no NEP-413 payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPayload {
    /// A length inside does not fit what is there.
    #[error("the NEP-413 payload is cut short, or something follows it")]
    Length,
    /// It begins with something other than [`TAG`].
    #[error("the payload has not the tag of NEP-413")]
    Tag,
    /// A text is not UTF-8.
    #[error("a text of the NEP-413 payload is not UTF-8")]
    Utf8,
    /// The byte before the callback URL is neither 0 nor 1.
    #[error("the NEP-413 payload says neither that it has a callback URL nor that it has none")]
    Option,
}

fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    // Borsh has no way to say more than 4 GiB. Nothing here gets near: messages are bounded by their callers.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend(length.to_le_bytes());
    out.extend_from_slice(bytes);
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], InvalidPayload> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(InvalidPayload::Length)?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], InvalidPayload> {
        self.take(N)?.try_into().map_err(|_| InvalidPayload::Length)
    }

    fn bytes(&mut self) -> Result<&'a [u8], InvalidPayload> {
        let length = u32::from_le_bytes(self.array()?);
        self.take(usize::try_from(length).map_err(|_| InvalidPayload::Length)?)
    }

    fn text(&mut self) -> Result<&'a str, InvalidPayload> {
        std::str::from_utf8(self.bytes()?).map_err(|_| InvalidPayload::Utf8)
    }
}
