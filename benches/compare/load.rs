//! Load that wrk has no way to make: one stream, a number of requests that is exact, connections that stay idle, and
//! requests that come at their own time, whether or not the ones before them are answered.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use crate::client::{self, Client};

/// The longest response, head and all, that [`Paced`] and [`Clients`] read: in one piece, mostly.
const RESPONSE_MAX: usize = 64 * 1024;

/// Reads one response and throws it away: the bytes of its content.
pub(crate) fn stream(address: SocketAddr, request: &[u8]) -> u64 {
    let mut client = Client::connect(address).expect("a connection");
    let head = client.head(request).expect("a response");
    let length = head.content_length();
    let mut buffer = vec![0; 1 << 18];
    let mut left = length;
    while left > 0 {
        match client.stream.read(&mut buffer).expect("content") {
            0 => panic!("cut with {left} bytes missing"),
            received => left -= received as u64,
        }
    }
    length
}

/// Connections that have had one response each, and the length of that.
pub(crate) struct Clients {
    streams: Vec<TcpStream>,
    request: Vec<u8>,
    length: usize,
}

impl Clients {
    /// Connects, one after the other.
    pub(crate) fn connect(address: SocketAddr, target: &str, count: usize) -> Clients {
        let request = client::request(address, target, &[]);
        let mut length = 0;
        let streams = (0..count).map(|_| {
            let mut client = Client::connect(address).expect("a connection");
            let (head, content) = client.exchange(&request).expect("a response");
            assert_eq!(head.status, 200);
            length = head.bytes.len() + content.len();
            client.stream.into_inner()
        });
        let streams = streams.collect();
        assert!(length <= RESPONSE_MAX, "a response of {length} bytes");
        Clients { streams, request, length }
    }

    /// Sends one request on each, then reads all the responses, so often, with a pause before each time.
    pub(crate) fn exchange(&mut self, times: usize, pause: Duration) {
        let mut buffer = vec![0; self.length];
        for _ in 0..times {
            thread::sleep(pause);
            for stream in &mut self.streams {
                stream.write_all(&self.request).expect("room for a request");
            }
            for stream in &mut self.streams {
                stream.read_exact(&mut buffer).expect("a response");
            }
        }
    }

    /// Offers so many requests a second in this time, and gives how long each took, in microseconds, ascending. The
    /// gaps between requests are random, as if many clients knew nothing of each other, and the same in every run. A
    /// request counts from when it was due, also where no connection is free for it: a server that stalls is not spared
    /// the requests that would have come meanwhile.
    pub(crate) fn paced(&self, rate: f64, time: Duration) -> Vec<f64> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).expect("an epoll");
        for (at, stream) in self.streams.iter().enumerate() {
            stream.set_nonblocking(true).expect("a socket");
            let flags = EventFlags::IN | EventFlags::ET;
            epoll::add(&epoll, stream, EventData::new_u64(at as u64), flags).expect("a connection");
        }
        let mut paced = Paced {
            clients: self,
            free: (0..self.streams.len()).collect(),
            flying: self.streams.iter().map(|_| (Instant::now(), 0)).collect(),
            due: VecDeque::new(),
            taken: Vec::with_capacity((rate * time.as_secs_f64() * 1.1) as usize),
            buffer: vec![0; RESPONSE_MAX],
        };
        let mut gaps = Gaps { rate, state: 1 };
        let start = Instant::now();
        let mut next = start;
        let mut events = [const { MaybeUninit::uninit() }; 64];
        let no_time = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
        while start.elapsed() < time {
            let now = Instant::now();
            while next <= now {
                paced.due.push_back(next);
                next += gaps.gap();
            }
            paced.send();
            match epoll::wait(&epoll, &mut events, Some(&no_time)) {
                Ok((events, _)) => events.iter().for_each(|event| paced.receive(event.data.u64() as usize)),
                Err(Errno::INTR) => {}
                Err(error) => panic!("epoll: {error}"),
            }
        }
        // Those that are still to be answered have taken this long at least.
        let late = paced.due.iter().chain(paced.flying.iter().filter(|(_, left)| *left > 0).map(|(due, _)| due));
        let late: Vec<_> = late.map(|due| due.elapsed().as_secs_f64() * 1e6).collect();
        paced.taken.extend(late);
        paced.taken.sort_by(f64::total_cmp);
        paced.taken
    }
}

/// Requests under way.
struct Paced<'a> {
    clients: &'a Clients,
    free: VecDeque<usize>,
    /// For each connection when its request was due, and the bytes of the response that have not come
    flying: Vec<(Instant, usize)>,
    /// What waits for a connection
    due: VecDeque<Instant>,
    taken: Vec<f64>,
    buffer: Vec<u8>,
}

impl Paced<'_> {
    fn send(&mut self) {
        while let (Some(due), Some(at)) = (self.due.front(), self.free.front()) {
            let request = &self.clients.request;
            let sent = rustix::net::send(&self.clients.streams[*at], request, SendFlags::NOSIGNAL);
            assert_eq!(sent, Ok(request.len()), "no room for a request where none is under way");
            self.flying[*at] = (*due, self.clients.length);
            self.due.pop_front();
            self.free.pop_front();
        }
    }

    fn receive(&mut self, at: usize) {
        let (due, left) = &mut self.flying[at];
        while *left > 0 {
            match rustix::net::recv(&self.clients.streams[at], &mut self.buffer[..], RecvFlags::empty()) {
                Ok((0, _)) => panic!("the server has closed a connection"),
                Ok((received, _)) => *left -= received,
                Err(Errno::AGAIN) => return,
                Err(error) => panic!("{error}"),
            }
            if *left == 0 {
                self.taken.push(due.elapsed().as_secs_f64() * 1e6);
                self.free.push_back(at);
            }
        }
    }
}

/// The time between two requests: exponentially distributed.
struct Gaps {
    rate: f64,
    state: u64,
}

impl Gaps {
    fn gap(&mut self) -> Duration {
        // Knuth's MMIX generator; its upper bits as a number in (0, 1]
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let uniform = ((self.state >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        Duration::from_secs_f64(-uniform.ln() / self.rate)
    }
}
