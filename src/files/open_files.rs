//! Files that somebody has open, found again by what stat(2) says of their name. To open a file that is just being read
//! can mean to wait until it has been: FUSE forgets then what it has in memory of it, and waits for each page that is
//! on its way (as does every file system that looks after a page cache from elsewhere). One descriptor will do for all
//! who ask.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use super::file::{File, Identity, Place};

/// So few are not looked through for those that have been closed.
const FEW: usize = 64;

/// Files, for as long as others hold them. This holds none.
#[derive(Debug, Default)]
pub struct OpenFiles {
    files: BTreeMap<Place, Weak<File>>,
    /// How many were open when those were forgotten last that are not
    open: usize,
}

impl OpenFiles {
    /// Remembers a file. Of several in one place, it is the last.
    pub fn add(&mut self, file: &Arc<File>) {
        if self.files.len() >= 2 * self.open.max(FEW) {
            self.files.retain(|_, file| file.strong_count() > 0);
            self.open = self.files.len();
        }
        self.files.insert(file.metadata().identity.place(), Arc::downgrade(file));
    }

    /// The file that is in this state, if it is open.
    pub fn find(&self, identity: &Identity) -> Option<Arc<File>> {
        let file = self.files.get(&identity.place())?.upgrade()?;
        (file.metadata().identity == *identity).then_some(file)
    }

    /// Whether none will be found.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::Metadata;
    use super::*;

    fn file(inode: u64, size: u64) -> Arc<File> {
        let file = std::fs::File::open(std::env::temp_dir()).unwrap();
        let mut stat = rustix::fs::fstat(&file).unwrap();
        (stat.st_ino, stat.st_size) = (inode as _, size as _);
        Arc::new(File::new(file.into(), Metadata::from(&stat)))
    }

    #[test]
    fn what_is_open_is_found_in_the_state_in_which_it_was_opened() {
        let mut open_files = OpenFiles::default();
        let (first, second) = (file(1, 10), file(2, 10));
        assert!(open_files.find(&first.metadata().identity).is_none());
        open_files.add(&first);
        open_files.add(&second);
        assert!(Arc::ptr_eq(&open_files.find(&first.metadata().identity).unwrap(), &first));
        let written_to = file(1, 11);
        assert!(open_files.find(&written_to.metadata().identity).is_none());
        open_files.add(&written_to);
        assert!(open_files.find(&first.metadata().identity).is_none());
        assert!(open_files.find(&written_to.metadata().identity).is_some());
        let identity = second.metadata().identity;
        drop(second);
        assert!(open_files.find(&identity).is_none());
    }

    #[test]
    fn what_is_closed_is_forgotten() {
        let mut open_files = OpenFiles::default();
        let open: Vec<_> = (0..10).map(|inode| file(inode, 0)).collect();
        open.iter().for_each(|file| open_files.add(file));
        for inode in 10..1000 {
            open_files.add(&file(inode, 0));
        }
        assert!(open_files.files.len() <= 2 * FEW);
        assert!(open.iter().all(|file| open_files.find(&file.metadata().identity).is_some()));
    }
}
