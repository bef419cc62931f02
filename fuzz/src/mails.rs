//! Reports of mails that came back, the mailbox that they are in, and what operators bring along for mails.

use idos_issuer::mail::BUILTIN;
use notice_mail::{Templates, read_report};

/// What strangers send to the address that bounces go to: read in one way, or no report. One that is a reply to a report, and has it
/// inside, reports nothing by itself.
pub fn mail_report(data: &[u8]) {
    let report = read_report(data);
    assert_eq!(read_report(data), report);
    let head = b"From: a@b.example\r\nContent-Type: message/rfc822\r\n\r\n";
    assert!(read_report(&[head, data].concat()).is_err());
}

/// What the server of a mailbox says, in any pieces: nothing of it stops the reader.
pub fn imap_answers(data: &[u8]) {
    idos_issuer::mail::read_imap(data);
}

/// Files of an operator's, each behind a line `# NAME`: they make mails, or each fault is said by file, and those that are taken are
/// checked to an end.
pub fn mail_templates(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        match (line.strip_prefix("# "), files.last_mut()) {
            (Some(name), _) => files.push((name.trim_end().to_owned(), String::new())),
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => return,
        }
    }
    let load = || Templates::new(BUILTIN.iter().copied(), files.clone());
    match load() {
        Ok(templates) => {
            let faults = templates.check();
            assert_eq!(faults, templates.check());
        }
        Err(faults) => {
            assert!(!faults.is_empty());
            assert_eq!(faults, load().unwrap_err());
        }
    }
}
