//! The checks, on the seeds of the fuzz targets as they are and on what becomes of them by chance.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use crate::checks;
use crate::mutation::mutate;
use crate::random::Random;

/// The seeds of a target, ordered by name.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{target} has no seeds");
    files.into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

/// Runs the check on the seeds, and on so many inputs that are made of them.
fn hold(target: &str, check: fn(&[u8]), mutations: u64) {
    let seeds = seeds(target);
    for (file, input) in &seeds {
        run(check, input, &file.display().to_string());
    }
    for seed in 0..mutations {
        let mut random = Random::new(seed);
        let mut input = seeds[random.below(seeds.len())].1.clone();
        for _ in 0..1 + random.below(4) {
            let other = &seeds[random.below(seeds.len())].1;
            mutate(&mut input, other, &mut random);
        }
        run(check, &input, &format!("seed {seed}"));
    }
}

/// Runs the check on one input, which is printed where the check fails.
fn run(check: fn(&[u8]), input: &[u8], name: &str) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(input))) {
        eprintln!("{name}: {}", input.escape_ascii());
        resume_unwind(panic);
    }
}

#[test]
fn connections_agree_with_the_reference() {
    hold("connection", checks::connection::check, 5000);
}

#[test]
fn request_targets_agree_with_the_reference() {
    hold("request_target", checks::request_target::check, 20_000);
}

#[test]
fn chunked_content_agrees_with_the_reference() {
    hold("chunked", checks::chunked::check, 20_000);
}

#[test]
fn ranges_agree_with_the_reference() {
    hold("range", checks::range::check, 10_000);
}

#[test]
fn dates_agree_with_the_reference() {
    hold("dates", checks::dates::check, 10_000);
}

#[test]
fn preconditions_agree_with_the_reference() {
    hold("preconditions", checks::preconditions::check, 10_000);
}

#[test]
fn accepted_codings_agree_with_the_reference() {
    hold("accept_encoding", checks::accept_encoding::check, 20_000);
}
