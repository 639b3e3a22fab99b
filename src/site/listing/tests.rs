//! Entries in, pages out: what is written about any name, and in which order.

use super::order::By;
use super::*;
use crate::http::Request;

fn entry(name: &[u8], kind: Kind, size: u64, seconds: i64) -> Entry {
    Entry { name: name.to_vec(), kind, size, modified: Timestamp { seconds, nanoseconds: 0 } }
}

fn contents(entries: Vec<Entry>, view: &View) -> Contents {
    let mut contents = Contents::default();
    entries.into_iter().for_each(|entry| contents.add(entry, view));
    contents.sort(view.order);
    contents
}

fn html(path: &str, entries: Vec<Entry>, query: &str) -> String {
    let view = View::of(Some(query));
    String::from_utf8(html::page(path.as_bytes(), &view, &mut contents(entries, &view))).unwrap()
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
    let names: Vec<_> = contents(entries, &view).entries.into_iter().map(|entry| entry.name).collect();
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
    let page = json::page(b"x/", &usual, &mut contents(entries, &usual));
    let expected = "{\"path\":\"/x/\",\"total\":2,\"entries\":[\n\
        {\"name\":\"d\",\"href\":\"d/\",\"type\":\"directory\",\"modified\":\"1970-01-01T00:00:01Z\"},\n\
        {\"name\":\"a\\\"\\\\\\u000a\\ufffd\",\"href\":\"a%22%5C%0A%FF\",\"type\":\"file\",\"size\":5,\
        \"modified\":\"1970-01-01T00:00:00Z\"}\n]}\n";
    assert_eq!(String::from_utf8(page).unwrap(), expected);
    assert_eq!(
        json::page(b"", &usual, &mut contents(Vec::new(), &usual)),
        b"{\"path\":\"/\",\"total\":0,\"entries\":[\n]}\n"
    );
}

#[test]
fn many_are_on_several_pages_each_of_them_on_one() {
    let count = 2 * ENTRIES_MAX + 7;
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
            let mut contents = contents(numbers().map(make).collect(), &view);
            assert_eq!(contents.total(), count);
            assert!(contents.entries.capacity() <= 4 * ENTRIES_MAX);
            let page = String::from_utf8(html::page(b"", &view, &mut contents)).unwrap();
            assert!(page.contains("13,338 files") && page.len() < 2_500_000, "{}", page.len());
            assert_eq!(page.contains("On this page: the first 10,000 by"), page_number == 1);
            assert_eq!(page.contains(">First page</a>"), page_number > 1);
            let json = String::from_utf8(json::page(b"", &view, &mut contents)).unwrap();
            let next = page.split_once("rel=\"next\" href=\"?").map(|(_, rest)| rest.split_once('"').unwrap().0);
            let next = next.map(|next| next.replace("&amp;", "&"));
            let of_json = json.split_once("\"next\":\"?").map(|(_, rest)| rest.split_once('"').unwrap().0);
            assert_eq!(next.as_deref(), of_json);
            assert_eq!(next.is_some(), page_number < 3);
            query = next.unwrap_or_default();
            seen.extend(contents.entries);
        }
        assert_eq!(seen.len(), count);
        assert!(seen.is_sorted_by(|a, b| order.compare(a, b).is_lt()), "one is missing or told twice");
    }
}

#[test]
fn long_names_are_on_more_pages() {
    // Of each what is written the longest of: in both forms it is escaped, as text and in the reference.
    let name = |number: usize| [format!("{number:06}").as_bytes(), &b"\"\xff\n"[..], &[b'"'; 246]].concat();
    let entries = || (0..4000).map(|number| entry(&name(number), Kind::File, 1, 1)).collect();
    for write in [html::page, json::page] {
        let mut query = Some(String::new());
        let mut seen: Vec<Entry> = Vec::new();
        let mut pages = 0;
        while let Some(view) = query.take().map(|query| View::of(Some(&query))) {
            let mut contents = contents(entries(), &view);
            let page = String::from_utf8(write(b"", &view, &mut contents)).unwrap();
            assert!(page.len() < ROWS_BYTES + 16 * 1024, "{}", page.len());
            let next = page.split_once("?sort=name&amp;").or_else(|| page.split_once("?sort=name&"));
            query = next.map(|(_, rest)| rest.split_once('"').unwrap().0.to_owned());
            assert_eq!(query.is_some(), page.len() > ROWS_BYTES);
            assert!(page.contains("4,000 files") == page.contains("<table>"));
            seen.extend(contents.entries);
            pages += 1;
        }
        assert!(seen.len() == 4000 && pages > 1, "{} on {pages} pages", seen.len());
        assert!(seen.is_sorted_by(|a, b| Order::USUAL.compare(a, b).is_lt()));
    }
}

#[test]
fn who_would_rather_have_json_gets_it() {
    for (accept, form) in [
        ("", Form::Html),
        ("Accept: */*\r\n", Form::Html),
        ("Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n", Form::Html),
        ("Accept: application/json\r\n", Form::Json),
        ("Accept: application/json, text/plain, */*\r\n", Form::Json),
        ("Accept: application/*\r\n", Form::Json),
        ("Accept: text/html, application/json\r\n", Form::Html),
        ("Accept: text/html;q=0.8\r\nAccept: application/json;q=0.9\r\n", Form::Json),
        ("Accept: application/json;q=0\r\n", Form::Html),
        ("Accept: image/png\r\n", Form::Html),
    ] {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{accept}\r\n");
        assert_eq!(form_of(&Request::parse(head.as_bytes(), 9).unwrap().fields), form, "{accept}");
    }
}
