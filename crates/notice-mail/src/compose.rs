//! A mail as it goes over the wire.

use std::fmt;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue, MessageId as MessageIdHeader};
use lettre::message::{Attachment, Message, MultiPart, SinglePart};
use sha2::{Digest as _, Sha256};

use crate::address::{Recipient, Sender};
use crate::dkim::{DkimError, Signer};
use crate::mail::Link;
use crate::templates::{LOGO, Rendered};

/// From whom to whom a mail goes, when, and under which id.
#[derive(Clone, Debug)]
pub struct Post<'a> {
    /// From whom.
    pub from: &'a Sender,
    /// To whom answers go, if not to the sender.
    pub reply_to: Option<&'a Sender>,
    /// Where reports of what came back go, if not to the sender: only mail servers are told.
    pub return_path: Option<&'a Sender>,
    /// To whom.
    pub to: &'a Recipient,
    /// The same in every try, so that a mail that arrives twice can be known for one.
    pub message_id: &'a MessageId,
    /// When it is written.
    pub date: DateTime<Utc>,
}

/// The id of a mail: `LEFT@DOMAIN` (RFC 5322, 3.6.4), without angle brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageId(String);

/// No id of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message id has letters, digits, hyphens and dots between them, and a domain")]
pub struct NoMessageId;

impl MessageId {
    /// Of what names the mail among all others of the domain, such as an id of the database: letters, digits, `-`, `_` and `.`.
    pub fn new(left: &str, domain: &str) -> Result<Self, NoMessageId> {
        let is_atom = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        let is_dotted = |text: &str| text.split('.').all(is_atom);
        let is_one = is_dotted(left) && is_dotted(domain) && left.len() + domain.len() <= 200;
        if is_one { Ok(Self(format!("{left}@{domain}"))) } else { Err(NoMessageId) }
    }

    /// As it stands in the header, less the angle brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whom a mail server is told that a mail comes from and goes to.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Where bounces go.
    pub from: String,
    /// Where the mail goes.
    pub to: String,
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Envelope(..)")
    }
}

/// A mail that can be sent.
#[derive(Clone)]
pub struct Composed {
    /// From whom to whom.
    pub envelope: Envelope,
    /// Its id.
    pub message_id: MessageId,
    /// What it says.
    pub rendered: Rendered,
    /// The message (RFC 5322), in ASCII, with lines that end with CR LF.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Composed({} bytes)", self.bytes.len())
    }
}

/// Why a mail cannot be composed. Repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// Before 1970 or after 9999.
    #[error("the date of the mail is none that a mail can bear")]
    Date,
    /// The library refuses.
    #[error("this is no mail that can be written")]
    Unwritable,
    /// It cannot be signed.
    #[error("the mail cannot be signed: {0}")]
    Dkim(#[from] DkimError),
}

/// The last second that a header `Date` can tell (31 December 9999).
const LAST_SECOND: u64 = 253_402_300_799;

/// Writes a mail: text and HTML beside each other, and the logo with the HTML. It says of itself that nobody wrote it by hand
/// (RFC 3834), so that automatic answers are not sent; and where it can be ordered off, how to do so with one click (RFC 8058).
/// The same arguments make the same bytes.
pub fn compose(
    rendered: &Rendered,
    post: &Post<'_>,
    signer: Option<&Signer>,
) -> Result<Composed, ComposeError> {
    let seconds = u64::try_from(post.date.timestamp()).map_err(|_| ComposeError::Date)?;
    if seconds > LAST_SECOND {
        return Err(ComposeError::Date);
    }
    let boundary = |part: &str| {
        let digest = Sha256::digest(format!("{part} {}", post.message_id.as_str()));
        // What begins so is in no encoded text (RFC 2045, 6.7).
        format!("=_{}", hex::encode(digest.get(..16).unwrap_or_default()))
    };
    let mut builder = Message::builder()
        .from(post.from.mailbox())
        .to(post.to.mailbox())
        .subject(rendered.subject.clone())
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        .header(MessageIdHeader::from(format!("<{}>", post.message_id.as_str())))
        .header(Raw::<AutoSubmitted>::new("auto-generated"))
        .header(Raw::<ContentLanguage>::new(rendered.language.as_str()));
    if let Some(reply_to) = post.reply_to {
        builder = builder.reply_to(reply_to.mailbox());
    }
    if let Some(url) = &rendered.unsubscribe_url {
        builder = builder
            .header(Raw::<ListUnsubscribe>::new(&angled(url)))
            .header(Raw::<ListUnsubscribePost>::new("List-Unsubscribe=One-Click"));
    }
    let html = SinglePart::html(crlf(&rendered.html));
    let alternative = MultiPart::alternative()
        .boundary(boundary("alternative"))
        .singlepart(SinglePart::plain(crlf(&rendered.text)));
    let parts = match &rendered.logo {
        None => alternative.singlepart(html),
        Some(logo) => {
            let media_type = ContentType::parse(logo.media_type()).map_err(|_| ComposeError::Unwritable)?;
            let picture = Attachment::new_inline(LOGO.to_owned()).body(logo.bytes().to_vec(), media_type);
            let related =
                MultiPart::related().boundary(boundary("related")).singlepart(html).singlepart(picture);
            alternative.multipart(related)
        }
    };
    let message = builder.multipart(parts).map_err(|_| ComposeError::Unwritable)?;
    let mut bytes = message.formatted();
    if let Some(signer) = signer {
        let header = signer.sign(&bytes, seconds)?;
        bytes.splice(..0, header.into_bytes());
    }
    let returns_to = post.return_path.unwrap_or(post.from);
    let envelope = Envelope { from: returns_to.address().to_owned(), to: post.to.expose().to_owned() };
    Ok(Composed { envelope, message_id: post.message_id.clone(), rendered: rendered.clone(), bytes })
}

fn angled(url: &Link) -> String {
    format!("<{}>", url.as_str())
}

/// Lines as mails have them. A carriage return by itself, or another character that controls, has no place in them: servers take it for
/// what they like (RFC 5321, 2.3.8).
fn crlf(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + text.len() / 32);
    for line in text.replace("\r\n", "\n").trim_end_matches(['\r', '\n']).split(['\r', '\n']) {
        lines.extend(line.chars().filter(|c| !c.is_control() || *c == '\t'));
        lines.push_str("\r\n");
    }
    lines
}

/// A header that the library does not know, whose value is ASCII and has no place where a line may be broken.
#[derive(Clone)]
struct Raw<N>(String, std::marker::PhantomData<N>);

impl<N> Raw<N> {
    fn new(value: &str) -> Self {
        // Nothing else comes here; and what did would end up in another header.
        Self(value.chars().filter(char::is_ascii_graphic).collect(), std::marker::PhantomData)
    }
}

trait Named: Clone {
    const NAME: &'static str;
}

impl<N: Named> Header for Raw<N> {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str(N::NAME)
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self::new(text))
    }

    fn display(&self) -> HeaderValue {
        // Not folded: some readers of RFC 8058 do not unfold.
        HeaderValue::dangerous_new_pre_encoded(Self::name(), self.0.clone(), self.0.clone())
    }
}

macro_rules! headers {
    ($($name:ident: $text:literal),* $(,)?) => {
        $(
            #[derive(Clone)]
            struct $name;

            impl Named for $name {
                const NAME: &'static str = $text;
            }
        )*
    };
}

headers! {
    AutoSubmitted: "Auto-Submitted",
    ContentLanguage: "Content-Language",
    ListUnsubscribe: "List-Unsubscribe",
    ListUnsubscribePost: "List-Unsubscribe-Post",
}
