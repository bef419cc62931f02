//! The table of all commands.

mod check_wallet;
#[cfg(feature = "dev")]
mod demo;
mod input;
mod keys;
mod open;
mod say;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config;

/// Brings a provider's verified users into idOS: builds, signs and seals credentials, and writes them into the
/// users' profiles.
#[derive(Parser)]
#[command(name = "idos-issuer", version, max_term_width = 110)]
struct Arguments {
    /// The configuration file; every setting is in config.example.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show the whole way of a credential, from a KYC result to the user's eyes, on an in-process node.
    #[cfg(feature = "dev")]
    Demo(demo::Demo),
    /// Make or show the issuer's keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Verify a credential: prints "verified", or why not. Exit code 0 or 1.
    Verify(verify::Verify),
    /// Open a sealed content and print what is in it.
    Open(open::Open),
    /// Check a wallet ownership proof: prints "valid", or why not. Exit code 0 or 1.
    CheckWallet(check_wallet::CheckWallet),
}

/// What a command ends with, when it did its work: yes (0) or no (1). A command that could not do it ends with 2.
type Outcome = Result<bool, Box<dyn std::error::Error>>;

/// Parses the command line and runs one command.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    log();
    let outcome = match arguments.command {
        #[cfg(feature = "dev")]
        Command::Demo(demo) => demo.run(arguments.config.as_deref()),
        Command::Keys(keys) => keys.run(arguments.config.as_deref()),
        Command::Verify(verify) => verify.run(),
        Command::Open(open) => open.run(),
        Command::CheckWallet(check) => check.run(),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            say::error(&*error);
            ExitCode::from(2)
        }
    }
}

/// Logs go to standard error; standard output is for answers.
fn log() {
    let filter = tracing_subscriber::EnvFilter::new(config::log_filter("warn"));
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi).init();
}
