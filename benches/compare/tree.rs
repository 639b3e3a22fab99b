//! The files that all servers serve: content that looks random, the same in every run.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::cleanup::Scratch;

/// How many files the row of many files asks for.
pub(crate) const MANY: usize = 10_000;

/// The size of each of them.
pub(crate) const MANY_SIZE: u64 = 4 * KIB;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Names that stand for a size.
const SIZES: &[(&str, u64)] = &[
    ("1k.bin", KIB),
    ("10k.bin", 10 * KIB),
    ("100k.bin", 100 * KIB),
    ("1m.bin", MIB),
    ("10m.bin", 10 * MIB),
    ("1g.bin", 1024 * MIB),
];

/// The directory that is served.
pub(crate) struct Tree {
    root: PathBuf,
}

/// The target of one of the many files.
pub(crate) fn many_target(number: usize) -> String {
    format!("/many/{number:04}.bin")
}

impl Tree {
    /// Writes the files that are behind these targets. Whatever lies below `/many/` stands for all the many.
    pub(crate) fn write<'a>(scratch: &Scratch, targets: impl Iterator<Item = &'a str>) -> Tree {
        let root = scratch.path().join("www");
        fs::create_dir(&root).expect("a directory");
        for target in targets {
            let name = target.trim_start_matches('/');
            let size = SIZES.iter().find(|(it, _)| *it == name);
            if let Some((_, size)) = size.filter(|_| !root.join(name).exists()) {
                write_file(&root.join(name), *size).expect("room for the files");
            } else if name.starts_with("many/") && !root.join("many").exists() {
                fs::create_dir(root.join("many")).expect("a directory");
                for number in 0..MANY {
                    let path = root.join(many_target(number).trim_start_matches('/'));
                    write_file(&path, MANY_SIZE).expect("room for the files");
                }
            }
        }
        // Writing back must not go on while something is measured. What was written stays in the page cache.
        rustix::fs::syncfs(File::open(&root).expect("a directory")).expect("a disk");
        Tree { root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where the file behind a target is.
    pub(crate) fn path(&self, target: &str) -> PathBuf {
        self.root.join(target.trim_start_matches('/'))
    }

    pub(crate) fn read(&self, target: &str) -> Vec<u8> {
        fs::read(self.path(target)).expect("a file that was written")
    }
}

/// Writes a file that is like no other.
fn write_file(path: &Path, size: u64) -> io::Result<()> {
    // Seeded with the path, by FNV-1a.
    let seed = path.file_name().unwrap_or_default().as_encoded_bytes();
    let mut state = seed
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mut file = File::create(path)?;
    let mut block = vec![0; usize::try_from(size.min(MIB)).expect("a block")];
    let mut left = size;
    while left > 0 {
        for word in block.chunks_mut(8) {
            // xorshift64
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes()[..word.len()]);
        }
        file.write_all(&block)?;
        left -= block.len() as u64;
    }
    Ok(())
}

/// Whether two readers have the same to say, without holding it.
pub(crate) fn is_same(mut one: impl Read, mut other: impl Read, mut length: u64) -> io::Result<bool> {
    let (mut left, mut right) = (vec![0; 1 << 18], vec![0; 1 << 18]);
    while length > 0 {
        let piece = usize::try_from(length.min(left.len() as u64)).expect("a piece");
        one.read_exact(&mut left[..piece])?;
        other.read_exact(&mut right[..piece])?;
        if left[..piece] != right[..piece] {
            return Ok(false);
        }
        length -= piece as u64;
    }
    Ok(true)
}
