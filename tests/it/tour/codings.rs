//! Content coding: what is sent in the place of a file to those who accept it.

use super::{ask, walk};
use crate::content_coding::{get_as, set_age, site};
use crate::encodings::{await_encoding, decoded, text};
use crate::support::settle;

#[test]
fn siblings_are_sent_in_the_place_of_a_file() {
    let (directory, server) = site();
    let peer = &mut server.connect();
    settle(directory.join("app.js")); // so that what is known of it is kept
    let steps = [
        ("gzip, deflate, br, zstd", "Content-Encoding: br | = in br"),
        ("gzip;q=0.5, zstd;q=0.9", "Content-Encoding: zstd | = in zstd"),
        ("gzip, br;q=0", "Content-Encoding: gzip | = in gzip"),
        ("gzip;q=0, br;q=0", "no Content-Encoding | = console.log(1)"),
        ("identity", "no Content-Encoding | = console.log(1)"),
    ];
    for (accepted, met) in steps {
        let met = format!("200 | {met} | Vary: Accept-Encoding | Content-Type: text/javascript; charset=utf-8");
        walk(peer, "localhost", &[(&format!("GET /app.js | Accept-Encoding: {accepted}"), &met)]);
    }
    let mut tags = ["identity", "br", "zstd", "gzip"]
        .map(|coding| get_as(&server, "/app.js", coding).field("ETag").unwrap().to_owned());
    tags.sort_unstable();
    assert!(tags.windows(2).all(|pair| pair[0] != pair[1]), "{tags:?}");

    // One that is older than the file is not what it holds.
    set_age(&directory.join("app.js.br"), 10_000);
    let any = "GET /app.js | Accept-Encoding: br, zstd, gzip";
    walk(peer, "localhost", &[(any, "200 | Content-Encoding: zstd | = in zstd")]);
    directory.write("app.js", "saved");
    walk(peer, "localhost", &[(any, "200 | no Content-Encoding | = saved")]);
}

#[test]
fn a_file_without_siblings_is_small_for_all_but_the_first() {
    let (directory, server) = site();
    let plain = text(20_000);
    directory.write("page.html", &plain);
    let peer = &mut server.connect();
    let asked = "GET /page.html | Accept-Encoding: gzip, br";
    let first = ask(peer, "localhost", asked);
    first.assert_status(200).assert_field("Vary", "Accept-Encoding").assert_content(&plain);
    let small = await_encoding(&server, "/page.html");
    assert!(small.content.len() < plain.len() / 3 && decoded(&small) == plain.as_bytes(), "{small}");
    assert_ne!(small.field("ETag"), first.field("ETag"));
    for accepted in ["gzip;q=0", "br", "*;q=0"] {
        let refused = ask(peer, "localhost", &format!("GET /page.html | Accept-Encoding: {accepted}"));
        refused.assert_content(&plain);
        assert_eq!(refused.field("Content-Encoding"), None, "{accepted}");
    }
}

#[test]
fn what_is_compressed_already_stays_as_it_is() {
    let (directory, server) = site();
    for name in ["photo.png", "photo.png.gz", "bundle.zip", "bundle.zip.br"] {
        directory.write(name, name.repeat(1000));
    }
    let plain = "200 | no Content-Encoding | no Vary";
    for target in ["/photo.png", "/bundle.zip", "/app.js.gz", "/photo.png"] {
        walk(&mut server.connect(), "localhost", &[(&format!("GET {target} | Accept-Encoding: gzip, br"), plain)]);
    }
}
