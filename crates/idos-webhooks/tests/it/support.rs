//! A receiver that does as it is told, and names that resolve to what the test wants.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idos_webhooks::{Addresses, Names};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What a receiver does once it has read a request.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// Writes this and closes the connection.
    Answer(String),
    /// Writes this and then never ends.
    ThenZeros(String),
    /// Writes this and then nothing for ever.
    ThenSilence(String),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    connections: Mutex<usize>,
    received: Mutex<Vec<Received>>,
    lost: Mutex<bool>,
}

impl Receiver {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = state.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                *shared.connections.lock().unwrap() += 1;
                let (behaviour, state) = (behaviour.clone(), shared.clone());
                // A sender may drop the connection at any point.
                tokio::spawn(async move { serve(stream, behaviour, &state).await.ok() });
            }
        });
        Self { address, state }
    }

    /// Answers with a status, and headers that each end in a line end.
    pub(crate) async fn with_status(status: u16, headers: &str) -> Self {
        Self::start(Behaviour::Answer(format!("HTTP/1.1 {status} X\r\n{headers}content-length: 0\r\n\r\n")))
            .await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook?token=s3cret", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.state.connections.lock().unwrap()
    }

    /// Whether a sender dropped a connection that was written to.
    pub(crate) fn lost(&self) -> bool {
        *self.state.lost.lock().unwrap()
    }
}

async fn serve(stream: TcpStream, behaviour: Behaviour, state: &State) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let mut lines = lines.into_iter();
    let line = lines.next().ok_or(io::ErrorKind::UnexpectedEof)?;
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_ascii_lowercase(), value.to_owned())
    });
    let mut received = Received { line, headers: headers.collect(), body: Vec::new() };
    let length = received.header("content-length").map_or(0, |length| length.parse().unwrap());
    received.body.resize(length, 0);
    stream.read_exact(&mut received.body).await?;
    state.received.lock().unwrap().push(received);

    match behaviour {
        Behaviour::Answer(answer) => stream.write_all(answer.as_bytes()).await,
        Behaviour::ThenZeros(head) => {
            stream.write_all(head.as_bytes()).await?;
            while stream.write_all(&[b'0'; 1024]).await.is_ok() {}
            *state.lost.lock().unwrap() = true;
            Ok(())
        }
        Behaviour::ThenSilence(head) => {
            stream.write_all(head.as_bytes()).await?;
            tokio::time::sleep(Duration::from_hours(1)).await;
            Ok(())
        }
    }
}

/// Answers each look-up with the next of these, and the last for ever.
#[derive(Debug)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    pub(crate) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let answers = Mutex::new(answers.iter().map(parse).collect());
        Arc::new(Self { answers, asked: Mutex::default() })
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Names for Script {
    fn addresses(&self, host: String) -> Addresses {
        self.asked.lock().unwrap().push(host);
        let mut answers = self.answers.lock().unwrap();
        let last = answers.len() == 1;
        let answer = if last { answers.front().cloned() } else { answers.pop_front() };
        Box::pin(async move { answer.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}
