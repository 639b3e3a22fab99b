//! Processes on a core of their own, ended with their owner, and what the kernel says of them: CPU time and memory.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process_group, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::cleanup::left;

/// The servers run here, and nothing else.
pub(crate) const SERVER_CORE: usize = 0;

/// The load runs here, and the benchmark itself, which waits meanwhile.
pub(crate) const LOAD_CORE: usize = 1;

/// Pins this thread and what it starts from now on.
pub(crate) fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).unwrap_or_else(|error| panic!("cannot be pinned to core {core}: {error}"));
}

/// Waits, and tells which share of all cores others have used meanwhile.
pub(crate) fn busy_meanwhile(time: Duration) -> f64 {
    let times = || {
        let stat = fs::read_to_string("/proc/stat").expect("procfs");
        // "cpu  USER NICE SYSTEM IDLE IOWAIT .."
        let times = stat.lines().next().unwrap_or_default().split_whitespace().skip(1).take(8);
        let times: Vec<f64> = times.filter_map(|time| time.parse().ok()).collect();
        (times.iter().sum::<f64>(), times[3] + times[4])
    };
    let (total, idle) = times();
    thread::sleep(time);
    let (total_after, idle_after) = times();
    1.0 - (idle_after - idle) / (total_after - total)
}

/// Thousands of connections are as many descriptors, here and in the servers, which inherit the limit.
pub(crate) fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
        .expect("up to the hard limit");
}

/// A program that runs in a process group of its own, and is ended with this value whatever happens.
pub(crate) struct Process {
    pub(crate) child: Child,
    group: Pid,
    has_ended: bool,
}

impl Process {
    /// Starts a program on a core.
    ///
    /// # Errors
    ///
    /// It isn't there, or cannot be started.
    pub(crate) fn spawn(command: &mut Command, core: usize) -> io::Result<Process> {
        command.stdin(Stdio::null()).process_group(0);
        let mut left = left();
        // A child is pinned as the thread that starts it is.
        pin(core);
        let child = command.spawn();
        pin(LOAD_CORE);
        let child = child?;
        let group = Pid::from_child(&child);
        left.groups.push(group);
        Ok(Process { child, group, has_ended: false })
    }

    /// Sends a signal to all of them.
    pub(crate) fn signal(&self, signal: Signal) {
        _ = kill_process_group(self.group, signal);
    }

    /// Waits for it to end by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let status = self.child.wait().expect("a child of ours");
        self.has_ended = true;
        left().groups.retain(|group| *group != self.group);
        status
    }

    /// The process and all that it has started, be it a master and its worker.
    pub(crate) fn members(&self) -> Members {
        let mut processes = Vec::new();
        for entry in fs::read_dir("/proc").expect("procfs").flatten() {
            let path = entry.path();
            let stat = fs::read_to_string(path.join("stat")).unwrap_or_default();
            // "PID (NAME) STATE PARENT GROUP ..", where NAME may hold anything
            let group = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(2)?.parse().ok());
            if group == Some(self.group.as_raw_nonzero().get()) {
                processes.push(path);
            }
        }
        assert!(!processes.is_empty(), "the process has ended");
        processes.sort();
        Members { processes }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Once it has been waited for, its number may be another's.
        if !self.has_ended {
            // Nothing is measured of its end, so it may be as rude as it is certain.
            self.signal(Signal::KILL);
            self.wait();
        }
    }
}

/// The processes of a server, as directories below /proc.
#[derive(Default)]
pub(crate) struct Members {
    processes: Vec<PathBuf>,
}

/// Memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// All that is mapped and present
    pub(crate) resident: f64,
    /// That part of it which no file stands behind
    pub(crate) anonymous: f64,
}

impl Members {
    /// Their identifiers.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.processes.iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect()
    }

    /// The time that all their threads have been on a CPU, which the scheduler counts in nanoseconds; the clock of
    /// /proc/PID/stat ticks a hundred times a second.
    pub(crate) fn cpu_time(&self) -> Duration {
        let threads = self.processes.iter().flat_map(|path| fs::read_dir(path.join("task")).expect("still running"));
        let nanoseconds = threads.flatten().map(|thread| {
            let schedstat = fs::read_to_string(thread.path().join("schedstat")).expect("a kernel that keeps schedstat");
            schedstat.split(' ').next().and_then(|first| first.parse::<u64>().ok()).expect("a number")
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    /// The memory of all of them. What they share counts for each.
    pub(crate) fn memory(&self) -> Memory {
        let mut memory = Memory { resident: 0.0, anonymous: 0.0 };
        for path in &self.processes {
            let status = fs::read_to_string(path.join("status")).expect("still running");
            let bytes = |key: &str| {
                let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("such a line");
                line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") * 1024.0
            };
            memory.resident += bytes("VmRSS:");
            memory.anonymous += bytes("RssAnon:");
        }
        memory
    }
}
