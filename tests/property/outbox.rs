//! The outbox, in front of a socket with hardly any room: whatever the order of appending, sending and reading, the
//! peer gets the bytes that were appended, in their order, and the outbox knows at any time how many are left.

use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::net::sockopt::set_socket_send_buffer_size;
use webserv::net::{Flushed, Outbox, Transport};

use crate::random::Random;

const RUNS: u64 = 150;

/// A file without a name that holds `bytes`.
fn file(bytes: &[u8]) -> Arc<dyn AsFd> {
    let file = memfd_create("property", MemfdFlags::CLOEXEC).unwrap();
    assert_eq!(rustix::io::write(&file, bytes).unwrap(), bytes.len());
    Arc::new(file)
}

/// A length that is mostly small, often near to where the outbox goes over from copying to sharing, and never 0.
fn length(random: &mut Random) -> usize {
    match random.below(4) {
        0 => 1 + random.below(8),
        1 => 1 + random.below(600),
        2 => 4095 + random.below(3),
        _ => 1 + random.below(30_000),
    }
}

/// A part of something that is so long. Often all of it, now and then nothing.
fn part(length: usize, random: &mut Random) -> std::ops::Range<usize> {
    let start = if random.below(2) == 0 { 0 } else { random.below(length) };
    let end = if random.below(2) == 0 { length } else { start + random.below(length - start + 1) };
    start..end
}

/// One end of the connection, which is to be sent through, and what is to arrive at the other.
struct Run {
    outbox: Outbox,
    transport: Transport,
    peer: UnixStream,
    appended: Vec<u8>,
    received: Vec<u8>,
    memory: Rc<[u8]>,
    file: Arc<dyn AsFd>,
}

impl Run {
    fn new(random: &mut Random) -> Run {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        theirs.set_nonblocking(true).unwrap();
        set_socket_send_buffer_size(&ours, 1).unwrap(); // the kernel takes the least that it can work with
        let memory: Rc<[u8]> = (0..length(random)).map(|_| random.next() as u8).collect();
        let file = file(&memory);
        let transport = Transport::new(OwnedFd::from(ours));
        let (appended, received) = (Vec::new(), Vec::new());
        Run { outbox: Outbox::default(), transport, peer: theirs, appended, received, memory, file }
    }

    fn append(&mut self, random: &mut Random) {
        match random.below(3) {
            0 => {
                let bytes: Vec<u8> = (0..random.below(300)).map(|_| random.next() as u8).collect();
                self.outbox.encode(|out| out.extend_from_slice(&bytes));
                self.appended.extend_from_slice(&bytes);
            }
            1 => {
                let part = part(self.memory.len(), random);
                self.outbox.push_shared(&self.memory, part.clone());
                self.appended.extend_from_slice(&self.memory[part]);
            }
            _ => {
                let part = part(self.memory.len(), random);
                self.outbox.push_file(Arc::clone(&self.file), part.start as u64..part.end as u64);
                self.appended.extend_from_slice(&self.memory[part]);
            }
        }
    }

    fn flush(&mut self, share_max: usize) -> Flushed {
        let mut share = share_max;
        let before = self.outbox.left();
        let flushed = loop {
            // A file after the other is checked before it is sent.
            match self.outbox.flush(&self.transport, &mut share, u64::MAX).unwrap() {
                Flushed::FileHeld => {}
                flushed => break flushed,
            }
        };
        let sent = before - self.outbox.left();
        assert_eq!(flushed == Flushed::Drained, self.outbox.is_empty());
        assert!(flushed != Flushed::ShareSpent || share == 0, "{share} of the share are left");
        assert!(share == 0 || sent == (share_max - share) as u64, "{sent} were sent, {share} of {share_max} are left");
        flushed
    }

    fn read(&mut self, length: usize) {
        let mut buffer = vec![0; length];
        if let Ok(length) = self.peer.read(&mut buffer) {
            self.received.extend_from_slice(&buffer[..length]);
        }
        assert!(self.appended.starts_with(&self.received), "other bytes arrive than were appended");
    }
}

/// Sends `first` bytes and then more through a new socket, with whatever the peer reads in between. Returns how many
/// went before the socket was full.
fn sent_at_once(first: usize, is_shared: bool, random: &mut Random) -> usize {
    let mut run = Run::new(random);
    let bytes: Rc<[u8]> = (0..first).map(|_| random.next() as u8).collect();
    run.appended.extend_from_slice(&bytes);
    if is_shared {
        run.outbox.push_shared(&bytes, 0..first);
    } else {
        run.outbox.encode(|out| out.extend_from_slice(&bytes));
    }
    run.outbox.push_file(Arc::clone(&run.file), 0..run.memory.len() as u64); // no part of the segment before it
    run.appended.extend_from_slice(&run.memory);
    run.append(random);
    run.flush(usize::MAX);
    let sent = run.appended.len() - run.outbox.left() as usize;
    while run.received.len() < run.appended.len() {
        run.read(100_000);
        run.flush(usize::MAX);
    }
    assert!(run.received == run.appended && run.outbox.is_empty());
    sent
}

#[test]
fn a_socket_may_be_full_at_any_byte_of_a_segment() {
    let mut random = Random::new(0);
    for is_shared in [false, true] {
        // All that the socket takes at once, and then about as much in the first segment.
        let room = sent_at_once(1_000_000, is_shared, &mut random);
        for first in room - 9..room + 10 {
            sent_at_once(first, is_shared, &mut random);
        }
    }
}

#[test]
fn every_order_of_appending_sending_and_reading_delivers_the_same_bytes() {
    for seed in 0..RUNS {
        println!("seed {seed}"); // shown where the test fails
        let mut random = Random::new(seed);
        let mut run = Run::new(&mut random);
        for _ in 0..100 {
            match random.below(4) {
                0 => run.append(&mut random),
                1 => run.read(length(&mut random)),
                _ => {
                    let share = length(&mut random);
                    run.flush(share);
                }
            }
            assert!(run.outbox.queued() as u64 <= run.outbox.left());
            assert!(run.outbox.left() <= (run.appended.len() - run.received.len()) as u64);
        }
        while run.flush(usize::MAX) != Flushed::Drained {
            run.read(100_000);
        }
        assert_eq!((run.outbox.queued(), run.outbox.left(), run.outbox.holds_file()), (0, 0, false));
        while run.received.len() < run.appended.len() {
            run.read(100_000);
        }
        assert!(run.received == run.appended);
    }
}
