//! See `idos_fuzz::imap_answers`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(imap_answers);
