//! A word in every column of text that can hold something of a person, for every kind of record in every state: after the erasure it is
//! nowhere, in no row and in no byte of the database's files.
//!
//! What PostgreSQL keeps in its own files (its log, and rows that are deleted until they are overwritten) is the business of who runs it
//! (`docs/retention.md`): there, what a query can see is looked through.

use std::collections::BTreeSet;

use idos_issuer::app::App;
use idos_issuer::model::audit::{Actor, AuditAction, AuditEntry};
use idos_issuer::store::PLACES;

use super::erasure::{Scene, contains};
use super::sharing::wait_for;
use crate::support::service::{Backend, audit_holds};
use crate::support::tables::bytes;

/// What every word begins with. Behind it stand table, column and record.
const WORD: &str = "quirxblat";

/// Bytes of a content, so that it lies on pages of its own, which are free afterwards.
const CONTENT: usize = 40_000;

/// Columns into which a word is put where the row is there already, by tables.
const WORDS: &[(&str, &[&str])] = &[
    ("attribute", &["locked", "tx_hash"]),
    ("claim", &["hash", "wallet_index", "reference", "locked"]),
    ("contact", &["locked", "email_index"]),
    ("event", &["body"]),
    ("idempotency", &["key_hash", "fingerprint"]),
    (
        "issuance",
        &["reference", "grantee", "grantee_key", "recipient_key", "public_notes", "content_hash", "tx_hash"],
    ),
    ("job", &["reason", "tx_hash"]),
    ("kept_content", &["locked"]),
    ("mail_link", &["hash"]),
    ("notice", &["owner"]),
    ("person_issuance", &["hash"]),
    ("profile", &["locked_wallet", "wallet_index", "tx_hash"]),
    ("relay_start", &["person", "wallet"]),
    (
        "sealed_credential",
        &[
            "content",
            "encryptor_public_key",
            "public_notes_signature",
            "broader_signature",
            "copy_content",
            "copy_encryptor_public_key",
            "copy_public_notes_signature",
            "copy_broader_signature",
            "content_id",
            "copy_content_id",
            "request_id",
        ],
    ),
    ("sealed_part", &["content"]),
    ("unsealed_credential", &["locked"]),
    ("vendor_event", &["case_id", "case_scope"]),
    (
        "verification",
        &[
            "reference",
            "grantee",
            "grantee_key",
            "locked_contact",
            "contact_index",
            "case_id",
            "case_scope",
            "problems",
        ],
    ),
    ("verification_issuance", &["owner"]),
    ("wallet_link", &["reference", "wallet_index", "locked_wallet", "proof_hash"]),
    ("write_grant", &["locked"]),
];

/// The other columns of text of these tables, which hold no text of a person's: names that the program gives (states, kinds, codes), and
/// whom our own side is called by. What is an id of a record, of a user or of a row on the network is looked for by its value.
const NAMES: &[(&str, &[&str])] = &[
    // Of a case, which names nobody.
    ("asked_erasure", &["case_id"]),
    ("attribute", &["client", "state", "sensitive", "write_key", "halt"]),
    ("audit_view", &["actor"]),
    ("claim", &["client", "state", "kind", "delivery", "wallet_type", "locale"]),
    ("contact", &["client"]),
    ("event", &["client", "kind"]),
    ("idempotency", &["client"]),
    (
        "issuance",
        &[
            "client",
            "kind",
            "state",
            "delivery",
            "level",
            "write_key",
            "valid_by",
            "halt",
            "confirmed_by",
            "noticed",
            "files",
        ],
    ),
    ("job", &["work", "target", "lane", "state", "lease_owner"]),
    ("kept_content", &["client", "stage"]),
    ("mail_link", &["purpose"]),
    ("notice", &["client", "state", "lease_owner", "code"]),
    ("profile", &["client", "state", "write_key", "encryption_public_key", "password_store", "halt"]),
    ("relay_start", &["level"]),
    ("vendor_event", &["event"]),
    ("verification", &["client", "source", "state", "delivery", "waits_for", "code", "heard"]),
    ("wallet_link", &["client", "state"]),
];

/// Columns of ids: of records, users, rows on the network, and of what stands beside a record.
fn is_id(column: &str) -> bool {
    column == "id"
        || (column.ends_with("_id")
            && !["case_id", "content_id", "copy_content_id", "request_id"].contains(&column))
        || ["subject", "series", "renews", "superseded_by", "said_with"].contains(&column)
}

/// Puts rows beside a record, of each table that can hold something of it.
async fn surround(scene: &Scene, app: &App, (kind, id): (&str, &str)) {
    let mine = |table: &str| format!("{WORD}.{table}.x.{id}");
    let (end, uuid) = (&id[4..], crate::support::id());
    let far = app.clock.now().unix_millis() * 2;
    let mut statements = vec![
        format!("INSERT INTO audit_view (subject, actor, hour) VALUES ('{id}', 'operator', 1)"),
        // One that has stopped: nothing is done about it.
        format!(
            "INSERT INTO job (id, work, subject, target, series, state, due_at, attempts, created_at) \
             VALUES ('job_{end}', 'seal', '{id}', '', '', 'halted', {far}, 0, 1) \
             ON CONFLICT (work, subject, target) DO NOTHING"
        ),
    ];
    if kind == "issuance" {
        let part = "0123456789abcdef".repeat(CONTENT / 16);
        statements.extend([
            format!("INSERT INTO contact (issuance_id, client, locked, email_index, created_at) VALUES ('{id}', 'acme', 'l', '{}', 1)", mine("contact")),
            format!("INSERT INTO mail_stop (client, email_index, reason, created_at) VALUES ('acme', '{WORD}.contact.email_index.{id}', 'complained', 1)"),
            format!("INSERT INTO kept_content (issuance_id, client, stage, kept_until, locked, created_at) VALUES ('{id}', 'acme', 'safety_net', {far}, 'l', 1)"),
            format!("INSERT INTO unsealed_credential (issuance_id, locked) VALUES ('{id}', 'l')"),
            format!("INSERT INTO write_grant (issuance_id, locked) VALUES ('{id}', 'l')"),
            format!("INSERT INTO sealed_credential (issuance_id, encryptor_public_key, public_notes_signature, broader_signature) VALUES ('{id}', 'e', 'p', 'b')"),
            format!("INSERT INTO sealed_part (issuance_id, is_copy, number, content) VALUES ('{id}', 0, 0, '{part}')"),
            format!("INSERT INTO mail_link (hash, issuance_id, purpose, created_at, expires_at) VALUES ('{}', '{id}', 'renew', 1, {far})", mine("mail_link")),
            format!(
                "INSERT INTO notice (id, issuance_id, client, owner, days, valid_until, state, due_at, attempts, paced, created_at, updated_at) \
                 VALUES ('ntc_{end}', '{id}', 'acme', 'o', 30, {far}, 'planned', {far}, 0, 0, 1, 1)"
            ),
            format!("INSERT INTO person (hash, owner, locked, uses, created_at) VALUES ('{WORD}.person_issuance.hash.{id}', '{WORD}.person.owner.{id}', '{WORD}.person.locked.{id}', 1, 1)"),
            format!("INSERT INTO person_issuance (issuance_id, hash) VALUES ('{id}', '{}')", mine("person")),
            format!("INSERT INTO relay_credential (credential_id, consumer_id, issuance_id) VALUES ('{uuid}', 'c', '{id}')"),
            format!("INSERT INTO verification_issuance (issuance_id, verification_id, owner, created_at) VALUES ('{id}', 'ver_{end}', 'o', 1)"),
        ]);
    }
    if kind == "verification" {
        statements.extend([
            format!("INSERT INTO relay_check (verification_id, consumer_id) VALUES ('{id}', 'c')"),
            format!("INSERT INTO relay_start (claim_id, consumer_id, level, person, verification_id, created_at) VALUES ('clm_{end}', 'c', 'plus', '{}', '{id}', 1)", mine("relay_start")),
            format!("INSERT INTO vendor_event (id, event, verification_id, received_at) VALUES ('kyc/{WORD}.vendor_event.id.{id}', 'progress', '{id}', 1)"),
        ]);
    }
    for statement in statements {
        scene.execute(&statement).await;
    }
    let mut tx = app.store.begin().await.unwrap();
    for (subject, detail) in
        [(id.to_owned(), format!("{WORD}.audit.detail.{id}")), ("audit".to_owned(), id.to_owned())]
    {
        tx.record(
            &AuditEntry::new(app.clock.now(), Actor::Operator, AuditAction::Halted, subject).detail(detail),
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
}

/// Puts a word into every column, each row one of its own.
async fn mark(scene: &Scene) {
    for (table, columns) in WORDS {
        let key = match *table {
            "idempotency" | "event" | "job" => "subject",
            "relay_start" => "claim_id",
            "verification_issuance"
            | "sealed_credential"
            | "sealed_part"
            | "unsealed_credential"
            | "write_grant"
            | "contact"
            | "kept_content"
            | "mail_link"
            | "person_issuance"
            | "notice" => "issuance_id",
            _ => "id",
        };
        for column in *columns {
            let filler =
                if *column == "content" { format!(" || '{}'", "x".repeat(CONTENT)) } else { String::new() };
            // The vendor's name of a case is the same beside the verification.
            let (named, key) = match (*table, *column) {
                ("vendor_event", "case_id") => {
                    ("verification.case_id", "COALESCE(verification_id, REPLACE(id, 'kyc/', ''))")
                }
                _ => ("", key),
            };
            let named = if named.is_empty() { format!("{table}.{column}") } else { named.to_owned() };
            // One whose transaction is known is not one of which nothing was sent.
            let of_those = match (*table, *column) {
                ("issuance" | "profile" | "attribute", "tx_hash") => {
                    " WHERE state IN ('issued', 'revoked', 'created', 'failed', 'erased')"
                }
                _ => "",
            };
            scene
                .execute(&format!(
                    "UPDATE {table} SET {column} = '{WORD}.{named}.' || {key}{filler}{of_those}"
                ))
                .await;
        }
    }
}

/// The columns of text of a table.
async fn text_columns(scene: &Scene, table: &str) -> Vec<String> {
    let query = match scene.stage.database.folder() {
        Some(_) => format!("SELECT name FROM pragma_table_info('{table}') WHERE type = 'TEXT'"),
        None => format!(
            "SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_name = '{table}' AND data_type = 'text'"
        ),
    };
    scene.texts(&query).await
}

on_both_databases! {
    async fn no_word_of_any_record_is_left_anywhere(backend) {
        let scene = Scene::new(backend).await;
        // No sweep: rows stand as they were put there.
        let app = scene.app().await;
        let far = app.clock.now().unix_millis() + 10_000_000;
        scene.execute(&format!("INSERT INTO recurring (name, due_at) VALUES ('sweep', {far})")).await;
        app.store.close().await;
        let service = scene.service().await;
        let app = &service.app;
        let mut records = Vec::new();
        for state in ["awaiting_profile", "awaiting_grant", "queued", "issued", "halted", "revoked", "failed", "erased"] {
            records.push(("issuance", scene.issuance(app, state).await));
        }
        for (prefix, states) in [
            ("prf", &["pending", "created", "halted", "failed"][..]),
            ("wal", &["pending", "created", "halted", "failed"]),
            ("att", &["pending", "created", "halted", "failed"]),
            ("ver", &["opened", "pending", "approved", "halted", "declined", "issued", "revoked", "ended", "failed", "erased"]),
            ("clm", &["open", "identified", "granted", "writing", "written", "failed", "expired", "erased"]),
            ("lnk", &["challenged", "proven", "expired", "refused", "erased"]),
        ] {
            for state in states {
                records.push(scene.other(app, prefix, state).await);
            }
        }
        for (kind, id) in &records {
            surround(&scene, app, (*kind, id.as_str())).await;
        }
        mark(&scene).await;

        // Every column of every table that can name a record has a word in it, or is known to hold none.
        let tables: BTreeSet<_> = PLACES.iter().map(|(table, _)| *table).collect();
        let of = |list: &[(&str, &[&str])], table: &str| -> BTreeSet<String> {
            let columns = list.iter().filter(|(there, _)| *there == table).flat_map(|(_, columns)| columns.iter());
            columns.map(|column| (*column).to_owned()).collect()
        };
        let before = bytes(&scene.stage.database).await;
        for table in tables {
            let (words, names) = (of(WORDS, table), of(NAMES, table));
            let known: BTreeSet<_> = words.union(&names).cloned().collect();
            let there = text_columns(&scene, table).await.into_iter().filter(|column| !is_id(column)).collect::<BTreeSet<_>>();
            assert_eq!(there, known, "{table}");
            for column in &words {
                let word = if (table, column.as_str()) == ("vendor_event", "case_id") { "verification.case_id" } else { &format!("{table}.{column}") };
                assert!(contains(&before, &format!("{WORD}.{word}.")), "{table}.{column}");
            }
        }
        let mut ids: BTreeSet<_> = records.iter().map(|(_, id)| id.clone()).collect();
        for (table, columns) in [
            ("issuance", &["user_id", "original_id", "copy_id", "notes_id"][..]),
            ("profile", &["user_id", "wallet_id"]),
            ("attribute", &["user_id", "attribute_id"]),
            ("verification", &["user_id", "external_id"]),
            ("claim", &["user_id"]),
            ("wallet_link", &["user_id"]),
            ("relay_credential", &["credential_id"]),
        ] {
            for column in columns {
                ids.extend(scene.texts(&format!("SELECT {column} FROM {table}")).await.into_iter().filter(|id| !id.is_empty()));
            }
        }
        assert!(ids.len() > 100 && ids.iter().all(|id| contains(&before, id)), "{}", ids.len());

        let listed: Vec<_> = records.iter().map(|(kind, id)| (*kind, id.as_str())).collect();
        let case = scene.open(app, false, &listed).await;
        scene.done(app, &case).await;
        // It is the erasure itself that empties the log, if anybody reads meanwhile a little later.
        let left = |bytes: &[u8]| -> Vec<String> {
            let words = memchr::memmem::find_iter(bytes, WORD).map(|at| String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 90)]).into_owned());
            words.chain(ids.iter().filter(|id| contains(bytes, id)).cloned()).collect()
        };
        let (mut found, mut looks) = (Vec::new(), 0);
        wait_for("nothing is left in the files", async || {
            found = left(&bytes(&scene.stage.database).await);
            looks += 1;
            if looks > 20 {
                // As the next sweep does, which has been put off here.
                app.store.forget_traces().await.unwrap();
            }
            assert!(looks < 60, "{found:?}");
            found.is_empty() || backend == Backend::Postgres
        })
        .await;
        assert_eq!(found, Vec::<String>::new());
        if backend == Backend::Sqlite {
            // What was there lay on pages that are free now, and were looked through.
            let free: i64 = scene.texts("SELECT CAST(freelist_count AS TEXT) FROM pragma_freelist_count").await[0].parse().unwrap();
            assert!(free > 50, "{free}");
            assert_eq!(scene.texts("PRAGMA integrity_check").await, ["ok"]);
        }
        audit_holds(&app.store).await;
        service.stop().await;
        assert_eq!(left(&bytes(&scene.stage.database).await), Vec::<String>::new(), "after the end of the service");
    }
}
