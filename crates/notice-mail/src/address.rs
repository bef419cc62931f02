//! Addresses that mails go to and come from. `Debug` shows none.

use std::fmt;
use std::str::FromStr;

use lettre::Address;
use lettre::message::Mailbox;

/// To whom a mail goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(Address);

/// From whom a mail comes, or to whom answers go: a name and an address, such as `Example KYC <kyc@example.com>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Sender(Mailbox);

/// What mails cannot be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no address that mails can be sent to")]
pub struct NotSendable;

/// What mails cannot come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no sender such as Example KYC <kyc@example.com>")]
pub struct NoSender;

impl Recipient {
    /// The address as it is said to mail servers: its domain is in ASCII.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.as_ref()
    }

    /// Whether only servers take it that know SMTPUTF8 (RFC 6531), as the part before `@` is not in ASCII.
    #[must_use]
    pub fn needs_utf8(&self) -> bool {
        !self.expose().is_ascii()
    }

    pub(crate) fn mailbox(&self) -> Mailbox {
        Mailbox::new(None, self.0.clone())
    }
}

impl Sender {
    /// The address as it is said to mail servers: its domain is in ASCII.
    #[must_use]
    pub fn address(&self) -> &str {
        self.0.email.as_ref()
    }

    /// The name, if there is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The domain of the address, in ASCII and lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }

    pub(crate) fn mailbox(&self) -> Mailbox {
        self.0.clone()
    }
}

/// The address with its domain in ASCII (RFC 5891), as servers without SMTPUTF8 want it.
fn sendable(address: &Address) -> Option<Address> {
    let has_control = |text: &str| text.chars().any(|c| c.is_control() || c.is_whitespace());
    if has_control(address.user()) {
        return None;
    }
    // Numbers in brackets are no name.
    if address.domain().starts_with('[') {
        return Some(address.clone());
    }
    let domain = idna::domain_to_ascii_strict(address.domain()).ok()?;
    Address::new(address.user(), domain).ok()
}

impl FromStr for Recipient {
    type Err = NotSendable;

    fn from_str(text: &str) -> Result<Self, NotSendable> {
        text.parse().ok().as_ref().and_then(sendable).map(Self).ok_or(NotSendable)
    }
}

impl FromStr for Sender {
    type Err = NoSender;

    fn from_str(text: &str) -> Result<Self, NoSender> {
        if text.chars().any(char::is_control) {
            return Err(NoSender);
        }
        let mailbox: Mailbox = text.parse().map_err(|_| NoSender)?;
        // Many servers refuse a sender that only some of them can write.
        let email = sendable(&mailbox.email)
            .filter(|address| AsRef::<str>::as_ref(address).is_ascii())
            .ok_or(NoSender)?;
        Ok(Self(Mailbox::new(
            mailbox.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()),
            email,
        )))
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipient(..)")
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_in_ascii() {
        for (text, sent) in [
            ("a@example.com", "a@example.com"),
            ("a@Bücher.example", "a@xn--bcher-kva.example"),
            ("a.b+c@sub.example.com", "a.b+c@sub.example.com"),
            ("ä@example.com", "ä@example.com"),
        ] {
            let recipient: Recipient = text.parse().unwrap();
            assert_eq!(recipient.expose(), sent);
            assert_eq!(recipient.needs_utf8(), !sent.is_ascii());
        }
        for text in [
            "",
            "a",
            "@example.com",
            "a@",
            "a b@example.com",
            "a@example.com\r\nRCPT TO:<b@example.com>",
            "a@b@c",
            "a@exa mple.com",
        ] {
            assert_eq!(text.parse::<Recipient>(), Err(NotSendable), "{text:?}");
        }
        assert_eq!(format!("{:?}", "a@example.com".parse::<Recipient>().unwrap()), "Recipient(..)");
    }

    #[test]
    fn senders_are_written_by_any_server() {
        let sender: Sender = "Example KYC <kyc@Bücher.example>".parse().unwrap();
        assert_eq!(
            (sender.address(), sender.domain()),
            ("kyc@xn--bcher-kva.example", "xn--bcher-kva.example")
        );
        assert_eq!("kyc@example.com".parse::<Sender>().unwrap().address(), "kyc@example.com");
        for text in ["nobody", "ä@example.com", "A\r\nBcc: b@example.com <a@example.com>", "a@b@c", ""] {
            assert_eq!(text.parse::<Sender>(), Err(NoSender), "{text:?}");
        }
    }
}
