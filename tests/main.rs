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

mod changes;
#[cfg(feature = "judge")]
mod conclusions;
#[cfg(feature = "judge")]
mod controls;
mod corpus;
#[cfg(feature = "judge")]
mod coverage;
mod cuts;
#[cfg(feature = "judge")]
mod determinism;
#[cfg(feature = "judge")]
mod drill;
#[cfg(feature = "judge")]
mod errors;
mod fixtures;
#[cfg(feature = "judge")]
mod fleet;
mod forgeries;
#[cfg(feature = "judge")]
mod frameworks;
#[cfg(feature = "judge")]
mod hostile;
mod inspect_image;
mod inspect_surface;
mod laws;
mod moving;
mod overlap;
#[cfg(feature = "judge")]
mod pages;
mod pieces;
#[cfg(feature = "judge")]
mod registers;
#[cfg(feature = "judge")]
mod sample;
#[cfg(feature = "judge")]
mod second_engine;
mod support;
#[cfg(feature = "judge")]
mod tamper;
mod unpack;
