//! One integration-test binary, because linking the query engine many times is slow. `README.md` in this folder says what
//! is tested where.

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
