//! What is done once a second at most, and not at all by a server that has nothing to do.

use std::time::Duration;

use super::Server;
use crate::net::Accepting;

/// How often it is looked after what is only good for a while, while there is something of that kind.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);

/// From so many connections in such an interval on, they are accepted with their first bytes.
pub(super) const ACCEPTS_MANY: u32 = 1000;

impl Server {
    /// Lets go of what is not needed any more.
    pub(super) fn keep_up(&mut self) {
        self.upkeep_at = self.shared.instant + UPKEEP_INTERVAL;
        self.shared.sites.close_unused(self.shared.now);
        self.choose_accepting();
        self.accepted = 0;
    }

    /// Whether connections come so fast that it pays to wait for their first bytes.
    pub(super) fn choose_accepting(&mut self) {
        let accepting = if self.accepted < ACCEPTS_MANY { Accepting::AtOnce } else { Accepting::WithBytes };
        if accepting != self.accepting {
            self.accepting = accepting;
            self.listeners.iter().for_each(|bound| bound.listener.set_accepting(accepting));
        }
    }
}
