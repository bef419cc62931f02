//! Values of every type, as the real JavaScript client writes them; negative numbers by the node's rules.

use idos_client::encoding::{
    ActionCall, ActionExecution, Array, DataType, Numeric, Place, Reason, Scalar, Value,
};
use serde_json::Value as Json;

use crate::support::vectors::{KWIL, text};

/// The value of a vector `value/…` or `value-untyped/…`.
pub(crate) fn value(vector: &'static Json) -> Value<'static> {
    let input = &vector["inputs"];
    match text(vector, "id").split_once('/').unwrap() {
        ("value-untyped", "null") => Value::UntypedNull,
        ("value-untyped", "decimal-1.25") => Value::Numeric(Numeric::new("1.25", 3, 2).unwrap()),
        ("value-untyped", "int-42") => panic!("its metadata are not written by us"),
        ("value-untyped", "uuid-looking-string") => typed("uuid", input),
        ("value-untyped", _) if input.is_boolean() => typed("bool", input),
        ("value-untyped", _) => typed("text", input),
        (_, _) => typed(vector["argument_types"][0].as_str().unwrap(), input),
    }
}

fn typed(data_type: &str, input: &'static Json) -> Value<'static> {
    if let Some(item_type) = data_type.strip_suffix("[]") {
        let items = input.as_array().unwrap().iter().map(|item| typed(item_type, item)).collect();
        return Value::Array(Array::new(scalar(item_type), items).unwrap());
    }
    match (scalar(data_type), input) {
        (scalar, Json::Null) => Value::Null(scalar),
        (Scalar::Text, text) => text.as_str().unwrap().into(),
        (Scalar::Int8, int) => Value::Int8(int.as_i64().unwrap()),
        (Scalar::Bool, bool) => Value::Bool(bool.as_bool().unwrap()),
        (Scalar::Uuid, uuid) => Value::Uuid(uuid.as_str().unwrap().parse().unwrap()),
        (Scalar::Bytea, bytes) => {
            Value::Bytea(hex::decode(bytes.as_str().unwrap().trim_start_matches("hex ")).unwrap().into())
        }
        (Scalar::Numeric { precision, scale }, number) => {
            Value::Numeric(Numeric::new(number.as_str().unwrap(), precision, scale).unwrap())
        }
    }
}

fn scalar(name: &str) -> Scalar {
    match name {
        "text" => Scalar::Text,
        "int8" => Scalar::Int8,
        "bool" => Scalar::Bool,
        "uuid" => Scalar::Uuid,
        "bytea" => Scalar::Bytea,
        "numeric(78,0)" => Scalar::Numeric { precision: 78, scale: 0 },
        "numeric(6,2)" => Scalar::Numeric { precision: 6, scale: 2 },
        other => panic!("no type {other}"),
    }
}

#[test]
fn integers_are_big_endian_and_may_be_negative() {
    let values = &KWIL["values"]["int_negative_hand_derived"];
    for (int, element) in
        [(-1, "data_element_hex"), (i64::MIN, "value_min"), (-1_767_323_045, "value_minus_1767323045")]
    {
        let call = ActionCall::new("x", vec![Value::Int8(int)]);
        let payload = call.encode().unwrap();
        assert!(hex::encode(&payload).ends_with(&format!("09000000{}", text(values, element))), "{int}");
        assert_eq!(ActionCall::decode(&payload).unwrap(), call);
    }
}

#[test]
fn all_forms_of_a_null_without_type_are_read() {
    let forms = ["0000", "0100 00000000", "0100 01000000 00", "0100 ffffffff"];
    for form in forms {
        let payload = payload_with("6e756c6c", "00 0000 0000", form);
        assert_eq!(ActionCall::decode(&payload).unwrap().arguments, [Value::UntypedNull], "{form}");
    }
    for (form, reason) in [
        ("0200 00000000 00000000", Reason::ElementCount),
        ("0100 01000000 01", Reason::NullMark),
        ("0100 02000000 0000", Reason::NullMark),
    ] {
        let error = ActionCall::decode(&payload_with("6e756c6c", "00 0000 0000", form)).unwrap_err();
        assert_eq!(error.reason, reason, "{form}");
    }
}

#[test]
fn aliases_of_types_and_guessed_integers_are_read() {
    let text = "0100 02000000 0161";
    let int = "0100 09000000 01000000000000002a";
    let none = "00 0000 0000";
    for (name, metadata, element, expected) in [
        ("string", none, text, Value::from("a")),
        ("int", none, int, Value::Int8(42)),
        ("integer", none, int, Value::Int8(42)),
        ("bigint", none, int, Value::Int8(42)),
        ("int8", "00 0002 0000", int, Value::Int8(42)),
        ("boolean", none, "0100 02000000 0101", Value::Bool(true)),
        ("blob", none, "0100 02000000 0161", Value::Bytea(b"a".into())),
        (
            "decimal",
            "00 0003 0001",
            "0100 05000000 0131322e33",
            Value::Numeric(Numeric::new("12.3", 3, 1).unwrap()),
        ),
    ] {
        let payload = payload_with(&hex::encode(name), metadata, element);
        assert_eq!(ActionCall::decode(&payload).unwrap().arguments, [expected], "{name}");
    }
}

#[test]
fn what_is_no_value_is_an_error_that_says_where() {
    let text = hex::encode("text");
    let none = "00 0000 0000";
    let cases = [
        (hex::encode("TEXT"), none, "0100 01000000 01", Reason::UnknownType),
        (hex::encode("texts"), none, "0100 01000000 01", Reason::UnknownType),
        (text.clone(), "02 0000 0000", "0100 01000000 01", Reason::UnknownType),
        (text.clone(), "00 0001 0000", "0100 01000000 01", Reason::UnknownType),
        (text.clone(), none, "0000", Reason::ElementCount),
        (text.clone(), none, "0200 01000000 01 01000000 01", Reason::ElementCount),
        (text.clone(), none, "0100 00000000", Reason::NullMark),
        (text.clone(), none, "0100 02000000 0000", Reason::NullMark),
        (text.clone(), none, "0100 01000000 02", Reason::NullMark),
        (text.clone(), none, "0100 ffffffff", Reason::Missing),
        (text.clone(), none, "0100 02000000 01ff", Reason::NotUtf8),
        (text.clone(), none, "0100 05000000 0161", Reason::TooShort),
        (text.clone(), none, "0100 fefffffe 0161", Reason::TooShort),
        (text, none, "0100 01000000 01 00", Reason::TooLong),
        (hex::encode("int8"), none, "0100 08000000 0100000000000000", Reason::BadElement),
        (hex::encode("uuid"), none, "0100 01000000 01", Reason::BadElement),
        (hex::encode("bool"), none, "0100 02000000 0102", Reason::BadElement),
        (hex::encode("text"), "01 0000 0000", "ffff 01000000 01", Reason::TooShort),
    ];
    for (name, metadata, elements, reason) in cases {
        let error = ActionCall::decode(&payload_with(&name, metadata, elements)).unwrap_err();
        assert_eq!(error.reason, reason, "{name} {metadata} {elements}");
        assert_eq!(error.place, Place::Argument { call: 0, argument: 0 });
        assert!(error.to_string().starts_with("argument 1 of call 1: "), "{error}");
    }
}

#[test]
fn broken_payloads_are_errors() {
    let whole = ActionExecution::once("x", vec!["abc".into(), Value::Null(Scalar::Uuid)]).encode().unwrap();
    for len in 0..whole.len() {
        ActionExecution::decode(&whole[..len]).unwrap_err();
    }
    let longer = [&whole[..], &[0]].concat();
    assert_eq!(
        ActionExecution::decode(&longer).unwrap_err(),
        idos_client::encoding::DecodeError { place: Place::End, reason: Reason::TooLong }
    );
    let newer = [&[1], &whole[1..]].concat();
    assert_eq!(ActionExecution::decode(&newer).unwrap_err().place, Place::Version);
    let nameless = hex::decode("0000ffffffff").unwrap();
    assert_eq!(ActionExecution::decode(&nameless).unwrap_err().reason, Reason::Missing);
    // 65535 calls of 65535 arguments each are announced, and nothing follows.
    let boasting = hex::decode("000000000000 00000000 ffff ffff".replace(' ', "")).unwrap();
    assert_eq!(ActionExecution::decode(&boasting).unwrap_err().reason, Reason::TooShort);
}

#[test]
fn an_array_holds_items_of_one_type_only() {
    assert!(Array::new(Scalar::Text, vec!["a".into(), Value::Null(Scalar::Text)]).is_some());
    assert!(Array::new(Scalar::Text, vec!["a".into(), Value::Int8(1)]).is_none());
    assert!(Array::new(Scalar::Text, vec![Value::UntypedNull]).is_none());
}

#[test]
fn types_have_their_json_form() {
    for (data_type, json) in [
        (DataType::Scalar(Scalar::Text), r#"{"name":"text","is_array":false,"metadata":[0,0]}"#),
        (DataType::Array(Scalar::Uuid), r#"{"name":"uuid","is_array":true,"metadata":[0,0]}"#),
        (
            DataType::Scalar(Scalar::Numeric { precision: 78, scale: 0 }),
            r#"{"name":"numeric","is_array":false,"metadata":[78,0]}"#,
        ),
        (DataType::Null, r#"{"name":"null","is_array":false,"metadata":[0,0]}"#),
    ] {
        assert_eq!(serde_json::to_string(&data_type).unwrap(), json);
        assert_eq!(serde_json::from_str::<DataType>(json).unwrap(), data_type);
    }
    let shown = DataType::Array(Scalar::Numeric { precision: 6, scale: 2 }).to_string();
    assert_eq!(shown, "numeric(6,2)[]");
}

/// A call of `x` with one argument, put together by hand.
fn payload_with(name: &str, flag_and_metadata: &str, count_and_elements: &str) -> Vec<u8> {
    let bytes = |text: &str| hex::decode(text.replace(' ', "")).unwrap();
    let name = bytes(name);
    let mut header = vec![0, 0];
    header.extend(u32::try_from(name.len()).unwrap().to_be_bytes());
    header.extend(name);
    header.extend(bytes(flag_and_metadata));
    let mut argument = vec![0, 0];
    argument.extend(u32::try_from(header.len()).unwrap().to_le_bytes());
    argument.extend(header);
    argument.extend(bytes(count_and_elements));
    let mut payload = bytes("0000 04000000 6d61696e 01000000 78 0100");
    payload.extend(u32::try_from(argument.len()).unwrap().to_le_bytes());
    payload.extend(argument);
    payload
}
