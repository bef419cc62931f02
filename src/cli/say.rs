//! What goes to the terminal: the only place that prints.

use std::error::Error;
use std::io::Write as _;

/// One line of an answer. A reader that has gone away (as `head` does) is no error.
pub(super) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Bytes of an answer, as they are.
pub(super) fn bytes(bytes: &[u8]) -> std::io::Result<()> {
    std::io::stdout().write_all(bytes).and_then(|()| std::io::stdout().flush())
}

/// A line beside the answer, for the person at the terminal.
pub(super) fn hint(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Why a command could not do its work, with all causes.
pub(super) fn error(error: &dyn Error) {
    let _ = writeln!(std::io::stderr(), "error: {error}");
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Some errors say their cause in their own text.
        if !said.contains(&text) {
            let _ = writeln!(std::io::stderr(), "  because: {text}");
        }
        said = text;
        cause = error.source();
    }
}
