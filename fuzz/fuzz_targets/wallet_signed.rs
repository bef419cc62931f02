//! See `idos_fuzz::wallet_signed`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(wallet_signed);
