//! What a person sees meanwhile: one line that changes on a terminal, and now and then a line elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use super::state::Ledger;
use crate::cli::output;

/// How often it is shown on a terminal.
const ON_A_TERMINAL: Duration = Duration::from_millis(500);

/// How often it is shown elsewhere.
const ELSEWHERE: Duration = Duration::from_secs(10);

/// How an import goes.
pub(super) struct Progress {
    is_wanted: bool,
    is_terminal: bool,
    begun: Instant,
    /// What was done before this run: lines, bytes.
    before: (u64, u64),
    shown: Instant,
}

impl Progress {
    pub(super) fn new(is_wanted: bool, ledger: &Ledger) -> Self {
        let (now, before) = (Instant::now(), (lines(ledger), ledger.offset()));
        let is_terminal = std::io::stderr().is_terminal();
        Self { is_wanted, is_terminal, begun: now, before, shown: now }
    }

    /// Shows it, if it is wanted and time.
    pub(super) fn show(&mut self, ledger: &Ledger) {
        let every = if self.is_terminal { ON_A_TERMINAL } else { ELSEWHERE };
        if !self.is_wanted || (self.shown.elapsed() < every && !ledger.is_complete()) {
            return;
        }
        self.shown = Instant::now();
        let text = self.text(ledger, self.begun.elapsed());
        if self.is_terminal { output::status(&text) } else { output::hint(&text) }
    }

    /// Says something that happens once.
    pub(super) fn say(&self, text: &str) {
        self.end();
        output::hint(text);
    }

    /// Leaves the last state where it is.
    pub(super) fn end(&self) {
        if self.is_wanted && self.is_terminal {
            output::hint("");
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "figures for a person")]
    fn text(&self, ledger: &Ledger, elapsed: Duration) -> String {
        let (lines_before, bytes_before) = self.before;
        let seconds = elapsed.as_secs_f64().max(0.001);
        let rate = lines(ledger).saturating_sub(lines_before) as f64 / seconds;
        let bytes = ledger.offset().saturating_sub(bytes_before) as f64 / seconds;
        let left = ledger.length().saturating_sub(ledger.offset()) as f64;
        let percent = 100.0 * ledger.offset() as f64 / ledger.length().max(1) as f64;
        let rest = if bytes > 0.0 { time((left / bytes).ceil()) } else { "unknown".to_owned() };
        let counts = ledger.counts();
        format!(
            "{} lines, {rate:.0} a second, {percent:.1} % of the file, {rest} left, {} refused, {} failed",
            lines(ledger),
            counts.refused,
            counts.failed
        )
    }
}

/// Lines with a verdict.
fn lines(ledger: &Ledger) -> u64 {
    let counts = ledger.counts();
    counts.accepted + counts.replayed + counts.refused + counts.failed
}

/// Seconds as a person reads them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
fn time(seconds: f64) -> String {
    let seconds = seconds as u64;
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        assert_eq!((time(0.0), time(59.0)), ("0 s".to_owned(), "59 s".to_owned()));
        assert_eq!((time(61.0), time(7320.0)), ("1 min".to_owned(), "2 h 2 min".to_owned()));
    }
}
