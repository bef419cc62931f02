//! Notices: when who is told that a credential ends, and what came of it.

use sqlx::any::AnyRow;
use sqlx::{Any, Executor};

use super::rows::{Columns, millis};
use super::walk::{Place, Rows};
use super::{Batch, Store, StoreError, Tx, one, too_far};
use crate::model::ids::{IssuanceId, NoticeId};
use crate::model::notices::{Notice, NoticeCode, NoticeState};
use crate::model::time::Timestamp;

/// A contact as far as mail is concerned.
#[derive(Clone, Debug)]
pub struct Addressee {
    /// The contact, locked.
    pub locked: String,
    /// By what it is found.
    pub email_index: String,
    /// Whether its mail server says that there is no such address.
    pub is_unreachable: bool,
    /// Whether the person wants no reminders.
    pub reminders_off: bool,
}

/// A notice that is to be planned.
#[derive(Clone, Debug)]
pub struct NewNotice<'a> {
    /// Its id, if there is none yet.
    pub id: NoticeId,
    /// The issuance whose credential ends.
    pub issuance_id: &'a IssuanceId,
    /// Whose it is.
    pub client: &'a str,
    /// Whose credential of what.
    pub owner: &'a str,
    /// How many days before the end.
    pub days: u32,
    /// When the credential ends.
    pub valid_until: Timestamp,
    /// When it is to be sent.
    pub due_at: Timestamp,
}

/// What is being sent, and by whom: whoever holds it no more records nothing.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// The notice.
    pub id: &'a NoticeId,
    /// The process.
    pub owner: &'a str,
    /// Which try it is.
    pub attempts: u32,
}

impl Store {
    /// A notice.
    pub async fn notice(&self, id: &NoticeId) -> Result<Option<Notice>, StoreError> {
        let row = sqlx::query("SELECT * FROM notice WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// How many notices may have been sent or not, and since when that is so of the oldest one.
    pub async fn unclear_notices(&self) -> Result<Option<(u64, Timestamp)>, StoreError> {
        let (count, since): (i64, Option<i64>) = sqlx::query_as(
            "SELECT COUNT(*), MIN(COALESCE(data_at, updated_at)) FROM notice WHERE state || '' = 'unclear'",
        )
        .fetch_one(&self.pool)
        .await?;
        let Some(since) = since else { return Ok(None) };
        let since = Timestamp::from_unix_millis(since).map_err(|_| StoreError::Unreadable("data_at"))?;
        Ok(Some((u64::try_from(count).unwrap_or_default(), since)))
    }

    /// The notices of an issuance, those that are farthest from the end first.
    pub async fn notices_of(&self, id: &IssuanceId) -> Result<Vec<Notice>, StoreError> {
        notices_of(&self.pool, id).await
    }

    /// Notices behind `from` that are due, the longest due first.
    pub async fn due_notices(
        &self,
        now: Timestamp,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Notice>, StoreError> {
        BY_DUE
            .walk(from, limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    sqlx::query(
                        "SELECT * FROM notice WHERE state = 'planned' AND due_at <= $1 AND (due_at, id) > ($2, $3) \
                         ORDER BY due_at, id LIMIT $4",
                    )
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

    /// Notices behind `from` in a state, by when they are or were due.
    pub async fn notices_in(
        &self,
        state: NoticeState,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Notice>, StoreError> {
        BY_DUE
            .walk(from, limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    sqlx::query(
                        "SELECT * FROM notice WHERE state || '' = $1 AND (due_at, id) > ($2, $3) \
                         ORDER BY due_at, id LIMIT $4",
                    )
                    .bind(state.as_str())
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await
                }
            })
            .await
    }

    /// Notices of the same person (client and hash of the address) that are planned for so many days before the end, and due by
    /// `until`.
    pub async fn notices_of_person(
        &self,
        (client, email_index): (&str, &str),
        days: u32,
        until: Timestamp,
    ) -> Result<Vec<Notice>, StoreError> {
        /// One mail tells of no more.
        const MOST: i64 = 50;
        let rows = sqlx::query(
            "SELECT notice.* FROM contact JOIN notice ON notice.issuance_id = contact.issuance_id AND notice.days = $3 \
             WHERE contact.client = $1 AND contact.email_index = $2 AND notice.state = 'planned' AND notice.due_at <= $4 \
             LIMIT $5",
        )
        .bind(client)
        .bind(email_index)
        .bind(i64::from(days))
        .bind(until.unix_millis())
        .bind(MOST)
        .fetch_all(&self.pool)
        .await?;
        ROWS.all(&rows)
    }

    /// Whom to write to about an issuance.
    pub async fn addressee(&self, id: &IssuanceId) -> Result<Option<Addressee>, StoreError> {
        addressee(&self.pool, id).await
    }

    /// Since when the notice has been due that has been due for longest.
    pub async fn oldest_due_notice(&self) -> Result<Option<Timestamp>, StoreError> {
        let first: Option<(i64,)> =
            sqlx::query_as("SELECT due_at FROM notice WHERE state = 'planned' ORDER BY due_at, id LIMIT 1")
                .fetch_optional(&self.pool)
                .await?;
        first
            .map(|(due,)| Timestamp::from_unix_millis(due))
            .transpose()
            .map_err(|_| StoreError::Unreadable("due_at"))
    }

    /// Whether there is a turn whose holder gives no sign of life any more.
    pub async fn has_lost_turns(&self, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let first: Option<(String,)> = sqlx::query_as(
            "SELECT id FROM notice WHERE state = 'sending' AND (lease_until <= $1 OR lease_until > $2) LIMIT 1",
        )
        .bind(now.unix_millis())
        .bind(too_far(until))
        .fetch_optional(&self.pool)
        .await?;
        Ok(first.is_some())
    }

    /// Ends turns whose holder gives no sign of life any more. What the mail server cannot have had is planned again; what it
    /// may have had is unclear. Gives how many of each.
    pub async fn end_lost_turns(&self, now: Timestamp, until: Timestamp) -> Result<(u64, u64), StoreError> {
        let mut tx = self.begin().await?;
        let again = sqlx::query(
            "UPDATE notice SET state = 'planned', lease_owner = NULL, lease_until = NULL, code = 'try_again', updated_at = $1 \
             WHERE state = 'sending' AND (lease_until <= $1 OR lease_until > $2) AND data_at IS NULL",
        )
        .bind(now.unix_millis())
        .bind(too_far(until))
        .execute(&mut *tx.tx)
        .await?;
        let unclear = sqlx::query(
            "UPDATE notice SET state = 'unclear', lease_owner = NULL, lease_until = NULL, code = 'outcome_unknown', \
             updated_at = $1 WHERE state = 'sending' AND (lease_until <= $1 OR lease_until > $2) AND data_at IS NOT NULL",
        )
        .bind(now.unix_millis())
        .bind(too_far(until))
        .execute(&mut *tx.tx)
        .await?;
        tx.commit().await?;
        Ok((again.rows_affected(), unclear.rows_affected()))
    }

    /// Forgets limits of mail that have not been used since `before`.
    pub async fn forget_mail_limits(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let result = sqlx::query("DELETE FROM mail_limit WHERE at < $1")
            .bind(before.unix_millis())
            .execute(&mut *tx.tx)
            .await?;
        tx.commit().await?;
        Ok(result.rows_affected())
    }
}

impl Tx {
    /// Whom to write to about an issuance.
    pub async fn addressee(&mut self, id: &IssuanceId) -> Result<Option<Addressee>, StoreError> {
        addressee(&mut *self.tx, id).await
    }

    /// The notices of an issuance.
    pub async fn notices_of(&mut self, id: &IssuanceId) -> Result<Vec<Notice>, StoreError> {
        notices_of(&mut *self.tx, id).await
    }

    /// Plans a notice, or moves the one that there is. What was sent, or is being sent, stays as it is.
    pub async fn plan_notice(&mut self, notice: &NewNotice<'_>, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO notice (id, issuance_id, client, owner, days, valid_until, state, due_at, attempts, paced, \
             created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 'planned', $7, 0, 0, $8, $8) \
             ON CONFLICT (issuance_id, days) DO UPDATE SET state = 'planned', due_at = excluded.due_at, \
             valid_until = excluded.valid_until, attempts = 0, paced = 0, code = NULL, data_at = NULL, \
             updated_at = excluded.updated_at WHERE notice.state IN ('planned', 'dropped', 'failed')",
        )
        .bind(notice.id.as_str())
        .bind(notice.issuance_id.as_str())
        .bind(notice.client)
        .bind(notice.owner)
        .bind(i64::from(notice.days))
        .bind(notice.valid_until.unix_millis())
        .bind(notice.due_at.unix_millis())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Drops what is planned for an issuance. Gives how much.
    pub async fn drop_notices(
        &mut self,
        id: &IssuanceId,
        code: NoticeCode,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let result = sqlx::query(
            "UPDATE notice SET state = 'dropped', code = $2, updated_at = $3 WHERE issuance_id = $1 AND state || '' = 'planned'",
        )
        .bind(id.as_str())
        .bind(code.as_str())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(result.rows_affected())
    }

    /// Drops what is planned for other credentials of the same owner that were submitted before this one, and end no later. Also where
    /// this one is planned anew: one that came after it is no older for that.
    pub async fn drop_superseded(
        &mut self,
        owner: &str,
        (id, valid_until): (&IssuanceId, Timestamp),
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let result = sqlx::query(
            "UPDATE notice SET state = 'dropped', code = 'superseded', updated_at = $4 WHERE owner = $1 \
             AND valid_until <= $3 AND state = 'planned' AND issuance_id < $2",
        )
        .bind(owner)
        .bind(id.as_str())
        .bind(valid_until.unix_millis())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(result.rows_affected())
    }

    /// Drops a notice that is planned for this moment. [`StoreError::Stale`] if it is not.
    pub async fn drop_notice(
        &mut self,
        notice: &Notice,
        code: NoticeCode,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE notice SET state = 'dropped', code = $3, updated_at = $4 WHERE id = $1 AND due_at = $2 \
             AND state = 'planned'",
        )
        .bind(notice.id.as_str())
        .bind(notice.due_at.unix_millis())
        .bind(code.as_str())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Moves a notice that is planned for one moment to another. [`StoreError::Stale`] if it is not.
    pub async fn put_notice_off(
        &mut self,
        notice: &Notice,
        due_at: Timestamp,
        is_paced: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE notice SET due_at = $3, paced = $4, updated_at = $5 WHERE id = $1 AND due_at = $2 AND state = 'planned'",
        )
        .bind(notice.id.as_str())
        .bind(notice.due_at.unix_millis())
        .bind(due_at.unix_millis())
        .bind(i64::from(is_paced))
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Takes the turn of a notice: from here on it is being sent. [`StoreError::Stale`] if somebody else has it, or it is not
    /// planned for this moment any more, or its credential is not issued any more.
    pub async fn take_turn(
        &mut self,
        notice: &Notice,
        owner: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE notice SET state = 'sending', lease_owner = $3, lease_until = $4, attempts = attempts + 1, \
             data_at = NULL, code = NULL, updated_at = $5 WHERE id = $1 AND due_at = $2 AND state = 'planned' \
             AND (SELECT state FROM issuance WHERE issuance.id = notice.issuance_id) = 'issued'",
        )
        .bind(notice.id.as_str())
        .bind(notice.due_at.unix_millis())
        .bind(owner)
        .bind(until.unix_millis())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// From now on the mail server may have all of it. [`StoreError::Stale`] if the turn is not this process's any more.
    pub async fn begin_data(&mut self, turn: Turn<'_>, now: Timestamp) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE notice SET data_at = $4, updated_at = $4 WHERE id = $1 AND lease_owner = $2 AND attempts = $3 \
             AND state = 'sending' AND data_at IS NULL AND lease_until > $4",
        )
        .bind(turn.id.as_str())
        .bind(turn.owner)
        .bind(i64::from(turn.attempts))
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// What came of a turn: it is sent (with another one's mail, maybe), failed, or unclear. [`StoreError::Stale`] if the turn is
    /// not this process's any more.
    pub async fn end_turn(
        &mut self,
        turn: Turn<'_>,
        to: NoticeState,
        code: Option<NoticeCode>,
        said_with: Option<&NoticeId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sent_at = (to == NoticeState::Sent).then_some(now);
        let result = sqlx::query(
            "UPDATE notice SET state = $4, code = $5, said_with = $6, sent_at = $7, lease_owner = NULL, lease_until = NULL, \
             updated_at = $8 WHERE id = $1 AND lease_owner = $2 AND attempts = $3 AND state = 'sending'",
        )
        .bind(turn.id.as_str())
        .bind(turn.owner)
        .bind(i64::from(turn.attempts))
        .bind(to.as_str())
        .bind(code.map(NoticeCode::as_str))
        .bind(said_with.map(NoticeId::as_str))
        .bind(millis(sent_at))
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Gives a turn back: it is tried again at `due_at`. [`StoreError::Stale`] if the turn is not this process's any more.
    pub async fn give_turn_back(
        &mut self,
        turn: Turn<'_>,
        due_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE notice SET state = 'planned', code = 'try_again', due_at = $4, data_at = NULL, paced = 0, \
             lease_owner = NULL, lease_until = NULL, updated_at = $5 WHERE id = $1 AND lease_owner = $2 AND attempts = $3 \
             AND state = 'sending'",
        )
        .bind(turn.id.as_str())
        .bind(turn.owner)
        .bind(i64::from(turn.attempts))
        .bind(due_at.unix_millis())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Has a notice sent again that is over. [`StoreError::Stale`] if it is being sent.
    pub async fn resend_notice(&mut self, id: &NoticeId, now: Timestamp) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE notice SET state = 'planned', due_at = $2, attempts = 0, paced = 0, code = NULL, data_at = NULL, \
             sent_at = NULL, said_with = NULL, updated_at = $2 WHERE id = $1 AND state <> 'sending'",
        )
        .bind(id.as_str())
        .bind(now.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// One mail more in the period that began at `period`; no if there were `most` already.
    pub async fn count_mail(&mut self, name: &str, period: Timestamp, most: u32) -> Result<bool, StoreError> {
        sqlx::query(
            "INSERT INTO mail_limit (name, at, count) VALUES ($1, $2, 0) ON CONFLICT (name) DO NOTHING",
        )
        .bind(name)
        .bind(period.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        let counted = sqlx::query(
            "UPDATE mail_limit SET count = CASE WHEN at = $2 THEN count + 1 ELSE 1 END, at = $2 \
             WHERE name = $1 AND (at <> $2 OR count < $3)",
        )
        .bind(name)
        .bind(period.unix_millis())
        .bind(i64::from(most))
        .execute(&mut *self.tx)
        .await?;
        Ok(counted.rows_affected() == 1)
    }

    /// The next turn at `name`, which has one every `every` milliseconds: now, or later.
    pub async fn next_slot(
        &mut self,
        name: &str,
        every: i64,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let (next,): (i64,) = sqlx::query_as(
            "INSERT INTO mail_limit (name, at, count) VALUES ($1, CAST($2 AS BIGINT) + CAST($3 AS BIGINT), 0) ON CONFLICT (name) DO UPDATE SET \
             at = CASE WHEN mail_limit.at < $2 THEN CAST($2 AS BIGINT) + CAST($3 AS BIGINT) ELSE mail_limit.at + $3 END RETURNING at",
        )
        .bind(name)
        .bind(now.unix_millis())
        .bind(every)
        .fetch_one(&mut *self.tx)
        .await?;
        Timestamp::from_unix_millis(next - every).map_err(|_| StoreError::Unreadable("at"))
    }
}

const ROWS: Rows<Notice> = Rows { table: "notice", at: None, read };

pub(super) const BY_DUE: Rows<Notice> = Rows { table: "notice", at: Some("due_at"), read };

fn read(row: &AnyRow) -> Result<Notice, StoreError> {
    let row = Columns(row);
    Ok(Notice {
        id: row.parsed("id")?,
        issuance_id: row.parsed("issuance_id")?,
        client: row.text("client")?,
        days: row.count("days")?,
        state: row.parsed("state")?,
        due_at: row.moment("due_at")?,
        attempts: row.count("attempts")?,
        said_with: row.maybe_parsed("said_with")?,
        code: row.maybe_parsed("code")?,
        sent_at: row.maybe_moment("sent_at")?,
        data_at: row.maybe_moment("data_at")?,
        is_paced: row.number("paced")? == 1,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}

/// Outside of a transaction, or in one.
async fn addressee(
    executor: impl Executor<'_, Database = Any>,
    id: &IssuanceId,
) -> Result<Option<Addressee>, StoreError> {
    let row = sqlx::query(
        "SELECT locked, email_index, (SELECT COUNT(*) FROM mail_stop WHERE mail_stop.client = contact.client \
         AND mail_stop.email_index = contact.email_index AND reason <> 'unsubscribed') AS unreachable, \
         (SELECT COUNT(*) FROM mail_stop WHERE mail_stop.client = contact.client \
         AND mail_stop.email_index = contact.email_index AND reason = 'unsubscribed') AS reminders_off \
         FROM contact WHERE issuance_id = $1",
    )
    .bind(id.as_str())
    .fetch_optional(executor)
    .await?;
    row.map(|row| {
        let row = Columns(&row);
        Ok(Addressee {
            locked: row.text("locked")?,
            email_index: row.text("email_index")?,
            is_unreachable: row.number("unreachable")? > 0,
            reminders_off: row.number("reminders_off")? > 0,
        })
    })
    .transpose()
}

/// Outside of a transaction, or in one.
async fn notices_of(
    executor: impl Executor<'_, Database = Any>,
    id: &IssuanceId,
) -> Result<Vec<Notice>, StoreError> {
    let rows = sqlx::query("SELECT * FROM notice WHERE issuance_id = $1 ORDER BY days DESC")
        .bind(id.as_str())
        .fetch_all(executor)
        .await?;
    ROWS.all(&rows)
}
