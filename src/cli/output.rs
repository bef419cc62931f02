//! What goes to the terminal: the only place that prints.

use std::error::Error;
use std::io::Write as _;

use crate::telemetry;

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

/// A line that takes the place of the one before, on a terminal.
pub(super) fn status(text: &str) {
    const CLEAR: &str = "\r\x1b[K";
    let mut terminal = std::io::stderr();
    let _ = write!(terminal, "{CLEAR}{text}").and_then(|()| terminal.flush());
}

/// Why a command could not do its work, with all causes.
pub(super) fn error(error: &dyn Error) {
    let all = telemetry::causes(error);
    for (text, before) in all.iter().zip(std::iter::once("error").chain(std::iter::repeat("  because"))) {
        let _ = writeln!(std::io::stderr(), "{before}: {text}");
    }
}
