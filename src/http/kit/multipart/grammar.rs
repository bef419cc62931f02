//! A type with parameters, `form-data; name="passport"`: what `Content-Disposition` (RFC 2183) and `Content-Type` have
//! in common. The grammar is that of RFC 9110 (5.6.2, 5.6.4 and 5.6.6): no comments, no blanks around `=`.

/// A type with its parameters. Nothing is copied: the values may be about a person.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed<'v> {
    kind: &'v [u8],
    parameters: Vec<Parameter<'v>>,
}

/// A parameter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameter<'v> {
    name: &'v [u8],
    /// As it is written: in a quoted text, with its backslashes.
    value: &'v [u8],
}

impl<'v> Typed<'v> {
    /// Reads it to its end, or says why not: a phrase that follows the name of the header.
    pub(super) fn read(value: &'v [u8]) -> Result<Self, &'static str> {
        let value = value.trim_ascii();
        let end = value.iter().position(|byte| matches!(byte, b';' | b' ' | b'\t')).unwrap_or(value.len());
        let (kind, mut rest) = value.split_at(end);
        if kind.is_empty() || !kind.split(|byte| *byte == b'/').all(is_token) {
            return Err("does not begin with a type");
        }
        let mut read = Self { kind, parameters: Vec::new() };
        loop {
            rest = blanks(rest);
            rest = match rest.split_first() {
                None => return Ok(read),
                Some((b';', after)) => blanks(after),
                Some(_) => return Err("has parameters that are not held apart by ;"),
            };
            if matches!(rest.first(), None | Some(b';')) {
                continue;
            }
            let (parameter, after) = parameter(rest)?;
            if read.find(parameter.name).is_some() {
                return Err("has a parameter twice");
            }
            read.parameters.push(parameter);
            rest = after;
        }
    }

    /// Whether it is of this type. Types have no case.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind.as_bytes())
    }

    /// Both halves of a media type; none if it is no media type.
    pub(super) fn media(&self) -> Option<(&'v [u8], &'v [u8])> {
        let slash = self.kind.iter().position(|byte| *byte == b'/')?;
        let (main, sub) = self.kind.split_at(slash);
        let sub = sub.get(1..)?;
        (!sub.contains(&b'/')).then_some((main, sub))
    }

    /// The parameter of this name.
    pub(super) fn parameter(&self, name: &str) -> Option<&Parameter<'v>> {
        self.find(name.as_bytes())
    }

    /// Whether it has a parameter other than `but` whose name says that its value goes on, or is encoded (RFC 8187,
    /// RFC 2231): names with a `*`.
    pub(super) fn has_extended(&self, but: &str) -> bool {
        let mut names = self.parameters.iter().map(|parameter| parameter.name);
        names.any(|name| name.contains(&b'*') && !name.eq_ignore_ascii_case(but.as_bytes()))
    }

    fn find(&self, name: &[u8]) -> Option<&Parameter<'v>> {
        self.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name))
    }
}

impl<'v> Parameter<'v> {
    /// Its value, if that is the same with backslashes read and with none: browsers write them as they are, others
    /// before what they escape.
    pub(super) fn plain(&self) -> Option<&'v [u8]> {
        (!self.value.contains(&b'\\')).then_some(self.value)
    }
}

fn parameter(text: &[u8]) -> Result<(Parameter<'_>, &[u8]), &'static str> {
    const NO_VALUE: &str = "has a parameter that is not a name, = and a value";
    let (name, rest) = token(text).ok_or(NO_VALUE)?;
    let rest = rest.strip_prefix(b"=").ok_or(NO_VALUE)?;
    let (value, rest) = match rest.strip_prefix(b"\"") {
        Some(quoted) => {
            let end = end_of_quoted(quoted).ok_or("has a quoted text that does not end")?;
            let (value, rest) = quoted.split_at(end);
            (value, rest.strip_prefix(b"\"").unwrap_or_default())
        }
        None => token(rest).ok_or(NO_VALUE)?,
    };
    Ok((Parameter { name, value }, rest))
}

/// Where the quote stands that ends a quoted text. Control characters were refused before, and what is not ASCII may
/// stand there.
fn end_of_quoted(text: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    text.iter().position(|byte| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    })
}

fn token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| !is_token_char(*byte)).unwrap_or(text.len());
    if end == 0 { None } else { text.split_at_checked(end) }
}

/// RFC 9110, 5.6.2.
pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| is_token_char(*byte))
}

fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    text.get(blanks..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(text: &str, name: &str) -> Option<String> {
        let read = Typed::read(text.as_bytes()).unwrap();
        Some(String::from_utf8(read.parameter(name)?.value.to_vec()).unwrap())
    }

    #[test]
    fn a_quoted_text_is_one_value() {
        for (text, name) in [
            (r#"form-data; name="a""#, "a"),
            ("form-data;name=a", "a"),
            ("form-data \t; \tNAME=a;", "a"),
            (r#"form-data; filename="x; name=b"; name="a""#, "a"),
            (r#"form-data; filename="x\"; name=b; y=\""; name="a""#, "a"),
            (r#"form-data; filename="\\"; name="a""#, "a"),
            (r#"form-data;; filename=""; name="a" ;"#, "a"),
            (r#"form-data; filename="ñ name=b"; name="a""#, "a"),
            (r#"form-data; xname=b; name-x=c; name="a""#, "a"),
        ] {
            assert_eq!(value_of(text, "name").as_deref(), Some(name), "{text}");
        }
        assert_eq!(value_of(r#"form-data; filename="name=a""#, "name"), None);
        assert_eq!(value_of("form-data; name*=UTF-8''a", "name"), None);
    }

    #[test]
    fn what_follows_no_grammar_is_refused() {
        for text in [
            "",
            "; name=a",
            "form data; name=a",
            "form-data, name=a",
            "form-data name=a",
            "form-data; name",
            "form-data; name=",
            "form-data; name= a",
            "form-data; name =a",
            "form-data; =a",
            "form-data; name=a b",
            "form-data; name=a,b",
            "form-data; name='a b'",
            "form-data; name=é",
            r#"form-data; name="a"#,
            r#"form-data; name="a\""#,
            r#"form-data; name="a"b"#,
            r#"form-data; name="a" "b""#,
            r#"form-data; name=a"b""#,
            r#"form-data; name="a" filename="b""#,
            "form-data; name=a; name=a",
            r#"form-data; name=a; NAME="b""#,
            "form-data; x=a; X=b",
            "form-data (really); name=a",
        ] {
            assert!(Typed::read(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn types_have_no_case() {
        assert!(Typed::read(b" Form-Data ; name=a").unwrap().is("form-data"));
        assert!(!Typed::read(b"form-datax").unwrap().is("form-data"));
        assert_eq!(Typed::read(b"image/jpeg").unwrap().media(), Some((&b"image"[..], &b"jpeg"[..])));
        for text in [&b"image"[..], b"a/b/c"] {
            assert_eq!(Typed::read(text).unwrap().media(), None);
        }
        assert!(Typed::read(b"image/").is_err() && Typed::read(b"/jpeg").is_err());
    }
}
