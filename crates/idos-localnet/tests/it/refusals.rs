//! What is refused before anything is started.

use idos_localnet::{Localnet, LocalnetConfig, StartError};

#[tokio::test]
async fn a_network_has_a_validator() {
    let config = LocalnetConfig { validators: 0, ..LocalnetConfig::default() };
    assert!(matches!(Localnet::start(config).await, Err(StartError::NoValidator)));
}

#[tokio::test]
async fn a_network_is_not_reached_from_outside() {
    let config = LocalnetConfig { listen: "0.0.0.0:0".parse().unwrap(), ..LocalnetConfig::default() };
    assert!(matches!(Localnet::start(config).await, Err(StartError::NotLoopback)));
}

#[test]
fn the_program_says_what_to_build() {
    let empty = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_idos-localnet"))
        .env("IDOS_KWILD_TOOLS", empty.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("run `tests/kwild/build`"));
}
