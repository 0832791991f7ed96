//! Hands the fuzzer's bytes to the property of cursors.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tokenledger_fuzz::cursor::holds(bytes));
