//! The same for results that come in by themselves: `kill -9` between webhook, fetch, seal and delivery, with a vendor of its own that
//! answers late, breaks off, refuses for a while and tells everything more than once.
//!
//! In the end there is exactly one credential of each person whom the vendor approved, and none of anybody else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use futures_util::StreamExt as _;
use idos_devnode::Schema;
use idos_issuer::model::ids::VerificationId;
use idos_issuer::model::job::Work;
use idos_issuer::model::verification::State as VerificationState;
use idos_issuer::store::Store;
use idos_wallet::WalletType;
use rand::Rng as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::{Deployment, faults};
use crate::http::verifications::{hmac, picture, recorded};
use crate::support::service::audit_holds;
use crate::support::tables::issuances_by_state;
use crate::support::{Folder, User, id};

/// How often the service is killed, on each database.
const KILLS: usize = 60;

/// Who has people verified all the while.
const CLIENTS: usize = 3;

/// People whom each has verified at most.
const PEOPLE: usize = 16;

/// What signs the vendor's webhooks.
const SECRET: &str = "whsec_test";

/// What the vendor has decided: whether it approved, by its id of the case, and whose case that is.
#[derive(Default)]
struct Decisions(Mutex<BTreeMap<String, (String, bool)>>);

#[derive(Clone)]
struct Vendor {
    decisions: Arc<Decisions>,
    misbehaves: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Vendor {
    fn answer(&self, path: &str) -> Option<Vec<u8>> {
        let mut parts = path.trim_start_matches("/resources/").split('/');
        match (parts.next()?, parts.next()?, parts.next()?) {
            ("applicants", case, "one") => {
                let (reference, is_approved) = self.decisions.0.lock().unwrap().get(case)?.clone();
                let mut applicant = recorded("sumsub", "applicant.json");
                applicant["id"] = json!(case);
                applicant["externalUserId"] = json!(reference);
                if !is_approved {
                    applicant["review"]["reviewResult"] =
                        json!({ "reviewAnswer": "RED", "reviewRejectType": "FINAL" });
                }
                Some(applicant.to_string().into_bytes())
            }
            ("applicants", _, "metadata") => Some(recorded("sumsub", "images.json").to_string().into_bytes()),
            ("inspections", _, "resources") => Some(picture()),
            _ => None,
        }
    }
}

async fn answer(State(vendor): State<Vendor>, request: Request) -> Response<Body> {
    vendor.asked.fetch_add(1, Ordering::Relaxed);
    let answer = vendor.answer(request.uri().path());
    let dice = rand::thread_rng().gen_range(0..100);
    let response = Response::builder();
    if vendor.misbehaves.load(Ordering::Relaxed) {
        match dice {
            0..4 => return response.status(503).body(Body::empty()).unwrap(),
            4..8 => return response.status(429).header("retry-after", "1").body(Body::empty()).unwrap(),
            8..14 => {
                let begin = answer.clone().unwrap_or_default();
                let begin = begin[..begin.len() / 2].to_vec();
                let cut = futures_util::stream::iter([Err(std::io::ErrorKind::ConnectionReset.into())]);
                let lost = futures_util::stream::iter([Ok::<_, std::io::Error>(begin)]).chain(cut);
                return response.body(Body::from_stream(lost)).unwrap();
            }
            // Later than anybody waits, and so late that a kill comes between.
            14..18 => tokio::time::sleep(Duration::from_secs(3)).await,
            18..40 => tokio::time::sleep(Duration::from_millis(300)).await,
            _ => {}
        }
    }
    match answer {
        Some(answer) => response.body(Body::from(answer)).unwrap(),
        None => response.status(404).body(Body::empty()).unwrap(),
    }
}

fn section(folder: &Folder, url: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let secret = |name: &str, text: &str| {
        let path = folder.write(name, text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    let (key, hook) = (secret("vendor-key", "prd:app-token"), secret("vendor-hook", SECRET));
    let second = secret("vendor-secret", "test-secret");
    format!(
        "[[source]]\nname = \"kyc\"\nvendor = \"sumsub\"\nclient = \"acme\"\nbase_url = \"{url}\"\nkey = \"{key}\"\n\
         secret = \"{second}\"\nwebhook_secrets = [\"{hook}\"]\npoll_seconds = 1\ntimeout = 2\n"
    )
}

/// Whom somebody had verified.
struct Verified {
    id: VerificationId,
    user: Uuid,
    is_approved: bool,
}

/// Sends until it is answered with a status that is taken for an answer; `None` where there was none.
async fn sent(request: reqwest::RequestBuilder, strange: &Mutex<Vec<String>>) -> Option<(u16, String)> {
    let Ok(answer) = request.send().await else { return None };
    let status = answer.status().as_u16();
    // An answer that is cut off is none.
    let text = answer.text().await.ok()?;
    if !matches!(status, 200 | 202 | 503) {
        strange.lock().unwrap().push(format!("{status} {text}"));
    }
    (status != 503).then_some((status, text))
}

/// Has people verified, one after the other, until `stop` or until all are. What was begun is finished, whatever is killed.
async fn verify_all_the_while(
    deployment: &Deployment,
    vendor: &Vendor,
    people: Vec<User>,
    (stop, told): (&AtomicBool, &AtomicUsize),
    strange: &Mutex<Vec<String>>,
) -> Vec<Verified> {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    let a_moment = || tokio::time::sleep(Duration::from_millis(20));
    let mut verified = Vec::new();
    for person in people {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let opening = json!({ "source": "kyc", "delivery": { "by": "inserter" }, "userId": person.id,
            "contact": { "email": "erika@example.com" } });
        let (key, opening) = (id().to_string(), opening.to_string());
        let opened = loop {
            let request = client
                .post(format!("{}/v1/verifications", deployment.url))
                .bearer_auth(&deployment.key)
                .header("Idempotency-Key", &key)
                .header("Content-Type", "application/json")
                .body(opening.clone());
            match sent(request, strange).await {
                Some((202, text)) => break serde_json::from_str::<Value>(&text).unwrap(),
                _ => a_moment().await,
            }
        };
        let (case, reference) =
            (id().simple().to_string(), opened["externalId"].as_str().unwrap().to_owned());
        let is_approved = rand::thread_rng().gen_ratio(5, 6);
        vendor.decisions.0.lock().unwrap().insert(case.clone(), (reference.clone(), is_approved));
        let review = if is_approved {
            json!({ "reviewAnswer": "GREEN" })
        } else {
            json!({ "reviewAnswer": "RED", "reviewRejectType": "FINAL" })
        };
        let event = json!({ "applicantId": case, "externalUserId": reference, "type": "applicantReviewed", "sandboxMode": false,
            "reviewResult": review, "createdAtMs": "2026-01-02 03:04:06.000" });
        let event = event.to_string();
        // Until it is taken, and then once more.
        let mut taken = 0;
        while taken < 2 {
            let request = client
                .post(format!("{}/webhooks/kyc", deployment.url))
                .header("Content-Type", "application/json")
                .header("X-Payload-Digest", hmac(SECRET.as_bytes(), event.as_bytes()))
                .body(event.clone());
            match sent(request, strange).await {
                Some(_) => taken += 1,
                None => a_moment().await,
            }
        }
        told.fetch_add(1, Ordering::Relaxed);
        verified.push(Verified {
            id: opened["id"].as_str().unwrap().parse().unwrap(),
            user: person.id,
            is_approved,
        });
        let pause = rand::thread_rng().gen_range(0..1500);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    verified
}

on_both_databases! {
    async fn killed_while_a_vendor_is_asked(backend) {
        rustls::crypto::ring::default_provider().install_default().ok();
        let vendor = Vendor { decisions: Arc::default(), misbehaves: Arc::new(AtomicBool::new(true)), asked: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(vendor.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let mut people: Vec<_> = (0..CLIENTS * PEOPLE).map(|_| User::with(WalletType::Evm)).collect();
        let deployment = Deployment::with(backend, Schema::Current, &people, |folder| section(folder, &url)).await;
        let deployment = Arc::new(deployment);
        deployment.node.dev().unwrap().faults().set_random(faults(5));
        let (stop, told, strange) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let people = people.split_off(people.len() - PEOPLE);
                let (deployment, vendor, strange) = (Arc::clone(&deployment), vendor.clone(), Arc::clone(&strange));
                let (stop, told) = (Arc::clone(&stop), Arc::clone(&told));
                tokio::spawn(async move {
                    verify_all_the_while(&deployment, &vendor, people, (&stop, &told), &strange).await
                })
            })
            .collect();
        for _ in 0..KILLS {
            let service = deployment.serve();
            let moment = rand::thread_rng().gen_range(20..900);
            tokio::time::sleep(Duration::from_millis(moment)).await;
            drop(service);
        }
        assert!(told.load(Ordering::Relaxed) > KILLS / 12, "nearly nothing was told:\n{}", deployment.log());
        assert!(vendor.asked.load(Ordering::Relaxed) > KILLS / 4, "nearly nothing was asked:\n{}", deployment.log());

        deployment.node.dev().unwrap().faults().clear();
        vendor.misbehaves.store(false, Ordering::Relaxed);
        stop.store(true, Ordering::Relaxed);
        let _service = deployment.serve();
        let mut verified = Vec::new();
        for client in clients {
            verified.extend(client.await.unwrap());
        }
        assert_eq!(*strange.lock().unwrap(), Vec::<String>::new());
        assert!(verified.iter().any(|one| one.is_approved) && !verified.is_empty());

        let store = Store::connect(&deployment.database.url, 4).await.unwrap();
        let start = Instant::now();
        for one in &verified {
            let wanted = if one.is_approved { VerificationState::Issued } else { VerificationState::Declined };
            loop {
                let now = store.verification(&one.id).await.unwrap().unwrap();
                if now.state == wanted {
                    break;
                }
                // Jobs that failed often are due much later; here nobody has the time.
                for job in store.jobs(None, 1000).await.unwrap() {
                    let mut tx = store.begin().await.unwrap();
                    tx.bring_forward(job.work, &job.subject, idos_issuer::clock::now()).await.unwrap();
                    tx.commit().await.unwrap();
                }
                assert!(start.elapsed() < Duration::from_mins(3), "{now:?}\n{}", deployment.log());
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        let mut expected = BTreeSet::new();
        let mut issuances = BTreeSet::new();
        for one in verified.iter().filter(|one| one.is_approved) {
            let now = store.verification(&one.id).await.unwrap().unwrap();
            assert_eq!((now.made, now.locked_contact), (1, None), "{}", one.id);
            let issuance = store.issuance(&now.issuance_id.unwrap()).await.unwrap().unwrap();
            assert_eq!(issuance.user_id, one.user);
            assert!(issuances.insert(issuance.id.clone()), "one issuance for two people");
            expected.insert(issuance.ids.original.to_string());
            if issuance.delivery.has_copy() {
                expected.insert(issuance.ids.copy.to_string());
            }
            assert!(!store.has_sealed(&issuance.id).await.unwrap());
        }
        let counts = issuances_by_state(&deployment.database.url).await;
        let made = i64::try_from(issuances.len()).unwrap();
        assert_eq!(counts, [("issued".to_owned(), made)], "more was made than was approved");
        let there: Vec<_> = deployment.node.credentials().await.unwrap().into_iter().map(|row| row.id).collect();
        assert_eq!(there.len(), expected.len(), "lost or doubled");
        assert_eq!(there.into_iter().collect::<BTreeSet<_>>(), expected);
        audit_holds(&store).await;
        let left = store.jobs(None, 10).await.unwrap();
        assert!(left.iter().all(|job| job.work != Work::FetchResult), "{left:?}");
        store.close().await;
    }
}
