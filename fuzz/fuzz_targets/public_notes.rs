//! See `idos_fuzz::public_notes`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(public_notes);
