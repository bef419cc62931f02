//! Canonical N-Quads of the fixed idOS shapes, without a JSON-LD processor.
//!
//! The shapes have at most one blank node, so canonical labels need no search: the lines are sorted and hashed.
//! Escapes are those of RDF Dataset Canonicalization (RDFC-1.0, "Canonical form of N-Quads"). The order is by
//! UTF-16 code units, not by code points as RDFC-1.0 has it, because the JavaScript library that every idOS
//! consumer runs sorts so; the two differ where an astral character meets U+E000 to U+FFFF.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::number;

/// One statement, in the four pieces whose concatenation is its line: subject, predicate, object, end.
/// Pieces are shared, not copied: files of megabytes stand in a credential.
pub(crate) struct Quad<'a> {
    pieces: [Cow<'a, str>; 4],
    /// The number that it states, as bits; nothing for what is no number.
    number: u64,
}

/// The only blank node that there may be, under its canonical label: a subject without id, and the proof options.
pub(crate) const BLANK: &str = "_:c14n0";

const END: &str = " .\n";

/// The type of a literal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Datatype {
    String,
    DateTime,
    Boolean,
    /// Of the number with these bits.
    Integer(u64),
    /// Of the number with these bits.
    Double(u64),
}

impl Datatype {
    /// What ends a line after a literal of this type.
    const fn end(self) -> &'static str {
        match self {
            Self::String => "\" .\n",
            Self::DateTime => "\"^^<http://www.w3.org/2001/XMLSchema#dateTime> .\n",
            Self::Boolean => "\"^^<http://www.w3.org/2001/XMLSchema#boolean> .\n",
            Self::Integer(_) => "\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n",
            Self::Double(_) => "\"^^<http://www.w3.org/2001/XMLSchema#double> .\n",
        }
    }
}

/// What a statement says: a text as it stands between quotes, and its type.
pub(crate) type Object<'a> = (Cow<'a, str>, Datatype);

/// A text as an object.
pub(crate) fn text_object(text: &str) -> Object<'_> {
    (escape_literal(text), Datatype::String)
}

/// A truth value as JSON-LD makes RDF of it.
pub(crate) fn boolean_object(value: bool) -> Object<'static> {
    (Cow::Borrowed(if value { "true" } else { "false" }), Datatype::Boolean)
}

/// A number as JSON-LD makes RDF of it.
pub(crate) fn number_object(number: f64) -> Object<'static> {
    // There is one zero.
    let bits = (number + 0.0).to_bits();
    if number::is_double(number) {
        (Cow::Owned(number::double(number)), Datatype::Double(bits))
    } else {
        (Cow::Owned(number::integer(number)), Datatype::Integer(bits))
    }
}

impl<'a> Quad<'a> {
    /// `predicate` with its delimiters and spaces, ` <iri> `; `object` a whole term.
    pub(crate) fn node(subject: &'a str, predicate: &'static str, object: &'a str) -> Self {
        Self { pieces: [subject.into(), predicate.into(), object.into(), END.into()], number: 0 }
    }

    /// `predicate` with its delimiters and the opening quote, ` <iri> "`; the text as [`escape_literal`] gives it.
    pub(crate) fn literal(
        subject: &'a str,
        predicate: &'static str,
        (escaped, datatype): Object<'a>,
    ) -> Self {
        let number = match datatype {
            Datatype::Integer(bits) | Datatype::Double(bits) => bits,
            _ => 0,
        };
        Self { pieces: [subject.into(), predicate.into(), escaped, datatype.end().into()], number }
    }

    fn cmp(&self, other: &Self) -> Ordering {
        // Lines mostly share subject and predicate; their strings then are the very same.
        let shared = self.pieces.iter().zip(&other.pieces).take(2).take_while(|(a, b)| same(a, b)).count();
        let (mut a, mut b) = (self.bytes(shared), other.bytes(shared));
        loop {
            match (a.next(), b.next()) {
                (Some(x), Some(y)) if x == y => {}
                (x, y) => return x.map(utf16_rank).cmp(&y.map(utf16_rank)),
            }
        }
    }

    fn bytes(&self, skip: usize) -> impl Iterator<Item = u8> + '_ {
        self.pieces.iter().skip(skip).flat_map(|piece| piece.bytes())
    }
}

fn same(a: &str, b: &str) -> bool {
    std::ptr::eq(a, b) || a == b
}

/// Ranks UTF-8 bytes so that comparing them compares UTF-16 code units: astral characters (lead bytes F0 to F4)
/// are surrogates there and stand before U+E000 to U+FFFF (lead bytes EE, EF).
fn utf16_rank(byte: u8) -> u8 {
    match byte {
        0xF0..=0xF4 => byte - 2,
        0xEE | 0xEF => byte + 5,
        _ => byte,
    }
}

/// SHA-256 of the canonical N-Quads: sorted, each statement once.
///
/// A set of statements would have each line once. The JavaScript library drops what repeats before it makes RDF of it, and
/// not afterwards: two numbers that differ and are written alike (0 and 1e-7, 0.3 and 0.1 + 0.2) are two lines there.
pub(crate) fn hash(mut quads: Vec<Quad<'_>>) -> [u8; 32] {
    quads.sort_unstable_by(|a, b| a.cmp(b).then(a.number.cmp(&b.number)));
    quads.dedup_by(|a, b| a.number == b.number && a.cmp(b) == Ordering::Equal);
    let mut hash = Sha256::new();
    for quad in &quads {
        for piece in &quad.pieces {
            hash.update(piece.as_bytes());
        }
    }
    hash.finalize().into()
}

/// The text between the quotes of a literal.
pub(crate) fn escape_literal(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| b < 0x20 || matches!(b, b'"' | b'\\' | 0x7f)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{7f}' => push_escape(c, &mut out),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The text between the angle brackets of an IRI.
pub(crate) fn escape_iri(iri: &str, out: &mut String) {
    for c in iri.chars() {
        match c {
            '\0'..=' ' | '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\' => push_escape(c, out),
            _ => out.push(c),
        }
    }
}

fn push_escape(c: char, out: &mut String) {
    let _ = write!(out, "\\u{:04X}", u32::from(c)); // writing to memory cannot fail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_utf16_code_units() {
        let quad = |object| Quad::literal("<s>", " <p> \"", (Cow::Borrowed(object), Datatype::String));
        let texts = ["a", "ab", "", "😀", "Ａ", "ﬁ", "ﾔ", "𠮷", "\u{d7ff}", "z", "é"];
        for a in texts {
            for b in texts {
                let (x, y): (Vec<u16>, Vec<u16>) = (
                    format!("{a}\" .\n").encode_utf16().collect(),
                    format!("{b}\" .\n").encode_utf16().collect(),
                );
                assert_eq!(quad(a).cmp(&quad(b)), x.cmp(&y), "{a} {b}");
            }
        }
    }

    #[test]
    fn a_line_counts_once() {
        let quad = || Quad::literal("<s>", " <p> \"", (Cow::Borrowed("a"), Datatype::String));
        assert_eq!(hash(vec![quad(), quad()]), hash(vec![quad()]));
        let number = |number| Quad::literal("<s>", " <p> \"", number_object(number));
        assert_eq!(hash(vec![number(0.0), number(0.0), number(-0.0)]), hash(vec![number(0.0)]));
        for (one, alike) in [(0.0, 1e-7), (0.3, 0.1 + 0.2)] {
            assert_ne!(hash(vec![number(one), number(alike)]), hash(vec![number(one)]), "{alike}");
            assert_eq!(
                hash(vec![number(alike), number(one)]),
                hash(vec![number(one), number(alike)]),
                "{alike}"
            );
        }
    }
}
