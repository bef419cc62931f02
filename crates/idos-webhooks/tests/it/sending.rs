//! Attempts, against a receiver that behaves badly, and against names that lie.

use std::sync::Arc;
use std::time::{Duration, Instant};

use idos_webhooks::{
    Addresses, ConfigError, Delivered, Headers, LONGEST_WAIT, Message, Names, Refusal, Secrets, SendError,
    Sender, SenderConfig, SpecialRange, SystemNames, TOLERANCE, Targets,
};
use tokio::net::TcpListener;

use crate::support::{Behaviour, Receiver, Script};

const NOW: i64 = 1_700_000_000; // Tue, 14 Nov 2023 22:13:20 GMT
const OPEN: Targets = Targets { allow_private: true, allow_http: true };
const PUBLIC: Targets = Targets { allow_private: false, allow_http: true };

/// Limits that nothing runs into which goes well, however busy the machine is.
fn config(targets: Targets) -> SenderConfig {
    SenderConfig {
        targets,
        timeout: Duration::from_secs(30),
        connect_timeout: Duration::from_secs(20),
        max_answer: 10_000,
        ..SenderConfig::new("idos-webhooks-test/1")
    }
}

fn impatient() -> Sender {
    Sender::new(&SenderConfig { timeout: Duration::from_millis(500), ..config(OPEN) }).unwrap()
}

fn secrets() -> Secrets {
    Secrets::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap())
}

fn message() -> Message {
    Message::new("evt_1", NOW, r#"{"type":"test"}"#).unwrap()
}

async fn attempt(sender: &Sender, url: &str) -> Result<Delivered, SendError> {
    let outcome = sender.send(&url.parse().unwrap(), &message(), &secrets()).await;
    if let Err(error) = &outcome {
        let said = format!("{error} {error:?}");
        assert!(!said.contains("s3cret") && !said.contains("receiver.example"), "{said}");
    }
    outcome
}

async fn send(url: &str) -> Result<Delivered, SendError> {
    attempt(&Sender::new(&config(OPEN)).unwrap(), url).await
}

async fn send_by(targets: Targets, names: Arc<dyn Names>, url: &str) -> Result<Delivered, SendError> {
    attempt(&Sender::with_names(&config(targets), names).unwrap(), url).await
}

fn inside(address: &str) -> SendError {
    SendError::Refused(Refusal::ResolvedAddress(SpecialRange::of(address.parse().unwrap()).unwrap()))
}

#[tokio::test]
async fn a_message_arrives_once_and_verifies() {
    for status in [200, 201, 204, 299] {
        let receiver = Receiver::with_status(status, "set-cookie: a=b\r\n").await;
        let sender = Sender::new(&config(OPEN)).unwrap();
        assert_eq!(attempt(&sender, &receiver.url()).await, Ok(Delivered { status }));
        assert_eq!(attempt(&sender, &receiver.url()).await, Ok(Delivered { status }));

        let [first, second] = receiver.received().try_into().unwrap();
        assert_eq!(first.line, "POST /hook?token=s3cret HTTP/1.1");
        assert_eq!(first.header("content-type"), Some("application/json"));
        assert_eq!(first.header("user-agent"), Some("idos-webhooks-test/1"));
        let header = |name| first.header(name).unwrap();
        let headers = Headers {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
        };
        assert_eq!(secrets().verify(&headers, &first.body, NOW, TOLERANCE), Ok(()));
        assert_eq!((headers.id, headers.timestamp), ("evt_1", "1700000000"));

        assert_eq!(second.header("cookie"), None);
        assert_eq!(receiver.connections(), 2, "nothing waits for a next message");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let other = Receiver::with_status(200, "").await;
    for status in [301, 302, 303, 307, 308] {
        let receiver = Receiver::with_status(status, &format!("location: {}\r\n", other.url())).await;
        let error = SendError::Status { status, retry_after: None };
        assert_eq!(send(&receiver.url()).await, Err(error));
        assert!(error.is_worth_retrying());
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn every_other_status_is_a_failure_that_may_pass_but_410() {
    for status in [304, 400, 401, 403, 404, 408, 422, 425, 429, 500, 502, 503, 504, 599] {
        let receiver = Receiver::with_status(status, "").await;
        let error = send(&receiver.url()).await.unwrap_err();
        assert_eq!(error, SendError::Status { status, retry_after: None });
        assert!(error.is_worth_retrying(), "{status}");
        assert_eq!(receiver.received().len(), 1, "{status}");
    }
    let receiver = Receiver::with_status(410, "retry-after: 5\r\n").await;
    let error = send(&receiver.url()).await.unwrap_err();
    assert_eq!(error, SendError::Gone);
    assert!(!error.is_worth_retrying());
    assert_eq!(error.retry_after(), None);
}

#[tokio::test]
async fn how_long_to_wait_is_told() {
    let cases = [
        ("120", Some(Duration::from_mins(2))),
        ("Tue, 14 Nov 2023 22:14:20 GMT", Some(Duration::from_mins(1))),
        ("9999999999", Some(LONGEST_WAIT)),
        ("later", None),
        ("\u{e9}", None),
    ];
    for status in [429, 503] {
        for (header, wait) in cases {
            let receiver = Receiver::with_status(status, &format!("retry-after: {header}\r\n")).await;
            let error = send(&receiver.url()).await.unwrap_err();
            assert_eq!(error, SendError::Status { status, retry_after: wait }, "{header}");
            assert_eq!(error.retry_after(), wait);
        }
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_waited_for_only_so_long() {
    let start = Instant::now();
    for head in ["", "HTTP/1.1 20"] {
        let receiver = Receiver::start(Behaviour::ThenSilence(head.into())).await;
        let error = attempt(&impatient(), &receiver.url()).await.unwrap_err();
        assert_eq!(error, SendError::Timeout);
        assert!(error.is_worth_retrying());
    }
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn an_answer_that_does_not_end_is_a_success_all_the_same_and_waited_for_only_so_long() {
    let start = Instant::now();
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    let receiver = Receiver::start(Behaviour::ThenSilence(head.into())).await;
    assert_eq!(attempt(&impatient(), &receiver.url()).await, Ok(Delivered { status: 200 }));
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_name_that_takes_too_long_to_resolve_is_given_up() {
    #[derive(Debug)]
    struct Never;
    impl Names for Never {
        fn addresses(&self, _: String) -> Addresses {
            Box::pin(std::future::pending())
        }
    }
    let config = SenderConfig { connect_timeout: Duration::from_millis(200), ..config(OPEN) };
    let sender = Sender::with_names(&config, Arc::new(Never)).unwrap();
    assert_eq!(attempt(&sender, "http://receiver.example/s3cret").await, Err(SendError::Timeout));
}

#[tokio::test]
async fn a_huge_answer_is_read_only_up_to_the_limit() {
    let start = Instant::now();
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n";
    let receiver = Receiver::start(Behaviour::ThenZeros(head.into())).await;
    assert_eq!(send(&receiver.url()).await, Ok(Delivered { status: 200 }));
    assert!(start.elapsed() < Duration::from_secs(20), "ends before the time is up");
    while !receiver.lost() {
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(start.elapsed() < Duration::from_secs(20), "the connection is closed");
    }
}

#[tokio::test]
async fn endless_headers_are_no_answer() {
    let receiver = Receiver::start(Behaviour::ThenZeros("HTTP/1.1 200 OK\r\nx: ".into())).await;
    assert_eq!(send(&receiver.url()).await, Err(SendError::Broken));
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    for answer in ["", "220 mail.example ESMTP\r\n", "HTTP/1.1 200"] {
        let receiver = Receiver::start(Behaviour::Answer(answer.into())).await;
        assert_eq!(send(&receiver.url()).await, Err(SendError::Broken), "{answer}");
        assert_eq!(receiver.received().len(), 1, "nothing is sent twice");
    }
}

#[tokio::test]
async fn who_is_not_there_cannot_be_reached() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/s3cret");
    assert_eq!(send(&url).await, Err(SendError::Unreachable));
}

#[tokio::test]
async fn who_speaks_no_tls_is_not_trusted() {
    let receiver = Receiver::start(Behaviour::Answer("HTTP/1.1 200 OK\r\n\r\n".into())).await;
    // The receiver waits for the end of a line, which a greeting need not have; so it is one that answers at once.
    let greeter = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = greeter.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = greeter.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
    });
    assert_eq!(send(&format!("https://{address}/s3cret")).await, Err(SendError::Tls));
    assert!(receiver.received().is_empty());
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_before_there_is_a_connection() {
    let receiver = Receiver::with_status(200, "").await;
    let url = format!("http://receiver.example:{}/s3cret", receiver.address.port());
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "64:ff9b::7f00:1"]
    {
        let names = Script::new(&[&[address]]);
        let error = send_by(PUBLIC, names.clone(), &url).await.unwrap_err();
        assert_eq!(error, inside(address), "{address}");
        assert!(error.is_worth_retrying());
        assert_eq!(names.asked(), ["receiver.example"]);
    }
    assert_eq!(receiver.connections(), 0);

    let names = Script::new(&[&["127.0.0.1"]]);
    assert_eq!(send_by(OPEN, names, &url).await, Ok(Delivered { status: 200 }), "it is there");
}

#[tokio::test]
async fn one_inner_address_among_public_ones_is_one_too_many() {
    let receiver = Receiver::with_status(200, "").await;
    let url = format!("http://receiver.example:{}/", receiver.address.port());
    for addresses in [["127.0.0.1", "8.8.8.8"], ["8.8.8.8", "127.0.0.1"]] {
        let error = send_by(PUBLIC, Script::new(&[&addresses]), &url).await.unwrap_err();
        assert_eq!(error, inside("127.0.0.1"));
    }
    assert_eq!(receiver.connections(), 0);
}

/// Nobody listens at the second address; a second look-up between judging and connecting would lead there. That a
/// public name which leads inside the next time is refused then is tested beside the guard, without a network.
#[tokio::test]
async fn what_was_judged_is_what_is_connected_to() {
    let receiver = Receiver::with_status(200, "").await;
    let url = format!("http://receiver.example:{}/", receiver.address.port());
    let names = Script::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let sender = Sender::with_names(&config(OPEN), names.clone()).unwrap();
    assert_eq!(attempt(&sender, &url).await, Ok(Delivered { status: 200 }));
    assert_eq!(names.asked().len(), 1);
    assert_eq!(attempt(&sender, &url).await, Err(SendError::Unreachable));
    assert_eq!(names.asked().len(), 2);
}

/// A connection that was left open would be used again without any judging.
#[tokio::test]
async fn every_attempt_asks_for_the_address_anew() {
    let answer = "HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n";
    let receiver = Receiver::start(Behaviour::ThenSilence(answer.into())).await;
    let url = format!("http://receiver.example:{}/", receiver.address.port());
    let names = Script::new(&[&["127.0.0.1"]]);
    let sender = Sender::with_names(&config(OPEN), names.clone()).unwrap();
    for _ in 0..3 {
        attempt(&sender, &url).await.unwrap();
    }
    assert_eq!(names.asked().len(), 3);
    assert_eq!(receiver.connections(), 3);
}

#[tokio::test]
async fn the_names_of_this_machine_are_judged_too() {
    /// Another name for `localhost`, which would be refused as a name.
    #[derive(Debug)]
    struct Alias;
    impl Names for Alias {
        fn addresses(&self, _: String) -> Addresses {
            SystemNames.addresses("localhost".into())
        }
    }
    let receiver = Receiver::with_status(200, "").await;
    let url = format!("http://receiver.example:{}/", receiver.address.port());
    let error = send_by(PUBLIC, Arc::new(Alias), &url).await.unwrap_err();
    assert!(error == inside("127.0.0.1") || error == inside("::1"), "{error:?}");
    assert_eq!(receiver.connections(), 0);
    assert_eq!(send_by(OPEN, Arc::new(Alias), &url).await, Ok(Delivered { status: 200 }));
}

#[tokio::test]
async fn what_a_url_says_is_refused_without_a_look_up() {
    let receiver = Receiver::with_status(200, "").await;
    let names = Script::new(&[&["127.0.0.1"]]);
    for (targets, url) in [
        (PUBLIC, receiver.url()),
        (PUBLIC, format!("http://localhost:{}/", receiver.address.port())),
        (PUBLIC, format!("http://2130706433:{}/", receiver.address.port())),
        (PUBLIC, format!("http://[::ffff:7f00:1]:{}/", receiver.address.port())),
        (Targets::default(), "http://receiver.example/".to_owned()),
        (OPEN, format!("http://user:s3cret@{}/", receiver.address)),
    ] {
        let error = send_by(targets, names.clone(), &url).await.unwrap_err();
        assert!(matches!(error, SendError::Refused(_)), "{url}: {error:?}");
        assert!(!error.is_worth_retrying());
    }
    assert!(names.asked().is_empty());
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_name_without_an_address_is_unknown() {
    for names in [Script::new(&[]), Script::new(&[&[]])] {
        let error = send_by(PUBLIC, names, "http://receiver.example/s3cret").await.unwrap_err();
        assert_eq!(error, SendError::UnknownName);
        assert!(error.is_worth_retrying());
    }
}

#[test]
fn a_user_agent_that_is_no_header_is_refused() {
    let config = SenderConfig::new("a\nb");
    assert!(matches!(Sender::new(&config), Err(ConfigError::UserAgent)));
}
