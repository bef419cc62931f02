//! What strangers try at the door: statements in whatever chooses records, links that programs follow, and what the time that an answer
//! takes tells of others.

use std::sync::Arc;
use std::time::{Duration, Instant};

use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::{contact, mail_link};
use idos_issuer::mail::{Mailer, Sent};
use idos_issuer::model::client::Scope;
use idos_issuer::model::ids::IssuanceId;
use idos_issuer::model::mail_link::Purpose;
use idos_issuer::model::personal::Email;
use idos_wallet::WalletType;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use super::claims::{Page, SETTINGS as CLAIMS};
use super::door::{Door, inserter, kyc};
use super::spec::SPEC;
use crate::support::User;
use crate::support::service::{Backend, Stage};
use crate::support::tables::contents;

/// Texts that would do something if they were a part of a statement: choose all rows, or those of others, break off, wait, or remove.
pub(crate) const STATEMENTS: &[&str] = &[
    "x' OR '1'='1",
    "x' OR 1=1 --",
    "' OR client='other",
    "x') OR ('1'='1",
    "x' UNION SELECT id FROM issuance --",
    "x'; DELETE FROM issuance; --",
    "x'; DROP TABLE contact; --",
    "x'; SELECT pg_sleep(20); --",
    "x' AND (SELECT LENGTH(HEX(RANDOMBLOB(900000000)))) > 0 --",
    "\" OR \"\"=\"",
    "\\' OR 1=1 --",
    "%",
    "_%",
    "$1",
    "?",
    "NULL",
    "0 OR 1=1",
    "1;2",
    "x\u{2019} OR 1=1",
];

/// A page for links, and no limit that these tests would meet.
fn settings() -> String {
    CLAIMS.replace("[http]\n", "[http]\nrequests_per_second = 1000\n")
}

/// How long an answer may take that waits for nothing.
const AT_ONCE: Duration = Duration::from_secs(10);

/// An issuance of a user whom no node knows: it waits.
async fn issuance(door: &Door, key: &str, email: &str, reference: &str) -> String {
    let mut submission = kyc(User::with(WalletType::Evm).id, inserter());
    submission["contact"] = json!({ "email": email });
    submission["reference"] = json!(reference);
    let made = door.make("/v1/issuances", &submission).key(key).send().await.expect(202).json();
    made["id"].as_str().unwrap().to_owned()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The parameters of an operation: in what each is, and its name.
fn parameters(operation: &Value) -> Vec<(String, String)> {
    let all = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let follow = |parameter: &Value| match parameter["$ref"].as_str() {
        Some(there) => SPEC.root.pointer(&there[1..]).unwrap().clone(),
        None => parameter.clone(),
    };
    let text = |parameter: &Value, name: &str| parameter[name].as_str().unwrap().to_owned();
    all.iter().map(follow).map(|parameter| (text(&parameter, "in"), text(&parameter, "name"))).collect()
}

on_both_databases! {
    async fn no_filter_is_a_part_of_a_statement(backend) {
        let door = Door::with(backend, &settings()).await;
        let stranger = door.key_of("other", Scope::ALL).await;
        let own = issuance(&door, &door.key, "ana@example.com", "case-1").await;
        let theirs = issuance(&door, &stranger, "rui@example.com", "case-2").await;
        let before = contents(&door.stage.database.url).await;
        assert_eq!(before["issuance"].len(), 2);
        let (mut filters, mut places) = (0, 0);
        for operation in SPEC.operations().filter(|of| of.method == "GET" && of.path.starts_with("/v1/")) {
            for (kind, name) in parameters(operation.value) {
                for statement in STATEMENTS {
                    let (path, value) = (operation.path, encoded(statement));
                    let target = match kind.as_str() {
                        "query" if !path.contains('{') => format!("{path}?{name}={value}"),
                        "query" => format!("{}?{name}={value}", path.replace("{id}", &own)),
                        "path" => path.replace(&format!("{{{name}}}"), &value),
                        _ => continue,
                    };
                    let start = Instant::now();
                    let answer = door.get(&target).send().await;
                    assert!(start.elapsed() < AT_ONCE, "{target}: {:?}", start.elapsed());
                    let text = String::from_utf8_lossy(&answer.body).into_owned();
                    assert!(!text.contains(&theirs), "{target}: {text}");
                    match answer.status {
                        // Nothing is called that.
                        200 => assert_eq!(answer.json()["items"], json!([]), "{target}"),
                        400 | 404 => {}
                        status => panic!("{target}: {status} {text}"),
                    }
                    filters += usize::from(kind == "query");
                    places += usize::from(kind == "path");
                }
            }
        }
        assert!(filters > 10 * STATEMENTS.len() && places > 8 * STATEMENTS.len(), "{filters} {places}");
        // What is looked for by a body.
        for statement in STATEMENTS {
            let address = format!("\"{statement}\"@example.com");
            for (path, body) in [
                ("/v1/contacts/lookup", json!({ "email": statement })),
                ("/v1/contacts/lookup", json!({ "email": address })),
                ("/v1/contacts/unreachable", json!({ "email": address, "reason": "complained" })),
                ("/v1/issuances/resume", json!({ "halt": statement })),
                ("/v1/renewals/redeem", json!({ "token": statement })),
                ("/v1/profiles/lookup", json!({ "wallet": { "type": "EVM", "address": statement } })),
            ] {
                let start = Instant::now();
                let answer = door.post(path, &body).send().await;
                assert!(start.elapsed() < AT_ONCE && answer.status < 500, "{path} {answer:?}");
                if answer.status == 200 {
                    assert!(!String::from_utf8_lossy(&answer.body).contains("iss_"), "{path} {answer:?}");
                }
            }
            for user in [json!({ "reference": statement }), json!({ "email": address }), json!({ "userId": statement })] {
                let answer = door.make("/v1/erasure-cases", &json!({ "user": user })).send().await;
                match answer.status {
                    201 => assert_eq!(answer.json()["recordCount"], 0, "{user}"),
                    status => assert_eq!(status, 422, "{user}"),
                }
            }
            // Kept as it is, and found by it alone.
            let key = format!("{statement} key");
            let mut submission = kyc(User::with(WalletType::Evm).id, inserter());
            submission["reference"] = json!("case-3");
            let made = door.post("/v1/issuances", &submission).idempotent(&key).send().await;
            assert!([202, 400].contains(&made.status), "{made:?}");
        }
        // All that was there is there, as it was.
        let after = contents(&door.stage.database.url).await;
        assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
        for table in ["issuance", "contact", "unsealed_credential"] {
            assert!(before[table].iter().all(|row| after[table].contains(row)), "{table}");
        }
        door.close().await;
    }

    /// Mail programs, filters and previews ask for whatever stands in a mail, before anybody reads it and as often as they like.
    async fn whoever_follows_every_link_changes_nothing(backend) {
        let mut stage = Stage::new(backend).await;
        stage.clock = Clock::fixed(clock::now());
        stage.settings = settings();
        let sent = Sent::default();
        let mailer = Mailer::memory_of("Example <a@b.example>", sent.clone()).unwrap();
        let app = Arc::into_inner(stage.app().await).unwrap().with_mailer(mailer);
        let door = Door::of(stage, Arc::new(app)).await;

        let id = issuance(&door, &door.key, "ana@example.com", "case-1").await;
        let case = door.make("/v1/erasure-cases", &json!({ "user": { "reference": "case-1" } })).send().await.expect(201).json();
        let step = format!("/v1/erasure-cases/{}/identity/mail", case["id"].as_str().unwrap());
        door.post(step, &json!({})).send().await.expect(200);
        let mail = sent.all().last().unwrap().rendered.text.clone();
        let erasure = mail.split_whitespace().find(|word| word.contains("/erasure/")).unwrap().to_owned();
        let mut tx = door.app.store.begin().await.unwrap();
        let ids: [IssuanceId; 1] = [id.parse().unwrap()];
        let now = door.app.clock.now();
        let unsubscribe = mail_link::make(&door.app, &mut tx, Purpose::Unsubscribe, &ids, now).await.unwrap();
        let renew = mail_link::make(&door.app, &mut tx, Purpose::Renew, &ids, now).await.unwrap();
        tx.commit().await.unwrap();
        let claim = Page::make(&door, &json!({ "delivery": "write_grant" })).await;

        let erasure = erasure.strip_prefix("https://issuer.example/kyc").unwrap().to_owned();
        let mut links = vec![
            erasure.clone(),
            claim.path.clone(),
            format!("/unsubscribe/{}", *unsubscribe.to_text()),
            // The token of the provider's own page is none of ours.
            format!("/unsubscribe/{}", *renew.to_text()),
            format!("/erasure/{}", *renew.to_text()),
        ];
        // What stands in the pages, too, whatever it is for: they follow that as well.
        for link in links.clone() {
            let page = String::from_utf8(door.get(&link).without("Authorization").send().await.body).unwrap();
            for attribute in ["href=\"", "src=\"", "action=\""] {
                let more = page.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
                let local = more.map(|more| more.replace("/kyc/", "/")).filter(|more| more.starts_with('/'));
                links.extend(local);
            }
        }
        let own = ["state", "wallet", "sign-in", "profile", "grant", "grant/signed"];
        links.extend(own.map(|what| format!("{}/{what}", claim.path)));
        links.sort_unstable();
        links.dedup();
        let before = contents(&door.stage.database.url).await;
        for link in &links {
            for (method, headers) in [
                ("GET", &[][..]),
                ("GET", &[("User-Agent", "Mozilla/5.0 (compatible; Linkscanner/1.0)"), ("Accept", "*/*")]),
                ("GET", &[("Sec-Purpose", "prefetch;prerender"), ("Purpose", "prefetch")]),
                ("GET", &[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-User", "?1")]),
                ("GET", &[("Range", "bytes=0-10"), ("If-None-Match", "*")]),
                ("GET", &[("X-HTTP-Method-Override", "POST"), ("X-Forwarded-Method", "POST")]),
                ("HEAD", &[]),
            ] {
                for _ in 0..2 {
                    let mut call = door.call(method, link).without("Authorization");
                    for (name, value) in headers {
                        call = call.header(name, value);
                    }
                    // As they are sent: a HEAD has no body to be held against the description.
                    let answer = door.raw(&call.bytes()).await;
                    let status = String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap().to_owned();
                    assert!(["200", "206", "304", "404", "405"].contains(&status.as_str()), "{method} {link}: {status}");
                }
            }
        }
        assert_eq!(contents(&door.stage.database.url).await, before);

        // Each still does what it is for.
        claim.state().await;
        door.call("POST", &erasure).without("Authorization").send().await.expect(200);
        let one_click = ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click");
        let path = format!("/unsubscribe/{}", *unsubscribe.to_text());
        door.call("POST", path).without("Authorization").body(one_click.0, one_click.1).send().await.expect(200);
        door.post("/v1/renewals/redeem", &json!({ "token": *renew.to_text() })).send().await.expect(200);
        door.close().await;
    }

    /// Whether another client has an address cannot be told by how long it takes to hear that one has it not oneself.
    async fn a_look_up_takes_as_long_whoever_else_has_the_address(backend) {
        const TIMES: usize = 51;
        const ROUNDS: usize = 5;
        let door = Door::with(backend, "").await;
        let stranger = door.key_of("other", Scope::ALL).await;
        let theirs = issuance(&door, &stranger, "rui@example.com", "case-2").await;
        // They have very many of it.
        let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)";
        let id = "'iss_000000000000000000' || CAST(10000000 + i AS TEXT)";
        let mut connection = AnyConnection::connect(&door.stage.database.url).await.unwrap();
        for many in [
            format!(
                "INSERT INTO issuance (id, client, kind, state, delivery, user_id, original_id, copy_id, notes_id, level, write_key, \
                 was_sent, created_at, updated_at) {numbers} SELECT {id}, 'other', 'kyc', 'issued', 'inserter', 'u', 'o', 'c', 'n', \
                 'basic', 'k', 1, i, i FROM n"
            ),
            format!(
                "INSERT INTO contact (issuance_id, client, locked, email_index, created_at) {numbers} SELECT {id}, 'other', 'x', \
                 (SELECT email_index FROM contact WHERE issuance_id = '{theirs}'), i FROM n"
            ),
        ] {
            sqlx::query(AssertSqlSafe(many)).execute(&mut connection).await.unwrap();
        }
        if backend == Backend::Postgres {
            sqlx::query("ANALYZE contact").execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
        let caller = crate::support::service::caller();
        let emails: [Email; 2] = ["rui@example.com", "eva@example.com"].map(|email| email.parse().unwrap());
        let mut seen = Vec::new();
        // What a look-up does costs that much every time; what else the machine does costs more at times, and never less. So the shortest
        // times are compared, and what comes of chance is gone in another round.
        for _ in 0..ROUNDS {
            let mut shortest = [Duration::MAX; 2];
            for _ in 0..TIMES {
                for (email, shortest) in emails.iter().zip(&mut shortest) {
                    let start = Instant::now();
                    let found = contact::look_up(&door.app, &caller, email).await.unwrap();
                    *shortest = start.elapsed().min(*shortest);
                    assert!(found.is_empty());
                }
            }
            let [of_others, of_nobody] = shortest.map(|time| time.as_secs_f64());
            seen.push(of_others / of_nobody);
            if (0.5..2.0).contains(&(of_others / of_nobody)) {
                break;
            }
        }
        assert!((0.5..2.0).contains(seen.last().unwrap()), "{seen:?}");
        door.close().await;
    }
}
