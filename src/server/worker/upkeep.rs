//! What is done once a second at most, and not at all by a server that has nothing to do.

use std::mem;
use std::time::Duration;

use super::Worker;

/// How often it is looked after what is only good for a while, while there is something of that kind.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);

impl Worker {
    /// Lets go of what is not needed any more.
    pub(super) fn keep_up(&mut self) {
        self.upkeep_at = self.shared.instant + UPKEEP_INTERVAL;
        self.shared.sites.close_unused(self.shared.now);
        self.look_after_handed_over();
        self.entrances.keep_up();
    }

    /// Cuts off those who are being sent a file by the kernel that has changed since.
    fn look_after_handed_over(&mut self) {
        if !mem::take(&mut self.shared.has_handed_over) {
            return;
        }
        for key in self.clients.keys().collect::<Vec<_>>() {
            let Some(client) = self.clients.get_mut(key) else { continue };
            match client.verify_handed_over(&mut self.shared) {
                Ok(is_on_its_way) => self.shared.has_handed_over |= is_on_its_way,
                Err(gone) => {
                    client.settle(&gone, &mut self.shared);
                    self.remove(key, &gone);
                }
            }
        }
    }
}
