//! The kinds of value that are one string: a choice, an address, a host, a path, a user.
//!
//! Never opens a file that the config names: the only question to the disk is whether something is a directory.

use std::fs;
use std::path::{Path, PathBuf};

use super::User;
use super::address::Address;
use super::diagnostic::{Malformed, Quoted, nearest};
use super::host_pattern::HostPattern;
use super::kind::Word;
use super::plain::Plain;
use super::rules::{ErrorStatus, Methods};

/// One of a few words.
pub(super) struct Choice<T: 'static>(pub(super) &'static [(&'static str, T)]);

impl<T: Copy + PartialEq> Word for Choice<T> {
    type Value = T;

    const COMPLAINT: &str = "unknown value";
    const PATTERN: &str = ".";

    fn parse(&self, text: &str, _: &Path) -> Result<T, Malformed> {
        let words = self.0.iter().map(|(word, _)| *word);
        self.0.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
            let expected = Malformed::new(format!("expected {}", self.expected()));
            match nearest(text, words) {
                Some(near) => expected.help(format!("did you mean \"{near}\"?")),
                None => expected,
            }
        })
    }

    fn show(&self, value: &T) -> String {
        let word = self.0.iter().find(|(_, known)| known == value).map(|(word, _)| *word);
        word.unwrap_or_default().to_owned()
    }

    fn expected(&self) -> String {
        listed(self.0.iter().map(|(word, _)| format!("\"{word}\"")), "or")
    }

    fn schema(&self) -> Plain {
        Plain::table([("enum", Plain::texts(self.0.iter().map(|(word, _)| *word)))])
    }
}

/// A method of HTTP that is answered.
pub(super) struct MethodName;

const METHODS: Choice<Methods> =
    Choice(&[("GET", Methods::Get), ("HEAD", Methods::Head), ("OPTIONS", Methods::Options)]);

impl Word for MethodName {
    type Value = Methods;

    const COMPLAINT: &str = <Choice<Methods>>::COMPLAINT;
    const PATTERN: &str = <Choice<Methods>>::PATTERN;

    fn parse(&self, text: &str, base: &Path) -> Result<Methods, Malformed> {
        METHODS.parse(text, base).map_err(|error| match error.help {
            Some(_) => error,
            None => {
                error.help("leave it out: a static server answers these three alone, and POST and the like get 405")
            }
        })
    }

    fn show(&self, value: &Methods) -> String {
        METHODS.show(value)
    }

    fn schema(&self) -> Plain {
        Word::schema(&METHODS)
    }
}

/// An address to listen on.
pub(super) struct ListenAddress;

impl Word for ListenAddress {
    type Value = Address;

    const COMPLAINT: &str = "invalid address";
    const PATTERN: &str = r"^([0-9]+|[Ll]ocal[Hh]ost:[0-9]+|[0-9.]+:[0-9]+|\[[0-9A-Fa-f:.%]+\]:[0-9]+|unix:.+)$";

    fn parse(&self, text: &str, base: &Path) -> Result<Address, Malformed> {
        match text.parse()? {
            Address::Unix(path) => socket_path(base, &path).map(Address::Unix),
            address => Ok(address),
        }
    }

    fn show(&self, value: &Address) -> String {
        value.to_string()
    }
}

/// The path of a socket below `base`, if it is not too long.
pub(super) fn socket_path(base: &Path, path: &Path) -> Result<PathBuf, Malformed> {
    /// sun_path of unix(7) has 108 bytes, of which one ends the string.
    const SOCKET_PATH_BYTES_MAX: usize = 107;
    let path = absolute(base, path);
    match path.as_os_str().len() {
        0..=SOCKET_PATH_BYTES_MAX => Ok(path),
        bytes => Err(Malformed::new(format!(
            "the path of a socket has at most {SOCKET_PATH_BYTES_MAX} bytes, {} has {bytes}",
            Quoted(&path.to_string_lossy())
        ))),
    }
}

/// A name of a site.
pub(super) struct Host;

impl Word for Host {
    type Value = HostPattern;

    const COMPLAINT: &str = "invalid host";
    const PATTERN: &str = r"^(\[[0-9A-Fa-f:.]+\]|(\*\.)?[0-9A-Za-z_.-]+)$";

    fn parse(&self, text: &str, _: &Path) -> Result<HostPattern, Malformed> {
        text.parse()
    }

    fn show(&self, value: &HostPattern) -> String {
        value.to_string()
    }
}

/// The name of a file, looked for in whatever directory a request names.
pub(super) struct FileName;

impl Word for FileName {
    type Value = String;

    const COMPLAINT: &str = "invalid file name";
    const PATTERN: &str = "^[^/]+$";

    fn parse(&self, text: &str, _: &Path) -> Result<String, Malformed> {
        match text {
            "" => Err(Malformed::new("expected a file name, found nothing").help("for no index file at all, write []")),
            "." | ".." => Err(Malformed::new("expected a file name, found a directory")),
            _ if text.contains('\0') => Err(Malformed::new("a file name cannot hold a NUL")),
            _ if text.contains('/') => Err(Malformed::new("expected a file name without a slash")
                .help("the name is looked for in every directory, beside the files listed there")),
            _ => Ok(text.to_owned()),
        }
    }

    fn show(&self, value: &String) -> String {
        value.clone()
    }
}

/// A file of a site, as a path below its root. Empty: none.
pub(super) struct FileBelowRoot;

impl Word for FileBelowRoot {
    type Value = String;

    const COMPLAINT: &str = "invalid file";
    const PATTERN: &str = "^(.*[^/])?$";

    fn parse(&self, text: &str, _: &Path) -> Result<String, Malformed> {
        let path = text.strip_prefix("./").or_else(|| text.strip_prefix('/')).unwrap_or(text);
        match path {
            "" if text.is_empty() => Ok(String::new()),
            "" => Err(Malformed::new("expected a file, found a directory")),
            _ if path.contains('\0') => Err(Malformed::new("a file name cannot hold a NUL")),
            _ if path.ends_with('/') => Err(Malformed::new("expected a file, found a directory")),
            _ if path.split('/').any(|segment| matches!(segment, "" | "." | "..")) => {
                Err(Malformed::new("expected a path below the root without empty and dot segments"))
            }
            _ => Ok(path.to_owned()),
        }
    }

    fn show(&self, value: &String) -> String {
        value.clone()
    }
}

/// The status of an error, or a class of them.
pub(super) struct StatusKey;

impl Word for StatusKey {
    type Value = ErrorStatus;

    const COMPLAINT: &str = "invalid status";
    const PATTERN: &str = "^([45][0-9][0-9]|[45]xx)$";

    fn parse(&self, text: &str, _: &Path) -> Result<ErrorStatus, Malformed> {
        match text {
            "4xx" => return Ok(ErrorStatus::Class(4)),
            "5xx" => return Ok(ErrorStatus::Class(5)),
            _ => {}
        }
        let code = text.parse().ok().filter(|code| (400..600).contains(code) && text.len() == 3);
        code.map(ErrorStatus::Code).ok_or_else(|| {
            let expected = Malformed::new("expected a status of an error such as 404, or \"4xx\" or \"5xx\"");
            match text.to_ascii_lowercase() {
                class if matches!(&*class, "4xx" | "5xx") => expected.help(format!("write \"{class}\"")),
                _ => expected,
            }
        })
    }

    fn show(&self, value: &ErrorStatus) -> String {
        match value {
            ErrorStatus::Code(code) => code.to_string(),
            ErrorStatus::Class(digit) => format!("{digit}xx"),
        }
    }
}

/// A directory that exists, as an absolute path. It is not resolved further, so that a symbolic link which a deployment
/// turns to the next release still counts at the next reload.
pub(super) struct Directory;

impl Word for Directory {
    type Value = PathBuf;

    const COMPLAINT: &str = "unusable directory";
    const PATTERN: &str = ".";

    fn parse(&self, text: &str, base: &Path) -> Result<PathBuf, Malformed> {
        if text.is_empty() {
            return Err(Malformed::new("expected a directory, found nothing")
                .help("the directory of this file itself is written \".\""));
        }
        let path = absolute(base, text);
        let shown = path.to_string_lossy();
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => Ok(path),
            Ok(_) => Err(Malformed::new(format!("{} is not a directory", Quoted(&shown)))
                .help("name the directory that holds it")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let missing = Malformed::new(format!("{} does not exist", Quoted(&shown)));
                Err(match near(&path, Path::is_dir) {
                    Some(near) => {
                        let meant = Path::new(text).with_file_name(near);
                        missing.help(format!("did you mean {}?", Quoted(&meant.to_string_lossy())))
                    }
                    None if text.starts_with('~') => missing.help("`~` is not expanded: write the whole path"),
                    None if text.contains('$') => missing.help("variables are not expanded: write the whole path"),
                    None => {
                        missing.help("create it, or correct the path; it is relative to the directory of this file")
                    }
                })
            }
            Err(error) => Err(Malformed::new(format!("{}: {error}", Quoted(&shown)))),
        }
    }

    fn show(&self, value: &PathBuf) -> String {
        value.display().to_string()
    }
}

/// `path` below `base`, without the parts that say nothing. `..` stays: what it means depends on symbolic links.
pub(super) fn absolute(base: &Path, path: impl AsRef<Path>) -> PathBuf {
    base.join(path).components().collect()
}

/// A name beside `path` that its last part may be a misspelling of.
pub(super) fn near(path: &Path, is_wanted: fn(&Path) -> bool) -> Option<String> {
    /// A guess is not worth the time that a larger directory takes.
    const ENTRIES_MAX: usize = 1000;
    let wanted = path.file_name()?.to_str()?;
    let entries = fs::read_dir(path.parent()?).ok()?.take(ENTRIES_MAX).flatten();
    let others = entries.filter(|entry| is_wanted(&entry.path()));
    let mut names: Vec<String> = others.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name != wanted);
    names.sort();
    nearest(wanted, names.iter().map(String::as_str)).map(str::to_owned)
}

/// A user to become.
pub(super) struct UserName;

impl Word for UserName {
    type Value = User;

    const COMPLAINT: &str = "unusable value";
    const PATTERN: &str = ".";

    fn parse(&self, text: &str, _: &Path) -> Result<User, Malformed> {
        match nix::unistd::User::from_name(text) {
            Ok(Some(user)) if user.uid.is_root() => {
                Err(Malformed::new("this is root").help("to go on as root, leave `user` out"))
            }
            Ok(Some(user)) => Ok(User { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw() }),
            Ok(None) => {
                let unknown = Malformed::new("this system has no user of that name");
                Err(match near_user(text) {
                    Some(near) => unknown.help(format!("did you mean \"{near}\"?")),
                    None => unknown.help("`getent passwd` lists the users, each by its name first"),
                })
            }
            Err(error) => Err(Malformed::new(format!("cannot look it up: {}", error.desc()))),
        }
    }

    fn show(&self, value: &User) -> String {
        value.name.clone()
    }
}

/// A user of this machine whose name may be misspelt so. Those who are known elsewhere only are not guessed at.
fn near_user(name: &str) -> Option<String> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let names = users.lines().filter_map(|line| line.split(':').next());
    nearest(name, names).map(str::to_owned)
}

/// `a, b and c`.
pub(super) fn listed(words: impl IntoIterator<Item = String>, and: &str) -> String {
    let words: Vec<String> = words.into_iter().collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {and} {last}", rest.join(", ")),
        _ => words.concat(),
    }
}
