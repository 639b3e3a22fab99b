//! A value as it would be written, apart from its meaning: shown as TOML, or as JSON for the schema.
//!
//! Never knows the keys.

use std::fmt::{self, Display, Formatter};

use crate::escape::is_steering;

/// A value as it would be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Plain {
    Flag(bool),
    Number(u64),
    Text(String),
    List(Vec<Plain>),
    Table(Vec<(String, Plain)>),
}

impl Plain {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    pub(super) fn table<'a>(entries: impl IntoIterator<Item = (&'a str, Plain)>) -> Self {
        Self::Table(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// As TOML, texts without their quotes: for who reads a message.
    pub(super) fn bare(&self) -> String {
        match self {
            Self::Text(text) if !text.is_empty() => text.clone(),
            Self::List(values) => format!("[{}]", values.iter().map(Self::bare).collect::<Vec<_>>().join(", ")),
            other => other.to_string(),
        }
    }

    /// As JSON (RFC 8259) over several lines.
    pub(super) fn json(&self) -> String {
        let mut json = String::new();
        self.write_json("\n", &mut json);
        json.push('\n');
        json
    }

    /// `line_end` is a line feed and the indentation that the next line has.
    fn write_json(&self, line_end: &str, json: &mut String) {
        let deeper = format!("{line_end}  ");
        let is_short = |values: &[Plain]| values.iter().all(|value| !matches!(value, Self::List(_) | Self::Table(_)));
        match self {
            Self::List(values) if is_short(values) => {
                let values: Vec<_> = values.iter().map(|value| value.json().trim_end().to_owned()).collect();
                *json += &format!("[{}]", values.join(", "));
            }
            Self::List(values) => {
                for (rank, value) in values.iter().enumerate() {
                    *json += if rank == 0 { "[" } else { "," };
                    *json += &deeper;
                    value.write_json(&deeper, json);
                }
                *json += line_end;
                json.push(']');
            }
            Self::Table(entries) if entries.is_empty() => *json += "{}",
            Self::Table(entries) => {
                for (rank, (name, value)) in entries.iter().enumerate() {
                    *json += if rank == 0 { "{" } else { "," };
                    *json += &format!("{deeper}{}: ", quoted(name));
                    value.write_json(&deeper, json);
                }
                *json += line_end;
                json.push('}');
            }
            // The two write these alike.
            Self::Flag(_) | Self::Number(_) | Self::Text(_) => *json += &self.to_string(),
        }
    }
}

/// As TOML on one line.
impl Display for Plain {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::List(values) => {
                let values: Vec<_> = values.iter().map(Self::to_string).collect();
                write!(f, "[{}]", values.join(", "))
            }
            Self::Table(entries) if entries.is_empty() => f.write_str("{}"),
            Self::Table(entries) => {
                let entries: Vec<_> = entries.iter().map(|(name, value)| format!("{} = {value}", key(name))).collect();
                write!(f, "{{ {} }}", entries.join(", "))
            }
        }
    }
}

/// The name of a value in TOML: bare where it can be.
pub(super) fn key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match !name.is_empty() && name.bytes().all(is_bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// A basic string of TOML, which is one of JSON too. What could steer a terminal is escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            '\n' => quoted += "\\n",
            '\t' => quoted += "\\t",
            // All of them are below U+10000, so that four digits do.
            _ if is_steering(char) => quoted += &format!("\\u{:04X}", u32::from(char)),
            _ => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_read_as_it_was() {
        for text in
            ["", "a", "\"\\", "\0\u{1}\u{7f}\u{85}\r\n\t", "é\u{202e}\u{1f980}", "'''", "\u{fffe}\u{2028}", "\\u0041"]
        {
            let toml = format!("{} = {}", key(text), Plain::text(text));
            let table = toml::de::DeTable::parse(&toml).unwrap();
            let (name, value) = table.get_ref().iter().next().unwrap();
            assert_eq!((&**name.get_ref(), value.get_ref().as_str()), (text, Some(text)), "{toml}");
            assert!(!toml.contains(is_steering) && !toml.contains('\n'), "{toml:?}");
        }
    }

    #[test]
    fn in_two_languages() {
        let value = Plain::table([
            ("a b", Plain::List(vec![Plain::Number(1), Plain::text("x")])),
            ("c", Plain::Table(vec![])),
            ("d", Plain::List(vec![Plain::table([("e", Plain::Flag(true))])])),
        ]);
        assert_eq!(value.to_string(), r#"{ "a b" = [1, "x"], c = {}, d = [{ e = true }] }"#);
        let json = "{\n  \"a b\": [1, \"x\"],\n  \"c\": {},\n  \"d\": [\n    {\n      \"e\": true\n    }\n  ]\n}\n";
        assert_eq!(value.json(), json);
    }
}
