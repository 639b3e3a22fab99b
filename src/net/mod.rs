//! Sockets: listeners, the reactor that waits for them, transports, and the outbox that is sent through one.
//!
//! Nothing here knows what the bytes mean.

pub mod listener;
pub mod outbox;
pub mod reactor;
mod slab;
pub mod transport;

pub use listener::{Accepting, Acceptor, Listener, LocalAddress, UNSENT_BYTES};
pub use outbox::{Flushed, Outbox};
pub use reactor::{Reactor, Readiness, Source};
pub use slab::{Key, Slab};
pub use transport::{Peer, Transport};
