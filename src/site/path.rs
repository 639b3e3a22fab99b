//! The path of a URL as the name of a file: decoded once, free of dot segments, relative to the root, by type.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// A path below the root of a site. Its bytes hold no NUL, no empty and no dot segment, and no slash at either end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SitePath<'a> {
    bytes: &'a [u8],
    is_directory: bool,
}

/// The bytes that stand for themselves in the path of a URL: unreserved ones (RFC 3986, section 2.3) and the slash. A
/// colon, a semicolon and their like are encoded too, since nothing is lost by that.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

impl<'a> SitePath<'a> {
    /// Decodes the path of a request-target, whose percent-encodings have been found well-formed, into `buffer`. Dot
    /// segments are removed after that (RFC 3986, section 5.2.4); they end at the root.
    pub fn decode(path: &str, buffer: &'a mut Vec<u8>) -> Result<SitePath<'a>, &'static str> {
        buffer.clear();
        let mut is_directory = true;
        for segment in path.split('/') {
            let start = buffer.len();
            if start > 0 {
                buffer.push(b'/');
            }
            let name = buffer.len();
            buffer.extend(percent_decode_str(segment));
            let decoded = buffer.get(name..).unwrap_or_default();
            if decoded.iter().any(|byte| matches!(byte, b'\0' | b'/')) {
                return Err("the path holds an encoded slash or NUL");
            }
            is_directory = matches!(decoded, b"" | b"." | b"..");
            if is_directory {
                // No segment of its own; ".." takes the one before it along.
                let parent = buffer.get(..start).unwrap_or_default().iter().rposition(|&byte| byte == b'/');
                buffer.truncate(if decoded == b".." { parent.unwrap_or(0) } else { start });
            }
        }
        Ok(SitePath { bytes: buffer, is_directory })
    }

    /// The path as the name of a file; empty for the root.
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Whether the URL ends like a directory's: in a slash or a dot segment.
    pub fn is_directory(self) -> bool {
        self.is_directory
    }

    /// Whether a segment starts with a dot. Such files are not for the public, but for what RFC 8615 puts below
    /// `/.well-known/`.
    pub fn is_hidden(self) -> bool {
        let mut segments = self.bytes.split(|&byte| byte == b'/').enumerate();
        segments.any(|(depth, segment)| segment.starts_with(b".") && !(depth == 0 && segment == b".well-known"))
    }

    /// The URL of the same path as a directory, with the query: relative to the host, so that no name of a file and no
    /// doubled slash makes it lead elsewhere.
    pub fn to_directory_url(self, query: Option<&str>) -> String {
        let (mark, query) = query.map_or(("", ""), |query| ("?", query));
        format!("/{}/{mark}{query}", percent_encode(self.bytes, ENCODED))
    }
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
            assert_eq!((decoded.as_bytes(), decoded.is_directory()), (expected.as_bytes(), is_directory), "{path}");
        }
        let mut buffer = Vec::new();
        assert_eq!(SitePath::decode("/%ff", &mut buffer).unwrap().as_bytes(), b"\xff");
        for path in ["/a%2fb", "/a%2Fb", "/%00", "/a/%2f"] {
            assert!(SitePath::decode(path, &mut buffer).is_err(), "{path}");
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
            ("/\u{61}%ff", None, "/a%FF/"),
        ] {
            assert_eq!(SitePath::decode(path, &mut buffer).unwrap().to_directory_url(query), url);
        }
    }
}
