//! What must hold for any bytes, any split of them and any order of events, tried with numbers that look random and are
//! the same in every run. Pure: no server is started. A failure prints the seed or the input that led to it.
//!
//! `checks` are shared with the fuzz targets of `fuzz/`, which go on where this stops; `reference` is what they hold
//! the server against. Here they run on the seeds of `fuzz/seeds/` and on what becomes of them by chance.

// The lints that keep the server from panicking would keep a test from failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod checks;
mod corpora;
mod mutation;
mod outbox;
mod pipelines;
mod random;
mod reference;
