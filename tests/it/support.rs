//! A directory for each test, and the real program running in it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit, umask};

use crate::wire::{Peer, request};

/// How long a test waits for what must happen. It is only ever used up by a failure, so it is generous: the machine may
/// be busy with all the other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A directory of the test's own, removed with all it holds when the test is over.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        // The developer's may keep others from what some tests have them read.
        umask(Mode::WGRP | Mode::WOTH);
        let name = format!("webserv-it-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        // A UNIX socket in it has a path of 108 bytes at most (unix(7)).
        let usual = Some(std::env::temp_dir()).filter(|it| it.as_os_str().len() <= 50);
        let path = usual.unwrap_or_else(|| "/tmp".into()).join(name);
        fs::create_dir(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    /// A scratch directory that holds these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let scratch = Self::new();
        for (name, content) in files {
            scratch.write(name, content);
        }
        scratch
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file, making the directories that lead to it.
    pub(crate) fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A test that has failed already must not abort the whole run by a second panic.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// One output of the program, read by a thread of its own so that the program never waits for the test.
pub(crate) struct Output {
    lines: Receiver<String>,
    seen: String,
}

impl Output {
    pub(crate) fn of(pipe: impl Read + Send + 'static) -> Self {
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
                line.clear();
            }
        });
        Self { lines, seen: String::new() }
    }

    /// The next line with its line feed, or `None` at the end of the output.
    #[track_caller]
    pub(crate) fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.seen.push_str(&line);
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no line within {PATIENCE:?}; so far:\n{}", self.seen),
        }
    }

    /// Waits for a line that contains `words`.
    #[track_caller]
    pub(crate) fn line_with(&mut self, words: &str) -> String {
        loop {
            match self.line() {
                Some(line) if line.contains(words) => return line,
                Some(_) => {}
                None => panic!("the output ended without {words:?}:\n{}", self.seen),
            }
        }
    }

    /// What it has said so far, as far as lines were asked for.
    pub(crate) fn said(&self) -> &str {
        &self.seen
    }

    /// Whether one of the lines that are there by now contains `words`.
    pub(crate) fn has(&mut self, words: &str) -> bool {
        while let Ok(line) = self.lines.try_recv() {
            self.seen.push_str(&line);
        }
        self.seen.contains(words)
    }

    /// Everything up to its end, which comes when the program exits: true if that was in time.
    fn ended(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.seen.push_str(&line),
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }
}

/// What a program that has ended left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    /// `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program.
pub(crate) fn webserv() -> Command {
    command(env!("CARGO_BIN_EXE_webserv"))
}

/// A program that may be webserv in the end. Of the environment it gets no more than what it takes to run: the rest has
/// a say in what is printed, and where, in who is told of it, and in how others are reached.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for name in ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command
}

/// Runs a program that ends by itself.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Finished {
    Process::spawn(command, Stdio::piped()).finish(PATIENCE)
}

/// A program that runs, and is ended with the test whatever happens.
pub(crate) struct Process {
    child: Child,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    finished: bool,
}

impl Process {
    #[track_caller]
    pub(crate) fn spawn(command: &mut Command, stdout: Stdio) -> Self {
        Self::spawn_with(command, Stdio::null(), stdout)
    }

    /// The same with another standard input.
    #[track_caller]
    pub(crate) fn spawn_with(command: &mut Command, stdin: Stdio, stdout: Stdio) -> Self {
        command.stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdout = child.stdout.take().map_or_else(|| Output::of(std::io::empty()), Output::of);
        let stderr = Output::of(child.stderr.take().unwrap());
        Self { child, stdout, stderr, finished: false }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the program to end by itself. Its outputs end when it does, which is what can be awaited with a limit.
    #[track_caller]
    pub(crate) fn finish(mut self, patience: Duration) -> Finished {
        let ended = self.stderr.ended(patience) && self.stdout.ended(patience);
        assert!(ended, "still running after {patience:?}; it said:\n{}", self.stderr.seen);
        self.finished = true;
        let code = self.child.wait().unwrap().code();
        Finished { code, stdout: std::mem::take(&mut self.stdout.seen), stderr: std::mem::take(&mut self.stderr.seen) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        // Every server of every test is stopped as an administrator would, so each of them is a test of that too.
        let signalled = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let stopped = signalled.is_ok() && !thread::panicking() && self.stderr.ended(PATIENCE);
        if !stopped {
            let _ = self.child.kill();
            self.stderr.ended(PATIENCE);
        }
        let status = self.child.wait();
        if thread::panicking() {
            eprintln!("the program said:\n{}", self.stderr.seen);
        } else {
            assert!(stopped, "SIGTERM did not end it within {PATIENCE:?}; it said:\n{}", self.stderr.seen);
            assert!(status.is_ok_and(|it| it.success()), "a stop that was not clean:\n{}", self.stderr.seen);
        }
    }
}

/// A running server whose listeners are bound.
pub(crate) struct Server {
    pub(crate) process: Process,
    /// The line that it greets with.
    pub(crate) banner: String,
}

impl Server {
    /// Starts the program with these arguments and waits for its banner.
    #[track_caller]
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::start_with(command, Stdio::piped())
    }

    /// The same with another standard output, which is where the access log goes by default.
    #[track_caller]
    pub(crate) fn start_with(command: &mut Command, stdout: Stdio) -> Self {
        let mut process = Process::spawn(command, stdout);
        let banner = process.stderr.line_with(" serving ");
        Self { process, banner }
    }

    /// `webserv -l 127.0.0.1:0 DIR`
    #[track_caller]
    pub(crate) fn of(directory: &Scratch) -> Self {
        Self::start(webserv().args(["-l", "127.0.0.1:0"]).arg(directory.path()))
    }

    /// `webserv -c FILE`, where the file stands in the directory that its paths are relative to.
    #[track_caller]
    pub(crate) fn configured(directory: &Scratch, config: &str) -> Self {
        let file = directory.write("webserv.toml", config);
        Self::start(webserv().arg("-c").arg(file))
    }

    /// The addresses of the banner, in its order.
    pub(crate) fn urls(&self) -> Vec<&str> {
        let (_, urls) = self.banner.trim_end().rsplit_once(" at ").expect("a banner with addresses");
        urls.split(' ').collect()
    }

    /// The first TCP address of the banner. A name in it is one of loopback's.
    #[track_caller]
    pub(crate) fn address(&self) -> SocketAddr {
        let urls = self.urls();
        let url = urls.iter().find_map(|url| url.strip_prefix("http://")).expect("a TCP address in the banner");
        let (host, port) = url.trim_end_matches('/').rsplit_once(':').expect("a port in the banner");
        let host = host.trim_matches(['[', ']']);
        SocketAddr::new(host.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), port.parse().unwrap())
    }

    #[track_caller]
    pub(crate) fn connect(&self) -> Peer {
        Peer::tcp(self.address())
    }

    /// A client in the middle of a download of so many bytes, whose content is still to be read.
    #[track_caller]
    pub(crate) fn connect_to_download(&self, target: &str, length: usize) -> Peer {
        let mut peer = self.connect();
        peer.send(request("GET", target, &[]));
        assert_eq!(peer.head().assert_status(200).content_length(), length);
        peer
    }

    /// One number of /proc/PID/status in KiB, such as `VmRSS`.
    pub(crate) fn status_kib(&self, key: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).expect("such a key");
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.process.id())).unwrap().count()
    }

    pub(crate) fn threads(&self) -> usize {
        fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap().count()
    }

    /// Threads that serve.
    pub(crate) fn workers(&self) -> usize {
        self.threads_named("serve")
    }

    pub(crate) fn threads_named(&self, name: &str) -> usize {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let names = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("comm")).ok());
        names.filter(|it| it.trim_end() == name).count()
    }

    /// Has the server read its config again, and waits until it says these words about it.
    #[track_caller]
    pub(crate) fn reload(&mut self, words: &str) -> String {
        self.process.signal(Signal::HUP);
        self.process.stderr.line_with(words)
    }

    /// Stops the server as an administrator would, and tells how it went.
    #[track_caller]
    pub(crate) fn stop(self) -> Finished {
        self.process.signal(Signal::TERM);
        self.process.finish(PATIENCE)
    }
}

/// An address that nobody else has, for those who have to know it before. Not one of 127.0.0.1: a port that was free
/// there a moment ago can be that of any client by now.
pub(crate) fn own_address() -> SocketAddr {
    static COUNT: AtomicUsize = AtomicUsize::new(1);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    SocketAddr::from(([127, 1 + high % 254, low, 1], 20_000 + number as u16))
}

/// Waits for what nothing can be read from, such as a number below /proc: looks again and again, up to [`PATIENCE`].
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(2)); // between two looks, so that the machine is left to the server
    }
}

/// Waits until a file was changed so long ago that a server keeps what it knows of it: what is younger may be written
/// again without a trace.
#[track_caller]
pub(crate) fn settle(path: impl AsRef<Path>) {
    let metadata = fs::symlink_metadata(path).unwrap();
    let changed = UNIX_EPOCH + Duration::new(metadata.ctime() as u64, metadata.ctime_nsec() as u32);
    let has_settled = || changed.elapsed().is_ok_and(|age| age > Duration::from_millis(20));
    eventually("it has settled", has_settled);
}

pub(crate) fn make_fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// Waits until somebody reads the FIFO.
#[track_caller]
pub(crate) fn begun(path: &Path) -> File {
    let open = || File::options().write(true).custom_flags(libc::O_NONBLOCK).open(path).ok();
    let mut writer = None;
    eventually("somebody reads it", || {
        writer = open();
        writer.is_some()
    });
    writer.unwrap()
}

/// The clients' ends of thousands of connections are descriptors too, and they are the test's.
pub(crate) fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile).maximum;
    let raise = |limit| setrlimit(Resource::Nofile, Rlimit { current: limit, maximum: limit });
    // Root may take more than it was given.
    raise(limit.map(|limit| limit.max(20_000))).or_else(|_| raise(limit)).unwrap();
}
