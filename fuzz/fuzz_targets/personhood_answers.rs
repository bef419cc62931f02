//! See `idos_fuzz::personhood_answers`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(personhood_answers);
