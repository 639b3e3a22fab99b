//! SIGHUP and the sockets that have a name in the file system: which stay, and which are bound again.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixListener;

use rustix::process::Signal;

use crate::reload::site;
use crate::support::{Server, eventually};
use crate::wire::{Pace, Peer, get, request};

#[test]
fn a_unix_socket_stays_the_same() {
    let directory = site();
    let path = directory.join("web.sock");
    let config = |root: &str| format!("listen = ['unix:web.sock', '127.0.0.1:0']\n[[site]]\nroot = '{root}'\n");
    let mut server = Server::configured(&directory, &config("www"));
    let inode = fs::symlink_metadata(&path).unwrap().ino();
    let mut idle = Peer::unix(&path);
    idle.exchange(request("GET", "/a.txt", &[])).assert_content("a");
    directory.write("webserv.toml", config("other"));
    server.reload("~ root");
    eventually("the new config answers", || idle.exchange(request("GET", "/a.txt", &[])).text() == "b");
    assert_eq!(fs::symlink_metadata(&path).unwrap().ino(), inode);
    Peer::unix(&path).exchange(request("GET", "/a.txt", &[])).assert_content("b");
    directory.write("webserv.toml", "listen = '127.0.0.1:0'\n[[site]]\nroot = 'other'\n");
    server.reload("- listen unix:");
    assert!(!path.exists(), "nobody answers there");
    idle.assert_ended();
}

#[test]
fn a_unix_socket_whose_file_was_removed_is_bound_again() {
    let directory = site();
    let path = directory.join("web.sock");
    let mut server =
        Server::configured(&directory, "listen = ['unix:web.sock', '127.0.0.1:0']\n[[site]]\nroot = 'www'\n");
    let get = request("GET", "/a.txt", &[]);
    let mut idle = Peer::unix(&path);
    idle.exchange(&get).assert_content("a");
    let mut pace = Pace::of(&server);
    pace.turn();
    // Who has come to the old one and waits is let in: more of them than come in at a time.
    server.process.signal(Signal::STOP);
    let mut waiting: Vec<_> = (0..200).map(|_| Peer::unix(&path)).collect();
    waiting.iter_mut().for_each(|peer| peer.send(&get));
    fs::remove_file(&path).unwrap();
    server.process.signal(Signal::HUP);
    server.process.signal(Signal::CONT);
    let line = server.process.stderr.line_with("reload");
    assert!(line.contains(&format!("~ listen unix:{}: bound again", path.display())), "{line}");
    for peer in &mut waiting {
        peer.response().assert_status(200).assert_content("a");
    }
    Peer::unix(&path).exchange(&get).assert_content("a");
    idle.exchange(&get).assert_content("a");
    server.reload("reload: nothing has changed");
    Peer::unix(&path).exchange(&get).assert_content("a");
    assert_eq!(server.stop().code, Some(0));
    assert!(!path.exists());
}

#[test]
fn a_unix_socket_in_whose_place_another_process_listens_is_left_to_it() {
    let directory = site();
    let path = directory.join("web.sock");
    let config = |root: &str| format!("listen = ['unix:web.sock', '127.0.0.1:0']\n[[site]]\nroot = '{root}'\n");
    let mut server = Server::configured(&directory, &config("www"));
    fs::remove_file(&path).unwrap();
    let other = UnixListener::bind(&path).unwrap();
    directory.write("webserv.toml", config("other"));
    let line = server.reload("cannot reload");
    let pid = format!("(pid {})", std::process::id());
    assert!(line.contains("web.sock is in use by") && line.contains(&pid), "{line}");
    get(&server, "/a.txt").assert_status(200).assert_content("a");
    // What it leaves behind is stale.
    drop(other);
    server.reload("~ root");
    Peer::unix(&path).exchange(request("GET", "/a.txt", &[])).assert_content("b");
    // The file of another one is not removed.
    fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    assert_eq!(server.stop().code, Some(0));
    assert!(path.exists());
}
