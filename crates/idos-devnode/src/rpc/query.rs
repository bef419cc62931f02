//! `user.query`: refused. idOS takes the right to SELECT in `main` from everybody, and whatever a query names, it is run
//! there; on kwild this is so for the list of actions, too, which the JavaScript client wants to read before calls with
//! named parameters.

use idos_client::encoding::Scalar;
use serde::Deserialize;
use serde_json::Value;

