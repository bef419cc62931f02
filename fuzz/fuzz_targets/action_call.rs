//! See `idos_fuzz::action_call`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(action_call);
