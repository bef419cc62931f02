//! The two payloads an idOS client sends: a transaction's execution of an action, and a view's call.

use super::Value;
use super::decode::{DecodeError, Place, Reader, Reason};
use super::encode::{EncodeError, argument_len, write_argument, write_bytes, write_u16};

/// The namespace of every idOS action.
pub const NAMESPACE: &str = "main";

/// The payload of a transaction of type `execute`: one action, called once or several times.
///
/// All calls of one transaction happen, or none. An execution without calls runs the action once without
/// arguments.
#[derive(Clone, PartialEq, Debug)]
pub struct ActionExecution<'a> {
    /// Where the action lives, e.g. `main`.
    pub namespace: &'a str,
    /// The action's name. Names are lower case; a node lowers them itself.
    pub action: &'a str,
    /// The arguments of each call.
    pub calls: Vec<Vec<Value<'a>>>,
}

/// The payload of `user.call`: one call of a view.
#[derive(Clone, PartialEq, Debug)]
pub struct ActionCall<'a> {
    /// Where the action lives, e.g. `main`.
    pub namespace: &'a str,
    /// The action's name. Names are lower case; a node lowers them itself.
    pub action: &'a str,
    /// The arguments.
    pub arguments: Vec<Value<'a>>,
}

impl<'a> ActionExecution<'a> {
    /// One call of an idOS action.
    #[must_use]
    pub fn once(action: &'a str, arguments: Vec<Value<'a>>) -> Self {
        Self { namespace: NAMESPACE, action, calls: vec![arguments] }
    }

    /// The number of bytes that [`encode`](Self::encode) makes. Costs next to nothing.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let calls: usize = self.calls.iter().map(|call| arguments_len(call)).sum();
        head_len(self.namespace, self.action) + 2 + calls
    }

    /// The payload's bytes.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::with_capacity(self.encoded_len());
        write_head(&mut out, self.namespace, self.action)?;
        write_u16(&mut out, self.calls.len(), "list of calls")?;
        for call in &self.calls {
            write_arguments(&mut out, call)?;
        }
        Ok(out)
    }

    /// Reads a payload. Nothing may be left over at its end.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader(payload);
        let (namespace, action) = read_head(&mut reader)?;
        let count = reader.count().map_err(|reason| reason.at(Place::Count))?;
        let mut calls = Vec::with_capacity(reader.room_for(count, 2));
        for call in 0..count {
            calls.push(read_arguments(&mut reader, call)?);
        }
        reader.end().map_err(|reason| reason.at(Place::End))?;
        Ok(Self { namespace, action, calls })
    }
}

impl<'a> ActionCall<'a> {
    /// A call of an idOS view.
    #[must_use]
    pub fn new(action: &'a str, arguments: Vec<Value<'a>>) -> Self {
        Self { namespace: NAMESPACE, action, arguments }
    }

    /// The payload's bytes.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let len = head_len(self.namespace, self.action) + arguments_len(&self.arguments);
        let mut out = Vec::with_capacity(len);
        write_head(&mut out, self.namespace, self.action)?;
        write_arguments(&mut out, &self.arguments)?;
        Ok(out)
    }

    /// Reads a payload. Nothing may be left over at its end.
    pub fn decode(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader(payload);
        let (namespace, action) = read_head(&mut reader)?;
        let arguments = read_arguments(&mut reader, 0)?;
        reader.end().map_err(|reason| reason.at(Place::End))?;
        Ok(Self { namespace, action, arguments })
    }
}

fn head_len(namespace: &str, action: &str) -> usize {
    2 + 4 + namespace.len() + 4 + action.len()
}

fn arguments_len(arguments: &[Value<'_>]) -> usize {
    2 + arguments.iter().map(argument_len).sum::<usize>()
}

fn write_head(out: &mut Vec<u8>, namespace: &str, action: &str) -> Result<(), EncodeError> {
    out.extend_from_slice(&0_u16.to_le_bytes());
    write_bytes(out, namespace.as_bytes(), "namespace")?;
    write_bytes(out, action.as_bytes(), "action")
}

fn write_arguments(out: &mut Vec<u8>, arguments: &[Value<'_>]) -> Result<(), EncodeError> {
    write_u16(out, arguments.len(), "list of arguments")?;
    arguments.iter().try_for_each(|argument| write_argument(out, argument))
}

fn read_head<'a>(reader: &mut Reader<'a>) -> Result<(&'a str, &'a str), DecodeError> {
    reader.version().map_err(|reason| reason.at(Place::Version))?;
    let namespace = reader.text().map_err(|reason| reason.at(Place::Namespace))?;
    let action = reader.text().map_err(|reason| reason.at(Place::Action))?;
    Ok((namespace, action))
}

fn read_arguments<'a>(reader: &mut Reader<'a>, call: usize) -> Result<Vec<Value<'a>>, DecodeError> {
    let count = reader.count().map_err(|reason: Reason| reason.at(Place::Count))?;
    // An argument takes at least its length, a version, a type and a count.
    let mut arguments = Vec::with_capacity(reader.room_for(count, 22));
    for argument in 0..count {
        let value = reader.argument().map_err(|reason| reason.at(Place::Argument { call, argument }))?;
        arguments.push(value);
    }
    Ok(arguments)
}
