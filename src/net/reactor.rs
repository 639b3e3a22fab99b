//! Waits for readiness: the one file that registers sources with the poller and owns them, and the one with `unsafe`.
//!
//! Registration is `polling`'s, edge-triggered and for both directions at once, so that a source is registered once and
//! never again. Waiting is not: its `wait` costs five system calls (timerfd_settime and epoll_ctl to arm a timer,
//! epoll_pwait, read and epoll_ctl to re-arm its notifier), of which we need one. So the epoll descriptor of the poller
//! is waited on directly. That also shows EPOLLRDHUP, without which a peer that sends its last request and closes in
//! one go could only be noticed by a second read after each request.

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;
use std::rc::Rc;
use std::time::Duration;

use polling::{Event, PollMode, Poller};
use rustix::event::epoll::EventFlags as Flags;
use rustix::event::{Timespec, epoll};
use rustix::ioctl;

use super::slab::Key;

/// The same as TIOCOUTQ (tcp(7)).
const SIOCOUTQ: ioctl::Opcode = libc::TIOCOUTQ as ioctl::Opcode;

/// How many events one wait takes. More only wait for the next turn.
const EVENTS_MAX: usize = 512;

/// The poller, and the events of the last wait.
pub struct Reactor {
    poller: Rc<Poller>,
    events: Vec<epoll::Event>,
}

/// What a source has become ready for. Edge-triggered: it is told once, and holds until an operation would block. That
/// there is room to send needs no mark: whoever has something to send tries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Readiness {
    /// The key that the source was registered with.
    pub key: Key,
    /// There may be something to receive.
    pub is_readable: bool,
    /// There is more than bytes to be received, the peer's end or urgent data. It is not told twice, and a receive can
    /// end before it, so receive until that would block.
    pub must_drain: bool,
}

/// A descriptor that can be registered. It owns the descriptor, so that this is deregistered before it is closed.
pub struct Source {
    descriptor: OwnedFd,
    registered_with: Option<Rc<Poller>>,
}

impl Reactor {
    /// A reactor without sources.
    pub fn new() -> io::Result<Reactor> {
        Ok(Reactor { poller: Rc::new(Poller::new()?), events: Vec::with_capacity(EVENTS_MAX) })
    }

    /// Waits until a source is ready or `timeout` has passed; `None` waits for as long as it takes. A signal ends the
    /// wait early and without events.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.events.clear();
        // Rounded up to whole milliseconds: a wait that ends just before a deadline would be followed by one of zero.
        let whole =
            |timeout: Duration| Duration::new(timeout.as_secs(), timeout.subsec_nanos().next_multiple_of(1_000_000));
        let timeout = timeout.and_then(|timeout| Timespec::try_from(whole(timeout)).ok());
        match epoll::wait(&*self.poller, rustix::buffer::spare_capacity(&mut self.events), timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// How many events the last wait brought.
    pub fn event_count(&self) -> usize {
        self.events.len()
    }

    /// One of the events of the last wait. By number, since whoever handles it needs the reactor to register sources.
    pub fn readiness(&self, number: usize) -> Option<Readiness> {
        let event = self.events.get(number)?;
        let (flags, data) = (event.flags, event.data);
        let must_drain = flags.intersects(Flags::RDHUP | Flags::HUP | Flags::ERR | Flags::PRI);
        Some(Readiness {
            key: Key::from_bits(data.u64()),
            is_readable: must_drain || flags.contains(Flags::IN),
            must_drain,
        })
    }
}

impl Source {
    /// Takes the descriptor over.
    pub fn new(descriptor: OwnedFd) -> Source {
        Source { descriptor, registered_with: None }
    }

    /// Registers with the reactor under `key`, for everything that it can be ready for. Readiness that is already there
    /// is told by the next wait. Does nothing where that is done.
    pub fn register(&mut self, reactor: &Reactor, key: Key) -> io::Result<()> {
        if self.registered_with.is_some() {
            return Ok(());
        }
        // The key is given below: where a `usize` has 32 bits, polling could not take it.
        let event = Event::all(0);
        // SAFETY: the poller must not be told of a source that is closed while it is registered. The descriptor is
        // owned by `self`, is never handed out, and `drop` deletes it from the poller, which `self` keeps alive.
        #[expect(unsafe_code, reason = "polling leaves it to its caller to keep the source open")]
        unsafe {
            reactor.poller.add_with_mode(&self.descriptor, event, PollMode::Edge)?;
        }
        self.registered_with = Some(Rc::clone(&reactor.poller));
        // What polling has no word for: the end of the peer's side.
        let flags = Flags::IN | Flags::OUT | Flags::PRI | Flags::RDHUP | Flags::ET;
        epoll::modify(&*reactor.poller, &self.descriptor, epoll::EventData::new_u64(key.to_bits()), flags)?;
        Ok(())
    }

    /// Gives the descriptor back, open and registered nowhere.
    pub fn into_descriptor(mut self) -> OwnedFd {
        self.deregister();
        let this = ManuallyDrop::new(self);
        // SAFETY: the descriptor is read once, and its old place is never dropped. Nothing else in there needs to be:
        // the poller has been taken out.
        #[expect(unsafe_code, reason = "nothing can be moved out of what has a `drop`")]
        unsafe {
            ptr::read(&this.descriptor)
        }
    }

    fn deregister(&mut self) {
        if let Some(poller) = self.registered_with.take() {
            // It can only fail where the source is not registered, which is what is wanted.
            let _ = poller.delete(&self.descriptor);
        }
    }
}

impl Source {
    /// Lets a listener tell of a connection when there is something to be received (tcp(7), TCP_DEFER_ACCEPT), or after
    /// so many seconds.
    pub fn defer_accept(&self, seconds: i32) -> io::Result<()> {
        self.set_tcp_option(libc::TCP_DEFER_ACCEPT, seconds)
    }

    /// Bounds what waits in the kernel to be sent for the first time, in bytes (tcp(7), TCP_NOTSENT_LOWAT). What is on
    /// its way is not bounded by it. Whoever is accepted from a listener has this of the listener.
    pub fn bound_unsent(&self, bytes: i32) -> io::Result<()> {
        self.set_tcp_option(libc::TCP_NOTSENT_LOWAT, bytes)
    }

    fn set_tcp_option(&self, option: libc::c_int, value: i32) -> io::Result<()> {
        let size = size_of_val(&value) as libc::socklen_t;
        let value = (&raw const value).cast();
        // SAFETY: the options above are ints, and so is what the pointer leads to, which lives until the call returns.
        #[expect(unsafe_code, reason = "options for which there is no safe function")]
        let result = unsafe { libc::setsockopt(self.descriptor.as_raw_fd(), libc::IPPROTO_TCP, option, value, size) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Bytes in the queue for sending: those that the other side has not acknowledged yet (tcp(7)), or, of a UNIX
    /// socket, not read (unix(7)).
    pub fn unacknowledged(&self) -> io::Result<i32> {
        // SAFETY: what SIOCOUTQ writes is an int, and that is what there is room for.
        #[expect(unsafe_code, reason = "an ioctl for which there is no safe function")]
        let bytes = unsafe { ioctl::ioctl(&self.descriptor, ioctl::Getter::<SIOCOUTQ, i32>::new())? };
        Ok(bytes)
    }
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.deregister();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    fn wait(reactor: &mut Reactor) -> Vec<Readiness> {
        reactor.wait(Some(Duration::ZERO)).unwrap();
        (0..reactor.event_count()).filter_map(|number| reactor.readiness(number)).collect()
    }

    #[test]
    fn an_edge_is_told_once_and_the_last_one_with_the_end() {
        let mut reactor = Reactor::new().unwrap();
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let mut reader = ours.try_clone().unwrap();
        let mut source = Source::new(ours.into());
        theirs.write_all(b"a").unwrap();
        source.register(&reactor, Key::fixed(5)).unwrap();
        let ready = Readiness { key: Key::fixed(5), is_readable: true, must_drain: false };
        assert_eq!(wait(&mut reactor), [ready]);
        assert_eq!(wait(&mut reactor), []);
        theirs.write_all(b"b").unwrap();
        assert_eq!(wait(&mut reactor), [ready]);
        assert_eq!(reader.read(&mut [0; 9]).unwrap(), 2);
        theirs.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(wait(&mut reactor), [Readiness { must_drain: true, ..ready }]);
        drop(source);
        drop(theirs);
        assert_eq!(wait(&mut reactor), []);
    }

    #[test]
    fn a_source_goes_from_one_reactor_to_another() {
        let (mut first, mut second) = (Reactor::new().unwrap(), Reactor::new().unwrap());
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut source = Source::new(ours.into());
        source.register(&first, Key::fixed(1)).unwrap();
        let mut source = Source::new(source.into_descriptor());
        theirs.write_all(b"a").unwrap();
        assert_eq!(wait(&mut first), []);
        // What came in between is told.
        source.register(&second, Key::fixed(2)).unwrap();
        assert_eq!(wait(&mut second), [Readiness { key: Key::fixed(2), is_readable: true, must_drain: false }]);
        assert_eq!(wait(&mut first), []);
        let mut byte = [0];
        UnixStream::from(source.into_descriptor()).read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"a");
    }
}
