//! See `idos_fuzz::json_strict`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(json_strict);
