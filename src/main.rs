//! The `steadfast` command.

use std::process::ExitCode;

mod cli;

/// Readers and the query engine allocate much and from several threads; measured, the system's and mimalloc were slower at it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cli::run()
}
