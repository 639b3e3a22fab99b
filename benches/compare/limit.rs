//! What is possible: a loop that answers whatever it is sent with the response that it was given, and does nothing
//! else. No server that reads its requests is faster; how far one is from it is what its own work costs.
//!
//! The benchmark runs itself as this server, as a process like the others: `--limit PORT HOW FILE [FILE]`.

use std::fs::File;
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;

use memchr::memmem::Finder;
use nix::libc;
use nix::setsockopt_impl;
use nix::sys::socket::{SetSockOpt, sockopt::SetStruct};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, sockopt};

use crate::scenario::Limit;

/// The argument that makes the benchmark this server.
pub(crate) const ARGUMENT: &str = "--limit";

/// Bytes received at a time.
const RECEIVE_BYTES: usize = 64 * 1024;

/// Responses that lie in a row in memory, to be sent at once.
const RESPONSES: usize = 64;

/// Bytes of a file that one call is asked for.
const FILE_PIECE: usize = 512 * 1024;

/// The same for one client alone.
const STREAM_PIECE: usize = 256 * 1024;

/// Bytes that the kernel takes without having sent them, for one client alone. The less it holds, the more of it is in
/// the CPU's cache still when the client reads it. Many clients would have the server wake up too often.
const STREAM_NOT_SENT: u32 = 128 * 1024;

/// Seconds that a connection without a request is kept from being accepted.
const DEFER_SECONDS: u32 = 10;

const FLAGS: SocketFlags = SocketFlags::NONBLOCK.union(SocketFlags::CLOEXEC);

/// TCP_NOTSENT_LOWAT (tcp(7)).
#[derive(Clone, Copy)]
struct NotSentLowWater;
setsockopt_impl!(NotSentLowWater, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, u32, SetStruct<u32>);

/// TCP_DEFER_ACCEPT (tcp(7)).
#[derive(Clone, Copy)]
struct DeferAccept;
setsockopt_impl!(DeferAccept, libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, u32, SetStruct<u32>);

/// What is sent for each request.
struct Answer {
    /// The response, or its head, so often that a call can send many.
    memory: Vec<u8>,
    /// The bytes of one.
    length: usize,
    /// What follows from a file, and its length.
    file: Option<(File, u64)>,
    /// Bytes of it that one call is asked for.
    piece: usize,
    /// Whether the connection is closed behind it.
    closes: bool,
}

/// A connection.
struct Client {
    socket: OwnedFd,
    /// The end of what was received, which may be the start of the end of a request
    carried: Vec<u8>,
    /// Responses that are not sent yet
    owed: usize,
    /// Bytes of the first of them that are
    sent: u64,
}

/// Why a client is left alone.
#[derive(PartialEq, Eq)]
enum Pause {
    /// Until there is more to read or room to send
    Blocked,
    /// For good
    Over,
}

/// Serves until it is killed.
pub(crate) fn run(arguments: &[String]) {
    let [port, how, files @ ..] = arguments else { panic!("{ARGUMENT} PORT HOW FILE [FILE]") };
    let one = std::fs::read(&files[0]).expect("the response");
    let file = files.get(1).map(|path| {
        let file = File::open(path).expect("the content");
        let length = file.metadata().expect("its length").len();
        (file, length)
    });
    let copies = if file.is_some() || one.len() > RECEIVE_BYTES { 1 } else { RESPONSES };
    let is_stream = how == Limit::Stream.name();
    let piece = if is_stream { STREAM_PIECE } else { FILE_PIECE };
    let closes = how == Limit::Closing.name();
    let answer = Answer { memory: one.repeat(copies), length: one.len(), file, piece, closes };
    let listener = listen(port.parse().expect("a port"));
    if is_stream {
        NotSentLowWater.set(&listener, &STREAM_NOT_SENT).expect("an option");
    }
    if closes {
        DeferAccept.set(&listener, &DEFER_SECONDS).expect("an option");
    }
    serve(&listener, &answer);
}

fn listen(port: u16) -> OwnedFd {
    let listener = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, FLAGS, None).expect("a socket");
    sockopt::set_socket_reuseaddr(&listener, true).expect("an option");
    // What is accepted inherits it, as it does the others.
    sockopt::set_tcp_nodelay(&listener, true).expect("an option");
    rustix::net::bind(&listener, &SocketAddr::from((Ipv4Addr::LOCALHOST, port))).expect("a port that is free");
    rustix::net::listen(&listener, 4096).expect("a listener");
    listener
}

fn serve(listener: &OwnedFd, answer: &Answer) {
    const LISTENER: u64 = u64::MAX;
    let epoll = epoll::create(CreateFlags::CLOEXEC).expect("an epoll");
    epoll::add(&epoll, listener, EventData::new_u64(LISTENER), EventFlags::IN).expect("the listener");
    let end = Finder::new(b"\r\n\r\n");
    let mut clients: Vec<Option<Client>> = Vec::new();
    let mut free = Vec::new();
    let mut buffer = vec![0; RECEIVE_BYTES];
    let mut events = [const { MaybeUninit::uninit() }; 256];
    loop {
        let (events, _) = match epoll::wait(&epoll, &mut events, None) {
            Ok(events) => events,
            Err(Errno::INTR) => continue,
            Err(error) => panic!("epoll: {error}"),
        };
        for event in events {
            let &mut epoll::Event { flags, data } = event;
            if data.u64() == LISTENER {
                while let Ok(socket) = rustix::net::accept_with(listener, FLAGS) {
                    let mut client = Client { socket, carried: Vec::new(), owed: 0, sent: 0 };
                    // Its request is there already, mostly, and then it never comes to epoll.
                    if answer.closes && client.go_on(answer, &end, &mut buffer) == Pause::Over {
                        continue;
                    }
                    let at = free.pop().unwrap_or_else(|| {
                        clients.push(None);
                        clients.len() - 1
                    });
                    let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
                    epoll::add(&epoll, &client.socket, EventData::new_u64(at as u64), flags).expect("a client");
                    clients[at] = Some(client);
                }
            } else {
                let at = data.u64() as usize;
                let ended = flags.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR);
                if let Some(client) = &mut clients[at]
                    && (ended || client.go_on(answer, &end, &mut buffer) == Pause::Over)
                {
                    clients[at] = None;
                    free.push(at);
                }
            }
        }
    }
}

impl Client {
    /// Sends what is owed, reads what there is, and answers it.
    fn go_on(&mut self, answer: &Answer, end: &Finder<'_>, buffer: &mut [u8]) -> Pause {
        loop {
            if self.owed > 0 {
                match self.send(answer) {
                    Ok(()) if answer.closes => return Pause::Over,
                    Ok(()) => {}
                    Err(Errno::AGAIN) => return Pause::Blocked,
                    Err(_) => return Pause::Over,
                }
            }
            let carried = self.carried.len();
            buffer[..carried].copy_from_slice(&self.carried);
            let received = match rustix::net::recv(&self.socket, &mut buffer[carried..], RecvFlags::empty()) {
                Ok((0, _)) => return Pause::Over,
                Ok((received, _)) => received,
                Err(Errno::AGAIN) => return Pause::Blocked,
                Err(_) => return Pause::Over,
            };
            let input = &buffer[..carried + received];
            let mut last = 0;
            for at in end.find_iter(input) {
                self.owed += 1;
                last = at + 4;
            }
            self.carried.clear();
            self.carried.extend_from_slice(&input[last..][input[last..].len().saturating_sub(3)..]);
            if self.owed == 0 {
                continue;
            }
            let filled = input.len() == buffer.len();
            match self.send(answer) {
                Ok(()) if answer.closes => return Pause::Over,
                // There was no more, or else it would have come too; what comes from now on is told.
                Ok(()) if !filled => return Pause::Blocked,
                Ok(()) => {}
                Err(Errno::AGAIN) => return Pause::Blocked,
                Err(_) => return Pause::Over,
            }
        }
    }

    /// Sends all responses that are owed, as far as there is room.
    fn send(&mut self, answer: &Answer) -> Result<(), Errno> {
        match &answer.file {
            None => self.send_memory(answer),
            Some((file, length)) => self.send_file(answer, file, *length),
        }
    }

    fn send_memory(&mut self, answer: &Answer) -> Result<(), Errno> {
        while self.owed > 0 {
            let start = self.sent as usize;
            let end = (self.owed * answer.length).min(answer.memory.len());
            let sent = rustix::net::send(&self.socket, &answer.memory[start..end], SendFlags::NOSIGNAL)? + start;
            self.owed -= sent / answer.length;
            self.sent = (sent % answer.length) as u64;
        }
        Ok(())
    }

    fn send_file(&mut self, answer: &Answer, file: &File, length: u64) -> Result<(), Errno> {
        let head = answer.length as u64;
        while self.owed > 0 {
            while self.sent < head {
                let rest = &answer.memory[self.sent as usize..];
                self.sent += rustix::net::send(&self.socket, rest, SendFlags::NOSIGNAL | SendFlags::MORE)? as u64;
            }
            while self.sent < head + length {
                let mut offset = self.sent - head;
                let piece = usize::try_from(length - offset).unwrap_or(answer.piece).min(answer.piece);
                self.sent += rustix::fs::sendfile(&self.socket, file, Some(&mut offset), piece)? as u64;
            }
            self.owed -= 1;
            self.sent = 0;
        }
        Ok(())
    }
}
