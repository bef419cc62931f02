//! See `idos_fuzz::verify_credential`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(verify_credential);
