//! Which answer a request gets: the site by its host, the file by its path, the representation, the response.
//!
//! Reads the disk through `files` alone, knows no socket, and takes the time as an argument, so that the server, a
//! check of the config and the tests ask the same question and get the same answer.

mod accept;
mod answer;
mod blame;
mod cache;
mod encoding;
mod error_page;
pub mod expect;
pub mod explain;
mod found;
mod ghosts;
mod hosts;
mod inquiry;
mod listing;
mod media_type;
mod occasion;
mod opening;
mod page;
pub mod path;
mod representation;
mod rules;
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
