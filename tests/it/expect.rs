//! `[[expect]]`: what a config expects of its answers, which `--check` holds against them.

use std::net::TcpListener;
use std::path::Path;

use crate::explain::assert_golden;
use crate::support::{Finished, Scratch, Server, run, webserv};
use crate::wire::get;

fn site() -> Scratch {
    Scratch::with(&[("www/index.html", "x"), ("www/a.txt", "0123456789"), ("www/dir/index.html", "d")])
}

#[track_caller]
fn check(directory: &Scratch, config: &str) -> Finished {
    let file = directory.write("webserv.toml", config);
    run(webserv().args(["--check", "-c"]).arg(&file))
}

#[test]
fn what_is_met_is_counted_and_no_socket_is_opened() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let config = format!(
        "
        listen = '127.0.0.1:{port}'
        [[site]]
        hosts = 'example.test'
        root = 'www'
        headers = {{ X-Frame-Options = 'DENY' }}
        redirects = {{ '/old' = '/new' }}
        fallback = 'index.html'
        [[site]]
        hosts = 'blog.example.test'
        root = 'www/dir'
        [[expect]]
        url = 'http://example.test:{port}/old'
        status = 302
        headers = {{ Location = '/new' }}
        [[expect]]
        url = '/a.txt'
        status = 200
        headers = {{ content-length = '10', X-Frame-Options = 'DENY', Location = '' }}
        [[expect]]
        url = 'http://BLOG.localhost:{port}/a.txt'
        status = 404
        headers = {{ X-Frame-Options = '' }}
        [[expect]]
        url = 'http://127.0.0.1:{port}/dir'
        headers = {{ Location = '/dir/' }}
        [[expect]]
        url = '/some/page'
        status = 200
        headers = {{ Vary = 'Accept, Accept-Encoding' }}
        "
    );
    let directory = site();
    let finished = check(&directory, &config);
    let expected = format!("ok: 2 sites, 5 expectations in {}\n", directory.join("webserv.toml").display());
    assert_eq!((finished.code, finished.stdout, finished.stderr), (Some(0), expected, String::new()));
    // Where none is named, it is said which one that was.
    let finished = run(webserv().current_dir(directory.path()).arg("--check"));
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), "ok: 1 site in .\n"));
}

#[test]
fn what_is_not_met_reads_well() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain");
    let finished = run(webserv().current_dir(fixtures).args(["--check", "-c", "unmet.toml"]));
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""));
    assert_golden("unmet.txt", &finished.stderr);
}

#[test]
fn every_expectation_that_is_not_met_is_told_at_once() {
    let unmet = "[[expect]]\nurl = '/a.txt'\nstatus = 404\n";
    let config = format!("listen = '81'\n[[site]]\nroot = 'www'\n{}", unmet.repeat(25));
    let finished = check(&site(), &config);
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("webserv.toml:6:10\n") && finished.stderr.contains("webserv.toml:9:10\n"));
    assert!(finished.stderr.ends_with("error: 25 of 25 expectations failed; 5 more are not shown\n"), "{finished:?}");
    // What is wrong with the config itself comes first: what it would answer is not known.
    let finished = check(&site(), &config.replace("root", "rot"));
    assert!(finished.stderr.contains("unknown key") && !finished.stderr.contains("expectations failed"));
}

#[test]
fn what_is_not_met_does_not_keep_it_from_serving() {
    let directory = site();
    let config = "listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\n[[expect]]\nurl = '/a.txt'\nstatus = 404\n";
    assert_eq!(check(&directory, config).code, Some(2));
    get(&Server::configured(&directory, config), "/a.txt").assert_status(200);
}
