//! One e-mail address, many spellings: the one under which it is looked up.
//!
//! | part | rule | what is the same |
//! | --- | --- | --- |
//! | domain | UTS 46, non-transitional, to ASCII (as in URLs and browsers); no dot at its end | `MÜNCHEN.example`, `xn--mnchen-3ya.example`, `ｍünchen．example.`; not `ß` and `ss` |
//! | a domain that UTS 46 refuses | lower case. It is ASCII, such as `xn--a`, or no mail gets there | |
//! | an address as a domain | as addresses are compared | `[IPv6:2001:DB8:0::1]`, `[IPv6:2001:db8::1]` |
//! | local part | RFC 8265, 3.3 (`UsernameCaseMapped`): full and half width, then lower case, then NFC; `ς` as `σ`; a quoted text as what it quotes (RFC 5321, 4.1.2) | `José`, `JOSE` and a combining accent, `"josé"`; not `²` and `2` |
//!
//! A mail server may tell local parts apart that are the same here (RFC 5321, 2.4), and people do not spell their own
//! address alike: whoever asks for erasure must be found.

use std::net::IpAddr;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// Dots, as UTS 46 has them beside `.`.
const DOTS: [char; 3] = ['\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// The spelling under which an address is looked up.
pub(super) fn canonical(address: &str) -> Zeroizing<String> {
    let (local, domain) = halves(address);
    Zeroizing::new(format!("{}@{}", *self::local(local), *self::domain(domain)))
}

/// The spellings under which an address may have been stored before they were made the same: then the whole address was
/// merely put into lower case. Those that can be thought of; all others are found once their contacts are locked anew.
pub(super) fn earlier(address: &str) -> Vec<Zeroizing<String>> {
    let (local, domain) = halves(address);
    let lower = Zeroizing::new(domain.to_lowercase());
    let ascii = self::domain(domain);
    let unicode = Zeroizing::new(idna::domain_to_unicode(&ascii).0);
    let decomposed = Zeroizing::new(unicode.nfd().collect::<String>());
    let mut spellings = vec![Zeroizing::new(address.to_lowercase())];
    for local in [Zeroizing::new(local.to_lowercase()), self::local(local)] {
        for domain in [&lower, &ascii, &unicode, &decomposed] {
            let spelling = Zeroizing::new(format!("{}@{}", *local, **domain));
            if !spellings.contains(&spelling) {
                spellings.push(spelling);
            }
        }
    }
    spellings
}

/// The same address as mail can be sent to it: without what keyboards and other systems make of it (full width, accents
/// apart from their letters, a dot at the end), and without quotes: what needs them was fit as it was.
pub(super) fn sendable(address: &str) -> Zeroizing<String> {
    let text = Zeroizing::new(widths(address).nfc().collect::<String>());
    let (local, domain) = halves(&text);
    let text = Zeroizing::new(format!("{}@{domain}", *unquoted(local)));
    Zeroizing::new(text.strip_suffix('.').unwrap_or(&text).to_owned())
}

fn halves(address: &str) -> (&str, &str) {
    address.rsplit_once('@').unwrap_or((address, ""))
}

fn local(text: &str) -> Zeroizing<String> {
    let unquoted = unquoted(text);
    let lower = widths(&unquoted).flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c });
    let lower: Zeroizing<String> = Zeroizing::new(lower.collect());
    Zeroizing::new(lower.nfc().collect())
}

/// What a quoted text quotes; what is none as it is.
fn unquoted(text: &str) -> Zeroizing<String> {
    let Some(quoted) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Zeroizing::new(text.to_owned());
    };
    let mut characters = quoted.chars();
    let next = || match characters.next()? {
        '\\' => characters.next(),
        other => Some(other),
    };
    Zeroizing::new(std::iter::from_fn(next).collect())
}

/// Full-width and half-width forms as what they are forms of. No other compatibility character is touched.
fn widths(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(|c| {
        let mapped: Vec<char> = match c {
            '\u{3000}' => vec![' '],
            '\u{ff01}'..='\u{ffee}' => std::iter::once(c).nfkc().collect(),
            other if DOTS.contains(&other) => vec!['.'],
            other => vec![other],
        };
        mapped
    })
}

fn domain(text: &str) -> Zeroizing<String> {
    if let Some(address) = literal(text) {
        return Zeroizing::new(format!("[{address}]"));
    }
    let name =
        idna::domain_to_ascii(text).unwrap_or_else(|_| widths(text).collect::<String>().to_lowercase());
    let name = Zeroizing::new(name);
    Zeroizing::new(name.strip_suffix('.').unwrap_or(&name).to_owned())
}

/// RFC 5321, 4.1.3; the brackets and the word are left out by some.
fn literal(text: &str) -> Option<IpAddr> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let tagged = inner.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:")).and_then(|_| inner.get(5..));
    tagged.unwrap_or(inner).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spellings of one address each.
    const SAME: &[&[&str]] = &[
        &[
            "ana@münchen.example",
            "ANA@MÜNCHEN.EXAMPLE",
            "ana@xn--mnchen-3ya.example",
            "Ana@XN--MNCHEN-3YA.Example",
            "ana@mu\u{308}nchen.example",
            "ana@münchen.example.",
            "ana@ｍünchen．ｅxample",
            "ana@münchen。example",
            "ana@münchen｡example",
            "ａｎａ@münchen.example",
            "\"ana\"@münchen.example",
            "\"a\\na\"@münchen.example",
        ],
        &[
            "josé@b.example",
            "jose\u{301}@b.example",
            "JOSÉ@B.example",
            "JOSE\u{301}@b.example",
            "ｊｏｓé@b.example",
        ],
        &["οδος@b.example", "ΟΔΟΣ@b.example", "οδοσ@b.example"],
        &["ガ@b.example", "ｶﾞ@b.example", "カ\u{3099}@b.example"],
        &["a@straße.example", "a@STRAßE.example", "a@xn--strae-oqa.example", "a@STRAẞE.example"],
        &["a@почта.рф", "a@xn--80a1acny.xn--p1ai", "a@ПОЧТА.РФ"],
        &["a@[IPv6:2001:DB8:0::1]", "a@[ipv6:2001:db8::1]", "a@[2001:db8::1]"],
        &["a@xn--a.example", "A@XN--A.example."],
    ];

    #[test]
    fn one_address_has_one_spelling() {
        let mut seen = Vec::new();
        for spellings in SAME {
            let first = canonical(spellings[0]);
            for spelling in *spellings {
                assert_eq!(*canonical(spelling), *first, "{spelling}");
                assert_eq!(*canonical(&canonical(spelling)), *first, "twice is once: {spelling}");
            }
            assert!(!seen.contains(&first), "{spellings:?}");
            seen.push(first);
        }
    }

    #[test]
    fn other_addresses_stay_others() {
        for (one, other) in [
            ("a@strasse.example", "a@straße.example"),
            ("a2@b.example", "a²@b.example"),
            ("a@b.example", "a@b.example.org"),
            ("a.b@c.example", "ab@c.example"),
            ("a+b@c.example", "a@c.example"),
            ("jose@b.example", "josé@b.example"),
            ("\"a b\"@c.example", "ab@c.example"),
            ("a@xn--a.example", "a@xn--b.example"),
        ] {
            assert_ne!(*canonical(one), *canonical(other));
        }
    }

    #[test]
    fn earlier_spellings_are_thought_of() {
        let stored = |address: &str| address.to_lowercase();
        for (sought, before) in [
            ("ana@münchen.example", "Ana@XN--mnchen-3ya.example"),
            ("ana@xn--mnchen-3ya.example", "Ana@MÜNCHEN.example"),
            ("ana@münchen.example.", "ana@münchen.example"),
            ("ana@münchen.example", "ana@mu\u{308}nchen.example"),
            ("ANA@ｍünchen．example", "ana@ｍünchen．example"),
            ("ana@ｍünchen．example", "ana@münchen.example"),
            ("jose\u{301}@b.example", "josé@b.example"),
            ("\"ana\"@b.example", "ana@b.example"),
        ] {
            let found = earlier(sought).iter().any(|spelling| **spelling == stored(before));
            assert!(found, "{sought} does not find {before}");
        }
    }
}
