//! See `idos_fuzz::wallet_proof`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(wallet_proof);
