//! One accepted peer: its socket, its connection, and what is between them.
//!
//! [`Client::drive`] is the server, the same for readable, writable and a deadline: flush the outbox, take the next step
//! of the protocol, answer, read or close, until it would block or its share of the turn is used up.

use std::io;
use std::mem;
use std::ops::Range;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::gone::Gone;
use super::intake::Intake;
use super::shared::Shared;
use super::trace;
use crate::access_log::{Entry, Pending};
use crate::files::File;
use crate::http::{Awaiting, CloseReason, Connection, Step};
use crate::net::{Flushed, Key, Outbox, Peer, Reactor, Readiness, Transport};
use crate::site::{Answer, Segment};

/// What a client may send in a turn before the others have theirs, in bytes.
const SHARE_BYTES: usize = 1024 * 1024;

/// Requests that are answered for a client in a turn.
const SHARE_REQUESTS: usize = 64;

/// Answers are gathered up to so many bytes before they are sent.
const OUTBOX_BYTES: usize = 64 * 1024;

/// How long a peer may take to notice that it has been answered for good (RFC 9112, section 9.6).
const LINGER_TIME: Duration = Duration::from_secs(5);

/// One accepted peer.
pub(super) struct Client {
    transport: Transport,
    connection: Connection,
    peer: Peer,
    /// The number of the binding that it came in by
    binding: u32,
    /// Nothing, while there is nothing to send
    outbox: Option<Box<Outbox>>,
    /// What was received and is not done with: the start of a request, or requests that wait for their turn
    unread: Box<[u8]>,
    sending_file: Option<Box<SendingFile>>,
    /// The next step of the protocol takes bytes that have not been received.
    needs_bytes: bool,
    is_readable: bool,
    must_drain: bool,
    is_retiring: bool,
    has_ended: bool,
    has_progressed: bool,
    ending: Ending,
    waiting: Waiting,
    deadline: Instant,
    /// It stands in the queue of those that are ready, and is driven when its turn comes.
    pub(super) is_queued: bool,
}

/// An idle client is this and nothing besides, so this is what ten thousand of them cost.
const _: () = assert!(size_of::<Client>() <= 128);

/// The log's line of a response whose content is a file, which is written when the file has been sent.
struct SendingFile {
    line: Pending,
    length: u64,
}

/// How far a client is from its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ending {
    Open,
    /// What is in the outbox is the last.
    AfterFlush(CloseReason),
    /// Nothing more is sent, and what comes is thrown away.
    Lingering(CloseReason),
}

/// What a client waits for. Each has a time of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Waiting {
    For(Awaiting),
    /// Room in the socket
    ToSend,
    /// The peer's end
    Lingering,
}

/// How a drive ended.
pub(super) enum Outcome {
    /// It waits for readiness, and until its deadline.
    Waiting,
    /// It could go on; readiness will not tell again.
    Runnable,
    /// It is done with.
    Gone(Gone),
}

/// What a step comes to.
enum Next {
    Await(Awaiting),
    Close(CloseReason),
    Respond(Answer, Option<Box<SendingFile>>),
}

impl Client {
    pub(super) fn new(transport: Transport, peer: Peer, binding: u32, shared: &Shared) -> Client {
        Client {
            transport,
            connection: Connection::default(),
            peer,
            binding,
            outbox: None,
            unread: Box::default(),
            sending_file: None,
            needs_bytes: true,
            is_readable: true,
            // Descriptors that are passed over a UNIX socket end a receive, too (unix(7)).
            must_drain: peer == Peer::Unix,
            is_retiring: false,
            has_ended: false,
            has_progressed: false,
            ending: Ending::Open,
            waiting: Waiting::For(Awaiting::Request),
            deadline: shared.instant + shared.timeouts.idle,
            is_queued: false,
        }
    }

    /// Registers its socket with the reactor, where that is not done. A client that is answered and closed at once never
    /// is.
    pub(super) fn register(&mut self, reactor: &Reactor, key: Key) -> io::Result<()> {
        self.transport.register(reactor, key)
    }

    /// Takes note of what its socket is ready for. Sending is simply tried.
    pub(super) fn note(&mut self, readiness: Readiness) {
        self.is_readable |= readiness.is_readable;
        self.must_drain |= readiness.must_drain;
    }

    /// Lets it finish what has begun, and no more. What has arrived by now has begun.
    pub(super) fn retire(&mut self) {
        self.is_retiring = true;
        self.is_readable = true;
        self.connection.retire();
    }

    /// When it has to be looked at.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Receives what there is, if that is what it waits for. Returns where it lies, with what was unread before in front
    /// of it.
    pub(super) fn receive(&mut self, intake: &mut Intake) -> Result<Range<usize>, Gone> {
        let start = intake.begin(&self.unread);
        self.unread = Box::default();
        if self.needs_bytes && self.is_readable {
            let room = intake.room();
            match self.transport.receive(room) {
                Ok(0) => {
                    self.is_readable = false;
                    self.has_ended = true;
                    self.connection.end_of_input();
                }
                Ok(received) => {
                    // Less than there was room for is all there was, as a rule: no second call to hear so.
                    self.is_readable = received == room.len() || self.must_drain;
                    intake.add(received);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.is_readable = false,
                Err(error) => return Err(Gone::Failed(error)),
            }
        }
        Ok(start..intake.end())
    }

    /// How many bytes it has that are not done with.
    pub(super) fn unread(&self) -> usize {
        self.unread.len()
    }

    /// Goes on with these bytes until it would block, its share is used up, or it is gone.
    pub(super) fn drive(&mut self, mut input: &[u8], shared: &mut Shared) -> Outcome {
        let outcome = self.drive_with(&mut input, shared);
        match &outcome {
            Outcome::Gone(gone) => self.settle(gone, shared),
            Outcome::Waiting | Outcome::Runnable => self.unread = input.into(),
        }
        outcome
    }

    /// Writes down what has become of it, for the last time.
    pub(super) fn settle(&mut self, gone: &Gone, shared: &mut Shared) {
        self.settle_file(shared);
        self.release_outbox(shared);
        trace::gone(self.peer, gone);
    }

    fn drive_with(&mut self, input: &mut &[u8], shared: &mut Shared) -> Outcome {
        let mut bytes_left = SHARE_BYTES;
        let mut requests_left = SHARE_REQUESTS;
        self.needs_bytes = false;
        loop {
            if let Some(outbox) = &mut self.outbox {
                let before = bytes_left;
                let flushed = outbox.flush(&self.transport, &mut bytes_left);
                self.has_progressed |= bytes_left < before;
                match flushed {
                    Ok(Flushed::Drained) => {
                        self.settle_file(shared);
                        self.release_outbox(shared);
                    }
                    Ok(Flushed::ShareSpent) => return Outcome::Runnable,
                    Ok(Flushed::Blocked) if self.is_in_time(Waiting::ToSend, shared) => return Outcome::Waiting,
                    Ok(Flushed::Blocked) => return Outcome::Gone(Gone::SendTimeout),
                    Err(error) => return Outcome::Gone(Gone::Failed(error)),
                }
            }
            match self.ending {
                Ending::Open => {}
                Ending::AfterFlush(reason) if self.may_close(reason, input.is_empty()) => {
                    return Outcome::Gone(Gone::Closed(reason));
                }
                Ending::AfterFlush(reason) => {
                    if let Err(error) = self.transport.shut_down_sending() {
                        return Outcome::Gone(Gone::Failed(error));
                    }
                    self.ending = Ending::Lingering(reason);
                }
                Ending::Lingering(_) => {}
            }
            if let Ending::Lingering(reason) = self.ending {
                *input = &[];
                self.needs_bytes = true;
                return match () {
                    () if self.has_ended || !self.is_in_time(Waiting::Lingering, shared) => {
                        Outcome::Gone(Gone::Closed(reason))
                    }
                    () if self.is_readable => Outcome::Runnable,
                    () => Outcome::Waiting,
                };
            }

            let awaiting = self.take_steps(input, &mut requests_left, shared);
            if self.outbox.is_some() || self.ending != Ending::Open {
                continue;
            }
            let Some(awaiting) = awaiting else { return Outcome::Runnable };
            self.needs_bytes = true;
            if self.is_readable {
                return Outcome::Runnable;
            }
            let is_over = self.is_retiring && awaiting == Awaiting::Request;
            if !is_over && self.is_in_time(Waiting::For(awaiting), shared) {
                return Outcome::Waiting;
            }
            let next = prepare(self.connection.expire(input), self.peer, self.binding, shared);
            self.carry_out(next, shared);
        }
    }

    /// Takes steps of the protocol and answers requests, until there is enough to be sent or nothing more to be done.
    /// Returns what is awaited, if something is.
    fn take_steps(&mut self, input: &mut &[u8], requests_left: &mut usize, shared: &mut Shared) -> Option<Awaiting> {
        let has_room = |outbox: &Outbox| outbox.queued() < OUTBOX_BYTES && !outbox.holds_file();
        while *requests_left > 0 && self.ending == Ending::Open && self.outbox.as_deref().is_none_or(has_room) {
            let next = prepare(self.connection.step(input, &shared.limits), self.peer, self.binding, shared);
            if let Next::Await(awaiting) = next {
                return Some(awaiting);
            }
            *requests_left -= 1;
            self.carry_out(next, shared);
        }
        None
    }

    /// Puts an answer into the outbox, or takes note of the end.
    fn carry_out(&mut self, next: Next, shared: &mut Shared) {
        let (answer, sending_file) = match next {
            Next::Await(_) => return,
            Next::Close(reason) => {
                self.ending = Ending::AfterFlush(reason);
                return;
            }
            Next::Respond(answer, sending_file) => (answer, sending_file),
        };
        self.has_progressed = true;
        self.sending_file = sending_file;
        let outbox = self.outbox.get_or_insert_with(|| shared.outboxes.pop().unwrap_or_default());
        let has_content = outbox.encode(|out| {
            let start = out.len();
            let has_content = self.connection.respond(&answer.response(), &shared.preamble, out);
            trace::response(self.peer, out.get(start..).unwrap_or_default());
            has_content
        });
        for segment in answer.content().segments().iter().filter(|_| has_content) {
            match segment {
                Segment::Memory(bytes, range) => outbox.push_shared(Rc::clone(bytes), range.clone()),
                Segment::File(file, range) => outbox.push_file(Rc::<File>::clone(file), range.clone()),
            }
        }
    }

    /// Writes the log's line of a file whose sending has come to its end, be it a good one or not.
    fn settle_file(&mut self, shared: &mut Shared) {
        if let Some(sending) = self.sending_file.take() {
            let left = self.outbox.as_ref().map_or(0, |outbox| outbox.left());
            shared.access_log.finish(&sending.line, sending.length.saturating_sub(left));
        }
    }

    fn release_outbox(&mut self, shared: &mut Shared) {
        if let Some(outbox) = self.outbox.take().filter(|outbox| outbox.is_empty()) {
            shared.keep_outbox(outbox);
        }
    }

    /// Whether the socket can be closed without destroying what the peer has not read yet. It can't where bytes of the
    /// peer are left unread, or may still come: the kernel answers them with a reset.
    fn may_close(&self, reason: CloseReason, has_read_all: bool) -> bool {
        self.has_ended || (has_read_all && !self.is_readable && !reason.lingers())
    }

    /// Whether there is time left to wait. The time starts when something else is waited for than before, and anew with
    /// each progress: a response for requests, bytes for sending. The bytes of a head are no progress.
    fn is_in_time(&mut self, waiting: Waiting, shared: &Shared) -> bool {
        if waiting != self.waiting || mem::take(&mut self.has_progressed) {
            self.waiting = waiting;
            self.deadline = shared.instant
                + match waiting {
                    Waiting::For(Awaiting::Request | Awaiting::Content) => shared.timeouts.idle,
                    Waiting::For(Awaiting::Head) => shared.timeouts.head,
                    Waiting::ToSend => shared.timeouts.send,
                    Waiting::Lingering => LINGER_TIME,
                };
        }
        shared.instant < self.deadline
    }
}

/// Answers a request or a rejection, and sees to its line in the log.
fn prepare(step: Step<'_>, peer: Peer, binding: u32, shared: &mut Shared) -> Next {
    let (answer, entry) = match step {
        Step::NeedBytes(awaiting) => return Next::Await(awaiting),
        Step::Close(reason) => return Next::Close(reason),
        Step::Request(request) => {
            trace::request(peer, &request);
            let answer = shared.sites.answer(binding as usize, &request, shared.now);
            let entry = Entry::of_request(peer, &request, answer.status());
            (answer, entry)
        }
        Step::Reject(rejection, head) => {
            trace::rejection(peer, &rejection, head);
            let answer = shared.sites.answer_rejection(rejection);
            let entry = Entry::of_rejection(peer, head, rejection.status);
            (answer, entry)
        }
    };
    let second = shared.now.seconds;
    let length = if entry.is_head() { 0 } else { answer.content().len() };
    let is_file = |segment: &Segment| matches!(segment, Segment::File(..));
    let sending_file = if length > 0 && answer.content().segments().iter().any(is_file) {
        Some(Box::new(SendingFile { line: shared.access_log.begin(&entry, second), length }))
    } else {
        shared.access_log.add(&entry, length, second);
        None
    };
    Next::Respond(answer, sending_file)
}
