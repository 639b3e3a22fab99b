//! The command line: arguments as given become what is to be done.

mod color;
mod definition;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::builder::UnknownArgumentValueParser;
use clap::{Arg, ArgMatches, ColorChoice, Command};

pub use color::Color;
pub use definition::command;

use crate::config::{Address, Config, Diagnostics, Listen, Overrides, Url};

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Arguments {
    source: Source,
    overrides: Overrides,
    /// What is to be done with the config.
    pub errand: Errand,
    /// Open the first address in the browser.
    pub open: bool,
    /// How much is shown.
    pub verbosity: Verbosity,
    /// What is coloured.
    pub color: Color,
}

/// What is to be done with a config.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Errand {
    /// Serve it.
    Serve,
    /// Check it and what it expects of its answers, and no more.
    Check,
    /// Tell what a GET of this gets and why, and no more.
    Explain(Url),
    /// Print it as it is used, and no more.
    PrintConfig,
}

/// How much is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verbosity {
    /// Errors alone
    Quiet,
    /// What the config says
    Normal,
    /// Every request and response head besides
    Verbose,
}

#[derive(Clone, Debug)]
enum Source {
    Config(PathBuf),
    Directory(PathBuf),
    CurrentDirectory,
}

/// The config that is used where nothing is said and it exists.
const DEFAULT_CONFIG: &str = "conf/webserv.toml";

/// Reads the arguments of this process. Ends it where they are wrong (status 2), or where only help or the version was
/// asked for (status 0).
pub fn parse() -> Arguments {
    let given: Vec<_> = std::env::args_os().collect();
    arguments(&parser().color(Color::of(color::guess(&given)).into()).get_matches_from(given))
}

/// The definition, and what is given to other servers: nothing takes it here, but the error says what does.
fn parser() -> Command {
    let port = Arg::new("port").short('p').long("port").value_name("PORT").hide(true);
    let listen = UnknownArgumentValueParser::suggest_arg("--listen");
    let second = Arg::new("second").value_name("DIR").hide(true);
    let one = |text: &str| Err::<(), _>(format!("one directory is served, with no word before it: `webserv {text}`"));
    command().arg(port.num_args(0..=1).default_missing_value("").value_parser(listen)).arg(second.value_parser(one))
}

fn arguments(matches: &ArgMatches) -> Arguments {
    let path = |id| matches.get_one::<PathBuf>(id).cloned();
    let source = match (path("config"), path("dir")) {
        (Some(file), _) => Source::Config(file),
        (None, Some(directory)) => Source::Directory(directory),
        (None, None) if is_there(Path::new(DEFAULT_CONFIG)) => Source::Config(DEFAULT_CONFIG.into()),
        (None, None) => Source::CurrentDirectory,
    };
    let listen = if matches.get_flag("lan") {
        Listen::every_interface()
    } else {
        matches.get_many::<Address>("listen").unwrap_or_default().cloned().map(Listen::at).collect()
    };
    let verbosity = match (matches.get_flag("quiet"), matches.get_flag("verbose")) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Normal,
    };
    let [listing, dotfiles] = ["listing", "dotfiles"].map(|id| matches.get_flag(id));
    let overrides = Overrides { listen, listing, dotfiles, fallback: path("fallback") };
    let color = Color::of(matches.get_one("color").copied().unwrap_or(ColorChoice::Auto));
    let explain = matches.get_one::<Url>("explain").cloned();
    let errand = match (explain, ["check", "print-config"].map(|id| matches.get_flag(id))) {
        (Some(url), _) => Errand::Explain(url),
        (None, [true, _]) => Errand::Check,
        (None, [_, true]) => Errand::PrintConfig,
        (None, _) => Errand::Serve,
    };
    Arguments { source, overrides, errand, open: matches.get_flag("open"), verbosity, color }
}

/// Whether a file has that name, be it one that cannot be read: then that is what has to be said.
fn is_there(path: &Path) -> bool {
    match path.symlink_metadata() {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

impl Arguments {
    /// Reads the config that the arguments name.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn config(&self) -> Result<Config, Diagnostics> {
        match &self.source {
            Source::Config(path) => Config::from_file(path, &self.overrides),
            Source::Directory(path) => Config::from_directory(path, &self.overrides),
            Source::CurrentDirectory => Config::from_current_directory(&self.overrides),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        parser().debug_assert();
    }

    #[test]
    fn help_fits_on_a_screen() {
        let help = parser().render_help().to_string();
        // 24 of 80 characters, the last one of which is the next prompt.
        assert!(help.lines().count() <= 23, "{help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }

    #[test]
    fn arguments_as_given_and_as_used() {
        let parse = |line: &str| parser().try_get_matches_from(line.split(' ')).map(|matches| arguments(&matches));
        let arguments = parse("webserv -l 3000 -l unix:/a -v public").unwrap();
        let given = [Address::Localhost(3000), Address::Unix("/a".into())].map(Listen::at);
        assert_eq!(arguments.overrides.listen, given);
        assert_eq!(arguments.verbosity, Verbosity::Verbose);
        assert_eq!(parse("webserv --color never").unwrap().color, Color::Never);
        let again = parse("webserv --color never --open --open --color=always").unwrap();
        assert_eq!((again.color, again.open), (Color::Always, true));
        assert!(matches!(arguments.source, Source::Directory(path) if path == Path::new("public")));
        assert_eq!(parse("webserv --fallback b a").unwrap().overrides.fallback.unwrap(), Path::new("b"));
        assert_eq!(parse("webserv --print-config").unwrap().errand, Errand::PrintConfig);
        assert_eq!(parse("webserv --lan a").unwrap().overrides.listen, Listen::every_interface());
        for wrong in [
            "webserv -l",
            "webserv -l a:b",
            "webserv -q -v",
            "webserv -c a b",
            "webserv a b",
            "webserv --lan -l 1",
            "webserv --listing -c a",
            "webserv --color red",
            "webserv --fallback a -c b",
        ] {
            assert_eq!(parse(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
        for words in ["webserv serve public", "webserv -v serve public --open"] {
            let error = parse(words).unwrap_err().to_string();
            assert!(error.contains("one directory is served, with no word before it: `webserv public`"), "{error}");
        }
        for port in ["webserv -p 1 a", "webserv -p1", "webserv --port=1", "webserv --port"] {
            let error = parse(port).unwrap_err().to_string();
            assert!(error.contains("similar argument exists: '--listen'"), "{error}");
        }
    }
}
