//! See `idos_fuzz::transaction_signature`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(transaction_signature);
