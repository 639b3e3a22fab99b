//! What is done once a second at most, and not at all by a server that has nothing to do.

use std::time::Duration;

use super::Worker;

/// How often it is looked after what is only good for a while, while there is something of that kind.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);

impl Worker {
    /// Lets go of what is not needed any more.
    pub(super) fn keep_up(&mut self) {
        self.upkeep_at = self.shared.instant + UPKEEP_INTERVAL;
        self.shared.sites.close_unused(self.shared.now);
        self.entrances.keep_up();
    }
}
