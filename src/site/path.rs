//! The path of a URL as the name of a file: decoded once, free of dot segments, relative to the root, by type.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// A path below the root of a site. Its bytes hold no NUL, no empty and no dot segment, and no slash at the front;
/// there is one at the end if the URL ends like a directory's, but for the root, which is empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SitePath<'a> {
    bytes: &'a [u8],
    is_hidden: bool,
}

/// The bytes that stand for themselves in the path of a URL: unreserved ones (RFC 3986, section 2.3) and the slash. A
/// colon, a semicolon and their like are encoded too, since here nothing is lost by that.
pub(super) const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The same where a path is sent on to others, who may not take an encoded semicolon for one (section 2.2): all that a
/// path can hold (section 3.3) stands for itself.
const PATH_ENCODED: &AsciiSet = &ENCODED
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// What browsers send in a query although no URI holds it (RFC 3986, appendix A).
const QUERY_ENCODED: &AsciiSet =
    &AsciiSet::EMPTY.add(b'{').add(b'}').add(b'|').add(b'\\').add(b'^').add(b'`').add(b'[').add(b']');

impl<'a> SitePath<'a> {
    /// Decodes the path of a request-target, whose percent-encodings have been found well-formed. Dot segments are
    /// removed after that (RFC 3986, section 5.2.4); they end at the root. A path without either is lent as it is, any
    /// other one is written into `buffer`.
    pub fn decode(path: &'a str, buffer: &'a mut Vec<u8>) -> Result<SitePath<'a>, &'static str> {
        if let Some(bytes) = path.as_bytes().strip_prefix(b"/")
            && is_plain(bytes)
        {
            return Ok(SitePath { bytes, is_hidden: false });
        }
        buffer.clear();
        let mut is_directory = true;
        for segment in path.split('/') {
            // Up to here it is empty, or ends in a slash.
            let start = buffer.len();
            buffer.extend(percent_decode_str(segment));
            let decoded = buffer.get(start..).unwrap_or_default();
            if decoded.iter().any(|byte| matches!(byte, b'\0' | b'/')) {
                return Err("the path holds an encoded slash or NUL");
            }
            is_directory = matches!(decoded, b"" | b"." | b"..");
            match decoded {
                b"" | b"." => buffer.truncate(start),
                b".." => {
                    // It takes the segment before it along.
                    let above = buffer.get(..start.saturating_sub(1)).unwrap_or_default();
                    let parent = above.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
                    buffer.truncate(parent);
                }
                _ => buffer.push(b'/'),
            }
        }
        if !is_directory {
            buffer.pop();
        }
        Ok(SitePath::of_file(buffer))
    }

    /// A file below the root, whose name has no segment that says nothing.
    pub(super) fn of_file(name: &'a [u8]) -> SitePath<'a> {
        SitePath { bytes: name, is_hidden: is_hidden(name) }
    }

    /// Whether its last segment has an extension, as that of a page seldom has.
    pub fn has_extension(self) -> bool {
        let name = self.bytes.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        name.iter().rposition(|&byte| byte == b'.').is_some_and(|dot| dot > 0 && dot + 1 < name.len())
    }

    /// The path as the name of a file; empty for the root.
    pub fn file_name(self) -> &'a [u8] {
        self.bytes.strip_suffix(b"/").unwrap_or(self.bytes)
    }

    /// The path with a slash at the end if it is a directory's; empty for the root.
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Whether the URL ends like a directory's: in a slash or a dot segment.
    pub fn is_directory(self) -> bool {
        self.bytes.is_empty() || self.bytes.ends_with(b"/")
    }

    /// Whether a segment starts with a dot. Such files are not for the public, but for what RFC 8615 puts below
    /// `/.well-known/`.
    pub fn is_hidden(self) -> bool {
        self.is_hidden
    }

    /// The URL of the same path as a directory, with the query: relative to the host, so that no name of a file and no
    /// doubled slash makes it lead elsewhere.
    pub fn to_directory_url(self, query: Option<&str>) -> String {
        let (mark, query) = query.map_or(("", ""), |query| ("?", query));
        format!("/{}/{mark}{}", percent_encode(self.file_name(), ENCODED), encoded_query(query))
    }

    /// The path without its first bytes, as what follows `before` in a URL.
    pub fn encoded_behind(self, before: &str, start: usize) -> String {
        // In a query, "&" and its like would begin something else.
        let encoded = if before.contains('?') { ENCODED } else { PATH_ENCODED };
        percent_encode(self.bytes.get(start..).unwrap_or_default(), encoded).to_string()
    }
}

/// A query as it was sent, fit for a URL.
pub fn encoded_query(query: &str) -> String {
    percent_encode(query.as_bytes(), QUERY_ENCODED).to_string()
}

/// Whether these bytes of a URL stand for themselves: nothing is encoded, and no segment is empty or starts with a dot.
fn is_plain(path: &[u8]) -> bool {
    let mut previous = b'/';
    path.iter().all(|&byte| {
        let is_plain = byte != b'%' && !(previous == b'/' && matches!(byte, b'/' | b'.'));
        previous = byte;
        is_plain
    })
}

fn is_hidden(path: &[u8]) -> bool {
    let mut segments = path.split(|&byte| byte == b'/').enumerate();
    segments.any(|(depth, segment)| segment.starts_with(b".") && !(depth == 0 && segment == b".well-known"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, expected, is_directory) in [
            ("/", "", true),
            ("/a", "a", false),
            ("/a/", "a", true),
            ("/a/b.html", "a/b.html", false),
            ("/a%20b/%63", "a b/c", false),
            ("/%2561", "%61", false),
            ("//a///b", "a/b", false),
            ("/a/./b", "a/b", false),
            ("/a/../b", "b", false),
            ("/a/b/..", "a", true),
            ("/a/b/.", "a/b", true),
            ("/..", "", true),
            ("/../../a", "a", false),
            ("/%2e%2e/%2E/a", "a", false),
            ("/a/b/../../../c/d", "c/d", false),
            ("/...", "...", false),
            ("/a%0Ab", "a\nb", false),
        ] {
            let mut buffer = b"left over".to_vec();
            let decoded = SitePath::decode(path, &mut buffer).unwrap();
            assert_eq!((decoded.file_name(), decoded.is_directory()), (expected.as_bytes(), is_directory), "{path}");
        }
        let mut buffer = Vec::new();
        assert_eq!(SitePath::decode("/%ff", &mut buffer).unwrap().as_bytes(), b"\xff");
        for path in ["/a%2fb", "/a%2Fb", "/%00", "/a/%2f"] {
            assert!(SitePath::decode(path, &mut buffer).is_err(), "{path}");
        }
    }

    #[test]
    fn extensions() {
        let mut buffer = Vec::new();
        for (path, has_one) in [
            ("/", false),
            ("/a", false),
            ("/a.js", true),
            ("/a.b/c", false),
            ("/a.b/", false),
            ("/.a", false),
            ("/a.", false),
            ("/a%2ejs", true),
        ] {
            assert_eq!(SitePath::decode(path, &mut buffer).unwrap().has_extension(), has_one, "{path}");
        }
    }

    #[test]
    fn hidden_are_segments_with_a_dot() {
        let mut buffer = Vec::new();
        for (path, is_hidden) in [
            ("/", false),
            ("/a.b", false),
            ("/.a", true),
            ("/%2ea", true),
            ("/a/.git/config", true),
            ("/.well-known/a", false),
            ("/.well-known/.a", true),
            ("/a/.well-known/b", true),
        ] {
            assert_eq!(SitePath::decode(path, &mut buffer).unwrap().is_hidden(), is_hidden, "{path}");
        }
    }

    #[test]
    fn a_redirect_stays_on_its_host() {
        let mut buffer = Vec::new();
        for (path, query, url) in [
            ("/a", None, "/a/"),
            ("/a%20b", Some("c=d"), "/a%20b/?c=d"),
            ("//evil.test", None, "/evil.test/"),
            ("/%0d%0aSet-Cookie:%20a", None, "/%0D%0ASet-Cookie%3A%20a/"),
            ("/%5cevil", Some(""), "/%5Cevil/?"),
            ("/a", Some("b={c}[%5d]|\\^`?/"), "/a/?b=%7Bc%7D%5B%5d%5D%7C%5C%5E%60?/"),
            ("/\u{61}%ff", None, "/a%FF/"),
        ] {
            assert_eq!(SitePath::decode(path, &mut buffer).unwrap().to_directory_url(query), url);
        }
    }
    #[test]
    fn a_rest_is_sent_on_as_it_was_meant() {
        let mut buffer = Vec::new();
        for (path, before, rest) in [
            ("/a/b;v=1,2@c:d", "/x/", "b;v=1,2@c:d"),
            ("/a/%3B%2b%25%3f%23%5b", "https://example.test/", ";+%25%3F%23%5B"),
            ("/a/b;v=1&c", "/x?q=", "b%3Bv%3D1%26c"),
        ] {
            assert_eq!(SitePath::decode(path, &mut buffer).unwrap().encoded_behind(before, 2), rest, "{path}");
        }
    }
}
