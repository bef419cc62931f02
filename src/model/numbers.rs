//! What is counted for each day, and told by which entry of the audit chain.

use super::audit::AuditAction;
use super::mail_link::StopReason;
use super::named::named;
use super::notices::NoticeState;
use super::time::{DAY, Timestamp};

named! {
    /// What is counted.
    Counted {
        /// A result was submitted.
        Received = "received",
        /// A credential is in a user's profile.
        Issued = "issued",
        /// An issuance, a revocation, a profile, a wallet or an attribute has stopped.
        Halted = "halted",
        /// An issuance is over without a credential.
        Failed = "failed",
        /// A credential is marked as revoked.
        Revoked = "revoked",
        /// An issuance was forgotten on request.
        Erased = "erased",
        /// A profile was created.
        Profiles = "profiles",
        /// A verification was opened at a vendor or a source of personhood.
        Opened = "opened",
        /// A vendor or a source of personhood has approved somebody.
        Approved = "approved",
        /// A vendor has declined somebody.
        Declined = "declined",
        /// A notice went out.
        MailsSent = "mails_sent",
        /// A notice could not be sent.
        MailsFailed = "mails_failed",
        /// A mail came back, or its reader calls it spam: nothing is sent to the address any more.
        MailsBounced = "mails_bounced",
    }
}

impl Counted {
    /// What an entry of the chain counts as, by what was done, to what, and what more it says.
    #[must_use]
    pub fn of(act: &str, subject: &str, detail: &str) -> Option<Self> {
        let act: AuditAction = act.parse().ok()?;
        let is_of = |prefix: &str| subject.starts_with(prefix);
        Some(match act {
            AuditAction::Received if is_of("iss_") => Self::Received,
            AuditAction::Issued if is_of("iss_") => Self::Issued,
            AuditAction::Halted if !is_of("ver_") => Self::Halted,
            AuditAction::Failed if is_of("iss_") => Self::Failed,
            AuditAction::Revoked if is_of("iss_") => Self::Revoked,
            // What is erased is called by its kind alone where its name must not stand.
            AuditAction::Erased if is_of("iss_") || subject == "issuance" => Self::Erased,
            AuditAction::ProfileCreated => Self::Profiles,
            AuditAction::VerificationOpened => Self::Opened,
            AuditAction::VerificationApproved => Self::Approved,
            AuditAction::VerificationDeclined => Self::Declined,
            // The notice's id, what became of it, and how many days before the end.
            AuditAction::NoticeSent => match detail.split(':').nth(1)?.parse().ok()? {
                NoticeState::Sent => Self::MailsSent,
                NoticeState::Failed => Self::MailsFailed,
                NoticeState::Planned | NoticeState::Sending | NoticeState::Dropped | NoticeState::Unclear => {
                    return None;
                }
            },
            AuditAction::MailStopped => match detail.parse().ok()? {
                StopReason::Unreachable | StopReason::Complained => Self::MailsBounced,
                StopReason::Unsubscribed => return None,
            },
            _ => return None,
        })
    }
}

/// A day, by the calendar of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// The day of a moment, in milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn of_millis(millis: i64) -> Self {
        Self(millis.div_euclid(DAY))
    }

    /// The day of a moment.
    #[must_use]
    pub fn of(moment: Timestamp) -> Self {
        Self::of_millis(moment.unix_millis())
    }

    /// Its beginning, in milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0.saturating_mul(DAY)
    }

    /// The day so many days later.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }
}

impl std::fmt::Display for Day {
    /// As ISO 8601 has it: `2026-11-30`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let begin = Timestamp::from_unix_millis(self.millis()).unwrap_or(Timestamp::EPOCH).to_string();
        f.write_str(begin.get(..10).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_count_as_what_they_tell() {
        for (act, subject, detail, counted) in [
            ("received", "iss_1", "kyc", Some(Counted::Received)),
            ("issued", "iss_1", "ab", Some(Counted::Issued)),
            // The verification follows its issuance: that is the same credential.
            ("issued", "ver_1", "iss_1", None),
            ("halted", "prf_1", "refused", Some(Counted::Halted)),
            ("halted", "ver_1", "refused", None),
            ("failed", "iss_1", "", Some(Counted::Failed)),
            ("failed", "prf_1", "", None),
            ("notice_sent", "iss_1", "ntc_1:sent:7", Some(Counted::MailsSent)),
            ("notice_sent", "iss_1", "ntc_1:failed:7", Some(Counted::MailsFailed)),
            ("notice_sent", "iss_1", "ntc_1:unclear:7", None),
            ("notice_sent", "iss_1", "", None),
            ("mail_stopped", "iss_1", "unreachable", Some(Counted::MailsBounced)),
            ("mail_stopped", "iss_1", "unsubscribed", None),
            ("verification_declined", "ver_1", "", Some(Counted::Declined)),
            // Of a newer program.
            ("something_new", "iss_1", "", None),
        ] {
            assert_eq!(Counted::of(act, subject, detail), counted, "{act} {subject}");
        }
    }

    #[test]
    fn days_are_days() {
        let moment: Timestamp = "2026-11-30T23:59:59Z".parse().unwrap();
        assert_eq!(Day::of(moment).to_string(), "2026-11-30");
        assert_eq!(Day::of(moment).plus(1).to_string(), "2026-12-01");
        assert_eq!(Day::of_millis(-1).to_string(), "1969-12-31");
        assert_eq!(Day::of_millis(DAY).millis(), DAY);
    }
}
