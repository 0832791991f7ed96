//! Hands the fuzzer's bytes to the property of webhook bodies.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tokenledger_fuzz::notice::holds(bytes));
