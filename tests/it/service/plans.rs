//! How both databases would do every statement of `src/store`: by an index, whatever the tables hold.

use std::collections::BTreeSet;
use std::path::Path;

use idos_credential::Timestamp;
use idos_issuer::model::issuance::{Kind, State};
use idos_issuer::store::{Filter, Place, Store, Way};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};

use crate::support::rows;
use crate::support::service::{Backend, Database};

/// Rows in each table: enough that a database would rather read an index than all of it.
const ROWS: u32 = 20_000;

/// Tables that grow with use.
const GROWING: &[&str] = &[
    "idempotency",
    "profile",
    "issuance",
    "unsealed_credential",
    "sealed_credential",
    "sealed_part",
    "write_grant",
    "contact",
    "job",
    "event",
    "audit",
    "audit_checkpoint",
    "audit_view",
    "verification",
    "verification_issuance",
    "person",
    "person_issuance",
    "vendor_event",
    "mail_link",
    "mail_stop",
    "notice",
    "mail_limit",
    "relay_credential",
    "relay_check",
    "relay_start",
    "wallet_link",
    "attribute",
    "claim",
    "kept_content",
    "erasure_case",
    "erasure_record",
    "staff_recovery",
    "staff_session",
    "proposal",
    "sign_in_attempt",
    "visit",
    "visit_record",
    "asked_erasure",
    "daily",
    "bulk_resume",
];

/// Statements that may walk a whole table or index, each with its reason.
const MAY_WALK: &[(&str, &str)] = &[
    ("SELECT * FROM job WHERE id > $1", "it lists all jobs: what it walks is its answer"),
    ("FROM audit WHERE seq > $1 AND seq <= $2", "it verifies all of the chain, part by part"),
    (
        "SELECT * FROM audit_checkpoint ORDER BY number",
        "it verifies all of the chain, and there is one an hour",
    ),
    ("SELECT due_at FROM notice WHERE state = 'planned'", "the first row of the index is its answer"),
    (
        "DELETE FROM mail_limit WHERE at < $1",
        "a row for each domain of the day before: what it walks is what goes",
    ),
    ("locked NOT LIKE $2 OR email_index NOT LIKE $3", "it goes through all contacts once, part by part"),
    ("SELECT 1 AS kept FROM", "the report on retention alone, which stops counting at a bound"),
    ("SELECT MIN(", "the first row of an index is its answer"),
    (
        "FROM kept_content WHERE issuance_id > $1 AND locked NOT LIKE $2",
        "it goes through all that is kept once, row by row",
    ),
    ("locked NOT LIKE $2 ORDER BY hash", "it goes through all people once, part by part"),
    (
        "locked_contact NOT LIKE $2 OR contact_index NOT LIKE $3",
        "the same of verifications: all of them once, part by part",
    ),
];

/// Statements that must go by one index, where another one would do by its columns and hold rows that they have to pass over: more and
/// more of them, as time goes by. Each by a part of it.
const BY_ONE_INDEX: &[(&str, &str)] = &[
    ("(noticed IS NULL OR noticed <> 'expired') AND valid_until", "issuance_ended"),
    ("COALESCE(noticed, '') = '' AND valid_until", "issuance_ending"),
    ("state = 'issued' AND valid_until IS NOT NULL", "issuance_with_end"),
    ("(state <> 'halted' OR was_sent = 0) AND waits_until <=", "issuance_by_limit"),
    ("state = 'halted' AND was_sent = 1 AND waits_until <=", "issuance_sent_by_limit"),
    ("halt IS NOT NULL AND state IN ('halted', 'issued')", "issuance_stopped"),
    ("notice WHERE state = 'planned' AND due_at <=", "notice_due"),
    ("stage <> 'waiting' AND kept_until <=", "kept_content_by_end"),
    ("erasure_case WHERE state = 'held' AND held_until", "erasure_case_held"),
];

/// Every statement in the sources of the store, and the lists with everything that may be asked for.
fn statements() -> Vec<String> {
    let mut all = Vec::new();
    let mut lists = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        // Its own tests have tables of their own.
        let text = text.split("\n#[cfg(test)]\n").next().unwrap();
        let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let code = code.join("\n");
        lists += code.matches("AssertSqlSafe").count();
        let texts = literals(&code);
        let head = texts.iter().find(|text| text.ends_with("FROM issuance "));
        for text in &texts {
            if let (Some(head), true) = (head, text.starts_with("WHERE ") && text.len() > 6) {
                all.push(format!("{head}{text}"));
            } else if ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "]
                .iter()
                .any(|verb| text.starts_with(verb))
                && !text.ends_with("FROM issuance ")
            {
                all.push(text.clone());
            }
        }
        // Whatever is run is a text of its own, or made of the one above.
        for call in code.split("sqlx::query").skip(1) {
            let argument = call.trim_start_matches("_as").trim_start_matches('(').trim_start();
            let is_known = [
                "\"",
                "select!",
                "sqlx::AssertSqlSafe(statement)",
                "query)",
                "table.next)",
                "table.count)",
                "table.oldest_at)",
                "table.oldest_id)",
                "table.overdue)",
            ];
            assert!(
                is_known.iter().any(|start| argument.starts_with(start)),
                "where is the text? {argument:.60}"
            );
        }
    }
    // Lists by what is asked for; and in `many.rs`, texts of one row that are repeated for more, three times.
    assert_eq!(lists, 4, "a statement is put together: add its forms here");
    for way in WAYS {
        all.extend(filters().iter().map(|(filter, cursor)| filter.statement("acme", way, cursor.as_ref())));
    }
    assert!(all.len() > 100, "{} statements are too few to be all", all.len());
    all
}

const WAYS: [Way; 2] = [Way::Older, Way::Newer];

/// All combinations of what lists may be asked for.
fn filters() -> Vec<(Filter, Option<Place>)> {
    let moment = Timestamp::from_unix_millis(1_000).unwrap();
    (0..64)
        .map(|bits: u32| {
            let has = |bit: u32| bits & (1 << bit) != 0;
            let filter = Filter {
                state: has(0).then_some(State::Halted),
                kind: has(1).then_some(Kind::FaceSign),
                reference: has(2).then(|| "case-1".to_owned()),
                created_from: has(3).then_some(moment),
                created_before: has(4).then_some(moment),
            };
            (filter, has(5).then(|| Place { at: 1_000, id: "iss_1".to_owned() }))
        })
        .collect()
}

/// The text literals of Rust code. Raw ones and those with other escapes than these are none of the store's.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\'' && rest.peek() == Some(&'"') {
            rest.next();
        } else if c == '"' {
            let mut text = String::new();
            while let Some(c) = rest.next().filter(|c| *c != '"') {
                match (c, rest.peek()) {
                    ('\\', Some('\n')) => while rest.next_if(|c| c.is_whitespace()).is_some() {},
                    ('\\', _) => text.extend(rest.next()),
                    _ => text.push(c),
                }
            }
            found.push(text);
        }
    }
    found
}

/// What is wrong with a plan, if anything.
fn complaint(backend: Backend, plan: &[String]) -> Option<String> {
    let names = |line: &str, before: &str| {
        line.split(before)
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next())
            .unwrap_or_default()
            .to_owned()
    };
    let is_growing = |table: &str| GROWING.contains(&table);
    for (place, line) in plan.iter().enumerate() {
        match backend {
            // "SCAN" also stands for a walk through an index; a partial one is what is wanted.
            Backend::Sqlite if line.starts_with("SCAN ") && is_growing(&names(line, "SCAN ")) => {
                let partial = ["issuance_under_way", "job_due", "job_of_lane", "notice_being_sent"];
                if !partial.iter().any(|index| line.ends_with(&format!("INDEX {index}"))) {
                    return Some(line.clone());
                }
            }
            // A walk through everybody's rows in order of ids.
            Backend::Sqlite if line.contains("sqlite_autoindex_") && line.contains("_1 (id>?") => {
                return Some(line.clone());
            }
            Backend::Postgres if line.contains("_pkey on ") && has_range(plan.get(place + 1)) => {
                return Some(format!("a walk: {line}"));
            }
            Backend::Postgres
                if line.contains("Seq Scan on ") && is_growing(&names(line, "Seq Scan on ")) =>
            {
                return Some(line.clone());
            }
            Backend::Postgres if line.contains("Index Scan") || line.contains("Index Only Scan") => {
                let partial = ["issuance_under_way", "job_due", "job_of_lane", "notice_being_sent"];
                let is_walk = !plan.get(place + 1).is_some_and(|next| next.contains("Index Cond"));
                if is_walk
                    && GROWING.iter().any(|table| line.contains(&format!(" on {table}")))
                    && !partial.iter().any(|index| line.contains(&format!("using {index} ")))
                {
                    return Some(format!("a walk: {line}"));
                }
            }
            _ => {}
        }
    }
    None
}

fn by_index(plan: &[String], index: &str) -> bool {
    plan.iter().any(|line| line.contains(&format!("{index} ")))
}

/// Whether a line of PostgreSQL's plan is a condition that compares with more or less.
fn has_range(line: Option<&String>) -> bool {
    line.is_some_and(|line| line.contains("Index Cond") && line.contains(['<', '>']))
}

/// Whether SQLite sorts all rows for the sake of the first ones. PostgreSQL does so only where it expects a handful.
fn sorts_for_a_few(statement: &str, plan: &[String]) -> bool {
    statement.contains(" LIMIT ") && plan.iter().any(|line| line.contains("TEMP B-TREE FOR ORDER BY"))
}

async fn run(connection: &mut AnyConnection, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(connection).await.unwrap();
}

async fn plan(connection: &mut AnyConnection, backend: Backend, statement: &str) -> Vec<String> {
    let (explain, column) = match backend {
        Backend::Sqlite => (format!("EXPLAIN QUERY PLAN {statement}"), "detail"),
        Backend::Postgres => {
            run(connection, &format!("PREPARE p AS {statement}")).await;
            let count = (1..100).take_while(|n| statement.contains(&format!("${n}"))).count();
            let nulls = vec!["NULL"; count].join(", ");
            let arguments = if count == 0 { String::new() } else { format!("({nulls})") };
            (format!("EXPLAIN EXECUTE p{arguments}"), "QUERY PLAN")
        }
    };
    let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
    if backend == Backend::Postgres {
        run(connection, "DEALLOCATE p").await;
    }
    rows.iter().map(|row| row.get::<String, _>(column)).collect()
}

#[test]
fn the_check_sees_what_it_is_for() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (backend, text) in [
        (Backend::Sqlite, "SCAN job"),
        (
            Backend::Sqlite,
            "SEARCH issuance USING INDEX issuance_by_client (client=?)\nSCAN contact USING INDEX x",
        ),
        (Backend::Sqlite, "SEARCH job USING INDEX sqlite_autoindex_job_1 (id>?)"),
        (Backend::Postgres, "  ->  Index Scan using job_pkey on job\n   Index Cond: (id > $1)"),
        (Backend::Postgres, "Limit\n  ->  Seq Scan on job  (cost=1)"),
        (Backend::Postgres, "  ->  Index Scan using issuance_pkey on issuance  (cost=1)\n  Filter: (a = 1)"),
    ] {
        assert!(complaint(backend, &lines(text)).is_some(), "{text}");
    }
    for (backend, text) in [
        (Backend::Sqlite, "SCAN api_key"),
        (Backend::Sqlite, "SCAN issuance USING INDEX issuance_under_way"),
        (Backend::Postgres, "  ->  Index Scan using a on issuance  (cost=1)\n   Index Cond: (a = 1)"),
    ] {
        assert_eq!(complaint(backend, &lines(text)), None, "{text}");
    }
    assert!(sorts_for_a_few("SELECT a ORDER BY a LIMIT 1", &lines("USE TEMP B-TREE FOR ORDER BY")));
    let code = "a('\"'); sqlx::query(\"SELECT a \\\n     FROM b\") \"x\\\"y\"";
    assert_eq!(literals(code), ["SELECT a FROM b", "x\"y"]);
}

on_both_databases! {
    async fn every_statement_goes_by_an_index(backend) {
        let database = Database::new(backend).await;
        let store = Store::connect(&database.url, 2).await.unwrap();
        store.migrate().await.unwrap();
        let mut connection = AnyConnection::connect(&database.url).await.unwrap();
        if backend == Backend::Postgres {
            // The plan that serves all values: sqlx prepares every statement, and PostgreSQL may come to that.
            run(&mut connection, "SET plan_cache_mode = force_generic_plan; SET max_parallel_workers_per_gather = 0").await;
        }
        let statements = statements();
        for (part, index) in BY_ONE_INDEX {
            assert!(statements.iter().any(|statement| statement.contains(part)), "nothing goes by {index} any more");
        }
        let mut bad = BTreeSet::new();
        let mut walked = BTreeSet::new();
        for phase in ["no statistics", "statistics"] {
            if phase == "no statistics" {
                for statement in rows::of_every_table(ROWS) {
                    run(&mut connection, &statement).await;
                }
            } else {
                run(&mut connection, "ANALYZE").await;
            }
            for statement in &statements {
                // SQLite's alone.
                if backend == Backend::Postgres && statement.contains("sqlite_") {
                    continue;
                }
                let plan = plan(&mut connection, backend, statement).await;
                let one = BY_ONE_INDEX.iter().find(|(part, _)| statement.contains(part));
                if let Some((_, index)) = one.filter(|(_, index)| !by_index(&plan, index)) {
                    bad.insert(format!("{phase}: not by {index}: {statement}\n    {}", plan.join("\n    ")));
                }
                let sorts = sorts_for_a_few(statement, &plan).then(|| "it sorts for a few rows".to_owned());
                let Some(complaint) = complaint(backend, &plan).or(sorts) else { continue };
                match MAY_WALK.iter().find(|(part, _)| statement.contains(part)) {
                    Some((part, _)) => {
                        walked.insert(*part);
                    }
                    None => {
                        bad.insert(format!("{phase}: {statement}\n    {complaint}\n    {}", plan.join("\n    ")));
                    }
                }
            }
            // What lists are asked for, they find by the index that is made for it.
            for ((filter, cursor), way) in filters().into_iter().flat_map(|one| WAYS.map(|way| (one.clone(), way))) {
                let index = match (&filter.reference, filter.kind, filter.state) {
                    (Some(_), ..) => "issuance_by_reference",
                    (None, Some(_), Some(_)) => "issuance_by_kind_and_state",
                    (None, Some(_), None) => "issuance_by_kind",
                    (None, None, Some(_)) => "issuance_by_state",
                    (None, None, None) => "issuance_by_client",
                };
                let statement = filter.statement("acme", way, cursor.as_ref());
                let plan = plan(&mut connection, backend, &statement).await;
                if !by_index(&plan, index) {
                    bad.insert(format!("{phase}: not by {index}: {statement}\n    {}", plan.join("\n    ")));
                }
            }
        }
        store.close().await;
        connection.close().await.unwrap();
        assert!(bad.is_empty(), "{}", bad.into_iter().collect::<Vec<_>>().join("\n"));
        if backend == Backend::Sqlite {
            for (part, reason) in &MAY_WALK[..1] {
                assert!(walked.contains(part), "no exception is needed any more: {part} ({reason})");
            }
        }
    }
}
