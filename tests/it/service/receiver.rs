//! Receivers of webhooks.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A receiver of webhooks: collects requests, and answers them with statuses in turn.
pub(crate) struct Receiver {
    pub(crate) url: String,
    got: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    pub(crate) async fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&got);
        tokio::spawn(async move {
            let mut statuses = statuses.iter().chain(std::iter::repeat(&200));
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let mut part = [0; 4096];
                while !is_whole(&bytes) {
                    let read = connection.read(&mut part).await.unwrap();
                    bytes.extend_from_slice(&part[..read]);
                }
                all.lock().unwrap().push(String::from_utf8(bytes).unwrap());
                let status = statuses.next().unwrap();
                let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                connection.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, got }
    }

    pub(crate) fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = header(head, "content-length").parse::<usize>().unwrap();
    body.len() >= length
}

pub(super) fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:"))).unwrap();
    line.split_once(':').unwrap().1.trim()
}

/// A receiver that takes requests and never answers. Gives its URL.
pub(super) async fn hanging() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            open.push(connection);
        }
    });
    url
}
