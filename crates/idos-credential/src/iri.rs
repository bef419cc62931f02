//! Absolute IRIs: which ids a credential may have, and how JSON-LD and N-Quads spell them.

use url::Url;

use crate::nquads;

/// Longest id that is taken, in bytes.
const MAX_BYTES: usize = 2048;

/// The node in which an id stands. The W3C credentials context defines more prefixes for a credential (a
/// type-scoped context, which does not reach into its subject) than the idOS contexts do for all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Envelope,
    Subject,
    Proof,
}

/// Checks that `iri` is an absolute URI by both rules that issuing in JavaScript applies: the WHATWG URL parser
/// knows it, and JSON-LD takes it for absolute (a scheme, a colon, no white space, no blank node).
pub(crate) fn check(iri: &str) -> Result<(), &'static str> {
    if iri.len() > MAX_BYTES {
        return Err("is longer than 2048 bytes");
    }
    let absolute = iri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    });
    if !absolute || iri.contains(char::is_whitespace) || iri.contains(is_js_space) || Url::parse(iri).is_err()
    {
        return Err("must be an absolute URI");
    }
    Ok(())
}

/// The IRI as N-Quads term, `<…>`: compact IRIs of `place` expanded, then escaped.
pub(crate) fn to_term(iri: &str, place: Place) -> String {
    let mut term = String::with_capacity(iri.len() + 2);
    term.push('<');
    match expand_prefix(iri, place) {
        Some((namespace, rest)) => {
            term.push_str(namespace);
            nquads::escape_iri(rest, &mut term);
        }
        None => nquads::escape_iri(iri, &mut term),
    }
    term.push('>');
    term
}

/// JSON-LD 1.1 API, IRI expansion: a prefix counts unless `//` follows. `aux` of the idOS subject contexts does
/// not count anywhere, since its IRI does not end in a delimiter.
fn expand_prefix(iri: &str, place: Place) -> Option<(&'static str, &str)> {
    let (prefix, rest) = iri.split_once(':')?;
    if rest.starts_with("//") {
        return None;
    }
    let namespace = match (prefix, place) {
        ("xsd", _) => "http://www.w3.org/2001/XMLSchema#",
        ("cred", Place::Envelope) => "https://www.w3.org/2018/credentials#",
        ("sec", Place::Envelope) => "https://w3id.org/security#",
        _ => return None,
    };
    Some((namespace, rest))
}

/// White space of JavaScript's `\s` that Rust does not count.
fn is_js_space(c: char) -> bool {
    c == '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_uris_pass() {
        for good in
            ["uuid:1", "https://a.example/x", "did:key:z6Mk", "urn:x", "uuid:a>b", "UUID:x", "xsd:abc"]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "abc",
            "_:b0",
            "a b:c",
            "uuid:a b",
            "https://",
            "1:x",
            "uuid:a\u{a0}b",
            "//x",
            &"x".repeat(3000),
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn prefixes_expand_where_their_context_reaches() {
        assert_eq!(to_term("xsd:abc", Place::Subject), "<http://www.w3.org/2001/XMLSchema#abc>");
        assert_eq!(to_term("cred:abc", Place::Subject), "<cred:abc>");
        assert_eq!(to_term("cred:abc", Place::Envelope), "<https://www.w3.org/2018/credentials#abc>");
        assert_eq!(to_term("xsd://abc", Place::Subject), "<xsd://abc>");
        assert_eq!(to_term("aux:abc", Place::Subject), "<aux:abc>");
    }
}
