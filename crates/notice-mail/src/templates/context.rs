//! What templates are given.

use chrono::{DateTime, Datelike as _, Utc};
use minijinja::value::Value;
use minijinja::{Error, context};

use super::{LOGO, Templates};
use crate::brand::Brand;
use crate::language::Language;
use crate::mail::{Link, Mail};

/// In which form a mail is written.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Html,
    Text,
}

impl Form {
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Text => "txt",
        }
    }

    /// A link as it stands in this form. Of what is special in HTML a serialized URL has nothing but `&`; were its slashes escaped as
    /// well, mail programs that only look for `https://` would not find it.
    fn link(self, link: Option<&Link>) -> Value {
        match (self, link) {
            (_, None) => Value::from(()),
            (Self::Text, Some(link)) => Value::from(link.as_str()),
            (Self::Html, Some(link)) => {
                Value::from_safe_string(link.as_str().replace('&', "&amp;").replace('\'', "&#39;"))
            }
        }
    }
}

/// What sentences may name in any place.
pub(super) fn shared(mail: &Mail, language: &Language, brand: &Brand) -> Value {
    let days = match mail {
        Mail::Expiring { days_left, .. } => Value::from(*days_left),
        Mail::Expired { .. }
        | Mail::Identify { .. }
        | Mail::Access { .. }
        | Mail::Erased { .. }
        | Mail::Test => Value::from(()),
    };
    let minutes = match mail {
        Mail::Access { minutes, .. } => Value::from(*minutes),
        _ => Value::from(()),
    };
    let count = match mail {
        Mail::Erased { kept } => *kept as usize,
        Mail::Expiring { .. }
        | Mail::Expired { .. }
        | Mail::Identify { .. }
        | Mail::Access { .. }
        | Mail::Test => mail.credentials().len(),
    };
    context! { name => language.direction().isolate(brand.name.as_str()), days, minutes, count }
}

pub(super) fn page(
    templates: &Templates,
    mail: &Mail,
    language: &Language,
    brand: &Brand,
    subject: &str,
    form: Form,
) -> Result<Value, Error> {
    let direction = language.direction();
    let mut items = Vec::new();
    for item in mail.credentials() {
        let label = templates.kind(language, &item.kind)?;
        items.push(context! { label, date => date(templates, language, item.valid_until)? });
    }
    let logo = brand.logo.as_ref().map_or(Value::from(()), |_| Value::from(format!("cid:{LOGO}")));
    let of_mail = context! {
        language => language.as_str(),
        direction => direction.as_str(),
        start => direction.start(),
        subject,
        items,
        logo,
        brand => brand.name.as_str(),
        renew_url => form.link(mail.renew_url()),
        unsubscribe_url => form.link(mail.unsubscribe_url()),
        contact_url => form.link(brand.contact_url.as_ref()),
        privacy_url => form.link(brand.privacy_url.as_ref()),
        your_data_url => form.link(brand.your_data_url.as_ref().filter(|_| mail.is_reminder())),
    };
    Ok(context! { ..shared(mail, language, brand), ..of_mail })
}

/// A day, as people of the language write it.
fn date(templates: &Templates, language: &Language, time: DateTime<Utc>) -> Result<String, Error> {
    let month = templates.word(language, &format!("month.{}", time.month()), Value::from(()))?;
    templates.word(language, "date.format", context! { day => time.day(), month, year => time.year() })
}
