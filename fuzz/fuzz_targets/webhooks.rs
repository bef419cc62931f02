//! See `idos_fuzz::webhooks`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(webhooks);
