//! What a config expects of the answers to some URLs, held against what clients would get.
//!
//! Opens no socket and decides nothing: the answers come from where clients are answered.

use super::explain::{Effect, Point, points};
use super::inquiry::{Accepts, Inquirer, Reply};
use crate::config::{Config, Diagnostic, Diagnostics, Expectation, FieldName, Located, Malformed, Origin, Place, Url};
use crate::files::Timestamp;

/// Asks for every URL that the config expects something of.
///
/// # Errors
///
/// All expectations that are not met, each with what came instead and, where that is known, the line that makes it so.
pub fn check(config: &Config, software: &'static str, now: Timestamp) -> Result<(), Diagnostics> {
    if config.expectations.is_empty() {
        return Ok(());
    }
    let mut inquirer = Inquirer::new(config, software, now);
    let judge = |expectation| judge(config, &mut inquirer, expectation);
    let problems: Vec<_> = config.expectations.iter().filter_map(judge).collect();
    if problems.is_empty() {
        return Ok(());
    }
    let (unmet, all) = (problems.len(), config.expectations.len());
    Err(config.source.diagnose(problems, format!("{unmet} of {all} expectations failed")))
}

/// What is wrong with the answer that is expected so.
fn judge(config: &Config, inquirer: &mut Inquirer, expectation: &Expectation) -> Option<Diagnostic> {
    let Expectation { url, status, headers } = expectation;
    let binding = match inquirer.binding_of(url) {
        Ok(binding) => binding,
        Err(Malformed { problem, help }) => {
            let problem = at(url, format!("{} cannot be asked for", url.value)).label(problem);
            return Some(help.into_iter().fold(problem, Diagnostic::help));
        }
    };
    let reply = inquirer.ask(binding, url, Accepts::Anything);
    let points = points(config, &reply);
    let mut unmet: Vec<(&Place, String)> = Vec::new();
    let mut makers: Vec<(Place, String)> = Vec::new();
    if let Some(Located { value, place: Some(place) }) = status
        && *value != reply.status.code()
    {
        let (code, phrase) = (reply.status.code(), reply.status.phrase());
        let reason = reply.reason().map_or_else(String::new, |reason| format!(": {reason}"));
        unmet.push((place, format!("the answer is {code} {phrase}{reason}")));
        makers.extend(makers_of(&points, None));
    }
    for (name, wanted) in headers {
        if let Located { value, place: Some(place) } = wanted
            && let Some(label) = difference(&reply, name, value)
        {
            unmet.push((place, label));
            makers.extend(makers_of(&points, Some(name)));
        }
    }
    let mut unmet = unmet.into_iter();
    let (place, label) = unmet.next()?;
    let title = format!("{} is not answered as expected", url.value);
    makers.sort_by_key(|(place, _)| place.start);
    makers.dedup_by(|(place, _), (other, _)| place == other);
    let related = unmet.map(|(place, label)| (place.clone(), label)).chain(makers);
    let problem = Diagnostic::at(place.clone(), title).label(label);
    let problem = related.fold(problem, |problem, (place, label)| problem.related(place, label));
    Some(problem.help(format!("{} shows why", command(config, &url.value))))
}

/// What explains the answer, as it is typed.
fn command(config: &Config, url: &Url) -> String {
    let config = match &config.origin {
        Origin::File(path) => format!(" -c {}", path.display()),
        Origin::Directory(_) => String::new(),
    };
    format!("`webserv{config} --explain '{url}'`")
}

fn at(url: &Located<Url>, title: String) -> Diagnostic {
    match &url.place {
        Some(place) => Diagnostic::at(place.clone(), title),
        None => Diagnostic::without_place(title),
    }
}

/// What a field is in the place of what is wanted, unless it is that.
fn difference(reply: &Reply, name: &FieldName, wanted: &str) -> Option<String> {
    let name = name.as_str();
    match reply.field(name) {
        None if wanted.is_empty() => None,
        None => Some(format!("the answer has no {name}")),
        Some(value) if value == wanted => None,
        Some(value) => Some(format!("{name} is \"{value}\"")),
    }
}

/// The lines of the config that make the status, or a field, what it is, each with what it does.
fn makers_of(points: &[Point], field: Option<&FieldName>) -> Vec<(Place, String)> {
    let what = field.map_or("the status", FieldName::as_str);
    let makes = |point: &&Point| match (&point.effect, field) {
        (Effect::Decides, None) => true,
        (Effect::Decides, Some(field)) => {
            let made = match point.name {
                "redirects" => "Location",
                "methods" => "Allow",
                "fallback" => "Content-Type",
                _ => return false,
            };
            field.as_str().eq_ignore_ascii_case(made)
        }
        (Effect::Field(name), Some(field)) => field.as_str().eq_ignore_ascii_case(name),
        (Effect::Field(_) | Effect::None, _) => false,
    };
    let places = points.iter().filter(makes).filter_map(|point| point.place.clone());
    places.map(|place| (place, format!("decides {what}"))).collect()
}
