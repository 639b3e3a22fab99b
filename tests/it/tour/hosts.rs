//! Host: whom `webserv DIR` answers, so that no page of others can read what is there by a name that leads here.

use super::walk;
use crate::support::{Scratch, Server};

#[test]
fn a_directory_on_loopback_answers_to_the_names_of_this_machine() {
    let directory = Scratch::with(&[("index.html", "home")]);
    let server = Server::of(&directory);
    let peer = &mut server.connect();
    for host in ["localhost", "LOCALHOST:1", "docs.localhost", "a.b.localhost", "127.0.0.1", "192.0.2.1:8080", "[::1]"]
    {
        walk(peer, host, &[("GET /", "200 | = home")]);
    }
    for host in ["evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "xlocalhost"] {
        walk(&mut server.connect(), host, &[("GET /", "421 | no ETag | ~ localhost"), ("GET /missing", "421")]);
    }
    // A config says itself who is answered.
    let server = Server::configured(&directory, "listen = '127.0.0.1:0'\n[[site]]\nroot = '.'\n");
    walk(&mut server.connect(), "evil.test", &[("GET /", "200 | = home")]);
}
