//! What staff find and see of records: every kind of them, those of one client and those of all, on both databases.

use idos_issuer::app::App;
use idos_issuer::flow::look::{self, At, BulkError, Network, Planned, Relation, What};
use idos_issuer::flow::{contact, profile};
use idos_issuer::model::audit::{Actor, AuditAction, AuditEntry};
use idos_issuer::model::bulk_resume::{BulkState, Reason};
use idos_issuer::model::ids::{IssuanceId, NoticeId, random_uuid};
use idos_issuer::model::issuance::{HaltCode, Issuance, State, Stopped};
use idos_issuer::model::notices::NoticeState;
use idos_issuer::model::numbers::Counted;
use idos_issuer::model::personal::{Contact, Locale};
use idos_issuer::model::sought::AnyRecord;
use idos_issuer::model::staff::Reach;
use idos_issuer::model::submission::Authority;
use idos_issuer::model::time::{DAY, Timestamp};
use idos_issuer::model::verification::State as VerificationState;
use idos_issuer::store::Filter;
use idos_wallet::WalletType;
use rand::rngs::OsRng;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

use super::create_profile;
use crate::support::User;
use crate::support::service::{Stage, caller, fresh_key, issued_record, new_profile, submit, until};

const ACTOR: Actor = Actor::Operator;

fn of(client: &str) -> Reach {
    client.parse().unwrap()
}

async fn run(stage: &Stage, statements: &[String]) {
    let mut connection = AnyConnection::connect(&stage.database.url).await.unwrap();
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}

async fn found(app: &App, whose: &Reach, text: &str) -> Vec<String> {
    let findings = look::search(app, &ACTOR, whose, text).await.unwrap();
    let mut ids: Vec<_> = findings.hits.iter().map(|hit| hit.record.to_string()).collect();
    assert!(findings.hits.iter().all(|hit| whose.sees(&hit.client)));
    ids.sort();
    ids
}

/// 26 characters that sort by number.
fn id(prefix: &str, number: u32) -> String {
    format!("{prefix}_{number:026}")
}

/// A record of each kind of this user: six of `acme`, and an issuance of `other`.
fn of_every_kind(user: &str) -> Vec<String> {
    let uuid = |last: u32| format!("00000000-0000-4000-8000-{last:012}");
    let issuance = |number: u32, client: &str, rest: &str| {
        format!(
            "INSERT INTO issuance (id, client, kind, state, delivery, user_id, original_id, copy_id, notes_id, level, reference, \
             write_key, created_at, updated_at, was_sent, tx_hash, halt, renews) VALUES ('{}', '{client}', 'kyc', 'issued', 'write_grant', \
             '{user}', '{}', '{}', '{}', 'basic', 'case-1', 'k', {number}, {number}, 1, {rest})",
            id("iss", number),
            uuid(10 * number),
            uuid(10 * number + 1),
            uuid(10 * number + 2),
        )
    };
    let (hash, other) = ("ab".repeat(32), "cd".repeat(32));
    vec![
        issuance(1, "acme", &format!("'{hash}', NULL, NULL")),
        issuance(2, "acme", &format!("NULL, NULL, '{}'", id("iss", 1))),
        issuance(3, "other", &format!("'{other}', NULL, NULL")),
        format!(
            "INSERT INTO profile (id, client, state, user_id, wallet_id, write_key, created_at, updated_at, was_sent, tx_hash, halt, \
             waits_until) VALUES ('{}', 'acme', 'halted', '{user}', '{}', 'k', 4, 4, 1, '{hash}', 'refused', 99)",
            id("wal", 4),
            uuid(4)
        ),
        format!(
            "INSERT INTO attribute (id, client, state, user_id, attribute_id, sensitive, write_key, created_at, updated_at, was_sent) \
             VALUES ('{}', 'acme', 'created', '{user}', '{}', 'value', 'k', 5, 5, 1)",
            id("att", 5),
            uuid(5)
        ),
        format!(
            "INSERT INTO verification (id, client, source, external_id, state, delivery, user_id, reference, problems, made, version, \
             created_at, updated_at, code, issuance_id) VALUES ('{}', 'acme', 'kyc', '{}', 'halted', 'inserter', '{user}', 'case-1', \
             'missing address', 1, 1, 6, 6, 'not_in_schema', '{}')",
            id("ver", 6),
            uuid(6),
            id("iss", 1)
        ),
        format!(
            "INSERT INTO verification_issuance (issuance_id, verification_id, owner, created_at) VALUES ('{}', '{}', 'o', 1)",
            id("iss", 1),
            id("ver", 6)
        ),
        format!(
            "INSERT INTO wallet_link (id, client, state, user_id, in_profile, for_credential, reference, attempts, expires_at, record_id, created_at, \
             updated_at) VALUES ('{}', 'acme', 'proven', '{user}', 1, 0, 'case-1', 0, 9, '{}', 7, 7)",
            id("lnk", 7),
            id("wal", 4)
        ),
        format!(
            "INSERT INTO claim (id, client, hash, state, delivery, user_id, issuance_id, reference, grant_seconds, version, expires_at, \
             due_at, created_at, updated_at) VALUES ('{}', 'acme', 'h', 'written', 'write_grant', '{user}', '{}', 'case-1', 60, 1, 9, 9, 8, 8)",
            id("clm", 8),
            id("iss", 1)
        ),
        format!(
            "INSERT INTO event (id, client, kind, subject, body, created_at) VALUES ('{}', 'acme', 'issuance.issued', '{}', '{{}}', 1)",
            id("evt", 1),
            id("iss", 1)
        ),
        format!(
            "INSERT INTO job (id, work, subject, target, series, state, due_at, attempts, reason, created_at) \
             VALUES ('{}', 'send_webhook', '{}', 'cases', '', 'halted', 1, 9, '<b>500</b>', 1)",
            id("job", 1),
            id("evt", 1)
        ),
        format!(
            "INSERT INTO notice (id, issuance_id, client, owner, days, valid_until, state, due_at, attempts, paced, created_at, updated_at) \
             VALUES ('{}', '{}', 'acme', 'o', 30, 9, 'planned', 5, 0, 0, 1, 1)",
            id("ntc", 1),
            id("iss", 1)
        ),
    ]
}

on_both_databases! {
    async fn every_kind_of_record_is_found_by_what_it_is_called(backend) {
        let stage = Stage::new(backend).await;
        let app = stage.app().await;
        let user = "7b0c3d7e-9d0a-4f63-9a55-0f0ea3e1a001";
        run(&stage, &of_every_kind(user)).await;
        let (all, acme, other) = (Reach::All, of("acme"), of("other"));
        let ids = |numbers: &[(&str, u32)]| {
            let mut ids: Vec<_> = numbers.iter().map(|(prefix, number)| id(prefix, *number)).collect();
            ids.sort();
            ids
        };
        let of_acme = ids(&[("iss", 1), ("iss", 2), ("wal", 4), ("att", 5), ("ver", 6), ("lnk", 7), ("clm", 8)]);
        let mut of_all = of_acme.clone();
        of_all.push(id("iss", 3));
        of_all.sort();
        assert_eq!(found(&app, &all, user).await, of_all);
        assert_eq!(found(&app, &all, &user.to_uppercase()).await, of_all);
        assert_eq!(found(&app, &acme, user).await, of_acme);
        assert_eq!(found(&app, &other, user).await, [id("iss", 3)]);
        assert_eq!(found(&app, &of("nobody"), user).await, [""; 0]);

        let hash = "AB".repeat(32);
        let by_reference = ids(&[("iss", 1), ("iss", 2), ("ver", 6), ("lnk", 7), ("clm", 8)]);
        for (text, expected) in [
            (id("iss", 1), ids(&[("iss", 1)])),
            (id("clm", 8), ids(&[("clm", 8)])),
            (id("iss", 3), ids(&[])),
            (id("iss", 9), ids(&[])),
            (id("evt", 1), ids(&[("iss", 1)])),
            (id("ntc", 1), ids(&[("iss", 1)])),
            (id("job", 1), ids(&[("iss", 1)])),
            ("case-1".to_owned(), by_reference),
            ("case-2".to_owned(), ids(&[])),
            (hash.clone(), ids(&[("iss", 1), ("wal", 4)])),
            (format!(" 0x{hash} "), ids(&[("iss", 1), ("wal", 4)])),
            ("cd".repeat(32), ids(&[])),
            // A credential, its copy, an attribute's row, what a vendor knows the person by.
            ("00000000-0000-4000-8000-000000000010".to_owned(), ids(&[("iss", 1)])),
            ("00000000-0000-4000-8000-000000000021".to_owned(), ids(&[("iss", 2)])),
            ("00000000-0000-4000-8000-000000000005".to_owned(), ids(&[("att", 5)])),
            ("00000000-0000-4000-8000-000000000006".to_owned(), ids(&[("ver", 6)])),
            ("00000000-0000-4000-8000-000000000030".to_owned(), ids(&[])),
            ("' OR '1' = '1".to_owned(), ids(&[])),
        ] {
            assert_eq!(found(&app, &acme, &text).await, expected, "{text}");
        }
        assert_eq!(found(&app, &all, &"cd".repeat(32)).await, [id("iss", 3)]);
        let nothing = look::search(&app, &ACTOR, &all, "two words").await.unwrap();
        assert!(nothing.understood.is_empty() && nothing.hits.is_empty() && !nothing.more);
        app.store.close().await;
    }

    async fn people_are_found_by_address_and_wallet_without_a_trace_of_either(backend) {
        let stage = Stage::new(backend).await;
        let app = stage.app().await;
        let now = app.clock.now();
        let mut ids = Vec::new();
        for client in ["acme", "other"] {
            let id = IssuanceId::new(now, &mut OsRng);
            let issuance = Issuance { client: client.to_owned(), ..issued_record(&app, &id, now) };
            let contact = Contact { email: "Ada@Example.com".parse().unwrap(), locale: Locale::default() };
            let locked = contact::lock(&app.vault, (id.as_str(), client), &contact).unwrap();
            let mut tx = app.store.begin().await.unwrap();
            tx.add_issuance(&issuance, None).await.unwrap();
            tx.keep_contact(&id, &locked, now).await.unwrap();
            tx.commit().await.unwrap();
            ids.push(id.to_string());
        }
        let mut both = ids.clone();
        both.sort();
        assert_eq!(found(&app, &Reach::All, "ada@EXAMPLE.com").await, both);
        assert_eq!(found(&app, &of("acme"), "ada@example.com").await, [ids[0].clone()]);
        assert_eq!(found(&app, &of("acme"), "eve@example.com").await, [""; 0]);

        // A wallet on its way into a profile: known by its keyed hash, in any spelling.
        let user = User::with(WalletType::Evm);
        let asked = profile::request(&app, &caller(), &fresh_key(&app), new_profile(&user)).await.unwrap();
        let address = user.wallet.address();
        for text in [address.clone(), address.to_lowercase(), address.to_uppercase().replace("0X", "0x")] {
            let findings = look::search(&app, &ACTOR, &of("acme"), &text).await.unwrap();
            assert_eq!(findings.hits.len(), 1, "{text}");
            assert_eq!(findings.hits[0].record.as_str(), asked.record.id.as_str());
            assert_eq!(findings.network, Some(Network::HasItNot));
            assert_eq!(findings.understood, ["wallet", "reference"]);
        }
        assert_eq!(found(&app, &of("other"), &address).await, [""; 0]);

        // Each look is written down: three by address, four by wallet; and nothing of what was looked for.
        let mut looked = Vec::new();
        for subject in ["all", "acme", "other"] {
            looked.extend(app.store.audit_of(subject).await.unwrap());
        }
        assert_eq!(looked.len(), 3 + 4);
        assert!(looked.iter().all(|entry| entry.act == "contact_looked_up" && entry.actor == "operator"));
        let end = app.store.audit_end().await.unwrap().seq;
        let chain = format!("{:?}", app.store.audit_page(0, end).await.unwrap()).to_lowercase();
        assert!(!chain.contains("example.com") && !chain.contains(&address.to_lowercase()));
        app.store.close().await;
    }

    async fn a_record_is_shown_with_all_that_belongs_to_it(backend) {
        let stage = Stage::new(backend).await;
        let app = stage.app().await;
        let user = "7b0c3d7e-9d0a-4f63-9a55-0f0ea3e1a001";
        run(&stage, &of_every_kind(user)).await;
        for (subject, act) in [("iss", AuditAction::Received), ("ver", AuditAction::VerificationOpened), ("iss", AuditAction::Issued)] {
            let number = if subject == "iss" { 1 } else { 6 };
            let mut tx = app.store.begin().await.unwrap();
            tx.record(&AuditEntry::new(app.clock.now(), Actor::Service, act, id(subject, number))).await.unwrap();
            tx.commit().await.unwrap();
        }
        let (all, acme) = (Reach::All, of("acme"));
        let show = async |whose: &Reach, id: String| {
            look::record(&app, whose, &id.parse::<AnyRecord>().unwrap()).await.unwrap()
        };
        // Whoever may not see it is told the same as of what is not there.
        assert!(show(&of("other"), id("iss", 1)).await.is_none());
        assert!(show(&acme, id("iss", 3)).await.is_none() && show(&acme, id("iss", 9)).await.is_none());
        for (prefix, number, state, waits, code) in [
            ("iss", 1, "issued", None, None),
            ("wal", 4, "halted", Some("person"), Some("refused")),
            ("att", 5, "created", None, None),
            ("ver", 6, "halted", Some("person"), Some("not_in_schema")),
            ("lnk", 7, "halted", Some("person"), Some("refused")),
            ("clm", 8, "written", None, None),
        ] {
            let record = show(&acme, id(prefix, number)).await.unwrap();
            assert_eq!(record.hit.state, state, "{prefix}");
            assert_eq!(record.waits.as_ref().map(|waits| waits.what), waits, "{prefix}");
            assert_eq!(record.stop.as_ref().map(|stop| stop.code), code, "{prefix}");
            assert!(record.stop.as_ref().is_none_or(|stop| !stop.cure.is_empty()));
            assert!(record.facts.iter().any(|fact| fact.name == "client"));
            assert!(record.related.iter().all(|related| related.hit.client == "acme"), "{prefix}");
            // Each but itself, once.
            assert_eq!(record.related.len(), 6, "{prefix}");
        }
        let record = show(&acme, id("iss", 1)).await.unwrap();
        let relations: Vec<_> =
            record.related.iter().take(3).map(|related| (related.relation, related.hit.record.to_string())).collect();
        assert_eq!(
            relations,
            [(Relation::MadeOf, id("ver", 6)), (Relation::Claim, id("clm", 8)), (Relation::RenewedBy, id("iss", 2))]
        );
        assert_eq!(record.notices.len(), 1);
        assert_eq!(record.events.len(), 1);
        assert!(record.events[0].is_given_up());
        let told: Vec<_> = record
            .timeline
            .iter()
            .map(|moment| match &moment.what {
                What::Done { act, other, .. } => format!("{act}{}", if other.is_some() { "*" } else { "" }),
                What::Planned(planned) => planned.as_str().to_owned(),
            })
            .collect();
        assert_eq!(told, ["received", "verification_opened*", "issued", "notice"]);
        let obstacles = show(&all, id("ver", 6)).await.unwrap().stop.unwrap().obstacles;
        assert_eq!(obstacles, [("missing".to_owned(), "address".to_owned())]);
        app.store.close().await;
    }

    async fn a_real_issuance_tells_its_way(backend) {
        let stage = Stage::new(backend).await;
        let user = User::with(WalletType::Evm);
        create_profile(&stage, &user).await;
        let service = stage.service().await;
        let app = &service.app;
        let issuance = submit(app, &user, Authority::Inserter).await;
        until(app, &issuance.id, |one| one.state == State::Issued).await;
        let record = look::record(app, &of("acme"), &AnyRecord::Issuance(issuance.id.clone())).await.unwrap().unwrap();
        assert!(record.waits.is_none() && record.stop.is_none() && record.jobs.is_empty() && !record.has_earlier);
        let (mut done, mut planned) = (Vec::new(), Vec::new());
        for moment in &record.timeline {
            match &moment.what {
                What::Done { act, .. } => done.push(act.as_str()),
                What::Planned(what) => planned.push(what.clone()),
            }
        }
        assert_eq!((done.first(), done.last()), (Some(&"received"), Some(&"issued")));
        assert_eq!(planned, [Planned::CredentialEnds]);
        let numbers = async || {
            look::count_up(app).await.unwrap();
            look::numbers(app, &of("acme"), 2).await.unwrap()
        };
        let counted = numbers().await;
        assert_eq!((counted.total(Counted::Received), counted.total(Counted::Issued)), (1, 1));
        assert_eq!(counted.total(Counted::Profiles), 1);
        assert_eq!(numbers().await, counted);
        service.stop().await;
    }

    async fn what_has_stopped_for_one_reason_is_brought_on_in_the_background(backend) {
        let stage = Stage::new(backend).await;
        let service = stage.service().await;
        let app = &service.app;
        let mut made = Vec::new();
        for _ in 0..5 {
            made.push(submit(app, &User::with(WalletType::Evm), Authority::Inserter).await);
        }
        let halted = |place: usize, client: &str, code: &str| {
            format!(
                "UPDATE issuance SET state = 'halted', halt = '{code}', client = '{client}', waits_until = 9000000000000, \
                 updated_at = {} WHERE id = '{}'",
                place + 1,
                made[place].id
            )
        };
        let jobs = "DELETE FROM job".to_owned();
        let content = format!("DELETE FROM unsealed_credential WHERE issuance_id = '{}'", made[1].id);
        let statements = [
            jobs,
            halted(0, "acme", "not_an_inserter"),
            halted(1, "acme", "not_an_inserter"),
            halted(2, "acme", "not_an_inserter"),
            halted(3, "acme", "refused"),
            halted(4, "other", "not_an_inserter"),
            content,
        ];
        run(&stage, &statements).await;

        let halts = look::halts(app, &Reach::All).await.unwrap();
        let groups: Vec<_> = halts
            .groups
            .iter()
            .map(|group| (group.reason.client.as_str(), group.reason.code, group.count, group.oldest.unix_millis()))
            .collect();
        assert_eq!(
            groups,
            [
                ("acme", HaltCode::NotAnInserter, 3, 1),
                ("acme", HaltCode::Refused, 1, 4),
                ("other", HaltCode::NotAnInserter, 1, 5)
            ]
        );
        assert_eq!(look::halts(app, &of("other")).await.unwrap().groups.len(), 1);
        let reason = |client: &str| Reason {
            client: client.to_owned(),
            what: Stopped::Issuance,
            code: HaltCode::NotAnInserter,
        };
        let (records, more) = look::stopped_for(app, &of("acme"), &reason("acme"), None).await.unwrap();
        assert_eq!(records.iter().map(|one| one.hit.record.as_str()).collect::<Vec<_>>(), [0, 1, 2].map(|place| made[place].id.as_str()));
        assert!(!more && records[0].since.unix_millis() == 1);
        assert!(look::stopped_for(app, &of("acme"), &reason("other"), None).await.unwrap().0.is_empty());

        // Not what may not be seen, and not what has not stopped.
        for (whose, client) in [("acme", "other"), ("nobody", "nobody")] {
            let refused = look::resume_all(app, &ACTOR, &of(whose), reason(client)).await;
            assert!(matches!(refused, Err(BulkError::Nothing)));
        }
        let bulk = look::resume_all(app, &ACTOR, &of("acme"), reason("acme")).await.unwrap();
        assert_eq!((bulk.total, bulk.state), (3, BulkState::Running));
        let mut shown = bulk;
        for _ in 0..1200 {
            shown = look::halts(app, &of("acme")).await.unwrap().bulk.remove(0);
            if shown.state != BulkState::Running {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!((shown.state, shown.resumed, shown.remaining), (BulkState::Done, 2, 1));
        for (place, is_halted) in [(0, false), (1, true), (2, false), (3, true), (4, true)] {
            let there = app.store.issuance(&made[place].id).await.unwrap().unwrap();
            assert_eq!(there.state == State::Halted, is_halted, "{place}");
        }
        assert!(look::halts(app, &of("other")).await.unwrap().bulk.is_empty());
        assert!(matches!(look::end_bulk_resume(app, &ACTOR, &of("acme"), &shown.id).await, Err(BulkError::Over)));
        service.stop().await;
    }

    async fn what_runs_is_not_begun_twice_and_can_be_ended(backend) {
        let stage = Stage::new(backend).await;
        // Without background work.
        let app = stage.app().await;
        let issuance = submit(&app, &User::with(WalletType::Evm), Authority::Inserter).await;
        run(&stage, &[format!("UPDATE issuance SET state = 'halted', halt = 'refused' WHERE id = '{}'", issuance.id)]).await;
        let reason = Reason { client: "acme".to_owned(), what: Stopped::Issuance, code: HaltCode::Refused };
        let bulk = look::resume_all(&app, &ACTOR, &of("acme"), reason.clone()).await.unwrap();
        let again = look::resume_all(&app, &ACTOR, &of("acme"), reason).await;
        assert!(matches!(again, Err(BulkError::Running)));
        assert!(matches!(look::end_bulk_resume(&app, &ACTOR, &of("other"), &bulk.id).await, Err(BulkError::Over)));
        look::end_bulk_resume(&app, &ACTOR, &of("acme"), &bulk.id).await.unwrap();
        let job = app.store.jobs_about(bulk.id.as_str()).await.unwrap().remove(0);
        look::bring_on_all(&app, &job).await.unwrap();
        assert_eq!(app.store.issuance(&issuance.id).await.unwrap().unwrap().state, State::Halted);
        assert!(app.store.jobs_about(bulk.id.as_str()).await.unwrap().is_empty());
        let entries = app.store.audit_of(bulk.id.as_str()).await.unwrap();
        let details: Vec<_> = entries.iter().map(|entry| entry.detail.as_str()).collect();
        assert_eq!(details, ["acme:issuance:refused", "ended"]);
        app.store.close().await;
    }

    async fn lists_lead_through_all_and_back(backend) {
        let stage = Stage::new(backend).await;
        let app = stage.app().await;
        let mut statements = Vec::new();
        for number in 1..=130_u32 {
            let client = if number % 3 == 0 { "other" } else { "acme" };
            let now = if number % 2 == 0 { "queued" } else { "issued" };
            // Several at the same moment.
            let at = number / 4;
            let uuid = random_uuid(&mut OsRng);
            statements.push(format!(
                "INSERT INTO issuance (id, client, kind, state, delivery, user_id, original_id, copy_id, notes_id, level, write_key, \
                 created_at, updated_at, was_sent) VALUES ('{}', '{client}', 'kyc', '{now}', 'inserter', '{uuid}', '{uuid}', '{uuid}', \
                 '{uuid}', 'basic', 'k', {at}, {at}, 0)",
                id("iss", number)
            ));
            statements.push(format!(
                "INSERT INTO verification (id, client, source, external_id, state, delivery, problems, made, version, created_at, updated_at) \
                 VALUES ('{}', '{client}', 'kyc', '{uuid}', 'opened', 'inserter', '', 0, 1, {at}, {at})",
                id("ver", number)
            ));
            statements.push(format!(
                "INSERT INTO notice (id, issuance_id, client, owner, days, valid_until, state, due_at, attempts, paced, created_at, updated_at) \
                 VALUES ('{}', '{}', '{client}', 'o', 30, 9, 'sent', {at}, 1, 0, 1, 1)",
                id("ntc", number),
                id("iss", number)
            ));
            statements.push(format!(
                "INSERT INTO event (id, client, kind, subject, body, created_at) \
                 VALUES ('{}', '{client}', 'issuance.issued', '{}', '{{}}', {at})",
                id("evt", number),
                id("iss", number)
            ));
            statements.push(format!(
                "INSERT INTO job (id, work, subject, target, series, state, due_at, attempts, created_at) \
                 VALUES ('{}', 'send_webhook', '{}', 'cases', '', 'halted', 1, 9, {at})",
                id("job", number),
                id("evt", number)
            ));
        }
        run(&stage, &statements).await;
        let filter = Filter::default();
        let queued = Filter { state: Some(State::Queued), ..Filter::default() };
        for (whose, count, of_queued) in [(Reach::All, 130, 65), (of("other"), 43, 21), (of("nobody"), 0, 0)] {
            let issuances = through(async |at| {
                let part = look::issuances(&app, &whose, &filter, at).await.unwrap();
                (part.rows.iter().map(|one| one.id.to_string()).collect(), part.newer, part.older)
            }).await;
            assert_eq!(issuances.len(), count, "{whose}");
            let some = through(async |at| {
                let part = look::issuances(&app, &whose, &queued, at).await.unwrap();
                (part.rows.iter().map(|one| one.id.to_string()).collect(), part.newer, part.older)
            }).await;
            assert_eq!(some.len(), of_queued, "{whose}");
            for wanted in [(None, None), (Some("kyc"), None), (None, Some(VerificationState::Opened)), (Some("kyc"), Some(VerificationState::Opened))] {
                let verifications = through(async |at| {
                    let part = look::verifications(&app, &whose, wanted, at).await.unwrap();
                    (part.rows.iter().map(|one| one.id.to_string()).collect(), part.newer, part.older)
                }).await;
                assert_eq!(verifications.len(), count, "{whose}");
            }
            let notices = through(async |at| {
                let part = look::notices(&app, &whose, NoticeState::Sent, at).await.unwrap();
                (part.rows.iter().map(|one| one.id.to_string()).collect(), part.newer, part.older)
            }).await;
            assert_eq!(notices.len(), count, "{whose}");
            let not_told = through(async |at| {
                let part = look::events_not_told(&app, &whose, at).await.unwrap();
                (part.rows.iter().map(|one| one.job.id.to_string()).collect(), part.newer, part.older)
            }).await;
            assert_eq!(not_told.len(), count, "{whose}");
        }
        assert!(look::notices(&app, &Reach::All, NoticeState::Failed, None).await.unwrap().rows.is_empty());
        app.store.close().await;
    }

    async fn each_entry_of_the_chain_counts_once(backend) {
        let stage = Stage::new(backend).await;
        let app = stage.app().await;
        run(&stage, &of_every_kind("7b0c3d7e-9d0a-4f63-9a55-0f0ea3e1a001")).await;
        let now = app.clock.now();
        let notice: NoticeId = id("ntc", 1).parse().unwrap();
        let write = async |at: Timestamp, act: AuditAction, subject: String, detail: String| {
            let mut tx = app.store.begin().await.unwrap();
            tx.record(&AuditEntry::new(at, Actor::Service, act, subject).detail(detail)).await.unwrap();
            tx.commit().await.unwrap();
        };
        for day in 0..3 {
            let at = now.plus_millis(-day * DAY);
            for number in 1..=3 {
                write(at, AuditAction::Issued, id("iss", number), "ab".to_owned()).await;
            }
            write(at, AuditAction::VerificationDeclined, id("ver", 6), String::new()).await;
        }
        write(now, AuditAction::NoticeSent, id("iss", 1), format!("{notice}:sent:30")).await;
        // One address, two issuances.
        write(now, AuditAction::MailStopped, id("iss", 1), "unreachable".to_owned()).await;
        write(now, AuditAction::MailStopped, id("iss", 2), "unreachable".to_owned()).await;
        write(now, AuditAction::Issued, id("iss", 99), String::new()).await;
        // Several count at the same time, and again.
        for _ in 0..2 {
            let (one, other) = tokio::join!(look::count_up(&app), look::count_up(&app));
            one.unwrap();
            other.unwrap();
        }
        let numbers = look::numbers(&app, &Reach::All, 2).await.unwrap();
        assert_eq!(numbers.days.len(), 2);
        assert_eq!(numbers.of(Counted::Issued), [3, 3]);
        assert_eq!(numbers.of(Counted::Declined), [1, 1]);
        assert_eq!(numbers.of(Counted::MailsSent), [0, 1]);
        assert_eq!(numbers.of(Counted::MailsBounced), [0, 1]);
        assert_eq!(numbers.of(Counted::Failed), [0, 0]);
        assert_eq!(look::numbers(&app, &of("acme"), 3).await.unwrap().total(Counted::Issued), 6);
        assert_eq!(look::numbers(&app, &of("other"), 365).await.unwrap().total(Counted::Issued), 3);
        assert_eq!(look::numbers(&app, &of("nobody"), 365).await.unwrap().total(Counted::Issued), 0);
        // What is old goes; and it does not come back.
        let yesterday = idos_issuer::model::numbers::Day::of(now).plus(-1).millis();
        app.store.forget_numbers_before(yesterday).await.unwrap();
        look::count_up(&app).await.unwrap();
        assert_eq!(look::numbers(&app, &Reach::All, 30).await.unwrap().total(Counted::Issued), 6);
        app.store.close().await;
    }
}

/// Ids of a list, from its beginning to its end and back to the beginning: both ways show the same rows, each once, in order.
async fn through(part: impl AsyncFn(Option<&At>) -> (Vec<String>, Option<At>, Option<At>)) -> Vec<String> {
    let mut parts = Vec::new();
    let mut at: Option<At> = None;
    let mut last_newer;
    loop {
        let (rows, newer, older) = part(at.as_ref()).await;
        assert_eq!(newer.is_some(), at.is_some() && !rows.is_empty());
        last_newer = newer;
        parts.push(rows);
        assert!(parts.len() < 10);
        let Some(older) = older else { break };
        // As a link has it.
        at = Some(older.to_string().parse().unwrap());
    }
    let all: Vec<_> = parts.concat();
    let mut sorted = all.clone();
    sorted.sort();
    sorted.reverse();
    sorted.dedup();
    assert_eq!(all, sorted);
    for before in parts.iter().rev().skip(1) {
        let (rows, newer, _) = part(last_newer.as_ref()).await;
        assert_eq!(&rows, before);
        last_newer = newer;
    }
    assert_eq!(last_newer, None);
    all
}
