//! A service behind a real listener, and a caller that sends exactly the bytes that it is told to.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use idos_issuer::app::App;
use idos_issuer::flow::api_keys;
use idos_issuer::http;
use idos_issuer::model::client::Scope;
use idos_wallet::WalletType;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::spec::SPEC;
use crate::support::service::{Backend, Service, Stage};
use crate::support::{MESSAGE, User};

/// A service that can be called.
pub(super) struct Door {
    pub(super) stage: Stage,
    pub(super) app: Arc<App>,
    pub(super) address: SocketAddr,
    /// A key of the client `acme` with all scopes.
    pub(super) key: String,
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
    work: Option<Service>,
}

impl Door {
    /// With its background work.
    pub(super) async fn open(backend: Backend) -> Self {
        Self::with(backend, "").await.working()
    }

    /// With these settings, and without background work.
    pub(super) async fn with(backend: Backend, settings: &str) -> Self {
        let mut stage = Stage::new(backend).await;
        settings.clone_into(&mut stage.settings);
        Self::on(stage).await
    }

    /// On this stage, without background work.
    pub(super) async fn on(stage: Stage) -> Self {
        let app = stage.app().await;
        Self::of(stage, app).await
    }

    /// The same with a service that was wired otherwise.
    pub(super) async fn of(stage: Stage, app: Arc<App>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let shutdown = stop.clone().cancelled_owned();
        let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle();
        let server = tokio::spawn(http::serve(Arc::clone(&app), Some(metrics), listener, shutdown));
        let mut door = Self { stage, app, address, key: String::new(), stop, server, work: None };
        door.key = door.key_of("acme", Scope::ALL).await;
        door
    }

    /// Starts the background work.
    pub(super) fn working(mut self) -> Self {
        self.work = Some(Service::start(Arc::clone(&self.app)));
        self
    }

    /// A new key.
    pub(super) async fn key_of(&self, client: &str, scopes: &[Scope]) -> String {
        let now = self.app.clock.now();
        let (_, text) = api_keys::create(&self.app.store, client, scopes, None, now).await.unwrap();
        text.to_string()
    }

    /// Ends the service in good order.
    pub(super) async fn close(self) {
        self.leave().await;
    }

    /// The same, and gives what it has stood on.
    pub(super) async fn leave(self) -> Stage {
        self.stop.cancel();
        self.server.await.unwrap().unwrap();
        match self.work {
            Some(work) => work.stop().await,
            None => self.app.store.close().await,
        }
        self.stage
    }

    /// Ends the service as a crash does, wherever its background work is, and gives what it has stood on.
    pub(super) async fn crash(self) -> Stage {
        self.server.abort();
        match self.work {
            Some(work) => work.kill().await,
            None => self.app.store.close().await,
        }
        self.stage
    }

    /// Tells the service to stop, and does not wait for it.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    pub(super) fn get(&self, target: impl Into<String>) -> Call<'_> {
        self.call("GET", target)
    }

    pub(super) fn delete(&self, target: impl Into<String>) -> Call<'_> {
        self.call("DELETE", target)
    }

    /// A POST with a JSON body.
    pub(super) fn post(&self, target: impl Into<String>, body: &Value) -> Call<'_> {
        self.call("POST", target).body("application/json", body.to_string())
    }

    /// A POST with a JSON body that makes something.
    pub(super) fn make(&self, target: impl Into<String>, body: &Value) -> Call<'_> {
        self.post(target, body).idempotent(&crate::support::id().to_string())
    }

    pub(super) fn call(&self, method: &str, target: impl Into<String>) -> Call<'_> {
        Call {
            door: self,
            method: method.to_owned(),
            target: target.into(),
            headers: vec![("Authorization".to_owned(), format!("Bearer {}", self.key))],
            body: Vec::new(),
        }
    }

    /// Sends bytes as they are, and gives all that comes back.
    pub(super) async fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The service may answer and hang up before it has read everything.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(Duration::from_secs(40), read).await.unwrap();
        answer
    }

    /// Has a user's profile created, and waits for it.
    pub(super) async fn create_profile(&self, user: &User) {
        let made = self.make("/v1/profiles", &new_profile(user)).send().await.expect(202);
        let shown =
            self.get(format!("{}?wait=30", made.header("location").unwrap())).send().await.expect(200);
        assert_eq!(shown.json()["state"], "created");
    }

    /// A user with a profile.
    pub(super) async fn user(&self, wallet_type: WalletType) -> User {
        let user = User::with(wallet_type);
        self.create_profile(&user).await;
        user
    }
}

/// A request in the making.
pub(super) struct Call<'d> {
    door: &'d Door,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call<'_> {
    /// With a header, instead of any of this name.
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(there, _)| !there.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a header of which there may be another one.
    pub(super) fn another_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(there, _)| !there.eq_ignore_ascii_case(name));
        self
    }

    pub(super) fn key(self, key: &str) -> Self {
        self.header("Authorization", &format!("Bearer {key}"))
    }

    pub(super) fn idempotent(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    pub(super) fn body(mut self, media: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", media)
    }

    /// The bytes of it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: issuer\r\nConnection: close\r\n", self.method, self.target);
        let mut line = |name: &str, value: &str| head.extend([name, ": ", value, "\r\n"]);
        for (name, value) in &self.headers {
            line(name, value);
        }
        if !self.body.is_empty() && !self.headers.iter().any(|(name, _)| name == "Content-Length") {
            line("Content-Length", &self.body.len().to_string());
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// Sends it, and holds the answer against the description.
    pub(super) async fn send(self) -> Answer {
        let answer = Answer::parse(&self.door.raw(&self.bytes()).await);
        SPEC.check(&self.method, &self.target, &answer);
        answer
    }
}

/// What came back.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}

impl Answer {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<_> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let body = &bytes[end + 4..];
        let is_chunked =
            headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        Self { status, headers, body: if is_chunked { joined(body) } else { body.to_vec() } }
    }

    /// The lines of a body that is lines of JSON.
    pub(super) fn lines(&self) -> Vec<Value> {
        let text = std::str::from_utf8(&self.body).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(there, _)| there.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All headers, their names in lower case.
    pub(super) fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// All values of a header.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(there, _)| there == name).map(|(_, value)| value.as_str()).collect()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    #[track_caller]
    pub(super) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// That it is a problem of this kind.
    #[track_caller]
    pub(super) fn problem(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.json()["type"], format!("urn:idos-issuer:problem:{code}"), "{answer:?}");
        answer
    }

    /// What is pointed at.
    pub(super) fn pointers(&self) -> Vec<String> {
        let body = self.json();
        let errors = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().filter_map(|error| error["pointer"].as_str()).map(str::to_owned).collect()
    }
}

/// The chunks of a body (RFC 9112, section 7.1), as far as they have come.
fn joined(mut chunked: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunked.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&chunked[..end]).unwrap(), 16).unwrap();
        let rest = &chunked[end + 2..];
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        chunked = rest.get(size + 2..).unwrap_or_default();
    }
    body
}

pub(crate) fn new_profile(user: &User) -> Value {
    let (address, public_key, signature) = user.proof();
    let mut wallet = json!({
        "type": user.wallet.wallet_type().as_str(), "address": address, "message": MESSAGE, "signature": signature
    });
    if let Some(key) = public_key {
        wallet["publicKey"] = json!(key);
    }
    json!({
        "userId": user.id, "encryptionPublicKey": user.secret.public().to_base64(), "passwordStore": "user",
        "wallet": wallet
    })
}

/// A request to add the wallet of `wallet` to the profile of `user`.
pub(super) fn new_wallet(user: &User, wallet: &User) -> Value {
    json!({ "userId": user.id, "wallet": new_profile(wallet)["wallet"] })
}

pub(super) fn owner(user: &User) -> Value {
    let mut owner = json!({ "type": user.wallet.wallet_type().as_str(), "address": user.wallet.address() });
    if let Some(key) = user.wallet.public_key() {
        owner["publicKey"] = json!(key);
    }
    owner
}

/// A KYC submission whose files are in it.
pub(super) fn kyc(user: uuid::Uuid, delivery: impl Into<Value>) -> Value {
    let delivery = delivery.into();
    json!({
        "userId": user,
        "kind": "kyc",
        "evidence": {
            "approvedAt": "2026-01-20T09:30:00Z",
            "expiresAt": "2040-01-20",
            "subject": {
                "firstName": "Ana", "familyName": "Exemplo", "dateOfBirth": "1990-02-14", "nationality": "PT",
                "email": "ana@example.com", "idDocumentCountry": "PT", "idDocumentNumber": "SP1",
                "idDocumentType": "PASSPORT",
                "idDocumentFrontFile": { "base64": "/9j/4AAQSkZJRg==" }, "selfieFile": { "base64": "/9j/4AAQSkZJRg==" }
            }
        },
        "delivery": delivery
    })
}

/// A file that is an image as far as anybody looks.
pub(super) fn jpeg(content: impl AsRef<[u8]>) -> Vec<u8> {
    [b"\xff\xd8\xff", content.as_ref()].concat()
}

pub(super) fn inserter() -> Value {
    json!({ "by": "inserter" })
}

/// A multipart body.
pub(super) struct Form {
    boundary: &'static str,
    bytes: Vec<u8>,
}

impl Form {
    pub(super) fn new(boundary: &'static str) -> Self {
        Self { boundary, bytes: Vec::new() }
    }

    pub(super) fn part(self, name: &str, media: &str, content: impl AsRef<[u8]>) -> Self {
        let head = format!(
            "Content-Disposition: form-data; name=\"{name}\"; filename=\"x\"\r\nContent-Type: {media}"
        );
        self.with_head(head, content)
    }

    /// A part with these headers.
    pub(super) fn with_head(mut self, head: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        self.bytes.extend_from_slice(format!("--{}\r\n", self.boundary).as_bytes());
        self.bytes.extend_from_slice(head.as_ref());
        self.bytes.extend_from_slice(b"\r\n\r\n");
        self.bytes.extend_from_slice(content.as_ref());
        self.bytes.extend_from_slice(b"\r\n");
        self
    }

    pub(super) fn media(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        self.bytes
    }

    /// Without its end.
    pub(super) fn cut(self) -> Vec<u8> {
        self.bytes
    }
}

/// A KYC submission whose files are parts of their own.
pub(super) fn kyc_in_parts(user: uuid::Uuid, delivery: impl Into<Value>) -> Value {
    let mut submission = kyc(user, delivery);
    let subject = &mut submission["evidence"]["subject"];
    subject["idDocumentFrontFile"] = json!({ "part": "passport" });
    subject["selfieFile"] = json!({ "part": "selfie" });
    submission
}
