//! What arguments there are, in one place: the parser, the help, the man page and the completions are made of it.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Arg, ArgAction, ColorChoice, Command, ValueHint, value_parser};

use crate::config::Address;

const TEMPLATE: &str = "\
{name} {version}: {about}

{usage-heading} {usage}

{options}{after-help}";

/// The help is what fits on a terminal of 24 lines; the man page has room for the rest.
const AFTER_HELP: &str = "\
DIR is served with the defaults. Without DIR and --config: conf/webserv.toml
where it exists, else the current directory. Examples: man webserv
";

/// Every argument: a line of help, and where there is more to say, what the man page says instead.
pub fn command() -> Command {
    let option = |id: &'static str, help: &'static str| Arg::new(id).long(id).help(help);
    let flag = |id, help| option(id, help).action(ArgAction::SetTrue);
    let style = AnsiColor::Cyan.on_default().bold();
    Command::new("webserv")
        .version(env!("CARGO_PKG_VERSION"))
        .about("a static HTTP/1.1 server, small, strict and fast")
        .help_template(TEMPLATE)
        .after_help(AFTER_HELP)
        .styles(Styles::styled().header(style).usage(style))
        .override_usage("webserv [OPTIONS] [DIR]")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(
            Arg::new("dir")
                .value_name("DIR")
                .help("Serve this directory with the defaults")
                .value_hint(ValueHint::DirPath)
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            option("config", "Serve the sites of this file")
                .short('c')
                .value_name("FILE")
                .value_hint(ValueHint::FilePath)
                .value_parser(value_parser!(PathBuf))
                .conflicts_with("dir"),
        )
        .arg(
            option("listen", "Listen at 8080, [::]:80, unix:/path.sock; repeatable")
                .short('l')
                .value_name("ADDR")
                .value_hint(ValueHint::Other)
                .value_parser(|text: &str| text.parse::<Address>())
                .action(ArgAction::Append),
        )
        .arg(flag("lan", "Listen on every interface, over IPv4 and IPv6").conflicts_with("listen"))
        .arg(flag("listing", "List directories that have no index file, for DIR").conflicts_with("config"))
        .arg(flag("dotfiles", "Serve names that begin with a dot, for DIR").conflicts_with("config"))
        .arg(flag("open", "Open the first address in the default browser"))
        .arg(flag("check", "Show all errors of the config; exit status 0 or 2"))
        .arg(flag("quiet", "Show errors only").short('q').conflicts_with("verbose"))
        .arg(flag("verbose", "Show request (>) and response heads (<), as curl does").short('v'))
        .arg(
            option("color", "Colour the output: auto, always, never")
                .value_name("WHEN")
                .hide_possible_values(true)
                .value_parser(value_parser!(ColorChoice)),
        )
        .arg(option("version", "Show the version").short('V').action(ArgAction::Version))
        .arg(option("help", "Show this help").short('h').action(ArgAction::HelpShort))
}
