//! What nodes and gateways answer.
//!
//! The readers of answers are no public functions, so this goes through the front door: a client asks a node on
//! loopback that answers what the input says, whatever it was asked.

use std::error::Error as _;
use std::time::Duration;

use idos_client::actions::{
    AddAttributeAsInserter, GetAccessGrantsGranted, GetAllowance, GetAttributes, GetCredentialOwned,
    GetCredentials, GetUser, GetUserAsInserter, GetWallets, HasProfile,
};
use idos_client::{Broadcast, Class, Client, ClientConfig, Error, Nonce, Signer, Viewer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::input::text;

/// What is asked, and errors must not repeat.
const ADDRESS: &str = "0xPrivate and odd Address";
const VALUE: &str = "Zoë Example, 1 Private Road";
const ID: Uuid = Uuid::from_u128(0x9f51_b3b2_4cbe_4c2b_8ea3_0b0c_1b2f_1a11);

/// Answers of a node. The first line says what to ask, a letter for each question; then come the answers, parted by
/// lines of `--`: a line with the HTTP status and perhaps a cookie, and the body. The last one is given again and
/// again.
///
/// Errors stay on their line, do not repeat what was asked, and only writes have an unknown outcome.
pub fn rpc_answers(data: &[u8]) {
    let Some((questions, answers)) = text(data).and_then(|text| text.split_once('\n')) else { return };
    let answers: Vec<Vec<u8>> = answers.split("\n--\n").take(16).map(http_answer).collect();
    NODE.with(|node| node.runtime.block_on(node.converse(questions, &answers)));
}

thread_local! {
    static NODE: Node = Node::start();
}

struct Node {
    runtime: Runtime,
    listener: TcpListener,
}

impl Node {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        Self { runtime, listener }
    }

    async fn converse(&self, questions: &str, answers: &[Vec<u8>]) {
        let address = self.listener.local_addr().expect("it is bound");
        let config = ClientConfig {
            timeout: Duration::from_secs(5),
            max_answer: 1 << 20,
            ..ClientConfig::new(format!("http://{address}").parse().expect("a URL"))
        };
        let asking = async {
            match Client::connect(config).await {
                Ok(client) => ask(&client, questions).await,
                Err(error) => check(&error, &[], false),
            }
        };
        tokio::select! {
            () = serve(&self.listener, answers) => {}
            () = asking => {}
        }
    }
}

async fn ask(client: &Client, questions: &str) {
    let signer = Signer::from_seed(&[7; 32]);
    let viewer = Viewer::As(&signer);
    let anonymous = Viewer::Anonymous;
    let attribute = AddAttributeAsInserter { id: ID, user_id: ID, attribute_key: "address", value: VALUE };
    let texts: &[&str] = &[ADDRESS, VALUE];

    for question in questions.chars().take(8) {
        let (error, is_write) = match question {
            'a' => (client.account(&signer).await.err(), false),
            'h' => (client.health().await.err(), false),
            'm' => (client.mode().await.err(), false),
            't' => (client.transaction([0xab; 32].into()).await.err(), false),
            'o' => (client.logout(&signer).await.err(), false),
            'P' => (client.call(anonymous, &HasProfile { address: ADDRESS }).await.err(), false),
            'p' => (client.call_one(viewer, &HasProfile { address: ADDRESS }).await.err(), false),
            'u' => (client.call(viewer, &GetUser {}).await.err(), false),
            'r' => (client.call(viewer, &GetUserAsInserter { id: ID }).await.err(), false),
            'w' => (client.call(viewer, &GetWallets {}).await.err(), false),
            'c' => (client.call(viewer, &GetCredentialOwned { id: ID }).await.err(), false),
            'C' => (client.call(viewer, &GetCredentials {}).await.err(), false),
            'g' => {
                let view = GetAccessGrantsGranted { user_id: None, page: 1, size: 10 };
                (client.call(viewer, &view).await.err(), false)
            }
            'f' => (client.call(viewer, &GetAllowance {}).await.err(), false),
            'b' => (client.call(viewer, &GetAttributes {}).await.err(), false),
            'x' => (client.execute(&signer, &attribute, Nonce::Next, Broadcast::Wait).await.err(), true),
            'y' => {
                (client.execute(&signer, &attribute, Nonce::Exactly(7), Broadcast::Accept).await.err(), true)
            }
            _ => continue,
        };
        if let Some(error) = error {
            // What a node says about somebody's transaction is about texts that we did not send.
            check(&error, if question == 't' { &[] } else { texts }, is_write);
        }
    }
}

fn check(error: &Error, texts: &[&str], is_write: bool) {
    let mut shown = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        shown = format!("{shown}: {cause}");
        source = cause.source();
    }
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    assert!(shown.len() < 4000, "{shown:?}");
    assert!(!texts.iter().any(|text| shown.contains(text)), "it repeats what was asked: {shown:?}");
    assert!(is_write || !matches!(error.class(), Class::Unknown { .. }), "{shown:?}");
    if let Some(message) = error.node_message() {
        assert!(message.chars().count() <= 300);
    }
}

/// An HTTP answer from what the input says about it.
fn http_answer(part: &str) -> Vec<u8> {
    let (head, body) = part.split_once('\n').unwrap_or((part, ""));
    let (status, cookie) = head.split_once(' ').unwrap_or((head, ""));
    let status = status.parse().ok().filter(|status| (200..=599).contains(status)).unwrap_or(200_u16);
    let body = if [204, 304].contains(&status) { "" } else { body };
    let mut answer = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n", body.len());
    if !cookie.is_empty() && !cookie.chars().any(char::is_control) {
        answer.push_str("set-cookie: ");
        answer.push_str(cookie);
        answer.push_str("\r\n");
    }
    answer.push_str("\r\n");
    answer.push_str(body);
    answer.into_bytes()
}

/// Gives the answers in their order, whatever is asked, over one connection after the other.
async fn serve(listener: &TcpListener, answers: &[Vec<u8>]) {
    let mut next = 0;
    loop {
        let Ok((mut connection, _)) = listener.accept().await else { return };
        // Thousands of connections a minute: none may linger.
        let _ = connection.set_zero_linger();
        let _ = connection.set_nodelay(true);
        while read_request(&mut connection).await.is_some() {
            let Some(answer) = answers.get(next).or(answers.last()) else { return };
            next += 1;
            if connection.write_all(answer).await.is_err() {
                break;
            }
        }
    }
}

async fn read_request(connection: &mut TcpStream) -> Option<()> {
    const END_OF_HEAD: &[u8] = b"\r\n\r\n";
    let mut request = Vec::new();
    loop {
        let head = request.windows(4).position(|part| part == END_OF_HEAD);
        if let Some(head) = head
            && request.len() >= head + END_OF_HEAD.len() + content_length(&request[..head])
        {
            return Some(());
        }
        if connection.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.and_then(|length| length.trim().parse().ok()).unwrap_or(0)
}
