//! See `idos_fuzz::stored_credential`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(stored_credential);
