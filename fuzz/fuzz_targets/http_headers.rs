//! See `idos_fuzz::http_headers`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(http_headers);
