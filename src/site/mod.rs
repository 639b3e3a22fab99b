//! Which answer a request gets: the site by its host, the file by its path, the representation, the response.
//!
//! Reads the disk through `files` alone, knows no socket, and takes the time as an argument, so that the server, a
//! check of the config and the tests ask the same question and get the same answer.

mod accept;
pub mod answer;
mod blame;
pub mod cache;
mod encoding;
pub mod error_page;
pub mod expect;
pub mod explain;
mod found;
mod ghosts;
pub mod hosts;
mod inquiry;
mod listing;
pub mod media_type;
mod occasion;
mod opening;
mod page;
pub mod path;
pub mod representation;
pub mod rules;
mod select;
mod siblings;
mod sites;
mod stand_in;
mod standing;
pub mod warnings;

pub use answer::{Answer, Content, Segment};
pub use blame::report_unreadable;
pub use occasion::{Occasion, Postponed, Witness};
pub use sites::{Binding, Served, Sites, bindings};
