//! The three servers on ports of their own, all serving one tree with as little configuration as they take.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::exchange;
use crate::support::{Process, Scratch, Server, command, eventually};

/// When every file of the tree was modified: Sun, 06 Nov 1994 08:49:37 GMT.
const MODIFIED: Duration = Duration::from_secs(784_111_777);

/// One server under test.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// What it takes to be the entity tag of /a.txt.
    pub(crate) tag: String,
}

/// All of them, in the order of the report's columns.
pub(crate) struct Peers {
    all: [Peer; 3],
    // Ended before the tree that they serve is removed.
    _processes: [Process; 3],
    _directory: Scratch,
}

impl Peers {
    pub(crate) fn start() -> Self {
        let directory = tree();
        let webserv = Server::configured(&directory, "listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\n");
        let (nginx_address, nginx) = nginx(&directory);
        let (h2o_address, h2o) = h2o(&directory);
        let all = [webserv.address(), nginx_address, h2o_address].map(|address| {
            eventually("a server that listens", || TcpStream::connect(address).is_ok());
            Peer { address, tag: exchange::entity_tag(address, "/a.txt") }
        });
        Self { all, _processes: [webserv.process, nginx, h2o], _directory: directory }
    }

    pub(crate) fn all(&self) -> [&Peer; 3] {
        self.all.each_ref()
    }

    /// The releases that are compared with, such as `nginx 1.22.1`; what a distribution adds to them is left out.
    pub(crate) fn versions(&self) -> [String; 2] {
        ["nginx", "h2o"].map(|name| {
            let output = command(name).arg("-v").output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            let words = said.split([' ', '/', '\n']);
            let version = words.into_iter().find(|word| word.starts_with(|it: char| it.is_ascii_digit()));
            format!("{name} {}", version.expect("a version").split('-').next().unwrap())
        })
    }
}

/// What is served: small files whose content names them, and one that is worth several ranges.
fn tree() -> Scratch {
    let directory = Scratch::new();
    let long: Vec<u8> = (0..100_000).map(|at| b'a' + (at % 26) as u8).collect();
    let files: [(&str, &[u8]); 9] = [
        ("www/index.html", b"home"),
        ("www/a.txt", b"0123456789"),
        ("www/b.txt", b"second"),
        ("www/empty.txt", b""),
        ("www/long.txt", &long),
        ("www/dir/index.html", b"directory"),
        ("www/a b.txt", b"space"),
        ("www/\u{e4}.txt", b"umlaut"),
        ("www/.env", b"hidden"),
    ];
    let outside = [("outside.txt", b"outside".as_slice()), ("www/probe.txt", exchange::PROBE_CONTENT)];
    for (name, content) in files.into_iter().chain(outside) {
        let path = directory.write(name, content);
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + MODIFIED).unwrap();
    }
    directory
}

/// A port that nobody listens on. These servers cannot say which one the system gave them.
fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

fn nginx(directory: &Scratch) -> (SocketAddr, Process) {
    let address = free_address();
    // Of its own too, or it could only be run as root.
    let directories = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let directories = directories.map(|name| format!("{name}_temp_path {name};")).join(" ");
    let config = format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr crit; events {{}}\n\
         http {{ access_log off; {directories} server {{ listen {address}; root www; }} }}\n"
    );
    let config = directory.write("nginx.conf", config);
    let mut command = command("nginx");
    command.arg("-p").arg(directory.path()).arg("-c").arg(config).args(["-e", "stderr"]);
    (address, Process::spawn(&mut command, Stdio::null()))
}

fn h2o(directory: &Scratch) -> (SocketAddr, Process) {
    let address = free_address();
    // As root it insists on being told whom to become; the tree may be readable to root alone.
    let user = if rustix::process::geteuid().is_root() { "user: root\n" } else { "" };
    let config = format!(
        "{user}num-threads: 1\nlisten:\n  host: {}\n  port: {}\nhosts:\n  default:\n    paths:\n      /:\n        \
         file.dir: {}\n",
        address.ip(),
        address.port(),
        directory.join("www").display()
    );
    let config = directory.write("h2o.conf", config);
    let process = Process::spawn(command("h2o").arg("-c").arg(config), Stdio::null());
    (address, process)
}
