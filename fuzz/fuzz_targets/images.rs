//! See `idos_fuzz::images`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(images);
