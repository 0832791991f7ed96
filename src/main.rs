//! The binary: subcommands over the library.

fn main() {}
