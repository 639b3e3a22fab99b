//! Rules: what a config says of the answers of its sites, and what they are where it says nothing.

use std::os::unix::fs::symlink;

use super::{ask, walk};
use crate::config_errors::assert_refused;
use crate::support::{Scratch, Server, settle};
use crate::wire::is_entity_tag;

/// Each rule of conf/webserv.toml, and at the top or in front what something else takes precedence over.
pub(super) const CONFIG: &str = r#"
listen  = "127.0.0.1:0"
errors  = { 404 = "404.html", 5xx = "sorry.html" }
headers = { X-Top = "top", X-Both = "top", X-Gone = "top" }
cache   = { "*.zip" = "max-age=60", "/assets/*" = "max-age=31536000, immutable" }
types   = { wasm = "application/x-wasm", note = "text/x-note" }
charset = "iso-8859-1"

[[site]]
hosts     = ["www.example.test"]
root      = "www"
headers   = { X-Both = "site", X-Gone = "" }
redirects = { "/old" = "/new", "/posts/*" = { to = "/articles/*", status = 301 } }

[site.path."/files/private/open.txt"]
allow   = ["127.0.0.0/8", "::1"]

[site.path."/files/private/*"]
listing = false
allow   = []
headers = { X-Both = "private" }

[site.path."/files/*"]
listing = true
allow   = "127.0.0.1"
methods = "GET"
headers = { X-Both = "files" }
cache   = "no-store"

[[site]]
hosts    = ["app.example.test"]
root     = "app"
fallback = "index.html"
charset  = "utf-8"
dotfiles = true
symlinks = "follow"

[[site]]
hosts    = ["strict.example.test"]
root     = "www"
symlinks = "deny"
"#;

/// The files of its sites, each of which holds its own name.
fn site() -> Scratch {
    let directory = Scratch::new();
    let files = "www/index.html www/404.html www/sorry.html www/a.wasm www/a.note www/a.zip www/assets/a.zip www/.env \
                 www/.well-known/a.txt www/files/report.txt www/files/private/plan.txt www/files/private/open.txt \
                 app/index.html app/404.html app/.env";
    files.split(' ').for_each(|name| _ = directory.write(name, name));
    symlink("a.note", directory.join("www/inside.note")).unwrap();
    for root in ["www", "app"] {
        symlink("../webserv.toml", directory.join(root).join("outside.toml")).unwrap();
    }
    directory
}

#[test]
fn a_site_answers_by_its_rules() {
    let directory = site();
    let server = Server::configured(&directory, CONFIG);
    let peer = &mut server.connect();
    let steps: [(&str, &[_]); 3] = [
        (
            "www.localhost",
            &[
                // Merged from the top down, and the same for errors.
                ("GET /", "200 | = www/index.html | X-Top: top | X-Both: site | no X-Gone | Cache-Control: no-cache"),
                ("GET /missing", "404 | = www/404.html | X-Top: top | X-Both: site | no X-Gone"),
                ("BREW /", "501 | = www/sorry.html | X-Both: site"),
                ("GET /old?a=b", "302 | Location: /new?a=b | X-Both: site"),
                ("GET /posts/a/b?c", "301 | Location: /articles/a/b?c"),
                ("GET /posts", "404"),
                ("GET /a.zip", "200 | Cache-Control: max-age=60"),
                ("GET /assets/a.zip", "200 | Cache-Control: max-age=31536000, immutable"),
                ("GET /assets/", "404"),
                ("GET /a.wasm", "200 | Content-Type: application/x-wasm"),
                ("GET /a.note", "200 | Content-Type: text/x-note; charset=iso-8859-1"),
                ("GET /.env", "404"),
                ("GET /.well-known/a.txt", "200 | = www/.well-known/a.txt"),
                ("GET /inside.note", "200 | = www/a.note"),
                ("GET /outside.toml", "403"),
                // The most specific one counts, wherever it stands.
                ("GET /files/", "200 | ~ >report.txt</a> | X-Both: files"),
                ("GET /files/report.txt", "200 | X-Top: top | X-Both: files | Cache-Control: no-store"),
                ("POST /files/report.txt", "405 | Allow: GET, HEAD, OPTIONS"),
                ("GET /files/private/plan.txt", "403 | X-Both: private"),
                (
                    "GET /files/private/open.txt",
                    "200 | = www/files/private/open.txt | X-Both: private | Cache-Control: no-store",
                ),
            ],
        ),
        (
            "app.localhost",
            &[
                ("GET /users/7", "200 | = app/index.html | Content-Type: text/html; charset=utf-8 | X-Both: top"),
                ("GET /missing.js", "404 | = app/404.html"),
                ("GET /missing.js | Accept: text/html", "200 | = app/index.html"),
                ("GET /.env", "200 | = app/.env"),
                ("GET /outside.toml", "200 | ~ strict.example.test"),
            ],
        ),
        ("strict.localhost", &[("GET /a.note", "200 | = www/a.note"), ("GET /inside.note", "403")]),
    ];
    for (host, steps) in steps {
        walk(peer, host, steps);
    }
}

#[test]
fn rules_that_can_never_hold_are_refused() {
    let refused = |line: &str, place: &str, words: &[&str]| {
        assert_refused(&format!("[[site]]\nroot = 'www'\n{line}\n"), place, words);
    };
    refused("redirects = { '/a' = '/b', '/b' = '/a' }", "3:15", &["leads back to itself", "and on to `/a`"]);
    refused("redirects = { '/a/*' = '/a/b/*' }", "3:15", &["leads back to itself"]);
    let shadowed = "redirects = { '/a/*' = '/b/*' }\ncache = { '/a/c.css' = 'no-store' }";
    refused(shadowed, "4:11", &["this rule can never match", "all of it is redirected"]);
}

#[test]
fn without_rules_nothing_is_stale() {
    let directory = Scratch::with(&[("index.html", "home")]);
    let server = Server::of(&directory);
    let peer = &mut server.connect();
    settle(directory.join("index.html"));
    let home = ask(peer, "localhost", "GET /");
    let tag = home.assert_status(200).assert_field("Cache-Control", "no-cache").field("ETag").unwrap();
    assert!(is_entity_tag(tag) && !tag.starts_with("W/"), "{tag}");
    let again = &*format!("GET / | If-None-Match: {tag}");
    walk(peer, "localhost", &[(again, &format!("304 | ETag: {tag}")), (again, "304")]);
    directory.write("index.html", "saved");
    walk(peer, "localhost", &[(again, "200 | = saved"), ("GET /", "200 | = saved")]);
}
