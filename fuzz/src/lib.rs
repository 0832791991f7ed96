//! What must hold for any bytes, of the four readers that meet a stranger's first.
//!
//! Each property is a function that panics where it does not hold. The fuzzer searches for such
//! bytes; the tests run the same functions over the bytes that it kept.

pub mod cursor;
pub mod json;
pub mod notice;
pub mod signature;
