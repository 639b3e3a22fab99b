//! # webserv
//!
//! A static HTTP/1.1 web server: one thread, one reactor, many clients.

pub mod access_log;
pub mod cli;
pub mod config;
pub mod files;
pub mod http;
pub mod net;
pub mod server;
pub mod site;
