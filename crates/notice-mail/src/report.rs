//! What others report of mails that were sent: that they came back (RFC 3464), or that somebody calls them spam (RFC 5965).
//!
//! Of a report only two things are read: which mail it is about, and what became of it. Addresses and words of servers are not.

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

/// What is reported of one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The mail's `Message-ID`, without angle brackets, if the report has it.
    pub message_id: Option<String>,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nobody has this address (RFC 3463: 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10, 5.2.1). Further mails would come back too.
    NoSuchAddress,
    /// It came back for another reason: the mailbox is full, the mail was refused by a rule, no server answered for days.
    Failed,
    /// It has not arrived yet, and may.
    Delayed,
    /// It has arrived, or was handed on.
    Arrived,
    /// Its reader calls it spam.
    CalledSpam,
}

/// The mail reports nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no report about mails (RFC 3464, RFC 5965)")]
pub struct NoReport;

/// Codes that say that there is no such address (RFC 3463, sections 3.2 and 3.3; RFC 7505, section 4.2).
const NO_SUCH_ADDRESS: &[&str] = &["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"];

/// Reads a report, as it came. One about a mail to several recipients says the worst of them.
pub fn read_report(bytes: &[u8]) -> Result<Report, NoReport> {
    let message = MessageParser::default().parse(bytes).ok_or(NoReport)?;
    let is_report = message.parts.first().is_some_and(|part| is_of(part, "multipart", "report"));
    if !is_report {
        return Err(NoReport);
    }
    let fate = message.parts.iter().find_map(fate).ok_or(NoReport)?;
    Ok(Report { message_id: message.parts.iter().find_map(about), fate })
}

fn is_of(part: &MessagePart<'_>, of: &str, kind: &str) -> bool {
    part.content_type().is_some_and(|media| {
        media.ctype().eq_ignore_ascii_case(of)
            && media.subtype().is_some_and(|there| there.eq_ignore_ascii_case(kind))
    })
}

/// What a part says became of the mail, if it is the one for programs.
fn fate(part: &MessagePart<'_>) -> Option<Fate> {
    let text = String::from_utf8_lossy(contents(part)?);
    if is_of(part, "message", "feedback-report") {
        return field(&text, "Feedback-Type").map(|_| Fate::CalledSpam);
    }
    let is_status =
        is_of(part, "message", "delivery-status") || is_of(part, "message", "global-delivery-status");
    if !is_status {
        return None;
    }
    // The first group of fields is about the report itself.
    let text = text.replace("\r\n", "\n");
    let groups = text.split("\n\n").filter(|group| field(group, "Action").is_some());
    let fates = groups.filter_map(|group| {
        let action = field(group, "Action")?.to_ascii_lowercase();
        let status = field(group, "Status").unwrap_or_default();
        Some(match action.as_str() {
            "failed" if NO_SUCH_ADDRESS.contains(&status.split_whitespace().next().unwrap_or_default()) => {
                Fate::NoSuchAddress
            }
            "failed" => Fate::Failed,
            "delayed" => Fate::Delayed,
            "delivered" | "relayed" | "expanded" => Fate::Arrived,
            _ => return None,
        })
    });
    fates.min_by_key(|fate| match fate {
        Fate::NoSuchAddress => 0,
        Fate::Failed | Fate::CalledSpam => 1,
        Fate::Delayed => 2,
        Fate::Arrived => 3,
    })
}

/// The id of the mail that came back, if this part is that mail, or its headers.
fn about(part: &MessagePart<'_>) -> Option<String> {
    let id = |message: &Message<'_>| message.message_id().map(str::to_owned);
    match &part.body {
        PartType::Message(message) => id(message),
        _ if is_of(part, "text", "rfc822-headers")
            || is_of(part, "message", "rfc822-headers")
            || is_of(part, "message", "global-headers") =>
        {
            let text = contents(part)?;
            MessageParser::default().parse_headers(text).as_ref().and_then(id)
        }
        _ => None,
    }
}

fn contents<'p>(part: &'p MessagePart<'_>) -> Option<&'p [u8]> {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => Some(text.as_bytes()),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Some(bytes),
        PartType::Message(_) | PartType::Multipart(_) => None,
    }
}

/// The value of a field in a group of them, without what a line that goes on has. Names have no case.
fn field<'t>(group: &'t str, name: &str) -> Option<&'t str> {
    group.lines().find_map(|line| {
        let (there, value) = line.split_once(':')?;
        there.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report in the form of RFC 3464, appendix E, with these fields for each recipient, and this third part.
    fn report(recipients: &[&str], third: &str) -> String {
        let groups: Vec<_> = recipients
            .iter()
            .map(|fields| format!("Final-Recipient: rfc822; rare.word@mail.example\n{fields}\n"))
            .collect();
        format!(
            "From: MAILER-DAEMON@mail.example\nTo: kyc@issuer.example\nSubject: Undelivered Mail Returned to Sender\n\
             MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
             --b\nContent-Type: text/plain\n\nAction: delivered. It says so, and is not believed.\n\
             --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example\n\
             Arrival-Date: Fri, 27 Nov 2026 10:00:00 +0000\n\n{}\n--b\n{third}\n--b--\n",
            groups.join("\n")
        )
        .replace('\n', "\r\n")
    }

    const WHOLE: &str = "Content-Type: message/rfc822\n\nFrom: kyc@issuer.example\n\
        Message-ID: <ntc-1@issuer.example>\nSubject: A\n\nB";
    const HEADERS: &str = "Content-Type: text/rfc822-headers\n\nFrom: kyc@issuer.example\n\
        Message-Id: <ntc-1@issuer.example>\nSubject: A\n";

    fn read(recipients: &[&str], third: &str) -> Result<Report, NoReport> {
        read_report(report(recipients, third).as_bytes())
    }

    #[test]
    fn what_became_of_a_mail_is_told_by_action_and_status() {
        for (fields, fate) in [
            ("Action: failed\nStatus: 5.1.1", Fate::NoSuchAddress),
            ("Action: FAILED\nStatus: 5.1.10 (null MX)", Fate::NoSuchAddress),
            ("action: failed\nstatus: 5.2.1", Fate::NoSuchAddress),
            (
                "Action: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.1.1 is only said here",
                Fate::Failed,
            ),
            ("Action: failed\nStatus: 5.7.1", Fate::Failed),
            ("Action: failed\nStatus: 4.4.7", Fate::Failed),
            ("Action: failed", Fate::Failed),
            ("Action: delayed\nStatus: 4.4.1", Fate::Delayed),
            ("Action: relayed\nStatus: 2.0.0", Fate::Arrived),
        ] {
            for third in [WHOLE, HEADERS] {
                let wanted = Report { message_id: Some("ntc-1@issuer.example".to_owned()), fate };
                assert_eq!(read(&[fields], third), Ok(wanted), "{fields}");
            }
        }
        let both = ["Action: delivered\nStatus: 2.0.0", "Action: failed\nStatus: 5.1.1"];
        assert_eq!(read(&both, WHOLE).unwrap().fate, Fate::NoSuchAddress);
        // Without the mail nobody knows which one it was.
        let bare = read(&["Action: failed\nStatus: 5.1.1"], "Content-Type: text/plain\n\nMessage-ID: <a@b>");
        assert_eq!(bare, Ok(Report { message_id: None, fate: Fate::NoSuchAddress }));
    }

    #[test]
    fn spam_is_told_by_a_feedback_report() {
        let report = "From: fbl@mail.example\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n\
            --b\r\nContent-Type: text/plain\r\n\r\nA report.\r\n\
            --b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\
            --b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <ntc-2@issuer.example>\r\n\r\nB\r\n--b--\r\n";
        let wanted = Report { message_id: Some("ntc-2@issuer.example".to_owned()), fate: Fate::CalledSpam };
        assert_eq!(read_report(report.as_bytes()), Ok(wanted));
    }

    #[test]
    fn what_is_no_report_is_none() {
        let reply = "From: a@b.example\r\nAuto-Submitted: auto-replied\r\nContent-Type: text/plain\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n";
        let inside = format!(
            "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: message/rfc822\r\n\r\n{}\r\n--c--\r\n",
            report(&["Action: failed\nStatus: 5.1.1"], WHOLE)
        );
        for text in ["", "\0", reply, &inside] {
            assert_eq!(read_report(text.as_bytes()), Err(NoReport), "{text}");
        }
        assert_eq!(read(&["Status: 5.1.1"], WHOLE), Err(NoReport));
        assert_eq!(read(&["Action: dreamt\nStatus: 5.1.1"], WHOLE), Err(NoReport));
        // Cut off anywhere, it is read or not, and nothing breaks.
        let whole = report(&["Action: failed\nStatus: 5.1.1"], WHOLE);
        for end in 0..whole.len() {
            let _ = read_report(&whole.as_bytes()[..end]);
        }
    }
}
