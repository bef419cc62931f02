//! The payloads of transactions and views.

use idos_client::encoding::{ActionCall, ActionExecution, DataType, Scalar, Value};

/// Executions of actions: what is read is written the same.
pub fn action_execution(data: &[u8]) {
    let Ok(execution) = ActionExecution::decode(data) else { return };
    let written = execution.encode().expect("what was read can be written");
    assert_eq!(written.len(), execution.encoded_len());
    assert_eq!(ActionExecution::decode(&written).as_ref(), Ok(&execution));
    check_identity(data, &written, execution.calls.iter().flatten());
    let owned: Vec<Vec<_>> =
        execution.calls.iter().map(|call| call.iter().cloned().map(Value::into_owned).collect()).collect();
    assert_eq!(owned, execution.calls);
}

/// Calls of views: what is read is written the same.
pub fn action_call(data: &[u8]) {
    let Ok(call) = ActionCall::decode(data) else { return };
    let written = call.encode().expect("what was read can be written");
    assert_eq!(ActionCall::decode(&written).as_ref(), Ok(&call));
    check_identity(data, &written, call.arguments.iter());
}

/// Only three things are read leniently: the aliases of types, the metadata of integers, the null without a type.
fn check_identity<'a>(read: &[u8], written: &[u8], mut values: impl Iterator<Item = &'a Value<'a>>) {
    const ALIASES: [&[u8]; 8] =
        [b"integer", b"bigint", b"decimal", b"string", b"boolean", b"blob", b"int\0", b"int\x01"];
    let has_alias = || ALIASES.iter().any(|alias| read.windows(alias.len()).any(|part| part == *alias));
    let is_lenient = |value: &Value<'_>| {
        matches!(
            value.data_type(),
            DataType::Null | DataType::Scalar(Scalar::Int8) | DataType::Array(Scalar::Int8)
        )
    };
    assert!(read == written || has_alias() || values.any(is_lenient), "it is written in another way");
}
