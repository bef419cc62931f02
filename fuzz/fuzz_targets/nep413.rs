//! See `idos_fuzz::nep413`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(nep413);
