//! See `idos_fuzz::mail_report`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(mail_report);
