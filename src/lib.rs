//! webserv: a static HTTP/1.1 web server. One thread that serves, one reactor, many clients; and one that looks after
//! it.
//!
//! This page is the map. The way of a request is straight through, and each room is entered once (a request whose file
//! has to come from the disk goes the same way again when it has come):
//!
//! ```text
//! socket -> net::Transport -> http::Connection -> site::Sites -> files::Root
//!                                  |                  |
//! socket <- net::Outbox   <- response head  <-  site::Answer
//! ```
//!
//! A worker of the [`server`] goes round in one loop, a turn at a time: it waits for the reactor, receives from all
//! clients that are ready, and then drives them one by one. A client is driven the same way whatever woke it, be it
//! bytes, room to send, a file that has come from the disk or a deadline: flush the outbox, take the next step of the
//! protocol, answer or close, until it would block or has had its share of the turn.
//!
//! One thread does all of this. The threads of [`files::Fetchers`], which there are none of until a file has to come
//! from the disk, a directory be listed or a file be encoded, do that and nothing else. That of a
//! [`sink::Sink`], which there is none of until a line has been logged, writes the lines and does nothing else. The
//! main thread is the [`server::Supervisor`], which waits for signals. It takes nothing from clients, so it may do what
//! a worker must not be able to: bind listeners, and have a thread that comes and goes read the config, look for what
//! it may not mean and open logs, which a disk may delay. A config that is loaded again gets a worker of its own, with
//! nothing of the old one but the listeners that stay; the old worker gives it every client that is between two
//! requests, and ends with its last one.
//!
//! # Rooms
//!
//! | room | what it is for | may import |
//! | --- | --- | --- |
//! | [`cli`] | arguments | `config` |
//! | [`config`] | the file as written becomes the config as used, or diagnostics | `toml`, `nix` for users by name, `escape` |
//! | [`http`] | the protocol: connection, request, target, framing, response, content codings, preconditions, ranges | `httparse`, `httpdate`, `memchr`, nothing of ours |
//! | [`site`] | which answer a request gets, and why: hosts, rules, paths, representations and their codings, the cache, listings, error pages | `http`, `files`, `config`, `escape`, `figures` |
//! | [`files`] | the disk below a root | the file system, `bell` |
//! | [`net`] | listeners, the reactor, transports, the outbox | `polling`, sockets, nothing of ours |
//! | [`server`] | the supervisor: signals, reloads, the banner; the workers: clients, deadlines | all |
//! | [`access_log`] | a line for each response, in the format of the config | `sink`, `escape`, `figures`; `config`, `http`, `net` for their types |
//! | [`sink`] | where the lines of a log go, without anybody waiting for it | `figures` |
//! | `bell` | how a thread wakes another that waits for descriptors | nothing of ours |
//! | `escape` | what came from elsewhere, made fit to be shown | nothing of ours |
//! | `figures` | numbers, as people read them | nothing of ours |
//!
//! # Invariants
//!
//! - **No I/O in the protocol.** [`http`] reads no socket, no file and no clock: bytes are pushed in, steps are pulled
//!   out, and every test feeds it under every split of its bytes.
//! - **Content is a length to the protocol.** Memory and files differ in the outbox alone, as segments.
//! - **A path cannot leave its root.** [`site::path::SitePath`] has no dot segments by type, and the kernel opens what
//!   it names beneath the root, whatever symbolic links say meanwhile, unless the config has them followed anywhere.
//!   What is held in memory was beneath the root when it was opened, and is looked for there again every few seconds.
//! - **Never stale, never padded.** What is held in memory is compared with the file system before it is used, after
//!   the request for it has been received: once for all requests that were received together. A file that becomes
//!   shorter while it is sent, or is written over, cuts the connection before its last piece is sent.
//! - **The content of a file is not waited for** by the thread that serves: what is not in memory is read by others,
//!   and what they have read is what is sent. So is a directory that is to be listed, with the metadata of all that is
//!   in it. Other names and metadata are waited for, and so is to open and to close a file, but none is opened a second
//!   time by a worker that has it open: FUSE would have that wait for what is being read of it. What is in memory is
//!   found out by a try every 128 KiB, so that a page that was evicted between two of them is waited for, and on
//!   overlayfs, which cannot tell, what was read once through the same descriptor and was evicted since.
//! - **A log is never waited for**: a file or a server that takes no lines costs lines, which are counted.
//! - **Every wait has a deadline**, every buffer a bound, every descriptor an owner. An idle client owns no buffer.
//! - **Readiness is told once.** Sources are registered edge-triggered, for both directions, once; whatever is left
//!   undone while a socket is ready is queued by the loop. Keys carry a generation, so that an event that comes late
//!   meets no other client.
//! - **A request is answered under one config**, and a connection outlives any number of them. A reload either goes
//!   through as a whole or changes nothing; logs are opened again in any case.
//! - **Blame is a type.** A [`http::Rejection`] is the peer's fault and becomes a response, a [`config::Diagnostic`] is
//!   the config author's and has a place, an [`std::io::Error`] is the machine's and goes to the log. Why a connection
//!   ends is a [`http::CloseReason`].
//! - **Each requirement has its test.** `tests/CLAUSES.md` goes through RFC 9110 and 9112 clause by clause,
//!   `tests/it/rfc` is the table of what is answered to what.
//! - **Who talks to clients can do little else.** The threads that serve read what is below the roots. The kernel lets
//!   them open no other file, change no content, make, remove and run nothing, and make no TCP connection; what takes
//!   more is done by the supervisor, which clients cannot reach.
//! - **`unsafe` lives in one place**: [`net::reactor`], which registers sources with the poller, gives them up again,
//!   and makes the two calls on them that have no safe function in `rustix`.

pub mod access_log;
mod bell;
pub mod cli;
pub mod config;
mod escape;
mod figures;
pub mod files;
pub mod http;
pub mod net;
pub mod server;
pub mod sink;
pub mod site;
