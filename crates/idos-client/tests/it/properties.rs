//! Properties of the encoding, on values and bytes that nobody thought of.

use idos_client::encoding::{ActionCall, ActionExecution, Array, Numeric, Scalar, Value};
use proptest::prelude::*;
use uuid::Uuid;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(
        namespace in ".{0,12}", action in ".{0,12}",
        calls in prop::collection::vec(prop::collection::vec(value(), 0..6), 0..4),
    ) {
        let execution = ActionExecution { namespace: &namespace, action: &action, calls };
        let payload = execution.encode().unwrap();
        prop_assert_eq!(payload.len(), execution.encoded_len());
        prop_assert_eq!(ActionExecution::decode(&payload).unwrap(), execution);
    }

    #[test]
    fn calls_are_read_back(arguments in prop::collection::vec(value(), 0..8)) {
        let call = ActionCall::new("view", arguments);
        let payload = call.encode().unwrap();
        prop_assert_eq!(ActionCall::decode(&payload).unwrap(), call);
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = ActionExecution::decode(&bytes);
        let _ = ActionCall::decode(&bytes);
    }

    /// A changed byte is noticed, or it is read as what it says. There is one exception, by design: the metadata
    /// of integers, which are dropped.
    #[test]
    fn a_changed_byte_is_an_error_or_another_value(
        arguments in prop::collection::vec(value(), 1..5), at in any::<prop::sample::Index>(), flip in 1_u8..=255,
    ) {
        let payload = ActionExecution::once("action", arguments).encode().unwrap();
        let mut changed = payload.clone();
        let at = at.index(changed.len());
        changed[at] ^= flip;
        if let Ok(read) = ActionExecution::decode(&changed) {
            let written = read.encode().unwrap();
            if written != changed {
                prop_assert_eq!(written.len(), changed.len());
                let other: Vec<_> = (0..changed.len()).filter(|i| written[*i] != changed[*i]).collect();
                prop_assert_eq!(&other, &[at]);
                let is_metadata = |before: &[u8]| before.ends_with(b"int8\0") || before.ends_with(b"int8\x01");
                prop_assert!((0..4).any(|earlier| is_metadata(&changed[..at - earlier])));
            }
        }
    }
}

fn value() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        4 => item(),
        1 => Just(Value::UntypedNull),
        1 => scalar().prop_flat_map(|scalar| {
            prop::collection::vec(item_of(scalar), 0..4)
                .prop_map(move |items| Value::Array(Array::new(scalar, items).unwrap()))
        }),
    ]
}

fn item() -> impl Strategy<Value = Value<'static>> {
    scalar().prop_flat_map(item_of)
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        Just(Scalar::Text),
        Just(Scalar::Int8),
        Just(Scalar::Bool),
        Just(Scalar::Uuid),
        Just(Scalar::Bytea),
        (1_u16..40, 0_u16..20).prop_map(|(whole, scale)| Scalar::Numeric { precision: whole + scale, scale }),
    ]
}

fn item_of(scalar: Scalar) -> BoxedStrategy<Value<'static>> {
    let some = match scalar {
        Scalar::Text => any::<String>().prop_map(Value::from).boxed(),
        Scalar::Int8 => any::<i64>().prop_map(Value::Int8).boxed(),
        Scalar::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Scalar::Uuid => any::<[u8; 16]>().prop_map(|bytes| Value::Uuid(Uuid::from_bytes(bytes))).boxed(),
        Scalar::Bytea => {
            prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| Value::Bytea(bytes.into())).boxed()
        }
        Scalar::Numeric { precision, scale } => number(precision, scale),
    };
    prop_oneof![1 => Just(Value::Null(scalar)), 5 => some].boxed()
}

fn number(precision: u16, scale: u16) -> BoxedStrategy<Value<'static>> {
    let whole = format!("-?[0-9]{{1,{}}}", precision - scale);
    let fraction = if scale == 0 { String::new() } else { format!("(\\.[0-9]{{1,{scale}}})?") };
    let text = prop::string::string_regex(&format!("{whole}{fraction}")).unwrap();
    text.prop_map(move |text| Value::Numeric(Numeric::new(text, precision, scale).unwrap())).boxed()
}
