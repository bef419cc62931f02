//! Reads values from foreign bytes.
//!
//! Every length is compared with what is left before anything is done with it.

use std::fmt;
use std::str;

use uuid::Uuid;

use super::{Array, DataType, Numeric, NumericError, Scalar, Value};

/// Foreign bytes are no payload: where, and why. The text never repeats a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct DecodeError {
    /// The part that could not be read.
    pub place: Place,
    /// What is wrong with it.
    pub reason: Reason,
}

/// A part of a payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The version at the beginning.
    Version,
    /// The name of the namespace.
    Namespace,
    /// The name of the action.
    Action,
    /// The number of calls or arguments.
    Count,
    /// An argument; both numbers count from zero.
    Argument {
        /// Which call.
        call: usize,
        /// Which argument of that call.
        argument: usize,
    },
    /// What follows the last argument.
    End,
}

/// Why a part of a payload could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Reason {
    /// The bytes end before the part does.
    #[error("the data ends too early")]
    TooShort,
    /// Bytes are left over.
    #[error("there is more data than there should be")]
    TooLong,
    /// Only version 0 is known.
    #[error("unknown version")]
    Version,
    /// A length of "nil" where something is needed.
    #[error("it is missing")]
    Missing,
    /// A name or text is not UTF-8.
    #[error("it is not valid UTF-8")]
    NotUtf8,
    /// A type that Kwil does not know, or metadata that do not belong to it.
    #[error("unknown type")]
    UnknownType,
    /// A single value must have exactly one element.
    #[error("wrong number of elements")]
    ElementCount,
    /// An element begins with neither 0 (null) nor 1 (a value), or goes on after a null.
    #[error("an element is neither null nor a value")]
    NullMark,
    /// An element has not the length of its type, or a truth value is neither 0 nor 1.
    #[error("an element does not fit its type")]
    BadElement,
    /// A decimal number is malformed or too large for its type.
    #[error(transparent)]
    Numeric(#[from] NumericError),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version => f.write_str("version"),
            Self::Namespace => f.write_str("namespace"),
            Self::Action => f.write_str("action"),
            Self::Count => f.write_str("count"),
            Self::Argument { call, argument } => {
                write!(f, "argument {} of call {}", argument + 1, call + 1)
            }
            Self::End => f.write_str("end of the payload"),
        }
    }
}

impl Reason {
    pub(super) fn at(self, place: Place) -> DecodeError {
        DecodeError { place, reason: self }
    }
}

/// The bytes that are not yet read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn version(&mut self) -> Result<(), Reason> {
        if self.u16()? == 0 { Ok(()) } else { Err(Reason::Version) }
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Reason> {
        let bytes = self.bytes()?.ok_or(Reason::Missing)?;
        str::from_utf8(bytes).map_err(|_| Reason::NotUtf8)
    }

    pub(super) fn count(&mut self) -> Result<usize, Reason> {
        self.u16().map(usize::from)
    }

    pub(super) fn argument(&mut self) -> Result<Value<'a>, Reason> {
        let mut inner = Reader(self.bytes()?.ok_or(Reason::Missing)?);
        let value = inner.value()?;
        inner.end()?;
        Ok(value)
    }

    pub(super) fn end(self) -> Result<(), Reason> {
        if self.0.is_empty() { Ok(()) } else { Err(Reason::TooLong) }
    }

    /// How many more parts of at least `each` bytes there can be: an upper bound for what to reserve.
    pub(super) fn room_for(self, wanted: usize, each: usize) -> usize {
        wanted.min(self.0.len() / each)
    }

    fn value(&mut self) -> Result<Value<'a>, Reason> {
        self.version()?;
        let data_type = Reader(self.bytes()?.ok_or(Reason::Missing)?).data_type()?;
        let count = self.count()?;
        match data_type {
            DataType::Null => self.untyped_null(count),
            DataType::Scalar(scalar) if count == 1 => self.element(scalar),
            DataType::Scalar(_) => Err(Reason::ElementCount),
            DataType::Array(scalar) => self.array(scalar, count),
        }
    }

    /// Clients write it with no element, with an empty one, or with one that holds the mark of null.
    fn untyped_null(&mut self, count: usize) -> Result<Value<'a>, Reason> {
        match count {
            0 => Ok(Value::UntypedNull),
            1 => match self.bytes()? {
                None | Some([] | [0]) => Ok(Value::UntypedNull),
                Some(_) => Err(Reason::NullMark),
            },
            _ => Err(Reason::ElementCount),
        }
    }

    fn array(&mut self, scalar: Scalar, count: usize) -> Result<Value<'a>, Reason> {
        let mut items = Vec::with_capacity(self.room_for(count, 5));
        for _ in 0..count {
            items.push(self.element(scalar)?);
        }
        Array::new(scalar, items).map(Value::Array).ok_or(Reason::BadElement)
    }

    fn element(&mut self, scalar: Scalar) -> Result<Value<'a>, Reason> {
        let bytes = self.bytes()?.ok_or(Reason::Missing)?;
        match bytes {
            [0] => Ok(Value::Null(scalar)),
            [1, content @ ..] => scalar_value(scalar, content),
            _ => Err(Reason::NullMark),
        }
    }

    /// The header of a type, which is big endian.
    fn data_type(mut self) -> Result<DataType, Reason> {
        if u16::from_be_bytes(self.take()?) != 0 {
            return Err(Reason::Version);
        }
        let name_len = u32::from_be_bytes(self.take()?);
        let name = str::from_utf8(self.slice(name_len)?).map_err(|_| Reason::NotUtf8)?;
        let is_array = match self.take()? {
            [0] => false,
            [1] => true,
            [_] => return Err(Reason::UnknownType),
        };
        let metadata = [u16::from_be_bytes(self.take()?), u16::from_be_bytes(self.take()?)];
        self.end()?;
        DataType::from_parts(name, is_array, metadata).ok_or(Reason::UnknownType)
    }

    fn u16(&mut self) -> Result<u16, Reason> {
        self.take().map(u16::from_le_bytes)
    }

    /// Bytes with a length before them; `None` for the length that means nil.
    fn bytes(&mut self) -> Result<Option<&'a [u8]>, Reason> {
        match u32::from_le_bytes(self.take()?) {
            u32::MAX => Ok(None),
            len => self.slice(len).map(Some),
        }
    }

    fn slice(&mut self, len: u32) -> Result<&'a [u8], Reason> {
        let len = usize::try_from(len).map_err(|_| Reason::TooShort)?;
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Reason::TooShort)?;
        self.0 = rest;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Reason> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Reason::TooShort)?;
        self.0 = rest;
        Ok(*taken)
    }
}

fn scalar_value(scalar: Scalar, content: &[u8]) -> Result<Value<'_>, Reason> {
    let text = || str::from_utf8(content).map_err(|_| Reason::NotUtf8);
    Ok(match scalar {
        Scalar::Text => Value::Text(text()?.into()),
        Scalar::Int8 => Value::Int8(i64::from_be_bytes(exactly(content)?)),
        Scalar::Bool => match exactly(content)? {
            [0] => Value::Bool(false),
            [1] => Value::Bool(true),
            [_] => return Err(Reason::BadElement),
        },
        Scalar::Uuid => Value::Uuid(Uuid::from_bytes(exactly(content)?)),
        Scalar::Bytea => Value::Bytea(content.into()),
        Scalar::Numeric { precision, scale } => Value::Numeric(Numeric::new(text()?, precision, scale)?),
    })
}

fn exactly<const N: usize>(content: &[u8]) -> Result<[u8; N], Reason> {
    content.try_into().map_err(|_| Reason::BadElement)
}
