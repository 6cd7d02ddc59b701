//! The rules against small configurations worked out by hand.

mod accounts;
mod cloud_init;
mod keys;
mod sshd;
mod summary;
mod units;
