//! A connection, up to where mails can be handed over.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters, TlsParametersBuilder};
use lettre::transport::smtp::commands::{Quit, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension};
use lettre::transport::smtp::response::{Response, Severity};

use super::Server;
use super::stream::Careful;
use crate::mail::outcome::{Cause, Class, Enhanced, Outcome, Stage};
use crate::mail::server::Security;

/// A connection to a server that has let us in.
pub(super) struct Connection {
    pub(super) smtp: AsyncSmtpConnection,
    /// How many mails it has brought.
    pub(super) mails: u32,
}

impl Connection {
    /// Connects, has TLS begin, and logs in.
    pub(super) async fn open(server: &Server) -> Result<Self, Outcome> {
        let hello = ClientId::default();
        let limit = server.timeout;
        let tls = || {
            let authorities = server.authorities.iter().cloned();
            let builder = TlsParameters::builder(server.host.clone());
            let builder = authorities.fold(builder, TlsParametersBuilder::add_root_certificate);
            builder.build().map_err(|_| Outcome::NotSent { stage: Stage::Connect, cause: Cause::Certificate })
        };
        let address = (server.host.trim_start_matches('[').trim_end_matches(']'), server.port);
        let mut smtp = if server.security == Security::Implicit {
            let connect =
                AsyncSmtpConnection::connect_tokio1(address, Some(limit), &hello, Some(tls()?), None);
            within(limit, Stage::Connect, connect).await?
        } else {
            let connect = async {
                let stream = tokio::net::TcpStream::connect(address).await;
                let stream = stream
                    .map_err(|_| Outcome::NotSent { stage: Stage::Connect, cause: Cause::Connection })?;
                let stream = Box::new(Careful::new(stream));
                let smtp = AsyncSmtpConnection::connect_with_transport(stream, &hello).await;
                smtp.map_err(|error| failed(Stage::Connect, &error))
            };
            let timeout = Outcome::NotSent { stage: Stage::Connect, cause: Cause::Timeout };
            tokio::time::timeout(limit, connect).await.map_err(|_| timeout)??
        };
        let offers_tls = smtp.server_info().supports_feature(Extension::StartTls);
        match server.security {
            Security::StartTls if !offers_tls => {
                return Err(Outcome::NotSent { stage: Stage::Tls, cause: Cause::NoTls });
            }
            Security::StartTls | Security::IfOffered if offers_tls => {
                within(limit, Stage::Tls, smtp.starttls(tls()?, &hello)).await?;
            }
            _ => {}
        }
        if let Some(login) = &server.login {
            if smtp.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                return Err(Outcome::NotSent { stage: Stage::Login, cause: Cause::NoLogin });
            }
            let response = within(limit, Stage::Login, smtp.auth(DEFAULT_MECHANISMS, login)).await?;
            expect(&response, &[235], Stage::Login)?;
        }
        Ok(Self { smtp, mails: 0 })
    }

    /// Begins anew on the same connection. Whether it lives.
    pub(super) async fn reset(&mut self, limit: Duration) -> bool {
        let reset = within(limit, Stage::Sender, self.smtp.command(Rset)).await;
        reset.is_ok_and(|response| u16::from(response.code()) == 250)
    }

    /// Says goodbye, without hearing what comes back.
    pub(super) async fn quit(&mut self, limit: Duration) {
        let _ = within(limit, Stage::End, self.smtp.command(Quit)).await;
    }
}

/// What comes of a step, which must not take longer.
pub(super) async fn within<T>(
    limit: Duration,
    stage: Stage,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Outcome> {
    match tokio::time::timeout(limit, step).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(failed(stage, &error)),
        Err(_) => Err(Outcome::NotSent { stage, cause: Cause::Timeout }),
    }
}

/// Whether an answer is one of those that go on. Another one that is no refusal means that the server answers something else.
pub(super) fn expect(response: &Response, codes: &[u16], stage: Stage) -> Result<(), Outcome> {
    if codes.contains(&u16::from(response.code())) {
        Ok(())
    } else {
        Err(Outcome::NotSent { stage, cause: Cause::Protocol })
    }
}

/// What an error of the library means before the end of a message. Its words are the server's, and stay here.
pub(super) fn failed(stage: Stage, error: &Error) -> Outcome {
    if let Some(code) = error.status() {
        let class = match code.severity {
            Severity::PermanentNegativeCompletion => Class::Permanent,
            _ => Class::Temporary,
        };
        let code = u16::from(code);
        let enhanced = error.source().and_then(|words| Enhanced::read(&words.to_string(), code));
        return Outcome::Refused { stage, class, code, enhanced };
    }
    let cause = if error.is_timeout() {
        Cause::Timeout
    } else if is_of_tls(error) {
        Cause::Certificate
    } else if error.is_response() && !is_cut(error) {
        Cause::Protocol
    } else {
        Cause::Connection
    };
    Outcome::NotSent { stage, cause }
}

/// Whether rustls is at the bottom of it.
fn is_of_tls(error: &Error) -> bool {
    if error.is_tls() {
        return true;
    }
    let mut source = error.source();
    while let Some(at) = source {
        let inner = at.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if at.is::<rustls::Error>()
            || inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
        {
            return true;
        }
        source = at.source();
    }
    false
}

/// Whether the server went away before it had said all.
fn is_cut(error: &Error) -> bool {
    error.source().is_some_and(|source| source.to_string() == "incomplete response")
}
