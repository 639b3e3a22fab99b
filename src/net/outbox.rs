//! What is to be sent to one client, as segments: bytes that were encoded for it, memory that is shared, files.
//!
//! Bytes in a row leave in one system call, however many responses they are; a file is handed to the kernel, with what
//! precedes it held back until its first bytes can go along.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem;
use std::ops::Range;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::Arc;

use super::transport::{More, Transport};

/// Memory segments that one system call takes.
const SLICES_MAX: usize = 32;

/// Shared memory up to this size is copied behind the head: a second segment costs the kernel more than the copy.
const COPY_MAX: usize = 4 * 1024;

/// Bytes of a file that one system call is asked for.
const FILE_PIECE: usize = 1024 * 1024;

/// Segments in the order in which they are sent.
#[derive(Default)]
pub struct Outbox {
    segments: VecDeque<Segment>,
    /// The bytes of all `Encoded` segments in a row, from `encoded_sent` on.
    encoded: Vec<u8>,
    encoded_sent: usize,
    /// Bytes that are still to be sent out of memory.
    queued: usize,
    /// The memory of what was filled in, in bytes: all of a piece, until all of it has been sent
    filled: usize,
    /// A file goes in several pieces, the last of which is still to be sent
    is_corked: bool,
}

enum Segment {
    /// So many bytes of `Outbox::encoded`.
    Encoded(usize),
    Shared(Rc<[u8]>, Range<usize>),
    /// The same of memory that another thread has filled
    Made(Arc<dyn AsRef<[u8]>>, Range<usize>),
    /// Bytes of the file that follows, which may be empty without them
    Filled(Rc<[u8]>, Range<usize>),
    File(Arc<dyn AsFd>, Range<u64>),
}

/// Where sending has got to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flushed {
    /// Everything has been handed to the kernel.
    Drained,
    /// The socket has no room; it will tell when it has.
    Blocked,
    /// There is room, but this client has had its share of the turn.
    ShareSpent,
    /// There is room, and a file comes next of which nothing more may be sent.
    FileHeld,
}

impl Outbox {
    /// Lets `encode` append bytes.
    pub fn encode<T>(&mut self, encode: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let before = self.encoded.len();
        let result = encode(&mut self.encoded);
        let added = self.encoded.len().saturating_sub(before);
        self.queued += added;
        match self.segments.back_mut() {
            Some(Segment::Encoded(length)) => *length += added,
            _ => self.segments.push_back(Segment::Encoded(added)),
        }
        result
    }

    /// Appends memory that others hold too.
    pub fn push_shared(&mut self, bytes: &Rc<[u8]>, range: Range<usize>) {
        match bytes.get(range.clone()) {
            None | Some([]) => {}
            Some(part) if part.len() <= COPY_MAX => self.encode(|encoded| encoded.extend_from_slice(part)),
            Some(part) => {
                self.queued += part.len();
                self.segments.push_back(Segment::Shared(Rc::clone(bytes), range));
            }
        }
    }

    /// Appends memory that another thread has filled.
    pub fn push_made(&mut self, made: Arc<dyn AsRef<[u8]>>, range: Range<usize>) {
        match (*made).as_ref().get(range.clone()) {
            None | Some([]) => {}
            Some(part) if part.len() <= COPY_MAX => self.encode(|encoded| encoded.extend_from_slice(part)),
            Some(part) => {
                self.queued += part.len();
                self.segments.push_back(Segment::Made(made, range));
            }
        }
    }

    /// Appends a part of a file.
    pub fn push_file(&mut self, file: Arc<dyn AsFd>, range: Range<u64>) {
        if !range.is_empty() {
            self.segments.push_back(Segment::File(file, range));
        }
    }

    /// Puts bytes in the place of as many of the first file, where they come from: they have been read already.
    pub fn fill_file(&mut self, bytes: Rc<[u8]>) {
        let is_file = |segment: &Segment| matches!(segment, Segment::File(_, range) if !range.is_empty());
        let Some(at) = self.segments.iter().position(is_file) else { return };
        let Some(Segment::File(_, range)) = self.segments.get_mut(at) else { return };
        let length = bytes.len().min(usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX));
        range.start += length as u64;
        self.queued += length;
        self.filled += bytes.len();
        self.segments.insert(at, Segment::Filled(bytes, 0..length));
    }

    /// The memory of what was filled in and is still to be sent, in bytes.
    pub fn filled(&self) -> usize {
        self.filled
    }

    /// Forgets what was filled in last and is still to be sent, but for so many bytes. It comes from the file again.
    pub fn forget_filled(&mut self, kept: usize) {
        let is_filled = |segment: &Segment| matches!(segment, Segment::Filled(..));
        let Some(at) = self.segments.iter().rposition(is_filled) else { return };
        let Some(Segment::Filled(bytes, range)) = self.segments.get_mut(at) else { return };
        let forgotten = range.len().saturating_sub(kept);
        let left = bytes.get(range.start..range.end - forgotten).unwrap_or_default();
        self.filled -= bytes.len() - left.len();
        *bytes = left.into();
        *range = 0..bytes.len();
        self.queued -= forgotten;
        if let Some(Segment::File(_, range)) = self.segments.get_mut(at + 1) {
            range.start -= forgotten as u64;
        }
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Whether a file is still to be sent, be it filled in.
    pub fn holds_file(&self) -> bool {
        self.segments.iter().any(|segment| matches!(segment, Segment::File(..)))
    }

    /// What is left to be sent of the first file that is to be sent and is not filled in.
    pub fn file_ahead(&self) -> Option<Range<u64>> {
        self.segments.iter().find_map(|segment| match segment {
            Segment::File(_, range) if !range.is_empty() => Some(range.clone()),
            _ => None,
        })
    }

    /// Bytes that wait in memory.
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// All that is still to be sent, in bytes.
    pub fn left(&self) -> u64 {
        let file = |segment: &Segment| match segment {
            Segment::File(_, range) => range.end.saturating_sub(range.start),
            Segment::Encoded(_) | Segment::Shared(..) | Segment::Made(..) | Segment::Filled(..) => 0,
        };
        self.segments.iter().map(file).sum::<u64>() + self.queued as u64
    }

    /// Sends until everything is sent, the socket is full, or `share` bytes have gone; what went is taken off `share`,
    /// which the last piece of a file may exceed: cut off, its rest would go by itself. Of files, no more than
    /// `file_share` bytes of the first one are sent, and nothing of another. A file that ends before its range does is
    /// `UnexpectedEof`: the response can't be completed then.
    pub fn flush(&mut self, transport: &Transport, share: &mut usize, mut file_share: u64) -> io::Result<Flushed> {
        loop {
            let sent = match self.segments.front_mut() {
                None => {
                    self.encoded.clear();
                    self.encoded_sent = 0;
                    return Ok(Flushed::Drained);
                }
                Some(Segment::File(_, range)) if range.is_empty() => {
                    self.segments.pop_front();
                    if mem::take(&mut self.is_corked) {
                        transport.uncork();
                    }
                    continue;
                }
                Some(_) if *share == 0 => return Ok(Flushed::ShareSpent),
                Some(Segment::File(..)) if file_share == 0 => return Ok(Flushed::FileHeld),
                Some(Segment::File(file, range)) => {
                    // Else each piece would end with a segment that is not full, and the peer would wake for it.
                    if !self.is_corked && range.end.saturating_sub(range.start) > FILE_PIECE as u64 {
                        transport.cork();
                        self.is_corked = true;
                    }
                    let left = range.end.saturating_sub(range.start).min(file_share);
                    let left = usize::try_from(left).unwrap_or(usize::MAX);
                    let sent = transport.send_file(&**file, range.start, left.min(FILE_PIECE));
                    match sent {
                        Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                        Ok(sent) => {
                            range.start += sent as u64;
                            file_share = file_share.saturating_sub(sent as u64);
                            if range.is_empty() {
                                file_share = 0;
                            }
                            Ok((sent, Room::Perhaps))
                        }
                        Err(error) => Err(error),
                    }
                }
                Some(_) => self.send_memory(transport),
            };
            match sent {
                Ok((sent, room)) => {
                    *share = share.saturating_sub(sent);
                    if room == Room::None {
                        return Ok(Flushed::Blocked);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Flushed::Blocked),
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends the memory segments at the front, as many as one system call takes.
    fn send_memory(&mut self, transport: &Transport) -> io::Result<(usize, Room)> {
        let (sent, offered) = match self.segments.front() {
            // As a rule there is but one, and no need for a table of many.
            Some(Segment::Encoded(_)) if self.segments.len() == 1 => {
                let bytes = self.encoded.get(self.encoded_sent..).unwrap_or_default();
                (transport.send(&[IoSlice::new(bytes)], More::Nothing)?, bytes.len())
            }
            _ => self.send_segments(transport)?,
        };
        self.take_off(sent);
        Ok((sent, if sent < offered { Room::None } else { Room::Perhaps }))
    }

    /// The same; returns what was sent, and what was to be.
    fn send_segments(&self, transport: &Transport) -> io::Result<(usize, usize)> {
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let mut encoded = self.encoded.get(self.encoded_sent..).unwrap_or_default();
        let mut used = 0;
        let mut offered = 0;
        for (slot, segment) in slices.iter_mut().zip(&self.segments) {
            let bytes = match segment {
                Segment::Encoded(length) => {
                    let (bytes, rest) = encoded.split_at_checked(*length).unwrap_or((encoded, &[]));
                    encoded = rest;
                    bytes
                }
                Segment::Shared(bytes, range) | Segment::Filled(bytes, range) => {
                    bytes.get(range.clone()).unwrap_or_default()
                }
                Segment::Made(made, range) => (**made).as_ref().get(range.clone()).unwrap_or_default(),
                Segment::File(..) => break,
            };
            *slot = IoSlice::new(bytes);
            used += 1;
            offered += bytes.len();
        }
        let follows = |segment: &Segment| !matches!(segment, Segment::File(_, range) if range.is_empty());
        let is_followed = used < self.segments.len() && self.segments.iter().skip(used).any(follows);
        let more = if is_followed { More::Follows } else { More::Nothing };
        Ok((transport.send(slices.get(..used).unwrap_or_default(), more)?, offered))
    }

    /// Takes bytes that were sent off the memory segments at the front.
    fn take_off(&mut self, mut sent: usize) {
        self.queued = self.queued.saturating_sub(sent);
        while let Some(segment) = self.segments.front_mut() {
            let taken = match segment {
                Segment::Encoded(length) => {
                    let taken = sent.min(*length);
                    *length -= taken;
                    self.encoded_sent += taken;
                    if *length > 0 { None } else { Some(taken) }
                }
                Segment::Shared(_, range) | Segment::Made(_, range) => {
                    let taken = sent.min(range.len());
                    range.start += taken;
                    if range.start < range.end { None } else { Some(taken) }
                }
                Segment::Filled(bytes, range) => {
                    let taken = sent.min(range.len());
                    range.start += taken;
                    let is_sent = range.start == range.end;
                    self.filled -= if is_sent { bytes.len() } else { 0 };
                    is_sent.then_some(taken)
                }
                Segment::File(..) => None,
            };
            let Some(taken) = taken else { return };
            sent -= taken;
            self.segments.pop_front();
        }
    }
}

/// Whether the socket may take more at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Perhaps,
    /// It took less than it was offered.
    None,
}

#[cfg(test)]
mod tests;
