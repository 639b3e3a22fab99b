//! The checks of `tests/property/`, as the fuzz targets call them.

#![allow(clippy::indexing_slicing, clippy::panic)]

#[path = "../../tests/property/checks/mod.rs"]
mod checks;
#[path = "../../tests/property/random.rs"]
mod random;
#[path = "../../tests/property/reference/mod.rs"]
mod reference;

/// See `tests/property/checks/connection.rs`.
pub fn connection(data: &[u8]) {
    checks::connection::check(data);
}

/// See `tests/property/checks/request_target.rs`.
pub fn request_target(data: &[u8]) {
    checks::request_target::check(data);
}

/// See `tests/property/checks/chunked.rs`.
pub fn chunked(data: &[u8]) {
    checks::chunked::check(data);
}

/// See `tests/property/checks/range.rs`.
pub fn range(data: &[u8]) {
    checks::range::check(data);
}

/// See `tests/property/checks/dates.rs`.
pub fn dates(data: &[u8]) {
    checks::dates::check(data);
}

/// See `tests/property/checks/preconditions.rs`.
pub fn preconditions(data: &[u8]) {
    checks::preconditions::check(data);
}

/// See `tests/property/checks/accept_encoding.rs`.
pub fn accept_encoding(data: &[u8]) {
    checks::accept_encoding::check(data);
}
