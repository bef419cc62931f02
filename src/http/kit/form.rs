//! Forms: what a page of ours sends.

use axum::extract::Request;
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use super::body;
use super::problem::{Code, Location, Problem};
use super::state::Api;

/// The media type of a form without files.
const FORM: &str = "application/x-www-form-urlencoded";

/// The largest form, in bytes.
const LARGEST: usize = 64 * 1024;

/// The most fields that a form has.
const MOST_FIELDS: usize = 500;

/// The fields of a form, in their order. Wiped on drop: passwords and codes may be among them.
#[derive(Default)]
pub(crate) struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    /// Reads the body of a request.
    pub(crate) async fn of(api: &Api, request: Request) -> Result<Self, Problem> {
        if body::essence(request.headers()).as_deref() != Some(FORM) {
            return Err(Problem::new(Code::UnsupportedMediaType).because(format!("The body must be {FORM}.")));
        }
        let body = body::read(api, request, api.app.http.max_body.min(LARGEST)).await?;
        Self::parse(&body.bytes)
    }

    fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let mut fields = Vec::new();
        for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if fields.len() == MOST_FIELDS {
                return Err(Problem::new(Code::InvalidRequest)
                    .because(format!("A form has at most {MOST_FIELDS} fields.")));
            }
            let end = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = pair.split_at(end.unwrap_or(pair.len()));
            fields.push((text(name)?.to_string(), text(value.get(1..).unwrap_or_default())?));
        }
        Ok(Self(fields))
    }

    /// A field, if it was sent; empty, if it was sent empty.
    pub(crate) fn maybe(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        let mut all = self.all(name);
        let first = all.next();
        if all.next().is_some() {
            return Err(Problem::new(Code::InvalidRequest)
                .at(Location::Pointer(format!("/{name}")), "is given twice"));
        }
        Ok(first)
    }

    /// A field; empty, if it was not sent.
    pub(crate) fn text(&self, name: &'static str) -> Result<&str, Problem> {
        Ok(self.maybe(name)?.unwrap_or_default())
    }

    /// All that was sent by one name, such as boxes that are ticked.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(there, _)| there == name).map(|(_, value)| value.as_str())
    }
}

fn text(bytes: &[u8]) -> Result<Zeroizing<String>, Problem> {
    let bytes: Zeroizing<Vec<u8>> =
        Zeroizing::new(bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect());
    let decoded = Zeroizing::new(percent_decode(&bytes).collect::<Vec<u8>>());
    let text = std::str::from_utf8(&decoded)
        .map_err(|_| Problem::new(Code::InvalidRequest).because("The form is not UTF-8."))?;
    if text.contains('\0') {
        return Err(Problem::new(Code::InvalidRequest).because("The form has a NUL in it."));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_browsers_write_them() {
        let form = Form::parse(b"a=1+2%263%C3%A4&b=&c&scope=x&scope=y&&=z").unwrap();
        assert_eq!(form.text("a").unwrap(), "1 2&3ä");
        assert_eq!(form.maybe("b").unwrap(), Some(""));
        assert_eq!(form.maybe("c").unwrap(), Some(""));
        assert_eq!(form.maybe("d").unwrap(), None);
        assert_eq!(form.all("scope").collect::<Vec<_>>(), ["x", "y"]);
        let twice = form.text("scope").unwrap_err();
        assert_eq!(twice.code, Code::InvalidRequest);
        assert_eq!(twice.errors[0].location.name(), "/scope");
        for wrong in [&b"a=%FF"[..], b"a=%00", &b"a&".repeat(501)] {
            assert_eq!(Form::parse(wrong).err().unwrap().code, Code::InvalidRequest);
        }
    }
}
