//! A mail, handed over on a connection.

use std::sync::atomic::{AtomicBool, Ordering};

use lettre::Address;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailParameter};
use notice_mail::Envelope;

use super::Server;
use super::connection::{Connection, expect, failed, within};
use crate::mail::outcome::{Cause, Enhanced, Outcome, Stage};
use crate::mail::permit::{NOT_PERMITTED, Permit};

/// Hands a mail over.
pub(super) async fn lead(
    connection: &mut Connection,
    server: &Server,
    (envelope, message): (&Envelope, &[u8]),
    permit: Permit<'_>,
) -> Outcome {
    match up_to_data(connection, server, envelope, permit).await {
        Ok(()) => data(connection, server, message).await,
        Err(outcome) => outcome,
    }
}

async fn up_to_data(
    connection: &mut Connection,
    server: &Server,
    envelope: &Envelope,
    permit: Permit<'_>,
) -> Result<(), Outcome> {
    let limit = server.timeout;
    let unreadable = |stage| Outcome::NotSent { stage, cause: Cause::Protocol };
    let from: Address = envelope.from.parse().map_err(|_| unreadable(Stage::Sender))?;
    let to: Address = envelope.to.parse().map_err(|_| unreadable(Stage::Recipient))?;
    let mut parameters = Vec::new();
    if !envelope.to.is_ascii() {
        if !connection.smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Outcome::NotSent { stage: Stage::Recipient, cause: Cause::NoUtf8 });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let sender =
        within(limit, Stage::Sender, connection.smtp.command(Mail::new(Some(from), parameters))).await?;
    expect(&sender, &[250], Stage::Sender)?;
    let recipient =
        within(limit, Stage::Recipient, connection.smtp.command(Rcpt::new(to, Vec::new()))).await?;
    expect(&recipient, &[250, 251, 252], Stage::Recipient)?;
    if !permit.await {
        return Err(NOT_PERMITTED);
    }
    let data = within(limit, Stage::Data, connection.smtp.command(Data)).await?;
    // Nothing but this says that the message is waited for. Whatever else is read here was meant for another command.
    expect(&data, &[354], Stage::Data)
}

/// Sends the message and hears the answer. The library writes what it is given, and asks for more; when it is told that there is no
/// more, it writes the line that ends the message. So from then on it may have been taken.
async fn data(connection: &mut Connection, server: &Server, message: &[u8]) -> Outcome {
    let is_ended = AtomicBool::new(false);
    // The library writes the end of the last line itself.
    let text = message.strip_suffix(b"\r\n").unwrap_or(message);
    let end = std::iter::from_fn(|| {
        is_ended.store(true, Ordering::Relaxed);
        None::<&[u8]>
    });
    let pieces = std::iter::once(text).chain(end);
    let answer = tokio::time::timeout(server.data_timeout, connection.smtp.message_iter(pieces)).await;
    let may_be_taken = is_ended.load(Ordering::Relaxed);
    connection.mails += 1;
    match answer {
        Ok(Ok(response)) => {
            let code = u16::from(response.code());
            let enhanced = Enhanced::read(response.first_line().unwrap_or_default(), code);
            // A success of another number is one all the same (RFC 5321, 4.3.2); that it is to go on means that it is out of step.
            if code / 100 == 2 { Outcome::Sent { code: Some(code), enhanced } } else { Outcome::Unclear }
        }
        Ok(Err(error)) => match failed(if may_be_taken { Stage::End } else { Stage::Message }, &error) {
            Outcome::NotSent { .. } if may_be_taken => Outcome::Unclear,
            outcome => outcome,
        },
        Err(_) if may_be_taken => Outcome::Unclear,
        Err(_) => Outcome::NotSent { stage: Stage::Message, cause: Cause::Timeout },
    }
}
