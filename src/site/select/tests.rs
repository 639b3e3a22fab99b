//! What has been fetched is used for the file that it was read from, and for nothing else.

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::*;
use crate::config::{Config, Overrides};
use crate::files::{Fetch, Fetched};
use crate::files::{ReadError, Reading, Symlinks};
use crate::http::{Connection, Limits, Step};
use crate::site::{Content, Segment, Sites};

/// A site of its own.
struct Place {
    path: PathBuf,
    sites: Sites,
}

impl Place {
    fn new(name: &str, files: &[(&str, &str)]) -> Place {
        let path = std::env::temp_dir().join(format!("webserv-select-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        for (name, content) in files {
            fs::write(path.join(name), content).unwrap();
        }
        let config = Config::from_directory(&path, &Overrides::default()).unwrap();
        let sites = Sites::open(&config, 9).unwrap();
        Place { path, sites }
    }

    /// The file as it is now, and what its content is said to be.
    fn fetched(&self, name: &str, bytes: Result<&str, ReadError>) -> Fetched {
        let Ok(Opened::File(file)) = Root::open(&self.path, Symlinks::Inside).unwrap().open_beneath(name.as_bytes())
        else {
            panic!()
        };
        Fetched::Bytes { file, start: 0, bytes: bytes.map(|bytes| bytes.as_bytes().to_vec()) }
    }

    /// Status and content. What has to be fetched is fetched.
    fn get(&mut self, name: &str, fetched: Option<Fetched>) -> (u16, String) {
        let head = format!("GET /{name} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let mut connection = Connection::default();
        let limits = Limits { head_size: 8192, fields: 9, content_size: 0 };
        let mut input = head.as_bytes();
        let Step::Request(request) = connection.step(&mut input, &limits) else { panic!() };
        let now = Timestamp::from(SystemTime::now() + Duration::from_secs(3600));
        let peer = Ipv4Addr::LOCALHOST.into();
        self.sites.begin_round();
        let occasion =
            Occasion { now, peer, fetched: fetched.as_ref(), fetches: 0, has_no_successor: false, witness: None };
        let answer = match self.sites.answer(0, &request, &occasion) {
            Ok(answer) => answer,
            Err(Postponed::Successor) => panic!("there is one root"),
            Err(Postponed::Fetch(Fetch::Chore(_))) => panic!("nothing is listed"),
            Err(Postponed::Fetch(Fetch::Bytes { file, range })) => {
                let bytes = file.read(range.clone(), Reading::Any);
                let fetched = Fetched::Bytes { file, start: range.start, bytes };
                let occasion = Occasion { fetched: Some(&fetched), fetches: 1, ..occasion };
                self.sites.answer(0, &request, &occasion).unwrap()
            }
        };
        let Content::One(Segment::Memory(bytes, range)) = answer.content() else { panic!() };
        (answer.status().code(), String::from_utf8(bytes[range.clone()].to_vec()).unwrap())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn answer(content: &str) -> (u16, String) {
    (200, content.to_owned())
}

#[test]
fn what_was_fetched_is_the_content_and_is_not_read_again() {
    let mut place = Place::new("used", &[("a", "on disk")]);
    let fetched = place.fetched("a", Ok("fetched"));
    assert_eq!(place.get("a", Some(fetched)), answer("fetched"));
}

#[test]
fn what_was_fetched_for_another_path_is_not_used() {
    let mut place = Place::new("other", &[("a", "of a"), ("b", "of b")]);
    let fetched = place.fetched("a", Ok("fetched"));
    assert_eq!(place.get("b", Some(fetched)), answer("of b"));
    let fetched = place.fetched("a", Err(ReadError::Late(Duration::ZERO)));
    assert_eq!(place.get("b", Some(fetched)), answer("of b"));
}

#[test]
fn what_was_fetched_before_a_write_is_not_used() {
    let mut place = Place::new("written", &[("a", "old")]);
    let fetched = place.fetched("a", Ok("fetched"));
    fs::write(place.path.join("a"), "newer").unwrap();
    assert_eq!(place.get("a", Some(fetched)), answer("newer"));
    let fetched = place.fetched("a", Err(ReadError::Changed));
    assert_eq!(place.get("a", Some(fetched)), answer("newer"));
}

#[test]
fn what_could_not_be_fetched_is_an_error_once() {
    let mut place = Place::new("failed", &[("a", "on disk")]);
    for (error, status, reason) in [
        (ReadError::Late(Duration::from_secs(30)), 503, "it did not come from the disk in time"),
        (ReadError::Io(io::Error::from_raw_os_error(5)), 500, "the file could not be read"),
    ] {
        let fetched = place.fetched("a", Err(error));
        let (got, text) = place.get("a", Some(fetched));
        assert!(got == status && text.contains(reason), "{got} {text}");
    }
    assert_eq!(place.get("a", None), answer("on disk"));
}
