//! See `idos_fuzz::http_submission`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(http_submission);
