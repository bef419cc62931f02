//! Lists for staff: part by part, in both directions, by the place of a row and never by its number.

use super::rows::millis;
use super::walk::{Place, Rows, Way};
use super::{Store, StoreError};
use crate::model::case::{Case, CaseState};
use crate::model::issuance::Issuance;
use crate::model::job::Job;
use crate::model::notices::{Notice, NoticeState};
use crate::model::time::Timestamp;
use crate::model::verification::{State as VerificationState, Verification};
use crate::store::Filter;

impl Store {
    /// A client's issuances behind a place, in the direction that is said.
    pub async fn listed_issuances(
        &self,
        client: &str,
        filter: &Filter,
        (way, from): (Way, Option<Place>),
        limit: u32,
    ) -> Result<Vec<Issuance>, StoreError> {
        self.issuances_at(client, filter, (way, from), limit).await
    }

    /// A client's verifications, of one source and in one state where that is said, behind a place, in the direction that is said.
    pub async fn listed_verifications(
        &self,
        client: &str,
        (source, state): (Option<&str>, Option<VerificationState>),
        (way, from): (Way, Option<Place>),
        limit: u32,
    ) -> Result<Vec<Verification>, StoreError> {
        let rows =
            Rows { table: "verification", at: Some("created_at"), read: super::verifications::ROWS.read };
        let batch = rows
            .walk(Some(from.unwrap_or_else(|| way.start())), limit, |place, limit| async move {
                let place = place.unwrap_or(Place::START);
                match (source, state, way) {
                    (Some(source), Some(state), Way::Older) => sqlx::query(
                        "SELECT * FROM verification WHERE client || '/' || source || '/' || state = $1 \
                         AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(format!("{client}/{source}/{state}")),
                    (Some(source), Some(state), Way::Newer) => sqlx::query(
                        "SELECT * FROM verification WHERE client || '/' || source || '/' || state = $1 \
                         AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4",
                    )
                    .bind(format!("{client}/{source}/{state}")),
                    (Some(source), None, Way::Older) => sqlx::query(
                        "SELECT * FROM verification WHERE client || '/' || source = $1 AND (created_at, id) < ($2, $3) \
                         ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(format!("{client}/{source}")),
                    (Some(source), None, Way::Newer) => sqlx::query(
                        "SELECT * FROM verification WHERE client || '/' || source = $1 AND (created_at, id) > ($2, $3) \
                         ORDER BY created_at, id LIMIT $4",
                    )
                    .bind(format!("{client}/{source}")),
                    (None, Some(state), Way::Older) => sqlx::query(
                        "SELECT * FROM verification WHERE client || '/' || state = $1 AND (created_at, id) < ($2, $3) \
                         ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(format!("{client}/{state}")),
                    (None, Some(state), Way::Newer) => sqlx::query(
                        "SELECT * FROM verification WHERE client || '/' || state = $1 AND (created_at, id) > ($2, $3) \
                         ORDER BY created_at, id LIMIT $4",
                    )
                    .bind(format!("{client}/{state}")),
                    (None, None, Way::Older) => sqlx::query(
                        "SELECT * FROM verification WHERE client = $1 AND (created_at, id) < ($2, $3) \
                         ORDER BY created_at DESC, id DESC LIMIT $4",
                    )
                    .bind(client.to_owned()),
                    (None, None, Way::Newer) => sqlx::query(
                        "SELECT * FROM verification WHERE client = $1 AND (created_at, id) > ($2, $3) \
                         ORDER BY created_at, id LIMIT $4",
                    )
                    .bind(client.to_owned()),
                }
                .bind(place.at)
                .bind(place.id)
                .bind(limit)
                .fetch_all(&self.pool)
                .await
            })
            .await?;
        Ok(batch.items)
    }

    /// A client's notices in a state behind a place, by when they are or were due, in the direction that is said.
    pub async fn listed_notices(
        &self,
        client: &str,
        state: NoticeState,
        (way, from): (Way, Option<Place>),
        limit: u32,
    ) -> Result<Vec<Notice>, StoreError> {
        let batch = super::notices::BY_DUE
            .walk(Some(from.unwrap_or_else(|| way.start())), limit, |place, limit| async move {
                let place = place.unwrap_or(Place::START);
                match way {
                    Way::Older => sqlx::query(
                        "SELECT * FROM notice WHERE client || '/' || state = $1 AND (due_at, id) < ($2, $3) \
                         ORDER BY due_at DESC, id DESC LIMIT $4",
                    ),
                    Way::Newer => sqlx::query(
                        "SELECT * FROM notice WHERE client || '/' || state = $1 AND (due_at, id) > ($2, $3) \
                         ORDER BY due_at, id LIMIT $4",
                    ),
                }
                .bind(format!("{client}/{state}"))
                .bind(place.at)
                .bind(place.id)
                .bind(limit)
                .fetch_all(&self.pool)
                .await
            })
            .await?;
        Ok(batch.items)
    }

    /// Cases that are not over behind a place, by when they are due: with [`Way::Older`] to those that are due later. Of all clients or of one,
    /// in one state, and due by a moment, where that is said.
    pub async fn listed_open_cases(
        &self,
        (client, state, due_by): (Option<&str>, Option<CaseState>, Option<Timestamp>),
        (way, from): (Way, Option<Place>),
        limit: u32,
    ) -> Result<Vec<Case>, StoreError> {
        let rows = Rows { at: Some("due_at"), ..super::cases::ROWS };
        let onward = match way {
            Way::Older => Way::Newer,
            Way::Newer => Way::Older,
        };
        let batch = rows
            .walk(Some(from.unwrap_or_else(|| onward.start())), limit, |place, limit| async move {
                let place = place.unwrap_or(Place::START);
                match way {
                    Way::Older => sqlx::query(
                        "SELECT * FROM erasure_case WHERE state NOT IN ('done', 'refused', 'withdrawn') AND (due_at, id) > ($1, $2) \
                         AND due_at <= $4 AND ($5 = '*' OR client || '' = $5) AND ($6 = '*' OR state || '' = $6) ORDER BY due_at, id LIMIT $3",
                    ),
                    Way::Newer => sqlx::query(
                        "SELECT * FROM erasure_case WHERE state NOT IN ('done', 'refused', 'withdrawn') AND (due_at, id) < ($1, $2) \
                         AND due_at <= $4 AND ($5 = '*' OR client || '' = $5) AND ($6 = '*' OR state || '' = $6) ORDER BY due_at DESC, id DESC LIMIT $3",
                    ),
                }
                .bind(place.at)
                .bind(place.id)
                .bind(limit)
                .bind(millis(due_by).unwrap_or(i64::MAX))
                .bind(client.unwrap_or("*").to_owned())
                .bind(state.map_or("*", CaseState::as_str))
                .fetch_all(&self.pool)
                .await
            })
            .await?;
        Ok(batch.items)
    }

    /// A client's cases in a state behind a place, by when they were opened, in the direction that is said.
    pub async fn listed_cases(
        &self,
        client: &str,
        state: CaseState,
        (way, from): (Way, Option<Place>),
        limit: u32,
    ) -> Result<Vec<Case>, StoreError> {
        let batch = super::cases::ROWS
            .walk(Some(from.unwrap_or_else(|| way.start())), limit, |place, limit| async move {
                let place = place.unwrap_or(Place::START);
                match way {
                    Way::Older => sqlx::query(
                        "SELECT * FROM erasure_case WHERE client || '/' || state = $1 AND (created_at, id) < ($2, $3) \
                         ORDER BY created_at DESC, id DESC LIMIT $4",
                    ),
                    Way::Newer => sqlx::query(
                        "SELECT * FROM erasure_case WHERE client || '/' || state = $1 AND (created_at, id) > ($2, $3) \
                         ORDER BY created_at, id LIMIT $4",
                    ),
                }
                .bind(format!("{client}/{state}"))
                .bind(place.at)
                .bind(place.id)
                .bind(limit)
                .fetch_all(&self.pool)
                .await
            })
            .await?;
        Ok(batch.items)
    }

    /// Webhooks that were given up behind a place, by when they were made, in the direction that is said; whosever they are.
    pub async fn listed_not_told(
        &self,
        (way, from): (Way, Option<Place>),
        limit: u32,
    ) -> Result<Vec<Job>, StoreError> {
        let rows = Rows { table: "job", at: Some("created_at"), read: super::jobs::ROWS.read };
        let batch = rows
            .walk(Some(from.unwrap_or_else(|| way.start())), limit, |place, limit| async move {
                let place = place.unwrap_or(Place::START);
                match way {
                    Way::Older => sqlx::query(
                        "SELECT * FROM job WHERE work || '' = 'send_webhook' AND state = 'halted' \
                         AND (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3",
                    ),
                    Way::Newer => sqlx::query(
                        "SELECT * FROM job WHERE work || '' = 'send_webhook' AND state = 'halted' \
                         AND (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3",
                    ),
                }
                .bind(place.at)
                .bind(place.id)
                .bind(limit)
                .fetch_all(&self.pool)
                .await
            })
            .await?;
        Ok(batch.items)
    }
}
