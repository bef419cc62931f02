//! See `idos_fuzz::page_bodies`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(page_bodies);
