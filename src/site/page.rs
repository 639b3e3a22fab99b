//! What all pages of the server's own have in common: a document without anything to load, its style, and text that
//! cannot become markup.

use std::fmt;

/// The style of all of them, so that there is one hash of it to be known.
const STYLE: &str = include_str!("page.css");

/// Whether it is in one form or another depends on what is asked for.
pub(super) const VARY: &str = "Vary: Accept\r\n";

/// What pages are, as the value of Content-Type. JSON is UTF-8 without saying so (RFC 8259, section 8.1).
pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const JSON: &str = "application/json";
pub(super) const TEXT: &str = "text/plain; charset=utf-8";

/// What a browser is kept from, whatever is in a page of these types: it takes it for nothing else, runs nothing and
/// loads nothing. The hash is that of the style (CSP 3, section 2.3.1), the image is the icon.
const GUARDS: [(&str, &str, &[&str]); 2] = [
    ("X-Content-Type-Options", "nosniff", &[HTML, JSON, TEXT]),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'sha256-3lMbU2E6dqIQQPQM8rJkA+uVRh+ZxaETYZMWV5h7LHE='; img-src data:; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
        &[HTML],
    ),
];

/// Which of the guards are sent with the pages of a site: those that its config says nothing of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Policy {
    is_said: [bool; GUARDS.len()],
}

impl Policy {
    /// What is left to be said beside the fields with these names.
    pub(super) fn beside<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Policy {
        Policy { is_said: GUARDS.map(|(guard, ..)| names.clone().any(|name| name.eq_ignore_ascii_case(guard))) }
    }

    /// The field lines of a page of this type.
    pub(super) fn lines(self, content_type: &str) -> String {
        let guards = GUARDS.iter().zip(self.is_said);
        let guards = guards.filter(|((.., types), is_said)| types.contains(&content_type) && !is_said);
        guards.map(|((name, value, _), _)| format!("{name}: {value}\r\n")).collect()
    }
}

/// A document with one style, in which nothing is loaded.
pub(super) struct Document<'a> {
    /// What the style knows this kind of page by
    pub(super) class: &'static str,
    /// Its name
    pub(super) title: Text<'a>,
    /// Whether a search engine may show it
    pub(super) robots: Robots,
    /// What stands in `main`: markup
    pub(super) content: &'a dyn fmt::Display,
}

/// What search engines may do with a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Robots {
    /// Show it
    Index,
    /// Leave it out
    Leave,
}

impl fmt::Display for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let robots = match self.robots {
            Robots::Index => "",
            Robots::Leave => "<meta name=\"robots\" content=\"noindex\">\n",
        };
        let Document { class, title, content, .. } = self;
        write!(
            f,
            "<!doctype html>\n\
             <html lang=\"en\">\n\
             <meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             {robots}\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n\
             <link rel=\"icon\" href=\"data:,\">\n\
             <style>{STYLE}</style>\n\
             <body class=\"{class}\">\n\
             <main>\n{content}</main>\n\
             </html>\n"
        )
    }
}

/// Bytes as text between tags or quotes: markup is escaped, and what is no UTF-8 is replaced by U+FFFD, as are
/// control characters and those that would steer the direction of the text around them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a>(pub(super) &'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            let mut plain = chunk.valid();
            while let Some((at, special)) = plain.char_indices().find(|(_, char)| is_special(*char)) {
                f.write_str(plain.get(..at).unwrap_or_default())?;
                match special {
                    '&' => f.write_str("&amp;")?,
                    '<' => f.write_str("&lt;")?,
                    '>' => f.write_str("&gt;")?,
                    '"' => f.write_str("&quot;")?,
                    '\'' => f.write_str("&#39;")?,
                    _ => f.write_str("\u{fffd}")?,
                }
                plain = plain.get(at + special.len_utf8()..).unwrap_or_default();
            }
            f.write_str(plain)?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{fffd}")?;
            }
        }
        Ok(())
    }
}

fn is_special(char: char) -> bool {
    let steers = matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    matches!(char, '&' | '<' | '>' | '"' | '\'') || char.is_control() || steers
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// RFC 4648, section 4
    fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let groups = bytes.chunks(3).map(|group| {
            let bits = (0..3).fold(0, |bits, at| bits << 8 | group.get(at).map_or(0, |byte| usize::from(*byte)));
            let digit = |at: usize| char::from(DIGITS[bits >> (18 - 6 * at) & 63]);
            (0..4).map(|at| if at <= group.len() { digit(at) } else { '=' }).collect::<String>()
        });
        groups.collect()
    }

    #[test]
    fn the_policy_lets_the_style_through() {
        assert_eq!(base64(b"webserv"), "d2Vic2Vydg==");
        let hash = base64(&Sha256::digest(STYLE));
        let lines = Policy::beside([].into_iter()).lines(HTML);
        assert!(lines.contains(&format!("'sha256-{hash}'")), "the hash of the style is {hash}");
        assert!(!STYLE.contains('<'));
    }

    #[test]
    fn what_the_config_says_is_not_said_twice() {
        let names = |said: &[&'static str], content_type| {
            let lines = Policy::beside(said.iter().copied()).lines(content_type);
            lines.lines().filter_map(|line| line.split(':').next()).map(str::to_owned).collect::<Vec<_>>()
        };
        let [sniffing, content] = ["X-Content-Type-Options", "Content-Security-Policy"];
        assert_eq!(names(&["Server"], HTML), [sniffing, content]);
        assert_eq!(names(&["x-content-type-options"], HTML), [content]);
        assert_eq!(names(&["CONTENT-security-policy"], HTML), [sniffing]);
        assert_eq!(names(&[content, sniffing], HTML), [""; 0]);
        for content_type in [JSON, TEXT] {
            assert_eq!(names(&[], content_type), [sniffing]);
        }
    }

    #[test]
    fn text_is_no_markup() {
        let shown = |bytes| Text(bytes).to_string();
        assert_eq!(shown(b"a <b> & \"c\" 'd'"), "a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
        assert_eq!(shown(b"a\xff\xfe\nb\x7f\xc3\xa9"), "a\u{fffd}\u{fffd}\u{fffd}b\u{fffd}\u{e9}");
        assert_eq!(shown("exe\u{202e}txt \u{85}".as_bytes()), "exe\u{fffd}txt \u{fffd}");
        assert_eq!(shown(b""), "");
    }
}
