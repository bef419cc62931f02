//! See `idos_fuzz::open_content`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(open_content);
