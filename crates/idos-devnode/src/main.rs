//! `idos-devnode`: the development node as a program of its own.
//!
//! Prints one line of JSON with its URL on standard output as soon as it serves requests, so that scripts can
//! wait for it, and everything else on standard error. Stops at ctrl-c or SIGTERM.

use std::error::Error;
use std::io::{IsTerminal as _, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use idos_devnode::{DevNode, DevNodeConfig, Inserter, Schema, State};
use tracing_subscriber::EnvFilter;

/// A stand-in idOS node for development and tests. It is no idOS node.
#[derive(Parser)]
#[command(version, about)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Permit an address that other machines can reach. Whoever reaches the node can read and write all
    #[arg(long)]
    allow_non_loopback: bool,
    /// The chain id, part of every signed text
    #[arg(long, default_value = "idos-localdev")]
    chain_id: String,
    /// The name of an organisation that may write; its keys are given by --delegate
    #[arg(long, value_name = "NAME", default_value = "Dev Issuer")]
    inserter: String,
    /// A key that acts for the inserter: 64 hexadecimal digits of an Ed25519 public key. May be repeated
    #[arg(long = "delegate", value_name = "HEX")]
    delegates: Vec<String>,
    /// The @caller that owns the database and may call owner-only actions
    #[arg(long, value_name = "CALLER")]
    owner: Option<String>,
    /// Have the actions and the blob gateway of upstream's next version
    #[arg(long)]
    next: bool,
    /// Keep today's actions beside the next version's
    #[arg(long, requires = "next")]
    keep_old_actions: bool,
    /// Keep the state in this SQLite file; without it, in memory
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Private mode: no gateway, every view call is signed over a challenge
    #[arg(long)]
    private: bool,
    /// Let view calls name any sender without a gateway session
    #[arg(long)]
    no_sessions: bool,
    /// Make a block every so many milliseconds, instead of one for each transaction at once
    #[arg(long, value_name = "MILLISECONDS")]
    block_interval: Option<u64>,
    /// How many milliseconds a broadcast waits for its block before it gives up
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 15_000)]
    commit_wait: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && !no_color)
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(cause = error.source(), "{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let inserters = if arguments.delegates.is_empty() {
        tracing::warn!("No --delegate is given: nobody can write as an inserter");
        Vec::new()
    } else {
        vec![Inserter::new(&arguments.inserter, arguments.delegates)]
    };
    let node = DevNode::start(DevNodeConfig {
        listen: arguments.listen,
        allow_non_loopback: arguments.allow_non_loopback,
        chain_id: arguments.chain_id,
        schema: match (arguments.next, arguments.keep_old_actions) {
            (false, _) => Schema::Current,
            (true, false) => Schema::Next,
            (true, true) => Schema::Transition,
        },
        state: arguments.state.map_or(State::Memory, State::File),
        inserters,
        owner: arguments.owner,
        require_sessions: !arguments.no_sessions,
        private_mode: arguments.private,
        block_interval: arguments.block_interval.map(Duration::from_millis),
        commit_wait: Duration::from_millis(arguments.commit_wait),
        ..DevNodeConfig::default()
    })
    .await?;

    let ready = serde_json::json!({ "url": node.url(), "chain_id": node.chain_id() });
    writeln!(std::io::stdout(), "{ready}")?;
    until_told().await?;
    tracing::info!("Stopping");
    node.stop().await;
    Ok(())
}

/// Ends at ctrl-c, or where there is such a thing, at SIGTERM.
async fn until_told() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            told = tokio::signal::ctrl_c() => told,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
