//! See `idos_fuzz::personhood`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(personhood);
