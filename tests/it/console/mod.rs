//! The console through its door, as a browser goes through it: cookies, forms and redirects.

mod access;
mod attacks;
mod browser;
mod cases;
mod four_eyes;
mod looks;
mod notices;
mod pages;
mod signing_in;
