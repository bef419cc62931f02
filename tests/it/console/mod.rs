//! The console through its door, as a browser goes through it: cookies, forms and redirects.

mod access;
mod attacks;
mod browser;
mod cases;
mod filters;
mod four_eyes;
mod guessing;
mod looks;
mod notices;
mod pages;
mod provider;
mod signing_in;
