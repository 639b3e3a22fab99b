//! A request costs one receive and one send, and a look at its file that all requests of a turn share.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Requests on each connection.
const REQUESTS: usize = 500;

struct Server {
    process: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(config: &Path) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_webserv"));
        command.env_clear().arg("-c").arg(config).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let banner = lines.map(Result::unwrap).find(|line| line.contains(" serving ")).unwrap();
        let address = banner.trim().rsplit_once("http://").unwrap().1.trim_end_matches('/').to_owned();
        Server { process, address }
    }

    /// The bytes of a response, encoded where there is something to encode.
    fn length(&self, path: &str, lines: &str) -> usize {
        let close = "Connection: close\r\n";
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let mut socket = TcpStream::connect(&self.address).unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{close}{lines}\r\n");
            socket.write_all(request.as_bytes()).unwrap();
            let mut response = Vec::new();
            socket.read_to_end(&mut response).unwrap();
            let is_encoded = String::from_utf8_lossy(&response).contains("Content-Encoding: gzip");
            if is_encoded || !path.ends_with(".html") {
                return response.len() - close.len();
            }
            assert!(Instant::now() < deadline, "nothing is encoded");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What so many connections cost that each make a request at a time, all at the same time: system calls a request.
    fn calls(&self, connections: usize, path: &str, lines: &str) -> f64 {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n");
        let mut sockets: Vec<TcpStream> = (0..connections)
            .map(|_| {
                let socket = TcpStream::connect(&self.address).unwrap();
                socket.set_nodelay(true).unwrap();
                socket
            })
            .collect();
        let length = self.length(path, lines);
        let round = |sockets: &mut [TcpStream]| {
            for socket in &mut *sockets {
                socket.write_all(request.as_bytes()).unwrap();
            }
            for socket in sockets {
                socket.read_exact(&mut vec![0; length]).unwrap();
            }
        };
        // Not the first requests: these find the file, and register their connections.
        round(&mut sockets);
        let output = std::env::temp_dir().join(format!("webserv-strace-{}-{connections}", std::process::id()));
        let process = self.process.id().to_string();
        let mut strace = Command::new("strace")
            .args(["-f", "-c", "-o"])
            .arg(&output)
            .args(["-p", &process])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It says so when it is there; a thread may come and go meanwhile, so that some are left to be caught up with.
        BufReader::new(strace.stderr.take().unwrap()).read_line(&mut String::new()).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while !is_traced(&process) {
            assert!(Instant::now() < deadline, "strace has not all threads");
            std::thread::yield_now();
        }
        for _ in 0..REQUESTS {
            round(&mut sockets);
        }
        let strace_id = rustix::process::Pid::from_child(&strace);
        rustix::process::kill_process(strace_id, rustix::process::Signal::INT).unwrap();
        strace.wait().unwrap();
        let table = std::fs::read_to_string(&output).unwrap();
        let _ = std::fs::remove_file(&output);
        let total = table.lines().find(|line| line.ends_with(" total")).unwrap_or_else(|| panic!("{table}"));
        let calls: f64 = total.split_whitespace().nth(3).unwrap().parse().unwrap();
        println!("{connections} connections: {calls} calls\n{table}");
        calls / (connections * REQUESTS) as f64
    }
}

/// Whether each thread of a process is traced by another (proc_pid_status(5)).
fn is_traced(process: &str) -> bool {
    std::fs::read_dir(format!("/proc/{process}/task")).unwrap().all(|task| {
        let status = std::fs::read_to_string(task.unwrap().path().join("status"));
        // One that has ended does not count.
        status.map_or(true, |status| !status.contains("TracerPid:\t0\n"))
    })
}

#[test]
#[ignore = "needs strace; .ci/run installs it and runs with --ignored"]
fn a_request_costs_a_receive_and_a_send() {
    let directory = std::env::temp_dir().join(format!("webserv-calls-{}", std::process::id()));
    std::fs::create_dir(&directory).unwrap();
    for name in ["a.txt", "coded.js", "coded.js.gz"] {
        std::fs::write(directory.join(name), "a file, up to the end").unwrap();
    }
    std::fs::write(directory.join("made.html"), "a file, up to the end. ".repeat(500)).unwrap();
    std::thread::sleep(Duration::from_millis(100)); // what was written a moment ago is not kept
    let config = directory.join("webserv.toml");
    std::fs::write(&config, "listen = '127.0.0.1:0'\n[log]\naccess = 'off'\n[[site]]\nroot = '.'\n").unwrap();
    let server = Server::start(&config);
    // Receive and send; a wait, and a look at the file, for as many as have come by then.
    let alone = server.calls(1, "/a.txt", "");
    let together = server.calls(64, "/a.txt", "");
    // The file, and the sibling that is sent.
    let coded = server.calls(1, "/coded.js", "Accept-Encoding: gzip, deflate, br, zstd\r\n");
    let coded_together = server.calls(64, "/coded.js", "Accept-Encoding: gzip, deflate, br, zstd\r\n");
    // What was made of the file is as true as the file.
    let made = server.calls(1, "/made.html", "Accept-Encoding: gzip, deflate, br, zstd\r\n");
    // There are none, which is looked for again every two seconds.
    let plain = server.calls(1, "/a.txt", "Accept-Encoding: gzip, deflate, br, zstd\r\n");
    let _ = std::fs::remove_dir_all(&directory);
    assert!((3.9..=4.01).contains(&alone), "{alone} calls for a request of one client");
    assert!((2.0..=2.2).contains(&together), "{together} calls for a request of one of 64 clients");
    assert!((4.9..=5.02).contains(&coded), "{coded} calls for a coded file of one client");
    assert!((2.0..=2.3).contains(&coded_together), "{coded_together} calls for a coded file of one of 64 clients");
    assert!((3.9..=4.02).contains(&made), "{made} calls for what was encoded here");
    assert!((3.9..=4.02).contains(&plain), "{plain} calls for a file without siblings");
}
