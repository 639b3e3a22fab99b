//! Arguments -> config -> server -> exit code; nothing else.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use webserv::access_log::AccessLog;
use webserv::cli::{self, Arguments, Verbosity};
use webserv::config::{AccessTarget, Config};
use webserv::server::banner::{self, Look};
use webserv::server::{Server, trace};
use webserv::site::Sites;

/// It could not run.
const FAILURE: u8 = 1;

/// The arguments or the config are wrong.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments = cli::parse();
    let config = match arguments.config() {
        Ok(config) => config,
        Err(diagnostics) => {
            tell(diagnostics.render(may_color(&io::stderr())));
            return ExitCode::from(USAGE);
        }
    };
    if arguments.check {
        let count = config.sites.len();
        // Where nobody reads it, the exit status says it all.
        _ = writeln!(io::stdout(), "ok: {count} {}", if count == 1 { "site" } else { "sites" });
        return ExitCode::SUCCESS;
    }
    start_log(&config, arguments.verbosity);
    match serve(&config, &arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            tell(format_args!("error: {message}\n"));
            ExitCode::from(FAILURE)
        }
    }
}

/// Serves until it is told to stop.
fn serve(config: &Config, arguments: &Arguments) -> Result<(), String> {
    let sites = Sites::open(config).map_err(|(root, error)| format!("cannot open {root}: {error}"))?;
    let quiet = arguments.verbosity == Verbosity::Quiet;
    let target = if quiet { &AccessTarget::Off } else { &config.log.access };
    let access_log = AccessLog::open(target, config.log.format, may_color(&io::stdout()))
        .map_err(|error| format!("cannot open the access log: {error}"))?;
    let software = match arguments.verbosity {
        Verbosity::Verbose => concat!("webserv/", env!("CARGO_PKG_VERSION")),
        Verbosity::Quiet | Verbosity::Normal => "webserv",
    };
    let mut server = Server::bind(config, sites, access_log, software).map_err(|error| error.to_string())?;
    if !quiet {
        let color = may_color(&io::stderr());
        let look = if io::stderr().is_terminal() { Look::Terminal { color } } else { Look::Line };
        tell(banner::banner(&server, &config.origin, look));
    }
    server.run().map_err(|error| error.to_string())
}

/// Diagnostics go to the standard error: what `RUST_LOG` lets through, or else the level of the config.
fn start_log(config: &Config, verbosity: Verbosity) {
    let level = match verbosity {
        Verbosity::Quiet => log::LevelFilter::Error,
        Verbosity::Normal => config.log.level,
        Verbosity::Verbose => log::LevelFilter::Debug,
    };
    env_logger::Builder::new()
        .filter_level(level)
        .parse_default_env()
        .format(|out, record| {
            if record.target() == trace::WIRE {
                return writeln!(out, "{}", record.args());
            }
            let style = out.default_level_style(record.level());
            writeln!(out, "{style}{}{style:#}: {}", record.level().as_str().to_ascii_lowercase(), record.args())
        })
        .init();
}

/// Writes to the standard error. Where that is closed there is nobody to tell.
fn tell(text: impl Display) {
    _ = write!(io::stderr(), "{text}");
}

fn may_color(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
