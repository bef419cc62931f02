//! See `idos_fuzz::foreign_credential`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(foreign_credential);
