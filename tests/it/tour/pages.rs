//! Pages of the server's own: listings and errors, for people and for programs, by day and by night.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::{ask, walk};
use crate::clients::{alone, chromium_with};
use crate::content_coding::set_age;
use crate::listing::{listing, references};
use crate::support::{Scratch, Server};

/// What a browser says that it accepts.
const BROWSER: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";

/// The fields that keep a page from being taken for something else, and from running or loading anything.
const GUARDED: &str = "Content-Type: text/html; charset=utf-8 | X-Content-Type-Options: nosniff | \
                       Content-Security-Policy: default-src 'none'; style-src 'sha256-...";

#[test]
fn a_listing_is_sorted_by_what_is_clicked() {
    let directory = Scratch::with(&[("a/b/mid.txt", "22"), ("a/b/old.txt", "333"), ("a/b/young.txt", "1")]);
    for (name, age) in [("mid.txt", 2000), ("old.txt", 3000), ("young.txt", 1000)] {
        set_age(&directory.join("a/b").join(name), age);
    }
    let server = listing(&directory);
    let peer = &mut server.connect();
    let mut query = String::new();
    for (column, names) in [
        ("", ["mid.txt", "old.txt", "young.txt"]),
        ("Name", ["young.txt", "old.txt", "mid.txt"]),
        ("Size", ["old.txt", "mid.txt", "young.txt"]),
        ("Size", ["young.txt", "mid.txt", "old.txt"]),
        ("Modified (UTC)", ["young.txt", "mid.txt", "old.txt"]),
        ("Modified (UTC)", ["old.txt", "mid.txt", "young.txt"]),
        ("Name", ["mid.txt", "old.txt", "young.txt"]),
    ] {
        if !column.is_empty() {
            // The button of the form that this page is.
            let page = ask(peer, "localhost", &format!("GET /a/b/{query}"));
            let (before, _) = page.text().split_once(&format!("\">{column}</button>")).expect(column);
            query = format!("?sort={}", before.rsplit_once("name=\"sort\" value=\"").unwrap().1);
        }
        assert_eq!(references(&ask(peer, "localhost", &format!("GET /a/b/{query}"))), names, "{column}: {query}");
    }
    // The way up, step by step, without a script.
    let above = "<a href=\"../../\">Home</a> / <a href=\"../\">a</a> / </nav>\n<h1>b</h1>";
    let page = ask(peer, "localhost", &format!("GET /a/b/ | {BROWSER}"));
    assert!(page.text().contains(above) && !page.text().contains("<script"), "{}", page.text());
    walk(peer, "localhost", &[(&format!("GET /a/b/ | {BROWSER}"), &format!("200 | {GUARDED}"))]);
}

#[test]
fn any_name_is_shown_and_leads_to_its_file() {
    let directory = Scratch::new();
    let names: [&[u8]; 6] = [b"<img src=x>", b"a b#c?d", b"\"'&.txt", b"\xff\xfe", b"javascript:x", b"new\nline"];
    for name in names {
        directory.write(OsStr::from_bytes(name), name);
    }
    let server = listing(&directory);
    let peer = &mut server.connect();
    let page = ask(peer, "localhost", &format!("GET / | {BROWSER}"));
    assert!(page.text().contains("&lt;img src=x&gt;</a>") && !page.text().contains("<img"), "{}", page.text());
    let references = references(&page);
    let mut found: Vec<_> = references.iter().map(|it| ask(peer, "localhost", &format!("GET /{it}")).content).collect();
    let mut expected = names.map(<[u8]>::to_vec);
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "{references:?}");
    // The same for programs.
    let json = ask(peer, "localhost", "GET / | Accept: application/json");
    json.assert_status(200).assert_field("Content-Type", "application/json");
    json.assert_field("X-Content-Type-Options", "nosniff");
    assert!(json.text().starts_with("{\"path\":\"/\",\"total\":6,\"entries\":["), "{}", json.text());
    for reference in references {
        assert!(json.text().contains(&format!("\"href\":\"{reference}\",\"type\":\"file\",\"size\":")), "{reference}");
    }
}

#[test]
fn an_error_is_a_page_in_a_browser_and_a_line_elsewhere() {
    let directory = Scratch::with(&[("a.txt", "a"), ("empty/.x", "")]);
    let server = Server::of(&directory);
    for (asked, status, phrase, reason) in [
        ("GET /missing", "404", "Not Found", "there is no such file"),
        ("GET /empty/", "404", "Not Found", "this directory has no index file"),
        ("GET /%00", "400", "Bad Request", "the path holds an encoded slash or NUL"),
        ("POST /a.txt", "405", "Method Not Allowed", "this method is not allowed here; GET, HEAD and OPTIONS are"),
        ("GET /a.txt | Range: bytes=9-", "416", "Range Not Satisfiable", "the file has no such bytes"),
    ] {
        let line = format!("{status} | = {status} {phrase}: {reason} | Content-Type: text/plain; charset=utf-8");
        let title = format!("{status} | ~ <h1><b>{status}</b> {phrase}</h1> | ~ {} | {GUARDED}", &reason[1..]);
        for (accept, met) in [("Accept: */*", line), (BROWSER, title)] {
            walk(&mut server.connect(), "localhost", &[(&format!("{asked} | {accept}"), &met)]);
        }
    }
}

/// Shows pages in frames of two widths, and tells whether they fit, what their rows are, and their shades.
const PROBE: &str = "<!doctype html><meta name=color-scheme content='light dark'><title>Probe</title><body><script>
    const shade = color => color.match(/\\d+/g).slice(0, 3).reduce((sum, it) => sum + +it, 0) < 384 ? 'dark' : 'light';
    for (const path of ['/a/', '/missing']) for (const width of [320, 1000]) {
        const frame = document.createElement('iframe');
        frame.width = width;
        frame.src = path;
        frame.onload = () => {
            const page = frame.contentDocument.documentElement, style = getComputedStyle(page);
            const fits = page.scrollWidth <= width ? 'fits' : 'is cut off';
            const shades = `${shade(style.backgroundColor)} below ${shade(style.color)}`;
            const row = page.querySelector('tbody tr'), rows = row ? getComputedStyle(row).display : 'none';
            document.body.append(`${path} at ${width} ${fits}, ${shades}, ${rows}.`);
        };
        document.body.append(frame);
    }
</script>";

#[test]
#[ignore = "needs chromium; .ci/run installs it and runs with --ignored"]
fn pages_fit_any_screen_by_day_and_by_night() {
    let _alone = alone();
    let directory = Scratch::with(&[("probe.html", PROBE), ("a/b.txt", "b")]);
    directory.write(format!("a/{}.txt", "long".repeat(50)), "l");
    let server = listing(&directory);
    for (setting, paper, ink) in [(1, "light", "dark"), (0, "dark", "light")] {
        let url = format!("http://{}/probe.html", server.address());
        let finished = chromium_with(&url, &[&format!("--blink-settings=preferredColorScheme={setting}")]);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        for (page, rows) in [
            ("/a/ at 320", "flex"),
            ("/a/ at 1000", "table-row"),
            ("/missing at 320", "none"),
            ("/missing at 1000", "none"),
        ] {
            let expected = format!("{page} fits, {paper} below {ink}, {rows}.");
            assert!(finished.stdout.contains(&expected), "not {expected}: {finished:?}");
        }
    }
}
