//! With the real node software.

mod gateway;
mod one;
mod program;
mod several;
