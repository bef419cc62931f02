//! Events, as webhooks tell them.

use sqlx::any::AnyRow;

use super::rows::Columns;
use super::walk::{Place, Rows};
use super::{Page, Store, StoreError, Tx};
use crate::model::event::{Event, EventKind};
use crate::model::ids::EventId;
use crate::model::time::Timestamp;

impl Store {
    /// An event of this client. Everybody else's is not there.
    pub async fn event_of(&self, client: &str, id: &EventId) -> Result<Option<Event>, StoreError> {
        Ok(self.event(id).await?.filter(|event| event.client == client))
    }

    /// An event, whosever it is: for background work.
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
        let from = match cursor {
            // Behind all of them.
            None => Place { at: i64::MAX, id: String::new() },
            Some(id) => {
                let row: Option<(i64,)> = sqlx::query_as("SELECT created_at FROM event WHERE id = $1")
                    .bind(id.as_str())
                    .fetch_optional(&self.pool)
                    .await?;
                // One that is forgotten by now was among the oldest; its id still says when it was made.
                let at = row.map_or_else(|| id.made_at().unix_millis(), |(at,)| at);
                Place { at, id: id.as_str().to_owned() }
            }
        };
        let batch = ROWS
            .walk(Some(from), limit.saturating_add(1), |place, limit| async move {
                let place = place.unwrap_or(Place::START);
                match kind {
                    None => sqlx::query(
                        "SELECT * FROM event WHERE client = $1 AND (created_at, id) < ($2, $3) \
                         ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(client.to_owned()),
                    Some(kind) => sqlx::query(
                        "SELECT * FROM event WHERE client || '/' || kind = $1 AND (created_at, id) < ($2, $3) \
                         ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(format!("{client}/{kind}")),
                }
                .bind(place.at)
                .bind(place.id)
                .bind(limit)
                .fetch_all(&self.pool)
                .await
            })
            .await?;
        Ok(Page::of(batch.items, limit))
    }

    /// Forgets events from before `moment`, but for those that are still being told. Whom nobody could tell in all that
    /// time is not told any more. Gives how many. Others write in between.
    pub async fn forget_events_before(&self, moment: Timestamp) -> Result<u64, StoreError> {
        self.forget(
            (i64::MIN, String::new()),
            |(at, id), limit| {
                sqlx::query_as(
                    "SELECT created_at, id FROM job WHERE work || '' = 'send_webhook' AND state = 'halted' \
                     AND created_at < $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4",
                )
                .bind(moment.unix_millis())
                .bind(at)
                .bind(id)
                .bind(limit)
            },
            |(_, id)| sqlx::query("DELETE FROM job WHERE id = $1 AND state = 'halted'").bind(id),
        )
        .await?;
        self.forget(
            (i64::MIN, String::new()),
            // Counted, and not asked whether there is one: PostgreSQL might join all jobs to answer that.
            |(at, id), limit| {
                sqlx::query_as(
                    "SELECT created_at, id FROM event WHERE created_at < $1 AND (created_at, id) > ($2, $3) \
                     AND (SELECT COUNT(*) FROM job WHERE job.subject = event.id) = 0 ORDER BY created_at, id LIMIT $4",
                )
                .bind(moment.unix_millis())
                .bind(at)
                .bind(id)
                .bind(limit)
            },
            // It may be told again since.
            |(_, id)| {
                sqlx::query(
                    "DELETE FROM event WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM job WHERE job.subject = $1)",
                )
                .bind(id)
            },
        )
        .await
    }
}

pub(super) const ROWS: Rows<Event> = Rows { table: "event", at: Some("created_at"), read };

impl Tx {
    /// Forgets the events of an issuance or a verification, told or not.
    pub async fn forget_events(&mut self, subject: &str) -> Result<(), StoreError> {
        let events: Vec<(String,)> = sqlx::query_as("SELECT id FROM event WHERE subject = $1")
            .bind(subject)
            .fetch_all(&mut *self.tx)
            .await?;
        for (event,) in events {
            sqlx::query("DELETE FROM job WHERE subject = $1").bind(event).execute(&mut *self.tx).await?;
        }
        sqlx::query("DELETE FROM event WHERE subject = $1").bind(subject).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Remembers that an event is told again, unless it was after `before`. Gives whether it is to be. A moment that has not
    /// come yet is of a clock that ran ahead.
    pub async fn mark_replayed(
        &mut self,
        id: &EventId,
        now: Timestamp,
        before: Timestamp,
    ) -> Result<bool, StoreError> {
        let result = sqlx::query(
            "UPDATE event SET replayed_at = $1 WHERE id = $2 \
             AND (replayed_at IS NULL OR replayed_at <= $3 OR replayed_at > $1)",
        )
        .bind(now.unix_millis())
        .bind(id.as_str())
        .bind(before.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(result.rows_affected() == 1)
    }

    /// Whether some endpoint is still to be told of an event.
    pub async fn is_being_told(&mut self, id: &EventId) -> Result<bool, StoreError> {
        let (jobs,): (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM job WHERE subject = $1 AND state || '' = 'ready'")
                .bind(id.as_str())
                .fetch_one(&mut *self.tx)
                .await?;
        Ok(jobs > 0)
    }

    /// Adds an event.
    pub async fn add_event(&mut self, event: &Event) -> Result<(), StoreError> {
        self.add_events(std::slice::from_ref(event), &[]).await
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
