//! See `idos_fuzz::personhood_proofs`.

#![cfg_attr(fuzzing, no_main)]

idos_fuzz::target!(personhood_proofs);
