//! What is wrong with a config, told to its author: the place underlined, what was expected, what to write instead.
//!
//! Never decides what is wrong, and never prints: it renders to a string.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::ops::Range;
use std::path::Path;

use crate::escape::is_steering;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

/// A range of bytes of the config file.
pub type Place = Range<usize>;

/// How many are shown. More would push the first ones, which often cause the rest, off the screen.
const SHOWN_MAX: usize = 20;

/// How wide a terminal is at least, in columns. In less, nothing could be pointed at.
const COLUMNS_MIN: usize = 40;

/// How many characters of a line of user text a message repeats; the snippet has the rest.
const QUOTED_CHARS_MAX: usize = 80;

/// Everything that is wrong with one config: at least one [`Diagnostic`], in the order of the file.
#[derive(Debug)]
pub struct Diagnostics {
    severity: Severity,
    path: Option<String>,
    text: String,
    list: Vec<Diagnostic>,
    /// In the place of their number
    summary: Option<String>,
}

/// What becomes of a config that something is wrong with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Severity {
    /// It is not used
    Error,
    /// It is, but may not do what was meant
    Warning,
}

/// One thing that is wrong, and what can be done about it.
#[derive(Debug)]
pub struct Diagnostic {
    title: String,
    place: Option<Place>,
    label: String,
    related: Vec<(Place, String)>,
    notes: Vec<String>,
    helps: Vec<String>,
}

/// A text that is not what it has to be: the problem, and what to write instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Malformed {
    /// What is wrong, or what was expected.
    pub problem: String,
    /// What to write instead, where a good guess exists.
    pub help: Option<String>,
}

/// User text in a message: in backticks, cut to a length, with nothing in it that could steer a terminal.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl Diagnostics {
    /// Problems with `text`, the content of the file at `path`, in the order of their places.
    pub(super) fn in_file(path: &Path, text: &str, mut list: Vec<Diagnostic>) -> Self {
        list.sort_by_key(|diagnostic| diagnostic.place.as_ref().map_or(usize::MAX, |place| place.start));
        let path = printable(&path.to_string_lossy()).into_owned();
        Self { path: Some(path), text: text.to_owned(), ..Self::without_file(list) }
    }

    /// Problems that have no place in a file.
    pub fn without_file(list: Vec<Diagnostic>) -> Self {
        Self { severity: Severity::Error, path: None, text: String::new(), list, summary: None }
    }

    /// With another last line than that of a config with errors.
    pub(super) fn summarized(self, summary: String) -> Self {
        Self { summary: Some(summary), ..self }
    }

    /// The same of a config that is used all the same.
    pub(super) fn into_warnings(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// The text for a person, of whole lines; with the escape codes of a terminal where `color` is set. A long line of
    /// the config is cut to that many `columns`: one that the terminal breaks has nothing underlined.
    pub fn render(&self, color: bool, columns: Option<usize>) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let renderer = match columns {
            Some(columns) => renderer.term_width(columns.max(COLUMNS_MIN)),
            None => renderer,
        };
        let mut text = String::new();
        for diagnostic in self.list.iter().take(SHOWN_MAX) {
            text.push_str(&self.render_one(diagnostic, &renderer));
            text.push_str("\n\n");
        }
        if let Some(path) = &self.path {
            let summary = self.severity.level().primary_title(self.summary(path));
            text.push_str(&renderer.render(&[Group::with_title(summary)]));
            text.push('\n');
        }
        text
    }

    fn render_one(&self, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
        let mut group = Group::with_title(self.severity.level().primary_title(printable(&diagnostic.title)));
        if let Some(place) = &diagnostic.place {
            let label = Some(printable(&diagnostic.label)).filter(|label| !label.is_empty());
            let primary = AnnotationKind::Primary.span(self.drawable(place)).label(label);
            let related = diagnostic
                .related
                .iter()
                .map(|(place, label)| AnnotationKind::Context.span(self.drawable(place)).label(printable(label)));
            let snippet = Snippet::source(&self.text).path(self.path.as_deref());
            group = group.element(snippet.annotation(primary).annotations(related));
        } else if let Some(path) = &self.path {
            group = group.element(Origin::path(path));
        }
        let notes = diagnostic.notes.iter().map(|note| Level::NOTE.message(printable(note)));
        let helps = diagnostic.helps.iter().map(|help| Level::HELP.message(printable(help)));
        renderer.render(&[group.elements(notes).elements(helps)])
    }

    fn summary(&self, path: &str) -> String {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let count = match self.list.len() {
            1 => format!("1 {word}"),
            count => format!("{count} {word}s"),
        };
        let hidden = match self.list.len().saturating_sub(SHOWN_MAX) {
            0 => String::new(),
            more => format!("; {more} more are not shown"),
        };
        match &self.summary {
            Some(summary) => format!("{summary}{hidden}"),
            None => format!("the config {} has {count}{hidden}", Quoted(path)),
        }
    }

    /// `place` as a range that can be cut out of the text whatever the parser said, and not more than its first line:
    /// underlining half a file points at nothing.
    fn drawable(&self, place: &Place) -> Place {
        let is_boundary = |at: &usize| self.text.is_char_boundary(*at);
        let start = (0..=place.start.min(self.text.len())).rev().find(is_boundary).unwrap_or_default();
        let end = (place.end.max(start)..self.text.len()).find(is_boundary).unwrap_or(self.text.len());
        let line = self.text.get(start..end).and_then(|text| text.lines().next()).unwrap_or_default();
        start..start + line.len()
    }
}

impl Severity {
    fn level(self) -> Level<'static> {
        match self {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        }
    }
}

impl Display for Diagnostics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false, None))
    }
}

impl std::error::Error for Diagnostics {}

impl Diagnostic {
    /// A problem with what stands at `place`.
    pub fn at(place: Place, title: impl Into<String>) -> Self {
        Self { place: Some(place), ..Self::without_place(title) }
    }

    /// A problem with the whole, or with something outside of the file.
    pub fn without_place(title: impl Into<String>) -> Self {
        let title = title.into();
        Self { title, place: None, label: String::new(), related: Vec::new(), notes: Vec::new(), helps: Vec::new() }
    }

    /// What stands beside the underlined text.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// A second place that explains the first.
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }

    /// A reason.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// What the reader can do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    /// [`Diagnostic::help`] where there is one.
    pub(super) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.helps.extend(help);
        self
    }

    /// Whether the problem is with something at or behind the byte `at`.
    pub(super) fn is_behind(&self, at: usize) -> bool {
        self.place.as_ref().is_some_and(|place| place.start >= at)
    }

    /// The thing that the problem is with, where it stands in a file.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// Whether another problem is with the same thing.
    pub(super) fn is_at_place_of(&self, other: &Self) -> bool {
        self.place == other.place
    }

    /// The lines that the problem is in, whole.
    pub(super) fn lines(&self, text: &str) -> Option<Place> {
        self.place.as_ref().map(|place| lines_of(place, text))
    }

    /// Whether the problem is with something in `range`.
    pub(super) fn is_in(&self, range: &Place) -> bool {
        self.place.as_ref().is_some_and(|place| place.start <= range.end && range.start <= place.end)
    }
}

/// The lines that `place` touches, whole.
pub(super) fn lines_of(place: &Place, text: &str) -> Place {
    let start = text.get(..place.start).and_then(|text| text.rfind('\n')).map_or(0, |end| end + 1);
    let end = text.get(place.end..).and_then(|text| text.find('\n')).map_or(text.len(), |end| place.end + end);
    start..end
}

impl Malformed {
    /// A problem without a guess at what was meant.
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), help: None }
    }

    /// With what to write instead.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl Display for Malformed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.help {
            Some(help) => write!(f, "{}; {help}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

impl std::error::Error for Malformed {}

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let cut: String = self.0.chars().take(QUOTED_CHARS_MAX).collect();
        let more = if cut.len() < self.0.len() { "..." } else { "" };
        write!(f, "`{}{more}`", cut.replace('\n', "\\n"))
    }
}

/// The candidate that `word` is most likely a misspelling of.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// No candidate is nearly as long, and the distance takes the square of the length.
    const WORD_BYTES_MAX: usize = 64;
    if word.len() > WORD_BYTES_MAX {
        return None;
    }
    let word = word.to_lowercase();
    // One edit in three characters, as rustc has it; a shortened or lengthened word is a near one too.
    let distance_max = word.chars().count().max(3) / 3;
    let distance = |candidate: &&str| {
        let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
        let is_prefix = word.len() >= 3 && (candidate.starts_with(&word) || word.starts_with(candidate));
        (distance <= distance_max || is_prefix).then_some(distance)
    };
    let near = candidates.into_iter().filter_map(|candidate| Some((distance(&candidate)?, candidate)));
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// `text` without what could steer a terminal. Line ends stay: a help may have an example of several lines.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c != '\n' && is_steering(c);
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .fold(String::new(), |mut text, c| {
            if steers(c) {
                text.extend(c.escape_default())
            } else {
                text.push(c)
            }
            text
        })
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_and_counted() {
        let list = (0..200).map(|n| Diagnostic::at(n..n + 1, format!("problem {n}"))).collect();
        let text = Diagnostics::in_file(Path::new("a.toml"), &"x".repeat(200), list).render(false, None);
        assert_eq!(text.matches("error: problem").count(), SHOWN_MAX);
        assert!(text.ends_with("error: the config `a.toml` has 200 errors; 180 more are not shown\n"), "{text}");
    }

    #[test]
    fn a_long_line_is_cut_to_the_terminal() {
        let line = format!("a = {{ {} }}", (0..40).map(|n| format!("k{n} = {n}")).collect::<Vec<_>>().join(", "));
        let at = line.find("k20").unwrap();
        let list = || vec![Diagnostic::at(at..at + 3, "odd").label("here")];
        let text = |columns| Diagnostics::in_file(Path::new("a"), &line, list()).render(false, columns);
        for columns in [COLUMNS_MIN, 60, 80, 132] {
            let text = text(Some(columns));
            assert!(text.lines().all(|line| line.len() <= columns), "{columns}:\n{text}");
            let marks = text.lines().find(|line| line.contains('^')).unwrap();
            let shown = text.lines().find(|line| line.contains("k20")).unwrap();
            assert_eq!(marks.find('^'), shown.find("k20"), "{columns}:\n{text}");
        }
        for columns in 0..COLUMNS_MIN {
            assert_eq!(text(Some(columns)), text(Some(COLUMNS_MIN)), "nothing could be seen in {columns}");
        }
    }

    #[test]
    fn places_outside_of_the_text_are_drawn_at_its_edge() {
        for place in [0..0, 5..9, 1..2, 3..usize::MAX, 99..100] {
            let list = vec![Diagnostic::at(place, "odd").label("here")];
            assert!(Diagnostics::in_file(Path::new("a"), "aéb\n", list).render(true, None).contains("odd"));
        }
        let nothing = vec![Diagnostic::at(7..9, "odd")];
        assert!(Diagnostics::in_file(Path::new("a"), "", nothing).render(false, None).contains("odd"));
    }

    #[test]
    fn user_text_does_not_steer_the_terminal() {
        let list = vec![Diagnostic::at(0..1, format!("unknown key {}", Quoted("\x1b[31m\u{202e}\nx"))).help("\x07")];
        let text = Diagnostics::in_file(Path::new("\x1b"), "\x1b]0;title\x07", list).render(false, None);
        assert!(!text.contains(['\x1b', '\x07', '\u{202e}']), "{text:?}");
        assert!(text.contains(r"unknown key `\u{1b}[31m\u{202e}\nx`"), "{text}");
    }

    #[test]
    fn nearest_finds_slips_of_the_finger_only() {
        let words = ["listen", "index", "head_size", "head_time", "warn", "off"];
        let table = [
            ("lisen", Some("listen")),
            ("LISTEN", Some("listen")),
            ("head-size", Some("head_size")),
            ("warning", Some("warn")),
            ("idx", None),
            ("", None),
            ("of", Some("off")),
            ("workers", None),
        ];
        for (word, expected) in table {
            assert_eq!(nearest(word, words), expected, "{word}");
        }
    }
}
