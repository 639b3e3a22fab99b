//! A directory for one test: `root` to serve from, and room beside it for what must stay unreachable. Gone on drop.
//! Never part of the server.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::resolver::{Resolver, Symlinks};
use super::root::Root;

pub(super) struct Scratch {
    directory: PathBuf,
}

impl Scratch {
    pub(super) fn new() -> Scratch {
        Scratch::below(&std::env::temp_dir())
    }

    /// On the file system of that directory.
    pub(super) fn below(directory: &Path) -> Scratch {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory = directory.join(format!("webserv-files-{}-{count}", process::id()));
        // What a test that was killed left under the same process id.
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(directory.join("root")).unwrap();
        Scratch { directory }
    }

    pub(super) fn root(&self) -> Root {
        Root::open(&self.path("root"), Symlinks::Inside).unwrap()
    }

    /// The root under every resolver that this system has.
    pub(super) fn roots(&self) -> Vec<(Resolver, Root)> {
        self.roots_with(Symlinks::Inside)
    }

    pub(super) fn roots_with(&self, symlinks: Symlinks) -> Vec<(Resolver, Root)> {
        let mut resolvers = vec![Resolver::Walk];
        match Resolver::probe(fs::File::open(&self.directory).unwrap().as_fd()).unwrap() {
            Resolver::Openat2 => resolvers.push(Resolver::Openat2),
            Resolver::Walk => eprintln!("skipped: this system has no openat2"),
        }
        let root = |resolver| (resolver, Root::with_resolver(&self.path("root"), resolver, symlinks).unwrap());
        resolvers.into_iter().map(root).collect()
    }

    pub(super) fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.directory.join(Path::new(name.as_ref()))
    }

    /// Makes the directories above it, too.
    pub(super) fn write(&self, name: &str, content: &str) {
        self.write_bytes(name.as_bytes(), content);
    }

    pub(super) fn write_bytes(&self, name: &[u8], content: &str) {
        let path = self.path(OsStr::from_bytes(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(super) fn symlink(&self, target: &str, name: &str) {
        std::os::unix::fs::symlink(target, self.path(name)).unwrap();
    }

    pub(super) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub(super) fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(super) fn mknod(&self, name: &str, kind: FileType, device: u64) -> rustix::io::Result<()> {
        mknodat(CWD, self.path(name), kind, Mode::RUSR | Mode::WUSR, device)
    }

    pub(super) fn modified(&self, name: &str) -> SystemTime {
        fs::metadata(self.path(name)).unwrap().modified().unwrap()
    }

    pub(super) fn set_modified(&self, name: &str, time: SystemTime) {
        fs::OpenOptions::new().write(true).open(self.path(name)).unwrap().set_modified(time).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
