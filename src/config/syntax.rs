//! What is no TOML, told to whoever wrote it: the parser says where it stopped, and this says what was probably meant.
//!
//! Never knows the keys. One mistake is told once, whatever the parser stumbles over behind it.

use toml::de::{DeTable, DeValue, Error};

use super::diagnostic::{Diagnostic, Place, Quoted, lines_of};

/// Each is compared with all that was read.
pub(super) const ERRORS_MAX: usize = 200;

/// Characters that look like others, and those they are taken for.
const LOOKALIKES: &[(&[char], &str, &str)] = &[
    (&['“', '”', '„', '‟', '«', '»', '″'], "a typographic quotation mark", "write \" for it"),
    (&['‘', '’', '‚', '‛', '‹', '›', '′', '´'], "a typographic quotation mark", "write ' or \" for it"),
    (&['\u{a0}', '\u{2002}', '\u{2003}', '\u{2009}', '\u{202f}', '\u{3000}'], "no plain space", "write a space for it"),
    (&['\u{feff}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}'], "a character that nobody sees", "remove it"),
    (&['–', '—', '−', '‐', '‑'], "no hyphen", "write - for it"),
    (&['＝', '﹦'], "no equals sign", "write = for it"),
];

/// What is wrong, and the place from which on nothing else is worth telling: the parser has lost its way there.
pub(super) fn problems(errors: &[Error], document: &DeTable<'_>, text: &str) -> (Vec<Diagnostic>, usize) {
    let mut problems = Vec::new();
    let mut lines_end = 0;
    let mut repeated_to = 0;
    let mut in_order: Vec<(Place, &Error)> =
        errors.iter().map(|error| (error.span().unwrap_or(text.len()..text.len()), error)).collect();
    in_order.sort_by_key(|(place, _)| place.start);
    for (place, error) in in_order.into_iter().take(ERRORS_MAX) {
        let line = lines_of(&place, text);
        // What else is wrong with a line mostly follows from the first thing.
        if line.start < lines_end {
            continue;
        }
        let is_header = part(text, &line).trim_start().starts_with('[');
        if let Some(opener) = unclosed(error, &place, &line, text) {
            problems.push(opener);
            return (problems, line.start);
        }
        if error.message() == "duplicate key" {
            // The keys of a table that stands twice are told with it.
            if place.start < repeated_to {
                continue;
            }
            if is_header {
                repeated_to = next_header(text, line.end);
                let problem = repeated_table(&place, &line, text);
                problems
                    .extend(problem.filter(|new| !problems.iter().any(|told: &Diagnostic| told.is_at_place_of(new))));
                lines_end = line.end.max(line.start + 1);
                continue;
            }
        }
        lines_end = line.end.max(line.start + 1);
        problems.push(problem(error, place, &line, document, text));
    }
    (problems, usize::MAX)
}

/// What others write for true and false.
fn is_said_of_a_flag(text: &str) -> bool {
    ["yes", "no", "on", "off"].contains(&&*text.trim().to_ascii_lowercase())
}

/// The parser's message, split into what is wrong and what was expected, or a better one.
fn problem(error: &Error, place: Place, line: &Place, document: &DeTable<'_>, text: &str) -> Diagnostic {
    let (title, expected) = error.message().split_once(", expected ").unwrap_or((error.message(), ""));
    let found = part(text, &place);
    if let Some(problem) = lookalike(&place, line, text) {
        return problem;
    }
    let value = value_of(&place, line, text);
    let written = part(text, &value);
    let at = |label: &str| {
        let label = if label.is_empty() { String::new() } else { format!("expected {label}") };
        Diagnostic::at(place.clone(), title).label(label)
    };
    let unquoted = || Diagnostic::at(value.clone(), "string values must be quoted").label("expected a quoted string");
    match title {
        "duplicate key" => {
            let key = found.trim_matches(['"', '\'']);
            let problem = Diagnostic::at(place.clone(), title).label(format!("{} is already there", Quoted(key)));
            let problem = problem.help("remove one of them");
            match last_before(document, key, place.start) {
                Some(first) => problem.related(first, "first written here"),
                None => problem,
            }
        }
        "string values must be quoted" if found.trim().is_empty() => {
            Diagnostic::at(place, "missing value").label("expected a value")
        }
        "string values must be quoted" if is_said_of_a_flag(found) => {
            let flag = ["yes", "on"].contains(&&*found.trim().to_ascii_lowercase());
            at("true or false, or a quoted string").help(format!("write {flag}, or \"{}\" as a text", found.trim()))
        }
        "string values must be quoted" => at("a quoted string").help(format!("write \"{}\"", found.trim())),
        "invalid boolean" if ["true", "false"].contains(&&*written.to_ascii_lowercase()) => {
            at("true or false").help(format!("write {}", written.to_ascii_lowercase()))
        }
        _ if is_about_a_number(title) && !written.is_empty() && !written.contains(['"', '\'', '[', '{']) => {
            unquoted().help(format!("write \"{written}\""))
        }
        "invalid basic string" | "invalid literal string" if place.start >= line.end => {
            Diagnostic::at(value.clone(), "this string has no end").label("the closing quotation mark is missing")
        }
        "missing opening quote" => at(expected).help(format!("write \"{}\"", written.trim_matches(['"', '\'']))),
        "unclosed table" | "unclosed array table" => {
            let name = part(text, line).trim().trim_matches(['[', ']']);
            let header = if title == "unclosed table" { format!("[{name}]") } else { format!("[[{name}]]") };
            at(expected).help(format!("write {header}"))
        }
        "unexpected key or value" if text.get(place.start..).is_some_and(|rest| rest.starts_with(';')) => {
            Diagnostic::at(place, "a semicolon behind a value").label("remove it: the value ends with the line")
        }
        "carriage return must be followed by newline" => {
            at("a line feed").help("save the file with the line ends of Unix (LF) or Windows (CRLF)")
        }
        "invalid unquoted key" => match (part(text, line).trim(), found.chars().next()) {
            (header, _) if header.starts_with('[') => {
                let quoted = header
                    .trim_matches(['[', ']'])
                    .split_once("path.")
                    .map(|(site, path)| format!("write [{site}path.\"{}\"]", path.trim_matches(['"', '\''])));
                at(expected).maybe_help(quoted)
            }
            (_, Some(':')) => {
                Diagnostic::at(place.clone(), "a colon between a key and its value").label("expected `=`")
            }
            (comment, _) if comment.starts_with("//") => {
                Diagnostic::at(place.start..place.start + 2, "a comment begins with `#`").label("write # for it")
            }
            _ => at(expected).help("other keys stand in quotation marks"),
        },
        _ => at(expected),
    }
}

fn is_about_a_number(title: &str) -> bool {
    let kinds = ["mantissa", "fraction", "float", "integer", "exponent", "boolean", "date", "time", "number"];
    title.starts_with("invalid ") && kinds.iter().any(|kind| title.contains(kind))
}

/// A character that is not the one it looks like, in what could not be read.
fn lookalike(place: &Place, line: &Place, text: &str) -> Option<Diagnostic> {
    let rest = text.get(place.start..line.end)?;
    let end = rest.find(|char: char| char.is_ascii_whitespace()).unwrap_or(rest.len());
    // Where the parser stopped, or in the word that it took for something else.
    let (at, char) = rest.get(..end)?.char_indices().find(|(_, char)| !char.is_ascii())?;
    let (_, name, help) = LOOKALIKES.iter().find(|(chars, _, _)| chars.contains(&char))?;
    let start = place.start + at;
    let problem = Diagnostic::at(start..start + char.len_utf8(), "a character that TOML does not know here");
    Some(problem.label(format!("U+{:04X} is {name}", u32::from(char))).help(*help))
}

/// A list or table that has no end, where that is why the parser stopped at the beginning of a line.
fn unclosed(error: &Error, place: &Place, line: &Place, text: &str) -> Option<Diagnostic> {
    /// No list is as long as that on either side of its mistake.
    const LINES_MAX: usize = 100;
    const BYTES_MAX: usize = 16 << 10;
    let is_between = error.message().starts_with("missing ") || error.message().starts_with("unexpected ");
    if !is_between || !text.get(line.start..place.start)?.trim().is_empty() {
        return None;
    }
    let here = text.get(place.start..line.end)?;
    let (name, value) = here.split_once('=').unwrap_or((here, ""));
    let is_key = !value.is_empty() && !name.trim().is_empty() && !name.contains(['{', '[', ',']);
    if !is_key && !here.starts_with('[') {
        return None;
    }
    let far = text.get(place.start..)?.match_indices('\n').map(|(at, _)| at).find(|at| *at > BYTES_MAX);
    let end = next_header(text, place.start).min(far.map_or(text.len(), |at| place.start + at));
    for above in lines_above(text, line.start).take(LINES_MAX) {
        let start = above.start;
        let Some((opener, close)) = first_open(text.get(start..line.start)?) else { continue };
        let is_closed = first_open(text.get(start..end)?).is_none_or(|(still, _)| still != opener);
        if is_closed {
            return None;
        }
        let what = if close == ']' { "list" } else { "table" };
        let problem = Diagnostic::at(start + opener..start + opener + 1, format!("this {what} has no end"));
        let problem = problem.label(format!("the `{close}` for this one is missing"));
        return Some(problem.related(place.start..place.start + 1, "what comes next seems to be no part of it"));
    }
    None
}

/// The first bracket that is not closed again, and what would close it.
fn first_open(text: &str) -> Option<(usize, char)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '[' => open.push((at, ']')),
            '{' => open.push((at, '}')),
            ']' | '}' => _ = open.pop_if(|(_, close)| *close == char),
            '#' => _ = chars.by_ref().find(|(_, char)| *char == '\n'),
            '"' | '\'' => loop {
                match chars.next() {
                    Some((_, '\\')) if char == '"' => _ = chars.next(),
                    Some((_, end)) if end != char && end != '\n' => {}
                    _ => break,
                }
            },
            _ => {}
        }
    }
    open.first().copied()
}

/// A header that stands twice, or one of a single table where there is a list of them. Nothing where it is only the
/// parser that took an earlier mistake for it.
fn repeated_table(place: &Place, line: &Place, text: &str) -> Option<Diagnostic> {
    let header = part(text, line).split('#').next().unwrap_or_default().trim();
    let name = header.trim_matches(['[', ']']);
    let find = |header: &str| lines_above(text, line.start).find(|place| part(text, place).starts_with(header));
    // The first table of those that belong to one of the list.
    let inner = format!("[{name}.");
    let inner = lines_above(text, line.start).filter(|place| part(text, place).starts_with(&inner)).last();
    let whole = line.start..line.start + part(text, line).trim_end().len();
    let list = format!("[[{name}]]");
    match (header.starts_with("[["), find(header), find(&list)) {
        (true, _, _) if inner.is_some() => inner.map(|first| {
            Diagnostic::at(first, format!("{} is a list of tables", Quoted(name)))
                .label(format!("belongs to the `{header}` above it, and there is none"))
                .help(format!("move it below the `{header}` that it is for, behind the other keys of that"))
        }),
        (true, _, _) => find(&format!("[{name}]")).map(|first| {
            Diagnostic::at(whole, format!("the table {} stands twice", Quoted(name)))
                .label("again")
                .related(first, "first written here")
                .help(format!("put the keys of both below `[{name}]`, or write `{header}` each time if it is a list"))
        }),
        (false, _, Some(first)) => Some(
            Diagnostic::at(whole, format!("{} is a list of tables", Quoted(name)))
                .label("expected two brackets")
                .related(first, "the list begins with this one, or before it")
                .help(format!("write {list}")),
        ),
        (false, Some(first), None) => Some(
            Diagnostic::at(whole, format!("the table {} stands twice", Quoted(header)))
                .label("again")
                .related(first, "first written here")
                .help("put the keys of both below one of them"),
        ),
        (false, None, None) => {
            let problem = Diagnostic::at(place.clone(), "duplicate key");
            Some(problem.label(format!("{} is already there", Quoted(part(text, place).trim_matches('"')))))
        }
    }
}

/// The lines above one that begins at `end`, the nearest first, without the space around them.
fn lines_above(text: &str, end: usize) -> impl Iterator<Item = Place> {
    let above = text.get(..end).unwrap_or_default();
    let starts = above.trim_end_matches('\n').rmatch_indices('\n').map(|(at, _)| at + 1).chain([0]);
    starts.map(|start| {
        let line = above.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let start = start + (line.len() - line.trim_start().len());
        start..start + line.trim().len()
    })
}

/// Where the next header begins, or the text ends.
fn next_header(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let lines = rest.match_indices('\n').map(|(at, _)| at + 1);
    let is_header =
        |at: &usize| rest.get(*at..).is_some_and(|rest| rest.trim_start_matches([' ', '\t']).starts_with('['));
    lines.into_iter().find(is_header).map_or(text.len(), |at| from + at)
}

/// The value that the line gives to its key: from behind the `=` to the end or a comment.
fn value_of(place: &Place, line: &Place, text: &str) -> Place {
    let start =
        text.get(line.start..line.end).and_then(|line| line.find('=')).map_or(place.start, |at| line.start + at + 1);
    let value = text.get(start..line.end).unwrap_or_default();
    let value = value.split(" #").next().unwrap_or_default();
    let start = start + (value.len() - value.trim_start().len());
    start..start + value.trim().len()
}

fn part<'a>(text: &'a str, place: &Place) -> &'a str {
    text.get(place.clone()).unwrap_or_default()
}

/// The last place before `end` where `key` is written as a key.
fn last_before(table: &DeTable<'_>, key: &str, end: usize) -> Option<Place> {
    let here = table.keys().filter(|known| known.get_ref() == key).map(|known| known.span());
    let tables = table.values().flat_map(|value| match value.get_ref() {
        DeValue::Array(values) => values.iter().filter_map(|value| value.get_ref().as_table()).collect(),
        value => Vec::from_iter(value.as_table()),
    });
    let below = tables.filter_map(|table| last_before(table, key, end));
    here.chain(below).filter(|place| place.end <= end).max_by_key(|place| place.start)
}
