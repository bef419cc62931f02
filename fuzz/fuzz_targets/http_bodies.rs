//! See `idos_fuzz::http_bodies`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(http_bodies);
