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
        Self(strike(text.chars().map(printable).collect(), arguments).chars().take(MAX_CHARS).collect())
    }

    /// The same without any of `arguments`, for a message that was made where they were not known. A part of one
    /// that was cut off at the end goes too.
    pub(crate) fn without<'a>(self, arguments: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        let was_cut = self.0.chars().count() == MAX_CHARS;
        let mut shown = strike(self.0, arguments.clone());
        for argument in arguments.into_iter().filter(|argument| was_cut && is_private(argument)) {
            let argument: String = argument.chars().map(printable).collect();
            let parts = argument.char_indices().map(|(end, _)| argument.get(..end).unwrap_or_default());
            if let Some(kept) =
                parts.rev().filter(|part| is_private(part)).find_map(|part| shown.strip_suffix(part))
            {
                shown = format!("{kept}…");
            }
        }
        Self(shown)
    }

    /// The message.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Strikes out `arguments`, compared as they would be shown: a node may repeat a tab as such or as a space.
fn strike<'a>(mut shown: String, arguments: impl IntoIterator<Item = &'a str>) -> String {
    for argument in arguments.into_iter().filter(|argument| is_private(argument)) {
        let argument: String = argument.chars().map(printable).collect();
        if shown.contains(&argument) {
            shown = shown.replace(&argument, "…");
        }
    }
    shown
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
    fn texts_are_struck_out_however_their_white_space_is_spelled() {
        for said in ["no odd\tAddress here", "no odd Address here"] {
            assert_eq!(NodeMessage::new(said, ["odd\tAddress"]).as_str(), "no … here");
        }
    }

    #[test]
    fn a_message_can_be_struck_out_later() {
        let message = NodeMessage::new("what is Zoë Example?", []);
        assert_eq!(message.without(["Zoë Example"]).as_str(), "what is …?");
        let cut = NodeMessage::new(&format!("{}secret words", "x".repeat(292)), []);
        assert!(!cut.without(["secret words"]).as_str().contains("secret"));
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
