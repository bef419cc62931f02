//! Notices of the real binary, which is killed at every step of a dialogue with a mail server; and the commands about them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use idos_credential::Timestamp;
use idos_issuer::app::App;
use idos_issuer::clock::Clock;
use idos_issuer::config::Config;
use idos_issuer::flow::contact;
use idos_issuer::model::ids::IssuanceId;
use idos_issuer::model::issuance::Issuance;
use idos_issuer::model::notices::{Notice, NoticeState};
use idos_issuer::model::personal::Contact;
use idos_issuer::store::Store;
use rand::rngs::OsRng;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::cli_admin::tamper;
use crate::cli_deployment::{Deployment, PATIENCE, pause};
use crate::support::service::{Backend, issued_record};
use crate::support::{stderr, stdout};

/// Where the mail server says nothing any more, until the service is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Greeting,
    Hello,
    Sender,
    Recipient,
    Data,
    Message,
    End,
}

const STEPS: [Step; 7] =
    [Step::Greeting, Step::Hello, Step::Sender, Step::Recipient, Step::Data, Step::Message, Step::End];

/// A mail server that takes everything, or falls silent at a step.
struct MailServer {
    url: String,
    silent_at: Arc<Mutex<Option<Step>>>,
    /// Somebody has come to that step.
    reached: Arc<Notify>,
    /// Mails of which it was told all, by their ids.
    told: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            url: format!("smtp://{}", listener.local_addr().unwrap()),
            silent_at: Arc::default(),
            reached: Arc::default(),
            told: Arc::default(),
        };
        let (silent_at, reached, told) =
            (Arc::clone(&server.silent_at), Arc::clone(&server.reached), Arc::clone(&server.told));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let dialogue = Dialogue {
                    silent_at: Arc::clone(&silent_at),
                    reached: Arc::clone(&reached),
                    told: Arc::clone(&told),
                };
                tokio::spawn(async move { dialogue.lead(stream).await });
            }
        });
        server
    }

    fn fall_silent_at(&self, step: Option<Step>) {
        *self.silent_at.lock().unwrap() = step;
    }

    fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }
}

struct Dialogue {
    silent_at: Arc<Mutex<Option<Step>>>,
    reached: Arc<Notify>,
    told: Arc<Mutex<Vec<String>>>,
}

impl Dialogue {
    /// Answers, or never does.
    async fn pass(&self, step: Step) {
        if *self.silent_at.lock().unwrap() == Some(step) {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
    }

    async fn lead(self, stream: TcpStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        self.pass(Step::Greeting).await;
        let _ = write.write_all(b"220 there\r\n").await;
        let (mut in_data, mut id) = (false, String::new());
        while let Ok(Some(line)) = lines.next_line().await {
            let answer = if in_data {
                if let Some(of) = line.strip_prefix("Message-ID: ") {
                    of.clone_into(&mut id);
                    self.pass(Step::Message).await;
                }
                if line != "." {
                    continue;
                }
                in_data = false;
                self.told.lock().unwrap().push(id.clone());
                self.pass(Step::End).await;
                "250 taken"
            } else {
                match line.split([' ', ':']).next().unwrap_or_default() {
                    "EHLO" => {
                        self.pass(Step::Hello).await;
                        "250-there\r\n250 8BITMIME"
                    }
                    "MAIL" => {
                        self.pass(Step::Sender).await;
                        "250 fine"
                    }
                    "RCPT" => {
                        self.pass(Step::Recipient).await;
                        "250 fine"
                    }
                    "DATA" => {
                        self.pass(Step::Data).await;
                        in_data = true;
                        "354 go on"
                    }
                    "QUIT" => "221 bye",
                    _ => "250 fine",
                }
            };
            if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// A deployment with this mail server, where nobody sleeps.
async fn deployment(server: &MailServer, backend: Backend) -> Deployment {
    let deployment = Deployment::migrated_on(backend).await;
    deployment.configure(&format!(
        "[mail]\nurl = \"{}\"\nfrom = \"Example <kyc@example.com>\"\n[notices]\nquiet_from = 0\nquiet_until = 0\n",
        server.url
    ));
    deployment
}

/// A credential that ends in three hours, and of which nothing is planned yet.
async fn issued(deployment: &Deployment) -> IssuanceId {
    let config = Config::load_file_only(deployment.config().as_ref()).unwrap();
    let app = App::build(config, Clock::System).await.unwrap();
    let now: Timestamp = app.clock.now();
    let id = IssuanceId::new(now, &mut OsRng);
    let issuance = Issuance {
        valid_until: Some(now.plus_millis(3 * 3_600_000)),
        has_contact: true,
        ..issued_record(&app, &id, now)
    };
    let contact =
        Contact { email: "rare.word@marker.example".parse().unwrap(), locale: "en".parse().unwrap() };
    let locked = contact::lock(&app.vault, (id.as_str(), "acme"), &contact).unwrap();
    let mut tx = app.store.begin().await.unwrap();
    tx.add_issuance(&issuance, None).await.unwrap();
    tx.keep_contact(&id, &locked, now).await.unwrap();
    tx.record_anew("notice_settings", "none").await.unwrap();
    tx.commit().await.unwrap();
    app.store.close().await;
    id
}

async fn notices(deployment: &Deployment, id: &IssuanceId) -> Vec<Notice> {
    let store = Store::connect(&deployment.database(), 1).await.unwrap();
    let all = store.notices_of(id).await.unwrap();
    store.close().await;
    all
}

async fn until(deployment: &Deployment, id: &IssuanceId, wanted: impl Fn(&[Notice]) -> bool) -> Vec<Notice> {
    let start = Instant::now();
    loop {
        let all = notices(deployment, id).await;
        if wanted(&all) {
            return all;
        }
        assert!(start.elapsed() < 2 * PATIENCE, "{all:?}");
        pause();
    }
}

on_both_databases! {
    async fn killed_at_every_step_of_a_dialogue_it_is_said_again_before_data_and_never_twice_behind_it(backend) {
        let server = MailServer::start().await;
        let deployment = deployment(&server, backend).await;
        for step in STEPS {
            let id = issued(&deployment).await;
            tamper(&deployment, "INSERT INTO recurring (name, due_at) VALUES ('sweep', 0) ON CONFLICT (name) DO UPDATE SET due_at = 0")
                .await;
            let before = server.told().len();
            server.fall_silent_at(Some(step));
            let worker = deployment.start(&["worker"]);
            tokio::time::timeout(2 * PATIENCE, server.reached.notified())
                .await
                .unwrap_or_else(|_| panic!("{step:?}: {}", worker.said()));
            let said = worker.said();
            drop(worker); // SIGKILL
            server.fall_silent_at(None);
            let is_being_sent = |notice: &Notice| notice.state == NoticeState::Sending;
            let there = notices(&deployment, &id).await;
            let sending =
                there.iter().find(|notice| is_being_sent(notice)).unwrap_or_else(|| panic!("{step:?} {there:?}"));
            let is_behind = [Step::Data, Step::Message, Step::End].contains(&step);
            assert_eq!(sending.data_at.is_some(), is_behind, "{step:?}");

            // Its turn runs out.
            tamper(&deployment, "UPDATE notice SET lease_until = 0 WHERE state = 'sending'").await;
            let worker = deployment.start(&["worker"]);
            let is_over = |notice: &Notice| matches!(notice.state, NoticeState::Sent | NoticeState::Unclear);
            let there = until(&deployment, &id, |all| {
                all.iter().any(|notice| notice.id == sending.id && is_over(notice))
            })
            .await;
            if is_behind {
                // Longer than it takes to look for what is due.
                tokio::time::sleep(Duration::from_secs(6)).await;
            }
            let after = server.told().len() - before;
            let of = there.iter().find(|notice| notice.id == sending.id).unwrap();
            let wanted = match step {
                Step::Data | Step::Message => (NoticeState::Unclear, 0),
                Step::End => (NoticeState::Unclear, 1),
                _ => (NoticeState::Sent, 1),
            };
            assert_eq!((of.state, after), wanted, "{step:?}: {}", worker.said());
            for text in [said, worker.said()] {
                assert!(!text.contains("rare.word") && !text.contains("marker.example"), "{text}");
            }
            // Nothing of it is due for the next one.
            tamper(
                &deployment,
                "UPDATE notice SET state = 'dropped', code = 'cancelled' WHERE state <> 'dropped'",
            )
            .await;
        }
        if backend == Backend::Postgres {
            return;
        }
        let mut bytes = std::fs::read(deployment.folder.0.join("issuer.db")).unwrap();
        bytes.extend(std::fs::read(deployment.folder.0.join("issuer.db-wal")).unwrap_or_default());
        for word in ["rare.word", "marker.example"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn operators_list_preview_cancel_and_send_notices() {
    let server = MailServer::start().await;
    let deployment = deployment(&server, Backend::Sqlite).await;
    let id = issued(&deployment).await;
    {
        let worker = deployment.start(&["worker"]);
        until(&deployment, &id, |all| all.iter().any(|notice| notice.state == NoticeState::Sent)).await;
        assert!(worker.said().contains("Notices are planned"), "{}", worker.said());
    }
    assert_eq!(server.told().len(), 1);
    let listed = deployment.good_json(&["notices", "list", "--issuance", id.as_str(), "--json"]);
    let sent = listed.as_array().unwrap().iter().find(|notice| notice["state"] == "sent").unwrap();
    let sent = sent["id"].as_str().unwrap();
    assert!(server.told()[0].contains(sent), "{:?}", server.told());
    let shown = deployment.good(&["notices", "preview", sent]);
    assert!(shown.contains("valid until") && !shown.contains("rare.word"), "{shown}");
    assert_eq!(deployment.run(&["notices", "cancel", sent]).status.code(), Some(2));
    deployment.good(&["notices", "resend", sent]);
    let planned = deployment.good(&["notices", "list"]);
    assert!(planned.contains(sent) && planned.contains("planned"), "{planned}");
    deployment.good(&["notices", "cancel", sent]);
    assert!(deployment.good(&["notices", "list", "--state", "dropped"]).contains("cancelled"));
    for wrong in [&["notices", "preview", "Xyzzy"][..], &["notices", "list", "--state", "Xyzzy"]] {
        assert_eq!(deployment.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    // Where one may have been sent, the doctor says so, and how to go on: it is no reason to complain.
    let doctor = || {
        let said = stdout(&deployment.run(&["doctor", "--json"]));
        let report: serde_json::Value = serde_json::from_str(&said).unwrap();
        let findings = report["findings"].as_array().unwrap();
        findings.iter().find(|finding| finding["check"] == "notices").cloned()
    };
    assert_eq!(doctor(), None);
    tamper(
        &deployment,
        "UPDATE notice SET state = 'unclear', data_at = 1900000000000 WHERE code = 'cancelled'",
    )
    .await;
    let found = doctor().unwrap();
    assert_eq!(found["verdict"], "note");
    let text = found["text"].as_str().unwrap();
    assert!(
        text.contains("1 notice ") && text.contains("2030-03-17T17:46:40") && text.contains("notices resend"),
        "{text}"
    );
    let stranger = deployment.run(&["notices", "resend", "ntc_01J00000000000000000000000"]);
    assert!(stderr(&stranger).contains("there is no such notice"), "{}", stdout(&stranger));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_preview_says_until_when_and_why() {
    let deployment = Deployment::new().await;
    let result = crate::support::example("kyc-result.json").display().to_string();
    deployment.configure("[validity]\nterm = \"5y\"\n");
    let at = ["--at", "2026-12-01"];
    let preview = |more: &[&str]| {
        deployment.good_json(&[&["validity", "preview", &result, "--json"], more, &at].concat())
    };
    let standard = preview(&[]);
    assert_eq!(standard["validUntil"], "2031-11-20T09:30:00.000Z");
    assert_eq!(standard["validBy"], "level");
    let high = preview(&["--risk", "high"]);
    assert_eq!(high["validUntil"], "2027-11-20T09:30:00.000Z");
    assert_eq!(high["validBy"], "risk");
    assert_eq!(high["bounds"].as_array().unwrap().len(), 3);
    let text = deployment.good(&["validity", "preview", &result, "--at", "2026-12-01"]);
    assert!(text.starts_with("ends 2031-11-20T09:30:00.000Z, by level (5y from approvedAt)\n"), "{text}");
    let over = deployment.run(&["validity", "preview", &result, "--risk", "high", "--at", "2028-01-01"]);
    assert_eq!(over.status.code(), Some(1));
    let wrong = deployment.run(&["validity", "preview", &result, "--risk", "Xyzzy"]);
    assert_eq!(wrong.status.code(), Some(2));
}
