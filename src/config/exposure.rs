//! What a directory of the command line shows that nobody may have thought of: somebody's home, or everything.
//!
//! Never says anything of the sites of a file, whose author has thought of each.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User};

use super::diagnostic::Diagnostic;
use super::{Address, Origin};

/// More than the files of a site.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Exposure {
    Everything,
    Home,
}

impl Origin {
    /// What whoever named this directory should know, where others can reach it at one of the addresses.
    pub fn caution<'a>(&self, addresses: impl IntoIterator<Item = &'a Address>) -> Option<&'static str> {
        match self.exposure().filter(|_| !addresses.into_iter().all(Address::is_local))? {
            Exposure::Everything => Some("whoever can reach this machine can read all files of it that you can"),
            Exposure::Home => Some("whoever can reach this machine can read the files of a home directory"),
        }
    }

    /// Why this directory is not served at the addresses where nobody has named it.
    pub(super) fn surprise<'a>(&self, addresses: impl IntoIterator<Item = &'a Address>) -> Option<Diagnostic> {
        let title = match self.exposure()? {
            Exposure::Everything => "no directory was named, and the current one is /",
            Exposure::Home if addresses.into_iter().all(Address::is_local) => return None,
            Exposure::Home => "no directory was named, and others could read the current one, which holds a home",
        };
        let help = "name what is to be served, such as `webserv public`, or `webserv .` for all that is here";
        Some(Diagnostic::without_place(title).help(help))
    }

    fn exposure(&self) -> Option<Exposure> {
        let Origin::Directory(directory) = self else { return None };
        let root = directory.canonicalize().ok()?;
        if root.parent().is_none() {
            return Some(Exposure::Everything);
        }
        let homes = [std::env::home_dir(), home_of_owner(&root)];
        let holds = |home: PathBuf| home.canonicalize().is_ok_and(|home| home.starts_with(&root));
        homes.into_iter().flatten().any(holds).then_some(Exposure::Home)
    }
}

/// Who has become root by sudo has the home of root, and serves that of somebody else.
fn home_of_owner(root: &Path) -> Option<PathBuf> {
    let owner = fs::metadata(root).ok()?.uid();
    Some(User::from_uid(Uid::from_raw(owner)).ok()??.dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_to_others() {
        // Where there is none, or all is one, nothing can be said of it.
        let home = std::env::home_dir().and_then(|home| home.canonicalize().ok());
        let home = home.as_deref().filter(|home| home.parent().is_some()).and_then(Path::to_str);
        for (directory, address, has_caution, is_surprise) in [
            ("/", "0.0.0.0:80", true, true),
            ("/", "127.0.0.1:80", false, true),
            ("/usr/..", "unix:/tmp/a", false, true),
            ("~", "0.0.0.0:80", true, true),
            ("~", "[::]:80", true, true),
            ("~", "192.0.2.1:80", true, true),
            ("~", "80", false, false),
            ("~", "[::1]:80", false, false),
            ("~", "[::ffff:127.0.0.1]:80", false, false),
            ("~", "unix:/tmp/a", false, false),
            ("/dev", "0.0.0.0:80", false, false),
        ] {
            let Some(directory) = (if directory == "~" { home } else { Some(directory) }) else { continue };
            let origin = Origin::Directory(directory.into());
            // One of several is enough.
            let addresses = ["localhost:81", address].map(|address| address.parse::<Address>().unwrap());
            assert_eq!(origin.caution(&addresses).is_some(), has_caution, "{directory} at {address}");
            assert_eq!(origin.surprise(&addresses).is_some(), is_surprise, "{directory} at {address}");
            assert_eq!(Origin::File(directory.into()).caution(&addresses), None);
        }
    }

    #[test]
    fn the_home_of_whoever_has_it() {
        let program = std::env::current_exe().unwrap();
        let owner = fs::metadata(&program).unwrap().uid();
        let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let fields = known.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let homes =
            fields.filter(|user| user.get(2) == Some(&&*owner.to_string())).filter_map(|user| user.get(5).copied());
        // One that another service knows, and the file does not, has nothing to be compared with.
        if let Some(home) = homes.map(PathBuf::from).next() {
            assert_eq!(home_of_owner(&program), Some(home));
        }
        assert_eq!(home_of_owner(Path::new("/missing")), None);
    }
}
