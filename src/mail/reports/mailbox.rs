//! Reports in a folder of a mailbox, over IMAP.
//!
//! What was acted on is deleted, marked as seen, or moved, one after another and at once, so that a process that is killed between the
//! two finds it again: acting on a report twice changes nothing. All other mails stay as they are, unseen if they were; so it is
//! remembered up to which one they have been looked at, for as long as the process lives.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::Url;
use zeroize::Zeroizing;

use super::MOST;
use super::error::ReportsError;
use super::imap::{Server, Session};
use crate::config::{self, BouncesThen, Secret};
use crate::mail::server::{self, Protocol, Unusable};
use crate::mail::settings::{MailError, authorities};
use crate::outbound;

/// Ports of RFC 8314 and RFC 3501.
const IMAP: Protocol = Protocol { scheme: "imap", port: 143, implicit_port: 993 };

/// Mails that are tried again later, at the most.
const AGAIN: usize = 1000;

/// A folder of a mailbox.
pub(super) struct Mailbox {
    server: Server,
    folder: String,
    then: Then,
    known: Mutex<Known>,
}

/// What becomes of a report that has been acted on.
enum Then {
    Delete,
    Seen,
    MoveTo(String),
}

/// What has been looked at.
#[derive(Clone, Default)]
struct Known {
    /// What the numbers are true for.
    validity: u32,
    /// Up to which number.
    up_to: u32,
    /// What was begun, and did not come to its end.
    again: BTreeSet<u32>,
}

impl Mailbox {
    pub(super) fn new(settings: &config::Mail, url: &Secret) -> Result<Self, MailError> {
        let refused = |fault| match fault {
            Unusable::Url => MailError::Bounces,
            Unusable::Plaintext => MailError::Plaintext("mail.bounces"),
        };
        let url: Url = url.expose().parse().map_err(|_| MailError::Bounces)?;
        let address = IMAP.address(&url, settings.allow_plaintext).map_err(refused)?;
        let others = match &settings.ca_file {
            Some(path) => CertificateDer::pem_slice_iter(&authorities(path)?)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|_| MailError::Authorities)?,
            None => Vec::new(),
        };
        let folder = server::text(url.path().trim_start_matches('/')).map_err(refused)?;
        let then = match (settings.bounces_then, &settings.bounces_moved_to) {
            (BouncesThen::Delete, _) => Then::Delete,
            (BouncesThen::Seen, _) => Then::Seen,
            (BouncesThen::Move, folder) => Then::MoveTo(folder.clone().unwrap_or_default()),
        };
        if folder.contains(char::is_control) {
            return Err(MailError::BouncesFolder("mail.bounces"));
        }
        if let Then::MoveTo(folder) = &then
            && (folder.is_empty() || folder.contains(char::is_control))
        {
            return Err(MailError::BouncesFolder("mail.bounces_moved_to"));
        }
        Ok(Self {
            server: Server {
                address,
                user: server::text(url.username()).map_err(refused)?,
                password: Zeroizing::new(
                    settings.bounces_password.as_ref().map(Secret::expose).unwrap_or_default().to_owned(),
                ),
                tls: Arc::new(outbound::tls(others).map_err(MailError::Tls)?),
                timeout: std::time::Duration::from_secs(settings.timeout),
            },
            folder: if folder.is_empty() { "INBOX".to_owned() } else { folder },
            then,
            known: Mutex::default(),
        })
    }

    /// Opens the folder, and finds out what is to be read: at most `limit` mails.
    pub(super) async fn open(&self, limit: usize) -> Result<Reading<'_>, ReportsError> {
        let (mut session, validity) = self.enter().await?;
        let known = self.known(|known| {
            if known.validity != validity {
                *known = Known { validity, ..Known::default() };
            }
            known.clone()
        });
        let found = session.search(&criteria(&known, &self.then, session.can("UIDPLUS"))).await?;
        self.known(|known| known.again.retain(|uid| found.contains(uid)));
        // A range that begins behind the last mail has the last mail in it (RFC 3501, section 6.4.8).
        let fresh = found.iter().filter(|&&uid| uid > known.up_to);
        // What failed before keeps nothing from its turn.
        let again = found.iter().filter(|&uid| known.again.contains(uid));
        let waiting = fresh.chain(again).copied().take(limit).collect();
        Ok(Reading { mailbox: self, session, waiting, current: None })
    }

    /// Whether the folder can be read and changed. Changes nothing.
    pub(super) async fn test(&self) -> Result<(), ReportsError> {
        let (session, _) = self.enter().await?;
        session.close().await;
        Ok(())
    }

    /// All that must be there is asked for before anything is read: what cannot be marked would be read for ever.
    async fn enter(&self) -> Result<(Session, u32), ReportsError> {
        let mut session = Session::open(&self.server).await?;
        if let Then::MoveTo(folder) = &self.then
            && !session.has(folder).await?
        {
            return Err(ReportsError::NoTarget);
        }
        let validity = session.select(&self.folder).await?;
        Ok((session, validity))
    }

    fn known<T>(&self, with: impl FnOnce(&mut Known) -> T) -> T {
        with(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What to look for: what is new, and what did not come to its end.
fn criteria(known: &Known, then: &Then, has_uidplus: bool) -> String {
    let again = known.again.iter().map(|uid| format!("{uid},"));
    let set = format!("UID {}{}:*", again.collect::<String>(), known.up_to.saturating_add(1));
    match then {
        Then::Seen => format!("{set} UNSEEN"),
        // What is deleted and cannot be made to go stays for others to see, and is done with.
        Then::Delete | Then::MoveTo(_) if !has_uidplus => format!("{set} UNDELETED"),
        Then::Delete | Then::MoveTo(_) => set,
    }
}

/// What is read in one go.
pub(super) struct Reading<'m> {
    mailbox: &'m Mailbox,
    session: Session,
    waiting: VecDeque<u32>,
    current: Option<u32>,
}

impl Reading<'_> {
    /// The next mail, and no more of it than is read of one.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, ReportsError> {
        while let Some(uid) = self.waiting.pop_front() {
            // Whatever happens now, those behind it have their turn.
            self.mailbox.known(|known| {
                known.up_to = known.up_to.max(uid);
                known.again.insert(uid);
                while known.again.len() > AGAIN {
                    known.again.pop_first();
                }
            });
            self.current = Some(uid);
            if let Some(bytes) = self.session.fetch(uid, MOST).await? {
                return Ok(Some(bytes));
            }
            // Somebody else has deleted or moved it.
            self.is_over(uid);
        }
        Ok(None)
    }

    /// Marks the last mail, if it was a report on one of ours.
    pub(super) async fn settle(&mut self, is_ours: bool) -> Result<(), ReportsError> {
        let Some(uid) = self.current.take() else { return Ok(()) };
        if is_ours {
            let marked = match &self.mailbox.then {
                Then::Delete => self.session.delete(uid).await,
                Then::Seen => self.session.mark(uid, "\\Seen").await,
                Then::MoveTo(folder) => self.session.put_into(uid, folder).await,
            };
            marked.map_err(|error| match error {
                ReportsError::Refused => ReportsError::Unmarkable(None),
                error => error,
            })?;
        }
        self.is_over(uid);
        Ok(())
    }

    pub(super) async fn close(self) {
        self.session.close().await;
    }

    fn is_over(&mut self, uid: u32) {
        self.mailbox.known(|known| known.again.remove(&uid));
    }
}
