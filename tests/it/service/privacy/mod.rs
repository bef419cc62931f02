//! A person whose every field is a rare word goes every way that there is; afterwards none of the words is anywhere.
//!
//! Looked through are: the log of the whole process at its most talkative (with the fields of all spans, which is what
//! traces consist of), the metrics, every answer of the HTTP API, every webhook, and the bytes of the database. Each
//! word is looked for in every spelling that a careless program would give it.

mod vendors;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use futures_util::StreamExt as _;
use idos_credential::base85;
use idos_devnode::DevNodeConfig;
use idos_issuer::app::App;
use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::{api_keys, sweep};
use idos_issuer::model::client::Scope;
use idos_issuer::store::Store;
use idos_issuer::vault::Vault;
use idos_issuer::{http, telemetry, worker};
use idos_wallet::WalletType;
use rand::Rng as _;
use serde_json::{Value, json};
use sqlx::Connection as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use zeroize::Zeroizing;

use crate::http::persons::{nullifier, world_2};
use crate::http::verifications::{Vendor, hmac, picture, recorded};
use crate::support::service::{Backend, Stage, same_keys, signed_grant};
use crate::support::{Folder, User, id, owned};

const HOUR: i64 = 3_600_000;

/// What was logged in this process since somebody began to listen.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// How many tests listen. The other tests of this program are not slowed down by what nobody reads.
static LISTENERS: AtomicUsize = AtomicUsize::new(0);

/// Listens to all threads, at every level, until it is dropped.
struct Listening;

impl Listening {
    fn begin() -> Self {
        static ONCE: OnceLock<()> = OnceLock::new();
        ONCE.get_or_init(|| {
            let listens = dynamic_filter_fn(|_, _| LISTENERS.load(Ordering::SeqCst) > 0);
            let layer = tracing_subscriber::fmt::layer()
                .with_ansi(false)
                .with_span_events(FmtSpan::FULL)
                .with_writer(|| ToLog)
                .with_filter(listens);
            tracing_subscriber::registry().with(layer).try_init().unwrap();
        });
        LISTENERS.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENERS.fetch_sub(1, Ordering::SeqCst);
    }
}

struct ToLog;

impl Write for ToLog {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Texts to be looked for, in every spelling.
#[derive(Default)]
struct Wanted {
    spellings: BTreeSet<Vec<u8>>,
}

impl Wanted {
    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.add(text.to_lowercase());
        self.add(text.to_uppercase());
        let escaped = |form: fn(char) -> String| text.chars().map(form).collect::<String>();
        self.add(escaped(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }));
        self.add(escaped(
            |c| if c.is_ascii() { c.to_string() } else { format!("\\u{{{:x}}}", u32::from(c)) },
        ));
        self.add(percent(text));
        // As Rust shows bytes.
        self.add(text.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", "));
    }

    /// As they are, in hexadecimal, and in base64 and Ascii85 wherever they begin in what is encoded.
    fn bytes(&mut self, bytes: &[u8]) {
        self.add(bytes);
        self.add(hex::encode(bytes));
        for before in 0..3 {
            let padded = [&vec![0; before], bytes].concat();
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                // The first and the last characters also tell of what is beside.
                let encoded = engine.encode(&padded);
                let whole = padded.len() * 8 / 6;
                self.add(&encoded[(before * 8).div_ceil(6)..whole]);
            }
        }
        for before in 0..4 {
            let whole = bytes.get(before..).unwrap_or_default();
            let group = base85::encode(&whole[..whole.len() / 4 * 4]);
            self.add(group.trim_start_matches("<~").trim_end_matches("~>"));
        }
    }

    fn date(&mut self, date: &str) {
        self.text(date);
        let moment: idos_credential::Timestamp = date.parse().unwrap();
        self.add(moment.unix_millis().to_string());
    }

    fn add(&mut self, spelling: impl AsRef<[u8]>) {
        let spelling = spelling.as_ref();
        // Shorter ones are found anywhere. The plain form of every text is longer.
        if spelling.len() >= 8 {
            self.spellings.insert(spelling.to_vec());
        }
    }

    fn search(&self) -> Search {
        let spellings: Vec<_> = self.spellings.iter().cloned().collect();
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(&spellings).unwrap();
        Search(automaton)
    }
}

fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

struct Search(AhoCorasick);

impl Search {
    /// What was found in `place`, with what is around it.
    fn found(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let around = |at: usize, end: usize| {
            let part = &bytes[at.saturating_sub(160)..(end + 60).min(bytes.len())];
            format!("{place}: {}", String::from_utf8_lossy(part))
        };
        self.0.find_iter(bytes).take(20).map(|hit| around(hit.start(), hit.end())).collect()
    }
}

/// A word that stands nowhere else.
fn word() -> String {
    let mut rng = rand::thread_rng();
    let letters: String = (0..15).map(|_| char::from(rng.gen_range(b'a'..=b'z'))).collect();
    format!("Q{letters}")
}

fn date(years: std::ops::Range<u32>) -> String {
    let mut rng = rand::thread_rng();
    format!("{}-{:02}-{:02}", rng.gen_range(years), rng.gen_range(1..13), rng.gen_range(1..29))
}

/// A photo that can be shown, with a comment in it.
fn commented(comment: &[u8]) -> Vec<u8> {
    let photo = picture();
    let length = u16::try_from(comment.len() + 2).unwrap().to_be_bytes();
    [&photo[..2], b"\xff\xfe", &length, comment, &photo[2..]].concat()
}

/// A person whose every field is rare.
struct Person {
    subject: Value,
    files: Vec<(&'static str, Vec<u8>)>,
    email: String,
    locale: &'static str,
    /// In places where nothing of the kind belongs.
    stray: String,
    wanted: Wanted,
}

impl Person {
    fn new() -> Self {
        let mut wanted = Wanted::default();
        let mut rng = rand::thread_rng();
        let mut text = |form: String| {
            wanted.text(&form);
            form
        };
        let mut number = || (0..14).map(|_| char::from(rng.gen_range(b'0'..=b'9'))).collect::<String>();
        let mut subject = json!({
            "firstName": text(word()), "middleName": text(format!("Żó{}", word())), "familyName": text(word()),
            "maidenName": text(word()), "gender": "OTHER", "ssn": text(format!("{}1", &number()[..8]).replace("00", "71")), "nationality": "AQ",
            "email": text(format!("{}@{}.example", word(), word())), "phoneNumber": text(format!("+8{}", number())),
            "placeOfBirth": text(word()), "idDocumentCountry": "AQ", "idDocumentNumber": text(number()),
            "idDocumentType": "PASSPORT",
            "residentialAddress": {
                "street": text(word()), "houseNumber": text(number()), "additionalAddressInfo": text(word()),
                "region": text(word()), "city": text(word()), "postalCode": text(number()), "country": "AQ",
                "proofCategory": "UTILITY_BILL",
            },
        });
        let (email, stray) = (text(format!("{}@{}.example", word(), word())), text(word()));
        let locale = "gsw-Latn-AQ";
        text(locale.to_owned());
        let files = ["idDocumentFrontFile", "idDocumentBackFile", "selfieFile", "proofFile"].map(|name| {
            let words: Vec<_> = (0..20).map(|_| text(word())).collect();
            (name, commented(words.concat().as_bytes()))
        });
        for (name, years) in [
            ("dateOfBirth", 1903..1925),
            ("idDocumentDateOfIssue", 1951..1969),
            ("idDocumentDateOfExpiry", 2103..2155),
        ] {
            let date = date(years);
            wanted.date(&date);
            subject[name] = date.into();
        }
        let proof = date(1971..1989);
        wanted.date(&proof);
        subject["residentialAddress"]["proofDateOfIssue"] = proof.into();
        Self { subject, files: files.into(), email, locale, stray, wanted }
    }

    /// The subject, with its files as `file` writes them.
    fn subject(&self, file: impl Fn(&str, &[u8]) -> Value) -> Value {
        let mut subject = self.subject.clone();
        for (name, bytes) in &self.files {
            let place = if *name == "proofFile" { &mut subject["residentialAddress"] } else { &mut subject };
            place[*name] = file(name, bytes);
        }
        subject
    }

    fn inline(&self) -> Value {
        self.subject(|_, bytes| json!({ "base64": base64::engine::general_purpose::STANDARD.encode(bytes) }))
    }

    fn submission(&self, user: &User, subject: &Value, delivery: &Value) -> Value {
        json!({
            "userId": user.id, "kind": "kyc", "delivery": delivery, "reference": "case-1",
            "evidence": { "approvedAt": "2026-01-02T03:04:05Z", "expiresAt": "2090-01-01", "subject": subject },
            "contact": { "email": self.email, "locale": self.locale },
        })
    }
}

/// An answer of the API.
struct Answer {
    status: u16,
    body: Value,
}

impl Answer {
    fn accepted(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    fn id(self) -> String {
        self.accepted()["id"].as_str().unwrap().to_owned()
    }
}

/// The service in full: API, background work, and somebody who is told of events.
struct World {
    stage: Stage,
    app: Arc<App>,
    api: SocketAddr,
    key: String,
    person: Person,
    /// What must stay with us, or on the network: keys, and the wallets' addresses and signatures.
    secrets: Wanted,
    /// Every answer, to the byte; and whether it may name the wallet that was asked about.
    answers: Mutex<Vec<(Vec<u8>, bool)>>,
    told: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Somebody of whom there is a record, by what may be readable of it.
    known: String,
    work: Option<(JoinHandle<()>, CancellationToken)>,
    vendor: Vendor,
    /// What signs the vendor's webhooks.
    hook: String,
    /// One with each vendor that there is.
    accounts: Vec<vendors::Account>,
    _folder: Folder,
}

impl World {
    async fn new(backend: Backend) -> Self {
        let mut stage = Stage::with(backend, 1, DevNodeConfig::default()).await;
        stage.clock = Clock::fixed(clock::now());
        let mut secrets = Wanted::default();
        let folder = Folder::new();
        let webhook = idos_webhooks::Secret::generate(&mut rand::rngs::OsRng).to_text();
        let file = folder.write("webhook", webhook.as_bytes());
        std::process::Command::new("chmod").args(["600", &file]).status().unwrap();
        secrets.text(webhook.strip_prefix("whsec_").unwrap());

        let person = Person::new();
        let told = Arc::new(Mutex::new(Vec::new()));
        let receiver = receive(Arc::clone(&told), person.stray.clone()).await;
        let token = word();
        secrets.text(&token);
        let vendor = Vendor::start().await;
        let [api_key, api_secret, hook] = [word(), word(), word()];
        let [key_file, secret_file, hook_file] = [&api_key, &api_secret, &hook].map(|secret| {
            secrets.text(secret);
            let file = folder.write(&secret[..8], secret);
            std::process::Command::new("chmod").args(["600", &file]).status().unwrap();
            file
        });
        let vendor_url = &vendor.url;
        // What is kept after delivery is there to be found, too, were it readable.
        let until = clock::now().plus_millis(300 * 24 * HOUR);
        stage.settings = format!(
            "[[source]]\nname = \"kyc\"\nvendor = \"sumsub\"\nclient = \"acme\"\nbase_url = \"{vendor_url}\"\n\
             key = \"{key_file}\"\nsecret = \"{secret_file}\"\nwebhook_secrets = [\"{hook_file}\"]\n\
             [[source]]\nname = \"world\"\npersonhood = \"world_id_v2\"\nclient = \"acme\"\nbase_url = \"{vendor_url}\"\n\
             write_as_face_sign = true\napp = \"app_1234\"\naction = \"idos-pop\"\nlevels = [\"orb\"]\n\
             [[source]]\nname = \"passport\"\npersonhood = \"human_passport\"\nclient = \"acme\"\nbase_url = \"{vendor_url}\"\n\
             write_as_face_sign = true\nscorer = 335\nkey = \"{key_file}\"\naction = \"idos-pop\"\nthreshold = \"20\"\n\
             [http]\npublic_url = \"https://issuer.example\"\n[claims]\nreturn_urls = [\"https://kyc.example/\"]\n\
             [retention]\nphase = \"safety_net\"\nsafety_net_until = \"{until}\"\n\
             [webhook_policy]\nallow_private = true\nallow_http = true\n\
             [[webhooks]]\nname = \"own\"\nurl = \"http://{receiver}/{token}?{token}\"\nsecrets = [\"{file}\"]\n"
        );
        let accounts = vendors::Account::all(&folder, &mut stage.settings, &mut secrets).await;
        let vault_key: [u8; 32] = rand::random();
        secrets.bytes(&vault_key);
        secrets.bytes(&stage.write_seeds[0]);
        let store = Store::connect(&stage.database.url, 8).await.unwrap();
        store.migrate().await.unwrap();
        let vault = Vault::new(&[Zeroizing::new(vault_key)]).unwrap();
        let app =
            App::wire(stage.config(), stage.clock.clone(), store, same_keys(&stage.keys), vault).unwrap();
        let mut app = app.taking_test_data();
        for (name, place) in accounts.iter().map(vendors::Account::place_of_files) {
            let source = app.sources.iter_mut().find(|source| source.name.as_str() == name).unwrap();
            Arc::get_mut(source).unwrap().places.files.fill(place);
        }
        let app = Arc::new(app);

        let (_, key) = api_keys::create(&app.store, "acme", Scope::ALL, None, clock::now()).await.unwrap();
        secrets.text(&key[key.len() - 43..]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = listener.local_addr().unwrap();
        tokio::spawn(http::serve(Arc::clone(&app), telemetry::metrics(), listener, std::future::pending()));
        let key = key.to_string();
        let answers = Mutex::default();
        Self {
            stage,
            app,
            api,
            key,
            person,
            secrets,
            answers,
            told,
            known: String::new(),
            work: None,
            vendor,
            hook,
            accounts,
            _folder: folder,
        }
    }

    fn start_work(&mut self) {
        let stop = CancellationToken::new();
        self.work = Some((tokio::spawn(worker::run(Arc::clone(&self.app), stop.clone())), stop));
    }

    async fn stop_work(&mut self) {
        let (work, stop) = self.work.take().unwrap();
        stop.cancel();
        work.await.unwrap();
    }

    /// A user whose wallet is not to be named anywhere.
    fn user(&mut self, wallet_type: WalletType) -> User {
        let user = User::with(wallet_type);
        self.secrets.text(&user.wallet.address());
        if let Some(key) = user.wallet.public_key() {
            self.secrets.text(&key);
        }
        user
    }

    /// Sends a request as it is. Whoever answers closes the connection.
    async fn send(&self, request: &[u8], may_name_wallet: bool) -> Answer {
        let mut connection = TcpStream::connect(self.api).await.unwrap();
        connection.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.unwrap();
        let text = String::from_utf8(answer.clone()).unwrap();
        self.answers.lock().unwrap().push((answer, may_name_wallet));
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Answer { status, body: serde_json::from_str(body).unwrap_or(Value::Null) }
    }

    async fn ask_with(&self, method: &str, target: &str, headers: &str, body: &[u8], names: bool) -> Answer {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Length: {}\r\n{headers}\r\n",
            self.api,
            self.key,
            body.len()
        );
        self.send(&[head.as_bytes(), body].concat(), names).await
    }

    async fn get(&self, target: &str) -> Answer {
        self.ask_with("GET", target, "", b"", false).await
    }

    /// Under a key that is a rare word, too.
    async fn post(&self, target: &str, body: &Value) -> Answer {
        let headers =
            format!("Content-Type: application/json\r\nIdempotency-Key: {}-{}\r\n", self.person.stray, id());
        // What is to be signed names the wallet that is to sign it.
        let names = target.starts_with("/v1/write-grants") || target == "/v1/wallet-links";
        self.ask_with("POST", target, &headers, body.to_string().as_bytes(), names).await
    }

    async fn until(&self, target: &str, state: &str) -> Value {
        for _ in 0..400 {
            let record = self.get(target).await.accepted();
            if record["state"] == state {
                return record;
            }
            // Time goes on for what is tried again later.
            self.stage.clock.advance_millis(500);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{target} did not come to {state}: {}", self.get(target).await.body);
    }

    async fn create_profile(&mut self, user: &User) -> String {
        let message = format!("I am {}", self.person.stray);
        let signature = user.wallet.sign_message(&message, [9; 32]);
        self.secrets.text(&signature);
        let wallet = json!({
            "type": user.wallet.wallet_type().as_str(), "address": user.wallet.address(),
            "publicKey": user.wallet.public_key(), "message": message, "signature": signature,
        });
        let profile = json!({
            "userId": user.id, "encryptionPublicKey": user.secret.public().to_base64(), "passwordStore": "user",
            "wallet": without_null(wallet),
        });
        let target = format!("/v1/profiles/{}", self.post("/v1/profiles", &profile).await.id());
        self.refuse_all("/v1/profiles", &profile).await;
        target
    }

    /// A grant, as the API offers it and the user signs it.
    async fn grant(&mut self, user: &User) -> Value {
        let owner = owner(user);
        let offer = json!({ "owner": owner, "validForSeconds": 3600, "lockedUntil": "2026-01-02T03:04:05Z" });
        let offered = self.post("/v1/write-grants", &offer).await.accepted();
        let signature = user.wallet.sign_message(offered["message"].as_str().unwrap(), [7; 32]);
        self.secrets.text(&signature);
        let signed = json!({ "grant": offered["grant"], "owner": owner, "signature": signature });
        assert_eq!(self.post("/v1/write-grants/check", &signed).await.accepted()["valid"], true);
        self.refuse_all("/v1/write-grants", &offer).await;
        self.refuse_all("/v1/write-grants/check", &signed).await;
        signed
    }

    /// Sends `valid` with one thing wrong, for each thing in it: rare words as what is of no such type, as what is no
    /// such text, and as names of members.
    async fn refuse_all(&self, target: &str, valid: &Value) {
        let stray = &self.person.stray;
        for pointer in pointers(valid, String::new()) {
            let mut wrong = vec![json!({ stray: stray }), json!([stray, 17])];
            let there = valid.pointer(&pointer).unwrap();
            let name = pointer.rsplit('/').next().unwrap();
            // A look-up may be about any wallet, and evidence is taken in with any text where there is no form.
            let is_any = pointer.ends_with("/address") || pointer.ends_with("/publicKey");
            let has_form = ["base64", "gender", "nationality", "country", "idDocumentType"].contains(&name)
                || name.contains("Date")
                || name.starts_with("date");
            let is_free = pointer.starts_with("/evidence/subject") && !has_form;
            // A grant names the wallet that it is asked for.
            let is_echoed = is_any && target == "/v1/write-grants";
            if let Some(text) = there.as_str().filter(|_| !is_free && !is_echoed) {
                wrong.push(json!(format!("{text} {stray}")));
                if !["reference", "base64"].contains(&name) {
                    wrong.push(json!(stray));
                }
            }
            if let Value::Object(members) = there {
                let mut members = members.clone();
                members.insert(stray.clone(), json!(stray));
                wrong.push(members.into());
            }
            for value in wrong {
                let mut body = valid.clone();
                *body.pointer_mut(&pointer).unwrap() = value;
                let answer = self.post(target, &body).await;
                assert!(
                    (400..500).contains(&answer.status) || is_any,
                    "{target}{pointer}: {}",
                    answer.status
                );
            }
            self.let_rates_recover().await;
        }
    }

    async fn let_rates_recover(&self) {
        tokio::time::sleep(Duration::from_millis(60)).await;
    }

    /// Requests with rare words wherever a request has room for one.
    async fn refuse_odd_requests(&self) {
        let Person { stray, email, .. } = &self.person;
        let (plain, escaped) = (stray.as_str(), percent(email));
        for target in [
            format!("/{plain}"),
            format!("/v1/issuances/{plain}"),
            format!("/v1/issuances/{plain}/audit"),
            format!("/v1/issuances/iss_{plain}"),
            format!("/v1/issuances/%{plain}"),
            format!("/v1/issuances/{escaped}?wait=1"),
            format!("/v1/issuances?{plain}=1"),
            format!("/v1/issuances?reference={escaped}"),
            format!("/v1/profiles/{escaped}"),
            format!("/v1/events/{plain}"),
            format!("/v1/contacts/lookup?email={escaped}"),
        ] {
            let answer = self.get(&target).await;
            assert!((400..500).contains(&answer.status), "{target}: {}", answer.status);
        }
        for name in ["state", "kind", "createdFrom", "createdBefore", "cursor", "limit"] {
            let answer = self.get(&format!("/v1/issuances?{name}={escaped}")).await;
            assert_eq!((answer.status, &answer.body["errors"][0]["parameter"]), (400, &json!(name)));
        }
        for name in ["type", "cursor", "limit"] {
            assert_eq!(self.get(&format!("/v1/events?{name}={plain}")).await.status, 400);
        }
        for target in ["resume", "revoke"] {
            let target = format!("/v1/issuances/{plain}/{target}");
            assert!((400..500).contains(&self.post(&target, &json!({ plain: plain })).await.status));
        }
        assert_eq!(self.post(&format!("/v1/events/{plain}/replay"), &json!({})).await.status, 404);
        self.ask_with(&plain.to_uppercase(), "/v1/issuances", "", b"", false).await;
        self.ask_with("DELETE", &format!("/v1/issuances/{plain}"), "", b"", false).await;

        let json = "Content-Type: application/json\r\n";
        for headers in [
            format!("{json}Idempotency-Key: {plain} {plain}\r\n"),
            format!("{json}Idempotency-Key: {plain}\r\nIdempotency-Key: {plain}\r\n"),
            format!("{json}X-Request-Id: {email}\r\n"),
            format!(
                "{json}X-Request-Id: {plain} {plain}\r\nUser-Agent: {plain}\r\nCookie: {plain}={plain}\r\n"
            ),
            format!("{json}{plain}: {plain}\r\nReferer: https://{plain}.example/{plain}\r\n"),
            format!("{json}traceparent: {plain}\r\ntracestate: a={plain}\r\nForwarded: for={plain}\r\n"),
            format!("Content-Type: {plain}/{plain}\r\nIdempotency-Key: 1\r\n"),
            format!("Content-Type: multipart/form-data; {plain}={plain}\r\nIdempotency-Key: 1\r\n"),
            format!("{json}Content-Encoding: {plain}\r\nIdempotency-Key: 1\r\n"),
        ] {
            let answer = self.ask_with("POST", "/v1/issuances", &headers, b"{}", false).await;
            assert!((400..500).contains(&answer.status), "{headers}: {}", answer.status);
        }
        for credentials in
            [format!("Bearer {plain}"), format!("Basic {plain}"), format!("Bearer idos_{plain}_{plain}")]
        {
            let request = format!(
                "GET /v1/issuances HTTP/1.1\r\nHost: {plain}.example\r\nConnection: close\r\nAuthorization: {credentials}\r\n\r\n"
            );
            assert_eq!(self.send(request.as_bytes(), false).await.status, 401);
        }
        for text in [
            format!("{{\"userId\": \"{plain}"),
            plain.to_owned(),
            format!("{{\"{plain}\": 1, \"{plain}\": 2}}"),
            format!("[\"{plain}\", \\u{plain}]"),
        ] {
            for target in ["/v1/issuances", "/v1/profiles", "/v1/contacts/lookup", "/v1/write-grants"] {
                let headers = format!("{json}Idempotency-Key: {plain}-{}\r\n", id());
                let answer = self.ask_with("POST", target, &headers, text.as_bytes(), false).await;
                assert_eq!(
                    (answer.status, answer.body["type"].as_str()),
                    (400, Some("urn:idos-issuer:problem:invalid_request"))
                );
            }
        }
        for parts in [
            format!("--x\r\nContent-Disposition: form-data; name=\"{plain}\"\r\n\r\n{plain}\r\n--x--\r\n"),
            format!("--x\r\nContent-Disposition: {plain}\r\n{plain}: {plain}\r\n\r\n{plain}\r\n--x--\r\n"),
            format!("--x\r\n{plain}"),
            format!("{plain}\r\n--{plain}\r\n"),
        ] {
            let headers = "Content-Type: multipart/form-data; boundary=x\r\nIdempotency-Key: 1\r\n";
            assert_eq!(
                self.ask_with("POST", "/v1/issuances", headers, parts.as_bytes(), false).await.status,
                400
            );
        }
        // Not HTTP at all.
        self.send(format!("{plain} {plain}\r\n\r\n").as_bytes(), false).await;
        self.send(format!("GET /{plain} HTTP/1.1\r\n{plain}\r\n\r\n").as_bytes(), false).await;
        self.let_rates_recover().await;
    }

    fn assert_nothing_in(&self, place: &str, bytes: &[u8]) {
        let found = [self.person.wanted.search(), self.secrets.search()]
            .map(|search| search.found(place, bytes))
            .concat();
        assert!(found.is_empty(), "{} leaks:\n{}", found.len(), found.join("\n\n"));
    }

    /// Every byte that the database holds.
    async fn dump(&self) -> Vec<u8> {
        match self.stage.database.folder() {
            Some(folder) => {
                let files: Vec<_> =
                    std::fs::read_dir(&folder.0).unwrap().map(|file| file.unwrap().path()).collect();
                assert!(files.iter().any(|file| file.ends_with("issuer.db")));
                files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect()
            }
            None => dump_tables(&self.stage.database.url).await,
        }
    }

    /// That nothing is in the database, not even what waits.
    async fn assert_nothing_kept(&self, when: &str) {
        let dump = self.dump().await;
        assert!(contains(&dump, &self.known), "it is a dump of the records");
        self.assert_nothing_in(&format!("the database, {when}"), &dump);
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    !text.is_empty() && bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

/// All rows of all tables, as `COPY` writes them.
pub(crate) async fn dump_tables(url: &str) -> Vec<u8> {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let tables: Vec<(String,)> = sqlx::query_as(
        "SELECT CAST(oid AS regclass)::text FROM pg_class WHERE relkind IN ('r', 'm', 't') \
         AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) \
         AND relnamespace::regnamespace::text NOT LIKE 'pg_toast%'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(tables.iter().any(|(table,)| table == "issuance"), "{tables:?}");
    let mut dump = Vec::new();
    for (table,) in tables {
        dump.extend_from_slice(table.as_bytes());
        let mut rows = connection.copy_out_raw(&format!("COPY {table} TO STDOUT")).await.unwrap();
        while let Some(row) = rows.next().await {
            dump.extend_from_slice(&row.unwrap());
        }
    }
    dump
}

/// Somebody who takes webhooks in, after being rude the first time.
async fn receive(told: Arc<Mutex<Vec<Vec<u8>>>>, stray: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut is_first = true;
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !is_whole(&request) {
                if connection.read_buf(&mut request).await.unwrap() == 0 {
                    break;
                }
            }
            // The first line has the URL, which is the receiver's own.
            let end = request.iter().position(|byte| *byte == b'\n').unwrap_or_default();
            told.lock().unwrap().push(request.split_off(end));
            let answer = if std::mem::take(&mut is_first) {
                format!(
                    "HTTP/1.1 500 {stray}\r\n{stray}: {stray}\r\nretry-after: {stray}\r\nlocation: /{stray}\r\n\
                         connection: close\r\n\r\n{stray}"
                )
            } else {
                "HTTP/1.1 204 -\r\nconnection: close\r\n\r\n".to_owned()
            };
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    length.is_none_or(|length| body.len() >= length)
}

fn stated(record: &Value) -> &str {
    record["state"].as_str().unwrap()
}

fn owner(user: &User) -> Value {
    without_null(json!({
        "type": user.wallet.wallet_type().as_str(), "address": user.wallet.address(), "publicKey": user.wallet.public_key(),
    }))
}

fn without_null(mut value: Value) -> Value {
    value.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    value
}

/// The places of everything in `value`.
fn pointers(value: &Value, at: String) -> Vec<String> {
    let below: Vec<String> = match value {
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| pointers(value, format!("{at}/{name}"))).collect()
        }
        _ => Vec::new(),
    };
    std::iter::once(at).chain(below).collect()
}

#[test]
fn the_search_finds_every_spelling() {
    let mut wanted = Wanted::default();
    let word = "Żółć Qwertyuiopasdfg";
    wanted.text(word);
    wanted.date("1913-02-27");
    let search = wanted.search();
    for before in 0..5 {
        let text = format!("{}{word}???", "<".repeat(before));
        let escaped: String = text
            .chars()
            .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
            .collect();
        for place in [
            text.clone(),
            text.to_uppercase(),
            text.to_lowercase(),
            hex::encode(&text),
            hex::encode_upper(&text),
            base64::engine::general_purpose::STANDARD.encode(&text),
            URL_SAFE_NO_PAD.encode(&text),
            base85::encode(text.as_bytes()),
            percent(&text),
            escaped,
            format!("{:?}", text.as_bytes()),
        ] {
            assert!(!search.found("here", place.as_bytes()).is_empty(), "{place}");
        }
    }
    assert!(!search.found("here", b"{\"born\":-1793836800000}").is_empty());
    assert!(!search.found("here", b"born on 1913-02-27T00:00:00Z").is_empty());
    assert!(search.found("here", b"1913-02-26 Qwertyuiopasdf").is_empty());
}

impl World {
    /// Evidence that waits, locked, for a profile; what is refused before it. Gives what has come to the user, and what
    /// nobody comes for.
    async fn let_wait(&mut self) -> (String, String) {
        let inserter = json!({ "by": "inserter" });
        // What cannot be read is refused.
        self.refuse_odd_requests().await;
        let waiting = self.user(WalletType::Xrpl);
        let submission = self.person.submission(&waiting, &self.person.inline(), &inserter);
        self.refuse_all("/v1/issuances", &submission).await;
        self.refuse_all("/v1/contacts/lookup", &json!({ "email": self.person.email })).await;
        self.refuse_all("/v1/profiles/lookup", &json!({ "address": waiting.wallet.address() })).await;
        assert_eq!(self.get("/v1/issuances").await.accepted()["items"], json!([]));

        // Nobody knows the user's key yet: evidence waits, locked.
        let waits = format!("/v1/issuances/{}", self.post("/v1/issuances", &submission).await.id());
        let nobody = self.user(WalletType::Evm);
        self.known = waiting.id.to_string();
        let overdue = self.person.submission(&nobody, &self.person.inline(), &inserter);
        let overdue = format!("/v1/issuances/{}", self.post("/v1/issuances", &overdue).await.id());
        let profile = self.create_profile(&waiting).await;
        assert_eq!(stated(&self.get(&waits).await.accepted()), "awaiting_profile");
        assert_eq!(stated(&self.get(&profile).await.accepted()), "pending");
        self.assert_nothing_kept("while evidence waits for a profile").await;

        // The profile comes, and what has waited is delivered: the words do reach the user.
        self.start_work();
        self.until(&profile, "created").await;
        let issued = self.until(&waits, "issued").await;
        let client = self.app.idos().await.unwrap();
        let credential = issued["credentialId"].as_str().unwrap().parse().unwrap();
        let text = owned(client, &waiting, credential).await.unwrap();
        let first_name = self.person.subject["firstName"].as_str().unwrap();
        assert!(String::from_utf8_lossy(&text).contains(first_name), "the words were there at all");
        assert!(self.person.wanted.search().found("the credential", &text).len() >= 20);

        (waits, overdue)
    }

    /// By an inserter, with files as parts; about personhood. Gives both.
    async fn deliver_as_inserter(&mut self, user: &User) -> [String; 2] {
        let inserter = json!({ "by": "inserter" });
        let in_parts =
            self.person.subject(|name, _| json!({ "part": format!("{name}-{}", self.person.stray) }));
        let in_parts = self.person.submission(user, &in_parts, &inserter);
        let mut body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"submission\"\r\nContent-Type: application/json\r\n\r\n{in_parts}\r\n"
        )
        .into_bytes();
        for (name, file) in &self.person.files {
            let part = format!("{name}-{0}\"; filename=\"{0}.jpg", self.person.stray);
            body.extend_from_slice(
                format!("--x\r\nContent-Disposition: form-data; name=\"{part}\"\r\n\r\n").as_bytes(),
            );
            body.extend_from_slice(file);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--x--\r\n");
        let headers = "Content-Type: multipart/form-data; boundary=x\r\nIdempotency-Key: 1\r\n";
        let by_parts = self.ask_with("POST", "/v1/issuances", headers, &body, false).await.id();
        let again = self.ask_with("POST", "/v1/issuances", headers, &body, false).await.id();
        assert_eq!(by_parts, again);
        let by_parts = format!("/v1/issuances/{by_parts}");

        let person = json!({
            "userId": user.id, "kind": "personhood", "delivery": inserter,
            "evidence": { "approvedAt": "2026-01-02", "subject": { "faceSignUserId": self.person.stray } },
        });
        let personhood = format!("/v1/issuances/{}", self.post("/v1/issuances", &person).await.id());
        self.until(&by_parts, "issued").await;
        self.until(&personhood, "issued").await;

        [by_parts, personhood]
    }

    /// By write grants; with one that comes later. Gives both.
    async fn deliver_by_grants(&mut self, user: &User) -> [String; 2] {
        let grant = self.grant(user).await;
        let delivery = json!({ "by": "write_grant", "writeGrant": grant });
        let by_grant = self.person.submission(user, &self.person.inline(), &delivery);
        let by_grant = format!("/v1/issuances/{}", self.post("/v1/issuances", &by_grant).await.id());
        let later = self.person.submission(user, &self.person.inline(), &json!({ "by": "write_grant" }));
        let later = format!("/v1/issuances/{}", self.post("/v1/issuances", &later).await.id());
        assert_eq!(stated(&self.get(&later).await.accepted()), "awaiting_grant");
        self.assert_nothing_kept("while a sealed credential waits for a grant").await;
        let grant = self.grant(user).await;
        self.refuse_all(&format!("{later}/resume"), &json!({ "writeGrant": grant })).await;
        self.post(&format!("{later}/resume"), &json!({ "writeGrant": grant })).await.accepted();
        for target in [&by_grant, &later] {
            self.until(target, "issued").await;
        }
        [by_grant, later]
    }

    /// What was issued is read back: the words are in that answer, and go nowhere else.
    async fn read_back(&self, target: &str) {
        let request = format!(
            "GET {target}/copy HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
            self.api, self.key
        );
        let mut connection = TcpStream::connect(self.api).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        assert!(self.person.wanted.search().found("the copy", &answer).len() >= 20);
        assert!(String::from_utf8_lossy(&answer).contains("cache-control: no-store"));
    }

    /// A further wallet is added, and kept as little as the first.
    async fn add_wallet(&mut self, user: &User) {
        let further = self.user(WalletType::Stellar);
        let message = format!("I am {}", self.person.stray);
        let signature = further.wallet.sign_message(&message, [9; 32]);
        self.secrets.text(&signature);
        let wallet = json!({
            "type": "Stellar", "address": further.wallet.address(), "publicKey": further.wallet.public_key(),
            "message": message, "signature": signature,
        });
        let new = json!({ "userId": user.id, "wallet": wallet });
        let added = format!("/v1/wallets/{}", self.post("/v1/wallets", &new).await.id());
        self.refuse_all("/v1/wallets", &new).await;
        self.until(&added, "created").await;
    }

    /// What the page of a claim asks for. It may name the wallet that it has been told.
    async fn ask_page(&self, path: &str, what: &str, body: &Value) -> Value {
        let headers = "Content-Type: application/json\r\nSec-Fetch-Site: same-origin\r\n";
        let target = format!("{path}/{what}");
        self.ask_with("POST", &target, headers, body.to_string().as_bytes(), true).await.accepted()
    }

    /// Somebody follows a link, has a profile created and signs; nobody can read the link either, nor where it leads back to.
    async fn follow_claim(&mut self) -> String {
        let user = self.user(WalletType::Xrpl);
        let back = word();
        self.secrets.text(&back);
        let wanted = json!({ "delivery": "write_grant", "returnUrl": format!("https://kyc.example/{back}") });
        let headers = "Content-Type: application/json\r\n";
        let made = self
            .ask_with("POST", "/v1/claims", headers, wanted.to_string().as_bytes(), true)
            .await
            .accepted();
        let path = made["url"].as_str().unwrap().strip_prefix("https://issuer.example").unwrap().to_owned();
        self.secrets.text(path.rsplit('/').next().unwrap());
        assert_eq!(self.get(&path).await.status, 200);

        let wallet = owner(&user);
        let next = self.ask_page(&path, "wallet", &json!({ "wallet": wallet })).await;
        let signature = user.wallet.sign_message(next["message"].as_str().unwrap(), [9; 32]);
        self.secrets.text(&signature);
        let mut claimed = wallet.clone();
        claimed["message"] = next["message"].clone();
        claimed["signature"] = json!(signature);
        let profile = json!({
            "wallet": claimed, "encryptionPublicKey": user.secret.public().to_base64(), "passwordStore": "user",
        });
        self.ask_page(&path, "profile", &profile).await;
        self.refuse_all_of_page(&path, "profile", &profile).await;
        let claim = format!("/v1/claims/{}", made["id"].as_str().unwrap());
        self.until(&claim, "identified").await;
        // Once more, by the login of the gateway.
        let next = self.ask_page(&path, "wallet", &json!({ "wallet": wallet })).await;
        let signature = user.wallet.sign_message(next["message"].as_str().unwrap(), [9; 32]);
        self.secrets.text(&signature);
        let signed = json!({ "wallet": wallet, "nonce": next["nonce"], "signature": signature });
        self.ask_page(&path, "sign-in", &signed).await;
        self.refuse_all_of_page(&path, "sign-in", &signed).await;
        let offer = self.ask_page(&path, "grant", &json!({ "wallet": wallet })).await;
        let signature = user.wallet.sign_message(offer["message"].as_str().unwrap(), [9; 32]);
        self.secrets.text(&signature);
        let grant = json!({ "grant": offer["grant"], "owner": wallet, "signature": signature });
        self.ask_page(&path, "grant/signed", &grant).await;
        assert_eq!(self.get(&claim).await.accepted()["state"], "granted");
        self.assert_nothing_kept("granted").await;
        claim
    }

    /// The same with something wrong in each place.
    async fn refuse_all_of_page(&self, path: &str, what: &str, valid: &Value) {
        let headers = "Content-Type: application/json\r\nSec-Fetch-Site: same-origin\r\n";
        for name in valid.as_object().unwrap().keys() {
            let mut wrong = valid.clone();
            wrong[name] = json!(self.person.stray);
            let target = format!("{path}/{what}");
            let answer = self.ask_with("POST", &target, headers, wrong.to_string().as_bytes(), false).await;
            assert_eq!(answer.status, 422, "{name}");
        }
    }

    /// Attributes wait for their turn, and go: neither what they are called nor what they say is kept.
    async fn write_attributes(&mut self, user: &User) {
        self.stop_work().await;
        let (stray, email) = (self.person.stray.clone(), self.person.email.clone());
        let mut made = Vec::new();
        for (key, value, sensitive) in [
            (&stray, &stray, "none"),
            (&stray, &format!("{stray} of {email}"), "value"),
            (&format!("mail of {email}"), &email, "key_and_value"),
        ] {
            let new = json!({ "userId": user.id, "key": key, "value": value, "sensitive": sensitive });
            made.push(format!("/v1/attributes/{}", self.post("/v1/attributes", &new).await.id()));
        }
        // Refused for what it says or how it is said, and not told what.
        for (key, sensitive) in [(&stray, "none"), (&email, "value"), (&stray, &stray)] {
            let new = json!({ "userId": user.id, "key": key, "value": email, "sensitive": sensitive });
            assert_eq!(self.post("/v1/attributes", &new).await.status, 422);
        }
        self.assert_nothing_kept("while attributes wait for their turn").await;
        self.start_work();
        for target in &made {
            self.until(target, "created").await;
        }
        self.assert_nothing_kept("when attributes are written").await;
    }

    /// Wallets are linked, one of them without being written, and a credential lists both.
    async fn link_wallets(&mut self, user: &User) -> String {
        let mut links = Vec::new();
        for (wallet_type, in_profile) in [(WalletType::Evm, true), (WalletType::Xrpl, false)] {
            let wallet = self.user(wallet_type);
            let new = json!({
                "userId": user.id, "wallet": owner(&wallet), "inProfile": in_profile,
                "forCredential": true,
            });
            let made = self.post("/v1/wallet-links", &new).await;
            let link = format!("/v1/wallet-links/{}", made.body["id"].as_str().unwrap());
            self.refuse_all("/v1/wallet-links", &new).await;
            self.assert_nothing_kept("while a challenge waits").await;
            let message = made.body["challenge"]["message"].as_str().unwrap();
            let signature = wallet.wallet.sign_message(message, [9; 32]);
            self.secrets.text(message);
            self.secrets.text(&signature);
            let answer = json!({ "signature": signature });
            for wrong in [self.person.stray.clone(), wallet.wallet.sign_message(&self.person.stray, [9; 32])]
            {
                let wrong = json!({ "signature": wrong, "publicKey": owner(&wallet)["publicKey"].as_str().unwrap_or("x") });
                assert_eq!(self.post(&format!("{link}/proof"), &wrong).await.status, 422);
            }
            for _ in 0..2 {
                self.post(&format!("{link}/proof"), &answer).await.accepted();
            }
            self.until(&link, if in_profile { "linked" } else { "proven" }).await;
            self.assert_nothing_kept("when a wallet is proven, and kept for a credential").await;
            links.push(made.body["id"].clone());
        }
        let all = self.get(&format!("/v1/wallet-links?userId={}", user.id)).await.accepted();
        assert!(all["items"].as_array().unwrap().len() >= 2);

        self.stop_work().await;
        let listed = json!({
            "userId": user.id, "kind": "wallet_linkage", "evidence": { "links": links }, "delivery": { "by": "inserter" },
        });
        self.refuse_all("/v1/issuances", &listed).await;
        let listed = format!("/v1/issuances/{}", self.post("/v1/issuances", &listed).await.id());
        self.assert_nothing_kept("while a credential that lists wallets waits for its turn").await;
        self.start_work();
        self.until(&listed, "issued").await;
        self.assert_nothing_kept("when a credential that lists wallets is written").await;
        listed
    }

    /// A grant expires while nothing is sent; a new one brings it on.
    async fn halt_and_resume(&mut self, user: &User) -> String {
        self.stop_work().await;
        let grant = self.grant(user).await;
        let delivery = json!({ "by": "write_grant", "writeGrant": grant });
        let halted = self.person.submission(user, &self.person.inline(), &delivery);
        let halted = format!("/v1/issuances/{}", self.post("/v1/issuances", &halted).await.id());
        self.assert_nothing_kept("while a sealed credential waits for its turn").await;
        let before = self.app.clock.now().unix_seconds();
        self.stage.clock.advance_millis(HOUR + 600_000);
        self.start_work();
        self.until(&halted, "halted").await;
        let ahead = self.app.clock.now().unix_seconds() - clock::now().unix_seconds();
        assert!(before + 3600 < self.app.clock.now().unix_seconds());
        let new = signed_grant(&self.app, user, -ahead - 60, 3600).await;
        self.secrets.text(new.signature.expose());
        let new = json!({ "writeGrant": { "owner": owner(user), "signature": new.signature.expose(), "grant": {
            "id": new.grant.id, "owner": new.grant.owner, "grantee": new.grant.grantee,
            "issuerPublicKey": new.grant.issuer_public_key,
            "accessGrantTimelock": new.grant.access_grant_timelock.to_string(),
            "notBefore": new.grant.not_before().to_string(), "notAfter": new.grant.not_after().to_string(),
        } } });
        self.post(&format!("{halted}/resume"), &new).await.accepted();
        self.until(&halted, "issued").await;

        halted
    }

    /// Reads all that there is to be read, and waits until all has been told.
    /// A vendor approves the person, and another time does not; what it sends and answers is full of the person.
    async fn verify_at_vendor(&self, user: &User) -> String {
        let person = self.person.subject.clone();
        let file = |name: &str| self.person.files.iter().find(|(there, _)| *there == name).unwrap().1.clone();
        for (path, name) in
            [("1001", "idDocumentFrontFile"), ("1003", "idDocumentBackFile"), ("1005", "selfieFile")]
        {
            let path = format!("GET /resources/inspections/68a7d46b8a6f58bf219053c7/resources/{path}");
            self.vendor.says(&path, 200, file(name));
        }
        let mut verifications = Vec::new();
        for (applicant_id, outcome) in [("approved", "issued"), ("declined", "declined"), ("odd", "halted")] {
            let delivery = json!({ "by": "inserter" });
            let contact = json!({ "email": self.person.email, "locale": self.person.locale });
            let opening =
                json!({ "source": "kyc", "delivery": delivery, "userId": user.id, "contact": contact });
            let headers = format!("Content-Type: application/json\r\nIdempotency-Key: {}\r\n", id());
            let body = opening.to_string();
            let opened =
                self.ask_with("POST", "/v1/verifications", &headers, body.as_bytes(), false).await.accepted();

            let mut applicant = recorded("sumsub", "applicant.json");
            applicant["id"] = json!(applicant_id);
            applicant["externalUserId"] = opened["externalId"].clone();
            applicant["email"] = person["email"].clone();
            applicant["phone"] = person["phoneNumber"].clone();
            let document = &mut applicant["info"]["idDocs"][0];
            for (member, from) in [
                ("firstName", "firstName"),
                ("middleName", "middleName"),
                ("lastName", "familyName"),
                ("firstNameEn", "firstName"),
                ("middleNameEn", "middleName"),
                ("lastNameEn", "familyName"),
                ("dob", "dateOfBirth"),
                ("number", "idDocumentNumber"),
                ("issuedDate", "idDocumentDateOfIssue"),
                ("validUntil", "idDocumentDateOfExpiry"),
                ("mrzLine1", "maidenName"),
            ] {
                document[member] = person[from].clone();
            }
            document["country"] = json!("ATA");
            applicant["fixedInfo"]["placeOfBirth"] = person["placeOfBirth"].clone();
            applicant["fixedInfo"]["nationality"] = json!("ATA");
            if outcome == "declined" {
                applicant["review"]["reviewResult"] = json!({ "reviewAnswer": "RED", "reviewRejectType": "FINAL",
                    "moderationComment": self.person.stray, "rejectLabels": [self.person.stray] });
            }
            if outcome == "halted" {
                applicant["fixedInfo"]["nationality"] = json!(self.person.stray);
                applicant["info"]["idDocs"][0]["idDocType"] = json!(self.person.stray);
            }
            self.vendor.says(
                &format!("GET /resources/applicants/{applicant_id}/one"),
                200,
                applicant.to_string(),
            );
            let images = recorded("sumsub", "images.json").to_string().replace("\"DEU\"", "\"ATA\"");
            let listed = format!("GET /resources/applicants/{applicant_id}/metadata/resources");
            self.vendor.says(&listed, 200, images);

            let told = json!({ "applicantId": applicant_id, "externalUserId": opened["externalId"],
                "type": "applicantReviewed", "reviewResult": { "reviewAnswer": "GREEN" }, "applicant": applicant });
            let told = told.to_string();
            // Once by somebody else, once by the vendor.
            for secret in [&self.person.stray, &self.hook] {
                let digest = hmac(secret.as_bytes(), told.as_bytes());
                let headers = format!("Content-Type: application/json\r\nX-Payload-Digest: {digest}\r\n");
                let answer = self.ask_with("POST", "/webhooks/kyc", &headers, told.as_bytes(), false).await;
                assert_eq!(answer.status, if secret == &self.hook { 200 } else { 403 });
            }
            let target = format!("/v1/verifications/{}", opened["id"].as_str().unwrap());
            verifications.push(self.until(&target, outcome).await);
        }
        assert_eq!(self.get("/v1/verifications").await.accepted()["items"].as_array().unwrap().len(), 3);
        let issuance = verifications[0]["issuance"]["id"].as_str().unwrap();
        format!("/v1/issuances/{issuance}")
    }

    /// Proves to be a person, by a proof that is full of rare words: first refused, then with an odd answer, then taken. Then by a wallet.
    async fn prove_personhood(&mut self, user: &User) -> [String; 2] {
        let own = nullifier();
        let part = hex::encode(rand::random::<[u8; 32]>());
        for secret in [&own[4..], &own[4..44], part.as_str()] {
            self.secrets.text(secret);
        }
        self.secrets.bytes(&hex::decode(&own[2..]).unwrap());
        let opening =
            |source: &str| json!({ "source": source, "delivery": { "by": "inserter" }, "userId": user.id });
        let opened = self.post("/v1/verifications", &opening("world")).await.accepted();
        let target = format!("/v1/verifications/{}", opened["id"].as_str().unwrap());
        let mut body = world_2(&opened, &own);
        body["proof"]["proof"] = json!(format!("0x{}", part.repeat(8)));
        body["proof"]["merkle_root"] = json!(part.replacen(&part[..2], "00", 1));
        let verify = "POST /api/v2/verify/app_1234";
        let proof = format!("{target}/proof");
        let stray = &self.person.stray;
        for (status, answer, expected) in [
            (
                400,
                json!({ "code": "invalid_proof", "detail": format!("{stray} {own}"), "attribute": stray }),
                422,
            ),
            (200, json!({ "success": true, "action": own, "nullifier_hash": own }), 422),
            (200, json!({ "success": own }), 502),
            (500, json!({ "detail": own }), 503),
        ] {
            self.vendor.says(verify, status, answer.to_string());
            assert_eq!(self.post(&proof, &body).await.status, expected, "{answer}");
        }
        let answer = json!({ "success": true, "action": "idos-pop", "nullifier_hash": own, "detail": stray });
        self.vendor.says(verify, 200, answer.to_string());
        self.post(&proof, &body).await.accepted();
        let proven = self.until(&target, "issued").await;
        // Somebody else with the same nullifier, and with members that are nowhere known.
        let another = json!({ "source": "world", "delivery": { "by": "inserter" }, "userId": id() });
        let other = self.post("/v1/verifications", &another).await.accepted();
        let theirs = format!("/v1/verifications/{}/proof", other["id"].as_str().unwrap());
        assert_eq!(self.post(&theirs, &world_2(&other, &own)).await.status, 409);
        self.refuse_all(&theirs, &world_2(&other, &own)).await;

        let evm = self.user(WalletType::Evm);
        let opened = self.post("/v1/verifications", &opening("passport")).await.accepted();
        let target = format!("/v1/verifications/{}", opened["id"].as_str().unwrap());
        let wanted = json!({ "userId": user.id, "wallet": owner(&evm) });
        let headers = "Content-Type: application/json\r\n";
        let offered = self
            .ask_with("POST", "/v1/wallets/challenge", headers, wanted.to_string().as_bytes(), true)
            .await
            .accepted();
        let message = offered["message"].as_str().unwrap();
        let address = evm.wallet.address();
        let signature = evm.wallet.sign_message(message, [9; 32]);
        self.secrets.text(&signature);
        let score = json!({ "address": address, "score": "27.12300", "passing_score": true,
            "expiration_timestamp": "2099-04-02T03:04:05Z", "linked_score": { "address": self.person.stray } });
        self.vendor.says(
            &format!("GET /v2/stamps/335/score/{}", address.to_lowercase()),
            200,
            score.to_string(),
        );
        let body = json!({ "proof": { "address": address },
            "wallet": { "type": "EVM", "address": address, "message": message, "signature": signature } });
        self.post(&format!("{target}/proof"), &body).await.accepted();
        let by_wallet = self.until(&target, "issued").await;
        [proven, by_wallet]
            .map(|shown| format!("/v1/issuances/{}", shown["issuance"]["id"].as_str().unwrap()))
    }

    async fn read_all(&self, issuances: &[&String]) {
        let events = self.get("/v1/events?limit=200").await.accepted();
        let events = events["items"].as_array().unwrap();
        self.post(&format!("/v1/events/{}/replay", events[0]["id"].as_str().unwrap()), &json!({}))
            .await
            .accepted();
        for target in issuances {
            let entries = self.get(&format!("{target}/audit")).await.accepted();
            let count = entries["items"].as_array().unwrap().len();
            let is_erased = self.get(target).await.accepted()["state"] == "erased";
            assert!(if is_erased { count == 0 } else { count >= 2 }, "{count}");
        }
        for target in ["/v1/issuances?limit=200", "/metrics", "/readyz", "/livez"] {
            assert_eq!(self.get(target).await.status, 200, "{target}");
        }
        for _ in 0..200 {
            if self.told.lock().unwrap().len() > events.len() {
                break;
            }
            self.stage.clock.advance_millis(5_000);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(self.told.lock().unwrap().len() > events.len());
    }

    /// That there is nothing in all that was heard, said and kept.
    async fn assert_nothing_anywhere(&self) {
        let planted = self.person.stray.clone();
        let mut all = Vec::new();
        let metrics = telemetry::metrics().unwrap().render();
        assert!(metrics.contains("http_requests_total") && metrics.contains("webhooks_total"));
        all.push(("the metrics".to_owned(), metrics.into_bytes()));
        let told = self.told.lock().unwrap().clone();
        all.extend(told.into_iter().map(|request| ("a webhook".to_owned(), request)));
        let log = LOG.lock().unwrap().clone();
        let text = String::from_utf8_lossy(&log);
        for line in ["Answered POST /v1/issuances with 202", "TRACE hyper", "sqlx::query", "request_id="] {
            assert!(text.contains(line), "the log has no {line}");
        }
        all.push(("the log".to_owned(), log.clone()));
        let dump = self.dump().await;
        assert!(contains(&dump, &self.known), "it is a dump of the records");
        all.push(("the database in the end".to_owned(), dump));
        let (people, secrets) = (self.person.wanted.search(), self.secrets.search());
        let mut leaks = Vec::new();
        for (place, bytes) in &all {
            leaks.extend(people.found(place, bytes));
            leaks.extend(secrets.found(place, bytes));
            // A word that was there would have been found.
            let cut = bytes.len() / 2;
            let with_word = [&bytes[..cut], planted.as_bytes(), &bytes[cut..]].concat();
            assert_eq!(
                people.found(place, &with_word).len(),
                people.found(place, bytes).len().min(19) + 1,
                "{place}"
            );
        }
        for (answer, may_name_wallet) in &*self.answers.lock().unwrap() {
            leaks.extend(people.found("an answer", answer));
            if !may_name_wallet {
                leaks.extend(secrets.found("an answer", answer));
            }
        }
        assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n\n"));
    }
}

on_both_databases! {
    async fn a_person_leaves_no_trace(backend) {
        let _listening = Listening::begin();
        let mut world = World::new(backend).await;
        let (waits, overdue) = world.let_wait().await;
        let user = world.user(WalletType::Near);
        let profile = world.create_profile(&user).await;
        world.until(&profile, "created").await;
        let [by_parts, personhood] = world.deliver_as_inserter(&user).await;
        let [by_grant, later] = world.deliver_by_grants(&user).await;
        world.read_back(&by_grant).await;
        world.add_wallet(&user).await;
        world.follow_claim().await;
        world.write_attributes(&user).await;
        let listed = world.link_wallets(&user).await;
        let halted = world.halt_and_resume(&user).await;

        let verified = world.verify_at_vendor(&user).await;
        let [proven, by_wallet] = world.prove_personhood(&user).await;
        let at_every_vendor = world.verify_at_every_vendor(&user).await;

        // Revoked, erased, and over because nobody came.
        let nothing = json!({});
        world.post(&format!("{by_grant}/revoke"), &nothing).await.accepted();
        world.until(&by_grant, "revoked").await;
        assert_eq!(world.post(&format!("{overdue}/revoke"), &nothing).await.status, 409);
        world.ask_with("DELETE", &by_parts, "", b"", false).await.accepted();
        let found = world.post("/v1/contacts/lookup", &json!({ "email": world.person.email.to_uppercase() })).await;
        assert_eq!(found.accepted()["issuances"].as_array().unwrap().len(), 6 + at_every_vendor.len());
        world.stage.clock.advance_millis(25 * HOUR);
        sweep::sweep(&world.app).await.unwrap();
        assert_eq!(stated(&world.get(&overdue).await.accepted()), "failed");

        let mut all = vec![&waits, &overdue, &by_parts, &by_grant, &later, &halted, &personhood, &verified, &proven, &by_wallet, &listed];
        all.extend(&at_every_vendor);
        world.read_all(&all).await;
        world.stop_work().await;
        sweep::sweep(&world.app).await.unwrap();
        world.assert_nothing_anywhere().await;
        world.app.store.close().await;
        if backend == Backend::Sqlite {
            world.assert_nothing_kept("closed").await;
        }
    }
}
