//! See `idos_fuzz::keys`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(keys);
