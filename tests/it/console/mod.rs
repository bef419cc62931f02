//! The console through its door, as a browser goes through it: cookies, forms and redirects.

mod access;
mod attacks;
mod browser;
mod filters;
mod looks;
mod pages;
mod signing_in;
