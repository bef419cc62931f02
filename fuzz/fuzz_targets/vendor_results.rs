//! See `idos_fuzz::vendor_results`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(vendor_results);
