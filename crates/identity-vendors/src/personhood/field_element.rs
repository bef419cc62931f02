//! Numbers of World ID's proofs: elements of the scalar field of BN254.

use sha3::{Digest as _, Keccak256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::denial::Denial;

/// The field's order, above which every number is another spelling of one below it.
const ORDER: [u8; 32] = [
    0x30, 0x64, 0x4e, 0x72, 0xe1, 0x31, 0xa0, 0x29, 0xb8, 0x50, 0x45, 0xb6, 0x81, 0x81, 0x58, 0x5d, 0x28,
    0x33, 0xe8, 0x48, 0x79, 0xb9, 0x70, 0x91, 0x43, 0xe1, 0xf5, 0x93, 0xf0, 0x00, 0x00, 0x01,
];

/// Longer spellings have nothing but zeros in front.
const LONGEST: usize = 256;

/// One number, however it was spelled: two that are equal are the same number. Wiped on drop.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(super) struct FieldElement([u8; 32]);

impl FieldElement {
    /// Hexadecimal of any case, with or without `0x` and zeros in front.
    pub(super) fn read(text: &str, field: &'static str) -> Result<Self, Denial> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        if digits.is_empty() || digits.len() > LONGEST {
            return Err(Denial::malformed(field));
        }
        let digits = digits.trim_start_matches('0');
        let mut number = Self([0; 32]);
        if digits.len() > 64
            || hex::decode_to_slice(Zeroizing::new(format!("{digits:0>64}")).as_bytes(), &mut number.0)
                .is_err()
        {
            return Err(Denial::malformed(field));
        }
        if number.0 < ORDER { Ok(number) } else { Err(Denial::malformed(field)) }
    }

    /// One that stands for somebody: not zero.
    pub(super) fn read_id(text: &str, field: &'static str) -> Result<Self, Denial> {
        Self::read(text, field)
            .and_then(|id| if id.is_zero() { Err(Denial::malformed(field)) } else { Ok(id) })
    }

    /// The hash that World ID takes of bytes: Keccak-256, shifted right by a byte, so that it is in the field.
    pub(super) fn hash(bytes: &[u8]) -> Self {
        let mut number = Self([0; 32]);
        for (to, from) in number.0.iter_mut().skip(1).zip(Keccak256::digest(bytes)) {
            *to = from;
        }
        number
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0 == [0; 32]
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// `0x` and 64 lower-case digits.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(hex::encode(self.0));
        Zeroizing::new(format!("0x{}", *digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_spelling() {
        let one = FieldElement::read("0x1234ab", "n").unwrap();
        for text in [
            "1234ab",
            "0x1234AB",
            "0x00001234Ab",
            &format!("0x{:0>64}", "1234ab"),
            &format!("{:0>200}", "1234ab"),
        ] {
            assert!(FieldElement::read(text, "n").unwrap() == one, "{text}");
        }
        assert_eq!(*one.to_text(), format!("0x{:0>64}", "1234ab"));
        assert!(FieldElement::read("0x1234ac", "n").unwrap() != one);
    }

    #[test]
    fn what_is_in_no_field_is_malformed() {
        let order = hex::encode(ORDER);
        let below = format!("{}0", &order[..63]);
        assert!(FieldElement::read(&below, "n").is_ok());
        let above = format!("1{order}");
        for text in [
            "",
            "0x",
            "0X12",
            "0x0x12",
            "0xg",
            " 0x12",
            "0x12 ",
            "-1",
            "+1",
            "1_2",
            "0x12\0",
            "１２",
            &order,
            &above,
            &"f".repeat(64),
            &"0".repeat(257),
        ] {
            assert_eq!(FieldElement::read(text, "n").err(), Some(Denial::malformed("n")), "{text}");
        }
        assert!(FieldElement::read_id("0x0", "n").is_err() && FieldElement::read("0x0", "n").is_ok());
    }

    /// Those of IDKit's own tests, and the default of World's API.
    #[test]
    fn hashes_are_those_of_world_id() {
        let vectors: [(&[u8], &str); 4] = [
            (b"", "0x00c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a4"),
            (b"test_signal", "0x00c1636e0a961a3045054c4d61374422c31a95846b8442f0927ad2ff1d6112ed"),
            (&[1, 2, 3], "0x00f1885eda54b7a053318cd41e2093220dab15d65381b1157a3633a83bfd5c92"),
            (b"hello", "0x001c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36dea"),
        ];
        for (bytes, hash) in vectors {
            assert_eq!(*FieldElement::hash(bytes).to_text(), hash);
        }
    }
}
