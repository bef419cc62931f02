//! See `idos_fuzz::user_key`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(user_key);
