//! Hands the fuzzer's bytes to the property of strict JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tokenledger_fuzz::json::holds(bytes));
