//! Arguments -> config -> server -> exit code; nothing else.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use env_logger::{Target, WriteStyle};
use log::{Level, LevelFilter};
use webserv::cli::{self, Arguments, Errand, Verbosity};
use webserv::config::{Config, Diagnostics};
use webserv::files::Timestamp;
use webserv::server::banner::{self, Look, Shape};
use webserv::server::trace::{self, Painted};
use webserv::server::{self, Appearance, Browser, Signals, StartError, Supervisor};
use webserv::sink::{self, Sink};
use webserv::site::{expect, explain, warnings};

/// It could not run.
const FAILURE: u8 = 1;

/// The arguments or the config are wrong.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    // First of all: until then a signal that asks for a reload or a stop is one that kills.
    let code = Signals::catch().map_or_else(|error| fail(error.into()), run);
    sink::finish();
    code
}

fn run(signals: Signals) -> ExitCode {
    let arguments = cli::parse();
    if arguments.errand != Errand::Serve {
        // Success would be an answer.
        signals.release();
    }
    let config = match arguments.config() {
        Ok(config) => config,
        Err(diagnostics) => return refuse(&diagnostics, &arguments),
    };
    if arguments.errand == Errand::Check {
        warn(&config, &arguments);
    }
    match told(&config, &arguments) {
        Some(Ok(text)) => return show(&text, &arguments.errand),
        Some(Err(diagnostics)) => return refuse(&diagnostics, &arguments),
        None => {}
    }
    start_log(&config, &arguments);
    serve(config, arguments, signals).map_or_else(fail, |()| ExitCode::SUCCESS)
}

fn fail(error: StartError) -> ExitCode {
    tell(format_args!("error: {error}\n"));
    ExitCode::from(FAILURE)
}

/// Tells what is wrong with the config.
fn refuse(diagnostics: &Diagnostics, arguments: &Arguments) -> ExitCode {
    tell(diagnostics.render(arguments.color.suits(&io::stderr()), columns()));
    ExitCode::from(USAGE)
}

/// Tells what the config may not mean as it stands.
fn warn(config: &Config, arguments: &Arguments) {
    let is_told = match arguments.errand {
        Errand::Check => arguments.verbosity != Verbosity::Quiet,
        _ => log::log_enabled!(Level::Warn),
    };
    if let Some(warnings) = is_told.then(|| warnings::find(config)).flatten() {
        tell(warnings.render(arguments.color.suits(&io::stderr()), columns()));
    }
}

/// How wide the terminal is, where the standard error is one that says so.
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// What is to be told of a config that is not to be served.
fn told(config: &Config, arguments: &Arguments) -> Option<Result<String, Diagnostics>> {
    let (software, now) = (software(arguments.verbosity), Timestamp::from(SystemTime::now()));
    match &arguments.errand {
        Errand::Serve => None,
        Errand::Check => Some(expect::check(config, software, now).map(|()| summary(config))),
        Errand::Explain(url) => {
            let look = if arguments.color.suits(&io::stdout()) { explain::Look::Colored } else { explain::Look::Plain };
            let explanation = explain::explain(config, url, software, now);
            Some(explanation.map(|explanation| explanation.render(&config.source, look)))
        }
        Errand::PrintConfig => Some(config.to_toml()),
    }
}

/// Writes what was asked for to the standard output.
fn show(text: &str, errand: &Errand) -> ExitCode {
    let mut output = io::stdout();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        // A part of it must not be taken for the whole.
        Err(error) if *errand != Errand::Check && error.kind() != io::ErrorKind::BrokenPipe => fail(error.into()),
        // Where nobody reads it, the exit status says it all.
        _ => ExitCode::SUCCESS,
    }
}

/// What there is in a config that nothing is wrong with, and which one it is: nobody may have named it.
fn summary(config: &Config) -> String {
    let counted = |count, thing| format!("{count} {thing}{}", if count == 1 { "" } else { "s" });
    let sites = counted(config.sites.len(), "site");
    let expectations = match config.expectations.len() {
        0 => String::new(),
        count => format!(", {}", counted(count, "expectation")),
    };
    format!("ok: {sites}{expectations} in {}\n", config.origin)
}

/// What the server calls itself.
fn software(verbosity: Verbosity) -> &'static str {
    if verbosity == Verbosity::Verbose { concat!("webserv/", env!("CARGO_PKG_VERSION")) } else { "webserv" }
}

/// Serves until it is told to stop.
fn serve(config: Config, arguments: Arguments, signals: Signals) -> Result<(), StartError> {
    let is_quiet = arguments.verbosity == Verbosity::Quiet;
    let software = software(arguments.verbosity);
    let origin = config.origin.clone();
    let appearance = Appearance { software, shows_access: !is_quiet, color: arguments.color.suits_terminals() };
    let browser = arguments.open.then(Browser::prepare);
    let Some(supervisor) = Supervisor::start(config, appearance, signals)? else { return Ok(()) };
    let (config, asked) = (Arc::clone(supervisor.config()), arguments.clone());
    // No sooner: what is told has a thread of its own, which would begin as root. Nobody takes signals meanwhile.
    server::aside(move || warn(&config, &asked));
    if !is_quiet {
        let shape = if io::stderr().is_terminal() { Shape::Lines } else { Shape::Line };
        let look = Look { shape, color: arguments.color.suits(&io::stderr()) };
        if shape == Shape::Line {
            banner::cautions(&supervisor, &origin).iter().for_each(|caution| log::warn!("{caution}"));
        }
        tell(banner::banner(&supervisor, &origin, look));
    }
    if let Some(browser) = browser {
        browser.open(supervisor.listeners());
    }
    let verbosity = arguments.verbosity;
    let load = move || arguments.config().inspect(|config| warn(config, &arguments));
    supervisor.run(load, move |config| set_level(config, verbosity))
}

/// Diagnostics go to the standard error: what `RUST_LOG` lets through, or else the level of the config.
fn start_log(config: &Config, arguments: &Arguments) {
    let verbosity = arguments.verbosity;
    let is_painted = arguments.color.suits(&io::stderr());
    let style = if is_painted { WriteStyle::Always } else { WriteStyle::Never };
    env_logger::Builder::new()
        .target(Target::Pipe(Box::new(Sink::standard_error())))
        .filter_level(if is_filtered() { level(config, verbosity) } else { LevelFilter::Trace })
        .parse_default_env()
        // After the environment, whose RUST_LOG_STYLE would be a second `--color`.
        .write_style(style)
        .format(move |out, record| {
            if record.target() == trace::WIRE {
                let text = record.args().to_string();
                return if is_painted { writeln!(out, "{}", Painted(&text)) } else { writeln!(out, "{text}") };
            }
            let style = out.default_level_style(record.level());
            writeln!(out, "{style}{}{style:#}: {}", record.level().as_str().to_ascii_lowercase(), record.args())
        })
        .init();
    set_level(config, verbosity);
}

/// Lets no more through than the level of a config, unless `RUST_LOG` says what.
fn set_level(config: &Config, verbosity: Verbosity) {
    if !is_filtered() {
        log::set_max_level(level(config, verbosity));
    }
}

fn level(config: &Config, verbosity: Verbosity) -> LevelFilter {
    match verbosity {
        Verbosity::Quiet => LevelFilter::Error,
        Verbosity::Normal => config.log.level,
        Verbosity::Verbose => LevelFilter::Debug,
    }
}

fn is_filtered() -> bool {
    std::env::var_os(env_logger::DEFAULT_FILTER_ENV).is_some()
}

/// Writes to the standard error, in its order with the diagnostics.
fn tell(text: impl Display) {
    Sink::standard_error().put(text.to_string().as_bytes());
}
