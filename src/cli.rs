//! The command line: arguments as given become what is to be done.

use std::path::{Path, PathBuf};

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Arg, ArgAction, Command, value_parser};

use crate::config::{Address, Config, Diagnostics, Listen, Overrides};

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Arguments {
    source: Source,
    overrides: Overrides,
    /// Check the config, and no more.
    pub check: bool,
    /// How much is shown.
    pub verbosity: Verbosity,
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
}

/// The config that is used where nothing is said and it exists.
const DEFAULT_CONFIG: &str = "conf/webserv.toml";

const TEMPLATE: &str = "\
{name} {version}: a static HTTP/1.1 server, small, strict and fast

{usage-heading} {usage}

{all-args}{after-help}";

const EXAMPLES: &str = "\
Without DIR and --config it serves conf/webserv.toml, or else the current directory.

Examples:
  webserv public                   browse public at http://localhost:8080/
  webserv --listing -l 3000 .      list its directories, on another port
  webserv --lan dist               show it to a phone on the same network
  webserv -l unix:/tmp/web.sock    curl --unix-socket /tmp/web.sock http://localhost/
  webserv --check -c site.toml     show everything that is wrong with a config
";

/// Reads the arguments of this process. Ends it where they are wrong (status 2), or where only help or the version was
/// asked for (status 0).
pub fn parse() -> Arguments {
    arguments(&command().get_matches())
}

fn command() -> Command {
    let option = |id: &'static str, help: &'static str| Arg::new(id).long(id).help(help);
    let flag = |id, help| option(id, help).action(ArgAction::SetTrue);
    Command::new("webserv")
        .version(env!("CARGO_PKG_VERSION"))
        .help_template(TEMPLATE)
        .after_help(EXAMPLES)
        .styles(Styles::styled().header(AnsiColor::Cyan.on_default().bold()).usage(AnsiColor::Cyan.on_default().bold()))
        .override_usage("webserv [OPTIONS] [DIR]")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(
            Arg::new("dir")
                .value_name("DIR")
                .help("Serve this directory with the defaults")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            option("config", "Serve the sites of this file")
                .short('c')
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .conflicts_with("dir"),
        )
        .arg(
            option("listen", "Listen on 8080, 0.0.0.0:80, [::]:80, unix:/path.sock; repeatable")
                .short('l')
                .value_name("ADDR")
                .value_parser(|text: &str| text.parse::<Address>())
                .action(ArgAction::Append),
        )
        .arg(flag("lan", "Listen on every interface, over IPv4 and IPv6").conflicts_with("listen"))
        .arg(flag("listing", "List directories that have no index file, for DIR").conflicts_with("config"))
        .arg(flag("dotfiles", "Serve names that begin with a dot, for DIR").conflicts_with("config"))
        .arg(flag("check", "Check the config and stop: exit status 0, or 2 with all its errors"))
        .arg(flag("quiet", "Show errors only").short('q').conflicts_with("verbose"))
        .arg(flag("verbose", "Show every request head (>) and response head (<), as curl does").short('v'))
        .arg(option("version", "Show the version").short('V').action(ArgAction::Version))
        .arg(option("help", "Show this help").short('h').action(ArgAction::Help))
}

fn arguments(matches: &clap::ArgMatches) -> Arguments {
    let path = |id| matches.get_one::<PathBuf>(id).cloned();
    let source = match (path("config"), path("dir")) {
        (Some(file), _) => Source::Config(file),
        (None, Some(directory)) => Source::Directory(directory),
        (None, None) if Path::new(DEFAULT_CONFIG).exists() => Source::Config(DEFAULT_CONFIG.into()),
        (None, None) => Source::Directory(".".into()),
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
    let overrides = Overrides { listen, listing: matches.get_flag("listing"), dotfiles: matches.get_flag("dotfiles") };
    Arguments { source, overrides, check: matches.get_flag("check"), verbosity }
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn help_fits_on_a_screen() {
        let help = command().render_help().to_string();
        assert!(help.lines().count() <= 27, "{help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn arguments_as_given_and_as_used() {
        let parse = |line: &str| command().try_get_matches_from(line.split(' ')).map(|matches| arguments(&matches));
        let arguments = parse("webserv -l 3000 -l unix:/a -v public").unwrap();
        let given = [Address::Localhost(3000), Address::Unix("/a".into())].map(Listen::at);
        assert_eq!(arguments.overrides.listen, given);
        assert_eq!(arguments.verbosity, Verbosity::Verbose);
        assert!(matches!(arguments.source, Source::Directory(path) if path == Path::new("public")));
        assert_eq!(parse("webserv --lan a").unwrap().overrides.listen, Listen::every_interface());
        for wrong in [
            "webserv -l",
            "webserv -l a:b",
            "webserv -q -v",
            "webserv -c a b",
            "webserv a b",
            "webserv --lan -l 1",
            "webserv --listing -c a",
        ] {
            assert_eq!(parse(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
    }
}
