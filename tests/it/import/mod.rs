//! Importing: right lines go in once, wrong ones stop nothing and are told without being repeated.

mod command;
mod effect;
mod lines;
mod repeated;
