//! Records of issuances.

use idos_credential::SealedCredential;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::rows::{Columns, millis};
use super::walk::{Place, Rows, Way};
use super::{Batch, Store, StoreError, Tx, one};
use crate::model::files::FileSizes;
use crate::model::ids::IssuanceId;
use crate::model::issuance::{Confirmation, Delivery, HaltCode, Ids, Issuance, Kind, State, Transaction};
use crate::model::lifecycle::{Next, NoMove};
use crate::model::safety_net::Kept;
use crate::model::time::Timestamp;

/// The columns of an issuance, whether it has a contact (counted, so that PostgreSQL does not think of joining all), and what is kept of
/// it after delivery: why, and until when.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT issuance.*, (SELECT COUNT(*) FROM contact WHERE contact.issuance_id = issuance.id) AS has_contact, \
             (SELECT MAX(stage || ' ' || CAST(kept_until AS TEXT)) FROM kept_content \
             WHERE kept_content.issuance_id = issuance.id AND stage <> 'waiting') AS kept \
             FROM issuance ",
            $rest
        )
    };
}

/// Which issuances are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only in this state.
    pub state: Option<State>,
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only with this reference.
    pub reference: Option<String>,
    /// Only submitted at this moment or later.
    pub created_from: Option<Timestamp>,
    /// Only submitted before this moment.
    pub created_before: Option<Timestamp>,
}

/// A part of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// Whether there is more.
    pub has_more: bool,
}

impl<T> Page<T> {
    /// The first `limit` of `items`, which are as many and one more if there are.
    pub(super) fn of(mut items: Vec<T>, limit: u32) -> Self {
        let has_more = items.len() > limit as usize;
        items.truncate(limit as usize);
        Self { items, has_more }
    }
}

/// What a condition compares with.
enum Value {
    Text(String),
    Millis(i64),
}

impl Filter {
    /// The list behind `place`, in one direction. What is not asked for is not in it: no database can use an index for a condition that may
    /// be off. And what makes it short is one condition, for which there is one index (see the migration).
    #[must_use]
    pub fn statement(&self, client: &str, way: Way, place: Option<&Place>) -> String {
        let mut next = 1;
        let mut conditions = Vec::new();
        for (condition, values) in self.conditions(client, way, place) {
            let places: Vec<_> = (next..).take(values.len()).map(|place| format!("${place}")).collect();
            next += values.len();
            // Of two values a row is made.
            let (open, close) = if values.len() == 1 { ("", "") } else { ("(", ")") };
            conditions.push(format!("{condition}{open}{}{close}", places.join(", ")));
        }
        let order = match way {
            Way::Older => "issuance.created_at DESC, issuance.id DESC",
            Way::Newer => "issuance.created_at, issuance.id",
        };
        format!("{}{} ORDER BY {order} LIMIT ${next}", select!("WHERE "), conditions.join(" AND "))
    }

    /// What is asked for: conditions that lack their right side, and what belongs there.
    fn conditions(&self, client: &str, way: Way, place: Option<&Place>) -> Vec<(&'static str, Vec<Value>)> {
        let text = |value: String| vec![Value::Text(value)];
        let mut all = match (&self.reference, self.kind, self.state) {
            (Some(reference), kind, state) => {
                let mut all = vec![(
                    "issuance.client || '/' || issuance.reference = ",
                    text(format!("{client}/{reference}")),
                )];
                // A reference is one case: it finds few.
                all.extend(kind.map(|kind| ("issuance.kind = ", text(kind.to_string()))));
                all.extend(state.map(|state| ("issuance.state = ", text(state.to_string()))));
                all
            }
            (None, Some(kind), Some(state)) => vec![(
                "issuance.client || '/' || issuance.kind || '/' || issuance.state = ",
                text(format!("{client}/{kind}/{state}")),
            )],
            (None, Some(kind), None) => {
                vec![("issuance.client || '/' || issuance.kind = ", text(format!("{client}/{kind}")))]
            }
            (None, None, Some(state)) => {
                vec![("issuance.client || '/' || issuance.state = ", text(format!("{client}/{state}")))]
            }
            (None, None, None) => vec![("issuance.client = ", text(client.to_owned()))],
        };
        all.extend(
            self.created_from
                .map(|from| ("issuance.created_at >= ", vec![Value::Millis(from.unix_millis())])),
        );
        let row = |place: Place| vec![Value::Millis(place.at), Value::Text(place.id)];
        let (older, newer) = match way {
            Way::Older => (place.cloned(), None),
            Way::Newer => (None, place.cloned()),
        };
        let until = self.created_before.map(|moment| Place { at: moment.unix_millis(), id: String::new() });
        let before = older.into_iter().chain(until).min();
        all.extend(before.map(|place| ("(issuance.created_at, issuance.id) < ", row(place))));
        all.extend(newer.map(|place| ("(issuance.created_at, issuance.id) > ", row(place))));
        all
    }
}

/// Why something stops, or is over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Halt {
    /// Why; `None` if nothing but time has ended it.
    pub code: Option<HaltCode>,
    /// Whether the job that has stopped has sent a transaction.
    pub was_sent: bool,
}

/// What changes along with the state. What is `None` stays as it is, but for `halt`, which belongs to the state.
#[derive(Default)]
struct Change<'a> {
    halt: Option<HaltCode>,
    public_notes: Option<&'a str>,
    content_hash: Option<&'a str>,
    recipient_key: Option<&'a str>,
    write_key: Option<&'a str>,
    sealed_at: Option<Timestamp>,
    issued_at: Option<Timestamp>,
    transaction: Option<&'a Transaction>,
    announced_at: Option<Timestamp>,
    revoke_requested_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    confirmed_by: Option<Confirmation>,
    /// Once it is so, it stays so.
    was_sent: bool,
}

impl Store {
    /// An issuance of this client. Everybody else's is not there.
    pub async fn issuance_of(&self, client: &str, id: &IssuanceId) -> Result<Option<Issuance>, StoreError> {
        Ok(self.issuance(id).await?.filter(|issuance| issuance.client == client))
    }

    /// An issuance, whosever it is: for background work and operators.
    pub async fn issuance(&self, id: &IssuanceId) -> Result<Option<Issuance>, StoreError> {
        let row = sqlx::query(select!("WHERE issuance.id = $1"))
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// A client's issuances after (that is, older than) `cursor`, newest first.
    pub async fn issuances(
        &self,
        client: &str,
        filter: &Filter,
        cursor: Option<&IssuanceId>,
        limit: u32,
    ) -> Result<Page<Issuance>, StoreError> {
        let from = match cursor {
            None => None,
            Some(id) => Some(self.place_of(id).await?),
        };
        let items = self.issuances_at(client, filter, (Way::Older, from), limit.saturating_add(1)).await?;
        Ok(Page::of(items, limit))
    }

    /// A client's issuances behind a place, in the direction that is said.
    pub(super) async fn issuances_at(
        &self,
        client: &str,
        filter: &Filter,
        (way, from): (Way, Option<Place>),
        limit: u32,
    ) -> Result<Vec<Issuance>, StoreError> {
        let batch = BY_AGE
            .walk(from, limit, |place, limit| async move {
                // Made of constant texts; what was asked for is bound.
                let statement = filter.statement(client, way, place.as_ref());
                let mut query = sqlx::query(sqlx::AssertSqlSafe(statement));
                let values =
                    filter.conditions(client, way, place.as_ref()).into_iter().flat_map(|(_, values)| values);
                for value in values {
                    query = match value {
                        Value::Text(text) => query.bind(text),
                        Value::Millis(millis) => query.bind(millis),
                    };
                }
                query.bind(limit).fetch_all(&self.pool).await
            })
            .await?;
        Ok(batch.items)
    }

    async fn place_of(&self, id: &IssuanceId) -> Result<Place, StoreError> {
        let row: Option<(i64,)> = sqlx::query_as("SELECT created_at FROM issuance WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        let at = row.map_or_else(|| id.made_at().unix_millis(), |(at,)| at);
        Ok(Place { at, id: id.as_str().to_owned() })
    }

    /// Issuances that wait for the profile of this user.
    pub async fn awaiting_profile(&self, user_id: Uuid) -> Result<Vec<Issuance>, StoreError> {
        let rows = sqlx::query(select!(
            "WHERE issuance.user_id = $1 AND issuance.state = 'awaiting_profile' ORDER BY issuance.id"
        ))
        .bind(user_id.to_string())
        .fetch_all(&self.pool)
        .await?;
        ROWS.all(&rows)
    }

    /// Issuances behind `from` whose time of waiting is over and of which nothing was ever sent, the longest overdue first.
    pub async fn overdue(
        &self,
        now: Timestamp,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Issuance>, StoreError> {
        Rows { at: Some("waits_until"), ..ROWS }
            .walk(from, limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    sqlx::query(select!(
                        "WHERE waits_until IS NOT NULL AND (state <> 'halted' OR was_sent = 0) \
                         AND waits_until <= $1 AND (waits_until, id) > ($2, $3) ORDER BY waits_until, id LIMIT $4"
                    ))
                    .bind(now.unix_millis())
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await
                }
            })
            .await
    }

    /// Issuances behind `from` whose time of waiting is over and that may have been sent, the longest overdue first.
    pub async fn overdue_sent(
        &self,
        now: Timestamp,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Issuance>, StoreError> {
        Rows { at: Some("waits_until"), ..ROWS }
            .walk(from, limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    sqlx::query(select!(
                        "WHERE waits_until IS NOT NULL AND state = 'halted' AND was_sent = 1 \
                         AND waits_until <= $1 AND (waits_until, id) > ($2, $3) ORDER BY waits_until, id LIMIT $4"
                    ))
                    .bind(now.unix_millis())
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await
                }
            })
            .await
    }

    /// Issuances behind `from` that have stopped, and issued credentials whose revocation has, oldest first.
    pub async fn stopped(&self, from: Option<Place>, limit: u32) -> Result<Batch<Issuance>, StoreError> {
        BY_AGE
            .walk(from, limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    sqlx::query(select!(
                        "WHERE halt IS NOT NULL AND state IN ('halted', 'issued') AND (created_at, id) > ($1, $2) \
                         ORDER BY created_at, id LIMIT $3"
                    ))
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await
                }
            })
            .await
    }

    /// Issued credentials behind `from` that have ended by `now`, which nobody was told of yet.
    pub async fn ended(
        &self,
        now: Timestamp,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Issuance>, StoreError> {
        Rows { at: Some("valid_until"), ..ROWS }
            .walk(from, limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    sqlx::query(select!(
                        "WHERE state || '' = 'issued' AND (noticed IS NULL OR noticed <> 'expired') \
                         AND valid_until <= $1 AND (valid_until, id) > ($2, $3) ORDER BY valid_until, id LIMIT $4"
                    ))
                    .bind(now.unix_millis())
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await
                }
            })
            .await
    }

    /// Issued credentials behind `from` that end after `now` and by `end`, which nobody was told of yet.
    pub async fn ending(
        &self,
        now: Timestamp,
        end: Timestamp,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Issuance>, StoreError> {
        // The first place behind `now`: what has ended already is `ended`.
        let start = Place { at: now.unix_millis().saturating_add(1), id: String::new() };
        Rows { at: Some("valid_until"), ..ROWS }
            .walk(from.or(Some(start)), limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    sqlx::query(select!(
                        "WHERE state || '' = 'issued' AND COALESCE(noticed, '') = '' \
                         AND valid_until <= $1 AND (valid_until, id) > ($2, $3) ORDER BY valid_until, id LIMIT $4"
                    ))
                    .bind(end.unix_millis())
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await
                }
            })
            .await
    }

    /// Issued credentials behind `from` that end at `now` or later, in the order in which they end.
    pub async fn with_end(
        &self,
        now: Timestamp,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Issuance>, StoreError> {
        let start = Place { at: now.unix_millis(), id: String::new() };
        Rows { at: Some("valid_until"), ..ROWS }
            .walk(from.or(Some(start)), limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    sqlx::query(select!(
                        "WHERE state = 'issued' AND valid_until IS NOT NULL AND (valid_until, id) > ($1, $2) \
                         ORDER BY valid_until, id LIMIT $3"
                    ))
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await
                }
            })
            .await
    }

    /// The encryption key of somebody else than the issuer who gets the copy.
    pub async fn grantee_key(&self, id: &IssuanceId) -> Result<Option<String>, StoreError> {
        let (key,): (Option<String>,) = sqlx::query_as("SELECT grantee_key FROM issuance WHERE id = $1")
            .bind(id.as_str())
            .fetch_one(&self.pool)
            .await?;
        Ok(key)
    }

    /// Issuances behind `from` in a state that work should end, and for which there is none.
    pub async fn without_work(&self, from: Option<Place>, limit: u32) -> Result<Batch<Issuance>, StoreError> {
        BY_AGE.walk(from, limit, |place, limit| {
            let place = place.unwrap_or(Place::START);
            async move {
                sqlx::query(select!(
                    "WHERE state IN ('awaiting_profile', 'queued', 'uploading', 'revoking') AND (created_at, id) > ($1, $2) \
                     AND (SELECT COUNT(*) FROM job WHERE job.subject = issuance.id) = 0 ORDER BY created_at, id LIMIT $3"
                ))
                .bind(place.at)
                .bind(place.id)
                .bind(limit)
                .fetch_all(&self.pool)
                .await
            }
        })
        .await
    }
}

impl Tx {
    /// It is sealed, for the user's key `recipient_key`, and goes on.
    pub async fn mark_sealed(
        &mut self,
        id: &IssuanceId,
        from: State,
        next: &Next,
        (sealed, recipient_key): (&SealedCredential, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let change = Change {
            public_notes: Some(sealed.original().public_notes()),
            content_hash: Some(sealed.content_hash()),
            recipient_key: Some(recipient_key),
            write_key: Some(sealed.issuer_auth_public_key()),
            sealed_at: Some(now),
            ..Change::default()
        };
        self.advance(id, from, next, now, change).await
    }

    /// It goes on, and nothing else of it changes.
    pub async fn mark_moved(
        &mut self,
        id: &IssuanceId,
        from: State,
        next: &Next,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.advance(id, from, next, now, Change::default()).await
    }

    /// It was found on the network.
    pub async fn mark_issued(
        &mut self,
        id: &IssuanceId,
        from: State,
        next: &Next,
        transaction: Option<&Transaction>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let change = Change { issued_at: Some(now), transaction, ..Change::default() };
        self.advance(id, from, next, now, change).await
    }

    /// Its row was found on the network, and its content is to follow.
    pub async fn mark_announced(
        &mut self,
        id: &IssuanceId,
        from: State,
        next: &Next,
        transaction: Option<&Transaction>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let change = Change { announced_at: Some(now), transaction, ..Change::default() };
        self.advance(id, from, next, now, change).await
    }

    /// A node has told which transaction wrote it, and others have still to show it.
    pub async fn note_transaction(
        &mut self,
        id: &IssuanceId,
        transaction: &Transaction,
    ) -> Result<(), StoreError> {
        self.changed(id.as_str());
        let height = transaction.height.and_then(|height| i64::try_from(height).ok());
        sqlx::query("UPDATE issuance SET tx_hash = $1, tx_height = $2 WHERE id = $3 AND state = 'queued'")
            .bind(&transaction.hash)
            .bind(height)
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// It has stopped, or is over, for this reason if there is one.
    pub async fn mark_stopped(
        &mut self,
        id: &IssuanceId,
        from: State,
        next: &Next,
        halt: Halt,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let change = Change { halt: halt.code, was_sent: halt.was_sent, ..Change::default() };
        self.advance(id, from, next, now, change).await
    }

    /// It is to be revoked.
    pub async fn mark_revoking(
        &mut self,
        id: &IssuanceId,
        from: State,
        next: &Next,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let change = Change { revoke_requested_at: Some(now), ..Change::default() };
        self.advance(id, from, next, now, change).await
    }

    /// It was found revoked.
    pub async fn mark_revoked(
        &mut self,
        id: &IssuanceId,
        from: State,
        next: &Next,
        confirmed_by: Confirmation,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let change = Change { revoked_at: Some(now), confirmed_by: Some(confirmed_by), ..Change::default() };
        self.advance(id, from, next, now, change).await
    }

    /// Only ids and times are left of it.
    pub async fn mark_erased(
        &mut self,
        id: &IssuanceId,
        from: State,
        next: &Next,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.advance(id, from, next, now, Change::default()).await?;
        sqlx::query("UPDATE issuance SET reference = NULL, grantee = NULL, grantee_key = NULL, recipient_key = NULL, \
             public_notes = NULL, files = NULL, renews = NULL, superseded_by = NULL, grant_id = CASE WHEN issued_at IS NULL THEN NULL ELSE grant_id END WHERE id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Another one has taken its place in the user's profile. Changes nothing if its own credential does not hold any more.
    pub async fn mark_superseded(&mut self, id: &IssuanceId, by: &IssuanceId) -> Result<(), StoreError> {
        self.changed(id.as_str());
        sqlx::query(
            "UPDATE issuance SET superseded_by = $1 WHERE id = $2 AND superseded_by IS NULL \
             AND state NOT IN ('revoking', 'revoked', 'failed', 'erased')",
        )
        .bind(by.as_str())
        .bind(id.as_str())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Nobody knows whether a transaction of it has been sent.
    pub async fn suspect_sent(&mut self, id: &IssuanceId) -> Result<(), StoreError> {
        sqlx::query("UPDATE issuance SET was_sent = 1 WHERE id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Something that belongs to it has changed. [`StoreError::Stale`] if it is not in `state` any more.
    pub async fn touch_issuance(
        &mut self,
        id: &IssuanceId,
        state: State,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.changed(id.as_str());
        let result = sqlx::query("UPDATE issuance SET updated_at = $3 WHERE id = $1 AND state = $2")
            .bind(id.as_str())
            .bind(state.as_str())
            .bind(now.unix_millis())
            .execute(&mut *self.tx)
            .await?;
        one(&result)
    }

    /// Holds up whoever changes an issuance or erases it, until the end of this transaction. [`StoreError::Stale`] if it is not in `state`.
    pub async fn hold_issuance(&mut self, id: &IssuanceId, state: State) -> Result<(), StoreError> {
        let result = sqlx::query("UPDATE issuance SET updated_at = updated_at WHERE id = $1 AND state = $2")
            .bind(id.as_str())
            .bind(state.as_str())
            .execute(&mut *self.tx)
            .await?;
        one(&result)
    }

    /// It has been told that a credential ends.
    pub async fn mark_noticed(&mut self, id: &IssuanceId, noticed: &str) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE issuance SET noticed = $1 WHERE id = $2 AND state = 'issued' AND (noticed IS NULL OR noticed <> $1)",
        )
        .bind(noticed)
        .bind(id.as_str())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// The move from one state to another, and what goes with it. [`StoreError::Stale`] if it is not in `from`, and
    /// [`StoreError::NoMove`] if there is no such move.
    async fn advance(
        &mut self,
        id: &IssuanceId,
        from: State,
        next: &Next,
        now: Timestamp,
        change: Change<'_>,
    ) -> Result<(), StoreError> {
        let to = next.state;
        NoMove::check(from, to)?;
        self.changed(id.as_str());
        let result = sqlx::query(
            "UPDATE issuance SET state = $3, updated_at = $4, halt = $5, waits_until = $6, \
             public_notes = COALESCE($7, public_notes), content_hash = COALESCE($8, content_hash), \
             sealed_at = COALESCE($9, sealed_at), issued_at = COALESCE($10, issued_at), \
             tx_hash = COALESCE($11, tx_hash), tx_height = COALESCE($12, tx_height), \
             revoke_requested_at = COALESCE($13, revoke_requested_at), revoked_at = COALESCE($14, revoked_at), \
             confirmed_by = COALESCE($15, confirmed_by), recipient_key = COALESCE($16, recipient_key), \
             write_key = COALESCE($17, write_key), \
             was_sent = CASE WHEN $18 = CAST(1 AS BIGINT) THEN 1 ELSE was_sent END, \
             announced_at = COALESCE($19, announced_at) WHERE id = $1 AND state = $2",
        )
        .bind(id.as_str())
        .bind(from.as_str())
        .bind(to.as_str())
        .bind(now.unix_millis())
        .bind(change.halt.map(HaltCode::as_str))
        .bind(millis(next.waits_until))
        .bind(change.public_notes)
        .bind(change.content_hash)
        .bind(millis(change.sealed_at))
        .bind(millis(change.issued_at))
        .bind(change.transaction.map(|transaction| transaction.hash.as_str()))
        .bind(change.transaction.and_then(|transaction| transaction.height).and_then(|height| i64::try_from(height).ok()))
        .bind(millis(change.revoke_requested_at))
        .bind(millis(change.revoked_at))
        .bind(change.confirmed_by.map(Confirmation::as_str))
        .bind(change.recipient_key)
        .bind(change.write_key)
        .bind(i64::from(change.was_sent))
        .bind(millis(change.announced_at))
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }
}

/// Issuances of some ids.
pub(super) const AMONG: &str = select!("WHERE id IN ($1)");

pub(super) const ROWS: Rows<Issuance> = Rows { table: "issuance", at: None, read };

const BY_AGE: Rows<Issuance> = Rows { table: "issuance", at: Some("created_at"), read };

fn read(row: &AnyRow) -> Result<Issuance, StoreError> {
    let row = Columns(row);
    Ok(Issuance {
        id: row.parsed("id")?,
        client: row.text("client")?,
        kind: row.parsed("kind")?,
        state: row.parsed("state")?,
        delivery: row.parsed::<Delivery>("delivery")?,
        user_id: row.parsed("user_id")?,
        ids: Ids {
            original: row.parsed("original_id")?,
            copy: row.parsed("copy_id")?,
            notes: row.parsed("notes_id")?,
        },
        level: row.text("level")?,
        reference: row.maybe_text("reference")?,
        write_key: row.text("write_key")?,
        grantee: row.maybe_text("grantee")?,
        recipient_key: row.maybe_text("recipient_key")?,
        public_notes: row.maybe_text("public_notes")?,
        content_hash: row.maybe_text("content_hash")?,
        valid_until: row.maybe_moment("valid_until")?,
        valid_by: row.maybe_parsed("valid_by")?,
        waits_until: row.maybe_moment("waits_until")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
        sealed_at: row.maybe_moment("sealed_at")?,
        issued_at: row.maybe_moment("issued_at")?,
        transaction: row.transaction()?,
        was_sent: row.number("was_sent")? == 1,
        announced_at: row.maybe_moment("announced_at")?,
        halt: row.maybe_parsed("halt")?,
        revoke_requested_at: row.maybe_moment("revoke_requested_at")?,
        revoked_at: row.maybe_moment("revoked_at")?,
        confirmed_by: row.maybe_parsed("confirmed_by")?,
        has_contact: row.number("has_contact")? == 1,
        // An older program writes none, and what nobody can read is not worth the record.
        files: row.maybe_text("files")?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        renews: row.maybe_parsed("renews")?,
        superseded_by: row.maybe_parsed("superseded_by")?,
        kept: row.maybe_text("kept")?.map(|text| kept(&text, row.maybe_moment("valid_until"))).transpose()?,
    })
}

/// What is kept, from its stage and the moment until which it is.
fn kept(text: &str, valid_until: Result<Option<Timestamp>, StoreError>) -> Result<Kept, StoreError> {
    let unreadable = StoreError::Unreadable("kept_content");
    let Some((stage, until)) = text.split_once(' ') else { return Err(unreadable) };
    let until = until.parse().ok().and_then(|millis| Timestamp::from_unix_millis(millis).ok());
    match (stage.parse(), until) {
        (Ok(stage), Some(until)) => Ok(Kept { stage, until, valid_until: valid_until? }),
        _ => Err(unreadable),
    }
}

/// As JSON; nothing where nothing was done.
pub(super) fn files_text(files: &[FileSizes]) -> Option<String> {
    if files.is_empty() { None } else { serde_json::to_string(files).ok() }
}
