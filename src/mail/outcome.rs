//! What came of handing a mail over, and whether it may be handed over again.

use std::fmt;

/// How far a dialogue with a server came (RFC 5321).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Connecting, TLS from the start, the greeting and `EHLO`.
    Connect,
    /// `STARTTLS`.
    Tls,
    /// `AUTH`.
    Login,
    /// `MAIL`.
    Sender,
    /// `RCPT`.
    Recipient,
    /// `DATA`.
    Data,
    /// The message, before the line that ends it.
    Message,
    /// The answer to the line that ends the message.
    End,
}

/// Whether a refusal holds for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 5yz.
    Permanent,
    /// 4yz: greylisting, full mailboxes, busy servers.
    Temporary,
}

/// An enhanced status code (RFC 3463), such as 5.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enhanced(pub u16, pub u16, pub u16);

/// Why a mail was not sent, where no server said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No connection, or it broke.
    Connection,
    /// The server's certificate is none that is trusted, or there is no TLS with it.
    Certificate,
    /// The server offers no TLS, which is demanded.
    NoTls,
    /// The server offers no way of login that we know.
    NoLogin,
    /// Nothing came in time.
    Timeout,
    /// The server does not speak SMTP as it is written.
    Protocol,
    /// The part of the address before `@` is not in ASCII, and the server does not take such.
    NoUtf8,
    /// The folder, or the program, cannot be used.
    Local,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken: whoever took it answers for it now.
    Sent {
        /// The code of the answer, if there was one.
        code: Option<u16>,
        /// Its enhanced status.
        enhanced: Option<Enhanced>,
    },
    /// It was refused, in words: it was not taken.
    Refused {
        /// At which point.
        stage: Stage,
        /// Whether for good.
        class: Class,
        /// The code of the answer, or the exit code of the program.
        code: u16,
        /// Its enhanced status.
        enhanced: Option<Enhanced>,
    },
    /// It was not taken: its end was never told. To try again doubles nothing.
    NotSent {
        /// How far it came.
        stage: Stage,
        /// Why not further.
        cause: Cause,
    },
    /// Its end was told, and there was no answer: it may have been taken. To try again may double it.
    Unclear,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is done.
    Done,
    /// Try again, after a while.
    Again,
    /// Leave it: this mail will not be taken for this person.
    Never,
    /// Leave it as it is: it may have arrived, and once is enough.
    Unknown,
}

impl Outcome {
    /// Whether to try again.
    #[must_use]
    pub fn next(self) -> Next {
        match self {
            Self::Sent { .. } => Next::Done,
            Self::NotSent { cause: Cause::NoUtf8, .. } => Next::Never,
            Self::Refused { stage, class: Class::Permanent, .. } if stage >= Stage::Recipient => Next::Never,
            // A server that does not let us in, or not this sender, is for the operator to put right; the mail is not to blame.
            Self::NotSent { .. } | Self::Refused { .. } => Next::Again,
            Self::Unclear => Next::Unknown,
        }
    }

    /// Whether it is said that there is nobody of this address, so that no other mail will arrive there either. A refusal for what is
    /// thought of the sender or the text (5.7.1) is none.
    #[must_use]
    pub fn is_dead_address(self) -> bool {
        let Self::Refused { stage, class: Class::Permanent, code, enhanced } = self else { return false };
        match enhanced {
            _ if stage < Stage::Recipient => false,
            // RFC 3463, 3.2 and 3.3; RFC 7505, 4.2 (null MX).
            Some(Enhanced(5, subject, detail)) => matches!((subject, detail), (1, 1..=3 | 6 | 10) | (2, 1)),
            _ => stage == Stage::Recipient && matches!(code, 550 | 551 | 553),
        }
    }
}

impl fmt::Display for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Enhanced {
    /// At the beginning of what a server says, and of the same class as its code.
    pub(super) fn read(text: &str, code: u16) -> Option<Self> {
        let word = text.split_whitespace().next()?;
        let mut parts = word.split('.').map(|part| {
            part.parse::<u16>()
                .ok()
                .filter(|_| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
        });
        let status = Self(parts.next()??, parts.next()??, parts.next()??);
        (parts.next().is_none() && status.0 == code / 100).then_some(status)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "when it was called",
            Self::Tls => "at STARTTLS",
            Self::Login => "at login",
            Self::Sender => "at the sender",
            Self::Recipient => "at the recipient",
            Self::Data => "at DATA",
            Self::Message => "within the message",
            Self::End => "at the end of the message",
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection => "the connection failed",
            Self::Certificate => "its certificate is none that is trusted",
            Self::NoTls => "it offers no TLS",
            Self::NoLogin => "it offers no login by PLAIN or LOGIN",
            Self::Timeout => "it does not answer in time",
            Self::Protocol => "it does not speak SMTP",
            Self::NoUtf8 => "it takes no address that is not in ASCII",
            Self::Local => "the folder or program cannot be used",
        })
    }
}

/// For logs and people: codes, and no words of others.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let enhanced =
            |status: &Option<Enhanced>| status.map(|status| format!(" ({status})")).unwrap_or_default();
        match self {
            Self::Sent { code: Some(code), enhanced: status } => {
                write!(f, "the mail was taken with code {code}{}", enhanced(status))
            }
            Self::Sent { .. } => f.write_str("the mail was taken"),
            Self::Refused { stage, class, code, enhanced: status } => {
                let how = if *class == Class::Permanent { "for good" } else { "for now" };
                write!(f, "the mail server refuses {how} {stage}, with code {code}{}", enhanced(status))
            }
            Self::NotSent { cause: Cause::Local, .. } => write!(f, "{}", Cause::Local),
            Self::NotSent { stage: Stage::Connect, cause } => {
                write!(f, "the mail server cannot be reached: {cause}")
            }
            Self::NotSent { stage, cause } => {
                write!(f, "the mail server was not told the whole mail: {stage}, {cause}")
            }
            Self::Unclear => f.write_str(
                "the mail server was told the whole mail and has not answered: it may have taken it",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_are_read_where_they_fit() {
        for (text, code, read) in [
            ("5.1.1 no such user", 550, Some(Enhanced(5, 1, 1))),
            ("4.7.1", 451, Some(Enhanced(4, 7, 1))),
            ("2.0.0 ok", 250, Some(Enhanced(2, 0, 0))),
            ("5.1.10 null MX", 556, Some(Enhanced(5, 1, 10))),
            ("4.1.1 no", 550, None),
            ("5.1 no", 550, None),
            ("5.1.1.1 no", 550, None),
            ("5.+1.1 no", 550, None),
            ("no 5.1.1", 550, None),
            ("", 550, None),
        ] {
            assert_eq!(Enhanced::read(text, code), read, "{text}");
        }
    }

    #[test]
    fn who_is_to_blame_decides_what_is_next() {
        let refused = |stage, class, code, enhanced| Outcome::Refused { stage, class, code, enhanced };
        let not_sent = |stage, cause| Outcome::NotSent { stage, cause };
        for (outcome, next, dead) in [
            (Outcome::Sent { code: Some(250), enhanced: None }, Next::Done, false),
            (refused(Stage::Login, Class::Permanent, 535, None), Next::Again, false),
            (refused(Stage::Sender, Class::Permanent, 550, Some(Enhanced(5, 1, 8))), Next::Again, false),
            (refused(Stage::Recipient, Class::Permanent, 550, None), Next::Never, true),
            (refused(Stage::Recipient, Class::Permanent, 550, Some(Enhanced(5, 1, 1))), Next::Never, true),
            (refused(Stage::Recipient, Class::Permanent, 556, Some(Enhanced(5, 1, 10))), Next::Never, true),
            (refused(Stage::Recipient, Class::Permanent, 554, Some(Enhanced(5, 7, 1))), Next::Never, false),
            (refused(Stage::Recipient, Class::Permanent, 552, None), Next::Never, false),
            (refused(Stage::Recipient, Class::Temporary, 451, Some(Enhanced(4, 7, 1))), Next::Again, false),
            (refused(Stage::End, Class::Permanent, 550, Some(Enhanced(5, 1, 1))), Next::Never, true),
            (refused(Stage::End, Class::Permanent, 550, None), Next::Never, false),
            (refused(Stage::End, Class::Temporary, 452, None), Next::Again, false),
            (not_sent(Stage::Message, Cause::Connection), Next::Again, false),
            (not_sent(Stage::Recipient, Cause::NoUtf8), Next::Never, false),
            (Outcome::Unclear, Next::Unknown, false),
        ] {
            assert_eq!((outcome.next(), outcome.is_dead_address()), (next, dead), "{outcome}");
        }
    }
}
