//! Templates and words, loaded and checked; and mails, rendered from them.

mod check;
mod context;

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::{Kwargs, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior};

use self::context::Form;
use crate::brand::{Brand, Logo};
use crate::fault::Fault;
use crate::language::Language;
use crate::mail::{Link, Mail};
use crate::words::{KINDS, Words};

/// The language that everything is there in, and that somebody reads whose own is not there.
const DEFAULT: &str = "en";
/// Where the words of a language are named so that none can be meant by chance.
const SEPARATOR: char = '/';
/// How many steps the engine may take for a mail, or for a sentence. A mail takes some hundreds; a template that goes round and round is a
/// fault, and keeps nobody waiting.
const STEPS: u64 = 100_000;
/// What a sentence may name without being given it.
const ALWAYS: [&str; 4] = ["name", "days", "minutes", "count"];

/// All that mails are rendered from: `layout.html` and `layout.txt`, `NAME.html` and `NAME.txt` for each name of
/// [`Mail::NAMES`], and the words of each language (`de.toml`).
///
/// Templates are Jinja's, by minijinja: what is not defined is an error, and what stands in HTML is escaped. A sentence is asked for
/// by `t("section.name")`; what it needs is given along, as in `t("item.line", label=item.label)`.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    languages: BTreeMap<Language, BTreeSet<String>>,
}

/// A mail, in words.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// In which language.
    pub language: Language,
    /// One line.
    pub subject: String,
    /// As plain text: lines end with `\n`.
    pub text: String,
    /// As HTML. The logo is [`LOGO`].
    pub html: String,
    /// Where such mails are ordered off, if this is one that can be.
    pub unsubscribe_url: Option<Link>,
    /// The picture that `html` shows.
    pub logo: Option<Logo>,
}

/// The content id of the logo: `cid:logo` in HTML.
pub const LOGO: &str = "logo";

impl Templates {
    /// Loads templates, which `overrides` replace file by file, words word by word; a language that only `overrides` have becomes one
    /// more. Files are given with their names, without a folder. What cannot be read, is of no use or is missing is named, all of it
    /// at once. Nothing is rendered: [`check`](Self::check) does.
    pub fn new<'a>(
        builtin: impl IntoIterator<Item = (&'a str, &'a str)>,
        overrides: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = BTreeSet::new();
        let (mut pages, mut read) = (BTreeMap::new(), Vec::new());
        let builtin = builtin.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned()));
        for (name, text) in builtin.chain(overrides) {
            match sort_of(&name) {
                Some(Sort::Page) => drop(pages.insert(name, text)),
                Some(Sort::Words(language)) => match Words::read(&name, &text) {
                    Ok(words) => read.push((language, words)),
                    Err(fault) => drop(faults.insert(fault)),
                },
                None => {
                    faults.insert(Fault::new(
                        &name,
                        None,
                        "is none of the templates, and no words of a language",
                    ));
                }
            }
        }
        for name in page_names().filter(|name| !pages.contains_key(name)) {
            faults.insert(Fault::new(&name, None, "is missing"));
        }
        let mut environment = environment();
        for (name, text) in pages {
            if let Err(error) = environment.add_template_owned(name, text) {
                faults.insert(fault(&error, Detail::Told));
            }
        }
        let mut languages = BTreeMap::new();
        for (language, words) in together(read, &mut faults) {
            let file = format!("{language}.toml");
            let mut kinds = BTreeSet::new();
            for (name, word) in words.iter() {
                if let Some((KINDS, kind)) = name.split_once('.') {
                    kinds.insert(kind.to_owned());
                }
                // So that what is wrong is found at its line.
                let text = "\n".repeat(word.line.saturating_sub(1)) + &word.text;
                if let Err(error) = environment.add_template_owned(format!("{file}{SEPARATOR}{name}"), text) {
                    faults.insert(fault(&error, Detail::Told));
                }
            }
            languages.insert(language, kinds);
        }
        if faults.is_empty() {
            Ok(Self { environment, languages })
        } else {
            Err(faults.into_iter().collect())
        }
    }

    /// Renders every mail in every language with [sample data](Mail::samples), and names what cannot be rendered or breaks a rule of
    /// mails: nothing is fetched when a mail is read, so that nothing can count readers; text and HTML have the links that they are
    /// given, and name each credential's day; HTML says in which language and direction it is.
    #[must_use]
    pub fn check(&self) -> Vec<Fault> {
        check::all(self)
    }

    /// The languages that there are.
    pub fn languages(&self) -> impl Iterator<Item = &Language> + Clone {
        self.languages.keys()
    }

    /// The language in which somebody is written to whose own is `locale` (BCP 47): the nearest one, or else English.
    #[must_use]
    pub fn language(&self, locale: &str) -> Language {
        Language::best(locale, &self.languages()).cloned().unwrap_or_else(default)
    }

    /// A mail in the language that is nearest to `locale`. Does not fail for templates that were checked, unless they ask
    /// for more of a mail than the samples have; what is said then repeats nothing of the mail.
    pub fn render(&self, mail: &Mail, locale: &str, brand: &Brand) -> Result<Rendered, Fault> {
        self.write(mail, &self.language(locale), brand).map_err(|error| fault(&error, Detail::Kept))
    }

    fn write(&self, mail: &Mail, language: &Language, brand: &Brand) -> Result<Rendered, Error> {
        let subject =
            self.word(language, &format!("{}.subject", mail.name()), context::shared(mail, language, brand))?;
        // A blank that keeps its place, as French has before a colon, is none of these.
        let subject = subject.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let page = |form: Form| {
            let context = context::page(self, mail, language, brand, &subject, form)?;
            self.environment.get_template(&format!("{}.{}", mail.name(), form.extension()))?.render(context)
        };
        let (html, text) = (page(Form::Html)?, tidy(&page(Form::Text)?));
        let logo = brand.logo.clone().filter(|_| html.contains(&format!("cid:{LOGO}")));
        let unsubscribe_url = mail.unsubscribe_url().cloned();
        Ok(Rendered { language: language.clone(), subject, text, html, unsubscribe_url, logo })
    }

    /// A sentence of a language.
    fn word(&self, language: &Language, name: &str, context: Value) -> Result<String, Error> {
        self.environment
            .get_template(&word_name(language.as_str(), name))?
            .render(context)
            .map(|text| text.trim().to_owned())
    }

    /// What a kind of credential is called.
    fn kind(&self, language: &Language, kind: &str) -> Result<String, Error> {
        let is_known = self.languages.get(language).is_some_and(|kinds| kinds.contains(kind));
        let name = if is_known { kind } else { "other" };
        self.word(language, &format!("{KINDS}.{name}"), Value::from(()))
    }
}

fn default() -> Language {
    // Of the form that a language has; a test reads it.
    DEFAULT.parse().unwrap_or_else(|_| unreachable!("{DEFAULT} is a tag"))
}

fn word_name(language: &str, name: &str) -> String {
    format!("{language}.toml{SEPARATOR}{name}")
}

enum Sort {
    Page,
    Words(Language),
}

fn sort_of(file: &str) -> Option<Sort> {
    if page_names().any(|name| name == file) {
        Some(Sort::Page)
    } else {
        file.strip_suffix(".toml")?.parse().ok().map(Sort::Words)
    }
}

/// The files that there must be beside words.
fn page_names() -> impl Iterator<Item = String> {
    let names = std::iter::once("layout").chain(Mail::NAMES.iter().copied());
    names.flat_map(|name| ["html", "txt"].map(|extension| format!("{name}.{extension}")))
}

/// The words of each language, those that were read later over the earlier ones. English, which was read first, has all that
/// templates ask for.
fn together(read: Vec<(Language, Words)>, faults: &mut BTreeSet<Fault>) -> BTreeMap<Language, Words> {
    let Some((_, pattern)) = read.iter().find(|(language, _)| language.as_str() == DEFAULT).cloned() else {
        faults.insert(Fault::new(&format!("{DEFAULT}.toml"), None, "is missing"));
        return BTreeMap::new();
    };
    let mut together: BTreeMap<Language, Words> = BTreeMap::new();
    for (language, words) in read {
        for (name, line) in words.unknown(&pattern) {
            let file = format!("{language}.toml");
            faults.insert(Fault::new(&file, Some(line), format!("{name} is no text that a mail has")));
        }
        let before = together.remove(&language).unwrap_or_default();
        together.insert(language, before.overridden(words));
    }
    for (language, words) in &together {
        for name in words.missing(&pattern) {
            let problem = format!("lacks {name}, which {DEFAULT}.toml has");
            faults.insert(Fault::new(&format!("{language}.toml"), None, problem));
        }
    }
    together
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(STEPS));
    environment.set_auto_escape_callback(|name| {
        // No other name is one of a page.
        if name.split('.').next_back() == Some("html") { AutoEscape::Html } else { AutoEscape::None }
    });
    if let Ok(syntax) =
        minijinja::syntax::SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()
    {
        environment.set_syntax(syntax);
    }
    environment.add_function("t", sentence);
    environment
}

/// `t("section.name", …)` of templates: a sentence in the language of the mail, as plain text.
#[expect(clippy::needless_pass_by_value, reason = "the engine gives functions what it made for them")]
fn sentence(state: &State<'_, '_>, name: &str, given: Kwargs) -> Result<String, Error> {
    let language = state.lookup("language").map(|value| value.to_string()).unwrap_or_default();
    let template = state
        .env()
        .get_template(&word_name(&language, name))
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, format!("there is no text {name:?}")))?;
    let mut context = BTreeMap::new();
    for key in ALWAYS {
        if let Some(value) = state.lookup(key) {
            context.insert(key.to_owned(), value);
        }
    }
    let names: Vec<String> = given.args().map(str::to_owned).collect();
    for name in names {
        context.insert(name.clone(), given.get(&name)?);
    }
    template.render(Value::from(context)).map(|text| text.trim().to_owned())
}

/// Without what the commands of a template leave behind: blanks at the ends of lines, and more than one empty line.
fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut empty = 1;
    for line in text.trim_end().lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            tidied.push_str(line);
            tidied.push('\n');
        }
    }
    tidied
}

/// Whether what an engine says in detail is told: of samples it is, of mails it is not.
#[derive(Clone, Copy, PartialEq)]
enum Detail {
    Told,
    Kept,
}

fn fault(error: &Error, detail: Detail) -> Fault {
    // The innermost is where it happened, such as in a sentence that a template asks for.
    let mut innermost = error;
    while let Some(source) =
        std::error::Error::source(innermost).and_then(|source| source.downcast_ref::<Error>())
    {
        innermost = source;
    }
    let (file, _) = innermost
        .name()
        .unwrap_or("templates")
        .split_once(SEPARATOR)
        .unwrap_or((innermost.name().unwrap_or("templates"), ""));
    let problem = match innermost.detail().filter(|_| detail == Detail::Told) {
        Some(told) => format!("{}: {told}", innermost.kind()),
        None => innermost.kind().to_string(),
    };
    Fault::new(file, innermost.line(), problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_is_a_language() {
        assert_eq!(default().as_str(), "en");
    }

    #[test]
    fn texts_are_tidied() {
        assert_eq!(tidy("\n\n a \n\n\n\nb\n \n"), " a\n\nb\n");
    }
}
