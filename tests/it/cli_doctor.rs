//! `doctor`: each broken deployment is complained of, with a cure; a healthy one is not.

use std::os::unix::fs::PermissionsExt as _;

use idos_devnode::{DevNodeConfig, Fault, Schema, Switch};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::cli_admin::{halted_job, tamper};
use crate::cli_deployment::{Deployment, run};
use crate::cli_serve::submit_with_contact;
use crate::cli_sources::{answering, secret, section, with_a_certificate_of_its_own};
use crate::http::verifications::Vendor;
use crate::oidc::Told;
use crate::support::stdout;

/// What the doctor complains of: check, text and cure, each in one line.
fn complaints(deployment: &Deployment) -> Vec<String> {
    let output = deployment.run(&["doctor", "--json"]);
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let line = |finding: &Value| {
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        format!("{}: {} -> {}", text("check"), text("text"), text("cure"))
    };
    let bad = |finding: &&Value| finding["verdict"] == "bad";
    let found: Vec<_> = report["findings"].as_array().unwrap().iter().filter(bad).map(line).collect();
    assert_eq!(report["healthy"], found.is_empty());
    assert_eq!(output.status.code(), Some(i32::from(!found.is_empty())));
    assert!(found.iter().all(|line| !line.contains('\n')), "{found:?}");
    found
}

#[track_caller]
fn only(found: &[String], parts: &[&str]) {
    assert_eq!(found.len(), 1, "{found:?}");
    for part in parts {
        assert!(found[0].contains(part), "{part}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_healthy_deployment_is_healthy() {
    let deployment = Deployment::migrated().await;
    let (code, ..) = deployment.start(&["serve"]).stop();
    assert_eq!(code, Some(0));
    assert_eq!(complaints(&deployment), [""; 0]);
    let told = deployment.good(&["doctor"]);
    for part in
        ["signing key    is the recorded one", "1 of 1 write keys may write", "the chain holds", "\nhealthy"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_that_others_can_read_or_that_are_gone() {
    let deployment = Deployment::migrated().await;
    let file = deployment.folder.path("keys/write.key");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    only(&complaints(&deployment), &["keys: ", "read by others", &format!("chmod 600 {file}")]);

    std::fs::remove_file(&file).unwrap();
    only(&complaints(&deployment), &["keys: ", "is not there", "keys generate"]);
    let run = deployment.run(&["doctor"]);
    assert!(stdout(&run).contains("cure: put the file back"), "{}", stdout(&run));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_folder_in_which_others_may_replace_keys() {
    let deployment = Deployment::migrated().await;
    let keys = deployment.folder.path("keys");
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o777)).unwrap();
    only(&complaints(&deployment), &["keys: ", &format!("chmod go-w {keys}")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_is_not_there_is_not_made() {
    let deployment = Deployment::new().await;
    only(&complaints(&deployment), &["database: ", "idos-issuer migrate"]);
    assert!(!deployment.folder.0.join("issuer.db").exists());

    deployment.folder.write("issuer.db", "");
    only(&complaints(&deployment), &["database: ", "is empty", "idos-issuer migrate --create"]);
    std::fs::remove_file(deployment.folder.path("issuer.db")).unwrap();
    let store = idos_issuer::store::Store::create(&deployment.database(), 1).await.unwrap();
    only(&complaints(&deployment), &["database: ", "not up to date", "idos-issuer migrate"]);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_cannot_be_reached_or_is_another_network() {
    let deployment = Deployment::migrated().await;
    let text = std::fs::read_to_string(deployment.config()).unwrap();
    deployment.folder.write("config.toml", text.replace("[issuer]", "chain_id = \"other\"\n[issuer]"));
    only(&complaints(&deployment), &["node: ", "idos-localdev", "chain_id"]);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    deployment.folder.write("config.toml", text.replace(&deployment.node.url(), &dead));
    only(&complaints(&deployment), &["node: ", "node.url", "reached"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_key_that_may_not_write() {
    let deployment = Deployment::migrated().await;
    run(&["keys", "generate", "--folder", &deployment.folder.path("more")]);
    let write = r#"write = ["keys/write.key", "more/write.key"]"#;
    deployment.configure_with(write, r#"vault = "keys/vault.key""#, "");
    let stranger = deployment.good_json(&["keys", "show", "--json"])["write"]["publicKeys"][1].clone();
    only(&complaints(&deployment), &["inserter: ", stranger.as_str().unwrap(), "delegate of your inserter"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn where_the_network_keeps_contents_and_whether_its_gateway_answers() {
    let deployment = Deployment::migrated().await;
    assert!(deployment.good(&["doctor"]).contains("the network keeps contents in credentials' rows"));

    let node = DevNodeConfig { schema: Schema::Next, ..DevNodeConfig::default() };
    let deployment = Deployment::with_node(node).await;
    deployment.good(&["migrate", "--create"]);
    let told = deployment.good(&["doctor"]);
    for part in
        ["at a blob gateway", "by write grant only", "http.max_body takes 8388608 bytes", "gateway answers"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    deployment.node.faults().set(Switch {
        fault: Fault::Answer { status: 503, body: "away".to_owned() },
        method: Some("blob.fetch".to_owned()),
        action: None,
        next: None,
    });
    only(&complaints(&deployment), &["contents: ", "HTTP status 503", "node.blob_gateway_url"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_signing_key_that_is_not_the_recorded_one() {
    let deployment = Deployment::migrated().await;
    deployment.start(&["serve"]).stop();
    run(&["keys", "generate", "--folder", &deployment.folder.path("more")]);
    std::fs::copy(deployment.folder.path("more/signing.key"), deployment.folder.path("keys/signing.key"))
        .unwrap();
    only(&complaints(&deployment), &["signing key: ", "keys accept"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_signing_key_is_valid() {
    let deployment = Deployment::migrated().await;
    let path = deployment.config();
    let text = std::fs::read_to_string(&path).unwrap();
    let over = r#"signing = { file = "keys/signing.key", valid_until = "2026-01-01T00:00:00Z" }"#;
    std::fs::write(&path, text.replacen(r#"signing = "keys/signing.key""#, over, 1)).unwrap();
    only(&complaints(&deployment), &["none of keys.signing is valid now", "valid_until"]);
    let process = deployment.start(&["serve"]);
    assert!(
        process.said().contains("Submissions are refused until a signing key is valid"),
        "{}",
        process.said()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_vault_key_that_is_still_needed() {
    let deployment = Deployment::migrated().await;
    submit_with_contact(&deployment, "somebody@user.example").await;
    assert_eq!(complaints(&deployment), [""; 0]);
    run(&["keys", "generate", "--folder", &deployment.folder.path("more")]);
    deployment.configure_with(r#"write = "keys/write.key""#, r#"vault = "more/vault.key""#, "");
    let found = complaints(&deployment);
    assert_eq!(found.len(), 2, "a contact, and evidence that waits: {found:?}");
    assert!(found.iter().all(|line| line.contains("put the old key's file back")), "{found:?}");

    // With both keys nothing is wrong, and the notes say what is left to do.
    let both = r#"vault = ["more/vault.key", "keys/vault.key"]"#;
    deployment.configure_with(r#"write = "keys/write.key""#, both, "");
    let told = deployment.good(&["doctor"]);
    assert!(told.contains("vault relock") && told.contains("retention"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn halted_work_and_a_broken_chain() {
    let deployment = Deployment::migrated().await;
    halted_job(&deployment).await;
    only(&complaints(&deployment), &["work: 1 webhooks are given up", "jobs retry"]);
    tamper(&deployment, "UPDATE job SET state = 'ready'").await;
    only(&complaints(&deployment), &["work: ", "nobody does it", "worker"]);
    tamper(&deployment, "DELETE FROM job").await;

    deployment.good(&["apikey", "create", "--client", "a"]);
    tamper(&deployment, "UPDATE audit SET detail = 'x'").await;
    only(&complaints(&deployment), &["audit: ", "broken at entry 1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn receivers_and_a_mail_server_that_will_not_do() {
    let deployment = Deployment::migrated().await;
    let secret = deployment.folder.write("hook.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let hook = |url: &str| {
        deployment.configure(&format!(
            "[[webhooks]]\nname = \"cases\"\nurl = \"{url}\"\nsecrets = [\"hook.secret\"]\n"
        ));
        complaints(&deployment)
    };
    only(&hook("https://127.0.0.1/Xyzzy"), &["webhooks: cases: ", "not public", "webhook_policy"]);
    only(&hook("http://receiver.example/Xyzzy"), &["webhooks: cases: ", "https"]);
    only(&hook("https://nobody.invalid/Xyzzy"), &["webhooks: cases: ", "does not resolve"]);
    assert!(!hook("https://127.0.0.1/Xyzzy")[0].contains("Xyzzy"), "the URL may hold a secret");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = listener.local_addr().unwrap();
    drop(listener);
    deployment
        .configure(&format!("[mail]\nurl = \"smtp://user:Xyzzy@{dead}\"\nfrom = \"A <a@b.example>\"\n"));
    let found = complaints(&deployment);
    only(&found, &["mail: ", "cannot be reached"]);
    assert!(!found[0].contains("Xyzzy"));
}

/// Each vendor's way of being asked is known: who does not know the case has answered, and taken the key.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn vendors_that_answer() {
    let deployment = Deployment::migrated().await;
    let vendor = Vendor::start().await;
    let sections = identity_vendors::Vendor::ALL.iter().map(|known| {
        let section = section(&deployment, known.name(), &["whsec_one"], "");
        section.replace("http://127.0.0.1:1", &vendor.url)
    });
    deployment.configure(&sections.collect::<String>());
    assert_eq!(complaints(&deployment), [""; 0]);
    let told = deployment.good(&["doctor"]);
    for known in identity_vendors::Vendor::ALL {
        assert!(told.contains(&format!("{}: the vendor answers, and takes the key", known.name())), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn vendors_that_do_not_answer_as_they_should() {
    let deployment = Deployment::migrated().await;
    let at = |vendor: &str, url: &str| {
        let section = section(&deployment, vendor, &["whsec_one"], "");
        deployment.configure(&section.replace("http://127.0.0.1:1", url));
    };
    let answer = |status: &str, kind: &str, body: &str| {
        let length = body.len();
        let head = format!("Content-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close");
        answering(format!("HTTP/1.1 {status}\r\n{head}\r\n\r\n{body}"))
    };
    let json = "application/json";
    for (status, kind, body, parts) in [
        ("401 Unauthorized", json, r#"{"description":"Xyzzy"}"#, ["refuses the key", "source.secret"]),
        ("403 Forbidden", json, "{}", ["refuses the key", "right to read"]),
        ("403 Forbidden", "text/html", "<html>Xyzzy", ["a web page", "source.base_url"]),
        ("404 Not Found", "text/html; charset=utf-8", "Xyzzy", ["a web page", "source.base_url"]),
        ("200 OK", "text/html", "<!doctype html>Xyzzy", ["a web page", "let this machine through"]),
        ("200 OK", json, "  <html>Xyzzy", ["a web page", "source.base_url"]),
        ("200 OK", json, r#"{"Xyzzy":1}"#, ["cannot be read: id is missing", "not this vendor's API"]),
        ("200 OK", "text/plain", "Xyzzy", ["cannot be read: it is not JSON", "not this vendor's API"]),
        ("302 Found", json, "", ["sent elsewhere", "source.base_url"]),
        ("405 Method Not Allowed", json, "{}", ["the status 405", "not this vendor's API"]),
        ("503 Service Unavailable", json, "", ["is unavailable", "see to the vendor"]),
    ] {
        at("sumsub", &answer(status, kind, body));
        let found = complaints(&deployment);
        only(&found, &[&["sources: sumsub: "], parts.as_slice()].concat());
        assert!(!found[0].contains("Xyzzy"), "{found:?}");
    }
    at("sumsub", &answer("429 Too Many Requests", json, "{}"));
    assert_eq!(complaints(&deployment), [""; 0]);
    assert!(deployment.good(&["doctor"]).contains("asks to wait: whether it takes the key is not known"));

    // The clock is wrong, and so the key is refused.
    let date = "Date: Thu, 01 Jan 2026 00:00:00 GMT";
    at(
        "sumsub",
        &answering(format!("HTTP/1.1 401 No\r\n{date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")),
    );
    let found = complaints(&deployment);
    assert!(found.len() == 2 && found[0].contains("seconds apart") && found[0].contains("NTP"), "{found:?}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    at("sumsub", &format!("http://{address}"));
    only(&complaints(&deployment), &["there is no connection to the vendor", "source.base_url"]);
    at("sumsub", &format!("https://{}", with_a_certificate_of_its_own()));
    only(&complaints(&deployment), &["no TLS with the vendor", "trust the certificate"]);

    // What a vendor needs and the configuration does not have.
    let section = section(&deployment, "veriff", &["whsec_one"], "");
    let without = |name: &str| {
        let lines = section.lines().filter(|line| !line.starts_with(name));
        deployment.configure(&lines.collect::<Vec<_>>().join("\n"));
        complaints(&deployment)
    };
    only(&without("secret"), &["sources: veriff: the account has no shared secret", "source.secret"]);
    let signed = "X-HMAC-SIGNATURE: 00\r\nContent-Length: 2\r\nConnection: close";
    at("veriff", &answering(format!("HTTP/1.1 200 OK\r\n{signed}\r\n\r\n{{}}")));
    only(&complaints(&deployment), &["answer is signed with another secret", "source.secret"]);
    secret(&deployment, "veriff.key", "gr\u{fc}n");
    only(&complaints(&deployment), &["has no key that fits into a header", "ASCII"]);

    let file = deployment.folder.path("veriff-webhook-0.secret");
    std::fs::remove_file(&file).unwrap();
    let found = complaints(&deployment);
    assert!(
        found.iter().any(|line| line.contains("sources: veriff: ") && line.contains("is not there")),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn vendors_that_issue_access_tokens() {
    let deployment = Deployment::migrated().await;
    let vendor = Vendor::start().await;
    let section = section(&deployment, "jumio", &[], "").replace("http://127.0.0.1:1", &vendor.url);
    deployment.configure(&section);
    assert_eq!(complaints(&deployment), [""; 0]);
    assert!(deployment.good(&["doctor"]).contains("jumio: no webhook_secrets"));
    deployment.configure(&format!("{section}canonical = \"text\"\n"));
    assert!(deployment.good(&["doctor"]).contains("jumio: source.canonical does nothing at this vendor"));
    vendor.says("POST /oauth2/token", 401, "{}");
    only(&complaints(&deployment), &["sources: jumio: the vendor refuses the key"]);
    let lines = section.lines().filter(|line| !line.starts_with("tokens_url"));
    deployment.configure(&lines.collect::<Vec<_>>().join("\n"));
    only(&complaints(&deployment), &["no address for access tokens", "source.tokens_url"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_clock_that_is_not_the_nodes() {
    let past = chrono::DateTime::parse_from_rfc3339("2026-01-01T00:00:00Z").unwrap().to_utc();
    let deployment = Deployment::with_clock(idos_devnode::Clock::fixed(past)).await;
    deployment.good(&["migrate", "--create"]);
    only(&complaints(&deployment), &["clock: ", "seconds ahead of the node's", "NTP"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_configuration_that_is_none() {
    let deployment = Deployment::migrated().await;
    deployment.configure("max_wait = \"Xyzzy\"\n");
    let found = complaints(&deployment);
    only(&found, &["configuration: ", "config.example.toml"]);
    assert!(!found[0].contains("Xyzzy"));
    assert_eq!(run(&["doctor"]).status.code(), Some(2), "there is nothing to look at");
}

/// It is asked about a proof of nobody's: whoever knows the app says that it proves nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_source_of_personhood_that_is_not_what_it_should_be() {
    let deployment = Deployment::migrated().await;
    let api = Vendor::start().await;
    let text = std::fs::read_to_string(deployment.config()).unwrap();
    let with = |more: &str| {
        let source = format!(
            "[[source]]\nname = \"world\"\npersonhood = \"world_id_v2\"\nclient = \"acme\"\nbase_url = \"{}\"\n\
             app = \"app_1234\"\naction = \"idos-pop\"\nlevels = [\"orb\"]\n{more}\n",
            api.url
        );
        deployment.folder.write("config.toml", format!("{text}\n{source}"));
    };
    with("");
    only(&complaints(&deployment), &["sources: world", "no type of subject", "write_as_face_sign"]);
    with("write_as_face_sign = true\nmax_age = 1");
    only(&complaints(&deployment), &["sources: world", "source.max_age"]);
    with("write_as_face_sign = true");
    only(&complaints(&deployment), &["sources: world", "not the source", "source.base_url"]);
    let verify = "POST /api/v2/verify/app_1234";
    for (status, code, part) in [(404, "not_found", "source.app"), (400, "action_inactive", "source.action")]
    {
        api.says(verify, status, serde_json::json!({ "code": code }).to_string());
        only(&complaints(&deployment), &["sources: world", part]);
    }
    api.says(verify, 400, r#"{"code":"invalid_proof"}"#);
    assert_eq!(complaints(&deployment), [""; 0]);
    let told = deployment.good(&["doctor"]);
    assert!(told.contains("knows the app") && told.contains("written in FaceSign's"), "{told}");
    let listed = deployment.good(&["sources", "list"]);
    assert!(
        listed.contains("world  world_id_v2  for acme") && listed.contains("written as FaceSign's"),
        "{listed}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_openid_provider_that_is_not_what_it_should_be() {
    let deployment = Deployment::migrated().await;
    let provider = Told::start().await;
    let with = |console: &str, openid: &str| {
        deployment.configure(&format!(
            "public_url = \"https://issuer.example.com\"\n[console]\n{console}\n{openid}"
        ));
    };
    let openid = |issuer: &str| {
        format!("[openid]\nissuer = \"{issuer}\"\nclient_id = \"console\"\nadmins = [\"ops\"]\n")
    };
    with("enabled = true", &openid(&provider.base()));
    assert_eq!(complaints(&deployment), [""; 0]);
    assert!(deployment.good(&["doctor"]).contains("openid         the provider answers as openid.issuer"));
    provider.says_of_itself("issuer", "https://other.example.com".into());
    with("enabled = true", &openid(&provider.base()));
    only(&complaints(&deployment), &["openid: ", "calls itself by another name", "to the letter"]);
    provider.says_of_itself("issuer", provider.base().into());
    provider.says_of_itself("id_token_signing_alg_values_supported", serde_json::json!(["HS256"]));
    only(&complaints(&deployment), &["openid: ", "publishes no key", "RS256"]);
    with("enabled = true", &openid("http://127.0.0.1:1"));
    only(&complaints(&deployment), &["openid: ", "cannot be reached", "correct openid.issuer"]);
    with("enabled = true\nlocal_accounts = false", "");
    only(&complaints(&deployment), &["openid: ", "nobody could sign in", "console.local_accounts"]);
    // Where nobody signs in, nobody is asked.
    with("", &openid("http://127.0.0.1:1"));
    assert_eq!(complaints(&deployment), [""; 0]);
    assert!(deployment.good(&["doctor"]).contains("console.enabled is not"));
}
