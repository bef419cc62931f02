//! The table of all commands.

mod api_keys;
mod audit;
#[cfg(feature = "dev")]
mod background;
mod cases;
mod check_wallet;
mod contacts;
mod context;
#[cfg(feature = "dev")]
mod demo;
mod descriptors;
#[cfg(feature = "dev")]
mod dev;
mod doctor;
mod evidence;
#[cfg(feature = "dev")]
mod folder;
mod halted;
mod healthcheck;
mod import;
mod input;
mod issuers;
mod jobs;
mod keys;
mod mail;
mod migrate;
mod notices;
mod open;
mod output;
mod process;
mod processing;
mod receipt;
mod retention;
mod serve;
mod signals;
mod source_test;
mod sources;
mod staff;
mod validity;
mod vault;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::context::Context;

/// Brings a provider's verified users into idOS: builds, signs and seals credentials, and writes them into the
/// users' profiles.
#[derive(Parser)]
#[command(name = "idos-issuer", version, max_term_width = 110)]
struct Arguments {
    /// The configuration file; every setting is in config.example.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Write logs as JSON, one object a line.
    #[arg(long, global = true)]
    json_logs: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service: the HTTP API, and the background work that delivers.
    Serve(serve::Serve),
    /// Run the background work only, beside replicas that serve with --no-worker.
    Worker(serve::Worker),
    /// Run the service beside an in-process node, with a mailbox and sample data, for a first look and for tests.
    #[cfg(feature = "dev")]
    Dev(dev::Dev),
    /// Bring the database schema up to date.
    Migrate(migrate::Migrate),
    /// Look at a deployment from outside, and name what is wrong with its cure. Exit code 0 or 1.
    Doctor(doctor::Doctor),
    /// Ask a running service whether it lives. Exit code 0 or 1. For containers.
    Healthcheck(healthcheck::Healthcheck),
    /// Send a file of results to a running service, a line each. Goes on by itself after a break. Exit code 0, or 1 if lines were refused.
    Import(import::Import),
    /// Make, list or revoke the keys by which clients call the API.
    #[command(subcommand, name = "apikey")]
    ApiKeys(api_keys::ApiKeys),
    /// Invite people to the console, say what they may do, or end their sessions.
    #[command(subcommand)]
    Staff(staff::StaffCommand),
    /// List background work, or put halted work back.
    #[command(subcommand)]
    Jobs(jobs::Jobs),
    /// List what has stopped and waits for somebody, or bring it on.
    #[command(subcommand)]
    Halted(halted::HaltedCommand),
    /// List vendors of KYC results, try the door that takes their webhooks, or have one asked again.
    #[command(subcommand)]
    Sources(sources::Sources),
    /// Show how long the credential of a result would be valid, and why.
    #[command(subcommand)]
    Validity(validity::Validity),
    /// List what people are told by mail before their credentials end, show it, send it once more, or cancel it.
    #[command(subcommand)]
    Notices(notices::Notices),
    /// Find the issuances of an e-mail address, of all clients.
    #[command(subcommand)]
    Contacts(contacts::Contacts),
    /// List requests to erase what is kept about people, or open, decide, approve, extend or refuse one.
    #[command(subcommand)]
    Cases(cases::Cases),
    /// Check what mails say, look at it, or send one to try.
    #[command(subcommand)]
    Mail(mail::Mail),
    /// Say what is kept at the moment and what is past its time, or write the record of processing activities.
    #[command(subcommand)]
    Retention(retention::Retention),
    /// Verify, sign or export the audit chain.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Rotate what locks data at rest.
    #[command(subcommand)]
    Vault(vault::Vault),
    /// Make, show or accept the issuer's keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Show the whole way of a credential, from a KYC result to the user's eyes, on an in-process node.
    #[cfg(feature = "dev")]
    Demo(demo::Demo),
    /// Verify a credential: prints "verified", or why not. Exit code 0 or 1.
    Verify(verify::Verify),
    /// Verify the receipt of an erasure.
    #[command(subcommand)]
    Receipt(receipt::Receipt),
    /// Open a sealed content and print what is in it.
    Open(open::Open),
    /// Check a wallet ownership proof: prints "valid", or why not. Exit code 0 or 1.
    CheckWallet(check_wallet::CheckWallet),
}

impl Command {
    /// Whether it makes folders that other users may have to enter: those whose programs `dev` starts, or the service's, where
    /// root makes the keys. What is secret in there is made with its own mode.
    fn makes_shared_folders(&self) -> bool {
        #[cfg(feature = "dev")]
        if matches!(self, Self::Dev(_)) {
            return true;
        }
        matches!(self, Self::Keys(_))
    }
}

/// What a command ends with, when it did its work: yes (0) or no (1). A command that could not do it ends with 2.
type Outcome = Result<bool, Box<dyn std::error::Error>>;

/// Parses the command line and runs one command.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(problem) = process::harden(arguments.command.makes_shared_folders()) {
        output::hint(&format!("warning: {problem}"));
    }
    let context = Context::new(arguments.config, arguments.json_logs);
    let outcome = match arguments.command {
        Command::Serve(serve) => serve.run(&context),
        Command::Worker(worker) => worker.run(&context),
        #[cfg(feature = "dev")]
        Command::Dev(dev) => dev.run(&context),
        Command::Migrate(migrate) => migrate.run(&context),
        Command::Doctor(doctor) => doctor.run(&context),
        Command::Healthcheck(healthcheck) => healthcheck.run(&context),
        Command::Import(import) => import.run(&context),
        Command::ApiKeys(keys) => keys.run(&context),
        Command::Staff(staff) => staff.run(&context),
        Command::Jobs(jobs) => jobs.run(&context),
        Command::Halted(halted) => halted.run(&context),
        Command::Sources(sources) => sources.run(&context),
        Command::Validity(validity) => validity.run(&context),
        Command::Notices(notices) => notices.run(&context),
        Command::Contacts(contacts) => contacts.run(&context),
        Command::Cases(cases) => cases.run(&context),
        Command::Mail(mail) => mail.run(&context),
        Command::Retention(retention) => retention.run(&context),
        Command::Audit(audit) => audit.run(&context),
        Command::Vault(vault) => vault.run(&context),
        Command::Keys(keys) => keys.run(&context),
        #[cfg(feature = "dev")]
        Command::Demo(demo) => demo.run(&context),
        Command::Verify(verify) => context.log().and_then(|()| verify.run()),
        Command::Receipt(receipt) => context.log().and_then(|()| receipt.run()),
        Command::Open(open) => context.log().and_then(|()| open.run()),
        Command::CheckWallet(check) => context.log().and_then(|()| check.run()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            output::error(&*error);
            ExitCode::from(2)
        }
    }
}
