//! The arguments of an action: checked against its parameters as the Kwil engine does, then read in order.

use idos_client::encoding::{DataType, Value};
use std::vec::IntoIter;

use super::failure::Failure;
use super::table::{Action, Parameter};

/// The arguments of one call. Reading is in the order of the parameters, and nulls are `None`, as in SQL.
pub(crate) struct Arguments(IntoIter<Argument>);

enum Argument {
    Null,
    Text(String),
    Uuid(String),
    Int8(i64),
    /// Of another type. The actions with numbers do not look at them.
    Other,
}

impl Arguments {
    /// Checks number and types. A null fits every type.
    pub(crate) fn check(action: &Action, values: Vec<Value<'_>>) -> Result<Self, Failure> {
        let (name, expected) = (action.name, action.parameters);
        if values.len() != expected.len() {
            return Err(Failure::Engine(format!(
                "action invocation error: action \"{name}\" expected {} arguments, but got {}",
                expected.len(),
                values.len()
            )));
        }
        let mut arguments = Vec::with_capacity(values.len());
        for (position, (value, parameter)) in values.into_iter().zip(expected).enumerate() {
            arguments.push(convert(name, position + 1, value, parameter)?);
        }
        Ok(Self(arguments.into_iter()))
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        match self.0.next() {
            Some(Argument::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// In lower case, with dashes, as the state has it.
    pub(crate) fn uuid(&mut self) -> Option<String> {
        match self.0.next() {
            Some(Argument::Uuid(id)) => Some(id),
            _ => None,
        }
    }

    pub(crate) fn int8(&mut self) -> Option<i64> {
        match self.0.next() {
            Some(Argument::Int8(int)) => Some(int),
            _ => None,
        }
    }
}

fn convert(
    action: &str,
    position: usize,
    value: Value<'_>,
    parameter: &Parameter,
) -> Result<Argument, Failure> {
    let given = value.data_type();
    if !value.is_null() && given != DataType::Scalar(parameter.scalar) {
        return Err(Failure::Engine(format!(
            "type error: action \"{action}\" expected argument {position} to be of type {}, but got {given}",
            DataType::Scalar(parameter.scalar)
        )));
    }
    match value {
        Value::Text(text) if text.contains('\0') => Err(Failure::Data(
            // PostgreSQL stores no NUL, whatever the statement that brings it.
            "ERROR: invalid byte sequence for encoding \"UTF8\": 0x00 (SQLSTATE 22021)".to_owned(),
        )),
        Value::Text(text) => Ok(Argument::Text(text.into_owned())),
        Value::Uuid(id) => Ok(Argument::Uuid(id.to_string())),
        Value::Int8(int) => Ok(Argument::Int8(int)),
        Value::Null(_) | Value::UntypedNull => Ok(Argument::Null),
        Value::Bool(_) | Value::Bytea(_) | Value::Numeric(_) | Value::Array(_) => Ok(Argument::Other),
    }
}
