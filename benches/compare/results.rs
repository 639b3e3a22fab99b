//! What was measured: rows of figures by server and round, their medians and their ratios.

use crate::peers::Kind;

/// One row of the table.
pub(crate) struct Row {
    pub(crate) name: String,
    /// What a figure counts; less of it is better.
    pub(crate) unit: &'static str,
    /// What a rate counts, where there is one; more of it is better.
    pub(crate) rate_unit: &'static str,
    figures: Vec<Figure>,
}

/// One server in one round.
struct Figure {
    kind: Kind,
    value: f64,
    rate: Option<f64>,
}

/// The middle of several values, and the least and the greatest of them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) greatest: f64,
}

impl Spread {
    /// None where there are no values.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Spread> {
        values.sort_by(f64::total_cmp);
        let (least, greatest) = (*values.first()?, *values.last()?);
        let median = (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0;
        Some(Spread { median, least, greatest })
    }
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, unit: &'static str, rate_unit: &'static str) -> Row {
        Row { name: name.into(), unit, rate_unit, figures: Vec::new() }
    }

    /// Adds what one round gave, after the rounds before it.
    pub(crate) fn add(&mut self, kind: Kind, value: f64, rate: Option<f64>) {
        let rates = rate.map(|rate| format!(", {} {}", shown(rate), self.rate_unit)).unwrap_or_default();
        eprintln!("{:<34} {:<18} {} {}{rates}", self.name, kind.name(), shown(value), self.unit);
        self.figures.push(Figure { kind, value, rate });
    }

    fn values(&self, kind: Kind) -> impl Iterator<Item = f64> {
        self.figures.iter().filter(move |figure| figure.kind == kind).map(|figure| figure.value)
    }

    /// The figure of a server.
    pub(crate) fn value(&self, kind: Kind) -> Option<Spread> {
        Spread::of(self.values(kind).collect())
    }

    /// The rate of a server.
    pub(crate) fn rate(&self, kind: Kind) -> Option<f64> {
        let figures = self.figures.iter().filter(|figure| figure.kind == kind);
        Some(Spread::of(figures.filter_map(|figure| figure.rate).collect())?.median)
    }

    /// How many times what webserv needs another needs, round by round: what disturbs both cancels out.
    pub(crate) fn ratio(&self, other: Kind) -> Option<Spread> {
        let rounds = self.values(other).zip(self.values(Kind::Webserv));
        Spread::of(rounds.filter(|(_, ours)| *ours != 0.0).map(|(theirs, ours)| theirs / ours).collect())
    }

    /// The fastest of the peers, by its rate.
    pub(crate) fn fastest_peer(&self) -> Option<(Kind, f64)> {
        let peers = Kind::ALL.into_iter().filter(|kind| kind.is_peer());
        let rates = peers.filter_map(|kind| Some((kind, self.rate(kind)?)));
        rates.max_by(|(_, one), (_, other)| one.total_cmp(other))
    }
}

/// A number with as many digits as mean something.
pub(crate) fn shown(value: f64) -> String {
    match value.abs() {
        1000.0.. => {
            let digits = format!("{value:.0}");
            let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
            groups.join(",")
        }
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
