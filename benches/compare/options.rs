//! The arguments behind `cargo bench --bench compare --`.

use clap::{Arg, ArgAction, Command, value_parser};

use crate::peers::Kind;

/// What is to be measured.
pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) seconds: u32,
    /// The rows, by name; all where it is empty
    pub(crate) only: Vec<String>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) writes: bool,
    /// As it was called
    pub(crate) command: String,
}

impl Options {
    /// Reads the arguments, or ends here with what is wrong with them.
    pub(crate) fn parse(arguments: &[String], names: &[&'static str]) -> Options {
        let number = |id, default, help| {
            let arg = Arg::new(id).long(id).value_name("N").default_value(default).help(help);
            arg.value_parser(value_parser!(u32).range(1..))
        };
        let list = |id, help| Arg::new(id).long(id).value_name("NAME,..").value_delimiter(',').help(help);
        let matches = Command::new("compare")
            .override_usage("cargo bench --bench compare -- [OPTIONS]")
            .arg(number("rounds", "5", "How often each server is measured"))
            .arg(number("seconds", "3", "For how long each time"))
            .arg(list("only", "Only these rows").value_parser(names.to_vec()))
            .arg(list("peers", "Only these besides webserv").value_parser(Kind::ALL.map(Kind::key)))
            .arg(Arg::new("write").long("write").action(ArgAction::SetTrue).help("Write benches/RESULTS.md"))
            .arg(Arg::new("bench").long("bench").action(ArgAction::SetTrue).hide(true)) // cargo says so
            .get_matches_from(std::iter::once("compare").chain(arguments.iter().map(String::as_str)));
        let of = |id| matches.get_one::<u32>(id).copied().unwrap_or(1);
        let listed = |id| matches.get_many::<String>(id).unwrap_or_default().cloned().collect::<Vec<_>>();
        let peers = listed("peers");
        let is_wanted =
            |kind: &Kind| *kind == Kind::Webserv || peers.is_empty() || peers.iter().any(|name| name == kind.key());
        let shown = arguments.iter().filter(|argument| *argument != "--bench");
        let shown = shown.map(|it| if it.contains(' ') { format!(" '{it}'") } else { format!(" {it}") });
        Options {
            rounds: of("rounds") as usize,
            seconds: of("seconds"),
            only: listed("only"),
            kinds: Kind::ALL.into_iter().filter(is_wanted).collect(),
            writes: matches.get_flag("write"),
            command: format!("cargo bench --bench compare --{}", shown.collect::<String>()),
        }
    }

    /// Whether a row is to be measured.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|it| it == name)
    }
}
