//! What services are answered: which tokens, is each usable, what happened, and every refusal.

mod all;
mod checks;
mod events;
mod lists;
mod lookup;
mod one;
mod operations;
mod refusals;
