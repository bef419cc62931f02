//! See `idos_fuzz::evidence`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(evidence);
