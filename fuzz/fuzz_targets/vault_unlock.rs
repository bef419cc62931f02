//! See `idos_fuzz::vault_unlock`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(vault_unlock);
