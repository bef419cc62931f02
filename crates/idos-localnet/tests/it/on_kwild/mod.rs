//! With the real node software.

mod gateway;
mod mempool;
mod one;
mod program;
mod several;
