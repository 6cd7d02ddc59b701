//! One integration-test binary, because linking the query engine many times is slow. `README.md` in this folder says what
//! is tested where.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test says what it expects, prints what it skips, and stops where it is wrong"
)]

mod controls;
mod corpus;
mod determinism;
mod errors;
mod fixtures;
mod hostile;
mod laws;
mod pages;
mod sample;
mod support;
mod tamper;
