//! How IRIs and literals are written in canonical N-Quads (RDFC-1.0, section 5).

use std::fmt::Write as _;

/// Appends an IRI in angle brackets.
pub(crate) fn push_iri(iri: &str, out: &mut String) {
    out.push('<');
    for c in iri.chars() {
        match c {
            '\0'..=' ' | '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\' => push_code(c, out),
            _ => out.push(c),
        }
    }
    out.push('>');
}

/// Appends the text of a literal in quotes.
pub(crate) fn push_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{7f}' => push_code(c, out),
            _ => out.push(c),
        }
    }
    out.push('"');
}

fn push_code(c: char, out: &mut String) {
    let _ = write!(out, "\\u{:04X}", u32::from(c)); // writing to memory cannot fail
}
