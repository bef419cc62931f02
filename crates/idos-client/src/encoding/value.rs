//! Values: what an action takes as arguments.

use std::borrow::Cow;
use std::fmt;

use uuid::Uuid;

use super::{DataType, Numeric, Scalar};

/// One argument of an action. `Debug` shows its type only: arguments are people's data.
#[derive(Clone, PartialEq)]
pub enum Value<'a> {
    /// Text, which may be empty.
    Text(Cow<'a, str>),
    /// An integer.
    Int8(i64),
    /// True or false.
    Bool(bool),
    /// A UUID. Not interchangeable with its text: the node calls that a type error.
    Uuid(Uuid),
    /// Bytes.
    Bytea(Cow<'a, [u8]>),
    /// A decimal number.
    Numeric(Numeric<'a>),
    /// Null with a type, which is what the official SDK sends.
    Null(Scalar),
    /// Null without a type. Nodes take it for any parameter.
    UntypedNull,
    /// A list.
    Array(Array<'a>),
}

/// A list of values of one type, any of which may be null.
#[derive(Clone, PartialEq)]
pub struct Array<'a> {
    scalar: Scalar,
    items: Vec<Value<'a>>,
}

impl Value<'_> {
    /// The type that goes before the value on the wire.
    #[must_use]
    pub fn data_type(&self) -> DataType {
        match self {
            Self::UntypedNull => DataType::Null,
            Self::Array(array) => DataType::Array(array.scalar),
            Self::Text(_) => Scalar::Text.into(),
            Self::Int8(_) => Scalar::Int8.into(),
            Self::Bool(_) => Scalar::Bool.into(),
            Self::Uuid(_) => Scalar::Uuid.into(),
            Self::Bytea(_) => Scalar::Bytea.into(),
            Self::Numeric(numeric) => numeric.scalar().into(),
            Self::Null(scalar) => (*scalar).into(),
        }
    }

    /// Whether this is a null of either kind.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null(_) | Self::UntypedNull)
    }

    /// The text, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The same value, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Int8(int) => Value::Int8(int),
            Self::Bool(bool) => Value::Bool(bool),
            Self::Uuid(uuid) => Value::Uuid(uuid),
            Self::Bytea(bytes) => Value::Bytea(Cow::Owned(bytes.into_owned())),
            Self::Numeric(numeric) => Value::Numeric(numeric.into_owned()),
            Self::Null(scalar) => Value::Null(scalar),
            Self::UntypedNull => Value::UntypedNull,
            Self::Array(array) => Value::Array(Array {
                scalar: array.scalar,
                items: array.items.into_iter().map(Value::into_owned).collect(),
            }),
        }
    }
}

impl<'a> Array<'a> {
    /// A list of `items`; `None` if one of them has another type than `scalar`.
    #[must_use]
    pub fn new(scalar: Scalar, items: Vec<Value<'a>>) -> Option<Self> {
        let uniform = items.iter().all(|item| item.data_type() == DataType::Scalar(scalar));
        uniform.then_some(Self { scalar, items })
    }

    /// The type of the items.
    #[must_use]
    pub fn scalar(&self) -> Scalar {
        self.scalar
    }

    /// The items; a null among them is [`Value::Null`].
    #[must_use]
    pub fn items(&self) -> &[Value<'a>] {
        &self.items
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<Uuid> for Value<'_> {
    fn from(uuid: Uuid) -> Self {
        Self::Uuid(uuid)
    }
}

impl From<i64> for Value<'_> {
    fn from(int: i64) -> Self {
        Self::Int8(int)
    }
}

impl From<bool> for Value<'_> {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null(scalar) => write!(f, "null of {}", DataType::from(*scalar)),
            Self::UntypedNull => f.write_str("null"),
            Self::Uuid(uuid) => write!(f, "{uuid}"),
            other => write!(f, "a {}", other.data_type()),
        }
    }
}

impl fmt::Debug for Array<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} items of {}", self.items.len(), DataType::from(self.scalar))
    }
}
