//! The config in the words of JSON Schema, for editors: they complete keys, show what each is for, and underline what
//! is wrong while it is written. Draft 4, which is what those for TOML know.
//!
//! A schema judges no two values together and asks no disk: what it accepts may still be refused.

use super::effective;
use super::kind::Word;
use super::pattern::Paths;
use super::plain::Plain;
use super::section::Section;

/// The schema of a config file, as JSON.
pub fn schema() -> String {
    let mut all = vec![
        ("$schema".to_owned(), Plain::text("http://json-schema.org/draft-04/schema#")),
        ("title".to_owned(), Plain::text("The config of webserv")),
    ];
    if let Plain::Table(top) = section(Section::Top) {
        all.extend(top);
    }
    Plain::Table(all).json()
}

/// A text that matches a regular expression, where there is one.
pub(super) fn text(pattern: Option<&str>) -> Plain {
    let pattern = pattern.map(|pattern| ("pattern", Plain::text(pattern)));
    Plain::table([("type", Plain::text("string"))].into_iter().chain(pattern))
}

/// What one of them accepts.
pub(super) fn any_of(schemas: impl Into<Vec<Plain>>) -> Plain {
    Plain::table([("anyOf", Plain::List(schemas.into()))])
}

/// A table with names of the config author's own, which match a regular expression.
pub(super) fn named(pattern: &str, value: Plain) -> Plain {
    Plain::table([
        ("type", Plain::text("object")),
        ("patternProperties", Plain::table([(pattern, value)])),
        ("additionalProperties", Plain::Flag(false)),
    ])
}

/// A table with these names and no other.
pub(super) fn object(properties: Vec<(String, Plain)>, required: &[&str]) -> Plain {
    // An empty list of them is none in draft 4.
    let required = (!required.is_empty()).then(|| ("required", Plain::texts(required.iter().copied())));
    let object = [
        ("type", Plain::text("object")),
        ("properties", Plain::Table(properties)),
        ("additionalProperties", Plain::Flag(false)),
    ];
    Plain::table(object.into_iter().chain(required))
}

fn section(section: Section) -> Plain {
    let defaults = effective::defaults(section);
    let keys = section.schemas().into_iter().map(|(name, about, schema)| {
        let default = defaults.iter().find(|(key, _)| *key == name).and_then(|(_, value)| value.clone());
        let described = [("description", Plain::text(about.trim()))];
        let default = default.map(|default| ("default", default));
        let Plain::Table(schema) = schema else { return (name.to_owned(), schema) };
        let Plain::Table(mut property) = Plain::table(described.into_iter().chain(default)) else {
            return (name.to_owned(), Plain::Table(schema));
        };
        property.extend(schema);
        (name.to_owned(), Plain::Table(property))
    });
    let tables = section.tables().filter_map(|table| Some((table.name()?.to_owned(), subsection(table))));
    let required: &[&str] = match section {
        Section::Top => &["site"],
        Section::Site => &["root"],
        Section::Expect => &["url"],
        Section::Server | Section::Limits | Section::Log | Section::Path => &[],
    };
    object(keys.chain(tables).collect(), required)
}

/// What stands under the name of a table.
fn subsection(table: Section) -> Plain {
    match table {
        Section::Top | Section::Server | Section::Limits | Section::Log => section(table),
        Section::Site => {
            Plain::table([("type", Plain::text("array")), ("minItems", Plain::Number(1)), ("items", section(table))])
        }
        Section::Expect => Plain::table([("type", Plain::text("array")), ("items", section(table))]),
        Section::Path => named(Paths::PATTERN, section(table)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `BLESS=1 cargo test the_schema_of_the_repository` writes it anew.
    #[test]
    fn the_schema_of_the_repository() {
        const FILE: &str = "conf/webserv.schema.json";
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(FILE, schema()).unwrap();
        }
        let written = std::fs::read_to_string(FILE).unwrap_or_default();
        assert!(
            written == schema(),
            "{FILE} is not what the keys say: run `BLESS=1 cargo test the_schema_of_the_repository`"
        );
    }
}
