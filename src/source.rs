//! An account with a vendor of KYC results, and requests to it: to the configured addresses alone, within a time, and no more of an
//! answer than is wanted.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use identity_vendors::{
    Account, Answer, Base, Environment, Fault, FilesBase, Method, Request, Script, Secret, Vendor,
};
use idos_webhooks::parse_retry_after;
use url::Url;
use zeroize::Zeroizing;

use crate::config;
use crate::keys::{KeysError, load_text};
use crate::model::submitter::{Origin, SourceName, Submitter};
use crate::model::verification::OnReset;
use crate::outbound::{self, OutboundError};

/// How long before its end an access token is not used any more, in seconds.
const TOKEN_MARGIN: i64 = 30;

/// An account with a vendor, ready to be used.
pub struct Source {
    /// Its name.
    pub name: SourceName,
    /// The vendor.
    pub vendor: Vendor,
    /// The client whose records these are.
    pub tenant: String,
    /// Keys and settings.
    pub account: Account,
    /// What becomes of a credential whose approval holds no more.
    pub on_reset: OnReset,
    /// The levels of which credentials are made; all if none is named.
    pub levels: Vec<String>,
    /// Which names are taken where the vendor has two scripts.
    pub script: Script,
    /// How long a verification waits, in days.
    pub wait_days: u32,
    /// The first pause before the vendor is asked unbidden, in seconds.
    pub poll_seconds: u32,
    /// Requests that the vendor gets from this process at the same time.
    pub at_once: usize,
    /// Where requests go.
    pub places: Places,
    http: reqwest::Client,
    token: Mutex<Option<(Secret, i64)>>,
}

/// Where requests go.
#[derive(Clone, Debug)]
pub struct Places {
    /// The API.
    pub api: Url,
    /// Where access tokens are issued.
    pub tokens: Option<Url>,
    /// Files, in the order of [`Account::files`].
    pub files: Vec<Url>,
}

/// Why a source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A setting that `check` has not let through.
    #[error("a setting is wrong")]
    Setting,
    /// A file with a secret.
    #[error(transparent)]
    Key(#[from] KeysError),
    /// What a file holds is no secret.
    #[error("{0} is no secret: one line of visible characters")]
    NoSecret(PathBuf),
    /// HTTP.
    #[error(transparent)]
    Http(#[from] OutboundError),
}

/// What a vendor has answered. Wiped on drop.
pub struct Answered {
    status: u16,
    headers: Vec<(String, String)>,
    body: Zeroizing<Vec<u8>>,
}

/// The vendor was not reached, or did not answer in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// No connection.
    #[error("there is no connection to the vendor")]
    Connection,
    /// TLS.
    #[error(
        "there is no TLS with the vendor: its certificate is not trusted, is for another name, or it speaks no TLS"
    )]
    Tls,
    /// Too slow.
    #[error("the vendor does not answer in time")]
    TooSlow,
    /// Broken off.
    #[error("the vendor's answer breaks off")]
    BrokenOff,
    /// No address is configured for what is asked.
    #[error("the configuration has no address for this")]
    NoPlace,
}

impl Source {
    /// Wires a configured source: reads the files of its secrets.
    pub fn wire(of: &config::Source) -> Result<Self, SourceError> {
        let secret = |path: &PathBuf| {
            Secret::new(load_text(path)?.as_str()).map_err(|_| SourceError::NoSecret(path.clone()))
        };
        let base = |text: &String| FilesBase::new(text).map_err(|_| SourceError::Setting);
        let files: Vec<_> = of.files.iter().map(base).collect::<Result<_, _>>()?;
        let places = Places {
            api: of.base().ok_or(SourceError::Setting)?,
            tokens: of.tokens_url.clone(),
            files: files.iter().filter_map(|base| base.as_url().parse().ok()).collect(),
        };
        let account = Account {
            environment: if of.sandbox { Environment::Sandbox } else { Environment::Live },
            webhook_secrets: of.webhook_secrets.iter().map(secret).collect::<Result<_, _>>()?,
            key: secret(&of.key)?,
            secret: of.secret.as_ref().map(secret).transpose()?,
            token: None,
            user_agent: concat!("idOS Issuer/", env!("CARGO_PKG_VERSION")).to_owned(),
            files,
            settings: of.settings(),
        };
        Ok(Self {
            name: of.name.parse().map_err(|_| SourceError::Setting)?,
            vendor: of.vendor().ok_or(SourceError::Setting)?,
            tenant: of.client.clone(),
            account,
            on_reset: of.rule().ok_or(SourceError::Setting)?,
            levels: of.levels.clone(),
            script: if of.script == "native" { Script::Native } else { Script::Latin },
            wait_days: of.wait_days,
            poll_seconds: of.poll_seconds,
            at_once: of.at_once,
            places,
            http: outbound::client(Duration::from_secs(of.timeout))?,
            token: Mutex::default(),
        })
    }

    /// Who submits what comes of it.
    #[must_use]
    pub fn submitter(&self) -> Submitter {
        Submitter { tenant: self.tenant.clone(), origin: Origin::Source(self.name.clone()) }
    }

    /// The account, with an access token in use where the vendor issues them. `now` is in seconds since 1970.
    pub async fn account(&self, now: i64) -> Result<Account, AskError> {
        let mut account = self.account.clone();
        let Some(request) = self.vendor.token_request(&account)? else { return Ok(account) };
        let known = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((token, _)) = known.filter(|(_, until)| now < *until) {
            account.token = Some(token);
            return Ok(account);
        }
        let answered = self.send(&request).await?;
        let (token, seconds) = answered.read(|answer| self.vendor.token(answer), now)?;
        let until = now.saturating_add(i64::from(seconds)).saturating_sub(TOKEN_MARGIN);
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.clone(), until));
        account.token = Some(token);
        Ok(account)
    }

    /// Forgets the access token: it was refused.
    pub fn forget_token(&self) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Sends a request as it is described, and reads as much of the answer as is wanted, and one byte more.
    pub async fn send(&self, request: &Request) -> Result<Answered, Unreached> {
        let url = self.url(request).ok_or(Unreached::NoPlace)?;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut sent = self.http.request(method, url);
        for (name, value) in &request.headers {
            sent = sent.header(*name, value.as_str());
        }
        if request.method == Method::Post {
            sent = sent.body(request.body.to_vec());
        }
        // An error of the client names the URL, and so it is not kept.
        let failed = |error: &reqwest::Error, other| match outbound::tls_fault(error) {
            Some(_) => Unreached::Tls,
            None if error.is_timeout() => Unreached::TooSlow,
            None => other,
        };
        let response = sent.send().await.map_err(|error| failed(&error, Unreached::Connection))?;
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        let headers = headers.collect();
        let length = response.content_length().and_then(|length| usize::try_from(length).ok());
        let most = request.limit.saturating_add(1);
        let mut body = Zeroizing::new(Vec::with_capacity(length.unwrap_or_default().min(most)));
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| failed(&error, Unreached::BrokenOff))?;
            let room = most.saturating_sub(body.len());
            body.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
            if body.len() >= most {
                break;
            }
        }
        Ok(Answered { status, headers, body })
    }

    /// Below an address of the configuration, and nowhere else.
    fn url(&self, request: &Request) -> Option<Url> {
        let base = match request.base {
            Base::Api => Some(&self.places.api),
            Base::Tokens => self.places.tokens.as_ref(),
            Base::Files(number) => self.places.files.get(number),
        }?;
        let before = base.as_str().trim_end_matches('/');
        let url: Url = format!("{before}{}", *request.path).parse().ok()?;
        let is_below = url.origin() == base.origin()
            && request.path.starts_with('/')
            && url.as_str().starts_with(before)
            && url.username().is_empty();
        is_below.then_some(url)
    }
}

/// Why there is no answer that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// There is no answer.
    #[error(transparent)]
    Unreached(#[from] Unreached),
    /// There is one.
    #[error("{fault}")]
    Fault {
        /// What is wrong with it.
        fault: Fault,
        /// When the vendor wants to be asked again, if it said so.
        come_again: Option<Duration>,
    },
}

impl From<Fault> for AskError {
    fn from(fault: Fault) -> Self {
        Self::Fault { fault, come_again: None }
    }
}

impl Answered {
    /// Has it read; with what is wrong, when to come again. `now` is in seconds since 1970.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&Answer<'_>) -> Result<T, Fault>,
        now: i64,
    ) -> Result<T, AskError> {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = Answer { status: self.status, headers: &headers, body: &self.body };
        read(&answer).map_err(|fault| {
            let header = self.headers.iter().find(|(name, _)| name == "retry-after");
            AskError::Fault { fault, come_again: header.and_then(|(_, text)| parse_retry_after(text, now)) }
        })
    }

    /// Whether it is a web page, which no vendor's API answers with.
    #[must_use]
    pub fn is_page(&self) -> bool {
        let header = self.headers.iter().find(|(name, _)| name == "content-type");
        let is_html =
            header.is_some_and(|(_, kind)| kind.trim_start().to_ascii_lowercase().starts_with("text/html"));
        is_html || self.body.trim_ascii_start().starts_with(b"<")
    }

    /// How many seconds the vendor's clock is ahead of `now` (seconds since 1970), if it tells the time (RFC 9110, section
    /// 6.6.1).
    #[must_use]
    pub fn seconds_ahead(&self, now: i64) -> Option<i64> {
        let (_, date) = self.headers.iter().find(|(name, _)| name == "date")?;
        outbound::seconds_ahead(date, now)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A source of one vendor at this address; its files are gone afterwards.
    fn source(api: &str) -> Source {
        let folder = std::env::temp_dir().join(format!("idos-issuer-source-{:016x}", rand::random::<u64>()));
        std::fs::create_dir(&folder).unwrap();
        let key = folder.join("key");
        std::fs::write(&key, "Xyzzy").unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let text = format!(
            "name = \"a\"\nvendor = \"sumsub\"\nclient = \"acme\"\nbase_url = \"{api}\"\nkey = \"{0}\"\nsecret = \"{0}\"",
            key.display()
        );
        let source = Source::wire(&toml::from_str(&text).unwrap()).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        source
    }

    fn request(path: &str, limit: usize) -> Request {
        Request {
            method: Method::Get,
            base: Base::Api,
            path: Zeroizing::new(path.to_owned()),
            headers: Vec::new(),
            body: Zeroizing::default(),
            limit,
        }
    }

    #[test]
    fn requests_stay_below_the_configured_address() {
        let source = source("https://api.example.com/v3");
        for (path, url) in [
            ("/a?b=c", Some("https://api.example.com/v3/a?b=c")),
            ("//evil.example/a", Some("https://api.example.com/v3//evil.example/a")),
            ("/../../a", None),
            ("@evil.example/a", None),
            (".evil.example/a", None),
            ("", None),
        ] {
            let made = source.url(&request(path, 1)).map(|url| url.to_string());
            assert_eq!(made.as_deref(), url, "{path}");
        }
        assert_eq!(source.url(&Request { base: Base::Tokens, ..request("/a", 1) }), None);
        assert_eq!(source.url(&Request { base: Base::Files(0), ..request("/a", 1) }), None);
    }

    #[tokio::test]
    async fn nobody_is_sent_anywhere_and_no_more_is_read_than_is_wanted() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let location = at.clone();
        tokio::spawn(async move {
            for answer in [
                format!("HTTP/1.1 302 -\r\nLocation: {location}/b\r\nContent-Length: 0\r\n\r\n"),
                format!("HTTP/1.1 200 -\r\nContent-Length: 100\r\n\r\n{}", "a".repeat(100)),
                "HTTP/1.1 429 -\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n".to_owned(),
            ] {
                let (mut connection, _) = listener.accept().await.unwrap();
                let _ = connection.read(&mut [0; 1024]).await.unwrap();
                let answer = answer.replacen("\r\n", "\r\nConnection: close\r\n", 1);
                connection.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let source = source(&at);
        let sent = source.send(&request("/a", 10)).await.unwrap();
        assert_eq!(sent.status, 302);
        let sent = source.send(&request("/a", 10)).await.unwrap();
        assert_eq!((sent.status, sent.body.len()), (200, 11), "one byte more tells that there is more");
        let sent = source.send(&request("/a", 10)).await.unwrap();
        let limited = sent.read(|_| Err::<(), _>(Fault::Limited), 0).unwrap_err();
        let come_again = Some(Duration::from_secs(7));
        assert_eq!(limited, AskError::Fault { fault: Fault::Limited, come_again });
        // What fails names neither the address nor the key.
        let error = source.send(&request("/a", 10)).await.err().unwrap();
        assert_eq!(error.to_string(), "there is no connection to the vendor");
    }
}
