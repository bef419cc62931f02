//! Whether templates make mails that may be sent: each mail in each language, with and without what a sender may leave out.

use std::collections::BTreeSet;

use super::{Detail, LOGO, Rendered, Templates, fault};
use crate::brand::{Brand, Logo};
use crate::fault::Fault;
use crate::language::Language;
use crate::mail::Mail;

pub(super) fn all(templates: &Templates) -> Vec<Fault> {
    let mut faults = BTreeSet::new();
    for language in templates.languages() {
        for brand in brands() {
            for mail in Mail::samples() {
                match templates.write(&mail, language, &brand) {
                    Ok(rendered) => faults.extend(judge(&mail, &brand, &rendered, language)),
                    Err(error) => drop(faults.insert(fault(&error, Detail::Told))),
                }
            }
        }
    }
    faults.into_iter().collect()
}

/// A sender that has everything, and one that has nothing but a name which is hostile to HTML.
fn brands() -> Vec<Brand> {
    let link = |text: &str| text.parse().ok();
    let logo = Logo::new(b"\x89PNG\r\n\x1a\n".to_vec()).ok();
    let rich = "Example KYC".parse().map(|name| Brand {
        name,
        contact_url: link("https://kyc.example.com/contact?a=b&c=d"),
        privacy_url: link("https://kyc.example.com/privacy"),
        your_data_url: link("https://kyc.example.com/me"),
        logo,
    });
    let bare = "<b onload=\"x()\"> & 'Söhne'".parse().map(|name| Brand {
        name,
        contact_url: None,
        privacy_url: None,
        your_data_url: None,
        logo: None,
    });
    rich.into_iter().chain(bare).collect()
}

/// Tags and attributes that fetch, run or send something.
const ACTIVE: &[&str] = &[
    "<script",
    "<link",
    "<iframe",
    "<frame",
    "<object",
    "<embed",
    "<form",
    "<input",
    "<video",
    "<audio",
    "<source",
    "<base",
    "<svg",
    "<applet",
    "srcset=",
    "background=",
    "poster=",
    "@import",
    "url(",
    "http-equiv=\"refresh",
    "javascript:",
];

fn judge(mail: &Mail, brand: &Brand, rendered: &Rendered, language: &Language) -> Vec<Fault> {
    let (html_file, text_file) = (format!("{}.html", mail.name()), format!("{}.txt", mail.name()));
    let mut problems: Vec<(&str, String)> = Vec::new();
    let html = rendered.html.to_lowercase();
    for active in ACTIVE.iter().filter(|active| html.contains(**active)) {
        problems.push((&html_file, format!("has {active} in it: a mail fetches, runs and sends nothing")));
    }
    for source in values_of(&rendered.html, "src=") {
        if source != format!("cid:{LOGO}") {
            problems
                .push((&html_file, format!("shows a picture other than cid:{LOGO}: a mail fetches nothing")));
        }
    }
    for target in values_of(&rendered.html, "href=") {
        if !["https://", "mailto:", "http://127.0.0.1", "http://localhost"]
            .iter()
            .any(|start| target.starts_with(start))
        {
            problems.push((&html_file, "has a link that does not begin with https:// or mailto:".to_owned()));
        }
    }
    if rendered.html.contains("<b onload") {
        problems.push((&html_file, "does not escape the sender's name".to_owned()));
    }
    let must_have = [
        ("renew_url", mail.renew_url()),
        ("unsubscribe_url", mail.unsubscribe_url()),
        ("contact_url", brand.contact_url.as_ref()),
        ("privacy_url", brand.privacy_url.as_ref()),
    ];
    for (name, link) in must_have.into_iter().filter_map(|(name, link)| Some((name, link?))) {
        if !rendered.html.contains(&link.as_str().replace('&', "&amp;")) {
            problems.push((&html_file, format!("leaves out {name}")));
        }
        if !rendered.text.contains(link.as_str()) {
            problems.push((&text_file, format!("leaves out {name}")));
        }
    }
    for item in mail.credentials() {
        let year = item.valid_until.format("%Y").to_string();
        for (file, text) in [(&html_file, &rendered.html), (&text_file, &rendered.text)] {
            if !text.contains(&year) {
                problems.push((file, "leaves out the day of a credential".to_owned()));
            }
        }
    }
    for wanted in [format!("lang=\"{language}\""), format!("dir=\"{}\"", language.direction().as_str())] {
        if !rendered.html.contains(&wanted) {
            problems.push((
                &html_file,
                format!("does not say {wanted}, so that it is read out and laid out wrongly"),
            ));
        }
    }
    if rendered.subject.is_empty() || rendered.subject.chars().count() > 120 {
        let words = format!("{language}.toml");
        return vec![Fault::new(
            &words,
            None,
            format!("{}.subject must have 1 to 120 characters", mail.name()),
        )];
    }
    problems.into_iter().map(|(file, problem)| Fault::new(file, None, problem)).collect()
}

/// The values of an attribute, in quotation marks of either kind or in none.
fn values_of<'a>(html: &'a str, attribute: &'a str) -> impl Iterator<Item = String> + 'a {
    let lower = html.to_lowercase();
    let starts: Vec<usize> = lower.match_indices(attribute).map(|(at, _)| at + attribute.len()).collect();
    starts.into_iter().map(move |start| {
        let rest = lower.get(start..).unwrap_or_default();
        match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest.split(quote).nth(1).unwrap_or_default().to_owned(),
            _ => rest.split([' ', '>', '\n']).next().unwrap_or_default().to_owned(),
        }
    })
}
