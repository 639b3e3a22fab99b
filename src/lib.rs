//! # webserv
//!
//! A static HTTP/1.1 web server: one thread, one reactor, many clients.

pub mod config;
pub mod files;
pub mod http;
pub mod net;
pub mod site;
