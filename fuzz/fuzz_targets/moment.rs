//! See `idos_fuzz::moment`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(moment);
