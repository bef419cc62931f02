//! See `idos_fuzz::base85_decode`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(base85_decode);
