//! See `idos_fuzz::audit_lines`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(audit_lines);
