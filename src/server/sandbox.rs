//! The sandbox of a thread that serves (landlock(7)), for whatever it might be made to open: it opens no file but those
//! below the roots, and these to read; it changes no content, makes, removes and runs nothing, and neither makes TCP
//! connections nor waits for them at another address. Older kernels have less of it. Who could run code of his own there
//! would reach the threads outside, whose memory it shares.
//!
//! What Landlock leaves open, so that nothing else can be promised: the mode, the owner and the times of a file, as far
//! as the user has a right to them (chmod(2), chown(2), utimensat(2)); what stat(2) tells of any name; UDP; and UNIX
//! sockets that have a name in the file system.
//!
//! With a root that is `/`, or links that are followed wherever they lead, every file can be read.
//!
//! A sandbox is a thread's own and that of the threads it starts later, and it cannot be widened. Nor does it go by
//! names: a directory that is put in the place of a root is another directory, and a thread that has never been in a
//! sandbox has to start the next one that serves.
//!
//! What has been opened before goes on as it was: sockets, logs, pipes.
//!
//! System calls are not filtered (seccomp(2)): there would be few to take away beside those that Landlock sees, and a list
//! that the next C library does not keep to ends the server.

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, make_bitflags,
};
use rustix::fs::{Stat, fstat, stat};

use super::start_error::StartError;

/// The newest interface of the kernel whose restrictions this server was tested with. An older kernel has some of them.
const KNOWN: ABI = ABI::V7;

/// The interfaces from which on TCP is restricted, and signals with the sockets that have no file.
const TCP_SINCE: i32 = 4;
const SIGNALS_SINCE: i32 = 6;

/// What may be done beneath a root.
const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});

/// What a thread is kept from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sandbox {
    /// It is kept from nothing: nobody wants it to be.
    Off,
    /// From nothing: the kernel was built or booted without Landlock.
    Unavailable,
    /// From all that it can be.
    Landlock(Confinement),
}

/// What Landlock keeps a thread from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Confinement {
    /// The version of Landlock's interface: what it knows of
    version: i32,
    readable: Readable,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Readable {
    /// What lies below directories of which none is `/`
    Roots,
    Everything,
}

/// Puts the calling thread into a sandbox where it can read what lies beneath these directories, as far as the kernel
/// has one. The threads it starts from now on are in it, too.
///
/// # Errors
///
/// Where the kernel has it and refuses nonetheless: no more than 16 sandboxes fit into each other.
pub(super) fn enter<'a>(readable: impl IntoIterator<Item = BorrowedFd<'a>>) -> Result<Sandbox, StartError> {
    restrict(readable).map_err(|error| StartError::Sandbox(io::Error::other(error)))
}

fn restrict<'a>(directories: impl IntoIterator<Item = BorrowedFd<'a>>) -> Result<Sandbox, RulesetError> {
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()?;
    let mut readable = Readable::Roots;
    for directory in directories {
        if is_everything(directory) {
            readable = Readable::Everything;
        }
        ruleset = ruleset.add_rule(PathBeneath::new(directory, READ))?;
    }
    let status = ruleset.restrict_self()?;
    Ok(match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) | (_, LandlockStatus::NotEnabled | LandlockStatus::NotImplemented) => {
            Sandbox::Unavailable
        }
        (_, LandlockStatus::Available { effective_abi, .. }) => {
            Sandbox::Landlock(Confinement { version: effective_abi as i32, readable })
        }
    })
}

fn is_everything(directory: BorrowedFd<'_>) -> bool {
    let identity = |status: Stat| (status.st_dev, status.st_ino);
    matches!((fstat(directory), stat("/")), (Ok(this), Ok(all)) if identity(this) == identity(all))
}

impl Sandbox {
    /// Whether it is one, and every file can be read in it.
    pub(super) fn reads_everything(self) -> bool {
        matches!(self, Sandbox::Landlock(Confinement { readable: Readable::Everything, .. }))
    }
}

/// What is kept safe, in a few words.
impl fmt::Display for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sandbox::Landlock(Confinement { version, readable }) = *self else { return f.write_str("nothing") };
        f.write_str(match readable {
            Readable::Roots => "files",
            Readable::Everything => "changes of files",
        })?;
        f.write_str(match version {
            ..TCP_SINCE => "",
            TCP_SINCE..SIGNALS_SINCE => ", TCP",
            SIGNALS_SINCE.. => ", TCP, signals",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::{ErrorKind, Read};
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::fd::AsFd;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;
    use std::thread;

    use rustix::fs::{AtFlags, Mode, OFlags, Timespec, Timestamps};

    use super::*;

    /// `root` with a file, beside a file; gone on drop.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Scratch {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("webserv-sandbox-{}-{count}", std::process::id()));
            fs::create_dir_all(path.join("root/dir")).unwrap();
            fs::write(path.join("root/dir/file"), "inside").unwrap();
            fs::write(path.join("beside"), "outside").unwrap();
            Scratch(path)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// What `act` gives in a thread that can read below the directory at `path` alone; nothing where there is no
    /// sandbox.
    fn confined<T: Send>(path: &Path, act: impl FnOnce(i32) -> T + Send) -> Option<T> {
        let root = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let confine = move || match enter([root.as_fd()]).unwrap() {
            Sandbox::Landlock(Confinement { version, .. }) => Some(act(version)),
            Sandbox::Unavailable | Sandbox::Off => None,
        };
        let outcome = thread::scope(|scope| scope.spawn(confine).join().unwrap());
        if outcome.is_none() {
            eprintln!("skipped: this system has no Landlock");
        }
        outcome
    }

    #[track_caller]
    fn assert_denied<T>(result: io::Result<T>) {
        assert_eq!(result.err().map(|error| error.kind()), Some(ErrorKind::PermissionDenied));
    }

    #[test]
    fn what_is_below_a_root_is_read_and_nothing_else() {
        let scratch = Scratch::new();
        let (root, file) = (scratch.path("root"), scratch.path("root/dir/file"));
        symlink("../beside", scratch.path("root/link")).unwrap();
        let mut opened_before = File::open(scratch.path("beside")).unwrap();
        let directory_before = File::open(&root).unwrap();
        let outside_before = File::open(&scratch.0).unwrap();
        confined(&root, |_| {
            assert_eq!(fs::read_to_string(&file).unwrap(), "inside");
            assert_eq!(fs::read_dir(&root).unwrap().count(), 2);
            let read = OFlags::RDONLY;
            rustix::fs::openat(&directory_before, "dir/file", read, Mode::empty()).unwrap();
            let mut text = String::new();
            opened_before.read_to_string(&mut text).unwrap();
            assert_eq!(text, "outside");

            assert_denied(rustix::fs::openat(&outside_before, "beside", read, Mode::empty()).map_err(io::Error::from));
            for outside in [scratch.path("root/link"), scratch.path("beside"), "/etc/passwd".into()] {
                assert_denied(fs::read(outside));
            }
            for outside in [&scratch.0, Path::new("/"), Path::new("/proc/self/fd")] {
                assert_denied(fs::read_dir(outside));
            }
            // What was opened before is no way out of it either.
            enter([outside_before.as_fd()]).unwrap();
            assert_denied(fs::read(scratch.path("beside")));
        });
    }

    #[test]
    fn nothing_is_changed() {
        let scratch = Scratch::new();
        let file = scratch.path("root/dir/file");
        confined(&scratch.path("root"), |version| {
            assert_denied(File::options().append(true).open(&file));
            assert_denied(File::create(scratch.path("root/new")));
            assert_denied(fs::create_dir(scratch.path("root/new")));
            assert_denied(symlink("file", scratch.path("root/dir/new")));
            assert_denied(fs::rename(&file, scratch.path("root/dir/new")));
            assert_denied(fs::remove_file(&file));
            assert_denied(fs::write(scratch.path("beside"), ""));
            assert_denied(File::options().write(true).open("/dev/null"));
            // truncate(2) has no right of its own before.
            if version >= 3 {
                assert_denied(File::options().write(true).truncate(true).open(&file));
            }
        });
        assert_eq!(fs::read_to_string(file).unwrap(), "inside");
    }

    #[test]
    fn nothing_is_executed_or_signalled() {
        let scratch = Scratch::new();
        let script = scratch.path("root/script");
        fs::write(&script, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let mut child =
            Command::new("/bin/sh").args(["-c", "read wait"]).stdin(std::process::Stdio::piped()).spawn().unwrap();
        confined(&scratch.path("root"), |version| {
            assert_denied(Command::new(&script).status());
            assert_denied(Command::new("/bin/sh").status());
            if version >= SIGNALS_SINCE {
                let process = rustix::process::Pid::from_child(&child);
                assert_denied(rustix::process::test_kill_process(process).map_err(io::Error::from));
            }
        });
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[test]
    fn no_connection_is_made_and_those_that_come_are_accepted() {
        let scratch = Scratch::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        confined(&scratch.path("root"), |version| {
            if version >= TCP_SINCE {
                assert_denied(TcpListener::bind("127.0.0.1:0"));
                assert_denied(TcpStream::connect(address));
            }
        });
        let client = TcpStream::connect(address).unwrap();
        confined(&scratch.path("root"), |_| listener.accept().unwrap());
        drop(client);
    }

    /// What the module doc says is left. Where a newer kernel keeps a thread from it, it can be promised.
    #[test]
    fn what_landlock_leaves_open() {
        let scratch = Scratch::new();
        let socket = scratch.path("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = receiver.local_addr().unwrap();
        confined(&scratch.path("root"), |_| {
            for name in ["root/dir/file", "beside"] {
                let file = scratch.path(name);
                let status = fs::metadata(&file).unwrap();
                fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
                chown(&file, Some(status.uid()), Some(status.gid())).unwrap();
                let times = Timestamps { last_access: Timespec::default(), last_modification: Timespec::default() };
                rustix::fs::utimensat(rustix::fs::CWD, &file, &times, AtFlags::empty()).unwrap();
                let status = fs::metadata(&file).unwrap();
                assert_eq!((status.mode() & 0o777, status.mtime()), (0o600, 0), "{name}");
            }
            UnixStream::connect(&socket).unwrap();
            UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"sent", address).unwrap();
        });
        drop(listener);
    }

    #[test]
    fn it_is_known_where_every_file_can_be_read() {
        let scratch = Scratch::new();
        let beside = scratch.path("beside");
        for (path, everything) in [(scratch.path("root"), false), ("/".into(), true)] {
            let root = rustix::fs::open(&path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).unwrap();
            let sandbox = thread::scope(|scope| {
                let enter = || {
                    let sandbox = enter([root.as_fd()]).unwrap();
                    (sandbox, fs::read(&beside).is_ok())
                };
                scope.spawn(enter).join().unwrap()
            });
            match sandbox {
                (Sandbox::Unavailable, _) => eprintln!("skipped: this system has no Landlock"),
                (sandbox, can_read) => {
                    assert_eq!((sandbox.reads_everything(), can_read), (everything, everything), "{}", path.display());
                }
            }
        }
    }

    #[test]
    fn threads_that_are_started_in_it_are_in_it() {
        let scratch = Scratch::new();
        let beside = scratch.path("beside");
        confined(&scratch.path("root"), |_| {
            thread::scope(|scope| scope.spawn(|| assert_denied(fs::read(&beside))).join().unwrap());
        });
        assert!(fs::read(&beside).is_ok(), "another thread is in it");
    }

    #[test]
    fn another_directory_in_the_place_of_a_root_takes_another_thread() {
        let scratch = Scratch::new();
        let (link, file) = (scratch.path("link"), scratch.path("link/dir/file"));
        symlink("root", &link).unwrap();
        let turned = scratch.path("turned/dir");
        fs::create_dir_all(&turned).unwrap();
        fs::write(turned.join("file"), "turned").unwrap();
        symlink("turned", scratch.path("next")).unwrap();
        let ((go, told), (done, turned)) = (channel(), channel());
        let (link, file) = (&link, &file);
        let (next, inside) = (scratch.path("next"), scratch.path("root/dir/file"));
        thread::scope(|scope| {
            // From outside, as a deployment does it; unless the other has failed before.
            scope.spawn(move || {
                if told.recv().is_ok() {
                    fs::rename(next, link).unwrap();
                    done.send(()).unwrap();
                }
            });
            confined(link, move |_| {
                assert_eq!(fs::read_to_string(file).unwrap(), "inside");
                go.send(()).unwrap();
                turned.recv().unwrap();
                assert_denied(fs::read(file));
                assert_eq!(fs::read_to_string(inside).unwrap(), "inside");
            });
        });
        confined(link, |_| assert_eq!(fs::read_to_string(file).unwrap(), "turned"));
    }
}
