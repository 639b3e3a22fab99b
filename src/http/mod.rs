//! HTTP/1.1 as a pure protocol: bytes in, steps out, a response head appended to a buffer.
//!
//! Nothing here does I/O, reads a clock or knows of files and sites. Content is known by its length alone. Section
//! numbers are those of RFC 9110 (semantics) and RFC 9112 (HTTP/1.1).

pub mod chunked;
pub mod connection;
pub mod content_coding;
pub mod date;
pub mod fields;
pub mod framing;
pub mod head;
pub mod preconditions;
pub mod range;
pub mod request;
pub mod response;
pub mod status;
pub mod target;

pub use connection::{Awaiting, CloseReason, Connection, Limits, Step};
pub use content_coding::Coding;
pub use date::UnixSeconds;
pub use fields::{FieldName, Fields};
pub use head::RefusedHead;
pub use preconditions::{EntityTag, Validators};
pub use request::{Method, Rejection, Request, Version};
pub use response::{ContentFields, Preamble, Response};
pub use status::Status;
pub use target::Authority;
