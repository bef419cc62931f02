//! Reports of mails that came back: in a folder of this machine, or in one of a mailbox.

mod error;
mod folder;
mod imap;
mod mailbox;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::time::Instant;

pub use self::error::ReportsError;
use self::folder::Folder;
#[cfg(feature = "fuzzing")]
pub use self::imap::read_all;
use self::mailbox::Mailbox;
use super::settings::MailError;
use crate::config::{self, Bounces};

/// The most that is read of a report, in bytes. What is cut off of a report is the mail that came back.
const MOST: usize = 1024 * 1024;

/// Reports that are read in one go.
const AT_ONCE: usize = 500;

/// How long reading in one go may take. What is left has its turn the next time.
const ONE_GO: Duration = Duration::from_secs(45);

/// Where reports are.
pub struct Reports(Place);

enum Place {
    Folder(Folder),
    Mailbox(Box<Mailbox>),
}

/// Reports that are read in one go.
pub struct Reading<'r> {
    place: Open<'r>,
    until: Instant,
}

enum Open<'r> {
    Folder(folder::Reading),
    Mailbox(mailbox::Reading<'r>),
}

impl Reports {
    /// As the configuration says; `None` if there are none.
    pub fn new(settings: Option<&config::Mail>) -> Result<Option<Self>, MailError> {
        let Some((settings, bounces)) = settings.and_then(|all| Some((all, all.bounces.as_ref()?))) else {
            return Ok(None);
        };
        Ok(Some(Self(match bounces {
            Bounces::Folder(path) => Place::Folder(Folder::of(path)),
            Bounces::Mailbox(url) => Place::Mailbox(Box::new(Mailbox::new(settings, url)?)),
        })))
    }

    /// Begins to read.
    pub async fn open(&self) -> Result<Reading<'_>, ReportsError> {
        let until = Instant::now() + ONE_GO;
        let place = match &self.0 {
            Place::Folder(folder) => Open::Folder(folder.open(AT_ONCE).await?),
            Place::Mailbox(mailbox) => Open::Mailbox(mailbox.open(AT_ONCE).await?),
        };
        Ok(Reading { place, until })
    }

    /// Whether they can be read. Changes nothing.
    pub async fn test(&self) -> Result<(), ReportsError> {
        match &self.0 {
            Place::Folder(folder) => folder.open(1).await.map(|_| ()),
            Place::Mailbox(mailbox) => mailbox.test().await,
        }
    }
}

impl Reading<'_> {
    /// The next one, as it came. An error about one mail leaves the others.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ReportsError> {
        if Instant::now() >= self.until {
            return Ok(None);
        }
        match &mut self.place {
            Open::Folder(reading) => reading.next().await,
            Open::Mailbox(reading) => reading.next().await,
        }
    }

    /// Has the last one not read again: it has been acted on. In a folder all that was read is deleted; in a mailbox, which others
    /// may use, only what `is_ours` is touched.
    pub async fn settle(&mut self, is_ours: bool) -> Result<(), ReportsError> {
        match &mut self.place {
            Open::Folder(reading) => reading.settle().await,
            Open::Mailbox(reading) => reading.settle(is_ours).await,
        }
    }

    /// Ends.
    pub async fn close(self) {
        match self.place {
            Open::Folder(_) => {}
            Open::Mailbox(reading) => reading.close().await,
        }
    }
}
