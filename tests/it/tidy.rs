//! The house rules that can be checked: which room imports what, how a file opens, how long it is, how things are
//! named, that every config that is shown works, and that every promise has its tests.

use std::fs;
use std::path::{Path, PathBuf};

use crate::paths::{Named, paths, words};
use crate::support::{Scratch, run, webserv};

/// What one room of src/ may know of the others.
struct Room {
    name: &'static str,
    /// The other rooms it may import.
    rooms: &'static [&'static str],
    /// Paths that nothing in it names.
    never: &'static [&'static str],
}

/// The table of the crate's documentation. Main, lib and the server may import all.
const ROOMS: &[Room] = &[
    Room { name: "cli", rooms: &["config"], never: SOCKETS },
    Room { name: "config", rooms: &["escape"], never: SOCKETS },
    Room { name: "http", rooms: &[], never: PURE },
    Room { name: "site", rooms: &["http", "files", "config", "escape", "figures"], never: SOCKETS },
    Room { name: "files", rooms: &["bell"], never: &["std::net", "rustix::net", "polling"] },
    Room { name: "net", rooms: &[], never: &[] },
    Room { name: "access_log", rooms: &["sink", "config", "http", "net", "escape", "figures"], never: SOCKETS },
    Room { name: "sink", rooms: &["figures"], never: &["polling"] },
    Room { name: "bell", rooms: &[], never: SOCKETS },
    Room { name: "escape", rooms: &[], never: PURE },
    Room { name: "figures", rooms: &[], never: PURE },
];

/// What may import all.
const SERVER: &str = "server";

/// A protocol does no I/O and reads no clock: time is an argument. An address is a plain value, a socket is not.
const PURE: &[&str] = &[
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "std::fs",
    "std::os",
    "std::process",
    "rustix",
    "polling",
    "Instant::now",
    "SystemTime::now",
];

/// An address is a plain value, a socket is not.
const SOCKETS: &[&str] =
    &["TcpStream", "TcpListener", "UdpSocket", "UnixStream", "UnixListener", "UnixDatagram", "rustix::net", "polling"];

/// Crates that one room hides from the others.
const HIDDEN: &[(&str, &str)] =
    &[("httparse", "http"), ("httpdate", "http"), ("toml", "config"), ("clap", "cli"), ("mime_guess", "site")];

/// The lines up to which a file can be read in one sitting.
const LINES_MAX: usize = 400;

/// What says nothing about what a thing is for.
const EMPTY_ENDINGS: &[&str] = &["Manager", "Helper", "Helpers", "Util", "Utils", "Handler"];

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a directory of the repository that end so.
fn files_below(directory: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![repository().join(directory)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.to_str().is_some_and(|path| path.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The path of a file's module: `src/net/outbox.rs` is `crate::net::outbox`, and so is `src/net/outbox/mod.rs`.
fn module(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix(repository().join("src")).unwrap().with_extension("");
    let names = inside.iter().map(|name| name.to_str().unwrap().to_owned());
    let names = names.filter(|name| !["mod", "lib", "main"].contains(&name.as_str()));
    std::iter::once("crate".to_owned()).chain(names).collect()
}

/// Fails with all that was found at once, each with its place.
#[track_caller]
fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

fn shown(file: &Path, line: usize) -> String {
    format!("{}:{line}", file.strip_prefix(repository()).unwrap().display())
}

#[test]
fn rooms_import_what_the_table_says() {
    let mut found = Vec::new();
    for file in files_below("src", ".rs") {
        let source = fs::read_to_string(&file).unwrap();
        let module = module(&file);
        let own = module.get(1).map_or("", String::as_str);
        let room = ROOMS.iter().find(|room| room.name == own);
        for named in paths(&source, &module) {
            let Named { segments, line } = &named;
            let path = segments.join("::");
            let known: Vec<_> = ROOMS.iter().map(|room| room.name).chain([SERVER]).collect();
            let foreign = named.room().filter(|other| *other != own && known.contains(other));
            let forbidden = match (room, foreign) {
                (Some(room), Some(other)) => !room.rooms.contains(&other),
                (Some(room), None) => room.never.iter().any(|never| named.mentions(never)),
                (None, _) => false,
            };
            let hidden = HIDDEN.iter().any(|(name, home)| segments[0] == *name && own != *home);
            if forbidden || hidden {
                found.push(format!("{}: {own} names {path}", shown(&file, *line)));
            }
        }
    }
    assert_none("imports that the table in src/lib.rs does not allow", &found);
}

#[test]
fn the_table_of_the_rooms_is_the_one_that_holds() {
    let map = fs::read_to_string(repository().join("src/lib.rs")).unwrap();
    let rows =
        map.lines().filter_map(|line| line.strip_prefix("//! | ")).map(|row| row.split(" | ").collect::<Vec<_>>());
    let name = |cell: &str| cell.trim_matches(['[', ']', '`']).to_owned();
    let rows: Vec<_> =
        rows.filter(|row| row.len() == 3).map(|row| (name(row[0]), row[2].trim_end_matches(" |"))).collect();
    let mut found = Vec::new();
    for module in map.lines().filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")) {
        let module = module.trim_end_matches(';');
        let room = ROOMS.iter().find(|room| room.name == module);
        let Some((_, may)) = rows.iter().find(|(name, _)| name == module) else {
            found.push(format!("{module}: not in the table"));
            continue;
        };
        let named: Vec<_> =
            ROOMS.iter().map(|room| room.name).filter(|name| may.contains(&format!("`{name}`"))).collect();
        let is_right = match room {
            Some(room) => named.len() == room.rooms.len() && named.iter().all(|name| room.rooms.contains(name)),
            None => module == SERVER && *may == "all",
        };
        if !is_right {
            found.push(format!("{module}: {may}"));
        }
    }
    assert!(rows.len() > ROOMS.len(), "the table has {} rows", rows.len());
    assert_none("rooms whose row in src/lib.rs is not what is checked", &found);
}

#[test]
fn unsafe_code_has_one_home() {
    let mut found = Vec::new();
    for file in files_below("src", ".rs") {
        let source = fs::read_to_string(&file).unwrap();
        if !file.ends_with("src/net/reactor.rs") {
            let lines = words(&source).into_iter().filter(|(word, _)| word == "unsafe");
            found.extend(lines.map(|(_, line)| shown(&file, line)));
        }
    }
    assert_none("unsafe code outside of src/net/reactor.rs", &found);
}

/// A file that is mapped and becomes shorter ends whoever reads it by a signal (SIGBUS).
#[test]
fn no_file_is_mapped_into_memory() {
    let mut found = Vec::new();
    for file in files_below("src", ".rs") {
        let words = words(&fs::read_to_string(&file).unwrap()).into_iter();
        let maps = words.filter(|(word, _)| word.to_lowercase().contains("mmap") || word == "mm");
        found.extend(maps.map(|(word, line)| format!("{}: {word}", shown(&file, line))));
    }
    assert_none("files that are mapped into memory", &found);
}

#[test]
fn every_file_says_what_it_is_for_and_can_be_read_in_one_sitting() {
    let mut found = Vec::new();
    for directory in ["src", "tests", "fuzz/fuzz_targets", "benches", "examples"] {
        for file in files_below(directory, ".rs") {
            let source = fs::read_to_string(&file).unwrap();
            // `#![no_main]` and its like may come first.
            let first = source.lines().find(|line| !line.is_empty() && !line.starts_with("#!["));
            if !first.is_some_and(|line| line.starts_with("//! ")) {
                found.push(format!("{}: does not open with //!", shown(&file, 1)));
            }
            let lines = source.lines().count();
            if lines > LINES_MAX {
                found.push(format!("{}: {lines} lines", shown(&file, LINES_MAX)));
            }
        }
    }
    assert_none("files that are not as the house wants them", &found);
}

#[test]
fn names_say_what_a_thing_is() {
    let mut found = Vec::new();
    for file in files_below("src", ".rs") {
        let source = fs::read_to_string(&file).unwrap();
        let words = words(&source);
        let pairs = words.iter().zip(words.iter().skip(1));
        for ((before, _), (name, line)) in pairs {
            let getter = before == "fn" && name.starts_with("get_") && name != "get_mut"; // as std has it
            let declared = ["struct", "enum", "trait", "type", "mod"].contains(&before.as_str());
            let lowered = name.to_lowercase();
            let empty = EMPTY_ENDINGS.iter().any(|it| name.ends_with(it) || lowered == it.to_lowercase());
            if getter || (declared && empty) {
                found.push(format!("{}: {name}", shown(&file, *line)));
            }
        }
    }
    assert_none("names that say nothing", &found);
}

#[test]
fn nothing_is_left_to_do() {
    let markers = ["TODO", "FIXME", "XXX", "HACK"].map(|word| (word, format!("{word}:")));
    let mut found = Vec::new();
    for file in files_below("src", ".rs") {
        for (line, text) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            let comment = text.split_once("//").map_or("", |(_, comment)| comment).trim();
            if markers.iter().any(|(word, start)| comment.contains(start) || comment.starts_with(word)) {
                found.push(format!("{}: {comment}", shown(&file, line + 1)));
            }
        }
    }
    assert_none("work that nobody will find again", &found);
}

#[test]
fn the_configs_of_the_repository_can_be_used() {
    let configs = files_below("conf", ".toml");
    assert!(!configs.is_empty(), "there is no conf/*.toml");
    for config in configs {
        let finished = run(webserv().args(["--check", "-c"]).arg(&config));
        assert_eq!(finished.code, Some(0), "{}: {finished:?}", config.display());
    }
}

/// The fenced blocks of a Markdown text in this language.
pub(crate) fn fenced<'a>(markdown: &'a str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<Vec<&'a str>> = None;
    for line in markdown.lines() {
        match (&mut block, line.trim_start().strip_prefix("```")) {
            (None, Some(info)) if info.trim() == language => block = Some(Vec::new()),
            (Some(_), Some(_)) => blocks.push(block.take().unwrap_or_default().join("\n") + "\n"),
            (Some(lines), None) => lines.push(line),
            (None, _) => {}
        }
    }
    blocks
}

/// The block in a directory of its own, in which every root that it names is there.
fn with_roots(block: &str, directory: &Scratch) -> String {
    let mut config = String::new();
    for line in block.lines() {
        let root = line.trim_start().strip_prefix("root").map(str::trim_start).and_then(|it| it.strip_prefix('='));
        let root = root.and_then(|value| value.trim_start().strip_prefix(['"', '\''])?.split(['"', '\'']).next());
        match root {
            Some(root) => {
                let below = root.trim_start_matches(['/', '.']);
                fs::create_dir_all(directory.join(below)).unwrap();
                config.push_str(&line.replacen(root, if below.is_empty() { "." } else { below }, 1));
            }
            None => config.push_str(line),
        }
        config.push('\n');
    }
    config
}

/// Each config that README.md shows, and a directory in which it can be used.
pub(crate) fn readme_examples() -> Vec<(Scratch, String)> {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let blocks = fenced(&readme, "toml");
    assert!(!blocks.is_empty(), "README.md shows no config in a block of its own (```toml)");
    let usable = |block: String| {
        let directory = Scratch::new();
        let config = with_roots(&block, &directory);
        (directory, config)
    };
    blocks.into_iter().map(usable).collect()
}

#[test]
fn the_examples_of_the_readme_can_be_used() {
    for (directory, example) in readme_examples() {
        let finished = run(webserv().args(["--check", "-c"]).arg(directory.write("webserv.toml", &example)));
        assert_eq!(finished.code, Some(0), "{example}\n{}", finished.stderr);
    }
}

/// A test as it stands in its source.
pub(crate) struct Test {
    pub(crate) name: String,
    /// It is left to `--ignored`.
    pub(crate) is_ignored: bool,
}

/// The tests of a file of the repository; none where there is no such file.
pub(crate) fn tests_in(file: &str) -> Vec<Test> {
    let source = fs::read_to_string(repository().join(file)).unwrap_or_default();
    let tests = source.split("#[test]").skip(1).filter_map(|test| {
        let (attributes, definition) = test.split_once("fn ")?;
        let (name, _) = definition.split_once('(')?;
        Some(Test { name: name.to_owned(), is_ignored: attributes.contains("#[ignore") })
    });
    tests.collect()
}

#[test]
fn every_promise_names_tests_that_exist() {
    let read = |file| fs::read_to_string(repository().join(file)).unwrap();
    let (promises, ci) = (read("docs/PROMISES.md"), read(".ci/run"));
    let mut found = Vec::new();
    let mut rows = 0;
    for (line, text) in (1..).zip(promises.lines()) {
        // Promise, figure, tests; above them the names of the columns and a line.
        let columns: Vec<_> = text.trim_matches('|').split('|').map(str::trim).collect();
        if !text.starts_with("| ") || columns[0] == "promise" || columns[0].starts_with("---") {
            continue;
        }
        rows += 1;
        if columns.len() != 3 {
            found.push(format!("docs/PROMISES.md:{line}: {} columns", columns.len()));
            continue;
        }
        for named in columns[2].split(", ") {
            let is_there = match (named.strip_prefix("`.ci/run`: `"), named.trim_matches('`').split_once("::")) {
                (Some(step), _) => ci.contains(step.trim_matches('`')),
                (None, Some((file, name))) => tests_in(file).iter().any(|test| test.name == name),
                (None, None) => false,
            };
            if !is_there {
                found.push(format!("docs/PROMISES.md:{line}: {named}"));
            }
        }
    }
    assert!(rows > 20, "the list has {rows} rows");
    assert_none("promises that nothing shows", &found);
}
