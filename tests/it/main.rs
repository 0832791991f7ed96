//! Everything that is tested through the edges: one binary.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(unfulfilled_lint_expectations, reason = "until the first test unwraps")]
