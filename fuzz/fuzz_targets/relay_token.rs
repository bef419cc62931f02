//! See `idos_fuzz::relay_token`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(relay_token);
