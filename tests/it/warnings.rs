//! Warnings: what a config may not mean by what there is on the disk, told without being refused.

use crate::explain::assert_golden;
use crate::support::{Scratch, Server, run, webserv};
use crate::wire::get;

const DOUBTFUL: &str = "
errors = { 5xx = 'sorry.html' }
[[site]]
hosts = 'a.test'
root = 'www'
errors = { 404 = '40.html', 403 = 'assets/in.html', 4xx = 'away.html', 431 = '404.html' }
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

/// What is there fits nothing but the pages for 403 and 431.
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

/// A rule for a directory is in its place where there is one of its kind for all that is in it.
#[test]
fn whoever_knows_both_paths_of_a_directory_is_told_nothing() {
    let directory = Scratch::with(&[("www/private/in/index.html", "x")]);
    let config = "
        [[site]]
        root = 'www'
        cache = { '/private' = 'no-cache', '/private/*' = 'max-age=6' }
        [site.path.'/private']
        allow = '::1'
        headers = { A = 'a', B = 'b' }
        [site.path.'/private/']
        allow = '::1'
        methods = 'GET'
        [site.path.'/private/*']
        allow = '::1'
        methods = 'GET'
        headers = { A = 'a', B = 'b' }
    ";
    let check = |config: &str| {
        let finished = run(webserv().args(["--check", "-c"]).arg(directory.write("site.toml", config)));
        assert_eq!(finished.code, Some(0), "{finished:?}");
        finished.stderr
    };
    assert_eq!(check(config), "");
    // One of another kind says nothing of it, and neither has one for another directory.
    for (key, line) in [("/private/*", "/private/in/*"), ("/private/*' = ", "/*' = "), ("{ A = 'a', B", "{ A = 'a', C")]
    {
        let at = config.rfind(key).unwrap();
        let other = format!("{}{}", &config[..at], config[at..].replacen(key, line, 1));
        let said = check(&other);
        assert!(said.contains("the rule for /private is not for what is in that directory"), "{other}{said}");
    }
}

/// As many as a file of the largest size has room for.
#[test]
fn a_hundred_thousand_doubts_take_no_time() {
    let directory = Scratch::with(&[("www/index.html", "x")]);
    let pages: String = (400..600).map(|status| format!("{status}='a',")).collect();
    let site = |number| format!("[[site]]\nhosts='{number}.test'\nroot='www'\nerrors={{{pages}}}\n");
    let config = directory.write("site.toml", (0..500).map(site).collect::<String>());
    let started = std::time::Instant::now();
    let finished = run(webserv().args(["--check", "-c"]).arg(config));
    assert!(finished.stderr.ends_with("has 100000 warnings; 99980 more are not shown\n"), "{finished:?}");
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn a_server_tells_when_it_starts_and_when_it_has_loaded_again_and_serves() {
    let directory = site();
    let config = directory.join("site.toml");
    let mut server = Server::start(webserv().args(["-l", "127.0.0.1:0", "-c"]).arg(&config));
    assert!(server.process.stderr.said().contains("the page for 404 cannot be sent"), "{}", server.banner);
    get(&server, "/").assert_status(200);
    directory.write("www/40.html", "lost");
    directory.write("site.toml", DOUBTFUL.replace("403 =", "416 =").replace("assets/in", "gone"));
    server.reload("warning: the page for 416 cannot be sent");
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

#[test]
fn what_is_meant_to_be_kept_from_some_and_is_not_is_told_of() {
    let directory = Scratch::with(&[("www/index.html", "x"), ("www/private/a.txt", "x"), ("www/plan.txt", "x")]);
    let check = |config: &str| {
        let file = directory.write("site.toml", config);
        let finished = run(webserv().args(["--check", "-c"]).arg(file));
        assert_eq!(finished.code, Some(0), "{config}: {finished:?}");
        finished.stderr
    };
    for (path, meant) in [
        ("/privat/*", Some("/private/*")),
        ("/Private/*", Some("/private/*")),
        ("/plan.tx", Some("/plan.txt")),
        ("/private/*", None),
        ("/plan.txt", None),
        // Nothing is like it: it may well be for what is to come.
        ("/.git/*", None),
        ("*.sql", None),
    ] {
        let said = check(&format!("[[site]]\nroot = 'www'\n[site.path.'{path}']\nallow = []\n"));
        let title = format!("there is nothing at {path} that this could keep anybody from");
        assert_eq!(said.contains(&title), meant.is_some(), "{path}: {said}");
        let help = meant.map(|meant| format!("did you mean \"{meant}\"?"));
        assert!(help.is_none_or(|help| said.contains(&help)), "{path}: {said}");
    }
    let site = "[[site]]\nroot = '.'\nindex = 'www/index.html'\n".replace("www/index.html", "plan.txt");
    let said = check(&site);
    assert!(said.contains("this config is below a root") && said.contains("whoever asks for /site.toml"), "{said}");
    for rule in ["[site.path.'/site.toml']\nallow = []\n", "[site.path.'*.toml']\nallow = []\n"] {
        assert_eq!(check(&format!("{site}{rule}")), "", "{rule}");
    }
    assert_eq!(check("[[site]]\nroot = 'www'\n"), "");
}

/// A rule for an index file, where there is none for the directory that it is sent for.
#[test]
fn who_is_kept_from_an_index_file_and_not_from_its_directory_is_told_of() {
    let directory = Scratch::with(&[("www/index.html", "x"), ("www/in/index.html", "x"), ("www/in/index.htm", "x")]);
    for (index, path, other, told) in [
        ("index.html", "/index.html", "/in/*", Some("/")),
        ("index.html", "/in/index.html", "/", Some("/in/")),
        ("index.html", "/in/index.html", "/in/", None),
        ("index.html", "/in/index.html", "/*", None),
        ("index.html", "/in/index.htm", "/", None),
        ("index.htm", "/in/index.htm", "/", Some("/in/")),
    ] {
        let config = format!(
            "index = ['{index}', 'index.html']\n[[site]]\nroot = 'www'\n\
             [site.path.'{path}']\nallow = []\n[site.path.'{other}']\nallow = []\n"
        )
        .replace("['index.html', 'index.html']", "['index.html', 'index.htm']");
        let finished = run(webserv().args(["--check", "-c"]).arg(directory.write("site.toml", config)));
        let said = finished.stderr;
        assert_eq!(finished.code, Some(0), "{said}");
        assert_eq!(
            said.contains(&format!("the rule for {path} keeps nobody from that file")),
            told.is_some(),
            "{said}"
        );
        let help = told.map(|told| format!("write the same for \"{told}\""));
        assert!(help.is_none_or(|help| said.contains(&help)), "{path}: {said}");
    }
}

/// By the hosts of the config, as far as they are sure to lead here.
#[test]
fn a_redirect_that_goes_in_circles_from_host_to_host_is_told_of() {
    const OWN: &str = "hosts = ['www.a.test', 'a.test']\nredirects = ";
    const OTHER: &str = "{ '/in/*' = 'http://www.b.test/*' }\n[[site]]\nroot = '.'\nhosts = '*.b.test'\nredirects = ";
    let directory = Scratch::new();
    for (port, redirects, is_told) in [
        (80, "{ '/*' = 'http://www.a.test/*' }", true),
        (80, "{ '/*' = 'http://WWW.A.test:80/in/*' }", true),
        (8080, "{ '/*' = 'http://www.a.test:8080/*' }", true),
        (8080, "{ '/*' = 'http://www.localhost:8080/*' }", true),
        (8080, "{ '/*' = 'http://127.0.0.1:8080/*' }", true),
        (80, "{ '/in' = 'http://a.test/out', '/out' = '/in' }", true),
        (80, &[OTHER, "{ '/*' = 'http://a.test/in/*' }"].concat(), true),
        (80, &[OTHER, "{ '/*' = 'http://a.test/*' }"].concat(), false),
        (80, "{ '/in/*' = 'http://www.a.test/*' }", false),
        (80, "{ '/old' = 'http://www.a.test/' }", false),
        // Another port, another protocol, a name that may be another machine's
        (8080, "{ '/*' = 'http://www.a.test/*' }", false),
        (80, "{ '/*' = 'https://www.a.test/*' }", false),
        (80, "{ '/*' = 'http://www.c.test/*' }", false),
    ] {
        let config = format!("listen = '127.0.0.1:{port}'\n[[site]]\nroot = '.'\n{OWN}{redirects}\n");
        // The config is below its root.
        let outside = Scratch::new();
        let config = config.replace("'.'", &format!("'{}'", directory.path().display()));
        let finished = run(webserv().args(["--check", "-c"]).arg(outside.write("site.toml", config)));
        let said = finished.stderr;
        assert_eq!(finished.code, Some(0), "{said}");
        assert_eq!(said.contains("this redirect comes to no end"), is_told, "{redirects}: {said}");
    }
}
