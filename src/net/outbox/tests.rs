//! Segments in, bytes out of the other end of a socket: in order, under every share, and none lost.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use rustix::net::sockopt::tcp_cork;

use super::*;

fn pair() -> (Transport, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    theirs.set_nonblocking(true).unwrap();
    (Transport::new(OwnedFd::from(ours)), theirs)
}

/// A file without a name that holds `bytes`.
fn file(bytes: &[u8]) -> Arc<dyn AsFd> {
    let file = rustix::fs::memfd_create("test", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
    assert_eq!(rustix::io::write(&file, bytes).unwrap(), bytes.len());
    Arc::new(file)
}

#[test]
fn segments_leave_in_order_under_every_share() {
    let large: Rc<[u8]> = (0..COPY_MAX + 1000).map(|n| n as u8).collect();
    let contents: Vec<u8> = (0..5000).map(|n| (n / 7) as u8).collect();
    for share in [1, 3, 1000, 100_000] {
        let (transport, mut theirs) = pair();
        let mut outbox = Outbox::default();
        outbox.encode(|out| out.extend_from_slice(b"head;"));
        outbox.push_shared(&large, 10..large.len());
        outbox.encode(|out| out.extend_from_slice(b"next;"));
        outbox.push_shared(&Rc::from(&b"small"[..]), 1..3);
        outbox.push_made(Arc::new(large.to_vec()), 20..large.len());
        outbox.push_made(Arc::new(*b"small"), 3..5);
        outbox.push_file(file(&contents), 5..4005);
        outbox.fill_file(contents[5..205].into());
        outbox.encode(|out| out.extend_from_slice(b"between"));
        outbox.push_file(file(&contents), 0..3);
        outbox.fill_file(contents[205..210].into());
        let mut expected = b"head;".to_vec();
        expected.extend_from_slice(&large[10..]);
        expected.extend_from_slice(b"next;ma");
        expected.extend_from_slice(&large[20..]);
        expected.extend_from_slice(b"ll");
        expected.extend_from_slice(&contents[5..4005]);
        expected.extend_from_slice(b"between");
        expected.extend_from_slice(&contents[..3]);
        assert_eq!((outbox.queued(), outbox.left()), (expected.len() - 3798, expected.len() as u64));

        let mut received = Vec::new();
        loop {
            let flushed = outbox.flush(&transport, &mut { share }, u64::MAX).unwrap();
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = theirs.read(&mut buffer) {
                received.extend_from_slice(&buffer[..length]);
            }
            if flushed == Flushed::Drained {
                break;
            }
        }
        assert!(received == expected, "share {share}");
        assert_eq!((outbox.queued(), outbox.left(), outbox.is_empty()), (0, 0, true));
    }
}

#[test]
fn what_was_filled_in_and_is_forgotten_comes_from_the_file() {
    let contents: Vec<u8> = (0..300_000).map(|n| (n / 7) as u8).collect();
    for (filled, kept) in [(300_000, 1), (300_000, 1000), (200_000, 1), (200_000, 1_000_000)] {
        let (transport, mut theirs) = pair();
        let mut outbox = Outbox::default();
        outbox.encode(|out| out.extend_from_slice(b"head;"));
        outbox.push_file(file(&contents), 0..300_000);
        outbox.encode(|out| out.extend_from_slice(b"end"));
        outbox.fill_file(contents[..filled].into());
        assert!(outbox.holds_file());
        let (mut received, mut held) = (Vec::new(), filled);
        loop {
            let flushed = outbox.flush(&transport, &mut 9_000, u64::MAX).unwrap();
            assert!([0, held].contains(&outbox.filled()), "a piece takes its memory until it has been sent");
            outbox.forget_filled(kept);
            held = outbox.filled().min(kept);
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = theirs.read(&mut buffer) {
                received.extend_from_slice(&buffer[..length]);
            }
            assert_eq!(outbox.left(), (5 + 300_000 + 3 - received.len()) as u64);
            if flushed == Flushed::Drained {
                break;
            }
        }
        assert!(received == [b"head;", &contents[..], b"end"].concat(), "{filled} {kept}");
        assert_eq!((outbox.queued(), outbox.filled(), outbox.is_empty()), (0, 0, true));
    }
}

#[test]
fn a_full_socket_blocks_and_nothing_is_lost() {
    let (transport, mut theirs) = pair();
    let mut outbox = Outbox::default();
    let bytes: Rc<[u8]> = (0..4_000_000_u32).map(|n| (n / 251) as u8).collect();
    outbox.push_shared(&bytes, 0..bytes.len());
    let mut received = Vec::new();
    let mut blocked = 0;
    while outbox.flush(&transport, &mut usize::MAX.clone(), 0).unwrap() != Flushed::Drained {
        blocked += 1;
        let mut buffer = [0; 65536];
        while let Ok(length @ 1..) = theirs.read(&mut buffer) {
            received.extend_from_slice(&buffer[..length]);
        }
    }
    drop(transport);
    theirs.set_nonblocking(false).unwrap();
    theirs.read_to_end(&mut received).unwrap();
    assert!(blocked > 0 && received == *bytes);
}

#[test]
fn a_file_that_is_too_short_is_an_error() {
    let (transport, _theirs) = pair();
    let mut outbox = Outbox::default();
    outbox.push_file(file(b"short"), 0..10);
    let error = outbox.flush(&transport, &mut 100, 100).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(outbox.left(), 5);
}

#[test]
fn a_file_of_several_pieces_ends_no_segment_before_its_last() {
    let long = vec![7; FILE_PIECE + 9];
    for (length, filled, is_corked) in
        [(9, 0, false), (FILE_PIECE, 0, false), (long.len(), 0, true), (long.len(), 8, true)]
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (ours, _) = listener.accept().unwrap();
        ours.set_nonblocking(true).unwrap();
        let socket = OwnedFd::from(ours.try_clone().unwrap());
        let transport = Transport::new(OwnedFd::from(ours));
        let mut outbox = Outbox::default();
        outbox.encode(|out| out.extend_from_slice(b"head;"));
        outbox.push_file(file(&long), 0..length as u64);
        let piece = |outbox: &mut Outbox| outbox.flush(&transport, &mut 1, 8).unwrap();
        assert_eq!((piece(&mut outbox), tcp_cork(&socket).unwrap()), (Flushed::ShareSpent, false), "the head");
        assert_eq!(piece(&mut outbox), Flushed::ShareSpent);
        assert_eq!(tcp_cork(&socket).unwrap(), is_corked, "{length}");
        let receive = std::thread::spawn(move || {
            let mut received = vec![0; 5 + length];
            theirs.read_exact(&mut received).unwrap();
            received
        });
        // The last of it may come from memory, as what was fetched does.
        let to_send = |outbox: &Outbox| outbox.left() - filled as u64;
        while to_send(&outbox) > 0 {
            let share = to_send(&outbox);
            _ = outbox.flush(&transport, &mut usize::MAX.clone(), share).unwrap();
        }
        outbox.fill_file(vec![7; filled].into());
        while outbox.flush(&transport, &mut usize::MAX.clone(), 0).unwrap() != Flushed::Drained {}
        assert!(!tcp_cork(&socket).unwrap(), "{length} {filled}");
        assert_eq!(receive.join().unwrap(), [b"head;", &long[..length]].concat());
    }
}
