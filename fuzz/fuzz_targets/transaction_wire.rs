//! See `idos_fuzz::transaction_wire`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(transaction_wire);
