//! The server as its users meet it: every test starts the real program in a directory of its own, on a port that the
//! system chose, and speaks raw bytes to it. A file per behaviour; `support` runs the program, `wire` speaks to it.
//!
//! Nothing here sleeps in order to wait: what is awaited is read, with [`support::PATIENCE`] as its limit.

// The lints that keep the server from panicking would keep a test from failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod access_log;
mod answers;
mod backpressure;
mod changing;
mod clauses;
mod cli;
mod cli_color;
mod cli_hosts;
mod cli_open;
mod cli_pages;
mod cli_surprises;
mod clients;
mod clients_http;
mod closing;
mod cold;
mod conditional;
mod config_errors;
mod config_schema;
mod content_coding;
mod descriptors;
mod encodings;
mod expect;
mod explain;
mod framing;
mod hostile;
mod lifecycle;
mod listing;
mod load;
mod log_diagnostics;
mod log_formats;
mod log_sinks;
mod log_syslog;
mod names;
mod overload;
mod path_rules;
mod paths;
mod persistence;
mod print_config;
mod privileges;
mod range;
mod rejections;
mod reload;
mod reload_clients;
mod reload_sockets;
mod rfc;
mod rules;
mod sandbox;
mod serve;
mod slow_disk;
mod support;
mod threads;
mod tidy;
mod tour;
mod vhosts;
mod warnings;
mod wire;
