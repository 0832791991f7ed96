//! What follows from the events. May always be dropped and rebuilt: live and rebuild share `apply`.

pub mod tokens;
