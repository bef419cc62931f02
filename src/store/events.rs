//! Events, as webhooks tell them.

use idos_credential::Moment;
use sqlx::any::AnyRow;

use super::rows::Columns;
use super::{Page, Store, StoreError, Tx};
use crate::model::event::{Event, EventKind};
use crate::model::ids::{EventId, IssuanceId};

impl Store {
    /// An event, whosever it is.
    pub async fn event(&self, id: &EventId) -> Result<Option<Event>, StoreError> {
        let row = sqlx::query("SELECT * FROM event WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// A client's events after (that is, older than) `cursor`, newest first.
    pub async fn events(
        &self,
        client: &str,
        kind: Option<EventKind>,
        cursor: Option<&EventId>,
        limit: u32,
    ) -> Result<Page<Event>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM event WHERE client = $1 AND ($2 IS NULL OR kind = $2) AND ($3 IS NULL OR id < $3) \
             ORDER BY id DESC LIMIT $4",
        )
        .bind(client)
        .bind(kind.map(EventKind::as_str))
        .bind(cursor.map(EventId::as_str))
        .bind(i64::from(limit) + 1)
        .fetch_all(&self.pool)
        .await?;
        let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let has_more = items.len() > limit as usize;
        items.truncate(limit as usize);
        Ok(Page { items, has_more })
    }

    /// Forgets events from before `moment`, but for those that are still being told. Whom nobody could tell in all that
    /// time is not told any more. Gives how many.
    pub async fn forget_events_before(&self, moment: Moment) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM job WHERE work = 'send_webhook' AND state = 'halted' AND created_at < $1")
            .bind(moment.unix_millis())
            .execute(&mut *tx.tx)
            .await?;
        let result = sqlx::query(
            "DELETE FROM event WHERE created_at < $1 AND NOT EXISTS (SELECT 1 FROM job WHERE job.subject = event.id)",
        )
        .bind(moment.unix_millis())
        .execute(&mut *tx.tx)
        .await?;
        tx.commit().await?;
        Ok(result.rows_affected())
    }
}

impl Tx {
    /// Forgets the events of an issuance, told or not.
    pub async fn forget_events(&mut self, id: &IssuanceId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM job WHERE subject IN (SELECT id FROM event WHERE subject = $1)")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        sqlx::query("DELETE FROM event WHERE subject = $1").bind(id.as_str()).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Adds an event.
    pub async fn add_event(&mut self, event: &Event) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO event (id, client, kind, subject, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(event.id.as_str())
        .bind(&event.client)
        .bind(event.kind.as_str())
        .bind(&event.subject)
        .bind(&event.body)
        .bind(event.created_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

fn read(row: &AnyRow) -> Result<Event, StoreError> {
    let row = Columns(row);
    Ok(Event {
        id: row.parsed("id")?,
        client: row.text("client")?,
        kind: row.parsed("kind")?,
        subject: row.text("subject")?,
        body: row.text("body")?,
        created_at: row.moment("created_at")?,
    })
}
