//! The identifier as a value, as text and as a URI.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;

/// Version, codec, hash function and the length of its digest, a byte each: all the numbers that occur are below 128,
/// where a varint is one byte (multiformats/cid; multiformats/multicodec, `table.csv`).
const HEADER: usize = 4;
const VERSION: u8 = 0x01;
const SHA2_256: u8 = 0x12;
const DIGEST: usize = 32;
/// The sign of base32 in lower case without padding (multiformats/multibase).
const BASE32_LOWER: char = 'b';
const SCHEME: &str = "ipfs://";

/// The identifier of one content: a CID of version 1 with SHA-256, of a raw leaf or of a dag-pb root.
///
/// Two contents with the same identifier are the same. As text it is base32 in lower case: `b` and 58 more characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentId {
    codec: Codec,
    digest: [u8; DIGEST],
}

/// How the block that is identified is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Codec {
    /// The content itself.
    Raw,
    /// Links to leaves.
    DagPb,
}

impl Codec {
    /// Its number in multiformats/multicodec, `table.csv`.
    const fn code(self) -> u8 {
        match self {
            Self::Raw => 0x55,
            Self::DagPb => 0x70,
        }
    }
}

/// Why a text is no identifier of a content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseError {
    /// A URI of another scheme, or none.
    #[error("does not begin with ipfs://")]
    Scheme,
    /// Another base, such as that of version 0 (`Qm…`), or upper case.
    #[error("does not begin with b, the sign of base32 in lower case")]
    Base,
    /// Characters that are not of base32 in lower case, or bits that are left over.
    #[error("is not base32 in lower case without padding")]
    Base32,
    /// Not version 1.
    #[error("is no content identifier of version 1")]
    Version,
    /// Not raw and not dag-pb.
    #[error("identifies neither a raw leaf nor a dag-pb root")]
    Codec,
    /// Not SHA-256 of 32 bytes.
    #[error("is not by SHA-256")]
    Hash,
    /// Cut off, or followed by something.
    #[error("is not of 36 bytes")]
    Length,
}

impl ContentId {
    /// As it stands in a row's `content_uri`: `ipfs://` and the text.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("{SCHEME}{self}")
    }

    /// Reads what [`ContentId::uri`] writes, and nothing else: no path, no query, no other spelling.
    ///
    /// # Errors
    ///
    /// Says which part of it is not as it should be.
    pub fn from_uri(uri: &str) -> Result<Self, ParseError> {
        uri.strip_prefix(SCHEME).ok_or(ParseError::Scheme)?.parse()
    }

    pub(crate) const fn new(codec: Codec, digest: [u8; DIGEST]) -> Self {
        Self { codec, digest }
    }

    /// The binary form: what a link in a dag-pb block holds.
    pub(crate) fn to_bytes(self) -> [u8; HEADER + DIGEST] {
        let mut bytes = [0; HEADER + DIGEST];
        let (header, digest) = bytes.split_at_mut(HEADER);
        header.copy_from_slice(&[VERSION, self.codec.code(), SHA2_256, 32]);
        digest.copy_from_slice(&self.digest);
        bytes
    }
}

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{BASE32_LOWER}{}", BASE32_NOPAD.encode(&self.to_bytes()).to_ascii_lowercase()))
    }
}

impl fmt::Debug for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentId({self})")
    }
}

impl FromStr for ContentId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let digits = text.strip_prefix(BASE32_LOWER).ok_or(ParseError::Base)?;
        if digits.bytes().any(|digit| digit.is_ascii_uppercase()) {
            return Err(ParseError::Base32);
        }
        let bytes =
            BASE32_NOPAD.decode(digits.to_ascii_uppercase().as_bytes()).map_err(|_| ParseError::Base32)?;
        let (version, rest) = bytes.split_first().ok_or(ParseError::Length)?;
        if *version != VERSION {
            return Err(ParseError::Version);
        }
        let (code, rest) = rest.split_first().ok_or(ParseError::Length)?;
        let codec = [Codec::Raw, Codec::DagPb].into_iter().find(|codec| codec.code() == *code);
        let codec = codec.ok_or(ParseError::Codec)?;
        let (function, rest) = rest.split_first().ok_or(ParseError::Length)?;
        let (length, digest) = rest.split_first().ok_or(ParseError::Length)?;
        if *function != SHA2_256 || usize::from(*length) != DIGEST {
            return Err(ParseError::Hash);
        }
        Ok(Self { codec, digest: digest.try_into().map_err(|_| ParseError::Length)? })
    }
}
