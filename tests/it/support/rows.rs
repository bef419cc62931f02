//! A database with as many rows as one likes, for tests of plans and for measurements.

/// The statements that fill every growing table with so many rows, at most 89 999 999: most are over, few are under way; one
/// client has nearly all of them. The same rows each time, and the same on both databases.
#[expect(clippy::too_many_lines, reason = "a statement for each table")]
pub(crate) fn of_every_table(rows: u32) -> Vec<String> {
    let many = |columns: &str, values: &str| {
        format!(
            "INSERT INTO {columns} WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
             SELECT {values} FROM n"
        )
    };
    // 26 characters that sort by number.
    let id = |prefix: &str| format!("'{prefix}_000000000000000000' || CAST(10000000 + i AS TEXT)");
    let (issuance, profile, job, event) = (id("iss"), id("prf"), id("job"), id("evt"));
    let hash = "'hash' || CAST(10000000 + i AS TEXT)";
    let locked = "'v1.' || CASE WHEN i % 1000 = 0 THEN 'bbbbbbbb' ELSE 'aaaaaaaa' END || '.x'";
    let user = "'00000000-0000-4000-8000-0000' || CAST(10000000 + i AS TEXT)";
    let client = "CASE WHEN i % 100 = 0 THEN 'other' ELSE 'acme' END";
    vec![
        many(
            "issuance (id, client, kind, state, delivery, user_id, original_id, copy_id, notes_id, level, reference, \
             write_key, valid_until, waits_until, created_at, updated_at, sealed_at, noticed, was_sent, halt, tx_hash)",
            &format!(
                "{issuance}, {client}, CASE WHEN i % 500 = 0 THEN 'personhood' ELSE 'kyc' END, \
                 CASE WHEN i % 400 = 0 THEN 'queued' WHEN i % 300 = 0 THEN 'halted' \
                 WHEN i % 200 = 0 THEN 'awaiting_profile' ELSE 'issued' END, 'inserter', \
                 {user}, {user}, {user}, {user}, 'basic', 'case-' || CAST(i AS TEXT), 'k', 1000000 + i, \
                 CASE WHEN i % 300 = 0 OR i % 200 = 0 THEN CAST(i AS BIGINT) ELSE NULL END, i, i, \
                 CASE WHEN i % 200 = 0 THEN NULL ELSE CAST(i AS BIGINT) END, \
                 CASE WHEN i % 3 = 0 THEN NULL ELSE 'expired' END, \
                 CASE WHEN i % 2 = 0 THEN 1 ELSE 0 END, CASE WHEN i % 300 = 0 THEN 'refused' ELSE NULL END, {hash}"
            ),
        ),
        many(
            "contact (issuance_id, client, locked, email_index, created_at)",
            &format!("{issuance}, {client}, {locked}, {hash}, i"),
        ),
        many(
            "kept_content (issuance_id, client, stage, kept_until, valid_until, locked, created_at)",
            &format!(
                "{issuance}, {client}, CASE WHEN i % 50 = 0 THEN 'waiting' WHEN i % 3 = 0 THEN 'choice_open' ELSE 'safety_net' END, \
                 1000000 + i, NULL, {locked}, i"
            ),
        ),
        many("unsealed_credential (issuance_id, locked)", &format!("{issuance}, {locked}")),
        many("write_grant (issuance_id, locked)", &format!("{issuance}, {locked}")),
        many(
            "sealed_credential (issuance_id, content, encryptor_public_key, public_notes_signature, broader_signature)",
            &format!("{issuance}, 'a', 'b', 'c', 'd'"),
        ),
        many("sealed_part (issuance_id, is_copy, number, content)", &format!("{issuance}, 0, 0, 'a'")),
        many(
            "profile (id, client, state, user_id, wallet_id, write_key, encryption_public_key, password_store, \
             locked_wallet, waits_until, created_at, updated_at, was_sent, halt, tx_hash)",
            &format!(
                "{profile}, {client}, CASE WHEN i % 200 = 0 THEN 'halted' ELSE 'created' END, \
                 {user}, {user}, 'k', 'e', 'user', CASE WHEN i % 200 = 0 THEN {locked} ELSE NULL END, \
                 CASE WHEN i % 200 = 0 THEN CAST(i AS BIGINT) ELSE NULL END, i, i, 0, \
                 CASE WHEN i % 200 = 0 THEN 'refused' ELSE NULL END, {hash}"
            ),
        ),
        many(
            "job (id, work, subject, target, series, lane, state, due_at, attempts, created_at, tx_hash)",
            &format!(
                "{job}, CASE WHEN i % 2 = 0 THEN 'send_webhook' ELSE 'write_credential' END, \
                 CASE WHEN i % 2 = 0 THEN {event} ELSE {issuance} END, '', \
                 CASE WHEN i % 2 = 0 THEN {issuance} ELSE '' END, \
                 CASE WHEN i % 2 = 0 THEN NULL ELSE 'lane' || CAST(i % 4 AS TEXT) END, \
                 CASE WHEN i % 100 = 0 THEN 'halted' WHEN i % 99 = 0 AND i % 2 = 1 THEN 'sent' ELSE 'ready' END, \
                 i, 0, i, CASE WHEN i % 99 = 0 AND i % 2 = 1 THEN {hash} ELSE NULL END"
            ),
        ),
        many(
            "event (id, client, kind, subject, body, created_at)",
            &format!(
                "{event}, {client}, CASE WHEN i % 500 = 0 THEN 'issuance.halted' ELSE 'issuance.issued' END, \
                 {issuance}, '{{}}', i"
            ),
        ),
        many(
            "idempotency (client, key_hash, fingerprint, subject, created_at)",
            &format!("{client}, {hash}, 'f', {issuance}, i"),
        ),
        many(
            "audit (seq, at, actor, act, subject, detail, salt, link, also, also_salt, also_link, previous, hash)",
            &format!(
                "i, i, 'service', 'issued', {issuance}, '', 's', 'l', CASE WHEN i % 5 = 0 THEN {issuance} ELSE '' END, \
                 '', '', '', ''"
            ),
        ),
        many("audit_view (subject, actor, hour)", &format!("{issuance}, {client}, i")),
        many(
            "verification (id, client, source, external_id, state, delivery, user_id, reference, locked_contact, contact_index, case_id, \
             problems, made, version, waits_until, created_at, updated_at)",
            &format!(
                "{}, {client}, CASE WHEN i % 50 = 0 THEN 'rare' ELSE 'kyc' END, {user}, \
                 CASE WHEN i % 200 = 0 THEN 'opened' ELSE 'issued' END, 'inserter', {user}, 'case-' || CAST(i AS TEXT), \
                 CASE WHEN i % 200 = 0 THEN {locked} ELSE NULL END, CASE WHEN i % 200 = 0 THEN {hash} ELSE NULL END, {hash}, '', 1, 1, \
                 CASE WHEN i % 200 = 0 THEN CAST(i AS BIGINT) ELSE NULL END, i, i",
                id("ver")
            ),
        ),
        many(
            "verification_issuance (issuance_id, verification_id, owner, created_at)",
            &format!("{issuance}, {}, 'acme/kyc/' || {user}, i", id("ver")),
        ),
        many(
            "mail_link (hash, issuance_id, purpose, created_at, expires_at)",
            &format!("{hash}, {issuance}, 'renew', i, i"),
        ),
        many(
            "claim (id, client, hash, state, delivery, user_id, issuance_id, profile_id, grant_seconds, locked, version, \
             expires_at, due_at, created_at, updated_at, reference, wallet_index)",
            &format!(
                "{}, {client}, {hash}, 'written', 'write_grant', {user}, {issuance}, {profile}, 3600, \
                 CASE WHEN i % 200 = 0 THEN {locked} ELSE NULL END, 1, i, i, i, i, 'case-' || CAST(i AS TEXT), {hash}",
                id("clm")
            ),
        ),
        many(
            "erasure_case (id, client, state, origin, received_at, due_at, revokes, records, is_shared, link_hash, held_until, version, \
             created_at, updated_at)",
            &format!(
                "{}, {client}, CASE WHEN i % 200 = 0 THEN 'held' WHEN i % 100 = 0 THEN 'awaiting_decision' ELSE 'done' END, 'api', \
                 i, i, 0, 1, 0, CASE WHEN i % 200 = 0 THEN {hash} ELSE NULL END, \
                 CASE WHEN i % 200 = 0 THEN CAST(i AS BIGINT) ELSE NULL END, 1, i, i",
                id("era")
            ),
        ),
        many(
            "erasure_record (case_id, kind, record_id, step)",
            &format!("{}, 'issuance', {issuance}, 'listed'", id("era")),
        ),
        many(
            "attribute (id, client, state, user_id, attribute_id, sensitive, write_key, locked, waits_until, created_at, \
             updated_at, was_sent, halt, tx_hash)",
            &format!(
                "{}, {client}, CASE WHEN i % 200 = 0 THEN 'halted' ELSE 'created' END, {user}, {user}, 'value', 'k', \
                 CASE WHEN i % 200 = 0 THEN {locked} ELSE NULL END, \
                 CASE WHEN i % 200 = 0 THEN CAST(i AS BIGINT) ELSE NULL END, i, i, 0, \
                 CASE WHEN i % 200 = 0 THEN 'refused' ELSE NULL END, {hash}",
                id("att")
            ),
        ),
        many(
            "wallet_link (id, client, state, user_id, in_profile, for_credential, reference, wallet_index, locked_wallet, attempts, \
             expires_at, proven_at, proof_hash, record_id, waits_until, created_at, updated_at)",
            &format!(
                "{}, {client}, CASE WHEN i % 200 = 0 THEN 'challenged' ELSE 'proven' END, {user}, 1, 0, \
                 'case-' || CAST(i AS TEXT), {hash}, CASE WHEN i % 200 = 0 THEN {locked} ELSE NULL END, 0, i, i, {hash}, \
                 {profile}, CASE WHEN i % 200 = 0 THEN CAST(i AS BIGINT) ELSE NULL END, i, i",
                id("lnk")
            ),
        ),
        many(
            "relay_start (claim_id, consumer_id, level, person, wallet, verification_id, created_at)",
            &format!("{}, {user}, 'plus', {hash}, NULL, {}, i", id("clm"), id("ver")),
        ),
        many("relay_check (verification_id, consumer_id)", &format!("{}, {user}", id("ver"))),
        many(
            "relay_credential (credential_id, consumer_id, issuance_id)",
            &format!("{user}, {user}, {issuance}"),
        ),
        many(
            "mail_stop (client, email_index, reason, created_at)",
            &format!("{client}, {hash}, 'unsubscribed', i"),
        ),
        many(
            "person (hash, owner, locked, uses, created_at)",
            &format!("{hash}, 'acme/' || {user}, {locked}, 1, i"),
        ),
        many("person_issuance (issuance_id, hash)", &format!("{issuance}, {hash}")),
        // One of a hundred is due soon or now, as on a morning of a large issuer.
        many(
            "notice (id, issuance_id, client, owner, days, valid_until, state, due_at, attempts, paced, lease_until, \
             created_at, updated_at)",
            &format!(
                "{}, {issuance}, {client}, 'acme/kyc/' || {user}, 30, 1000000 + i, \
                 CASE WHEN i % 1000 = 0 THEN 'sending' WHEN i % 3 = 0 THEN 'planned' ELSE 'sent' END, i, 0, 0, \
                 CASE WHEN i % 1000 = 0 THEN CAST(i AS BIGINT) ELSE NULL END, i, i",
                id("ntc")
            ),
        ),
        many(
            "daily (client, day, what, count)",
            &format!("{client}, 86400000 * CAST(i AS BIGINT), 'issued', 1"),
        ),
        many(
            "bulk_resume (id, client, what, code, state, actor, total, resumed, remaining, place_at, place_id, created_at, updated_at)",
            &format!(
                "{}, {client}, 'issuance', 'refused', 'done', 'operator', 1, 1, 0, i, '', i, i",
                id("blk")
            ),
        ),
        many("mail_limit (name, at, count)", &format!("{hash}, i, 1")),
        many("vendor_event (id, event, received_at)", &format!("'kyc/' || {hash}, 'approved', i")),
        many(
            "audit_checkpoint (number, entry, hash, at, key_id, public_key, signature)",
            "i, i, '', i, 'k', 'p', 's'",
        ),
        many(
            "staff (id, name, role, client, locked_totp, totp_step, version, created_at, updated_at)",
            &format!("{}, 'name-' || CAST(i AS TEXT), 'viewer', '*', {locked}, 0, 0, i, i", id("stf")),
        ),
        many("staff_recovery (staff_id, hash)", &format!("{}, {hash}", id("stf"))),
        many(
            "staff_session (id, hash, staff_id, stage, seen_at, ends_at, created_at)",
            &format!("{}, {hash}, {}, 'full', i, i, i", id("ses"), id("stf")),
        ),
        many(
            "proposal (id, act, subject, detail, proposed_by, expires_at, created_at)",
            &format!("{}, 'remove_staff', {}, '', {}, i, i", id("pro"), id("stf"), id("stf")),
        ),
        many(
            "visit (id, way, locked, link_hash, hash, ends_at, created_at)",
            &format!("{}, 'mail', {locked}, 'l' || {hash}, {hash}, i, i", id("vis")),
        ),
        many("visit_record (visit_id, record_id)", &format!("{}, {issuance}", id("vis"))),
        many("asked_erasure (record_id, case_id)", &format!("{issuance}, {}", id("era"))),
        many("sign_in_attempt (who, failures, pause_until, at)", &format!("{hash}, 1, i, i")),
    ]
}
