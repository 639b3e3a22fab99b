//! Entries in, pages out: what is written about any name, and in which order.

use super::order::{By, Order};
use super::*;
use crate::files::{Entry, Kind};
use crate::http::Request;

fn entry(name: &[u8], kind: Kind, size: u64, seconds: i64) -> Entry {
    Entry { name: name.to_vec(), kind, size, modified: Timestamp { seconds, nanoseconds: 0 } }
}

fn contents(entries: impl IntoIterator<Item = Entry>, view: &View, room: Room) -> Contents {
    let mut picked = Picked::of(view, room);
    entries.into_iter().for_each(|entry| picked.add(entry));
    picked.sort()
}

fn html(path: &str, entries: Vec<Entry>, query: &str) -> String {
    let view = View::of(Some(query));
    String::from_utf8(html::page(path.as_bytes(), &view, contents(entries, &view, FOR_PEOPLE))).unwrap()
}

/// The reference to the next page, as the query of a URL.
fn next_of(page: &str) -> Option<String> {
    let (_, next) = page.split_once("rel=\"next\" href=\"?").or_else(|| page.split_once("\"next\":\"?"))?;
    Some(next.split_once('"').unwrap().0.replace("&amp;", "&"))
}

fn names(query: &str) -> String {
    let view = View::of(Some(query));
    let entries = vec![
        entry(b"file10", Kind::File, 3, 5),
        entry(b"File2", Kind::File, 3, 9),
        entry(b"file2", Kind::File, 1, 1),
        entry(b"file002b", Kind::File, 9, 3),
        entry(b"z", Kind::Directory, 0, 8),
        entry(b"b", Kind::Directory, 0, 2),
    ];
    let names: Vec<_> = contents(entries, &view, FOR_PEOPLE).entries.into_iter().map(|entry| entry.name).collect();
    String::from_utf8(names.join(&b' ')).unwrap()
}

#[test]
fn directories_are_first_and_numbers_count() {
    for (query, expected) in [
        ("", "b z File2 file2 file002b file10"),
        ("sort=name", "b z File2 file2 file002b file10"),
        ("sort=-name", "z b file10 file002b file2 File2"),
        ("sort=size", "b z file2 File2 file10 file002b"),
        ("sort=-size", "b z file002b File2 file10 file2"),
        ("x=y&sort=-time", "z b File2 file10 file002b file2"),
        ("sort=time&x=y", "b z file2 file002b file10 File2"),
        ("sort=shoe&sort=&&=", "b z File2 file2 file002b file10"),
    ] {
        assert_eq!(names(query), expected, "{query}");
    }
}

#[test]
fn a_column_is_turned_by_its_heading() {
    let page = html("", vec![entry(b"a", Kind::File, 1, 0)], "sort=-size");
    assert!(page.contains(r#"<th scope="col"><button name="sort" value="name">Name</button></th>"#), "{page}");
    assert!(page.contains(r#"aria-sort="descending"><button name="sort" value="size">Size</button>"#));
    assert!(page.contains(r#"<th scope="col"><button name="sort" value="-time">Modified (UTC)</button>"#));
    let page = html("", Vec::new(), "");
    assert!(page.contains(r#"aria-sort="ascending"><button name="sort" value="-name">Name</button>"#), "{page}");
    assert!(page.contains("There is nothing in this directory."));
    for by in [By::Name, By::Size, By::Time] {
        for order in [Order::USUAL.next(by), Order::USUAL.next(by).next(by)] {
            assert_eq!(Order::of(Some(&format!("sort={}", order.name()))), order);
        }
    }
}

#[test]
fn any_name_is_shown_as_text_and_linked_exactly() {
    let name = b"a:b?c#d%<i>\"'&\n \xff\xc3\xa9";
    let page = html("", vec![entry(name, Kind::File, 1_234_567, 1_000_000_000)], "");
    let row = "<tr><th scope=\"row\"><a href=\"a%3Ab%3Fc%23d%25%3Ci%3E%22%27%26%0A%20%FF%C3%A9\">\
               a:b?c#d%&lt;i&gt;&quot;&#39;&amp;\u{fffd} \u{fffd}\u{e9}</a></th>\
               <td title=\"1,234,567 bytes\">1.2 MiB</td>\
               <td><time datetime=\"2001-09-09T01:46:40Z\">2001-09-09 01:46</time></td></tr>\n";
    assert!(page.contains(row), "{page}");
    let page = html("", vec![entry(b"javascript:alert(1)", Kind::Directory, 0, i64::MAX)], "");
    let row = "<tr class=\"d\"><th scope=\"row\"><a href=\"javascript%3Aalert%281%29/\">javascript:alert(1)/</a></th>\
               <td></td><td></td></tr>\n";
    assert!(page.contains(row), "{page}");
}

#[test]
fn the_way_up_is_relative() {
    let page = html("a/<b>/c d/", Vec::new(), "");
    let nav = "<nav aria-label=\"Directories above\"><a href=\"../../../\">Home</a> / <a href=\"../../\">a</a> / \
               <a href=\"../\">&lt;b&gt;</a> / </nav>\n<h1>c d</h1>\n";
    assert!(page.contains(nav), "{page}");
    assert!(page.contains("<title>Index of /a/&lt;b&gt;/c d/</title>"));
    assert!(page.contains("<a href=\"../\">Parent directory</a>"));
    let page = html("", Vec::new(), "");
    assert!(page.contains("<h1>Index of /</h1>") && !page.contains("../"), "{page}");
}

#[test]
fn json_is_exact() {
    let entries = vec![entry(b"a\"\\\n\xff", Kind::File, 5, 0), entry(b"d", Kind::Directory, 0, 1)];
    let usual = View::of(None);
    let page = json::page(b"x/", &usual, contents(entries, &usual, FOR_PROGRAMS));
    let expected = "{\"path\":\"/x/\",\"total\":2,\"entries\":[\n\
        {\"name\":\"d\",\"href\":\"d/\",\"type\":\"directory\",\"modified\":\"1970-01-01T00:00:01Z\"},\n\
        {\"name\":\"a\\\"\\\\\\u000a\\ufffd\",\"href\":\"a%22%5C%0A%FF\",\"type\":\"file\",\"size\":5,\
        \"modified\":\"1970-01-01T00:00:00Z\"}\n]}\n";
    assert_eq!(String::from_utf8(page).unwrap(), expected);
    assert_eq!(
        json::page(b"", &usual, contents(Vec::new(), &usual, FOR_PROGRAMS)),
        b"{\"path\":\"/\",\"total\":0,\"entries\":[\n]}\n"
    );
}

#[test]
fn many_are_on_several_pages_for_people_each_of_them_on_one() {
    let count = 2 * FOR_PEOPLE.entries + 7;
    // In no order: 7919 has no factor in common with their number. Every third is a directory, and sizes are not
    // unique.
    let numbers = || (0..count).map(|number| number * 7919 % count);
    let kind = |number: usize| if number.is_multiple_of(3) { Kind::Directory } else { Kind::File };
    let make = |number: usize| entry(format!("f&{number}").as_bytes(), kind(number), number as u64 / 1000, 1);
    for query in ["", "sort=-name", "sort=size", "sort=-time"] {
        let order = View::of(Some(query)).order;
        let mut query = query.to_owned();
        let mut seen: Vec<Entry> = Vec::new();
        for page_number in 1..=3 {
            let view = View::of(Some(&query));
            let contents = || contents(numbers().map(make), &view, FOR_PEOPLE);
            assert_eq!(contents().counts.total(), count);
            seen.extend(contents().entries);
            let page = String::from_utf8(html::page(b"", &view, contents())).unwrap();
            assert!(page.contains("13,338 files") && page.len() < 2_500_000, "{}", page.len());
            assert_eq!(page.contains("On this page: the first 10,000 by"), page_number == 1);
            assert_eq!(page.contains(">First page</a>"), page_number > 1);
            let json = String::from_utf8(json::page(b"", &view, contents())).unwrap();
            assert_eq!(next_of(&page), next_of(&json));
            assert_eq!(next_of(&page).is_some(), page_number < 3);
            query = next_of(&page).unwrap_or_default();
        }
        assert_eq!(seen.len(), count);
        assert!(seen.is_sorted_by(|a, b| order.compare(a, b).is_lt()), "one is missing or told twice");
    }
}

#[test]
fn a_hundred_thousand_are_on_one_page_for_programs() {
    const COUNT: usize = 100_000;
    let usual = View::of(None);
    // Longer than most, and with what has to be encoded.
    let entries = (0..COUNT).map(|number| entry(format!("report of {number:06}.txt").as_bytes(), Kind::File, 1, 1));
    let page = html::page(b"", &usual, contents(entries, &usual, FOR_PROGRAMS));
    let page = String::from_utf8(page).unwrap();
    assert_eq!((page.matches("report%20of%20").count(), next_of(&page)), (COUNT, None));
    assert!(page.contains("100,000 files") && !page.contains("On this page"));
}

#[test]
fn what_is_kept_is_what_there_is_room_for() {
    let usual = View::of(None);
    for (length, room, kept) in [(6, FOR_PEOPLE, 10_000), (255, FOR_PEOPLE, 7170), (255, FOR_PROGRAMS, 43_019)] {
        let name = |number: usize| format!("{number:06}{}", "x".repeat(length - 6));
        // Backwards, so that each one is before those that are kept.
        let entries = (0..60_000).rev().map(|number| entry(name(number).as_bytes(), Kind::File, 1, 1));
        let contents = contents(entries, &usual, room);
        assert_eq!((contents.entries.len(), contents.counts.total()), (kept, 60_000));
        assert!(contents.entries.iter().enumerate().all(|(number, entry)| entry.name == name(number).as_bytes()));
    }
}

#[test]
fn long_names_are_on_more_pages() {
    // Of each what is written the longest of: in both forms it is escaped, as text and in the reference.
    let name = |number: usize| [format!("{number:06}").as_bytes(), &b"\"\xff\n"[..], &[b'"'; 246]].concat();
    for (write, room, count) in
        [(html::page as fn(&[u8], &View, Contents) -> _, FOR_PEOPLE, 4000), (json::page, FOR_PROGRAMS, 24_000)]
    {
        let entries = || (0..count).map(|number| entry(&name(number), Kind::File, 1, 1));
        let mut query = Some(String::new());
        let mut seen = 0;
        let mut pages = 0;
        while let Some(view) = query.take().map(|query| View::of(Some(&query))) {
            let page = String::from_utf8(write(b"", &view, contents(entries(), &view, room))).unwrap();
            assert!(page.len() < room.bytes + 16 * 1024, "{}", page.len());
            query = next_of(&page);
            assert_eq!(query.is_some(), page.len() > room.bytes);
            // The names of this page are those after the ones that have been seen.
            let rows = page.matches("%22%FF%0A").count() - usize::from(query.is_some());
            assert!(
                page.contains(&format!("\"{seen:06}%22")) && page.contains(&format!("\"{:06}%22", seen + rows - 1))
            );
            seen += rows;
            pages += 1;
        }
        assert!(seen == count && pages > 1, "{seen} on {pages} pages");
    }
}

#[test]
fn who_names_html_is_a_person_and_who_would_rather_have_json_gets_it() {
    for (accept, reader) in [
        ("", Reader::Crawler),
        ("Accept: */*\r\n", Reader::Crawler),
        ("Accept: text/*\r\n", Reader::Crawler),
        ("Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n", Reader::Person),
        ("Accept: application/json\r\n", Reader::Parser),
        ("Accept: application/json, text/plain, */*\r\n", Reader::Parser),
        ("Accept: application/*\r\n", Reader::Parser),
        ("Accept: text/html, application/json\r\n", Reader::Person),
        ("Accept: text/html;q=0.8\r\nAccept: application/json;q=0.9\r\n", Reader::Parser),
        ("Accept: application/json;q=0\r\n", Reader::Crawler),
        ("Accept: text/html;q=0, */*\r\n", Reader::Parser),
        ("Accept: image/png\r\n", Reader::Crawler),
    ] {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{accept}\r\n");
        assert_eq!(Reader::of(&Request::parse(head.as_bytes(), 9).unwrap().fields), reader, "{accept}");
    }
    assert_eq!(
        (Reader::Person.room(), Reader::Crawler.room(), Reader::Parser.room()),
        (FOR_PEOPLE, FOR_PROGRAMS, FOR_PROGRAMS)
    );
}
