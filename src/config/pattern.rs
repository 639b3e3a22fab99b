//! Which paths a rule is for: all, those below a directory, those with an extension, or one.

use std::fmt::{self, Display, Formatter};
use std::path::Path;

use percent_encoding::percent_decode_str;

use super::diagnostic::{Malformed, Quoted};
use super::kind::Word;

/// Which paths a rule is for. Paths are decoded and relative to the root of the site, as in a request that has been
/// taken apart: what is written with an escape matches what is sent without it, and the other way round.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Pattern {
    /// `*`: all
    Every,
    /// `*.iso`: those whose last segment ends so, without case; with the dot, in lower case
    Extension(String),
    /// `/private/*`: those that begin so; ends in a slash
    Below(Vec<u8>),
    /// `/robots.txt`: this one
    Exact(Vec<u8>),
}

impl Pattern {
    /// Whether it is for this path. To one for an extension a directory has the name of its page, which is `index`.
    pub(super) fn matches(&self, path: &[u8], index: &str) -> bool {
        match self {
            Pattern::Every => true,
            Pattern::Extension(extension) => {
                let name = path.rsplit(|&byte| byte == b'/').next().filter(|name| !name.is_empty());
                let name = name.unwrap_or(index.as_bytes());
                let start = name.len().saturating_sub(extension.len());
                start > 0 && name.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(extension.as_bytes()))
            }
            Pattern::Below(directory) => path.starts_with(directory),
            Pattern::Exact(exact) => path == exact,
        }
    }

    /// Of two that are for the same path, the one with the larger number wins: a path before a longer directory, before
    /// a shorter one, before an extension, which holds anywhere in the site.
    pub fn specificity(&self) -> (u8, usize) {
        match self {
            Pattern::Every => (0, 0),
            Pattern::Extension(extension) => (1, extension.len()),
            Pattern::Below(directory) => (2, directory.len()),
            Pattern::Exact(path) => (3, path.len()),
        }
    }
}

/// A pattern as it is written.
pub(super) struct Paths;

impl Word for Paths {
    type Value = Pattern;

    const COMPLAINT: &str = "invalid path";
    const PATTERN: &str = r"^(\*|\*\.[^/*]+|/[^*?#]*|/([^*?#]*/)?\*)$";

    fn parse(&self, text: &str, _: &Path) -> Result<Pattern, Malformed> {
        const EXPECTED: &str = "expected \"*\", \"/path\", \"/directory/*\" or \"*.extension\"";
        let expected = || Malformed::new(EXPECTED);
        if text == "*" || text == "/*" {
            return Ok(Pattern::Every);
        }
        if text.contains(['\\', '^', '|']) || text.starts_with('~') {
            let help = "a path is written as it is, and `*` at its end stands for all that is below";
            return Err(Malformed::new("there are no regular expressions here").help(help));
        }
        if let Some(extension) = text.strip_prefix('*') {
            let is_name = |name: &&str| !name.is_empty() && !name.contains(['/', '*', '{', '[', '(', ',']);
            let name = extension.strip_prefix('.').filter(is_name);
            return name.map(|_| Pattern::Extension(extension.to_ascii_lowercase())).ok_or_else(expected);
        }
        let Some(path) = text.strip_prefix('/') else {
            return Err(match text {
                "" => expected(),
                _ if text.contains("://") => expected().help("hosts are written in `hosts` of a site"),
                _ => expected().help(format!("write \"/{text}\"")),
            });
        };
        if text.contains(['?', '#']) {
            return Err(Malformed::new("a path ends before `?` and `#`").help("a literal one is written %3F or %23"));
        }
        if let Some(variable) = variable(path) {
            let problem =
                Malformed::new(format!("there are no variables in paths, and {} looks like one", Quoted(variable)));
            let literal = escape_of(variable);
            return Err(problem
                .help(format!("`*` at the end stands for all that is below; a literal one is written {literal}")));
        }
        match path.strip_suffix('*') {
            Some(directory) if directory.ends_with('/') && !directory.contains('*') => {
                decode(directory).map(Pattern::Below)
            }
            _ if path.contains('*') => {
                Err(expected().help("`*` stands at the end, after a slash; a literal one is written %2A"))
            }
            _ => decode(path).map(Pattern::Exact),
        }
    }

    fn show(&self, value: &Pattern) -> String {
        value.to_string()
    }
}

/// As it is written.
impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Every => f.write_str("*"),
            Pattern::Extension(extension) => write!(f, "*{extension}"),
            Pattern::Below(directory) => write!(f, "/{}*", encode(directory)),
            Pattern::Exact(path) => write!(f, "/{}", encode(path)),
        }
    }
}

/// What stands for a part of a path elsewhere: `:id`, `{id}`, `$1` or `$uri`. A path that holds such a thing can be
/// written with an escape.
pub(super) fn variable(path: &str) -> Option<&str> {
    path.match_indices([':', '{', '$']).find_map(|(at, sign)| {
        let (before, rest) = path.split_at_checked(at)?;
        let rest = rest.get(1..)?;
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let end = rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end)?;
        let begins_segment = before.is_empty() || before.ends_with('/');
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        let (is_variable, closing) = match sign {
            ":" => (begins_segment && word.starts_with(|first: char| first.is_ascii_alphabetic()), 0),
            "{" => (!word.is_empty() && after.starts_with('}'), 1),
            _ => (NGINX.contains(&word) || is_number && (begins_segment || after.is_empty()), 0),
        };
        path.get(at..at + 1 + end + closing).filter(|_| is_variable)
    })
}

/// Variables that paths are put together of in its configs.
const NGINX: [&str; 6] = ["uri", "request_uri", "document_uri", "host", "args", "query_string"];

/// How the sign that a variable begins with is written where it is none.
pub(super) fn escape_of(variable: &str) -> String {
    variable.bytes().next().map_or_else(String::new, |sign| format!("%{sign:02X}"))
}

/// The bytes of a path, which has to be one that a request can have once it has been taken apart.
fn decode(path: &str) -> Result<Vec<u8>, Malformed> {
    let is_escape = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !path.split('%').skip(1).all(is_escape) {
        return Err(Malformed::new("`%` is followed by two hexadecimal digits").help("a literal one is written %25"));
    }
    let segments: Vec<Vec<u8>> = path.split('/').map(|segment| percent_decode_str(segment).collect()).collect();
    if segments.iter().flatten().any(|byte| matches!(byte, b'\0' | b'/')) {
        return Err(Malformed::new("an encoded slash or NUL matches no request: those are refused"));
    }
    let last = segments.len().saturating_sub(1);
    for (rank, segment) in segments.iter().enumerate() {
        let is_nothing = matches!(&**segment, b"." | b"..") || (segment.is_empty() && rank < last);
        if is_nothing {
            let segment = String::from_utf8_lossy(segment);
            let problem = format!("the segment {} matches no request: it is removed from each", Quoted(&segment));
            return Err(Malformed::new(problem));
        }
    }
    Ok(segments.join(&b'/'))
}

/// A path as it is written: readable where it is UTF-8, with an escape for what means something else.
fn encode(path: &[u8]) -> String {
    let mut text = String::new();
    for chunk in path.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '%' | '?' | '#' | '*' => text += &format!("%{:02X}", u32::from(char)),
                _ => text.push(char),
            }
        }
        chunk.invalid().iter().for_each(|byte| text += &format!("%{byte:02X}"));
    }
    while let Some(variable) = variable(&text) {
        text = text.replacen(variable, &(escape_of(variable) + variable.get(1..).unwrap_or_default()), 1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Result<Pattern, Malformed> {
        Paths.parse(text, Path::new(""))
    }

    #[test]
    fn which_paths() {
        for (text, matching, other) in [
            ("*", &["", "a", "a/b"][..], &[][..]),
            ("/*", &["", "a"], &[]),
            ("/", &[""], &["a"]),
            ("/a", &["a"], &["", "a/", "ab", "b/a", "A"]),
            ("/a/", &["a/"], &["a", "a/b"]),
            ("/a/*", &["a/", "a/b", "a/b/c"], &["a", "ab/c", "b/a/c"]),
            ("/%61%20b/%2a", &["a b/*"], &["a b/c"]),
            ("/ü", &["ü"], &["u"]),
            ("*.iso", &["a.iso", "b/a.ISO", "a.b.iso"], &["", ".iso", "b/.iso", "a.iso/", "iso", "a.iso/b", "aiso"]),
            ("/a:b/:/{}/$/%3Aid", &["a:b/:/{}/$/:id"], &[]),
            ("*.html", &["", "a/", "a/b/", "a/b.html"], &["a", "a.html/b"]),
            ("*.Tar.gz", &["a.tar.gz"], &["a.gz", ".tar.gz"]),
        ] {
            let pattern = pattern(text).unwrap();
            for path in matching {
                assert!(pattern.matches(path.as_bytes(), "index.html"), "{text} is for {path}");
            }
            for path in other {
                assert!(!pattern.matches(path.as_bytes(), "index.html"), "{text} is not for {path}");
            }
        }
    }

    #[test]
    fn shown_as_written() {
        for text in ["*", "*.tar.gz", "/", "/a/", "/a/*", "/ü b/*", "/100%25", "/%3F%23%2A\u{1}", "/%FF%FE/a"] {
            assert_eq!(Paths.show(&pattern(text).unwrap()), text);
        }
    }

    #[test]
    fn the_most_specific() {
        let order = ["*", "*.gz", "*.tar.gz", "/a/*", "/a/b/*", "/c"];
        assert!(order.iter().map(|text| pattern(text).unwrap().specificity()).is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn malformed() {
        for (text, part) in [
            ("", "expected \"*\""),
            ("a", "write \"/a\""),
            ("http://a/b", "`hosts`"),
            ("*.", "expected \"*\""),
            ("*iso", "expected \"*\""),
            ("*.a/b", "expected \"*\""),
            ("/a*", "after a slash"),
            ("/*/a", "after a slash"),
            ("/a/**", "after a slash"),
            ("/*/a/*", "a literal one is written %2A"),
            ("*.{txt,md}", "expected \"*\""),
            ("~ \\.php$", "no regular expressions"),
            ("^/private", "no regular expressions"),
            ("/(private|secret)/*", "no regular expressions"),
            ("/a?b", "ends before"),
            ("/a//b", "the segment `` matches no request"),
            ("/a//*", "the segment `` matches no request"),
            ("//", "the segment `` matches no request"),
            ("/a/../b", "the segment `..`"),
            ("/%2e/b", "the segment `.`"),
            ("/a%2fb", "an encoded slash"),
            ("/%00", "an encoded slash or NUL"),
            ("/100%", "two hexadecimal digits"),
            ("/%+1", "two hexadecimal digits"),
            ("/posts/:id", "`:id` looks like one"),
            ("/:year/:month/*", "a literal one is written %3A"),
            ("/a/{name}.html", "`{name}` looks like one"),
            ("/a$1", "a literal one is written %24"),
        ] {
            let error = pattern(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
