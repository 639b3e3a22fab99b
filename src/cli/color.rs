//! Whether there is colour: what `--color` says, and where that is "auto", what the environment says.

use std::ffi::OsString;
use std::io::IsTerminal;

use clap::{ColorChoice, ValueEnum};

/// What is coloured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Color {
    /// What goes to a terminal.
    OnTerminals,
    /// Everything that is for people, wherever it goes.
    Always,
    /// Nothing.
    Never,
}

impl Color {
    /// What comes of a choice. The environment has a say in "auto": NO_COLOR (no-color.org), CLICOLOR and
    /// CLICOLOR_FORCE (bixense.com/clicolors), and TERM.
    pub(super) fn of(choice: ColorChoice) -> Color {
        let can_color = || anstyle_query::clicolor().unwrap_or_else(anstyle_query::term_supports_color);
        match choice {
            ColorChoice::Always => Color::Always,
            ColorChoice::Never => Color::Never,
            ColorChoice::Auto if anstyle_query::no_color() => Color::Never,
            ColorChoice::Auto if anstyle_query::clicolor_force() => Color::Always,
            ColorChoice::Auto if can_color() => Color::OnTerminals,
            ColorChoice::Auto => Color::Never,
        }
    }

    /// Whether what is written there is coloured.
    pub fn suits(self, output: &impl IsTerminal) -> bool {
        match self {
            Color::OnTerminals => output.is_terminal(),
            Color::Always => true,
            Color::Never => false,
        }
    }

    /// Whether terminals are coloured.
    pub fn suits_terminals(self) -> bool {
        self != Color::Never
    }
}

/// For clap's own words. It may decide no more than whether they go to a terminal: it would ask more of the environment
/// than is asked above, for one whether this is CI.
impl From<Color> for ColorChoice {
    fn from(color: Color) -> ColorChoice {
        match color {
            Color::OnTerminals => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
    }
}

/// What `--color` seems to be, for what has to be told before all arguments are understood, or because they cannot be.
pub(super) fn guess(arguments: &[OsString]) -> ColorChoice {
    let options = arguments.split(|argument| argument == "--").next().unwrap_or_default();
    let next = options.iter().skip(1).map(Some).chain([None]);
    let values = options.iter().zip(next).filter_map(|(option, next)| match option.to_str()? {
        "--color" => next?.to_str(),
        option => option.strip_prefix("--color="),
    });
    values.last().and_then(|value| ColorChoice::from_str(value, false).ok()).unwrap_or(ColorChoice::Auto)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_arguments_seem_to_say() {
        for (line, color) in [
            ("webserv", ColorChoice::Auto),
            ("webserv --color never --frobnicate", ColorChoice::Never),
            ("webserv --frobnicate --color=always", ColorChoice::Always),
            ("webserv --color always --color=never", ColorChoice::Never),
            ("webserv --color", ColorChoice::Auto),
            ("webserv --color sometimes", ColorChoice::Auto),
            ("webserv -- --color always", ColorChoice::Auto),
        ] {
            let arguments: Vec<_> = line.split(' ').map(OsString::from).collect();
            assert_eq!(guess(&arguments), color, "{line}");
        }
    }
}
