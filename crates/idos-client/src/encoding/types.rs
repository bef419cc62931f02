//! The types of values: their names, their binary header, and their JSON form in the answers of views.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The type of a single value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scalar {
    /// UTF-8 text.
    Text,
    /// A signed integer of 64 bits.
    Int8,
    /// True or false.
    Bool,
    /// A UUID, 16 bytes on the wire.
    Uuid,
    /// Bytes.
    Bytea,
    /// A decimal number: at most `precision` digits, `scale` of them after the point.
    Numeric {
        /// Total number of digits.
        precision: u16,
        /// Digits after the point.
        scale: u16,
    },
}

/// The type of an argument or of a column.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DataType {
    /// The type of a null that was given without a type.
    Null,
    /// One value.
    Scalar(Scalar),
    /// A list of values.
    Array(Scalar),
}

impl Scalar {
    /// The name on the wire, without precision and scale.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Int8 => "int8",
            Self::Bool => "bool",
            Self::Uuid => "uuid",
            Self::Bytea => "bytea",
            Self::Numeric { .. } => "numeric",
        }
    }

    /// Reads a name as the node does, with its aliases.
    ///
    /// The metadata of `int8` is ignored, because the official JavaScript client fills it when it has to guess
    /// a type. For other types than `numeric` it must be zero.
    fn from_parts(name: &str, [precision, scale]: [u16; 2]) -> Option<Self> {
        let scalar = match name {
            "int8" | "int" | "integer" | "bigint" => return Some(Self::Int8),
            "numeric" | "decimal" => return Some(Self::Numeric { precision, scale }),
            "text" | "string" => Self::Text,
            "bool" | "boolean" => Self::Bool,
            "uuid" => Self::Uuid,
            "bytea" | "blob" => Self::Bytea,
            _ => return None,
        };
        (precision == 0 && scale == 0).then_some(scalar)
    }
}

impl DataType {
    /// The name on the wire, without precision and scale.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Scalar(scalar) | Self::Array(scalar) => scalar.name(),
        }
    }

    /// Whether values of this type are lists.
    #[must_use]
    pub fn is_array(self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Precision and scale of a number, otherwise zeros.
    #[must_use]
    pub fn metadata(self) -> [u16; 2] {
        match self {
            Self::Scalar(Scalar::Numeric { precision, scale })
            | Self::Array(Scalar::Numeric { precision, scale }) => [precision, scale],
            _ => [0, 0],
        }
    }

    pub(crate) fn from_parts(name: &str, is_array: bool, metadata: [u16; 2]) -> Option<Self> {
        if name == "null" {
            return (!is_array && metadata == [0, 0]).then_some(Self::Null);
        }
        let scalar = Scalar::from_parts(name, metadata)?;
        Some(if is_array { Self::Array(scalar) } else { Self::Scalar(scalar) })
    }

    /// Bytes of the binary header: version, name with its length, array flag, metadata.
    pub(super) fn encoded_len(self) -> usize {
        2 + 4 + self.name().len() + 1 + 4
    }
}

impl From<Scalar> for DataType {
    fn from(scalar: Scalar) -> Self {
        Self::Scalar(scalar)
    }
}

/// As the node's error texts write it, e.g. `text`, `uuid[]`, `numeric(78,0)`.
impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if let Self::Scalar(Scalar::Numeric { .. }) | Self::Array(Scalar::Numeric { .. }) = self {
            let [precision, scale] = self.metadata();
            write!(f, "({precision},{scale})")?;
        }
        if self.is_array() { f.write_str("[]") } else { Ok(()) }
    }
}

/// The JSON form: `{"name":"text","is_array":false,"metadata":[0,0]}`.
#[derive(Serialize, Deserialize)]
struct Json<'a> {
    #[serde(borrow)]
    name: std::borrow::Cow<'a, str>,
    #[serde(default)]
    is_array: bool,
    #[serde(default)]
    metadata: Option<[u16; 2]>,
}

impl Serialize for DataType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let metadata = Some(self.metadata());
        Json { name: self.name().into(), is_array: self.is_array(), metadata }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DataType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        Self::from_parts(&json.name, json.is_array, json.metadata.unwrap_or_default())
            .ok_or_else(|| D::Error::custom("not a data type of Kwil"))
    }
}
