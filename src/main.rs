//! Parses the command line, runs one command, turns an error into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    idos_issuer::cli::run()
}
