//! What holds for the development node and for kwild: every test here runs against both. `IDOS_TEST_NODE` says
//! which; see `support`.

mod attributes;
mod engine;
mod gas;
mod grants;
mod holder;
mod issuing;
mod owner;
mod preliminary;
mod refusals;
mod rpc;
mod users;
mod values;
mod vectors;
mod wallets;
mod with_client;
mod write_grants;
