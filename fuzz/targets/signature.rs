//! Hands the fuzzer's bytes to the property of deliveries against signatures.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tokenledger_fuzz::signature::holds(bytes));
