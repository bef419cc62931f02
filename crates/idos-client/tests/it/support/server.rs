//! A node that says what a test tells it to, over real sockets.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idos_client::{Client, ClientConfig, Error};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Answers with this status, these headers and this body.
    Answer { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// Reads the request and closes the connection.
    HangUp,
    /// Announces more than it sends, and closes the connection.
    HalfAnswer,
    /// Sends a body of this many bytes without announcing it.
    Endless(usize),
    /// Says nothing for longer than any test waits.
    Silence,
}

impl Step {
    pub(crate) fn json(status: u16, body: &Json) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.to_string().into_bytes() }
    }

    pub(crate) fn result(result: &Json) -> Self {
        Self::json(200, &json!({"jsonrpc": "2.0", "id": 1, "result": result}))
    }

    pub(crate) fn error(code: i64, message: &str) -> Self {
        Self::json(200, &json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}}))
    }

    pub(crate) fn raw(status: u16, body: &str) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    pub(crate) fn with_header(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::Answer { status, mut headers, body } => {
                headers.push((name, value.to_owned()));
                Self::Answer { status, headers, body }
            }
            other => other,
        }
    }
}

/// A request that the server got.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) cookie: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Json,
    /// The body of what is no JSON-RPC.
    pub(crate) raw: Vec<u8>,
}

impl Request {
    pub(crate) fn method(&self) -> &str {
        self.body["method"].as_str().unwrap_or("?")
    }

    pub(crate) fn params(&self) -> &Json {
        &self.body["params"]
    }
}

/// The server.
pub(crate) struct Server {
    pub(crate) url: Url,
    /// How long clients wait; short where the test is about waiting.
    patience: Duration,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// A server that asks `answer` what to do with each request.
    pub(crate) async fn answering(answer: impl FnMut(&Request) -> Step + Send + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), answer)
    }

    /// A server where another one was that has stopped.
    pub(crate) fn back_at(url: &Url, answer: impl FnMut(&Request) -> Step + Send + 'static) -> Self {
        let address = url.socket_addrs(|| None).unwrap()[0];
        // Connections that the other one has closed may still linger.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(address).unwrap();
        Self::on(socket.listen(64).unwrap(), answer)
    }

    fn on(listener: TcpListener, answer: impl FnMut(&Request) -> Step + Send + 'static) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(Mutex::new(answer));
        let seen = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                tokio::spawn(async move { serve(stream, &answer, &seen).await });
            }
        });
        Self { url, patience: Duration::from_secs(20), requests, task }
    }

    /// A server that takes these steps for these methods, in this order. Anything else is answered by an error that
    /// no client can take for success. Starts with `user.chain_info`, which every client asks first.
    pub(crate) async fn playing(steps: Vec<(&'static str, Step)>) -> Self {
        Self::playing_without_connect([("user.chain_info", chain_info())].into_iter().chain(steps).collect())
            .await
    }

    /// The same for a server that is not asked first.
    pub(crate) async fn playing_without_connect(steps: Vec<(&'static str, Step)>) -> Self {
        let is_about_waiting = steps.iter().any(|(_, step)| matches!(step, Step::Silence));
        let mut steps = VecDeque::from(steps);
        let mut server = Self::answering(move |request| match steps.pop_front() {
            Some((method, step)) if method == request.method() => step,
            expected => {
                let expected = expected.map_or("nothing", |(method, _)| method);
                Step::error(-1, &format!("the test expects {expected} and not {}", request.method()))
            }
        })
        .await;
        if is_about_waiting {
            server.patience = Duration::from_secs(1);
        }
        server
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.config()).await.unwrap()
    }

    /// A configuration for this server, with a small limit for answers.
    pub(crate) fn config(&self) -> ClientConfig {
        ClientConfig { timeout: self.patience, max_answer: 64 * 1024, ..ClientConfig::new(self.url.clone()) }
    }

    pub(crate) async fn refused(&self) -> Error {
        Client::connect(self.config()).await.unwrap_err()
    }

    /// Stops listening: whoever connects from now on is refused.
    pub(crate) async fn stop(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    /// What the server got after `user.chain_info`.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let requests = self.requests.lock().unwrap();
        requests.iter().filter(|request| request.method() != "user.chain_info").cloned().collect()
    }

    pub(crate) fn methods(&self) -> Vec<String> {
        self.requests().iter().map(|request| request.method().to_owned()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn chain_info() -> Step {
    Step::result(
        &json!({"chain_id": "idos-localdev", "block_height": 1234, "block_hash": "ab", "gas": false}),
    )
}

pub(crate) fn health(mode: &str) -> Step {
    Step::result(&json!({"chain_id": "idos-localdev", "healthy": true, "block_height": 1234, "mode": mode}))
}

pub(crate) fn account(nonce: u64) -> Step {
    Step::result(&json!({"id": {"identifier": "00", "key_type": "ed25519"}, "balance": "0", "nonce": nonce}))
}

pub(crate) fn not_found() -> Step {
    Step::error(-202, "transaction not found")
}

/// The answer to a broadcast with a nonce that is not the account's next one.
pub(crate) fn wrong_nonce() -> Step {
    let data = json!({"code": 4, "hash": "ab".repeat(32), "message": "invalid nonce"});
    let error = json!({"code": -201, "message": "broadcast error", "data": data});
    Step::json(200, &json!({"jsonrpc": "2.0", "id": 1, "error": error}))
}

async fn serve(
    mut stream: TcpStream,
    answer: &Mutex<impl FnMut(&Request) -> Step>,
    seen: &Mutex<Vec<Request>>,
) {
    let Some(request) = read_request(&mut stream).await else { return };
    let step = (answer.lock().unwrap())(&request);
    seen.lock().unwrap().push(request);
    let head = |status: u16| format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
    let bytes = match step {
        Step::Answer { status, headers, body } => {
            let mut text = head(status);
            let len = ("content-length", body.len().to_string());
            for (name, value) in headers.into_iter().chain([len]) {
                text.extend([name, ": ", &value, "\r\n"]);
            }
            text.push_str("\r\n");
            [text.into_bytes(), body].concat()
        }
        Step::HangUp => return,
        Step::HalfAnswer => format!("{}content-length: 100\r\n\r\n{{\"jsonrpc\":", head(200)).into_bytes(),
        Step::Endless(len) => [format!("{}\r\n", head(200)).into_bytes(), vec![b' '; len]].concat(),
        Step::Silence => return tokio::time::sleep(Duration::from_mins(1)).await,
    };
    // The client may have closed the connection; then there is nobody to tell.
    let _ = stream.write_all(&bytes).await;
    let _ = stream.shutdown().await;
}

async fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let head_len = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_len].to_vec()).unwrap();
    let line = head.split(" HTTP/1.1\r\n").next().unwrap();
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find_map(|(header, value)| header.eq_ignore_ascii_case(name).then(|| value.to_owned()))
    };
    let len: usize = header("content-length").map_or(0, |len| len.parse().unwrap());
    while bytes.len() < head_len + len {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let raw = bytes.split_off(head_len);
    // What is asked of a blob gateway is named by its request line.
    let body = if line == "POST /rpc/v1" {
        serde_json::from_slice(&raw).unwrap()
    } else {
        assert!(line.contains(" /blob/v1/"), "{line}");
        json!({ "method": line })
    };
    Some(Request { cookie: header("cookie"), content_type: header("content-type"), body, raw })
}
