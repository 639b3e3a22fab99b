//! A file that the disk is slow to give makes those wait who asked for it, and nobody besides.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Scratch, Server, eventually};
use crate::wire::{get, request};

/// How long the slow disk takes for each read.
const SLOW: Duration = Duration::from_millis(600);

/// How long others may have to wait meanwhile. Far less than a read, far more than a request.
const QUICK: Duration = Duration::from_millis(300);

/// A directory with one file of zeros, `slow.bin`, on a disk that is slow to read: nbdkit(1) behind nbdfuse(1).
struct SlowDisk {
    process: Child,
    directory: PathBuf,
}

impl SlowDisk {
    fn mount(directory: PathBuf, size: u64) -> SlowDisk {
        std::fs::create_dir(&directory).unwrap();
        let file = directory.join("slow.bin");
        let mut command = Command::new("nbdfuse");
        command.arg(&file).args(["[", "nbdkit", "--filter=delay", "memory"]);
        command.arg(format!("size={size}")).arg(format!("rdelay={}ms", SLOW.as_millis())).arg("]");
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let disk = SlowDisk { process, directory };
        eventually("the slow disk is there", || file.exists());
        disk
    }
}

impl Drop for SlowDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.directory).status();
        let _ = self.process.wait();
    }
}

fn downloads_the_slow_one(size: usize) {
    let directory = Scratch::with(&[("fast.txt", "fast")]);
    let _disk = SlowDisk::mount(directory.join("disk"), size as u64);
    let server = Server::of(&directory);
    // One alone: while it reads, nbdfuse tells nobody anything else about its file.
    let mut slow = server.connect();
    let asked = Instant::now();
    slow.send(request("GET", "/disk/slow.bin", &[]));
    let download = std::thread::spawn(move || slow.response());
    let mut longest = Duration::ZERO;
    let mut answered = 0;
    while !download.is_finished() {
        let start = Instant::now();
        get(&server, "/fast.txt").assert_status(200).assert_content("fast");
        longest = longest.max(start.elapsed());
        answered += 1;
    }
    assert!(longest < QUICK, "one of {answered} requests waited for the disk of others: {longest:?}");
    download.join().unwrap().assert_status(200).assert_content(vec![0; size]);
    assert!(asked.elapsed() >= SLOW, "the disk is not slow");
}

#[test]
#[ignore = "needs nbdkit and nbdfuse; .ci/run installs them and runs with --ignored"]
fn a_slow_file_delays_nobody_else() {
    if !Path::new("/dev/fuse").exists() {
        println!("not tested: this system has no FUSE");
        return;
    }
    // One that is read into memory before its head is sent. A larger one, sent piece by piece, still makes others wait now and
    // then on such a file system, for as long as one read takes.
    downloads_the_slow_one(4096);
}
