//! An explanation as text: one screen, in columns, for people.

use std::fmt::Write;

use super::{Effect, Explanation, Point};
use crate::config::Source;
use crate::escape::Visible;

/// How much of a line of the config is shown, in characters.
const SHOWN_CHARS_MAX: usize = 60;

/// How an explanation is to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// Text alone
    Plain,
    /// With the colours of a terminal
    Colored,
}

/// What is written before and after a piece of text.
struct Paint {
    bold: &'static str,
    dim: &'static str,
    link: &'static str,
    good: &'static str,
    onward: &'static str,
    bad: &'static str,
    reset: &'static str,
}

const PLAIN: Paint = Paint { bold: "", dim: "", link: "", good: "", onward: "", bad: "", reset: "" };

const COLORED: Paint = Paint {
    bold: "\x1b[1m",
    dim: "\x1b[2m",
    link: "\x1b[36m",
    good: "\x1b[1;32m",
    onward: "\x1b[1;36m",
    bad: "\x1b[1;31m",
    reset: "\x1b[0m",
};

impl Explanation {
    /// The text, of whole lines. `source` is what the config was read from.
    pub fn render(&self, source: &Source, look: Look) -> String {
        let paint = if look == Look::Colored { &COLORED } else { &PLAIN };
        let Paint { bold, dim, link, reset, .. } = paint;
        let color = match self.status.code() / 100 {
            2 => paint.good,
            3 => paint.onward,
            _ => paint.bad,
        };
        let (code, phrase) = (self.status.code(), self.status.phrase());
        let mut text = format!("\n  GET {bold}{}{reset}\n", Visible(self.url.as_bytes()));
        _ = writeln!(text, "  {color}{code} {phrase}{reset}: {}\n", self.reason);

        let lines: Vec<_> = self.points.iter().map(|point| (point, point.line(source), point.told(source))).collect();
        let names =
            lines.iter().map(|(point, ..)| point.name.len()).chain(["listener".len()]).max().unwrap_or_default();
        let places = lines.iter().map(|(_, place, _)| place.len()).max().unwrap_or_default();
        let gap = if places > 0 { "  " } else { "" };
        _ = writeln!(text, "  {:names$}  {:places$}{gap}{}", "listener", "", self.listener);
        for (point, place, told) in lines {
            let (mark, name) = match point.effect {
                Effect::Decides => (">", bold),
                Effect::None | Effect::Field(_) => (" ", &""),
            };
            let line = format!(
                "{mark} {name}{:names$}{reset}  {link}{place:places$}{reset}{gap}{told}",
                point.name,
                reset = if look == Look::Colored { reset } else { "" }
            );
            _ = writeln!(text, "{}", line.trim_end());
        }
        text.push('\n');
        for (name, value) in &self.fields {
            _ = writeln!(text, "  {dim}{name}:{reset} {}", Visible(value.as_bytes()));
        }
        text.push('\n');
        text
    }
}

impl Point {
    /// Where it is written, as an editor takes it.
    fn line(&self, source: &Source) -> String {
        self.place.as_ref().map_or_else(String::new, |place| source.line_of(place))
    }

    /// What is written there, and what there is to say of it.
    fn told(&self, source: &Source) -> String {
        let written = self.place.as_ref().map_or_else(String::new, |place| source.text_of(place));
        let mut told: String = written.chars().take(SHOWN_CHARS_MAX).collect();
        if told.len() < written.len() {
            told.push_str("...");
        }
        match (told.is_empty(), self.text.is_empty()) {
            (false, false) => format!("{told}: {}", Visible(self.text.as_bytes())),
            (false, true) => told,
            (true, _) => Visible(self.text.as_bytes()).to_string(),
        }
    }
}
