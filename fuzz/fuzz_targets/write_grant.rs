//! See `idos_fuzz::write_grant`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(write_grant);
