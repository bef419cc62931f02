//! Writes values into one buffer whose size is known beforehand.
//!
//! The largest payloads are some megabytes; growing the buffer step by step would copy them several times.

use super::{DataType, Value};

/// A part is longer than its length field can say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the {0} is too long to be encoded")]
pub struct EncodeError(&'static str);

pub(super) fn write_u16(out: &mut Vec<u8>, count: usize, what: &'static str) -> Result<(), EncodeError> {
    let count = u16::try_from(count).map_err(|_| EncodeError(what))?;
    out.extend_from_slice(&count.to_le_bytes());
    Ok(())
}

/// Writes a length and the bytes. The largest length means "nil" and is not available.
pub(super) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8], what: &'static str) -> Result<(), EncodeError> {
    write_len(out, bytes.len(), what)?;
    out.extend_from_slice(bytes);
    Ok(())
}

/// How many bytes [`write_argument`] will write.
pub(super) fn argument_len(value: &Value<'_>) -> usize {
    4 + value_len(value)
}

pub(super) fn write_argument(out: &mut Vec<u8>, value: &Value<'_>) -> Result<(), EncodeError> {
    write_len(out, value_len(value), "argument")?;
    out.extend_from_slice(&0_u16.to_le_bytes());
    write_type(out, value.data_type())?;
    match value {
        Value::Array(array) => {
            write_u16(out, array.items().len(), "array")?;
            array.items().iter().try_for_each(|item| write_element(out, item))
        }
        scalar => {
            out.extend_from_slice(&1_u16.to_le_bytes());
            write_element(out, scalar)
        }
    }
}

fn value_len(value: &Value<'_>) -> usize {
    let header = 2 + 4 + value.data_type().encoded_len() + 2;
    let elements = match value {
        Value::Array(array) => array.items().iter().map(|item| 4 + element_len(item)).sum(),
        scalar => 4 + element_len(scalar),
    };
    header + elements
}

/// Bytes of one element with its leading byte, which tells null from a value.
fn element_len(value: &Value<'_>) -> usize {
    1 + match value {
        Value::Text(text) => text.len(),
        Value::Int8(_) => 8,
        Value::Bool(_) => 1,
        Value::Uuid(_) => 16,
        Value::Bytea(bytes) => bytes.len(),
        Value::Numeric(numeric) => numeric.as_str().len(),
        // No array is an element: `Array::new` does not let one in.
        Value::Null(_) | Value::UntypedNull | Value::Array(_) => 0,
    }
}

fn write_element(out: &mut Vec<u8>, value: &Value<'_>) -> Result<(), EncodeError> {
    write_len(out, element_len(value), "argument")?;
    out.push(u8::from(!value.is_null()));
    match value {
        Value::Text(text) => out.extend_from_slice(text.as_bytes()),
        Value::Int8(int) => out.extend_from_slice(&int.to_be_bytes()),
        Value::Bool(bool) => out.push(u8::from(*bool)),
        Value::Uuid(uuid) => out.extend_from_slice(uuid.as_bytes()),
        Value::Bytea(bytes) => out.extend_from_slice(bytes),
        Value::Numeric(numeric) => out.extend_from_slice(numeric.as_str().as_bytes()),
        Value::Null(_) | Value::UntypedNull | Value::Array(_) => {}
    }
    Ok(())
}

fn write_type(out: &mut Vec<u8>, data_type: DataType) -> Result<(), EncodeError> {
    write_len(out, data_type.encoded_len(), "type")?;
    let name = data_type.name();
    let name_len = u32::try_from(name.len()).map_err(|_| EncodeError("type"))?;
    out.extend_from_slice(&0_u16.to_be_bytes());
    out.extend_from_slice(&name_len.to_be_bytes());
    out.extend_from_slice(name.as_bytes());
    out.push(u8::from(data_type.is_array()));
    for number in data_type.metadata() {
        out.extend_from_slice(&number.to_be_bytes());
    }
    Ok(())
}

fn write_len(out: &mut Vec<u8>, len: usize, what: &'static str) -> Result<(), EncodeError> {
    let len = u32::try_from(len).ok().filter(|len| *len != u32::MAX).ok_or(EncodeError(what))?;
    out.extend_from_slice(&len.to_le_bytes());
    Ok(())
}
