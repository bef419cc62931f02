//! E-mail addresses: something, an at sign, and the name of a domain. Wider than what can be sent to: a mistyped address names its
//! owner as well.

/// Whether an address stands anywhere in a text.
pub(super) fn is_there(text: &str) -> bool {
    let text = text.to_lowercase();
    let meant = if text.contains(['(', '[']) {
        ["(at)", "[at]"].iter().fold(text, |text, at| text.replace(&format!(" {at} "), "@").replace(at, "@"))
    } else {
        text
    };
    let meant = ["(dot)", "[dot]"]
        .iter()
        .fold(meant, |text, dot| text.replace(&format!(" {dot} "), ".").replace(dot, "."));
    meant.match_indices('@').any(|(at, _)| {
        let (before, after) = (meant.get(..at).unwrap_or_default(), meant.get(at + 1..).unwrap_or_default());
        before.chars().next_back().is_some_and(is_local) && is_domain(before, after)
    })
}

/// RFC 5321 4.1.2 and RFC 6531: atoms, in any letters, or a quoted text.
fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-\"".contains(c)
}

/// Whether a domain begins here: labels with dots between them, the last of letters, or an address in brackets.
fn is_domain(before: &str, text: &str) -> bool {
    if let Some(literal) = text.strip_prefix('[') {
        return literal.starts_with(|c: char| c.is_ascii_digit()) || literal.starts_with("ipv6:");
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '.')).unwrap_or(text.len());
    let (domain, rest) = text.split_at_checked(end).unwrap_or_default();
    let labels: Vec<_> = domain.trim_end_matches(['.', '-']).split('.').collect();
    let Some((last, first)) =
        labels.split_last().zip(labels.first()).map(|((last, _), first)| (*last, *first))
    else {
        return false;
    };
    let is_top =
        (last.chars().count() >= 2 && last.chars().all(char::is_alphabetic)) || last.starts_with("xn--");
    // A picture of twice the size, and a repository behind SSH.
    let is_scale = first
        .strip_suffix('x')
        .is_some_and(|scale| !scale.is_empty() && scale.bytes().all(|b| b.is_ascii_digit()));
    let is_git = before.strip_suffix("git").is_some_and(|rest| !rest.ends_with(char::is_alphanumeric));
    let is_repository = is_git && rest.starts_with(':');
    labels.len() >= 2 && labels.iter().all(|label| !label.is_empty()) && is_top && !is_scale && !is_repository
}
