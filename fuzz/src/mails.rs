//! Reports of mails that came back.

use notice_mail::read_report;

/// What strangers send to the address that bounces go to: read in one way, or no report. One that is a reply to a report, and has it
/// inside, reports nothing by itself.
pub fn mail_report(data: &[u8]) {
    let report = read_report(data);
    assert_eq!(read_report(data), report);
    let head = b"From: a@b.example\r\nContent-Type: message/rfc822\r\n\r\n";
    assert!(read_report(&[head, data].concat()).is_err());
}
