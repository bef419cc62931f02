//! What may have megabytes: written as base64, and wiped.

use std::sync::LazyLock;

use base64::engine::Simd;
use base64::engine::general_purpose::PAD;
use zeroize::Zeroize as _;

/// Standard base64 with padding, as `base64::engine::general_purpose::STANDARD` writes and reads it, by the vector instructions of
/// the processor: three to four times as fast. For short texts it gains nothing.
pub static BASE64: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));

/// Wipes all memory of `bytes` and gives it back: what `Zeroizing` does on drop. That writes one byte at a time, and each of them twice;
/// here it is sixteen at a time, once.
pub fn wipe(bytes: &mut Vec<u8>) {
    overwrite(bytes);
    *bytes = Vec::new();
}

/// The same, of a text.
pub fn wipe_text(text: &mut String) {
    wipe(&mut std::mem::take(text).into_bytes());
}

/// Makes zeros of all that there is room for.
fn overwrite(bytes: &mut Vec<u8>) {
    // What there was room for may once have been filled.
    bytes.resize(bytes.capacity(), 0);
    let (begin, most, end) = bytemuck::pod_align_to_mut::<u8, u128>(bytes);
    begin.zeroize();
    most.zeroize();
    end.zeroize();
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_left() {
        for length in (0..130).chain([4095, 100_003]) {
            let mut bytes = Vec::with_capacity(length + 77);
            bytes.resize(length + 77, 0xff);
            bytes.truncate(length);
            let capacity = bytes.capacity();
            overwrite(&mut bytes);
            assert!(bytes.len() == capacity && bytes.iter().all(|byte| *byte == 0), "{length}");
            wipe(&mut bytes);
            assert_eq!(bytes.capacity(), 0);
        }
        let mut text = "text".to_owned();
        wipe_text(&mut text);
        assert_eq!(text.capacity(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Both ways, for what is base64 and for what is not quite.
        #[test]
        fn base64_is_that_of_the_other_engine(
            bytes in prop::collection::vec(any::<u8>(), 0..2000),
            at in any::<prop::sample::Index>(),
            other in prop_oneof![any::<u8>(), prop::sample::select(b"=+/-_ \n\0".to_vec())],
            cut in 0..4_usize,
        ) {
            let text = STANDARD.encode(&bytes);
            prop_assert_eq!(&BASE64.encode(&bytes), &text);
            prop_assert_eq!(BASE64.decode(&text).unwrap(), bytes);
            let mut changed = text.into_bytes();
            changed.truncate(changed.len().saturating_sub(cut));
            if !changed.is_empty() {
                let at = at.index(changed.len());
                changed[at] = other;
            }
            prop_assert_eq!(BASE64.decode(&changed), STANDARD.decode(&changed));
        }
    }
}
