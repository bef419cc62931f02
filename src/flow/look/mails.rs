//! What each mail says and looks like, with made-up contents.

use crate::app::App;
use crate::mail::{self, Mail, MailError};

/// A mail as it would be sent, with made-up contents.
#[derive(Clone, Debug)]
pub struct MailPreview {
    /// Its subject.
    pub subject: String,
    /// The whole HTML document, with its picture inside.
    pub html: String,
    /// The same as text.
    pub text: String,
}

/// The names of all mails, and the languages in which they are written; no languages where mail is not set up.
#[must_use]
pub fn mail_names(app: &App) -> (&'static [&'static str], Vec<String>) {
    let languages =
        app.mailer.templates().map(|(templates, _)| templates.languages().map(ToString::to_string).collect());
    (Mail::NAMES, languages.unwrap_or_default())
}

/// A mail of this name in this language; `None` if there is no mail or no language of this name, or mail is not set up.
pub fn preview(app: &App, name: &str, language: &str) -> Result<Option<MailPreview>, MailError> {
    if !app.mailer.is_there() {
        return Ok(None);
    }
    let (templates, brand) = app.mailer.templates()?;
    let sample = Mail::samples().into_iter().find(|mail| mail.name() == name);
    let is_known = templates.languages().any(|known| known.as_str() == language);
    let Some(sample) = sample.filter(|_| is_known) else { return Ok(None) };
    let rendered = templates.render(&sample, language, brand).map_err(MailError::Template)?;
    Ok(Some(MailPreview { html: mail::shown(&rendered), subject: rendered.subject, text: rendered.text }))
}
