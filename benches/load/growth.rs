//! Whether what the service asks its database for every second, and what its lists ask for, costs more when the tables grow.
//!
//! The rows are those by which `tests/it/service/plans.rs` looks at plans, many times as many.

#[path = "../../tests/it/support/rows.rs"]
mod rows;

use std::time::Instant;

use idos_credential::Timestamp;
use idos_issuer::model::ids::{IssuanceId, NoticeId};
use idos_issuer::model::issuance::{Kind, State};
use idos_issuer::model::notices::NoticeState;
use idos_issuer::store::{Filter, NewNotice, Store};
use serde::Serialize;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use crate::deployment::{self, Backend, Site};

/// The client that nearly all rows are of.
const CLIENT: &str = "acme";

/// The client that has one row of a hundred, and with them all that are halted or of a rare kind.
const RARE: &str = "other";

/// How often each is measured; of these the median is taken.
const TIMES: u32 = 25;

/// What is asked, how long it takes, and how many rows it gives.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) database: Backend,
    pub(crate) rows: u32,
    pub(crate) gives: usize,
    pub(crate) ms: f64,
}

/// Fills a database of each kind with so many rows of each table, and measures.
pub(crate) async fn measure(site: &Site, rows: u32) -> Vec<Row> {
    let mut measured = Vec::new();
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let folder = site.new_folder("growth");
        let database = site.database(backend, &folder).await;
        let url = &database.url;
        let store = database.store().await;
        let mut connection = AnyConnection::connect(url).await.unwrap();
        for statement in rows::of_every_table(rows) {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        }
        if backend == Backend::Postgres {
            // What its autovacuum does by itself when tables have grown.
            sqlx::raw_sql("VACUUM ANALYZE").execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
        Growth { store: &store, backend, rows, measured: &mut measured }.all().await;
        store.close().await;
        database.remove().await;
        deployment::remove(&folder);
    }
    measured
}

struct Growth<'a> {
    store: &'a Store,
    backend: Backend,
    rows: u32,
    measured: &'a mut Vec<Row>,
}

impl Growth<'_> {
    async fn all(&mut self) {
        self.notices().await;
        self.lists().await;
    }

    /// What the worker asks for: one of a hundred notices is due.
    async fn notices(&mut self) {
        let store = self.store;
        let now = moment(self.rows / 100);
        self.take("what is due, 16 of them", async |_| {
            store.due_notices(now, None, 16).await.unwrap().items.len()
        })
        .await;
        self.take("since when the oldest has been due", async |_| {
            usize::from(store.oldest_due_notice().await.unwrap().is_some())
        })
        .await;
        self.take("turns whose holder is gone, when there is none", async |_| {
            usize::from(store.has_lost_turns(moment(1), moment(u32::MAX)).await.unwrap())
        })
        .await;
        self.take("a hundred that were sent", async |_| {
            store.notices_in(NoticeState::Sent, None, 100).await.unwrap().items.len()
        })
        .await;
        self.take("the notices of an issuance", async |of| {
            store.notices_of(&issuance(of)).await.unwrap().len()
        })
        .await;
        self.take("those of a person, for one mail", async |of| {
            let hash = format!("hash{}", 10_000_000 + of);
            store.notices_of_person((CLIENT, &hash), 30, moment(u32::MAX)).await.unwrap().len()
        })
        .await;
        self.take("a notice planned, written down", async |of| {
            let (id, issuance) = (NoticeId::new(now, &mut rand::rngs::OsRng), issuance(of));
            let mut tx = store.begin().await.unwrap();
            let new = NewNotice {
                id,
                issuance_id: &issuance,
                client: CLIENT,
                owner: "acme/kyc/of",
                days: 7,
                valid_until: moment(of),
                due_at: moment(of),
            };
            tx.plan_notice(&new, now).await.unwrap();
            tx.commit().await.unwrap();
            1
        })
        .await;
    }

    /// What people and their programs look at.
    async fn lists(&mut self) {
        let store = self.store;
        let list_of = async |client: &str, filter: &Filter, from: Option<&IssuanceId>| {
            store.issuances(client, filter, from, 100).await.unwrap().items.len()
        };
        let list = async |filter: &Filter, from: Option<&IssuanceId>| list_of(CLIENT, filter, from).await;
        let any = Filter::default();
        let halted = Filter { state: Some(State::Halted), ..Filter::default() };
        let people = Filter { kind: Some(Kind::FaceSign), ..Filter::default() };
        let none = Filter { kind: Some(Kind::FaceSign), state: Some(State::Revoked), ..Filter::default() };
        self.take("the first hundred issuances", async |_| list(&any, None).await).await;
        self.take("a hundred in the middle", async |of| list(&any, Some(&issuance(of))).await).await;
        self.take("a hundred that are halted", async |_| list_of(RARE, &halted, None).await).await;
        self.take("a hundred of a rare kind", async |_| list_of(RARE, &people, None).await).await;
        self.take("those of a kind in a state that none is in", async |_| list(&none, None).await).await;
        self.take("those with a reference", async |of| {
            list(&Filter { reference: Some(format!("case-{of}")), ..Filter::default() }, None).await
        })
        .await;
        self.take("the last hundred events", async |_| {
            store.events(CLIENT, None, None, 100).await.unwrap().items.len()
        })
        .await;
        self.take("issuances of a contact", async |of| {
            let hash = format!("hash{}", 10_000_000 + of);
            store.issuances_of_contact(CLIENT, &[hash]).await.unwrap().len()
        })
        .await;
    }

    /// Measures what is asked about one row after another, spread over all. The first time, which finds nothing in memory, counts as well.
    async fn take(&mut self, what: &'static str, ask: impl AsyncFn(u32) -> usize) {
        let mut times = Vec::new();
        let mut gives = 0;
        for number in 0..TIMES {
            // Spread by a step that is not a divisor: most are rows of the large client, and issued.
            let of = 1 + (number * 7_919 + self.rows / 2) % (self.rows - 1);
            let start = Instant::now();
            gives = gives.max(ask(of).await);
            times.push(start.elapsed());
        }
        times.sort_unstable();
        let ms = times[times.len() / 2].as_secs_f64() * 1000.0;
        self.measured.push(Row { what, database: self.backend, rows: self.rows, gives, ms });
    }
}

fn moment(millis: u32) -> Timestamp {
    Timestamp::from_unix_millis(i64::from(millis)).unwrap()
}

/// The id that the row of a number has.
fn issuance(number: u32) -> IssuanceId {
    format!("iss_000000000000000000{}", 10_000_000 + number).parse().unwrap()
}
