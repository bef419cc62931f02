//! Requests to erase what is kept about a person: cases, and the records that they are about.

use sqlx::any::AnyRow;

use super::rows::{Columns, millis};
use super::walk::{Place, Rows};
use super::{Batch, Page, Store, StoreError, Tx, one};
use crate::model::case::{Case, CaseState, ExtensionReason, Grounds, Identity, RecordKind};
use crate::model::ids::CaseId;
use crate::model::time::Timestamp;

/// Which cases are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct CaseFilter {
    /// Those that stand there.
    pub state: Option<CaseState>,
    /// Those that are due before this moment.
    pub due_before: Option<Timestamp>,
}

impl Store {
    /// A case of this client. Everybody else's is not there.
    pub async fn case_of(&self, client: &str, id: &CaseId) -> Result<Option<Case>, StoreError> {
        Ok(self.case(id).await?.filter(|case| case.client == client))
    }

    /// A case, whosever it is: for background work and operators.
    pub async fn case(&self, id: &CaseId) -> Result<Option<Case>, StoreError> {
        let row = sqlx::query("SELECT * FROM erasure_case WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// The case to which a link with this hash leads, and until when that works.
    pub async fn case_of_link(&self, hash: &str) -> Result<Option<(Case, Timestamp)>, StoreError> {
        let row = sqlx::query("SELECT * FROM erasure_case WHERE link_hash = $1")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok((read(&row)?, Columns(&row).moment("link_until")?))).transpose()
    }

    /// Until when the last link works that was sent about a case.
    pub async fn case_link_until(&self, id: &CaseId) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query("SELECT link_until FROM erasure_case WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map_or(Ok(None), |row| Columns(&row).maybe_moment("link_until"))
    }

    /// A client's cases after (that is, older than) `cursor`, newest first.
    pub async fn cases(
        &self,
        client: &str,
        filter: CaseFilter,
        cursor: Option<&CaseId>,
        limit: u32,
    ) -> Result<Page<Case>, StoreError> {
        let from = match cursor {
            None => Place { at: i64::MAX, id: String::new() },
            Some(id) => Place { at: id.made_at().unix_millis(), id: id.as_str().to_owned() },
        };
        let CaseFilter { state, due_before } = filter;
        let batch = ROWS
            .walk(Some(from), limit.saturating_add(1), |place, limit| async move {
                let place = place.unwrap_or(Place::START);
                match state {
                    None => sqlx::query(
                        "SELECT * FROM erasure_case WHERE client = $1 AND (created_at, id) < ($2, $3) AND due_at + 0 < $5 \
                         ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(client.to_owned()),
                    Some(state) => sqlx::query(
                        "SELECT * FROM erasure_case WHERE client || '/' || state = $1 AND (created_at, id) < ($2, $3) \
                         AND due_at + 0 < $5 ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(format!("{client}/{state}")),
                }
                .bind(place.at)
                .bind(place.id)
                .bind(limit)
                .bind(millis(due_before).unwrap_or(i64::MAX))
                .fetch_all(&self.pool)
                .await
            })
            .await?;
        Ok(Page::of(batch.items, limit))
    }

    /// Cases of all clients behind `from` that are not over, the one first that is due first; with `until`, only those that are due by
    /// then.
    pub async fn open_cases(
        &self,
        until: Option<Timestamp>,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Case>, StoreError> {
        Rows { at: Some("due_at"), ..ROWS }
            .walk(from, limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    sqlx::query(
                        "SELECT * FROM erasure_case WHERE state NOT IN ('done', 'refused', 'withdrawn') AND due_at <= $1 \
                         AND (due_at, id) > ($2, $3) ORDER BY due_at, id LIMIT $4",
                    )
                    .bind(millis(until).unwrap_or(i64::MAX))
                    .bind(place.at)
                    .bind(place.id)
                    .bind(limit)
                    .fetch_all(&self.pool)
                    .await
                }
            })
            .await
    }

    /// Cases behind `from` whose time of being held is over at this moment.
    pub async fn cases_held_until(
        &self,
        now: Timestamp,
        from: Option<Place>,
        limit: u32,
    ) -> Result<Batch<Case>, StoreError> {
        Rows { at: Some("held_until"), ..ROWS }
            .walk(from, limit, |place, limit| {
                let place = place.unwrap_or(Place::START);
                async move {
                    sqlx::query(
                        "SELECT * FROM erasure_case WHERE state = 'held' AND held_until <= $1 \
                         AND (held_until, id) > ($2, $3) ORDER BY held_until, id LIMIT $4",
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

    /// The records that a case is about, in order of kinds and ids.
    pub async fn case_records(&self, id: &CaseId) -> Result<Vec<(RecordKind, String)>, StoreError> {
        let rows = sqlx::query(
            "SELECT kind, record_id FROM erasure_record WHERE case_id = $1 ORDER BY kind, record_id",
        )
        .bind(id.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok((Columns(row).parsed("kind")?, Columns(row).text("record_id")?))).collect()
    }
}

impl Tx {
    /// Adds a case.
    pub async fn add_case(&mut self, case: &Case) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO erasure_case (id, client, state, origin, received_at, due_at, revokes, records, is_shared, identity, \
             identified_at, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $12)",
        )
        .bind(case.id.as_str())
        .bind(&case.client)
        .bind(case.state.as_str())
        .bind(case.origin.as_str())
        .bind(case.received_at.unix_millis())
        .bind(case.due_at.unix_millis())
        .bind(i64::from(case.revokes))
        .bind(i64::from(case.records))
        .bind(i64::from(case.is_shared))
        .bind(case.identity.map(Identity::as_str))
        .bind(millis(case.identified_at))
        .bind(case.created_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Writes down what has changed of a case, and counts the change. [`StoreError::Stale`] if somebody else has changed it since it
    /// was read. The link of a mail is good for one step: it goes with each.
    pub async fn change_case(&mut self, to: &Case) -> Result<(), StoreError> {
        self.changed(to.id.as_str());
        let result = sqlx::query(
            "UPDATE erasure_case SET state = $3, due_at = $4, records = $5, is_shared = $6, identity = $7, identified_at = $8, \
             decided_by = $9, decided_at = $10, approved_at = $11, extended_at = $12, extension = $13, hold_basis = $14, \
             held_until = $15, grounds = $16, grounds_basis = $17, alerted_at = $18, updated_at = $19, \
             link_hash = CASE WHEN state = $3 THEN link_hash ELSE NULL END, version = version + 1 \
             WHERE id = $1 AND version = $2",
        )
        .bind(to.id.as_str())
        .bind(to.version)
        .bind(to.state.as_str())
        .bind(to.due_at.unix_millis())
        .bind(i64::from(to.records))
        .bind(i64::from(to.is_shared))
        .bind(to.identity.map(Identity::as_str))
        .bind(millis(to.identified_at))
        .bind(to.decided_by.as_deref())
        .bind(millis(to.decided_at))
        .bind(millis(to.approved_at))
        .bind(to.extended.map(|(at, _)| at.unix_millis()))
        .bind(to.extended.map(|(_, reason)| ExtensionReason::as_str(reason)))
        .bind(to.held.as_ref().map(|(basis, _)| basis.clone()))
        .bind(to.held.as_ref().map(|(_, until)| until.unix_millis()))
        .bind(to.refusal.as_ref().map(|(grounds, _)| Grounds::as_str(*grounds)))
        .bind(to.refusal.as_ref().and_then(|(_, basis)| basis.clone()))
        .bind(millis(to.alerted_at))
        .bind(to.updated_at.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Keeps by what the link of a mail about a case is known, instead of any before. [`StoreError::Stale`] if the case has changed since
    /// it was read.
    pub async fn keep_case_link(
        &mut self,
        case: &Case,
        hash: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let result = sqlx::query(
            "UPDATE erasure_case SET link_hash = $3, link_until = $4, version = version + 1 WHERE id = $1 AND version = $2",
        )
        .bind(case.id.as_str())
        .bind(case.version)
        .bind(hash)
        .bind(until.unix_millis())
        .execute(&mut *self.tx)
        .await?;
        one(&result)
    }

    /// Lists records of a case; one that is listed already stays as it is.
    pub async fn list_case_records(
        &mut self,
        id: &CaseId,
        records: &[(RecordKind, String)],
    ) -> Result<(), StoreError> {
        for (kind, record) in records {
            sqlx::query(
                "INSERT INTO erasure_record (case_id, kind, record_id, step) VALUES ($1, $2, $3, 'listed') \
                 ON CONFLICT (case_id, kind, record_id) DO NOTHING",
            )
            .bind(id.as_str())
            .bind(kind.as_str())
            .bind(record)
            .execute(&mut *self.tx)
            .await?;
        }
        Ok(())
    }

    /// Lists no records of a case any more.
    pub async fn drop_case_records(&mut self, id: &CaseId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM erasure_record WHERE case_id = $1")
            .bind(id.as_str())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}

pub(super) const ROWS: Rows<Case> = Rows { table: "erasure_case", at: Some("created_at"), read };

fn read(row: &AnyRow) -> Result<Case, StoreError> {
    let row = Columns(row);
    Ok(Case {
        id: row.parsed("id")?,
        client: row.text("client")?,
        state: row.parsed("state")?,
        origin: row.parsed("origin")?,
        received_at: row.moment("received_at")?,
        due_at: row.moment("due_at")?,
        revokes: row.number("revokes")? == 1,
        records: row.count("records")?,
        is_shared: row.number("is_shared")? == 1,
        identity: row.maybe_parsed("identity")?,
        identified_at: row.maybe_moment("identified_at")?,
        decided_by: row.maybe_text("decided_by")?,
        decided_at: row.maybe_moment("decided_at")?,
        approved_at: row.maybe_moment("approved_at")?,
        extended: row.maybe_moment("extended_at")?.zip(row.maybe_parsed("extension")?),
        held: row.maybe_text("hold_basis")?.zip(row.maybe_moment("held_until")?),
        refusal: match row.maybe_parsed("grounds")? {
            Some(grounds) => Some((grounds, row.maybe_text("grounds_basis")?)),
            None => None,
        },
        alerted_at: row.maybe_moment("alerted_at")?,
        receipt: row.maybe_text("receipt")?,
        version: row.number("version")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
