//! See `idos_fuzz::vendor_webhooks`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(vendor_webhooks);
