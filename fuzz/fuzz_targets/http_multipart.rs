//! See `idos_fuzz::http_multipart`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(http_multipart);
