//! Takes apart what a server has said, without knowing what it was asked: are these responses, whole and in a row?

use std::collections::HashSet;

use crate::wire::find;

/// What this server answers with.
const STATUSES: &[u16] = &[
    100, 200, 204, 206, 301, 304, 400, 403, 404, 405, 408, 412, 413, 414, 416, 417, 421, 426, 431, 500, 501, 503, 505,
];

/// Whether it may have been asked for heads alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heads {
    Never,
    Perhaps,
}

/// How many responses these bytes are. Behind one that says that the connection closes, there is nothing.
pub(crate) fn responses(bytes: &[u8], heads: Heads) -> Result<usize, String> {
    let mut dead_ends = HashSet::new();
    let mut deepest = String::new();
    count(bytes, 0, heads, &mut dead_ends, &mut deepest).ok_or(deepest)
}

/// Where it can go on in two ways, since the response to HEAD looks like another one, both are tried.
fn count(bytes: &[u8], at: usize, heads: Heads, dead_ends: &mut HashSet<usize>, why: &mut String) -> Option<usize> {
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.is_empty() {
        return Some(0);
    }
    if !dead_ends.insert(at) {
        return None;
    }
    let head = match Head::read(rest) {
        Ok(head) => head,
        Err(error) => {
            *why = format!("{error}, at {at}: {}", rest[..rest.len().min(200)].escape_ascii());
            return None;
        }
    };
    let whole = head.size + head.content;
    let without = (heads == Heads::Perhaps && head.content > 0).then_some(head.size);
    for size in [Some(whole), without].into_iter().flatten() {
        if size > rest.len() {
            *why = format!("{} of {size} bytes of a response, at {at}", rest.len());
        } else if head.closes && size < rest.len() {
            *why = format!("more behind the last response, at {at}");
        } else if let Some(more) = count(bytes, at + size, heads, dead_ends, why) {
            return Some(more + 1);
        }
    }
    None
}

struct Head {
    size: usize,
    content: usize,
    closes: bool,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Head, String> {
        let end = find(bytes, b"\r\n\r\n").ok_or("half a head")?;
        let text = str::from_utf8(&bytes[..end]).map_err(|_| "a head that is not ASCII")?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).ok_or("no status line")?;
        let (code, reason) = status.split_once(' ').ok_or("no reason")?;
        let code: u16 = code.parse().map_err(|_| "no status")?;
        if !STATUSES.contains(&code) || reason.is_empty() {
            return Err(format!("a status of {status:?}"));
        }
        let mut length = None;
        let mut closes = false;
        let mut has_date = false;
        for line in lines {
            let (name, value) = line.split_once(": ").ok_or_else(|| format!("not a field line: {line:?}"))?;
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                return Err(format!("not a field name: {line:?}"));
            }
            if value.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) {
                return Err(format!("not a field value: {line:?}"));
            }
            match name {
                "Content-Length" if length.is_some() => return Err("two lengths".to_owned()),
                "Content-Length" => length = Some(value.parse().map_err(|_| format!("no length: {line:?}"))?),
                "Transfer-Encoding" => return Err("a transfer coding".to_owned()),
                "Connection" => closes |= value == "close",
                "Date" => has_date = httpdate::parse_http_date(value).is_ok(),
                _ => {}
            }
        }
        let content = match code {
            100 | 204 | 304 => 0,
            _ => length.ok_or("no length")?,
        };
        if !has_date && code != 100 {
            return Err("no date".to_owned());
        }
        Ok(Head { size: end + 4, content, closes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 3\r\n";

    #[test]
    fn whole_responses_are_counted() {
        let get = format!("{HEAD}\r\nabc");
        let head = format!("{HEAD}\r\n");
        let last = format!("{HEAD}Connection: close\r\n\r\nabc");
        assert_eq!(responses(format!("{get}{get}{last}").as_bytes(), Heads::Never), Ok(3));
        assert_eq!(responses(format!("{get}{head}{last}").as_bytes(), Heads::Perhaps), Ok(3));
        for bad in [
            &get[..get.len() - 1],
            &get[1..],
            &head[..head.len() - 2],
            &(head.clone() + &get),
            &(last.clone() + &get),
            &get.replace("200", "299"),
            &get.replace("Content-Length", "Content Length"),
            &get.replace("Content-Length: 3", "Content-Length: 3\r\nContent-Length: 3"),
            &get.replace("Content-Length", "A"),
            &get.replace("Date", "B"),
        ] {
            assert!(responses(bad.as_bytes(), Heads::Never).is_err(), "{bad}");
        }
    }
}
