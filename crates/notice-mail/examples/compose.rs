//! Renders a mail from the templates of this repository and prints what goes over the wire: `cargo run -p notice-mail --example
//! compose`.

#![expect(clippy::print_stdout, reason = "an example shows something")]

use std::error::Error;

use notice_mail::{Brand, Item, Mail, MessageId, Post, Templates, compose};

fn main() -> Result<(), Box<dyn Error>> {
    // A file for each mail in HTML and in text, and one with the words of each language; then those that are to replace them.
    let mut files = Vec::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../templates/mail");
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push((name, std::fs::read_to_string(path)?));
    }
    let builtin = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let overrides = [("de.toml".to_owned(), "[kind]\nmembership = \"Mitgliedschaft\"".to_owned())];
    let templates = Templates::new(builtin, overrides).map_err(|faults| format!("{faults:?}"))?;

    let mail = Mail::Expiring {
        credentials: vec![Item {
            kind: "membership".to_owned(),
            valid_until: "2031-03-01T00:00:00Z".parse()?,
        }],
        days_left: 30,
        renew_url: Some("https://kyc.example.com/renew".parse()?),
        unsubscribe_url: Some("https://kyc.example.com/n/0123456789".parse()?),
    };
    let brand = Brand {
        name: "Example KYC".parse()?,
        contact_url: None,
        privacy_url: None,
        your_data_url: None,
        logo: None,
    };
    let rendered = templates.render(&mail, "de-AT", &brand)?;
    println!("{}\n\n{}", rendered.subject, rendered.text);

    let post = Post {
        from: &"Example KYC <kyc@example.com>".parse()?,
        reply_to: None,
        return_path: None,
        to: &"somebody@example.org".parse()?,
        message_id: &MessageId::new("notice-1", "example.com")?,
        date: "2031-01-30T08:00:00Z".parse()?,
    };
    let composed = compose(&rendered, &post, None)?;
    println!("{}", String::from_utf8(composed.bytes)?);
    Ok(())
}
