//! The commands of operators: keys, schema, API keys, jobs, audit chain, vault.

use std::os::unix::fs::PermissionsExt as _;

use idos_credential::Timestamp;
use idos_issuer::model::ids::{IssuanceId, JobId};
use idos_issuer::model::job::{Job, Work};
use idos_issuer::store::Store;
use rand::rngs::OsRng;
use serde_json::{Value, json};

use crate::cli_deployment::{Deployment, ask, http, run};
use crate::cli_keys::fed;
use crate::support::{Folder, stderr, stdout};

/// Adds a halted job, as a receiver of webhooks that is gone for good leaves one.
pub(crate) async fn halted_job(deployment: &Deployment) -> JobId {
    let store = Store::connect(&deployment.database(), 2).await.unwrap();
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let job = Job {
        target: "cases".to_owned(),
        ..Job::new(Work::SendWebhook, "evt_01J00000000000000000000000", now, &mut OsRng)
    };
    let mut tx = store.begin().await.unwrap();
    tx.enqueue(&job).await.unwrap();
    tx.halt_job(&job, "gone").await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    job.id
}

/// Changes the database behind the service's back.
pub(crate) async fn tamper(deployment: &Deployment, sql: &'static str) {
    use sqlx::Connection as _;
    sqlx::any::install_default_drivers();
    let mut connection = sqlx::AnyConnection::connect(&deployment.database()).await.unwrap();
    assert!(sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected() > 0);
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_are_made_with_a_vault_key_and_shown() {
    let folder = Folder::new();
    let keys = folder.path("keys");
    let made = stdout(&run(&["keys", "generate", "--folder", &keys]));
    for file in ["signing.key", "write.key", "encryption.key", "vault.key"] {
        assert!(made.contains(file), "{made}");
        let bits = folder.0.join("keys").join(file).metadata().unwrap().permissions().mode();
        assert_eq!(bits & 0o777, 0o600, "{file}");
    }
    let again = run(&["keys", "generate", "--folder", &keys]);
    assert_eq!(again.status.code(), Some(2), "never overwritten");

    let deployment = Deployment::new().await;
    let second = run(&["keys", "generate", "--folder", &deployment.folder.path("more"), "--json"]);
    let second: Value = serde_json::from_str(&stdout(&second)).unwrap();
    deployment.configure_with(
        r#"write = ["keys/write.key", "more/write.key"]"#,
        r#"vault = ["more/vault.key", "keys/vault.key"]"#,
        "",
    );
    let shown = deployment.good_json(&["keys", "show", "--json"]);
    let write = shown["write"]["publicKeys"].as_array().unwrap();
    assert_eq!(write.len(), 2);
    assert_eq!(write[1], second["write"]["publicKey"]);
    let vault = shown["vault"]["keyIds"].as_array().unwrap();
    assert_eq!(vault.len(), 2);
    assert_eq!(vault[0], second["vault"]["keyIds"][0], "the first locks");
    let text = deployment.good(&["keys", "show"]);
    for id in write.iter().chain(vault) {
        assert!(text.contains(id.as_str().unwrap()), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_schema_is_made_and_checked() {
    let deployment = Deployment::new().await;
    Store::create(&deployment.database(), 1).await.unwrap().close().await;
    assert_eq!(deployment.run(&["migrate", "--check"]).status.code(), Some(1));
    let refused = deployment.run(&["apikey", "list"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("idos-issuer migrate"), "{}", stderr(&refused));

    deployment.configure("[database2]\n");
    assert_eq!(
        deployment.run(&["migrate"]).status.code(),
        Some(2),
        "nonsense is refused before anything is done"
    );
    deployment.configure("");
    deployment.good(&["migrate"]);
    deployment.good(&["migrate"]);
    deployment.good(&["migrate", "--check"]);
    assert_eq!(stdout(&deployment.run(&["apikey", "list"])), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_api_key_opens_the_api_until_it_is_revoked() {
    let deployment = Deployment::migrated().await;
    let key = deployment.good_json(&["apikey", "create", "--client", "acme", "--json"]);
    let text = key["key"].as_str().unwrap();
    let scopes: Vec<_> =
        key["scopes"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect();
    assert!(scopes.contains(&"issuances:write") && scopes.contains(&"events"), "{scopes:?}");
    assert!(!scopes.contains(&"issuances:erase") && !scopes.contains(&"issuances:revoke"), "{scopes:?}");

    let narrow = deployment.run(&[
        "apikey",
        "create",
        "--client",
        "acme",
        "--scope",
        "events",
        "--scope",
        "grants",
        "--expires-in",
        "30",
    ]);
    let narrow_text = stdout(&narrow).trim().to_owned();
    assert!(narrow_text.starts_with("idos_key_") && !stderr(&narrow).contains(&narrow_text));

    let serve = deployment.start(&["serve", "--no-worker"]);
    let list = || http().get(format!("{}/v1/issuances", serve.url()));
    assert_eq!(ask(list()).await.0, 401);
    assert_eq!(ask(list().bearer_auth(text)).await, (200, r#"{"items":[]}"#.to_owned()));
    assert_eq!(ask(list().bearer_auth(&narrow_text)).await.0, 403);

    let listed = deployment.good_json(&["apikey", "list", "--json"]);
    assert_eq!(listed[0]["id"], key["id"]);
    assert!(listed[0]["usedAt"].is_string() && listed[1]["expiresAt"].is_string());
    assert!(!listed.to_string().contains(&text[text.len() - 43..]), "no secrets");
    assert!(deployment.good(&["apikey", "list"]).contains("acme  until "));

    let id = key["id"].as_str().unwrap();
    deployment.good(&["apikey", "revoke", id]);
    assert_eq!(ask(list().bearer_auth(text)).await.0, 401);
    assert_eq!(deployment.run(&["apikey", "revoke", id]).status.code(), Some(2));
    assert!(deployment.good(&["apikey", "list"]).contains("revoked 20"));
    for wrong in [["--client", "a b"], ["--client", ""]] {
        assert_eq!(deployment.run(&[&["apikey", "create"], &wrong[..]].concat()).status.code(), Some(2));
    }
    let said = serve.said();
    assert!(!said.contains(&text[text.len() - 43..]), "{said}");
    assert!(deployment.good(&["audit", "verify"]).contains("3 entries"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn halted_jobs_are_listed_and_put_back() {
    let deployment = Deployment::migrated().await;
    let (first, second) = (halted_job(&deployment).await, "job_01J00000000000000000000000");
    let listed = deployment.good_json(&["jobs", "list", "--state", "halted", "--json"]);
    assert_eq!(listed[0]["id"], first.as_str());
    assert_eq!(listed[0]["reason"], "gone");
    assert!(deployment.good(&["jobs", "list"]).contains("halted  send_webhook evt_"));

    let missing = deployment.run(&["jobs", "retry", second]);
    assert_eq!(missing.status.code(), Some(1), "{}", stdout(&missing));
    deployment.good(&["jobs", "retry", first.as_str()]);
    assert_eq!(deployment.good(&["jobs", "list", "--state", "halted"]), "");
    assert_eq!(deployment.good_json(&["jobs", "list", "--json"])[0]["state"], "ready");
    deployment.good(&["jobs", "retry", "--all-halted"]);
    assert_eq!(deployment.run(&["jobs", "retry"]).status.code(), Some(2));

    tamper(&deployment, "UPDATE job SET state = 'halted'").await;
    assert!(deployment.good(&["jobs", "retry", "--all-halted"]).contains(first.as_str()));
    assert!(deployment.good(&["audit", "verify"]).contains("2 entries"), "each retry is written down");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_has_stopped_is_listed_and_brought_on() {
    let deployment = Deployment::migrated().await;
    let id = crate::cli_serve::submit_with_contact(&deployment, "rare.word@user.example").await;
    assert_eq!(deployment.good(&["halted", "list"]), "");
    tamper(
        &deployment,
        "UPDATE issuance SET state = 'halted', halt = 'not_an_inserter', waits_until = 9000000000000",
    )
    .await;
    tamper(&deployment, "DELETE FROM job WHERE work = 'seal'").await;
    let listed = deployment.good_json(&["halted", "list", "--json"]);
    let one = &listed.as_array().unwrap()[0];
    assert_eq!((one["id"].as_str(), one["what"].as_str()), (Some(id.as_str()), Some("issuance")));
    assert_eq!((one["code"].as_str(), one["client"].as_str()), (Some("not_an_inserter"), Some("acme")));
    assert!(deployment.good(&["halted", "list", "--what", "issuance"]).contains("delegate of one inserter"));
    for others in [["--code", "refused"], ["--client", "other"], ["--what", "profile"]] {
        let arguments = ["halted", "list", others[0], others[1]];
        assert_eq!(deployment.good(&arguments), "", "{others:?}");
        assert_eq!(deployment.good(&["halted", "resume", "--all", others[0], others[1]]), "", "{others:?}");
    }
    for unknown in [["--code", "Refused"], ["--what", "over"]] {
        assert_eq!(deployment.run(&["halted", "list", unknown[0], unknown[1]]).status.code(), Some(2));
    }
    assert_eq!(deployment.run(&["halted", "resume"]).status.code(), Some(2));
    let missing = deployment.run(&["halted", "resume", "iss_01J00000000000000000000000"]);
    assert_eq!(missing.status.code(), Some(1), "{}", stdout(&missing));

    assert_eq!(
        deployment.good(&["halted", "resume", "--all", "--code", "not_an_inserter"]),
        format!("{id} goes on\n")
    );
    assert_eq!(deployment.good(&["halted", "list"]), "");
    let store = Store::connect(&deployment.database(), 2).await.unwrap();
    let issuance = store.issuance(&id).await.unwrap().unwrap();
    assert_eq!(issuance.state.as_str(), "awaiting_profile");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_operator_finds_the_issuances_of_somebody() {
    let deployment = Deployment::migrated().await;
    let id = crate::cli_serve::submit_with_contact(&deployment, "rare.word@user.example").await;
    let config = deployment.config();
    let found = fed(&["--config", &config, "contacts", "lookup"], "Rare.Word@user.example\n");
    assert_eq!((found.status.code(), stdout(&found)), (Some(0), format!("{id} of acme\n")));
    let json = fed(&["--config", &config, "contacts", "lookup", "--json"], "rare.word@USER.example");
    assert_eq!(stdout(&json), format!("{{\"acme\":[\"{id}\"]}}\n"));
    let nobody = fed(&["--config", &config, "contacts", "lookup"], "nobody@user.example\n");
    assert_eq!((nobody.status.code(), stdout(&nobody)), (Some(1), String::new()));
    let wrong = fed(&["--config", &config, "contacts", "lookup"], "rare word");
    assert_eq!(wrong.status.code(), Some(2));
    for output in [found, json, nobody, wrong] {
        assert!(!stderr(&output).to_lowercase().contains("rare"), "{}", stderr(&output));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_changed_audit_chain_is_found_with_what_was_kept_elsewhere() {
    let deployment = Deployment::migrated().await;
    assert_eq!(deployment.good(&["audit", "checkpoint"]), "", "there is nothing to sign");
    for client in ["a", "b", "c"] {
        deployment.good(&["apikey", "create", "--client", client]);
    }
    let told = deployment.good(&["audit", "verify"]);
    assert_eq!(told, "the audit chain holds: 3 entries\nno signature of the issuer proves any of it\n");

    let line = deployment.good(&["audit", "checkpoint"]);
    assert_eq!(deployment.good(&["audit", "checkpoint"]), line, "nothing was added");
    let anchor = deployment.folder.write("anchor.json", &line);
    let export = deployment.good(&["audit", "export"]);
    assert_eq!(export.lines().count(), 4);
    assert_eq!(export.lines().next(), Some(line.trim()));
    let export = deployment.folder.write("export.jsonl", export);
    deployment.good(&["apikey", "create", "--client", "d"]);
    let told = deployment.good(&["audit", "verify", "--anchor", &anchor]);
    assert!(told.contains("entries up to 3 are neither altered nor missing"), "{told}");
    assert!(told.contains("which no signature proves yet: 1"), "{told}");
    let verdict = deployment.good_json(&["audit", "verify", "--json"]);
    assert_eq!(
        (&verdict["verdict"], &verdict["entries"], &verdict["proven"]),
        (&"holds".into(), &4.into(), &3.into())
    );

    // From the export alone, by somebody who knows the issuer's key, and by somebody who does not.
    let key = deployment.keys().signing_public()[0].to_multibase();
    let by_hand = run(&["audit", "verify", "--file", &export, "--anchor", &anchor, "--key", &key]);
    assert_eq!(by_hand.status.code(), Some(0), "{}{}", stdout(&by_hand), stderr(&by_hand));
    assert!(stdout(&by_hand).contains("the audit chain holds: 3 entries\n"));
    let by_nobody = run(&["audit", "verify", "--file", &export, "--anchor", &anchor]);
    assert_eq!(by_nobody.status.code(), Some(2));
    assert!(stdout(&by_nobody).contains("not judged: the anchor of "), "{}", stdout(&by_nobody));
    let text = std::fs::read_to_string(&export).unwrap();
    for (changed, said) in [
        (
            text.replace("client:b", "client:x").replace("\"subject\":\"key", "\"subject\":\"kay"),
            "broken at entry 1",
        ),
        (
            text.lines().take(3).collect::<Vec<_>>().join("\n"),
            "ends at entry 2, before entry 3 of checkpoint 1",
        ),
    ] {
        let changed = deployment.folder.write("changed.jsonl", changed);
        let found = run(&["audit", "verify", "--file", &changed, "--key", &key]);
        assert_eq!(found.status.code(), Some(1));
        assert!(stdout(&found).contains(said), "{}", stdout(&found));
    }

    // Anchors that are none, or another database's.
    let other = Deployment::migrated().await;
    other.good(&["apikey", "create", "--client", "a"]);
    let foreign = deployment.folder.write("foreign.json", other.good(&["audit", "checkpoint"]));
    let found = deployment.run(&["audit", "verify", "--anchor", &foreign]);
    assert_eq!(found.status.code(), Some(1));
    assert!(stdout(&found).contains("entry 1 is not the one that the anchor of"), "{}", stdout(&found));
    for (bytes, said) in [
        (String::new(), "malformed anchor: it is empty"),
        ("{".to_owned(), "line 1: malformed anchor: is no JSON object"),
        (
            line.replace("\"entry\":3", "\"entry\":\"Xyzzy\""),
            "malformed anchor: entry is missing or malformed",
        ),
        (line.replace("\"version\":1", "\"version\":9"), "malformed anchor: version is not one"),
    ] {
        let anchor = deployment.folder.write("wrong.json", bytes);
        let refused = deployment.run(&["audit", "verify", "--anchor", &anchor]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            stderr(&refused).contains(said) && !stderr(&refused).contains("Xyzzy"),
            "{}",
            stderr(&refused)
        );
    }
    let forged = deployment.folder.write("forged.json", line.replace("\"entry\":3", "\"entry\":2"));
    let found = deployment.run(&["audit", "verify", "--anchor", &forged]);
    assert_eq!(found.status.code(), Some(1));
    assert!(stdout(&found).contains("is forged or altered"), "{}", stdout(&found));

    // Cut off, with the checkpoint; and a single entry.
    tamper(&deployment, "DELETE FROM audit WHERE seq > 2").await;
    tamper(&deployment, "DELETE FROM audit_checkpoint").await;
    tamper(&deployment, "UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit WHERE seq = 2)").await;
    assert_eq!(deployment.run(&["audit", "verify"]).status.code(), Some(0), "nothing is left that tells");
    let found = deployment.run(&["audit", "verify", "--anchor", &anchor]);
    assert_eq!(found.status.code(), Some(1));
    assert!(
        stdout(&found).contains("the chain ends at entry 2, before entry 3 of the anchor of "),
        "{}",
        stdout(&found)
    );
    tamper(&deployment, "UPDATE audit SET actor = 'service' WHERE seq = 2").await;
    let broken = deployment.run(&["audit", "verify"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(stdout(&broken).starts_with("the audit chain is broken at entry 2\n"), "{}", stdout(&broken));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn contacts_are_locked_anew_under_another_vault_key() {
    let deployment = Deployment::migrated().await;
    let id = crate::cli_serve::submit_with_contact(&deployment, "rare.word@user.example").await;
    run(&["keys", "generate", "--folder", &deployment.folder.path("more")]);
    let both = r#"vault = ["more/vault.key", "keys/vault.key"]"#;
    deployment.configure_with(r#"write = "keys/write.key""#, both, "");
    let new_key = deployment.good_json(&["keys", "show", "--json"])["vault"]["keyIds"][0].clone();

    let said = deployment.good(&["vault", "relock"]);
    assert!(said.contains("locked 1 contacts") && said.contains(new_key.as_str().unwrap()), "{said}");
    assert!(deployment.good(&["vault", "relock"]).contains("locked 0 contacts"));

    // The old key is not needed any more, neither to open the contact nor to find it.
    deployment.configure_with(r#"write = "keys/write.key""#, r#"vault = "more/vault.key""#, "");
    let eraser = deployment.good_json(&[
        "apikey",
        "create",
        "--client",
        "acme",
        "--scope",
        "issuances:erase",
        "--json",
    ]);
    let serve = deployment.start(&["serve", "--no-worker"]);
    let (status, found) = ask(http()
        .post(format!("{}/v1/contacts/lookup", serve.url()))
        .bearer_auth(eraser["key"].as_str().unwrap())
        .header("content-type", "application/json")
        .body(r#"{"email":"Rare.Word@user.example"}"#))
    .await;
    assert_eq!(status, 200, "{found}");
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["issuances"][0].as_str().unwrap().parse::<IssuanceId>().unwrap(), id);
    let store = Store::connect(&deployment.database(), 2).await.unwrap();
    let acts: Vec<_> =
        store.audit_of(id.as_str()).await.unwrap().into_iter().map(|entry| entry.act).collect();
    assert!(acts.contains(&"relocked".to_owned()), "{acts:?}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_signing_key_is_refused_until_it_is_accepted() {
    let deployment = Deployment::migrated().await;
    let (code, ..) = deployment.start(&["serve"]).stop();
    assert_eq!(code, Some(0));

    run(&["keys", "generate", "--folder", &deployment.folder.path("more")]);
    std::fs::copy(deployment.folder.path("more/signing.key"), deployment.folder.path("keys/signing.key"))
        .unwrap();
    for command in ["serve", "worker"] {
        let refused = deployment.run(&[command]);
        assert_eq!(refused.status.code(), Some(2), "{command}");
        assert!(stderr(&refused).contains("idos-issuer keys accept"), "{}", stderr(&refused));
    }
    let accepted = deployment.good(&["keys", "accept"]);
    assert!(accepted.contains("recorded  ") && accepted.contains("before    "), "{accepted}");
    assert!(!deployment.good(&["keys", "accept"]).contains("before"), "once");
    let (code, ..) = deployment.start(&["serve"]).stop();
    assert_eq!(code, Some(0));
    let verdict = deployment.good_json(&["audit", "verify", "--json"]);
    assert_eq!(verdict["entries"], 1, "written down once");
    assert_eq!(verdict["proven"], 1, "the new key vouches for it");

    // A successor beside it, from next year on.
    let signing = r#"signing = ["keys/signing.key", { file = "more/signing.key", name = "2099", valid_from = "2099-01-01T00:00:00Z" }]"#;
    let path = deployment.config();
    let text = std::fs::read_to_string(&path).unwrap();
    run(&["keys", "generate", "--folder", &deployment.folder.path("more2")]);
    std::fs::copy(deployment.folder.path("more2/signing.key"), deployment.folder.path("more/signing.key"))
        .unwrap();
    std::fs::write(&path, text.replacen(r#"signing = "keys/signing.key""#, signing, 1)).unwrap();
    assert_eq!(deployment.run(&["serve"]).status.code(), Some(2));
    let accepted = deployment.good(&["keys", "accept"]);
    assert!(accepted.contains("/keys/1 z6Mk") && accepted.contains("/keys/2099 z6Mk"), "{accepted}");
    let (code, ..) = deployment.start(&["serve"]).stop();
    assert_eq!(code, Some(0));
    let shown = deployment.good_json(&["keys", "show", "--json"]);
    assert_eq!(shown["signing"], shown["signingKeys"][0]);
    assert_eq!(shown["signingKeys"][1]["validFrom"], "2099-01-01T00:00:00.000Z");
    assert_eq!(deployment.good_json(&["audit", "verify", "--json"])["proven"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_operator_answers_a_request_to_erase() {
    let deployment = Deployment::migrated().await;
    deployment.configure("[erasure]\nidentity = \"by_client\"\nsecond_approver = true\n");
    let id = crate::cli_serve::submit_with_contact(&deployment, "rare.word@user.example").await;
    let config = deployment.config();
    let open = |client: &str, by: &str, more: &[&str], known: &str| {
        let arguments =
            [&["--config", &config, "cases", "open", "--client", client, "--by", by], more].concat();
        fed(&arguments, known)
    };
    let opened = open("acme", "email", &["--json"], "Rare.Word@user.example\n");
    assert_eq!(opened.status.code(), Some(0), "{}", stderr(&opened));
    let case: Value = serde_json::from_str(&stdout(&opened)).unwrap();
    assert_eq!((&case["state"], &case["records"]), (&json!("awaiting_identity"), &json!([id.as_str()])));
    let case = case["id"].as_str().unwrap();
    let nobody = open("other", "email", &[], "rare.word@user.example");
    assert!(stdout(&nobody).contains("0 records of other"), "{}", stdout(&nobody));
    let wrong = open("acme", "email", &[], "rare word");
    assert_eq!(wrong.status.code(), Some(2));
    for output in [&opened, &nobody, &wrong] {
        assert!(!format!("{}{}", stdout(output), stderr(output)).to_lowercase().contains("rare"));
    }

    assert!(deployment.good(&["cases", "list"]).contains(case));
    let undecided = deployment.run(&["cases", "decide", case]);
    assert_eq!(undecided.status.code(), Some(2));
    assert!(stderr(&undecided).contains("awaiting_identity"), "{}", stderr(&undecided));
    let extended = deployment.good(&["cases", "extend", case, "--reason", "complexity"]);
    assert!(extended.contains("extended at"), "{extended}");
    assert_eq!(deployment.run(&["cases", "extend", case, "--reason", "complexity"]).status.code(), Some(2));
    let refused = deployment.good(&["cases", "refuse", case, "--grounds", "not_identified"]);
    assert!(refused.contains("refused: not_identified") && !refused.contains(id.as_str()), "{refused}");

    let checked = open("acme", "email", &["--checked", "--json"], "rare.word@user.example");
    let checked: Value = serde_json::from_str(&stdout(&checked)).unwrap();
    let case = checked["id"].as_str().unwrap();
    assert!(deployment.good(&["cases", "decide", case]).contains("awaiting_approval"));
    let same = deployment.run(&["cases", "approve", case]);
    assert!(stderr(&same).contains("cannot approve"), "{}", stderr(&same));
    assert!(deployment.good(&["cases", "withdraw", case]).contains("withdrawn"));
    let all = deployment.good_json(&["cases", "list", "--client", "acme", "--json"]);
    assert_eq!(all.as_array().unwrap().len(), 2);
    // What nobody has answered in time is named.
    let received = idos_issuer::clock::now().plus_millis(-60 * 86_400_000).to_string();
    let late = open("acme", "reference", &["--received", &received], "case-1");
    assert_eq!(late.status.code(), Some(0), "{}", stderr(&late));
    let doctor = stdout(&deployment.run(&["doctor"]));
    assert!(doctor.contains("1 request to erase is overdue"), "{doctor}");
    assert_eq!(deployment.run(&["cases", "show", "era_01ARZ3NDEKTSV4RRFFQ69G5FAV"]).status.code(), Some(2));
    // Who has looked is written down, once in an hour.
    let looks = || {
        let exported = deployment.good(&["audit", "export"]);
        let entries = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let of = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let looks =
            entries.filter(|entry| ["record_viewed", "records_listed"].contains(&of(entry, "act").as_str()));
        looks
            .map(|entry| [of(&entry, "actor"), of(&entry, "subject"), of(&entry, "detail")].join(" "))
            .collect::<Vec<_>>()
    };
    let listed = ["operator erasure_cases found:2", "operator erasure_cases found:2 by:client"];
    assert_eq!(looks(), listed);
    for _ in 0..2 {
        assert!(deployment.good(&["cases", "show", case]).contains("withdrawn"));
    }
    assert_eq!(looks(), [&listed[..], &[format!("operator {case} ").as_str()]].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn people_are_invited_to_the_console() {
    let deployment = Deployment::migrated().await;
    let made = deployment.good_json(&["staff", "add", "Anna", "--role", "admin", "--json"]);
    assert_eq!(
        (&made["name"], &made["role"], &made["client"]),
        (&"anna".into(), &"admin".into(), &"*".into())
    );
    let link = made["link"].as_str().unwrap();
    assert!(link.contains("/console/invitation/") && link.len() > 43, "{link}");
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("stf_"));
    let token = link.rsplit('/').next().unwrap();
    let listed = deployment.good(&["staff", "list"]);
    assert!(listed.contains("anna  admin  *  invited until ") && !listed.contains(token), "{listed}");
    // One name is one person.
    assert_eq!(deployment.run(&["staff", "add", "anna", "--role", "viewer"]).status.code(), Some(2));
    deployment.good(&["staff", "role", "anna", "--role", "viewer", "--client", "acme"]);
    assert!(deployment.good(&["staff", "list"]).contains("anna  viewer  acme"));
    let again = deployment.good(&["staff", "reset", id]);
    assert!(again.contains("/console/invitation/") && !again.contains(token));
    assert!(deployment.good(&["staff", "sign-out", "anna"]).contains("ended 0 sessions"));
    deployment.good(&["staff", "remove", id]);
    assert_eq!(deployment.good(&["staff", "list", "--json"]).trim(), "[]");
    for wrong in [
        &["staff", "add", "b c", "--role", "viewer"][..],
        &["staff", "add", "bert", "--role", "king"],
        &["staff", "add", "bert", "--role", "viewer", "--client", "a b"],
        &["staff", "remove", "anna"],
        &["staff", "reset", "stf_01ARZ3NDEKTSV4RRFFQ69G5FAV"],
    ] {
        assert_eq!(deployment.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}
