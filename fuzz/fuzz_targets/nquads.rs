//! See `idos_fuzz::nquads`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(nquads);
