//! What ties the rooms together: a supervisor that starts, reloads and stops, and the workers that serve.
//!
//! ```text
//! signals -> Supervisor -- Outfit --> Worker, on a thread of its own: waits, accepts, drives clients, keeps deadlines
//!            (main thread)                |
//!                ^         -- Command --> |   -- Handed, a client between two requests --> the next Worker
//!                `--------- News ---------'
//! ```
//!
//! The supervisor takes nothing from clients, so it may do what a worker must not be able to: read the config, bind
//! listeners, open logs. What a disk may delay is done on other threads, so that it hears every signal. A reload starts
//! new workers and has the old ones hand over. Clients that are between two requests go over at once, the others when
//! they have been answered, so that each request is answered under one config.
//!
//! A worker can do little more than read what is below the roots as they were when it started. Where one of them is
//! another directory now it asks for a successor, which it leaves those clients to that want something from there.
//!
//! Chooses no status and parses no byte.

mod aside;
pub mod banner;
mod browser;
mod client;
mod deadlines;
mod descriptors;
mod gone;
mod intake;
mod listeners;
mod mailbox;
mod outfit;
mod port_holder;
mod privileges;
mod reload;
mod renewals;
mod running;
mod sandbox;
mod shared;
mod signals;
mod start_error;
mod supervisor;
pub mod trace;
mod worker;

pub use aside::aside;
pub use browser::Browser;
pub use listeners::{Endpoint, Listeners};
pub use outfit::{Orders, Outfit, Particulars, Reports, Roots};
pub use port_holder::Holder;
pub use sandbox::Sandbox;
pub use signals::Signals;
pub use start_error::StartError;
pub use supervisor::Supervisor;
pub use worker::Worker;

/// How a server is to appear.
#[derive(Clone, Copy, Debug)]
pub struct Appearance {
    /// What responses say of the software
    pub software: &'static str,
    /// Whether the access log is shown where it would go to the standard output or error. A file is written in any
    /// case.
    pub shows_access: bool,
    /// Whether terminals may be coloured
    pub color: bool,
}
