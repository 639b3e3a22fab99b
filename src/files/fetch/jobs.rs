//! What is to be read, by whom it is waited for, and what is read next: what has been wanted for the longest time of
//! those that their device lets begin.

use std::collections::{BTreeMap, BTreeSet};

use super::Fetch;
use super::device::Device;
use crate::files::file::Place;

/// All that is wanted, each with a number. The lower it is, the longer it has been wanted.
pub(super) struct Jobs<T> {
    all: BTreeMap<u64, Job<T>>,
    /// Those that may be joined
    of_subject: BTreeSet<(Subject, u64)>,
    of_token: BTreeMap<T, u64>,
    /// Those that something is wanted of, by their numbers
    devices: BTreeMap<u64, Device>,
    /// The number of what was added or begun last
    last: u64,
}

/// A fetch, and all who wait for it.
struct Job<T> {
    fetch: Fetch,
    tokens: BTreeSet<T>,
    /// Whether a write to the file shows in its identity from now on
    is_settled: bool,
}

/// What a fetch is about: only one about the same can be joined.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
enum Subject {
    File(Place),
    /// By its key
    Chore(Vec<u8>),
}

impl<T> Jobs<T> {
    /// Forgets all. Nobody waits for what has begun.
    pub(super) fn clear(&mut self) {
        self.devices.values_mut().for_each(Device::clear);
        self.all.clear();
    }
}

impl<T: Copy + Ord> Jobs<T> {
    pub(super) fn new() -> Jobs<T> {
        Jobs {
            all: BTreeMap::new(),
            of_subject: BTreeSet::new(),
            of_token: BTreeMap::new(),
            devices: BTreeMap::new(),
            last: 0,
        }
    }

    /// Has the token wait for one that reads just that, from its start on, and tells whether there is one.
    pub(super) fn join(&mut self, token: T, fetch: &Fetch) -> bool {
        let first = (Subject::of(fetch), 0);
        let about_it = self.of_subject.range(&first..).take_while(|(subject, _)| *subject == first.0);
        let covers = |number: &u64| self.all.get(number).is_some_and(|job| job.covers(fetch));
        let Some(number) = about_it.map(|(_, number)| *number).find(covers) else { return false };
        let Some(job) = self.all.get_mut(&number) else { return false };
        job.tokens.insert(token);
        self.of_token.insert(token, number);
        true
    }

    /// A new one, by its number.
    pub(super) fn add(&mut self, token: T, fetch: Fetch, is_settled: bool) -> u64 {
        self.last += 1;
        self.of_subject.insert((Subject::of(&fetch), self.last));
        self.of_token.insert(token, self.last);
        self.devices.entry(device_of(&fetch)).or_default().add(&fetch, self.last);
        self.all.insert(self.last, Job { fetch, tokens: BTreeSet::from([token]), is_settled });
        self.last
    }

    /// Takes the token back, and tells what it waited for. What nobody waits for is not begun.
    pub(super) fn cancel(&mut self, token: T) -> Option<Fetch> {
        let number = self.of_token.remove(&token)?;
        let job = self.all.get_mut(&number)?;
        job.tokens.remove(&token);
        let (fetch, is_wanted) = (job.fetch.clone(), !job.tokens.is_empty());
        let device = self.devices.get_mut(&device_of(&fetch));
        let is_queued = device.is_some_and(|device| device.is_queued(&fetch, number));
        if is_queued && !is_wanted {
            self.end(number);
        }
        Some(fetch)
    }

    /// Whether somebody waits for it.
    pub(super) fn is_wanted(&self, number: u64) -> bool {
        self.all.get(&number).is_some_and(|job| !job.tokens.is_empty())
    }

    /// Begins what has been wanted for the longest time of those that can be.
    pub(super) fn begin(&mut self) -> Option<(u64, Fetch)> {
        let can_begin = self.devices.values_mut().filter_map(Device::next);
        let queue = can_begin.min_by_key(|queue| queue.rank())?;
        let number = queue.begin()?;
        let fetch = self.all.get(&number)?.fetch.clone();
        if let Fetch::Chore(_) = fetch {
            self.last += 1;
            queue.end_turn(self.last);
            // What a chore has looked at by now may have changed since; a file tells by its identity.
            self.of_subject.remove(&(Subject::of(&fetch), number));
        }
        Some((number, fetch))
    }

    /// Forgets one, and returns who waits for it.
    pub(super) fn end(&mut self, number: u64) -> BTreeSet<T> {
        let Some(job) = self.all.remove(&number) else { return BTreeSet::new() };
        self.of_subject.remove(&(Subject::of(&job.fetch), number));
        let id = device_of(&job.fetch);
        if let Some(device) = self.devices.get_mut(&id) {
            device.end(&job.fetch, number);
            if device.is_over() {
                self.devices.remove(&id);
            }
        }
        job.tokens.iter().for_each(|token| _ = self.of_token.remove(token));
        job.tokens
    }

    /// How many could begin now.
    pub(super) fn ready(&self) -> usize {
        self.devices.values().map(Device::ready).sum()
    }

    /// How many have begun and not ended.
    pub(super) fn running(&self) -> usize {
        self.devices.values().map(Device::running).sum()
    }

    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.all.len() - self.running()
    }
}

/// Where a fetch waits, if it does.
fn device_of(fetch: &Fetch) -> u64 {
    match fetch {
        Fetch::Bytes { file, .. } => file.metadata().identity.place().0,
        Fetch::Chore(chore) => chore.place().0,
    }
}

impl Subject {
    fn of(fetch: &Fetch) -> Subject {
        match fetch {
            Fetch::Bytes { file, .. } => Subject::File(file.metadata().identity.place()),
            Fetch::Chore(chore) => Subject::Chore(chore.key().to_vec()),
        }
    }
}

impl<T> Job<T> {
    /// Whether what this one reads is what is asked for, from its start on. Both are about the same.
    fn covers(&self, fetch: &Fetch) -> bool {
        match (&self.fetch, fetch) {
            (Fetch::Bytes { file, range }, Fetch::Bytes { file: other, range: wanted }) => {
                let is_same = file.metadata().identity == other.metadata().identity;
                self.is_settled && is_same && range.contains(&wanted.start)
            }
            (Fetch::Chore(_), Fetch::Chore(_)) => true,
            (Fetch::Bytes { .. }, Fetch::Chore(_)) | (Fetch::Chore(_), Fetch::Bytes { .. }) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::files::error::ReadError;
    use crate::files::fetch::Chore;
    use crate::files::file::{File, Metadata};

    /// A fetch of a file of this device.
    fn fetch(device: u64, inode: u64) -> Fetch {
        let file = std::fs::File::open(std::env::temp_dir()).unwrap();
        let mut stat = rustix::fs::fstat(&file).unwrap();
        (stat.st_dev, stat.st_ino) = (device as _, inode as _);
        Fetch::Bytes { file: Arc::new(File::new(file.into(), Metadata::from(&stat))), range: 0..10 }
    }

    #[test]
    fn a_slow_device_keeps_nobody_from_another() {
        let mut jobs = Jobs::new();
        let files = (1..=6).map(|inode| (1, inode)).chain([(2, 1), (3, 1)]);
        let added: Vec<u64> =
            files.zip(0_u32..).map(|((device, inode), token)| jobs.add(token, fetch(device, inode), true)).collect();
        assert_eq!(jobs.ready(), 6);
        let begun: Vec<u64> = std::iter::from_fn(|| jobs.begin()).map(|(number, _)| number).collect();
        assert_eq!(begun, [1, 2, 3, 4, 7, 8]);
        assert_eq!((jobs.ready(), jobs.running(), jobs.queued()), (0, 6, 2));
        assert_eq!(jobs.end(added[2]), BTreeSet::from([2]));
        assert_eq!(jobs.ready(), 1);
        assert_eq!(jobs.begin().unwrap().0, 5);
        assert!(jobs.begin().is_none());
    }

    /// A chore that is about a place.
    #[derive(Debug)]
    struct Named(Place, String);

    impl Chore for Named {
        fn key(&self) -> &[u8] {
            self.1.as_bytes()
        }

        fn place(&self) -> Place {
            self.0
        }

        fn run(&self, _: &dyn Fn() -> bool) -> Result<Vec<u8>, ReadError> {
            Ok(Vec::new())
        }
    }

    fn chore(place: Place, name: u32) -> Fetch {
        Fetch::Chore(Arc::new(Named(place, name.to_string())))
    }

    #[test]
    fn many_chores_of_one_place_do_not_delay_those_of_others() {
        let mut jobs = Jobs::new();
        // Of three directories: many lists of the first two, and one of the last.
        for token in 0..10 {
            jobs.add(token, chore((1, u64::from(token % 2)), token), true);
        }
        jobs.add(10, chore((1, 2), 10), true);
        let mut running = Vec::new();
        let mut order: Vec<u32> = Vec::new();
        while jobs.queued() > 0 {
            while let Some((number, _)) = jobs.begin() {
                running.push(number);
                order.extend(&jobs.all[&number].tokens);
            }
            assert_eq!((running.len(), jobs.ready()), (jobs.running(), 0));
            jobs.end(running.remove(0));
        }
        assert_eq!(order, [0, 1, 10, 2, 3, 4, 5, 6, 7, 8, 9], "the one does not wait for all that came before it");
        running.into_iter().for_each(|number| _ = jobs.end(number));
        assert!(jobs.devices.is_empty());
        [11, 12].into_iter().for_each(|token| _ = jobs.add(token, chore((1, 0), token), true));
        assert_eq!(jobs.ready(), 1);
        assert!(jobs.begin().is_some() && jobs.begin().is_none(), "one of a place is under way at a time");
    }

    #[test]
    fn chores_are_a_part_of_what_their_device_does() {
        let mut jobs = Jobs::new();
        let chores = [1, 1, 1, 2].into_iter().zip(1..);
        let chores = chores.map(|(device, name)| chore((device, name.into()), name));
        for (token, fetch) in (1_u32..).zip(chores.chain((1..=4).map(|inode| fetch(1, inode)))) {
            jobs.add(token, fetch, true);
        }
        assert_eq!(jobs.ready(), 5);
        let begun: Vec<u64> = std::iter::from_fn(|| jobs.begin()).map(|(number, _)| number).collect();
        assert_eq!(begun, [1, 2, 4, 5, 6], "the third chore waits, that of another device does not");
        assert_eq!((jobs.ready(), jobs.running(), jobs.queued()), (0, 5, 3));
        jobs.end(5);
        assert_eq!(jobs.begin().unwrap().0, 7, "in the place of a file comes a file");
        jobs.end(1);
        assert_eq!(jobs.begin().unwrap().0, 3, "in that of a chore what has been wanted for the longest time");
        assert!(jobs.begin().is_none());
        (1..=8).for_each(|token| _ = jobs.cancel(token));
        [2, 3, 4, 6, 7].into_iter().for_each(|number| _ = jobs.end(number));
        assert!(jobs.devices.is_empty());
    }

    #[test]
    fn one_that_has_begun_is_joined_and_what_nobody_wants_is_not_begun() {
        let mut jobs = Jobs::new();
        let (first, second, young) = (fetch(1, 1), fetch(1, 2), fetch(1, 3));
        let of_first = |range| match &first {
            Fetch::Bytes { file, .. } => Fetch::Bytes { file: Arc::clone(file), range },
            Fetch::Chore(_) => panic!(),
        };
        let number = jobs.add(1, first.clone(), true);
        assert_eq!(jobs.begin().unwrap().0, number);
        assert!(jobs.join(2, &of_first(9..99)));
        assert!(!jobs.join(3, &of_first(10..11)));
        assert!(!jobs.join(3, &second));
        jobs.add(3, second.clone(), true);
        jobs.add(4, young.clone(), false);
        assert!(!jobs.join(5, &young));
        assert!(jobs.join(5, &second));
        for token in [3, 4, 5, 1] {
            assert!(jobs.cancel(token).is_some() && jobs.cancel(token).is_none(), "{token}");
        }
        assert_eq!((jobs.queued(), jobs.running()), (0, 1));
        assert_eq!(jobs.end(number), BTreeSet::from([2]));
        assert!(
            jobs.all.is_empty() && jobs.of_subject.is_empty() && jobs.of_token.is_empty() && jobs.devices.is_empty()
        );
    }
}
