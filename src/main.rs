//! The `steadfast` command.

use std::process::ExitCode;

mod cli;

/// Readers and the query engine allocate much and from several threads; the system's allocator is a tenth slower at it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
