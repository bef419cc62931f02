//! How much there is of each kind of row, and how much of it should be gone: for an operator who asks, and for nobody else.
//!
//! Counting all rows of a table walks it, so each count stops at a bound. What is past its time is found by the index that the sweep
//! goes by. The oldest is told by an index of times, or by the smallest id, since ids begin with the time at which they were made.

use super::{Store, StoreError};

/// What of a kind has had its time: the moment that is compared with the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueBy {
    /// The row names the end of its time itself.
    Itself,
    /// The same, and `retention.overdue_hours` more: the node is asked before it goes.
    Overdue,
    /// `retention.records_months`.
    Records,
    /// `retention.idempotency_hours`.
    Idempotency,
    /// `retention.events_hours`.
    Events,
    /// `retention.vendor_events_hours`.
    VendorEvents,
    /// Two days.
    TwoDays,
}

/// How much there is of a kind of row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The table, or its column.
    pub place: &'static str,
    /// How many rows; at least as many, if it is as many as was asked for at most.
    pub rows: i64,
    /// When the oldest was made, in milliseconds since 1970-01-01T00:00:00Z, or its id; `None` if that is not known.
    pub oldest: Option<Oldest>,
    /// How many are past their time.
    pub overdue: i64,
}

/// What tells how old a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oldest {
    /// The moment.
    At(i64),
    /// Its id, which begins with the moment.
    Id(String),
}

/// A kind of row, and what is asked about it. An empty text asks nothing.
struct Table {
    place: &'static str,
    count: &'static str,
    oldest_at: &'static str,
    oldest_id: &'static str,
    due: DueBy,
    overdue: &'static str,
}

const fn counted(place: &'static str, count: &'static str) -> Table {
    Table { place, count, oldest_at: "", oldest_id: "", due: DueBy::Itself, overdue: "" }
}

const TABLES: &[Table] = &[
    Table {
        oldest_id: "SELECT MIN(issuance_id) FROM unsealed_credential",
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM issuance WHERE waits_until IS NOT NULL \
                  AND (state <> 'halted' OR was_sent = 0) AND waits_until <= $1 ORDER BY waits_until, id LIMIT $2) AS counted",
        ..counted(
            "unsealed_credential",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM unsealed_credential LIMIT $1) AS counted",
        )
    },
    Table {
        oldest_id: "SELECT MIN(issuance_id) FROM sealed_credential",
        due: DueBy::Overdue,
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM issuance WHERE waits_until IS NOT NULL \
                  AND state = 'halted' AND was_sent = 1 AND waits_until <= $1 ORDER BY waits_until, id LIMIT $2) AS counted",
        ..counted(
            "sealed_credential",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM sealed_credential LIMIT $1) AS counted",
        )
    },
    counted("sealed_part", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM sealed_part LIMIT $1) AS counted"),
    Table {
        oldest_id: "SELECT MIN(issuance_id) FROM write_grant",
        ..counted(
            "write_grant",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM write_grant LIMIT $1) AS counted",
        )
    },
    Table {
        oldest_id: "SELECT MIN(issuance_id) FROM kept_content",
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM kept_content WHERE stage <> 'waiting' \
                  AND kept_until <= $1 ORDER BY kept_until, issuance_id LIMIT $2) AS counted",
        ..counted(
            "kept_content",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM kept_content LIMIT $1) AS counted",
        )
    },
    Table {
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM profile WHERE state = 'halted' \
                  AND waits_until <= $1 ORDER BY waits_until, id LIMIT $2) AS counted",
        ..counted(
            "profile.locked_wallet",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM profile WHERE locked_wallet IS NOT NULL LIMIT $1) AS counted",
        )
    },
    counted(
        "profile.wallet_index",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM profile WHERE wallet_index IS NOT NULL LIMIT $1) AS counted",
    ),
    Table {
        due: DueBy::Records,
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM profile WHERE state IN ('created', 'failed') \
                  AND updated_at <= $1 ORDER BY updated_at, id LIMIT $2) AS counted",
        ..counted("profile", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM profile LIMIT $1) AS counted")
    },
    Table {
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM wallet_link WHERE waits_until IS NOT NULL \
                  AND waits_until <= $1 ORDER BY waits_until, id LIMIT $2) AS counted",
        ..counted(
            "wallet_link.locked_wallet",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM wallet_link WHERE locked_wallet IS NOT NULL LIMIT $1) AS counted",
        )
    },
    Table {
        oldest_id: "SELECT MIN(id) FROM wallet_link",
        due: DueBy::Records,
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM wallet_link \
                  WHERE state IN ('proven', 'expired', 'refused', 'erased') AND updated_at <= $1 ORDER BY updated_at, id LIMIT $2) AS counted",
        ..counted(
            "wallet_link",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM wallet_link LIMIT $1) AS counted",
        )
    },
    Table {
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM attribute WHERE state = 'halted' \
                  AND waits_until <= $1 ORDER BY waits_until, id LIMIT $2) AS counted",
        ..counted(
            "attribute.locked",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM attribute WHERE locked IS NOT NULL LIMIT $1) AS counted",
        )
    },
    Table {
        oldest_id: "SELECT MIN(id) FROM attribute",
        due: DueBy::Records,
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM attribute WHERE state IN ('created', 'failed') \
                  AND updated_at <= $1 ORDER BY updated_at, id LIMIT $2) AS counted",
        ..counted("attribute", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM attribute LIMIT $1) AS counted")
    },
    counted(
        "issuance.grant_id",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM issuance WHERE grant_id IS NOT NULL \
         AND (issued_at IS NOT NULL OR state NOT IN ('failed', 'erased')) LIMIT $1) AS counted",
    ),
    Table {
        oldest_id: "SELECT MIN(id) FROM issuance",
        due: DueBy::Records,
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM issuance \
                  WHERE state IN ('issued', 'revoked', 'failed', 'erased') \
                  AND (CASE WHEN valid_until > updated_at THEN valid_until ELSE updated_at END) <= $1 ORDER BY (CASE WHEN valid_until > updated_at THEN valid_until ELSE updated_at END), id LIMIT $2) AS counted",
        ..counted("issuance", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM issuance LIMIT $1) AS counted")
    },
    Table {
        oldest_id: "SELECT MIN(issuance_id) FROM contact",
        ..counted("contact", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM contact LIMIT $1) AS counted")
    },
    Table {
        oldest_id: "SELECT MIN(id) FROM notice",
        ..counted("notice", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM notice LIMIT $1) AS counted")
    },
    Table {
        due: DueBy::TwoDays,
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM mail_limit WHERE at < $1 ORDER BY at, name LIMIT $2) AS counted",
        ..counted("mail_limit", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM mail_limit LIMIT $1) AS counted")
    },
    Table {
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM mail_link WHERE expires_at < $1 ORDER BY expires_at, hash, issuance_id LIMIT $2) AS counted",
        ..counted("mail_link", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM mail_link LIMIT $1) AS counted")
    },
    counted("mail_stop", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM mail_stop LIMIT $1) AS counted"),
    Table {
        oldest_at: "SELECT MIN(created_at) FROM idempotency",
        due: DueBy::Idempotency,
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM idempotency WHERE created_at < $1 \
                  AND (SELECT COUNT(*) FROM issuance WHERE issuance.id = idempotency.subject \
                  AND issuance.state IN ('awaiting_profile', 'awaiting_grant', 'queued', 'uploading', 'halted')) = 0 \
                  ORDER BY created_at, client, key_hash LIMIT $2) AS counted",
        ..counted(
            "idempotency",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM idempotency LIMIT $1) AS counted",
        )
    },
    Table {
        oldest_at: "SELECT MIN(created_at) FROM event",
        due: DueBy::Events,
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM event WHERE created_at < $1 \
                  AND (SELECT COUNT(*) FROM job WHERE job.subject = event.id) = 0 ORDER BY created_at, id LIMIT $2) AS counted",
        ..counted("event", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM event LIMIT $1) AS counted")
    },
    Table {
        oldest_id: "SELECT MIN(id) FROM job",
        ..counted("job", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM job LIMIT $1) AS counted")
    },
    Table {
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM verification WHERE waits_until IS NOT NULL \
                  AND waits_until <= $1 ORDER BY waits_until, id LIMIT $2) AS counted",
        ..counted(
            "verification.locked_contact",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM verification WHERE locked_contact IS NOT NULL LIMIT $1) AS counted",
        )
    },
    counted(
        "verification.contact_index",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM verification WHERE contact_index IS NOT NULL LIMIT $1) AS counted",
    ),
    Table {
        oldest_id: "SELECT MIN(id) FROM verification",
        due: DueBy::Records,
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM verification \
                  WHERE state IN ('declined', 'ended', 'failed', 'erased') AND updated_at <= $1 ORDER BY updated_at, id LIMIT $2) AS counted",
        ..counted(
            "verification",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM verification LIMIT $1) AS counted",
        )
    },
    Table {
        oldest_id: "SELECT MIN(issuance_id) FROM verification_issuance",
        ..counted(
            "verification_issuance",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM verification_issuance LIMIT $1) AS counted",
        )
    },
    Table {
        oldest_at: "SELECT MIN(received_at) FROM vendor_event",
        due: DueBy::VendorEvents,
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM vendor_event WHERE received_at < $1 ORDER BY received_at, id LIMIT $2) AS counted",
        ..counted(
            "vendor_event",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM vendor_event LIMIT $1) AS counted",
        )
    },
    counted("person", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM person LIMIT $1) AS counted"),
    Table {
        oldest_id: "SELECT MIN(issuance_id) FROM person_issuance",
        ..counted(
            "person_issuance",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM person_issuance LIMIT $1) AS counted",
        )
    },
    counted(
        "claim.locked",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM claim WHERE locked IS NOT NULL LIMIT $1) AS counted",
    ),
    Table {
        oldest_id: "SELECT MIN(id) FROM claim",
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM claim WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2) AS counted",
        ..counted("claim", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM claim LIMIT $1) AS counted")
    },
    counted(
        "relay_consumer",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM relay_consumer LIMIT $1) AS counted",
    ),
    Table {
        oldest_id: "SELECT MIN(claim_id) FROM relay_start",
        ..counted(
            "relay_start",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM relay_start LIMIT $1) AS counted",
        )
    },
    Table {
        oldest_id: "SELECT MIN(verification_id) FROM relay_check",
        ..counted(
            "relay_check",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM relay_check LIMIT $1) AS counted",
        )
    },
    counted(
        "relay_credential",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM relay_credential LIMIT $1) AS counted",
    ),
    counted(
        "erasure_case.link_hash, erasure_case.link_until",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM erasure_case WHERE link_hash IS NOT NULL LIMIT $1) AS counted",
    ),
    counted("erasure_case", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM erasure_case LIMIT $1) AS counted"),
    counted(
        "erasure_record",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM erasure_record LIMIT $1) AS counted",
    ),
    counted("erasure_run", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM erasure_run LIMIT $1) AS counted"),
    counted(
        "asked_erasure",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM asked_erasure LIMIT $1) AS counted",
    ),
    counted(
        "visit.locked",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM visit WHERE locked IS NOT NULL LIMIT $1) AS counted",
    ),
    Table {
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM visit WHERE ends_at <= $1 \
                  ORDER BY ends_at, id LIMIT $2) AS counted",
        ..counted("visit", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM visit LIMIT $1) AS counted")
    },
    counted("visit_record", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM visit_record LIMIT $1) AS counted"),
    counted("audit", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM audit LIMIT $1) AS counted"),
    counted(
        "audit.subject, audit.detail, audit.salt, audit.also, audit.also_salt",
        // From the end: at the beginning are those that were let go, more and more of them.
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM audit WHERE salt <> '' ORDER BY seq DESC LIMIT $1) AS counted",
    ),
    counted("audit_view", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM audit_view LIMIT $1) AS counted"),
    counted("audit_head", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM audit_head LIMIT $1) AS counted"),
    counted(
        "audit_checkpoint",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM audit_checkpoint LIMIT $1) AS counted",
    ),
    counted("daily", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM daily LIMIT $1) AS counted"),
    Table {
        due: DueBy::Events,
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM bulk_resume WHERE created_at <= $1 AND state || '' <> 'running' \
                  ORDER BY created_at, id LIMIT $2) AS counted",
        ..counted(
            "bulk_resume",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM bulk_resume LIMIT $1) AS counted",
        )
    },
    counted("api_key", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM api_key LIMIT $1) AS counted"),
    counted(
        "staff.locked_totp",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM staff WHERE locked_totp IS NOT NULL LIMIT $1) AS counted",
    ),
    counted("staff", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM staff LIMIT $1) AS counted"),
    counted(
        "staff_recovery",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM staff_recovery LIMIT $1) AS counted",
    ),
    Table {
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM staff_session WHERE ends_at <= $1 \
                  ORDER BY ends_at, id, hash LIMIT $2) AS counted",
        ..counted(
            "staff_session",
            "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM staff_session LIMIT $1) AS counted",
        )
    },
    Table {
        overdue: "SELECT COUNT(*) FROM (SELECT 1 AS due FROM proposal WHERE expires_at <= $1 \
                  ORDER BY expires_at, id LIMIT $2) AS counted",
        ..counted("proposal", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM proposal LIMIT $1) AS counted")
    },
    counted(
        "sign_in_attempt",
        "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM sign_in_attempt LIMIT $1) AS counted",
    ),
    counted("recorded", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM recorded LIMIT $1) AS counted"),
    counted("lane", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM lane LIMIT $1) AS counted"),
    counted("recurring", "SELECT COUNT(*) FROM (SELECT 1 AS kept FROM recurring LIMIT $1) AS counted"),
];

impl Store {
    /// How much there is of each kind, in the order of [`KINDS`](crate::model::retention::KINDS); no more than `most` are counted of each.
    /// `moment` says before which moment a row has had its time, in milliseconds since 1970-01-01T00:00:00Z.
    pub async fn census(&self, most: u32, moment: impl Fn(DueBy) -> i64) -> Result<Vec<Count>, StoreError> {
        let mut all = Vec::new();
        for table in TABLES {
            let (rows,): (i64,) =
                sqlx::query_as(table.count).bind(i64::from(most)).fetch_one(&self.pool).await?;
            let mut oldest = None;
            if !table.oldest_at.is_empty() {
                let (at,): (Option<i64>,) = sqlx::query_as(table.oldest_at).fetch_one(&self.pool).await?;
                oldest = at.map(Oldest::At);
            }
            if !table.oldest_id.is_empty() {
                let (id,): (Option<String>,) = sqlx::query_as(table.oldest_id).fetch_one(&self.pool).await?;
                oldest = id.map(Oldest::Id);
            }
            let mut overdue = 0;
            if !table.overdue.is_empty() {
                (overdue,) = sqlx::query_as(table.overdue)
                    .bind(moment(table.due))
                    .bind(i64::from(most))
                    .fetch_one(&self.pool)
                    .await?;
            }
            all.push(Count { place: table.place, rows, oldest, overdue });
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::TABLES;
    use crate::model::retention::{KINDS, Kind, Period, Setting};

    #[test]
    fn every_kind_is_counted() {
        let kinds: Vec<_> = KINDS.iter().map(Kind::place).collect();
        let tables: Vec<_> = TABLES.iter().map(|table| table.place.to_owned()).collect();
        assert_eq!(tables, kinds);
    }

    /// What has a time of its own, and does not go along with something else, is looked at for what is past it.
    #[test]
    fn what_has_a_time_of_its_own_is_looked_for() {
        let with_its_own = [Setting::RecordsMonths, Setting::EventsHours, Setting::IdempotencyHours];
        for (kind, table) in KINDS.iter().zip(TABLES) {
            assert!(kind.period == Period::Ends || table.overdue.is_empty(), "{}", table.place);
            let is_own = kind.long.starts_with('`') && kind.settings.iter().any(|s| with_its_own.contains(s));
            assert!(!is_own || !table.overdue.is_empty(), "{}", table.place);
        }
    }
}
