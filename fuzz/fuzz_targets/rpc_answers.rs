//! See `idos_fuzz::rpc_answers`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(rpc_answers);
