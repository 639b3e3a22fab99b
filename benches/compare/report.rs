//! The table, and the file that keeps it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::options::Options;
use crate::peers::{Kind, version};
use crate::results::{Row, Spread, shown};

/// The figures as a table in Markdown.
pub(crate) fn table(rows: &[Row], options: &Options) -> String {
    let kinds: Vec<_> = Kind::ALL.into_iter().filter(|kind| options.kinds.contains(kind)).collect();
    let mut head = vec!["".to_owned()];
    head.extend(kinds.iter().map(|kind| kind.name().to_owned()));
    head.extend(["webserv's rate : best peer's", "nginx / webserv", "limit / webserv"].map(str::to_owned));
    let mut lines = vec![line(&head), line(&head.iter().map(|_| "---".to_owned()).collect::<Vec<_>>())];
    for row in rows {
        let mut cells = vec![format!("{}, {}", row.name, row.unit)];
        cells.extend(kinds.iter().map(|kind| row.value(*kind).map_or_else(String::new, |value| shown(value.median))));
        let rates = row.rate(Kind::Webserv).zip(row.fastest_peer());
        cells.push(rates.map_or_else(String::new, |(ours, (peer, theirs))| {
            format!("{} : {} {} ({})", shown(ours), shown(theirs), row.rate_unit, peer.name())
        }));
        cells.extend([Kind::Nginx, Kind::Limit].map(|kind| row.ratio(kind).map_or_else(String::new, ratio)));
        lines.push(line(&cells));
    }
    lines.join("\n") + "\n"
}

fn line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn ratio(Spread { median, least, greatest }: Spread) -> String {
    format!("{} ({} to {})", shown(median), shown(least), shown(greatest))
}

/// Where the figures come from: without this they mean nothing.
pub(crate) fn origin(options: &Options) -> Vec<String> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("?", |(_, model)| model.trim());
    let count = processors.lines().filter(|line| line.starts_with("processor")).count();
    let versions: Vec<_> = options.kinds.iter().filter(|kind| **kind != Kind::Limit).collect();
    let mut versions: Vec<_> = versions.iter().filter_map(|kind| kind.version()).collect();
    versions.dedup();
    versions.extend(version("wrk"));
    let commit = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let commit = commit.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    vec![
        format!("- {}, commit {}", jiff::Zoned::now().date(), commit.unwrap_or_default()),
        format!("- Linux {}, {count} x {model}", read("/proc/sys/kernel/osrelease").trim()),
        format!("- {}", versions.join(", ")),
        format!("- `{}`: the median of {} rounds of {} s", options.command, options.rounds, options.seconds),
    ]
}

const PREFACE: &str = "\
# Figures

Made by `cargo bench --bench compare -- --write`. What does not say otherwise is CPU time of the server for each request,
with the server on one core and the load on another. `limit` is a loop that answers without having read the request:
what is possible, as near as it is known. The last two columns are ratios within a round, their median, least and greatest: above 1, webserv needs
less.
";

/// What is kept.
pub(crate) fn write(table: &str, origin: &[String], notes: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/RESULTS.md");
    let mut text = format!("{PREFACE}\n{}\n\n{table}", origin.join("\n"));
    if !notes.is_empty() {
        let notes: Vec<_> = notes.iter().map(|note| format!("- {note}")).collect();
        text.push_str(&format!("\n{}\n", notes.join("\n")));
    }
    fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
