//! The console of `dev`: sample people, and a page that lets everybody in.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::PORTS;
use crate::cli_deployment::{Process, ask, http, pause};
use crate::support::Folder;

/// How long all sample people may take.
const PATIENCE: Duration = Duration::from_mins(3);

fn start(data: &str) -> (Process, Value) {
    let arguments: Vec<_> = PORTS.into_iter().filter(|part| *part != "--no-people").collect();
    let process = Process::with_first_line(&[&arguments[..], &["--data", data]].concat());
    let shown = serde_json::from_str(process.first_line.as_deref().unwrap()).unwrap();
    (process, shown)
}

fn wait_for_all(process: &Process, done: &Path) {
    let start = Instant::now();
    while !done.exists() {
        assert!(
            start.elapsed() < PATIENCE && !process.said().contains("Not all sample people"),
            "{}",
            process.said()
        );
        pause();
    }
}

/// What a browser sends that is on a page of this site and has a button pressed.
fn pressed(door: &str, site: &str, role: &str) -> reqwest::RequestBuilder {
    let sent = http().post(door).header("Sec-Fetch-Site", site);
    sent.header("Content-Type", "application/x-www-form-urlencoded").body(format!("role={role}"))
}

/// A browser that has come in by the button of this role.
struct Visitor {
    url: String,
    cookie: String,
}

impl Visitor {
    async fn of(url: &str, role: &str) -> Self {
        let answer =
            pressed(&format!("{url}/console/sample-staff"), "same-origin", role).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["location"]),
            (303, &"/console".parse().unwrap())
        );
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { url: url.to_owned(), cookie }
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let (status, page) =
            ask(http().get(format!("{}/console{path}", self.url)).header("Cookie", &self.cookie)).await;
        (status, page.replace("&#x2f;", "/"))
    }

    async fn page(&self, path: &str) -> String {
        let (status, page) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {page}");
        page
    }
}

/// How many of the client's records there are in each state.
async fn states(url: &str, key: &str, what: &str) -> BTreeMap<String, usize> {
    let (status, text) = ask(http().get(format!("{url}/v1/{what}?limit=100")).bearer_auth(key)).await;
    assert_eq!(status, 200, "{text}");
    let found: Value = serde_json::from_str(&text).unwrap();
    let mut counted = BTreeMap::new();
    for item in found["items"].as_array().unwrap() {
        *counted.entry(item["state"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counted
}

/// What has come of the sample people, by record and state.
const WANTED: &[(&str, &[(&str, usize)])] = &[
    (
        "issuances",
        &[("awaiting_grant", 1), ("awaiting_profile", 1), ("halted", 3), ("issued", 5), ("revoked", 2)],
    ),
    ("verifications", &[("declined", 1), ("halted", 1), ("issued", 1), ("opened", 3)]),
    (
        "erasure-cases",
        &[("awaiting_decision", 2), ("awaiting_identity", 1), ("done", 1), ("refused", 1), ("withdrawn", 1)],
    ),
];

/// Waits until the background work has brought all to where it is to be.
async fn until_counted(url: &str, key: &str, what: &str, expected: &[(&str, usize)]) {
    let (start, expected) = (Instant::now(), counts(expected));
    loop {
        let found = states(url, key, what).await;
        if found == expected {
            return;
        }
        assert!(start.elapsed() < Duration::from_mins(2), "{what}: {found:?} and not {expected:?}");
        pause();
    }
}

fn counts(of: &[(&str, usize)]) -> BTreeMap<String, usize> {
    of.iter().map(|(state, count)| ((*state).to_owned(), *count)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_console_shows_sample_people_to_whoever_opens_it() {
    let folder = Folder::new();
    let data = folder.path("dev");
    let (process, shown) = start(&data);
    let done = Path::new(&data).join("people.done");
    assert!(!done.exists(), "nobody waits for them");
    let url = shown["url"].as_str().unwrap();
    let door = shown["sampleStaffUrl"].as_str().unwrap();
    let (status, page) = ask(http().get(door)).await;
    assert_eq!(status, 200);
    for role in ["viewer", "compliance", "admin"] {
        assert!(page.contains(&format!("name=\"role\" value=\"{role}\"")), "{page}");
    }
    // Not from a page of somebody else's, and as nobody else.
    assert_eq!(ask(pressed(door, "cross-site", "admin")).await.0, 400);
    assert_eq!(ask(pressed(door, "same-origin", "owner")).await.0, 400);

    wait_for_all(&process, &done);
    let key = std::fs::read_to_string(Path::new(&data).join("onboarding.key")).unwrap();
    for (what, expected) in WANTED {
        until_counted(url, key.trim(), what, expected).await;
    }

    let viewer = Visitor::of(url, "viewer").await;
    let mut halted = viewer.page("/halted").await;
    let since = Instant::now();
    for (client, what, code) in [
        ("onboarding", "issuance", "owner_unknown"),
        ("partner", "issuance", "owner_unknown"),
        ("onboarding", "issuance", "key_unusable"),
        ("onboarding", "profile", "wallet_taken"),
        ("onboarding", "attribute", "refused"),
    ] {
        while !halted.contains(&format!("/console/halted/{client}/{what}/{code}")) {
            assert!(since.elapsed() < PATIENCE, "{code}: {halted}");
            pause();
            halted = viewer.page("/halted").await;
        }
    }
    assert!(!halted.contains("action=\"/console/halted/resume\""), "a viewer brings nothing on");
    assert_eq!(viewer.get("/audit").await.0, 403);
    let notices = viewer.page("/notices").await;
    assert!(notices.contains("onboarding"), "{notices}");
    let compliance = Visitor::of(url, "compliance").await;
    assert!(compliance.page("/halted").await.contains("action=\"/console/halted/resume\""));
    compliance.page("/audit").await;
    assert_eq!(compliance.get("/people").await.0, 403);
    let admin = Visitor::of(url, "admin").await;
    let people = admin.page("/people").await;
    assert!(["sample-viewer", "sample-compliance", "sample-admin"].iter().all(|name| people.contains(name)));
    // Twice is the same person.
    let again = Visitor::of(url, "admin").await.page("/people").await;
    assert_eq!(again.matches(">sample-admin<").count(), people.matches(">sample-admin<").count());
    // Mails were sent.
    let mailbox = shown["mailboxUrl"].as_str().unwrap();
    let since = Instant::now();
    while ask(http().get(format!("{mailbox}/3"))).await.0 != 200 {
        assert!(since.elapsed() < PATIENCE, "{}", ask(http().get(mailbox)).await.1);
        pause();
    }
    // The client of whoever works with it has none of this.
    let own = states(url, shown["apiKey"].as_str().unwrap(), "issuances").await;
    assert_eq!(own, counts(&[("awaiting_profile", 1)]));
    assert_eq!(process.stop().0, Some(0));

    // What was broken off goes on: each request is the one that it was.
    std::fs::remove_file(&done).unwrap();
    let (process, second) = start(&data);
    wait_for_all(&process, &done);
    let url = second["url"].as_str().unwrap();
    for (what, expected) in WANTED {
        until_counted(url, key.trim(), what, expected).await;
    }
    let config = second["config"].as_str().unwrap().to_owned();
    assert_eq!(process.stop().0, Some(0));

    // The same folder, served as every service is: whoever asks for the door is not let in, and finds none.
    let served = Process::serving(&["--config", &config, "serve"]);
    let url = served.url();
    assert_eq!(ask(http().get(format!("{url}/console/sign-in"))).await.0, 200);
    let (status, answer) = ask(http().get(format!("{url}/console/sample-staff"))).await;
    assert!(status == 404 && answer.contains("urn:idos-issuer:problem:not_found"), "{status} {answer}");
    let sent = pressed(&format!("{url}/console/sample-staff"), "same-origin", "admin");
    assert_eq!(ask(sent).await.0, 404);
    assert_eq!(served.stop().0, Some(0));
}
