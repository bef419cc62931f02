//! IRIs and keywords, as the SDK's processor tells them: by patterns, not by RFC 3987.

use crate::sdk::javascript::is_white_space;

/// The keywords. `@import` and `@propagate` are none to it.
const KEYWORDS: [&str; 27] = [
    "@base",
    "@container",
    "@context",
    "@default",
    "@direction",
    "@embed",
    "@explicit",
    "@graph",
    "@id",
    "@included",
    "@index",
    "@json",
    "@language",
    "@list",
    "@nest",
    "@none",
    "@omitDefault",
    "@prefix",
    "@preserve",
    "@protected",
    "@requireAll",
    "@reverse",
    "@set",
    "@type",
    "@value",
    "@version",
    "@vocab",
];

pub(super) fn is_keyword(text: &str) -> bool {
    KEYWORDS.contains(&text)
}

/// `@` and letters: reserved for keywords to come.
pub(super) fn is_like_a_keyword(text: &str) -> bool {
    text.strip_prefix('@')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// A scheme or `_`, a colon, and no white space. Comma counts as a letter of a scheme.
pub(super) fn is_absolute(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(scheme, rest)| (scheme == "_" || is_scheme(scheme)) && !rest.contains(is_white_space))
}

pub(super) fn is_blank(text: &str) -> bool {
    text.starts_with("_:")
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+'..=b'.'))
}

/// What BCP 47 tags look like: words of one to eight letters, the first without digits.
pub(super) fn is_language(text: &str) -> bool {
    text.split('-').enumerate().all(|(n, word)| {
        (1..=8).contains(&word.len())
            && word.bytes().all(|b| b.is_ascii_alphabetic() || (n > 0 && b.is_ascii_digit()))
    })
}

/// The parts of an IRI, by the pattern of RFC 3986, appendix B.
struct Parts<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let (rest, fragment) = text.split_once('#').map_or((text, None), |(rest, f)| (rest, Some(f)));
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, q)| (rest, Some(q)));
        let (scheme, rest) = match rest.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
            _ => (None, rest),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (Some(authority), path)
            }
            None => (None, rest),
        };
        let default_port = match scheme {
            Some("https") => ":443",
            Some("http") => ":80",
            _ => "",
        };
        let authority = authority.map(|a| a.strip_suffix(default_port).unwrap_or(a));
        Self { scheme, authority, path, query, fragment }
    }
}

/// Resolves `iri` against `base` (RFC 3986, section 5.2.2). The base may be relative.
pub(super) fn resolve(base: &str, iri: &str) -> String {
    if is_absolute(iri) {
        return iri.to_owned();
    }
    let (base, iri) = (Parts::of(base), Parts::of(iri));
    let (authority, mut path, query);
    if iri.authority.is_some() {
        (authority, path, query) = (iri.authority, iri.path.to_owned(), iri.query);
    } else {
        authority = base.authority;
        if iri.path.is_empty() {
            (path, query) = (base.path.to_owned(), iri.query.or(base.query));
        } else if iri.path.starts_with('/') {
            (path, query) = (iri.path.to_owned(), iri.query);
        } else {
            path = base.path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            if (!path.is_empty() || base.authority.is_some_and(|a| !a.is_empty())) && !path.ends_with('/') {
                path.push('/');
            }
            path.push_str(iri.path);
            query = iri.query;
        }
    }
    if !iri.path.is_empty() {
        path = without_dots(&path);
    }
    let mut resolved = base.scheme.map(|scheme| format!("{scheme}:")).unwrap_or_default();
    for (before, part) in [("//", authority), ("", Some(path.as_str())), ("?", query), ("#", iri.fragment)] {
        if let Some(part) = part {
            resolved.push_str(before);
            resolved.push_str(part);
        }
    }
    if resolved.is_empty() { "./".to_owned() } else { resolved }
}

/// RFC 3986, section 5.2.4.
fn without_dots(path: &str) -> String {
    let mut output: Vec<&str> = Vec::new();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    output.pop();
                }
                if is_last {
                    output.push("");
                }
            }
            _ => output.push(segment),
        }
    }
    if path.starts_with('/') && output.first().is_some_and(|first| !first.is_empty()) {
        output.insert(0, "");
    }
    if output == [""] { "/".to_owned() } else { output.join("/") }
}
