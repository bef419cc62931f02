//! What a mail is about.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeZone as _, Utc};
use url::{Host, Url};

/// What is told. It has no room for anything about a person.
#[derive(Clone, Debug)]
pub enum Mail {
    /// Credentials expire.
    Expiring {
        /// Which, of one person, that expire on the same day or nearly.
        credentials: Vec<Item>,
        /// How many days the first of them is valid from now: 0 is today, 1 is tomorrow.
        days_left: u32,
        /// Where new ones are to be had.
        renew_url: Option<Link>,
        /// Where such mails are ordered off. Makes this a reminder, with the headers of RFC 8058.
        unsubscribe_url: Option<Link>,
    },
    /// Credentials have expired.
    Expired {
        /// Which.
        credentials: Vec<Item>,
        /// Where new ones are to be had.
        renew_url: Option<Link>,
        /// Where such mails are ordered off.
        unsubscribe_url: Option<Link>,
    },
    /// Somebody has asked to have erased what is kept about the reader, who confirms it.
    Identify {
        /// Where.
        url: Link,
    },
    /// The reader has asked for the way to their own page, which shows what is kept about them.
    Access {
        /// Where.
        url: Link,
        /// How many minutes it works.
        minutes: u32,
    },
    /// What is kept about the person is being erased: the last mail.
    Erased {
        /// How many credentials stay in the person's profile.
        kept: u32,
    },
    /// Nothing: somebody tries whether mails arrive.
    Test,
}

/// A credential, as far as a mail names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its kind, which the words of each language have a name for (`[kind]`), or else a general one.
    pub kind: String,
    /// Until when it is valid. The day is told, in UTC.
    pub valid_until: DateTime<Utc>,
}

/// An address of the web that may stand in a mail: `https`, or `http` to this machine, and no user or password in it. `Debug`
/// does not show it, since whoever has one can act for the person.
#[derive(Clone, PartialEq, Eq)]
pub struct Link(Url);

/// The longest link, in bytes: a header line takes 998 (RFC 5322, 2.1.1).
const LONGEST_LINK: usize = 900;

impl Link {
    /// The link.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// No link that may stand in a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLink {
    /// It cannot be read.
    #[error("is no URL")]
    Malformed,
    /// Something else than the web, or open to all who listen.
    #[error("must begin with https://")]
    NotHttps,
    /// A user or a password.
    #[error("must have no user and no password in it")]
    Credentials,
    /// More than fits into a header.
    #[error("must have no more than {LONGEST_LINK} characters")]
    Long,
}

impl FromStr for Link {
    type Err = NoLink;

    fn from_str(text: &str) -> Result<Self, NoLink> {
        Self::try_from(text.parse::<Url>().map_err(|_| NoLink::Malformed)?)
    }
}

impl TryFrom<Url> for Link {
    type Error = NoLink;

    fn try_from(url: Url) -> Result<Self, NoLink> {
        let is_here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if !(url.scheme() == "https" || (url.scheme() == "http" && is_here)) {
            Err(NoLink::NotHttps)
        } else if !url.username().is_empty() || url.password().is_some() {
            Err(NoLink::Credentials)
        } else if url.as_str().len() > LONGEST_LINK {
            Err(NoLink::Long)
        } else {
            Ok(Self(url))
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(..)")
    }
}

impl Mail {
    /// The names of all mails, which their templates and words bear.
    pub const NAMES: &[&str] = &["expiring", "expired", "identify", "access", "erased", "test"];

    /// Its name: one of [`NAMES`](Self::NAMES).
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Expiring { .. } => "expiring",
            Self::Expired { .. } => "expired",
            Self::Identify { .. } => "identify",
            Self::Access { .. } => "access",
            Self::Erased { .. } => "erased",
            Self::Test => "test",
        }
    }

    /// Whether it tells of a credential that ends.
    #[must_use]
    pub fn is_reminder(&self) -> bool {
        matches!(self, Self::Expiring { .. } | Self::Expired { .. })
    }

    /// Where such mails are ordered off, if this is one that can be.
    #[must_use]
    pub fn unsubscribe_url(&self) -> Option<&Link> {
        match self {
            Self::Expiring { unsubscribe_url, .. } | Self::Expired { unsubscribe_url, .. } => {
                unsubscribe_url.as_ref()
            }
            Self::Identify { .. } | Self::Access { .. } | Self::Erased { .. } | Self::Test => None,
        }
    }

    /// Where to go on.
    #[must_use]
    pub fn renew_url(&self) -> Option<&Link> {
        match self {
            Self::Expiring { renew_url, .. } | Self::Expired { renew_url, .. } => renew_url.as_ref(),
            Self::Identify { url } | Self::Access { url, .. } => Some(url),
            Self::Erased { .. } | Self::Test => None,
        }
    }

    /// What it names.
    #[must_use]
    pub fn credentials(&self) -> &[Item] {
        match self {
            Self::Expiring { credentials, .. } | Self::Expired { credentials, .. } => credentials,
            Self::Identify { .. } | Self::Access { .. } | Self::Erased { .. } | Self::Test => &[],
        }
    }

    /// Mails with made-up contents, for previews and checks: every kind of mail with each number of days and of credentials that
    /// some language says otherwise, with and without links. The first of each name shows the most.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        let link = |path: &str| format!("https://kyc.example.com/{path}").parse::<Link>().ok();
        let day =
            |month, day| Utc.with_ymd_and_hms(2031, month, day, 12, 0, 0).earliest().unwrap_or_default();
        let item = |kind: &str, valid_until| Item { kind: kind.to_owned(), valid_until };
        let (renew, stop) = (link("renew?from=mail&kind=kyc"), link("n/0123456789abcdefghjkmnpqrs"));
        let many = |count: u32| (0..count).map(|n| item("kyc", day(1 + n % 12, 1 + n))).collect::<Vec<_>>();
        let mut samples = Vec::new();
        for days_left in [30, 0, 1, 2, 3, 5, 7, 11, 21, 100] {
            let credentials = vec![item("kyc", day(3, 1)), item("something-new", day(3, 2))];
            let (renew_url, unsubscribe_url) = (renew.clone(), stop.clone());
            samples.push(Self::Expiring { credentials, days_left, renew_url, unsubscribe_url });
        }
        for count in [2, 1, 3, 5, 11, 12] {
            let (renew_url, unsubscribe_url) = (renew.clone(), stop.clone());
            samples.push(Self::Expired { credentials: many(count), renew_url, unsubscribe_url });
            let credentials = many(count);
            samples.push(Self::Expiring {
                credentials,
                days_left: 7,
                renew_url: None,
                unsubscribe_url: None,
            });
        }
        samples.push(Self::Expired { credentials: many(1), renew_url: None, unsubscribe_url: None });
        samples.extend(link("erasure/0123456789abcdefghjkmnpqrs").map(|url| Self::Identify { url }));
        samples
            .extend(link("me/link/0123456789abcdefghjkmnpqrs").map(|url| Self::Access { url, minutes: 60 }));
        samples.extend([2, 0, 1, 3, 5, 11].map(|kept| Self::Erased { kept }));
        samples.push(Self::Test);
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_web_alone() {
        for (text, fault) in [
            ("Xyzzy", NoLink::Malformed),
            ("javascript:Xyzzy()", NoLink::NotHttps),
            ("data:text/html,Xyzzy", NoLink::NotHttps),
            ("http://example.com/Xyzzy", NoLink::NotHttps),
            ("http://localhost.example.com/Xyzzy", NoLink::NotHttps),
            ("mailto:Xyzzy@example.com", NoLink::NotHttps),
            ("https://Xyzzy:b@example.com/", NoLink::Credentials),
        ] {
            assert_eq!(text.parse::<Link>(), Err(fault), "{text}");
            assert!(!fault.to_string().contains("Xyzzy"));
        }
        assert_eq!(format!("https://example.com/{}", "a".repeat(900)).parse::<Link>(), Err(NoLink::Long));
        for text in [
            "https://example.com/a?b=c&d=%22#e",
            "http://127.0.0.1:8080/",
            "http://[::1]/",
            "http://localhost:1/",
        ] {
            assert_eq!(text.parse::<Link>().unwrap().as_str(), text);
        }
        // Whatever would leave a header or an attribute is encoded.
        let link = "https://example.com/a b\"<>\r\nX: y?\"'>".parse::<Link>().unwrap();
        assert!(
            !link.as_str().contains(|c: char| c.is_control() || " \"<>".contains(c)),
            "{}",
            link.as_str()
        );
        assert_eq!(format!("{link:?}"), "Link(..)");
    }
}
