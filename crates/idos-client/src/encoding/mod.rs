//! How Kwil puts calls of actions into bytes, in both directions.
//!
//! A client encodes, a node decodes; the vectors in `tests/vectors` pin every byte. The rules mix byte orders:
//! type headers and the values of `int8` are big endian, everything around them is little endian.
//!
//! Decoding borrows from the bytes it reads, so a payload of some megabytes is not copied, and it never
//! allocates more than a small multiple of its input.

mod decode;
mod encode;
mod numeric;
mod payload;
mod types;
mod value;

pub use decode::{DecodeError, Place, Reason};
pub use encode::EncodeError;
pub use numeric::{Numeric, NumericError};
pub use payload::{ActionCall, ActionExecution, NAMESPACE};
pub use types::{DataType, Scalar};
pub use value::{Array, Value};
