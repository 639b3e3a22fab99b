//! The servers: how each of them is configured, started and asked for its version.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::cleanup::Scratch;
use crate::client;
use crate::limit;
use crate::process::{Members, Process, SERVER_CORE};
use crate::scenario::Limit;

/// How long a server may take to start. Only ever used up by a failure.
const PATIENCE: Duration = Duration::from_secs(10);

/// Seconds that a connection may be idle: none is closed while it is counted on.
const IDLE_SECONDS: u32 = 600;

/// Who is measured, in the order of the table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Kind {
    /// What is possible
    Limit,
    Webserv,
    Nginx,
    /// nginx that reads its files, as it does where nobody turns sendfile on
    NginxCopying,
    Lighttpd,
    H2o,
}

impl Kind {
    pub(crate) const ALL: [Kind; 6] =
        [Kind::Limit, Kind::Webserv, Kind::Nginx, Kind::NginxCopying, Kind::Lighttpd, Kind::H2o];

    /// As the table names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Limit => "limit",
            Kind::Webserv => "webserv",
            Kind::Nginx => "nginx",
            Kind::NginxCopying => "nginx sendfile off",
            Kind::Lighttpd => "lighttpd",
            Kind::H2o => "h2o",
        }
    }

    /// As an argument names it.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Kind::NginxCopying => "nginx-copying",
            _ => self.name(),
        }
    }

    /// Whether it is somebody else's, to be compared with.
    pub(crate) fn is_peer(self) -> bool {
        !matches!(self, Kind::Limit | Kind::Webserv)
    }

    /// The program, as the system finds it.
    fn program(self) -> &'static str {
        match self {
            Kind::Limit | Kind::Webserv => env!("CARGO_BIN_EXE_webserv"),
            Kind::Nginx | Kind::NginxCopying => "nginx",
            Kind::Lighttpd => "lighttpd",
            Kind::H2o => "h2o",
        }
    }

    /// Its release, such as `nginx 1.22.1`; none where it is not installed.
    pub(crate) fn version(self) -> Option<String> {
        match self {
            Kind::Limit => Some("limit".to_owned()),
            Kind::Webserv => Some(concat!("webserv ", env!("CARGO_PKG_VERSION")).to_owned()),
            _ => version(self.program()),
        }
    }
}

/// What a program calls itself, with the first word behind it that could be a version.
pub(crate) fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("-v").output().ok()?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let mut words = said.split([' ', '/', '\n']).map(|word| word.trim_start_matches("debian/"));
    let version = words.find(|word| word.starts_with(|it: char| it.is_ascii_digit())).unwrap_or("?");
    Some(format!("{program} {version}"))
}

/// What the limit answers with.
pub(crate) struct Canned {
    pub(crate) how: Limit,
    /// The file that holds the response, or its head where a file follows
    pub(crate) response: PathBuf,
    pub(crate) file: Option<PathBuf>,
}

/// A server that listens.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) members: Members,
    process: Process,
    /// What it writes to its standard error
    said: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            let ended = self.process.child.try_wait().ok().flatten();
            let state = ended.map_or("is running".to_owned(), |status| format!("has ended: {status}"));
            let said = fs::read_to_string(&self.said).unwrap_or_default();
            eprintln!("{} {state}\n{said}", self.said.with_extension("").display());
        }
    }
}

impl Server {
    /// Starts a server and waits until it has answered.
    pub(crate) fn start(kind: Kind, scratch: &Scratch, root: &Path, canned: Option<&Canned>) -> Server {
        let (server, _) = Server::timed(kind, scratch, root, canned, "/");
        server
    }

    /// The same, with the time that passed until the last byte of the first response was there.
    pub(crate) fn timed(
        kind: Kind,
        scratch: &Scratch,
        root: &Path,
        canned: Option<&Canned>,
        target: &str,
    ) -> (Server, Duration) {
        let address = free_address();
        let said = scratch.path().join(format!("{}-{}.stderr", kind.key(), address.port()));
        let mut command = command(kind, address, scratch, root, canned);
        command.stdout(Stdio::null()).stderr(File::create(&said).expect("a file"));
        let request = client::request(address, target, &[]);
        let started = Instant::now();
        let process = Process::spawn(&mut command, SERVER_CORE)
            .unwrap_or_else(|error| panic!("{} does not start: {error}", kind.name()));
        // By the time it answers, it has started all that belongs to it.
        let mut server = Server { address, members: Members::default(), process, said };
        let elapsed = loop {
            let answered = client::once(address, &request);
            let elapsed = started.elapsed();
            let ended = server.process.child.try_wait().expect("a child of ours");
            assert!(ended.is_none() && elapsed < PATIENCE, "{} does not start: {command:?}", kind.name());
            match answered {
                Ok(_) => break elapsed,
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => thread::yield_now(),
                Err(error) => panic!("{} does not answer: {error}", kind.name()),
            }
        };
        server.members = server.process.members();
        (server, elapsed)
    }
}

/// A port that nobody listens on: not all of the servers can say which one the system gave them. It is not one of those
/// that the system gives to clients, so nobody takes it meanwhile, and no client that tries it meets itself.
fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let end = range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(32_768);
    let addresses =
        (0..end).map(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, end - 1 - NEXT.fetch_add(1, Relaxed) % 8192)));
    addresses.into_iter().find(|address| TcpListener::bind(address).is_ok()).expect("a port")
}

fn command(kind: Kind, address: SocketAddr, scratch: &Scratch, root: &Path, canned: Option<&Canned>) -> Command {
    let name = format!("{}-{}", kind.key(), address.port());
    let write = |config: String| scratch.write(&format!("{name}.conf"), config);
    let root = root.display();
    let mut command = Command::new(kind.program());
    match kind {
        Kind::Limit => {
            command = Command::new(std::env::current_exe().expect("the path of this program"));
            command.arg(limit::ARGUMENT).arg(address.port().to_string());
            let Canned { how, response, file } = canned.expect("something to answer with");
            command.arg(how.name()).arg(response).args(file);
        }
        Kind::Webserv => {
            let config = write(format!(
                "listen = '{address}'\n[log]\naccess = 'off'\n[limits]\nidle_time = '{IDLE_SECONDS}s'\n\
                 [[site]]\nroot = '{root}'\n"
            ));
            command.arg("-c").arg(config);
        }
        Kind::Nginx | Kind::NginxCopying => {
            let sendfile = if kind == Kind::Nginx { "on" } else { "off" };
            // Of its own, or it could only be run as root.
            let directories = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
            let directories = directories.map(|it| format!("{it}_temp_path {name}-{it};")).join(" ");
            let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
            let config = write(format!(
                "{user} daemon off; worker_processes 1; pid {name}.pid; error_log stderr crit;\n\
                 events {{ worker_connections 20000; }}\n\
                 http {{ access_log off; {directories} sendfile {sendfile}; tcp_nopush on;\n\
                 open_file_cache max=20000 inactive=60s; keepalive_requests 1000000000;\n\
                 keepalive_timeout {IDLE_SECONDS}s; server {{ listen {address} backlog=4096; root {root}; }} }}\n"
            ));
            command.arg("-p").arg(scratch.path()).arg("-c").arg(config).args(["-e", "stderr"]);
        }
        Kind::Lighttpd => {
            // It gives no tag to what it knows no media type of. More requests a connection than these it cannot count.
            let config = write(format!(
                "server.document-root = \"{root}\"\nserver.bind = \"{}\"\nserver.port = {}\n\
                 server.max-fds = 20000\nserver.max-connections = 10000\nserver.listen-backlog = 4096\n\
                 server.stat-cache-engine = \"simple\"\nserver.max-keep-alive-idle = {IDLE_SECONDS}\n\
                 server.max-keep-alive-requests = 65535\n\
                 mimetype.assign = (\".bin\" => \"application/octet-stream\")\n",
                address.ip(),
                address.port()
            ));
            command.arg("-D").arg("-f").arg(config);
        }
        Kind::H2o => {
            // As root it insists on being told whom to become.
            let user = if rustix::process::geteuid().is_root() { "user: root\n" } else { "" };
            let config = write(format!(
                "{user}num-threads: 1\nmax-connections: 20000\nhttp1-request-timeout: {IDLE_SECONDS}\n\
                 http1-upgrade-to-http2: OFF\nlisten:\n  host: {}\n  port: {}\nhosts:\n  default:\n    paths:\n      \
                 /:\n        file.dir: {root}\n",
                address.ip(),
                address.port()
            ));
            command.arg("-c").arg(config);
        }
    }
    command
}
