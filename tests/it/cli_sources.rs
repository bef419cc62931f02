//! `sources test`: the binary, through the door of a service that runs.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use identity_vendors::Vendor;
use serde_json::Value;

use crate::cli_deployment::{Deployment, Process, run};
use crate::http::verifications::recorded;
use crate::support::{stderr, stdout};

const OURS: &str = "the door works";

/// A file with a secret in the deployment's folder.
pub(crate) fn secret(deployment: &Deployment, name: &str, text: &str) -> String {
    let path = deployment.folder.write(name, text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// A source of this vendor, which nobody asks, with more settings and these secrets for webhooks.
pub(crate) fn section(deployment: &Deployment, vendor: &str, secrets: &[&str], more: &str) -> String {
    let account = &recorded(vendor, "cases.json")["account"];
    let key = secret(deployment, &format!("{vendor}.key"), account["key"].as_str().unwrap());
    let second = account["secret"]
        .as_str()
        .map(|text| format!("secret = \"{}\"\n", secret(deployment, &format!("{vendor}.secret"), text)));
    let secrets: Vec<_> = secrets
        .iter()
        .enumerate()
        .map(|(at, text)| secret(deployment, &format!("{vendor}-webhook-{at}.secret"), text))
        .collect();
    format!(
        "[[source]]\nname = \"{vendor}\"\nvendor = \"{vendor}\"\nclient = \"acme\"\nbase_url = \"http://127.0.0.1:1\"\n\
         tokens_url = \"http://127.0.0.1:1\"\nkey = \"{key}\"\n{}webhook_secrets = {}\n{more}\n",
        second.unwrap_or_default(),
        serde_json::json!(secrets),
    )
}

fn test(deployment: &Deployment, name: &str, url: &str) -> Output {
    deployment.run(&["sources", "test", name, "--url", url])
}

/// What it says where the answer is no.
fn no(deployment: &Deployment, name: &str, url: &str) -> String {
    let output = test(deployment, name, url);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{said}{}", stderr(&output));
    assert!(said.contains("WRONG") && said.contains("cure: ") && said.contains("does NOT work"), "{said}");
    said
}

fn serve(deployment: &Deployment) -> (Process, String) {
    let service = deployment.start(&["serve"]);
    let url = service.url();
    (service, url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_door_of_every_vendor_takes_a_sample_and_nothing_is_left_of_it() {
    let deployment = Deployment::migrated().await;
    let mut settings = String::new();
    for vendor in Vendor::ALL {
        let secrets: &[&str] = if vendor.name() == "jumio" { &[] } else { &["whsec_one", "whsec_two"] };
        settings += &section(&deployment, vendor.name(), secrets, "");
    }
    deployment.configure(&settings);
    let (service, url) = serve(&deployment);
    let before = rows(&deployment).await;
    for vendor in Vendor::ALL {
        let name = vendor.name();
        let output = test(&deployment, name, &url);
        let said = stdout(&output);
        assert_eq!(output.status.code(), Some(0), "{said}{}", stderr(&output));
        assert!(said.contains(&format!("{name}  {url}/webhooks/{name}")) && said.contains(OURS), "{said}");
        assert!(said.contains("the first one again: known from before"), "{said}");
        if name == "jumio" {
            assert!(said.contains("unsigned") && said.contains("signs nothing"), "{said}");
        } else {
            for part in
                ["webhook-0.secret: taken", "webhook-1.secret: taken", "another secret: refused: The webhook"]
            {
                assert!(said.contains(part), "{part}: {said}");
            }
        }
        assert!(!said.contains("whsec_") && !stderr(&output).contains("whsec_"), "{said}");
    }
    // Twice is no other than once.
    assert!(test(&deployment, "sumsub", &format!("{url}/")).status.success());
    assert_eq!(service.stop().0, Some(0));

    // But for that they were taken: each signed one once, and of the vendor that signs nothing the one.
    let mut after = rows(&deployment).await;
    let signed = 2 * (i64::try_from(Vendor::ALL.len()).unwrap() - 1);
    assert_eq!(after.insert("vendor_event".to_owned(), 0), Some(signed + 1 + 2));
    assert_eq!(after, before);
}

/// How many rows each table has, but for those in which a running service notes that it runs, and with which settings.
async fn rows(deployment: &Deployment) -> BTreeMap<String, i64> {
    use sqlx::{Connection as _, Row as _};
    sqlx::any::install_default_drivers();
    let mut connection = sqlx::AnyConnection::connect(&deployment.database()).await.unwrap();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('lane', 'recurring', 'recorded')";
    let mut found = BTreeMap::new();
    for table in sqlx::query(tables).fetch_all(&mut connection).await.unwrap() {
        let table: String = table.get(0);
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let count = sqlx::query(count).fetch_one(&mut connection).await.unwrap().get(0);
        found.insert(table, count);
    }
    connection.close().await.unwrap();
    assert!(found.contains_key("vendor_event") && found.contains_key("audit"), "{found:?}");
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn signatures_that_a_setting_lets_in_are_tried_by_that_setting() {
    let deployment = Deployment::migrated().await;
    let with = |sha1: &str, canonical: &str| {
        [
            section(&deployment, "sumsub", &["whsec_one"], sha1),
            section(&deployment, "didit", &["whsec_one"], canonical),
        ]
        .concat()
    };
    let (sha1, canonical) = ("allow_sha1 = true", "canonical = \"timestamp_and_text\"");
    deployment.configure(&with(sha1, canonical));
    let (service, url) = serve(&deployment);
    for name in ["sumsub", "didit"] {
        assert!(test(&deployment, name, &url).status.success(), "{name}");
    }
    drop(service);
    // The service does not have the settings that the command has.
    deployment.configure(&with("", ""));
    let (_service, url) = serve(&deployment);
    deployment.configure(&with(sha1, canonical));
    assert!(no(&deployment, "sumsub", &url).contains("X-Payload-Digest-Alg names an algorithm"));
    assert!(no(&deployment, "didit", &url).contains("X-Signature is missing"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_secret_that_one_side_has_otherwise_is_named_by_its_file() {
    let deployment = Deployment::migrated().await;
    for name in ["sumsub", "persona", "didit", "veriff"] {
        deployment.configure(&section(&deployment, name, &["whsec_Xyzzy1"], ""));
        let (_service, url) = serve(&deployment);
        // One of the two is known to the service.
        deployment.configure(&section(&deployment, name, &["whsec_Xyzzy1", "whsec_Xyzzy2"], ""));
        let said = no(&deployment, name, &url);
        assert!(said.contains("webhook-0.secret: taken"), "{said}");
        assert!(
            said.contains("webhook-1.secret: refused: The webhook is not believed: the header"),
            "{said}"
        );
        assert!(said.contains("known from before") && !said.contains("Xyzzy"), "{said}");
        // None is.
        deployment.configure(&section(&deployment, name, &["whsec_Xyzzy3"], ""));
        let said = no(&deployment, name, &url);
        assert!(said.contains("webhook-0.secret: refused") && !said.contains("known from before"), "{said}");
        assert!(said.contains("start the service again") && !said.contains("Xyzzy"), "{said}");
        // There is none.
        deployment.configure(&section(&deployment, name, &[], ""));
        let said = no(&deployment, name, &url);
        assert!(said.contains("source.webhook_secrets names no file"), "{said}");
    }
    // The secret is right, and the account is another one: this vendor names it in a header.
    deployment.configure(&section(&deployment, "veriff", &["whsec_one"], ""));
    let (_service, url) = serve(&deployment);
    secret(&deployment, "veriff.key", "Xyzzy");
    let said = no(&deployment, "veriff", &url);
    assert!(said.contains("the header X-AUTH-CLIENT does not match") && !said.contains("Xyzzy"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_service_that_is_not_there_or_is_another_one() {
    let deployment = Deployment::migrated().await;
    deployment.configure("");
    let (service, url) = serve(&deployment);
    deployment.configure(&section(&deployment, "sumsub", &["whsec_one"], ""));
    assert!(
        no(&deployment, "sumsub", &url).contains("knows no such source"),
        "started before it was configured"
    );
    assert!(no(&deployment, "sumsub", &format!("{url}/v2")).contains("correct the path of --url"));
    assert_eq!(service.stop().0, Some(0));
    assert!(no(&deployment, "sumsub", &url).contains("nothing can be reached"));

    for (answer, said) in [
        ("200 OK\r\nContent-Type: text/html", "is not the service (200)"),
        ("404 Not Found\r\nContent-Type: text/html", "no such path (404)"),
        ("405 Method Not Allowed\r\nContent-Type: text/html", "is not the service (405)"),
        ("403 Forbidden\r\nContent-Type: text/html", "is not the service (403)"),
        ("301 Moved\r\nLocation: https://Xyzzy.example/", "sends elsewhere"),
        ("502 Bad Gateway\r\nContent-Type: text/html", "does not reach it (502)"),
    ] {
        let url =
            answering(format!("HTTP/1.1 {answer}\r\nContent-Length: 5\r\nConnection: close\r\n\r\nXyzzy"));
        let shown = no(&deployment, "sumsub", &url);
        assert!(shown.contains(said) && !shown.contains("Xyzzy"), "{said}: {shown}");
    }
    assert!(no(&deployment, "sumsub", &answering("Xyzzy\r\n\r\n".to_owned())).contains("is no HTTP"));
    // What takes everything checks nothing.
    let body = r#"{"outcome":"accepted"}"#;
    let url = answering(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    ));
    let shown = no(&deployment, "sumsub", &url);
    assert!(
        shown.contains("whoever knows the address") && shown.contains("taken as something new"),
        "{shown}"
    );
    // A detail is shown as text, and no longer than it may be.
    let body = format!(
        r#"{{"type":"urn:idos-issuer:problem:not_signed","detail":"\u001b[2J{}"}}"#,
        "a".repeat(5000)
    );
    let date = "Date: Thu, 01 Jan 2026 00:00:00 GMT";
    let url = answering(format!(
        "HTTP/1.1 403 Forbidden\r\n{date}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    ));
    let shown = no(&deployment, "sumsub", &url);
    assert!(!shown.contains('\u{1b}') && shown.len() < 2000, "{shown}");
    assert!(shown.contains("clock and this machine's are") && shown.contains("NTP"), "{shown}");
}

/// Says the same to whoever comes.
pub(crate) fn answering(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // The whole request, so that closing does not reset what was answered.
            let mut heard = Vec::new();
            let mut some = [0; 4096];
            loop {
                let count = stream.read(&mut some).unwrap_or_default();
                heard.extend_from_slice(&some[..count]);
                let text = String::from_utf8_lossy(&heard);
                let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
                let length: usize = length.and_then(|text| text.parse().ok()).unwrap_or_default();
                let is_whole = text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length);
                if count == 0 || is_whole {
                    break;
                }
            }
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tls_that_fails_is_told_from_a_service_that_is_away() {
    let deployment = Deployment::migrated().await;
    deployment.configure(&section(&deployment, "sumsub", &["whsec_one"], ""));
    let (_service, url) = serve(&deployment);
    let said = no(&deployment, "sumsub", &url.replacen("http", "https", 1));
    assert!(said.contains("does not speak TLS"), "{said}");
    let said = no(&deployment, "sumsub", &format!("https://{}", with_a_certificate_of_its_own()));
    assert!(said.contains("certificate is not trusted"), "{said}");
}

/// Speaks TLS with a certificate that nobody vouches for. Gives the address.
pub(crate) fn with_a_certificate_of_its_own() -> std::net::SocketAddr {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    const CERTIFICATE: &str = include_str!("support/nobodys.pem");
    let chain = CertificateDer::pem_slice_iter(CERTIFICATE.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = std::sync::Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut connection = rustls::ServerConnection::new(std::sync::Arc::clone(&config)).unwrap();
            let _ = connection.complete_io(&mut stream.unwrap());
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_cannot_be_tried_is_said() {
    let deployment = Deployment::migrated().await;
    deployment.configure(&section(&deployment, "sumsub", &["whsec_one"], ""));
    let cannot = |arguments: &[&str], part: &str| {
        let output = deployment.run(&[&["sources", "test"], arguments].concat());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}{}", stdout(&output));
        assert!(said.contains(part), "{said}");
    };
    cannot(&["other", "--url", "http://127.0.0.1:1"], "sources list");
    cannot(&["sumsub"], "--url");
    cannot(&["sumsub", "--url", "ftp://127.0.0.1"], "must be http:// or https://");
    std::fs::remove_file(deployment.folder.path("sumsub-webhook-0.secret")).unwrap();
    cannot(&["sumsub", "--url", "http://127.0.0.1:1"], "is not there");
    assert_eq!(run(&["sources", "test", "sumsub"]).status.code(), Some(2), "there is no configuration");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_read_it_as_json() {
    let deployment = Deployment::migrated().await;
    deployment.configure(&section(&deployment, "onfido", &["whsec_one"], ""));
    let (_service, url) = serve(&deployment);
    let shown = deployment.good_json(&["sources", "test", "onfido", "--url", &url, "--json"]);
    assert_eq!((&shown["works"], &shown["source"]), (&Value::from(true), &Value::from("onfido")));
    assert_eq!(shown["url"], format!("{url}/webhooks/onfido"));
    assert_eq!(shown["steps"].as_array().unwrap().len(), 3, "{shown}");
    secret(&deployment, "onfido-webhook-0.secret", "whsec_two");
    let output = deployment.run(&["sources", "test", "onfido", "--url", &url, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let shown: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&shown["works"], &shown["steps"][0]["ok"]), (&Value::from(false), &Value::from(false)));
    assert!(shown["steps"][0]["cure"].is_string(), "{shown}");
}
