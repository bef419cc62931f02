//! See `idos_fuzz::mail_templates`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(mail_templates);
