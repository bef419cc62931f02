//! `idos-localnet`: the local network as a program of its own.
//!
//! Prints one line of JSON with its URLs on standard output as soon as it serves requests, so that scripts can
//! wait for it, and everything else on standard error. Stops at ctrl-c or SIGTERM.

use std::error::Error;
use std::io::{IsTerminal as _, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use idos_localnet::{Inserter, Localnet, LocalnetConfig, Schema};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A local, idOS-like network of real node software, for development and tests. It is not idOS.
#[derive(Parser)]
#[command(version, about)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
struct Arguments {
    /// How many validators there are
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    validators: usize,
    /// Where the gateway of the first validator listens; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Permit an address that other machines can reach. Whoever reaches the network can read and write all
    #[arg(long)]
    allow_non_loopback: bool,
    /// The chain id, part of every signed text
    #[arg(long, default_value = "idos-localnet")]
    chain_id: String,
    /// The name of an organisation that may write; its keys are given by --delegate
    #[arg(long, value_name = "NAME", default_value = "Dev Issuer")]
    inserter: String,
    /// A key that acts for the inserter: 64 hexadecimal digits of an Ed25519 public key. May be repeated
    #[arg(long = "delegate", value_name = "HEX")]
    delegates: Vec<String>,
    /// Have the actions and the blob gateway of upstream's next version
    #[arg(long)]
    next: bool,
    /// Keep today's actions beside the next version's
    #[arg(long, requires = "next")]
    keep_old_actions: bool,
    /// Keep the network's state, logs and keys in this folder; without it, in a temporary one
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Let view calls name any sender without a gateway session
    #[arg(long)]
    no_sessions: bool,
    /// How many milliseconds the leader gathers transactions for a block; at least 500
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 500)]
    block_time: u64,
    /// Make a block every so many milliseconds even if it is empty; 0 makes none
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 60_000)]
    empty_block_time: u64,
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
    // From here on, so that what is started ends in good order even if it is told to before it is ready.
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let told = async {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    tokio::pin!(told);

    let start = Localnet::start(LocalnetConfig {
        validators: arguments.validators,
        chain_id: arguments.chain_id,
        schema: match (arguments.next, arguments.keep_old_actions) {
            (false, _) => Schema::Current,
            (true, false) => Schema::Next,
            (true, true) => Schema::Transition,
        },
        inserters,
        listen: arguments.listen,
        allow_non_loopback: arguments.allow_non_loopback,
        require_sessions: !arguments.no_sessions,
        propose_timeout: Duration::from_millis(arguments.block_time),
        empty_block_timeout: Duration::from_millis(arguments.empty_block_time),
        commit_wait: Duration::from_millis(arguments.commit_wait),
        folder: arguments.folder,
        ..LocalnetConfig::default()
    });
    let network = tokio::select! {
        network = start => network?,
        () = &mut told => return Ok(()),
    };

    let node_urls: Vec<_> = (0..arguments.validators).filter_map(|number| network.node_url(number)).collect();
    let ready = serde_json::json!({
        "url": network.url(),
        "urls": network.urls(),
        "node_urls": node_urls,
        "chain_id": network.chain_id(),
        "folder": network.folder(),
        "owner_key_file": network.folder().join("owner.key"),
    });
    writeln!(std::io::stdout(), "{ready}")?;
    told.await;
    tracing::info!("Stopping");
    network.stop().await;
    Ok(())
}
