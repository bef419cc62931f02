//! A service with a console, and a browser that does as browsers do: it keeps cookies, sends forms with the token that stands in them, and
//! says where they come from.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use idos_issuer::app::App;
use idos_issuer::clock::{self, Clock};
use idos_issuer::flow::staff::manage::{self, By};
use idos_issuer::http;
use idos_issuer::model::audit::Actor;
use idos_issuer::model::staff::{Reach, Role};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use totp_rs::{Builder, Secret};

use crate::support::service::{Backend, Stage};

pub(super) const PASSWORD: &str = "four words in a row";

pub(super) const SESSION: &str = "__Host-idos_console";

pub(super) const AWAY: &str = "__Host-idos_console_away";

/// A service with a console. Its clock stands still until it is moved.
pub(super) struct Office {
    pub(super) app: Arc<App>,
    pub(super) clock: Clock,
    pub(super) address: SocketAddr,
    pub(super) stage: Stage,
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
}

impl Office {
    pub(super) async fn open(backend: Backend) -> Self {
        Self::with(backend, "[console]\nenabled = true\n").await
    }

    pub(super) async fn with(backend: Backend, settings: &str) -> Self {
        let mut stage = Stage::new(backend).await;
        settings.clone_into(&mut stage.settings);
        // In the middle of a step of codes, so that a test that takes a moment does not pass into the next one.
        let now = clock::now().unix_millis() / 30_000 * 30_000 + 15_000;
        stage.clock = Clock::fixed(idos_credential::Timestamp::from_unix_millis(now).unwrap());
        let app = stage.app().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let server =
            tokio::spawn(http::serve(Arc::clone(&app), None, listener, stop.clone().cancelled_owned()));
        let clock = stage.clock.clone();
        Self { app, clock, address, stage, stop, server }
    }

    /// Moves the clock.
    pub(super) fn pass_seconds(&self, seconds: i64) {
        self.clock.advance_millis(seconds * 1000);
    }

    pub(super) fn by(&self) -> By {
        By { actor: Actor::Operator, at: self.app.clock.now(), invitation_hours: 72 }
    }

    /// Somebody who has been invited: the path of the link.
    pub(super) async fn invite(&self, name: &str, role: Role, reach: Reach) -> String {
        let (_, token) = manage::add(&self.app.store, &self.by(), name, role, reach).await.unwrap();
        format!("/console/invitation/{}", token.to_text().as_str())
    }

    /// Somebody who has followed an invitation, and is in.
    pub(super) async fn person(&self, name: &str, role: Role, reach: Reach) -> Person<'_> {
        let link = self.invite(name, role, reach).await;
        let mut browser = Browser::of(self);
        browser.post(&link, &[("password", PASSWORD), ("again", PASSWORD)]).await.expect(303);
        let page = browser.get(&link).await.expect(200);
        let secret = page.between("id=\"secret\">", "<");
        let mut person = Person { name: name.to_owned(), secret, browser, recovery: Vec::new() };
        let code = person.code();
        let page = person.browser.post(&link, &[("code", &code)]).await.expect(200);
        person.recovery = page
            .text()
            .split("class=\"secret\">")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap().to_owned())
            .collect();
        assert_eq!(person.recovery.len(), 10);
        // The step of this code is used.
        self.pass_seconds(30);
        person
    }

    pub(super) async fn close(self) -> Stage {
        self.stop.cancel();
        self.server.await.unwrap().unwrap();
        self.app.store.close().await;
        self.stage
    }
}

/// Somebody who works here.
pub(super) struct Person<'o> {
    pub(super) name: String,
    pub(super) secret: String,
    pub(super) browser: Browser<'o>,
    pub(super) recovery: Vec<String>,
}

impl Person<'_> {
    /// What their app shows now.
    pub(super) fn code(&self) -> String {
        let seconds = u64::try_from(self.browser.office.app.clock.now().unix_seconds()).unwrap();
        let totp =
            Builder::new().with_secret(Secret::try_from_base32(&self.secret).unwrap()).build().unwrap();
        totp.generate(seconds).to_string()
    }

    /// Signs in with another browser.
    pub(super) async fn sign_in(&mut self) -> Answer {
        self.browser = Browser::of(self.browser.office);
        self.browser
            .post("/console/sign-in", &[("name", &self.name), ("password", PASSWORD)])
            .await
            .expect(303);
        let page = self.browser.get("/console/sign-in/code").await.expect(200);
        let (token, code) = (page.form_token(), self.code());
        let answer =
            self.browser.post("/console/sign-in/code", &[("form_token", &token), ("code", &code)]).await;
        self.browser.office.pass_seconds(30);
        answer
    }
}

/// A browser.
#[derive(Clone)]
pub(super) struct Browser<'o> {
    pub(super) office: &'o Office,
    pub(super) cookies: BTreeMap<String, String>,
    /// Headers of each request, beside those that browsers send by themselves.
    pub(super) headers: Vec<(String, String)>,
    /// What it says of where a form comes from.
    pub(super) site: Option<&'static str>,
}

impl<'o> Browser<'o> {
    pub(super) fn of(office: &'o Office) -> Self {
        Self { office, cookies: BTreeMap::new(), headers: Vec::new(), site: Some("same-origin") }
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    /// Sends a form as it is given.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send("POST", path, Some(body)).await
    }

    /// Sends a form with the token that stands in the page at `from`.
    pub(super) async fn submit(&mut self, from: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.get(from).await.expect(200).form_token();
        let mut all = vec![("form_token", token.as_str())];
        all.extend_from_slice(fields);
        self.post(path, &all).await
    }

    pub(super) async fn send(&mut self, method: &str, path: &str, body: Option<String>) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: issuer\r\nConnection: close\r\n");
        let mut line = |name: &str, value: &str| head.extend([name, ": ", value, "\r\n"]);
        if !self.cookies.is_empty() {
            let all: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            line("Cookie", &all.join("; "));
        }
        if let Some(site) = self.site {
            line("Sec-Fetch-Site", site);
        }
        for (name, value) in &self.headers {
            line(name, value);
        }
        let body = body.unwrap_or_default();
        if method != "GET" {
            line("Content-Type", "application/x-www-form-urlencoded");
            line("Content-Length", &body.len().to_string());
        }
        head.push_str("\r\n");
        head.push_str(&body);
        let mut stream = TcpStream::connect(self.office.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let answer = Answer::parse(&bytes);
        for cookie in answer.all("set-cookie") {
            let (pair, rest) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            // What is brought back from an OpenID provider, whose page leads here.
            let site = if name == AWAY && !value.is_empty() { "Lax" } else { "Strict" };
            assert!(cookie.contains(&format!("; Path=/; Secure; HttpOnly; SameSite={site}")), "{cookie}");
            assert!(name.starts_with("__Host-") && !rest.contains("Domain"), "{cookie}");
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub(super) fn session(&self) -> Option<&str> {
        self.cookies.get(SESSION).map(String::as_str)
    }
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Self { status, headers, body: bytes[end + 4..].to_vec() }
    }

    #[track_caller]
    pub(super) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}\n{}", self.headers, self.text());
        self
    }

    /// That it leads on to this path.
    #[track_caller]
    pub(super) fn leads_to(self, path: &str) -> Self {
        let answer = self.expect(303);
        assert_eq!(answer.header("location"), Some(path));
        answer
    }

    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(there, _)| there == name).map(|(_, value)| value.as_str()).collect()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    pub(super) fn text(&self) -> String {
        // Slashes are escaped, too.
        String::from_utf8_lossy(&self.body).replace("&#x2f;", "/")
    }

    #[track_caller]
    pub(super) fn between(&self, start: &str, end: &str) -> String {
        let text = self.text();
        let rest = text.split_once(start).unwrap_or_else(|| panic!("{start} is not in {text}")).1;
        rest.split(end).next().unwrap().to_owned()
    }

    #[track_caller]
    pub(super) fn form_token(&self) -> String {
        self.between("name=\"form_token\" value=\"", "\"")
    }
}
