//! What a test says when the machine lacks what it needs.

/// Prints why a test does nothing here; fails instead where nothing may be left out.
#[expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the product")]
#[expect(clippy::print_stderr, reason = "the notice is for whoever runs the tests")]
pub(crate) fn skip(reason: &str) {
    let strict = std::env::var("TOKENLEDGER_TEST_NO_SKIP").is_ok_and(|value| value == "1");
    assert!(!strict, "skipped although TOKENLEDGER_TEST_NO_SKIP=1: {reason}");
    eprintln!("skipped: {reason}");
}
