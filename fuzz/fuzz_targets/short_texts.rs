//! See `idos_fuzz::short_texts`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(short_texts);
