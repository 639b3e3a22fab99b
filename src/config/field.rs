//! Fields that a config adds to responses: their names and values, and those that are not for a config to say.

use std::hash::{Hash, Hasher};
use std::path::Path;

use super::diagnostic::{Malformed, Quoted, nearest};
use super::kind::Word;

/// The name of a field (RFC 9110, section 5.1), as it is written. It compares without case.
#[derive(Clone, Eq, Debug)]
pub struct FieldName(String);

/// Fields that follow from the connection, the message or the file: said by a config, they would be wrong sooner or
/// later.
const OWNED: &[(&str, &str)] = &[
    ("Accept-Ranges", OF_FILE),
    ("Allow", "it follows from `methods`"),
    ("Cache-Control", "it is written in `cache`"),
    ("Connection", OF_CONNECTION),
    ("Content-Encoding", OF_FILE),
    ("Content-Length", OF_MESSAGE),
    ("Content-Range", OF_MESSAGE),
    ("Content-Type", "it is written in `types` and `charset`"),
    ("Date", OF_MESSAGE),
    ("ETag", OF_FILE),
    ("Keep-Alive", OF_CONNECTION),
    ("Last-Modified", OF_FILE),
    ("Location", "it is written in `redirects`"),
    ("Proxy-Connection", OF_CONNECTION),
    ("Server", OF_MESSAGE),
    ("TE", OF_CONNECTION),
    ("Trailer", OF_MESSAGE),
    ("Transfer-Encoding", OF_MESSAGE),
    ("Upgrade", OF_CONNECTION),
];

const OF_CONNECTION: &str = "it speaks of the connection, which the server keeps or closes";
const OF_FILE: &str = "it follows from the file that is sent";
const OF_MESSAGE: &str = "it follows from the message that is sent";

/// Fields that describe the content. A 304 has no content, and leaves them out (section 15.4.5).
const DESCRIBING: &[&str] =
    &["Content-Digest", "Content-Disposition", "Content-Language", "Content-MD5", "Digest", "Repr-Digest"];

impl FieldName {
    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it describes the content, so that it is left out where there is none for good: in a 304.
    pub fn describes_content(&self) -> bool {
        DESCRIBING.iter().any(|name| name.eq_ignore_ascii_case(&self.0))
    }
}

impl PartialEq for FieldName {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Hash for FieldName {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.bytes().for_each(|byte| hasher.write_u8(byte.to_ascii_lowercase()));
    }
}

/// The name of a field that a config may say.
pub(super) struct Name;

impl Word for Name {
    type Value = FieldName;

    const COMPLAINT: &str = "unusable field name";
    const PATTERN: &str = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";

    fn parse(&self, text: &str, base: &Path) -> Result<FieldName, Malformed> {
        let field = AnyName.parse(text, base)?;
        match OWNED.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            Some((name, reason)) => Err(Malformed::new(format!("{name} is not for a config to say: {reason}"))),
            None => Ok(field),
        }
    }

    fn show(&self, value: &FieldName) -> String {
        value.0.clone()
    }
}

/// The name of any field.
pub(super) struct AnyName;

impl Word for AnyName {
    type Value = FieldName;

    const COMPLAINT: &str = Name::COMPLAINT;
    const PATTERN: &str = Name::PATTERN;

    fn parse(&self, text: &str, _: &Path) -> Result<FieldName, Malformed> {
        if text.is_empty() || !text.bytes().all(is_token) {
            let expected = Malformed::new("expected the name of a field, such as \"X-Content-Type-Options\"");
            return Err(match text.strip_suffix(':').filter(|name| !name.is_empty() && name.bytes().all(is_token)) {
                Some(name) => expected.help(format!("write {name} = \"...\", without the colon")),
                None => expected,
            });
        }
        Ok(FieldName(text.to_owned()))
    }

    fn show(&self, value: &FieldName) -> String {
        value.0.clone()
    }
}

/// The value of a field (RFC 9110, section 5.5) without the white space around it. Empty: there is no such field.
pub(super) struct Value;

impl Word for Value {
    type Value = String;

    const COMPLAINT: &str = "invalid field value";
    const PATTERN: &str = r"^[\t -~]*$";

    fn parse(&self, text: &str, _: &Path) -> Result<String, Malformed> {
        match text.chars().find(|&char| !matches!(char, ' '..='~' | '\t')) {
            None => Ok(text.trim().to_owned()),
            Some(char) if char.is_control() => {
                Err(Malformed::new(format!("a field cannot hold {}", Quoted(&char.escape_default().to_string()))))
            }
            Some(char) => Err(Malformed::new(format!("a field is ASCII, {} is not", Quoted(&char.to_string())))),
        }
    }

    fn show(&self, value: &String) -> String {
        value.clone()
    }
}

/// What a cache may do with a response: the value of Cache-Control (RFC 9111, section 5.2). Empty: no such rule.
pub(super) struct CacheControl;

/// The directives of responses, and whether each has a number of seconds.
const DIRECTIVES: &[(&str, bool)] = &[
    ("immutable", false),
    ("max-age", true),
    ("must-revalidate", false),
    ("must-understand", false),
    ("no-cache", false),
    ("no-store", false),
    ("no-transform", false),
    ("private", false),
    ("proxy-revalidate", false),
    ("public", false),
    ("s-maxage", true),
    ("stale-if-error", true),
    ("stale-while-revalidate", true),
];

impl Word for CacheControl {
    type Value = String;

    const COMPLAINT: &str = "invalid Cache-Control";
    const PATTERN: &str = Value::PATTERN;

    fn parse(&self, text: &str, base: &Path) -> Result<String, Malformed> {
        let value = Value.parse(text, base)?;
        for directive in value.split(',').map(str::trim).filter(|_| !value.is_empty()) {
            let (name, argument) = directive.split_once('=').map_or((directive, None), |(name, is)| (name, Some(is)));
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(Malformed::new("expected directives such as \"max-age=3600, public\""));
            }
            let known = DIRECTIVES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            let is_number = argument.is_some_and(|is| !is.is_empty() && is.bytes().all(|byte| byte.is_ascii_digit()));
            match known {
                Some((name, true)) if !is_number => {
                    let problem = format!("`{name}` takes a number of seconds");
                    return Err(Malformed::new(problem).help(format!("write \"{name}=3600\"")));
                }
                Some(_) => {}
                None => {
                    if let Some(near) = nearest(name, DIRECTIVES.iter().map(|(name, _)| *name)) {
                        let unknown = Malformed::new(format!("unknown directive {}", Quoted(name)));
                        return Err(unknown.help(format!("did you mean \"{near}\"?")));
                    }
                }
            }
        }
        Ok(value)
    }

    fn show(&self, value: &String) -> String {
        value.clone()
    }
}

/// What a file name ends in, without the dot, in lower case.
pub(super) struct Extension;

impl Word for Extension {
    type Value = String;

    const COMPLAINT: &str = "invalid extension";
    const PATTERN: &str = "^[^./*]+$";

    fn parse(&self, text: &str, _: &Path) -> Result<String, Malformed> {
        match text.trim_start_matches("*.").trim_start_matches('.') {
            bare if bare.is_empty() || bare.contains(['.', '/', '*']) => {
                Err(Malformed::new("expected what stands behind the last dot of a file name, such as \"wasm\""))
            }
            bare if bare != text => {
                Err(Malformed::new("an extension is written without its dot").help(format!("write \"{bare}\"")))
            }
            bare => Ok(bare.to_ascii_lowercase()),
        }
    }

    fn show(&self, value: &String) -> String {
        value.clone()
    }
}

/// A media type (RFC 9110, section 8.3.1).
pub(super) struct MediaType;

impl Word for MediaType {
    type Value = String;

    const COMPLAINT: &str = "invalid media type";
    const PATTERN: &str = "^[^/]+/[^/]+";

    fn parse(&self, text: &str, base: &Path) -> Result<String, Malformed> {
        let value = Value.parse(text, base)?;
        let kinds = value.split(';').next().unwrap_or_default().trim_end().split_once('/');
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_token);
        match kinds {
            Some((kind, subtype)) if is_name(kind) && is_name(subtype) => Ok(value),
            _ => Err(Malformed::new("expected a type and a subtype, such as \"application/wasm\"")),
        }
    }

    fn show(&self, value: &String) -> String {
        value.clone()
    }
}

/// The character encoding of text (RFC 9110, section 8.3.2). Empty: none is told.
pub(super) struct Charset;

impl Word for Charset {
    type Value = String;

    const COMPLAINT: &str = "invalid charset";
    const PATTERN: &str = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]*$";

    fn parse(&self, text: &str, _: &Path) -> Result<String, Malformed> {
        match text.bytes().all(is_token) {
            true => Ok(text.to_owned()),
            false => Err(Malformed::new("expected a name such as \"utf-8\"").help("\"\" tells none")),
        }
    }

    fn show(&self, value: &String) -> String {
        value.clone()
    }
}

/// Whether a token can hold it (RFC 9110, section 5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Result<FieldName, Malformed> {
        Name.parse(text, Path::new(""))
    }

    #[test]
    fn names() {
        for text in ["X-A", "Vary", "Content-Security-Policy", "a!#$%&'*+-.^_`|~9"] {
            assert_eq!(name(text).unwrap().as_str(), text);
        }
        assert_eq!(name("x-frame-options").unwrap(), name("X-Frame-Options").unwrap());
        for text in ["", "A:", "A B", "Ä", "A\r\nB"] {
            assert!(name(text).unwrap_err().problem.contains("the name of a field"), "{text}");
        }
        for text in ["content-length", "DATE", "ETag", "Cache-Control", "Keep-Alive"] {
            assert!(name(text).unwrap_err().problem.contains("not for a config to say"), "{text}");
        }
        assert!(OWNED.is_sorted() && DESCRIBING.is_sorted());
        assert!(name("content-language").unwrap().describes_content());
        assert!(!name("Content-Security-Policy").unwrap().describes_content());
    }

    #[test]
    fn values() {
        let value = |text: &str| Value.parse(text, Path::new(""));
        assert_eq!(value(" a;\tb ").unwrap(), "a;\tb");
        assert_eq!(value("").unwrap(), "");
        assert!(value("a\r\nSet-Cookie: b").unwrap_err().problem.contains("`\\r`"));
        assert!(value("\u{7f}").unwrap_err().problem.contains("cannot hold"));
        let cache = |text: &str| CacheControl.parse(text, Path::new(""));
        for text in ["", "no-cache", "max-age=31536000, immutable", "Public,max-age=0", "vendor=\"x y\""] {
            assert_eq!(cache(text).unwrap(), text);
        }
        for (text, part) in [
            ("max-age", "write \"max-age=3600\""),
            ("max-age=1h", "a number of seconds"),
            ("nocache", "did you mean \"no-cache\"?"),
            ("public max-age=1", "expected directives"),
            ("public,", "expected directives"),
        ] {
            let error = cache(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        let extension = |text: &str| Extension.parse(text, Path::new(""));
        assert_eq!(extension("WASM").unwrap(), "wasm");
        assert_eq!(extension(".wasm").unwrap_err().help.unwrap(), "write \"wasm\"");
        assert_eq!(extension("*.wasm").unwrap_err().help.unwrap(), "write \"wasm\"");
        assert!(extension("").is_err() && extension("tar.gz").is_err() && extension("a/b").is_err());
        let media_type = |text: &str| MediaType.parse(text, Path::new(""));
        assert_eq!(media_type("text/html; charset=latin1").unwrap(), "text/html; charset=latin1");
        for text in ["", "text", "text/", "/html", "te xt/html", "text/html/x", "text/html\r\n"] {
            assert!(media_type(text).is_err(), "{text}");
        }
        assert!(value("é").unwrap_err().problem.contains("a field is ASCII, `é` is not"));
    }
}
