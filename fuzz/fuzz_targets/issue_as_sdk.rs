//! See `idos_fuzz::issue_as_sdk`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(issue_as_sdk);
