//! When those who accept are to have a successor by the same config: a root is another directory now, which they cannot
//! read. And what is told of it where there can be none.

use std::time::{Duration, Instant};

/// How long after one successor the next one comes at the earliest: it costs the new workers what was held in memory.
const INTERVAL: Duration = Duration::from_secs(1);

/// What is known of the last successor, and of the next one.
#[derive(Default)]
pub(super) struct Renewals {
    due: Option<Instant>,
    /// When there was one last
    succeeded_at: Option<Instant>,
    /// Why there was none, as it was told
    told: Option<String>,
}

impl Renewals {
    /// When it is due, if somebody needs one.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Somebody needs one.
    pub(super) fn ask(&mut self) {
        let now = Instant::now();
        let at = self.succeeded_at.map_or(now, |last| now.max(last + INTERVAL));
        self.due.get_or_insert(at);
    }

    /// It is under way.
    pub(super) fn begin(&mut self) {
        self.due = None;
    }

    /// It has failed, and is tried again. That is told once, however often it does for the same reason.
    pub(super) fn fail(&mut self, error: String) {
        self.due = Some(Instant::now() + INTERVAL);
        if self.told.as_ref() != Some(&error) {
            log::error!("cannot serve what is in the place of a root now, trying again: {error}");
            self.told = Some(error);
        }
    }

    /// There is a successor, whatever it was started for.
    pub(super) fn succeed(&mut self) {
        self.due = None;
        self.succeeded_at = Some(Instant::now());
        if self.told.take().is_some() {
            log::info!("what is in the place of a root is served now");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_comes_a_while_after_the_other() {
        let mut renewals = Renewals::default();
        let start = Instant::now();
        renewals.ask();
        assert!(renewals.due().is_some_and(|due| due < start + INTERVAL), "the first one comes at once");
        renewals.begin();
        assert_eq!(renewals.due(), None);
        renewals.fail("broken".to_owned());
        renewals.ask();
        let due = renewals.due().unwrap();
        assert!(due >= start + INTERVAL);
        renewals.succeed();
        assert_eq!(renewals.due(), None);
        renewals.ask();
        assert!(renewals.due().unwrap() >= due);
    }
}
