//! The kinds of value a key can have: what is expected of it, and how it is read from TOML.
//!
//! Never knows the keys, and never compares two values: what one value says is judged here, what two say together is
//! judged in `resolve`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::diagnostic::{Diagnostic, Malformed, Place, Quoted};
use super::plain::Plain;
use super::schema;

/// What all readers share: where relative paths start, and the problems found so far.
pub(super) struct Context<'a> {
    pub(super) base: &'a Path,
    pub(super) problems: Vec<Diagnostic>,
}

/// After so many problems the rest of a file is not judged: nobody reads them, and the guesses at what was meant take
/// their time.
const PROBLEMS_MAX: usize = 1000;

impl Context<'_> {
    /// Whether there are so many problems that more of them do not matter.
    pub(super) fn is_full(&self) -> bool {
        self.problems.len() >= PROBLEMS_MAX
    }
}

/// One value of the file, and the key it was given for.
pub(super) struct Item<'a> {
    pub(super) key: &'a str,
    pub(super) place: Place,
    pub(super) value: &'a DeValue<'a>,
}

/// How the value of a key is written.
pub(super) trait Kind {
    type Value;

    /// The value, or `None` after what is wrong with it was reported.
    fn read(&self, item: &Item<'_>, context: &mut Context<'_>) -> Option<Self::Value>;

    /// The value as it would be written, to be read as the same one; `None` where it is there only as long as nothing
    /// is written.
    fn written(&self, value: &Self::Value) -> Option<Plain>;

    /// What can be written, in the words of JSON Schema.
    fn schema(&self) -> Plain;
}

/// What can be written for a value of this type.
pub(super) fn schema_for<V>(kind: &impl Kind<Value = V>) -> Plain {
    kind.schema()
}

/// A kind of value that is written as one string.
pub(super) trait Word {
    type Value;

    /// What a text that does not parse is called.
    const COMPLAINT: &str;

    /// A regular expression that every text matches which parses. An editor warns of what it does not match.
    const PATTERN: &str;

    fn parse(&self, text: &str, base: &Path) -> Result<Self::Value, Malformed>;

    /// What is expected where there is something else than a string.
    fn expected(&self) -> String {
        "a string".to_owned()
    }

    /// The value as it would be written, without quotes. What is a path is UTF-8, or else it is shown as near to it as
    /// it can be.
    fn show(&self, value: &Self::Value) -> String;

    /// What can be written, in the words of JSON Schema.
    fn schema(&self) -> Plain {
        schema::text(Some(Self::PATTERN))
    }
}

impl<W: Word> Kind for W {
    type Value = W::Value;

    fn read(&self, item: &Item<'_>, context: &mut Context<'_>) -> Option<W::Value> {
        if context.is_full() {
            return None;
        }
        let DeValue::String(text) = item.value else {
            context.problems.push(wrong_type(item, &self.expected()));
            return None;
        };
        match self.parse(text, context.base) {
            Ok(value) => Some(value),
            Err(error) => {
                context.problems.push(malformed(item, W::COMPLAINT, error));
                None
            }
        }
    }

    fn written(&self, value: &W::Value) -> Option<Plain> {
        Some(Plain::Text(self.show(value)))
    }

    fn schema(&self) -> Plain {
        Word::schema(self)
    }
}

/// A value together with its place, for what is judged later.
pub(super) struct Placed<K>(pub(super) K);

impl<K: Kind> Kind for Placed<K> {
    type Value = Spanned<K::Value>;

    fn read(&self, item: &Item<'_>, context: &mut Context<'_>) -> Option<Self::Value> {
        self.0.read(item, context).map(|value| Spanned::new(item.place.clone(), value))
    }

    fn written(&self, value: &Self::Value) -> Option<Plain> {
        self.0.written(value.get_ref())
    }

    fn schema(&self) -> Plain {
        self.0.schema()
    }
}

/// A value of a key that has no default of its own.
pub(super) struct Optional<K>(pub(super) K);

impl<K: Kind> Kind for Optional<K> {
    type Value = Option<K::Value>;

    fn read(&self, item: &Item<'_>, context: &mut Context<'_>) -> Option<Self::Value> {
        self.0.read(item, context).map(Some)
    }

    fn written(&self, value: &Self::Value) -> Option<Plain> {
        self.0.written(value.as_ref()?)
    }

    fn schema(&self) -> Plain {
        self.0.schema()
    }
}

/// A string, or a list of strings. What cannot be read is left out; the value is there all the same, so that nothing
/// else is reported because it seems to be missing.
pub(super) struct OneOrMore<W> {
    pub(super) of: W,
    /// Why the list must not be empty, where it must not.
    pub(super) not_empty: Option<&'static str>,
}

impl<W: Word> Kind for OneOrMore<W> {
    type Value = Vec<Spanned<W::Value>>;

    fn read(&self, item: &Item<'_>, context: &mut Context<'_>) -> Option<Self::Value> {
        let one = |value, place: Place, context: &mut Context<'_>| {
            let item = Item { key: item.key, place: place.clone(), value };
            self.of.read(&item, context).map(|value| Spanned::new(place, value))
        };
        Some(match item.value {
            DeValue::String(_) => one(item.value, item.place.clone(), context).into_iter().collect(),
            DeValue::Array(array) => {
                if let (true, Some(reason)) = (array.is_empty(), self.not_empty) {
                    let empty = Diagnostic::at(item.place.clone(), format!("`{}` is empty", item.key));
                    context.problems.push(empty.label("expected one string at least").help(reason));
                }
                array.iter().filter_map(|value| one(value.get_ref(), value.span(), context)).collect()
            }
            _ => {
                context.problems.push(wrong_type(item, "a string or a list of strings"));
                Vec::new()
            }
        })
    }

    fn written(&self, value: &Self::Value) -> Option<Plain> {
        Some(Plain::List(value.iter().map(|one| Plain::Text(self.of.show(one.get_ref()))).collect()))
    }

    fn schema(&self) -> Plain {
        let one = Word::schema(&self.of);
        let list = [("type", Plain::text("array")), ("items", one.clone())].into_iter();
        let least = self.not_empty.map(|_| ("minItems", Plain::Number(1)));
        schema::any_of([one, Plain::table(list.chain(least))])
    }
}

/// A table whose keys are written by whoever writes the config. What cannot be read is left out, and reported.
pub(super) struct Map<N, K> {
    pub(super) names: N,
    pub(super) values: K,
    /// As it would be written.
    pub(super) example: &'static str,
}

/// The entries of a [`Map`], in the order of the file, each name once.
pub(super) type Entries<N, V> = Vec<(Spanned<N>, Spanned<V>)>;

impl<N: Word<Value: Clone + Eq + Hash>, K: Kind> Kind for Map<N, K> {
    type Value = Entries<N::Value, K::Value>;

    fn read(&self, item: &Item<'_>, context: &mut Context<'_>) -> Option<Self::Value> {
        let DeValue::Table(table) = item.value else {
            context.problems.push(wrong_type(item, "a table").help(format!("write {} = {}", item.key, self.example)));
            return None;
        };
        let mut written: Vec<_> = table.iter().collect();
        written.sort_by_key(|(key, _)| key.span().start);
        let (mut entries, mut known): (Self::Value, _) = (Vec::new(), HashMap::new());
        for (key, value) in written {
            // The parser leaves an empty place where it could not read a value, and has said so.
            if context.is_full() || value.span().is_empty() {
                continue;
            }
            let value = self
                .values
                .read(&Item { key: key.get_ref(), place: value.span(), value: value.get_ref() }, context)
                .map(|read| Spanned::new(value.span(), read));
            let name = add_name(&self.names, key, item.key, &mut known, context);
            entries.extend(name.zip(value));
        }
        Some(entries)
    }

    fn written(&self, value: &Self::Value) -> Option<Plain> {
        let entry = |(name, value): &(Spanned<N::Value>, Spanned<K::Value>)| {
            Some((self.names.show(name.get_ref()), self.values.written(value.get_ref())?))
        };
        Some(Plain::Table(value.iter().filter_map(entry).collect()))
    }

    fn schema(&self) -> Plain {
        schema::named(N::PATTERN, self.values.schema())
    }
}

/// The name that is written as `key` in the table called `table`, if it is one, and none of those `known` by their places.
pub(super) fn add_name<N: Word<Value: Clone + Eq + Hash>>(
    names: &N,
    key: &Spanned<DeString<'_>>,
    table: &str,
    known: &mut HashMap<N::Value, Place>,
    context: &mut Context<'_>,
) -> Option<Spanned<N::Value>> {
    let name = match names.parse(key.get_ref(), context.base) {
        Ok(name) => name,
        Err(error) => {
            let title = format!("{} {} in `{table}`", N::COMPLAINT, Quoted(key.get_ref()));
            let problem = Diagnostic::at(key.span(), title).label(error.problem).maybe_help(error.help);
            context.problems.push(problem);
            return None;
        }
    };
    match known.entry(name) {
        Entry::Occupied(first) => {
            let title = format!("{} stands twice in `{table}`", Quoted(key.get_ref()));
            let first = first.get().clone();
            let problem = Diagnostic::at(key.span(), title).label("again").related(first, "first written here");
            context.problems.push(problem.help("remove one of them"));
            None
        }
        Entry::Vacant(free) => {
            let name = Spanned::new(key.span(), free.key().clone());
            free.insert(key.span());
            Some(name)
        }
    }
}

/// `true` or `false`.
pub(super) struct Flag;

impl Kind for Flag {
    type Value = bool;

    fn read(&self, item: &Item<'_>, context: &mut Context<'_>) -> Option<bool> {
        let flag = item.value.as_bool();
        if flag.is_none() {
            context.problems.push(wrong_type(item, "true or false"));
        }
        flag
    }

    fn written(&self, value: &bool) -> Option<Plain> {
        Some(Plain::Flag(*value))
    }

    fn schema(&self) -> Plain {
        Plain::table([("type", Plain::text("boolean"))])
    }
}

pub(super) fn wrong_type(item: &Item<'_>, expected: &str) -> Diagnostic {
    let found = match item.value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let help = match item.value {
        DeValue::String(text) if ["true", "false"].contains(&&**text) || text.parse::<u64>().is_ok() => {
            Some(format!("write {text} without quotes"))
        }
        DeValue::String(text) if expected.contains("true") => match &*text.to_ascii_lowercase() {
            "yes" | "on" | "true" => Some("write true".to_owned()),
            "no" | "off" | "false" => Some("write false".to_owned()),
            _ => None,
        },
        DeValue::Integer(integer) if expected.contains("string") => Some(format!("write \"{integer}\"")),
        _ => None,
    };
    Diagnostic::at(item.place.clone(), format!("wrong type for `{}`", item.key))
        .label(format!("expected {expected}, found {found}"))
        .maybe_help(help)
}

pub(super) fn malformed(item: &Item<'_>, complaint: &str, error: Malformed) -> Diagnostic {
    Diagnostic::at(item.place.clone(), format!("{complaint} for `{}`", item.key))
        .label(error.problem)
        .maybe_help(error.help)
}
