//! `--print-config`: what is printed is a config file that says the same.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;

use crate::support::{Finished, PATIENCE, Process, Scratch, Server, run, webserv};
use crate::tidy::{readme_examples, repository};
use crate::wire::get;

/// Prints what these arguments come to, and prints that again.
#[track_caller]
pub(crate) fn print<'a>(arguments: impl IntoIterator<Item = &'a OsStr>) -> String {
    let printed = run(webserv().arg("--print-config").args(arguments));
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""), "{printed:?}");
    let directory = Scratch::new();
    let file = directory.write("elsewhere/printed.toml", &printed.stdout);
    let again = run(webserv().args(["--print-config", "-c"]).arg(file));
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), ""), "{}", printed.stdout);
    assert_eq!(again.stdout, printed.stdout);
    printed.stdout
}

#[test]
fn what_cannot_be_written_is_no_success() {
    let full = || File::options().write(true).open("/dev/full").unwrap().into();
    let finished = Process::spawn(webserv().args(["--print-config", "."]), full()).finish(PATIENCE);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.starts_with("error: No space left on device"), "{finished:?}");
    // What a check has found out does not depend on who hears it.
    let finished = Process::spawn(webserv().args(["--check", "."]), full()).finish(PATIENCE);
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

#[test]
fn the_configs_of_the_repository() {
    print(["-c".as_ref(), repository().join("conf/webserv.toml").as_os_str()]);
    for (directory, example) in readme_examples() {
        let file = directory.write("webserv.toml", example);
        print(["-c".as_ref(), file.as_os_str()]);
    }
}

#[test]
fn a_directory_with_options() {
    let directory = Scratch::with(&[("app.html", "x")]);
    let path = directory.path().as_os_str();
    let root = format!("\nroot = \"{}\"\n", directory.path().display());
    for (options, line) in [
        (&[][..], "\nlisten = [\"localhost:8080\"]  # default\n"),
        (&["-l", "3000", "-l", "[::1]:81"], "\nlisten = [\"localhost:3000\", \"[::1]:81\"]\n"),
        (&["--lan"], "\nlisten = [\"0.0.0.0:8080\", \"[::]:8080\"]\n"),
        (&["--fallback", "app.html"], "\nfallback = \"app.html\"\n"),
    ] {
        let printed = print(options.iter().map(OsStr::new).chain([path]));
        assert!(printed.contains(line) && printed.contains(&root), "{options:?}\n{printed}");
    }
}

#[test]
fn what_is_printed_is_served_the_same() {
    let directory = Scratch::with(&[
        ("www/a.txt", "text"),
        (
            "site.toml",
            "listen = '127.0.0.1:0'\ncharset = 'latin1'\n[log]\naccess = 'off'\n[[site]]\nroot = 'www'\n\
             headers = { X-A = '\"é\"' }\n",
        ),
    ]);
    // What is wrong with it is told as ever.
    let refused = run(webserv().args(["--print-config", "-c"]).arg(directory.join("site.toml")));
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused:?}");
    fs::write(directory.join("site.toml"), fs::read_to_string(directory.join("site.toml")).unwrap().replace('é', "e"))
        .unwrap();
    let printed = print(["-c".as_ref(), directory.join("site.toml").as_os_str()]);
    let file = directory.write("elsewhere/b.toml", printed);
    let server = Server::start(webserv().arg("-c").arg(file));
    let answer = get(&server, "/a.txt");
    answer.assert_status(200).assert_content("text").assert_field("X-A", "\"e\"");
    answer.assert_field("Content-Type", "text/plain; charset=latin1");
}

#[test]
fn every_name_that_is_utf8() {
    let directory = Scratch::new();
    for name in ["a b", "é\u{202e}", "\"\\'", "#", "\u{1}\n\t", "-"] {
        fs::create_dir(directory.join(name)).unwrap();
        print(["-l".as_ref(), "1".as_ref(), directory.join(name).as_os_str()]);
    }
    let path = directory.join(OsStr::from_bytes(b"a\xff"));
    fs::create_dir(&path).unwrap();
    let Finished { code, stdout, stderr, .. } = run(webserv().arg("--print-config").arg(path));
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("is not UTF-8"), "{stderr}");
}
