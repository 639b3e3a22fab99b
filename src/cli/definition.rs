//! What arguments there are, in one place: the parser, the help, the man page and the completions are made of it.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Arg, ArgAction, ColorChoice, Command, ValueHint, value_parser};

use crate::config::{Address, Url};

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
    // What an alias says already may be said again.
    let flag = |id: &'static str, help| option(id, help).action(ArgAction::SetTrue).overrides_with(id);
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
                .long_help(
                    "Serve this directory with the defaults, as a single site. Where it can be reached from this \
                     machine alone, it answers to localhost, names that end in .localhost, and IP addresses; another \
                     Host gets 421. A directory that holds a home has to be named to be shown to others, and / to be \
                     served at all.",
                )
                .value_hint(ValueHint::DirPath)
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            option("config", "Serve the sites of this file")
                .short('c')
                .value_name("FILE")
                .value_hint(ValueHint::FilePath)
                .value_parser(value_parser!(PathBuf))
                .conflicts_with("dir")
                .long_help(
                    "Serve the sites of this file. Without this and DIR it is conf/webserv.toml where that exists, or \
                     else the current directory is served.",
                ),
        )
        .arg(
            option("listen", "Listen at 8080, [::]:80, unix:/path.sock; repeatable")
                .short('l')
                .value_name("ADDR")
                .value_hint(ValueHint::Other)
                .value_parser(|text: &str| text.parse::<Address>())
                .action(ArgAction::Append)
                .long_help(
                    "Listen at this address: a port or localhost:PORT, which is 127.0.0.1 and ::1; IP:PORT, with an \
                     IPv6 address in brackets; or unix:PATH. May be repeated. It replaces what stands at the top of a \
                     config; a site with addresses of its own keeps them. Without it, localhost:8080 or the next free \
                     port.",
                ),
        )
        .arg(flag("lan", "Listen on every interface, over IPv4 and IPv6").conflicts_with("listen").long_help(
            "Listen on every interface, over IPv4 and IPv6, at port 8080 or the next free one. Everyone who can \
             reach this machine can read what is served.",
        ))
        .arg(
            flag("listing", "List directories that have no index file, for DIR")
                .conflicts_with("config")
                .long_help("List the directories of DIR that have no index file. In a config: the key listing."),
        )
        .arg(
            flag("dotfiles", "Serve names that begin with a dot, for DIR")
                .conflicts_with("config")
                .long_help("Serve the names in DIR that begin with a dot, too. In a config: the key dotfiles."),
        )
        .arg(
            option("fallback", "Send this file where there is none, for DIR")
                .value_name("FILE")
                .value_hint(ValueHint::FilePath)
                .value_parser(value_parser!(PathBuf))
                .conflicts_with("config")
                .long_help(
                    "Send this file, whose path starts at DIR, with status 200 where there is none, if the client asks \
                     for HTML or the path has no extension: for single-page apps. In a config: the key fallback.",
                ),
        )
        .arg(flag("open", "Open the first address in the default browser").long_help(
            "Open the first address in the default browser as soon as it can be reached, by xdg-open or what there is \
             in its place. Where that fails it is said, and served all the same.",
        ))
        .arg(flag("check", "Show all errors of the config; exit status 0 or 2").long_help(
            "Read the config, show everything that is wrong with it, or else every answer that is not what its [[expect]] \
             says, and end with exit status 0 or 2. No socket is opened.",
        ))
        .arg(flag("print-config", "Print the config with every default filled in").conflicts_with("check").long_help(
            "Print the config as it is used, with every default filled in and absolute paths, as a file that \
                     says the same.",
        ))
        .arg(
            option("explain", "Show what a GET of URL gets, and why")
                .value_name("URL")
                .value_hint(ValueHint::Url)
                .value_parser(Url::typed)
                .conflicts_with_all(["check", "print-config"])
                .long_help(
                    "Show what a GET of this URL gets, and why: the site, the files that are looked for, each rule with \
                     its line in the config, the status and the fields, and what those get who accept a coding. The http:// \
                     of a host may be left out; a path alone is asked for at the first address. No socket is opened.",
                ),
        )
        .arg(
            flag("quiet", "Show errors only")
                .short('q')
                .conflicts_with("verbose")
                .long_help("Show errors only: no banner, and no access log on the standard output or error."),
        )
        .arg(flag("verbose", "Show request (>) and response heads (<), as curl does").short('v').long_help(
            "Show every request head with > and every response head with <, as curl does, and the diagnostics of \
             level debug. Responses name the version in their Server field.",
        ))
        .arg(
            option("color", "Colour the output: auto, always, never")
                .value_name("WHEN")
                .overrides_with("color")
                .hide_possible_values(true)
                .long_help(
                    "Colour what is told: auto, which is on terminals, unless the environment says otherwise; always, \
                     wherever it goes; or never. The combined format of the access log has no colours.",
                )
                .value_parser(value_parser!(ColorChoice)),
        )
        .arg(option("version", "Show the version").long_help("Show the version.").short('V').action(ArgAction::Version))
        .arg(
            option("help", "Show this help")
                .long_help("Show each option in one line.")
                .short('h')
                .action(ArgAction::HelpShort),
        )
}
