//! Warnings: what a config may not mean by what there is on the disk, told without being refused.

use crate::explain::assert_golden;
use crate::support::{Scratch, Server, run, webserv};
use crate::wire::get;

const DOUBTFUL: &str = "
errors = { 5xx = 'sorry.html' }
[[site]]
hosts = 'a.test'
root = 'www'
errors = { 404 = '40.html', 403 = 'assets/in.html', 4xx = 'away.html' }
fallback = 'assets'
cache = { '/assets' = 'max-age=60', '/assets/' = 'max-age=6', '/index.html' = 'max-age=600', '/away' = 'max-age=6' }
[site.path.'/private']
headers = { X-Robots-Tag = 'none' }
[site.path.'/private/in']
methods = ['HEAD']
[site.path.'/private/']
allow = '::1'
[[site]]
hosts = 'b.test'
root = 'www/assets'
fallback = ''
";

/// What is there fits nothing but the page for 403.
fn site() -> Scratch {
    let directory = Scratch::with(&[
        ("www/index.html", "x"),
        ("www/404.html", "x"),
        ("www/assets/in.html", "x"),
        ("www/private/in/index.html", "x"),
        ("site.toml", DOUBTFUL),
    ]);
    std::os::unix::fs::symlink("/etc/passwd", directory.join("www/away.html")).unwrap();
    directory
}

#[test]
fn everything_is_told_once_and_reads_well() {
    let directory = site();
    let finished = run(webserv().current_dir(directory.path()).args(["--check", "-c", "site.toml"]));
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), "ok: 2 sites in site.toml\n"));
    assert_golden("warnings.txt", &finished.stderr.replace(directory.path().to_str().unwrap(), "/srv"));
    let finished = run(webserv().current_dir(directory.path()).args(["--check", "-q", "-c", "site.toml"]));
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_server_tells_when_it_starts_and_when_it_has_loaded_again_and_serves() {
    let directory = site();
    let config = directory.join("site.toml");
    let mut server = Server::start(webserv().args(["-l", "127.0.0.1:0", "-c"]).arg(&config));
    assert!(server.process.stderr.said().contains("the page for 404 cannot be sent"), "{}", server.banner);
    get(&server, "/").assert_status(200);
    directory.write("www/40.html", "lost");
    directory.write("site.toml", DOUBTFUL.replace("403 =", "410 =").replace("assets/in", "gone"));
    server.reload("warning: the page for 410 cannot be sent");
    server.process.stderr.line_with("reload: ");
    let finished = server.stop();
    assert_eq!(finished.stderr.matches("the page for 404").count(), 1, "{}", finished.stderr);

    let mut command = webserv();
    let server = Server::start(command.env("RUST_LOG", "error").args(["-l", "127.0.0.1:0", "-c"]).arg(&config));
    assert!(!server.stop().stderr.contains("warning"));
}

#[test]
fn a_directory_with_nothing_to_show_is_told_of() {
    let directory = Scratch::with(&[("full/index.html", "x"), ("bare/a.txt", "x")]);
    for (arguments, is_told) in [
        (&["bare"][..], true),
        (&["--listing", "bare"], false),
        (&["--fallback", "a.txt", "bare"], false),
        (&["full"], false),
    ] {
        let finished = run(webserv().current_dir(directory.path()).arg("--check").args(arguments));
        let told = "warning: there is no index.html in bare\n |\n = help: with --listing it is shown what there is\n\n";
        let expected = if is_told { told } else { "" };
        assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), expected), "{arguments:?}");
    }
}
