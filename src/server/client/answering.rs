//! From the steps of the protocol to answers in the outbox.

use std::ops::Range;
use std::sync::Arc;

use super::sending::{Ahead, Delivery, SendingFile, look_ahead};
use super::{Client, Ending, Succession, Turn};
use crate::access_log::{Asker, Entry};
use crate::files::{Fetched, File, Made};
use crate::http::{Awaiting, CloseReason, Method, Step};
use crate::net::Outbox;
use crate::server::shared::Shared;
use crate::server::trace;
use crate::site::{Answer, Occasion, Postponed, Segment};

/// Answers are gathered up to so many bytes before they are sent.
const OUTBOX_BYTES: usize = 64 * 1024;

/// Why no more steps are taken.
pub(super) enum Halt {
    /// There is enough to send, or the share of the turn is used up.
    Enough,
    /// The peer is to send something.
    Await(Awaiting),
    /// The next answer needs this.
    Postpone(Postponed),
}

/// What a step comes to.
pub(super) enum Next {
    Await(Awaiting),
    /// The request has to be answered later.
    Postpone(Postponed),
    Close(CloseReason),
    Respond(Answer, Option<Box<SendingFile>>),
}

impl Client {
    /// Takes steps of the protocol and answers requests, until there is enough to be sent or nothing more to be done.
    pub(super) fn take_steps(&mut self, turn: &mut Turn<'_>, shared: &mut Shared) -> Halt {
        let has_room = |outbox: &Outbox| outbox.queued() < OUTBOX_BYTES && !outbox.holds_file();
        while turn.requests_left > 0 && self.ending == Ending::Open && self.outbox.as_deref().is_none_or(has_room) {
            let before = turn.input;
            let asker = self.asker(shared);
            let occasion = self.occasion(turn.fetched.as_deref(), shared);
            let step = self.connection.step(&mut turn.input, &shared.limits);
            match prepare(&step, &occasion, &asker, self.binding, shared) {
                Next::Await(awaiting) => return Halt::Await(awaiting),
                Next::Postpone(postponed) => {
                    self.connection.postpone(&mut turn.input, before);
                    return Halt::Postpone(postponed);
                }
                next => self.carry_out(next, shared),
            }
            // It was for this request alone, or is for what is sent of its file.
            if !self.is_sending_file() {
                turn.fetched = None;
            }
            turn.requests_left -= 1;
        }
        Halt::Enough
    }

    /// Tells the peer that there is no room for it.
    pub(in crate::server) fn turn_away(&mut self, shared: &mut Shared) {
        let (asker, occasion) = (self.asker(shared), self.occasion(None, shared));
        let next = prepare(&self.connection.turn_away(), &occasion, &asker, self.binding, shared);
        self.carry_out(next, shared);
    }

    /// What the log is to know of its next request, beside that.
    pub(super) fn asker(&self, shared: &Shared) -> Asker {
        // One that has waited, for the disk or for a successor, has had the time for that since it was complete.
        let has_waited = self.fetches > 0 || self.succession != Succession::Unneeded;
        let waited_since = if has_waited { self.deadline.checked_sub(shared.timeouts.send) } else { None };
        let since = waited_since.unwrap_or(shared.instant);
        let time = (shared.now.seconds, shared.now.nanoseconds);
        Asker { peer: self.peer, is_new: self.is_new, time, since }
    }

    /// When its next request is answered.
    pub(super) fn occasion<'a>(&self, fetched: Option<&'a Fetched>, shared: &Shared) -> Occasion<'a> {
        let has_no_successor = self.succession == Succession::InVain;
        Occasion {
            now: shared.now,
            peer: self.peer.ip(),
            fetched,
            fetches: self.fetches,
            has_no_successor,
            witness: None,
        }
    }

    /// Puts an answer into the outbox, or takes note of the end.
    pub(super) fn carry_out(&mut self, next: Next, shared: &mut Shared) {
        match next {
            Next::Await(_) | Next::Postpone(_) => {}
            Next::Close(reason) => self.ending = Ending::AfterFlush(reason),
            Next::Respond(answer, sending_file) => self.respond(&answer, sending_file, shared),
        }
    }

    fn respond(&mut self, answer: &Answer, sending_file: Option<Box<SendingFile>>, shared: &mut Shared) {
        self.has_progressed = true;
        self.is_new = false;
        self.fetches = 0;
        self.succession = Succession::Unneeded;
        self.release_file(shared);
        self.sending_file = sending_file;
        let outbox = self.outbox.get_or_insert_with(|| shared.outboxes.pop().unwrap_or_default());
        let has_content = outbox.encode(|out| {
            let start = out.len();
            let has_content = self.connection.respond(&answer.response(), &shared.preamble, out);
            trace::response(self.peer, out.get(start..).unwrap_or_default(), self.connection.finished());
            has_content
        });
        for segment in answer.content().segments().iter().filter(|_| has_content) {
            match segment {
                Segment::Memory(bytes, range) => outbox.push_shared(bytes, range.clone()),
                Segment::Made(made, range) => outbox.push_made(Arc::<Made>::clone(made), range.clone()),
                Segment::File(file, range) => outbox.push_file(Arc::<File>::clone(file), range.clone()),
            }
        }
    }
}

/// Answers a request or a rejection, and sees to its line in the log.
pub(super) fn prepare(
    step: &Step<'_>,
    occasion: &Occasion<'_>,
    asker: &Asker,
    binding: u32,
    shared: &mut Shared,
) -> Next {
    let mut resident = 0..0;
    let mut answer;
    let entry;
    match step {
        Step::NeedBytes(awaiting) => return Next::Await(*awaiting),
        Step::Close(reason) => return Next::Close(*reason),
        Step::Request(request) => {
            answer = match shared.sites.answer(binding as usize, request, occasion) {
                Ok(answer) => answer,
                Err(postponed) => return Next::Postpone(postponed),
            };
            // What can't be read is an error while nothing has been sent. Afterwards the connection can only be cut.
            if let Some((file, range)) = first_part(&answer).filter(|_| request.method != Method::Head) {
                match look_ahead(file, range, occasion.fetched) {
                    Ahead::Resident(range) => resident = range,
                    Ahead::Fetched(_) => {}
                    Ahead::Elsewhere(fetch) => return Next::Postpone(Postponed::Fetch(fetch)),
                    Ahead::Failed(error) => {
                        let failure = (&**file, error);
                        answer = shared.sites.answer_unreadable(binding as usize, request, &answer, failure, occasion)
                    }
                }
            }
            trace::request(asker, request);
            entry = Entry::of_request(asker, request, answer.status());
        }
        Step::Reject(rejection, head) => {
            trace::rejection(asker, rejection, head.bytes());
            answer = shared.sites.answer_rejection(binding as usize, *rejection, *head);
            entry = Entry::of_rejection(asker, head.bytes(), rejection.status);
        }
    }
    let length = if entry.is_head() { 0 } else { answer.content().len() };
    let sending_file = if let Some((file, _)) = first_part(&answer).filter(|_| length > 0) {
        let mut sending = shared.sending_files.pop().unwrap_or_default();
        shared.access_log.begin(&entry, &mut sending.line);
        (sending.delivery, sending.resident, sending.length) = (Delivery::Sending(Arc::clone(file)), resident, length);
        Some(sending)
    } else {
        shared.access_log.add(&entry, length);
        None
    };
    Next::Respond(answer, sending_file)
}

/// The first bytes of an answer that come from a file.
fn first_part(answer: &Answer) -> Option<(&Arc<File>, &Range<u64>)> {
    answer.content().segments().iter().find_map(|segment| match segment {
        Segment::File(file, range) => Some((file, range)),
        Segment::Memory(..) | Segment::Made(..) => None,
    })
}
