//! See `idos_fuzz::config_toml`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(config_toml);
