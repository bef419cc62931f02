//! See `idos_fuzz::action_execution`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(action_execution);
