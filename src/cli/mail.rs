//! `mail`: what mails say and whether they go out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use rand::RngCore as _;
use rand::rngs::OsRng;
use serde_json::{Value, json};

use super::context::Context;
use super::{Outcome, input, output};
use crate::app::App;
use crate::clock::Clock;
use crate::config;
use crate::flow::bounce;
use crate::mail::{self, Letter, MailError, Mailer, Next};
use crate::model::personal::Email;

/// Mails: what they say, and whether they go out.
#[derive(Subcommand)]
pub(super) enum Mail {
    /// Render every mail in every language with sample data. Names what is missing or wrong by file and line. Exit code 0 or 1.
    Check(Check),
    /// Write every mail in every language into a folder, to be looked at.
    Preview(Preview),
    /// Read a report of a mail that came back, from standard input, and act on it: for a mail server that pipes its bounces into a
    /// program. Says what came of it. Exit code 0, also if it is about no mail of ours; 1 if it is no report.
    Bounce,
    /// Read all reports that are in mail.bounces now, and act on them, as the service does each minute. Says how many there were, by
    /// what came of them. Exit code 0; 1 if some could not be read.
    Collect,
    /// Send a mail, to try the configuration. Says what came of it. Exit code 0 or 1.
    Test(Test),
}

/// Renders every mail in every language, with the templates and words of the configuration over those that are built in. Without
/// --config: those that are built in, and those of --templates.
#[derive(Args)]
pub(super) struct Check {
    /// A folder with templates and words, in place of the one that the configuration names.
    #[arg(long, value_name = "FOLDER")]
    templates: Option<PathBuf>,
}

/// Writes NAME.LANGUAGE.html and .txt for every mail, and index.html with links to them.
#[derive(Args)]
pub(super) struct Preview {
    /// Where they are written; made if it is not there.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// A folder with templates and words, in place of the one that the configuration names.
    #[arg(long, value_name = "FOLDER")]
    templates: Option<PathBuf>,
}

/// Sends a mail with made-up contents by the configured way.
#[derive(Args)]
pub(super) struct Test {
    /// To whom.
    #[arg(value_name = "ADDRESS", value_parser = address)]
    to: Email,
    /// Which mail.
    #[arg(long, value_name = "NAME", default_value = "test", value_parser = known)]
    sample: String,
    /// In which language.
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    locale: String,
    /// What names the mail, so that it can be sent again as the same one. Without it: something new.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Print one object of JSON: outcome, stage, code, enhanced, next.
    #[arg(long)]
    json: bool,
}

fn address(text: &str) -> Result<Email, &'static str> {
    text.parse()
}

fn known(name: &str) -> Result<String, String> {
    sample(name).map(|mail| mail.name().to_owned())
}

fn sample(name: &str) -> Result<mail::Mail, String> {
    mail::Mail::samples()
        .into_iter()
        .find(|mail| mail.name() == name)
        .ok_or_else(|| format!("must be one of: {}", mail::Mail::NAMES.join(", ")))
}

impl Mail {
    pub(super) fn run(self, context: &Context) -> Outcome {
        context.log()?;
        match self {
            Self::Check(check) => check.run(context),
            Self::Preview(preview) => preview.run(context),
            Self::Bounce => bounce(context),
            Self::Collect => collect(context),
            Self::Test(test) => test.run(context),
        }
    }
}

/// Mails as they are configured, with templates from elsewhere if they are given; without a configuration, of an example.
fn mailer(context: &Context, templates: Option<PathBuf>) -> Result<Mailer, Box<dyn std::error::Error>> {
    let configured = match context.path() {
        Some(_) => context.config()?.mail.ok_or("the configuration has no section mail")?,
        None => config::Mail::example(),
    };
    let settings = config::Mail { templates: templates.or(configured.templates.clone()), ..configured };
    Ok(Mailer::new(Some(&settings))?)
}

/// Reads a report from standard input, and acts on it.
fn bounce(context: &Context) -> Outcome {
    let config = context.config()?;
    context.answer(async {
        let message = input::read(Path::new("-"))?;
        let app = App::build(config, Clock::System).await?;
        let heard = bounce::hear(&app, &message).await;
        app.store.close().await;
        let heard = heard?;
        output::line(heard.as_str());
        Ok(heard != bounce::Heard::NoReport)
    })
}

/// Reads what is in `mail.bounces`, and acts on it.
fn collect(context: &Context) -> Outcome {
    let config = context.config()?;
    context.answer(async {
        let app = App::build(config, Clock::System).await?;
        let Some(reports) = &app.mail_reports else { return Err("mail.bounces is not set".into()) };
        let mut heard = BTreeMap::<_, u32>::new();
        // As often as something new is there.
        let failed = loop {
            let collected = bounce::collect(&app, reports).await?;
            for (outcome, count) in &collected.heard {
                *heard.entry(*outcome).or_default() += count;
            }
            if collected.heard.is_empty() || collected.failed > 0 {
                break collected.failed;
            }
        };
        app.store.close().await;
        for (outcome, count) in &heard {
            output::line(&format!("{outcome}: {count}"));
        }
        if failed > 0 {
            output::line(&format!("cannot be read, or marked as read: {failed}"));
        } else if heard.is_empty() {
            output::line("nothing is there");
        }
        Ok(failed == 0)
    })
}

fn tell_all(faults: &[mail::Fault]) {
    for fault in faults {
        output::line(&fault.to_string());
    }
}

impl Check {
    fn run(self, context: &Context) -> Outcome {
        let mailer = match mailer(context, self.templates) {
            Ok(mailer) => mailer,
            Err(error) => {
                let Some(MailError::Templates(faults)) = error.downcast_ref::<MailError>() else {
                    return Err(error);
                };
                tell_all(faults);
                return Ok(false);
            }
        };
        let (templates, _) = mailer.templates()?;
        let faults = templates.check();
        tell_all(&faults);
        if faults.is_empty() {
            let languages: Vec<_> = templates.languages().map(ToString::to_string).collect();
            output::line(&format!("fine: {} in {}", mail::Mail::NAMES.join(", "), languages.join(", ")));
        }
        Ok(faults.is_empty())
    }
}

impl Preview {
    fn run(self, context: &Context) -> Outcome {
        let mailer = mailer(context, self.templates)?;
        let (templates, brand) = mailer.templates()?;
        std::fs::create_dir_all(&self.out)?;
        let mut index = Vec::new();
        for language in templates.languages() {
            for name in mail::Mail::NAMES {
                let rendered = templates.render(&sample(name)?, language.as_str(), brand)?;
                let file = format!("{name}.{language}");
                write(&self.out, &format!("{file}.html"), &mail::shown(&rendered))?;
                write(
                    &self.out,
                    &format!("{file}.txt"),
                    &format!("{}\n\n{}", rendered.subject, rendered.text),
                )?;
                index.push(format!("<li>{language}: <a href=\"{file}.html\">{name}</a>, <a href=\"{file}.txt\">text</a></li>\n"));
            }
        }
        let index = index.concat();
        let page =
            format!("<!doctype html>\n<meta charset=\"utf-8\"><title>Mails</title>\n<ul>\n{index}</ul>\n");
        write(&self.out, "index.html", &page)?;
        output::line(&format!("written: {}", self.out.join("index.html").display()));
        Ok(true)
    }
}

fn write(folder: &Path, name: &str, text: &str) -> std::io::Result<()> {
    std::fs::write(folder.join(name), text)
}

impl Test {
    fn run(self, context: &Context) -> Outcome {
        let mailer = Mailer::new(context.config()?.mail.as_ref())?;
        let id =
            self.id.unwrap_or_else(|| format!("test-{:016x}{:016x}", OsRng.next_u64(), OsRng.next_u64()));
        let letter = Letter { to: &self.to, locale: &self.locale, id: &id, date: date(&Clock::System) };
        let composed = mailer.write(&sample(&self.sample)?, &letter)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let outcome = runtime.block_on(mailer.send(&composed))?;
        if self.json {
            output::line(&tell(outcome).to_string());
        } else {
            output::line(&outcome.to_string());
        }
        Ok(outcome.next() == Next::Done)
    }
}

fn date(clock: &Clock) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(clock.now().unix_millis()).unwrap_or_default()
}

fn tell(outcome: mail::Outcome) -> Value {
    use mail::Outcome::{NotSent, Refused, Sent, Unclear};

    let debug = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    let status = |status: Option<mail::Enhanced>| status.map(|status| status.to_string());
    let mut told = match outcome {
        Sent { code, enhanced } => json!({ "outcome": "sent", "code": code, "enhanced": status(enhanced) }),
        Refused { stage, class, code, enhanced } => json!({
            "outcome": "refused", "stage": debug(&stage), "class": debug(&class), "code": code, "enhanced": status(enhanced),
        }),
        NotSent { stage, cause } => {
            json!({ "outcome": "not_sent", "stage": debug(&stage), "cause": debug(&cause) })
        }
        Unclear => json!({ "outcome": "unclear" }),
    };
    if let Some(members) = told.as_object_mut() {
        members.insert("next".to_owned(), json!(debug(&outcome.next())));
        members.insert("deadAddress".to_owned(), json!(outcome.is_dead_address()));
    }
    told
}
