//! What a node says about an error, made fit to be shown and logged.

use std::fmt;

/// The longest message that is kept, in characters.
const MAX_CHARS: usize = 300;

/// A node's own words about an error.
///
/// The messages of idOS actions are constants, but those of the database beneath may repeat what they are about.
/// So the texts among our arguments are struck out, control characters are replaced, and only the first 300
/// characters are kept. UUIDs stay: ids may be shown.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct NodeMessage(String);

impl NodeMessage {
    /// Keeps what may be shown of `text`, without any of `arguments`.
    pub(crate) fn new<'a>(text: &str, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let mut shown = text.to_owned();
        for argument in arguments.into_iter().filter(|argument| is_private(argument)) {
            if shown.contains(argument) {
                shown = shown.replace(argument, "…");
            }
        }
        Self(shown.chars().take(MAX_CHARS).map(printable).collect())
    }

    /// The message.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text must not be shown: anything but very short texts and words of the schema, which occur in
/// messages by themselves.
fn is_private(argument: &str) -> bool {
    const WORDS: [&str; 6] = ["user", "NEAR", "XRPL", "Stellar", "FaceSign", "main"];
    argument.len() >= 4 && !WORDS.contains(&argument)
}

/// Replaces what would break a line or change the direction of writing in a log or terminal.
fn printable(c: char) -> char {
    match c {
        '\n' | '\r' | '\t' => ' ',
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' => {
            '\u{FFFD}'
        }
        c if c.is_control() => '\u{FFFD}',
        c => c,
    }
}

impl fmt::Display for NodeMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NodeMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_sent_is_struck_out_and_the_schemas_words_stay() {
        let said = r#"ERROR: value "Zoë Example" of user 0xAbCd is wrong for "users_pkey" (type NEAR)"#;
        let shown = NodeMessage::new(said, ["Zoë Example", "0xAbCd", "user", "NEAR", "", "is"]);
        assert_eq!(shown.as_str(), r#"ERROR: value "…" of user … is wrong for "users_pkey" (type NEAR)"#);
    }

    #[test]
    fn a_message_is_short_and_stays_on_its_line() {
        assert_eq!(NodeMessage::new("a\nb\u{1b}[31mc\u{202E}d", []).as_str(), "a b\u{FFFD}[31mc\u{FFFD}d");
        assert_eq!(NodeMessage::new(&"é".repeat(10_000), []).as_str().chars().count(), 300);
        let long = format!("{}secret", "x".repeat(297));
        assert_eq!(
            NodeMessage::new(&long, ["secret"]).as_str().chars().last(),
            Some('…'),
            "no part of it is left"
        );
    }
}
