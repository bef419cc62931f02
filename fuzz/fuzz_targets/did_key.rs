//! See `idos_fuzz::did_key`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(did_key);
