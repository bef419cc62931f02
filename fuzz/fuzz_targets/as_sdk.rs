//! See `idos_fuzz::as_sdk`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(as_sdk);
