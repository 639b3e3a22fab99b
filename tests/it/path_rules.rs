//! What a config says of some paths alone: who may ask for them, by which methods, and what the answers carry.

use crate::support::{Scratch, Server};
use crate::wire::{Peer, exchange, get, request};

fn site() -> Scratch {
    Scratch::with(&[("www/a.txt", "0123456789"), ("www/dir/index.html", "d"), ("www/dir/a.txt", "a")])
}

#[test]
fn only_those_may_ask_who_are_allowed_to() {
    let directory = site();
    for name in ["private/index.html", "private/a.txt", "private/open/a.txt", "local/a.iso", "b.iso", "nobody"] {
        directory.write(format!("www/{name}"), "x");
    }
    let config = "
        listen = ['127.0.0.1:0', 'unix:web.sock']
        [[site]]
        root = 'www'
        index = ['missing.html', 'index.html']
        errors = { 403 = 'a.txt' }
        redirects = { '/private/moved' = '/a.txt' }
        [site.path.'/private/*']
        allow = ['192.0.2.0/24', '2001:db8::/32']
        headers = { X-Private = 'yes' }
        [site.path.'/private/open/*']
        allow = '127.0.0.0/8'
        [site.path.'*.iso']
        allow = []
        [site.path.'/local/*']
        allow = ['127.0.0.1']
        [site.path.'/nobody']
        allow = []
    ";
    let server = Server::configured(&directory, config);
    for (target, status) in [
        ("/private/", 403),
        ("/private/index.html", 403),
        ("/private/a.txt", 403),
        ("/%70rivate/a.txt", 403),
        ("//private//a.txt", 403),
        ("/x/../private/./a.txt", 403),
        ("/private/missing", 403),
        ("/private/moved", 403),
        ("/private/open/a.txt", 200),
        ("/b.iso", 403),
        ("/b.ISO", 403),
        ("/missing.iso", 403),
        ("/local/a.iso", 200),
        ("/nobody", 403),
        ("/a.txt", 200),
    ] {
        for method in ["GET", "GET", "OPTIONS", "POST"] {
            let expected = match (status, method) {
                (200, "OPTIONS") => 204,
                (200, "POST") => 405,
                (status, _) => status,
            };
            for mut peer in [server.connect(), Peer::unix(directory.join("web.sock"))] {
                let response = peer.exchange(request(method, target, &[]));
                response.assert_status(expected);
                assert_eq!(response.field("X-Private").is_some(), target.contains("rivate"), "{response}");
                if expected == 403 {
                    response.assert_content("0123456789");
                }
            }
        }
    }
}

#[test]
fn methods_are_those_of_the_path() {
    let directory = site();
    let config = "
        listen = '127.0.0.1:0'
        [[site]]
        root = 'www'
        [site.path.'/dir/*']
        methods = ['GET']
        [site.path.'*.txt']
        methods = ['HEAD']
        [site.path.'/missing']
        methods = ['OPTIONS']
    ";
    let server = Server::configured(&directory, config);
    for (target, methods) in [
        ("/dir/", "GET, HEAD, OPTIONS"),
        ("/dir/a.txt", "GET, HEAD, OPTIONS"),
        ("/a.txt", "HEAD, OPTIONS"),
        ("/missing", "OPTIONS"),
    ] {
        for method in ["GET", "HEAD", "OPTIONS", "PUT"] {
            let is_allowed = methods.split(", ").any(|allowed| allowed == method);
            let mut peer = server.connect();
            peer.send(request(method, target, &[]));
            let head = peer.head();
            match (is_allowed, method) {
                (true, "OPTIONS") => head.assert_status(204).assert_field("Allow", methods),
                (true, _) => head.assert_status(200),
                (false, _) => head.assert_status(405).assert_field("Allow", methods),
            };
        }
        exchange(&server, request("BREW", target, &[])).assert_status(501).assert_field("Allow", methods);
    }
}

#[test]
fn fields_and_caching_below_a_path() {
    let directory = site();
    directory.write("www/dir/sub/a.iso", "x");
    let config = "
        listen = '127.0.0.1:0'
        headers = { X-Both = 'top' }
        [[site]]
        root = 'www'
        headers = { X-Site = 'site' }
        cache = { '/dir/sub/*' = 'max-age=3' }
        [site.path.'*']
        headers = { X-Every = 'every' }
        [site.path.'*.iso']
        headers = { X-Both = 'iso', X-Iso = 'iso' }
        cache = 'max-age=1'
        [site.path.'/dir/*']
        headers = { X-Site = '', X-Both = 'dir' }
        cache = 'max-age=2'
        [site.path.'/dir/sub/a.iso']
        headers = { x-both = '' }
    ";
    let server = Server::configured(&directory, config);
    let fields = |target: &str| {
        let response = get(&server, target);
        let names = ["X-Both", "X-Site", "X-Every", "X-Iso", "Cache-Control"];
        names.map(|name| response.field(name).unwrap_or_default().to_owned())
    };
    for _ in 0..2 {
        assert_eq!(fields("/a.txt"), ["top", "site", "every", "", "no-cache"]);
        assert_eq!(fields("/dir/a.txt"), ["dir", "", "every", "", "max-age=2"]);
        assert_eq!(fields("/dir/missing"), ["dir", "", "every", "", "no-cache"]);
        assert_eq!(fields("/dir/sub/a.iso"), ["", "", "every", "iso", "max-age=3"]);
        assert_eq!(fields("/missing.iso"), ["iso", "site", "every", "iso", "no-cache"]);
    }
}

#[test]
fn a_directory_is_its_index_file_to_rules_for_extensions() {
    let directory = Scratch::with(&[
        ("www/index.html", "x"),
        ("www/docs/index.html", "x"),
        ("www/a.js", "x"),
        ("private/index.htm", "x"),
        ("private/a.txt", "x"),
    ]);
    let server = Server::configured(
        &directory,
        "listen = '127.0.0.1:0'
        [[site]]
        hosts = 'a.test'
        root = 'www'
        cache = { '*' = 'max-age=31536000', '*.html' = 'no-cache', '/docs/*' = 'max-age=60' }
        [[site]]
        hosts = 'b.test'
        root = 'private'
        index = ['index.htm', 'a.txt']
        [site.path.'*.htm']
        allow = []
        ",
    );
    let get = |host: &str, path: &str| {
        server.connect().exchange(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    };
    for (path, cache) in
        [("/", "no-cache"), ("/index.html", "no-cache"), ("/a.js", "max-age=31536000"), ("/docs/", "max-age=60")]
    {
        get("a.test", path).assert_status(200).assert_field("Cache-Control", cache);
    }
    // Nobody gets by a directory what is kept from them by its name.
    get("b.test", "/").assert_status(403);
    get("b.test", "/index.htm").assert_status(403);
    get("b.test", "/a.txt").assert_status(200);
}
