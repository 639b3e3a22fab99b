//! The tree that every row is asked of: few files whose bytes and times are fixed, so that their validators are too.

use std::ffi::OsStr;
use std::fs::{File, FileTimes, create_dir};
use std::os::unix::ffi::OsStrExt as _;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use crate::support::Scratch;

/// Sun, 06 Nov 1994 08:49:37 GMT, the date of the examples in RFC 9110.
const TIME: Duration = Duration::from_secs(784_111_777);

/// The entity tag of /a.txt. In the bytes of a row it is written `<tag>`.
pub(super) const TAG: &str = "\"e353667619ec664b49655fc9692165fb\"";

/// A file as it is served.
pub(super) struct Stored {
    pub(super) path: &'static [u8],
    pub(super) content: Vec<u8>,
    pub(super) media_type: &'static str,
    /// With its quotes. Of a small file the hash of its content, of a large one its time and size.
    pub(super) tag: &'static str,
    /// Whether its time is [`TIME`]; else it says nothing, and there is no Last-Modified.
    pub(super) is_dated: bool,
    time: Duration,
}

/// Directories that hold no index.
const DIRECTORIES: &[&[u8]] =
    &[b"bare", b"a b", b"50%", b"evil.test", b"\\evil.test", b"\r\nX: y", b"?", b"\xff", b"sub/deep"];

/// All files.
pub(super) static FILES: LazyLock<Vec<Stored>> = LazyLock::new(files);

fn files() -> Vec<Stored> {
    let text = |path: &'static [u8], content: &str, tag: &'static str| Stored {
        path,
        content: content.into(),
        media_type: "text/plain; charset=utf-8",
        tag,
        is_dated: true,
        time: TIME,
    };
    let long = "0123456789".repeat(100);
    vec![
        text(b"a.txt", "0123456789", TAG),
        text(b"b.txt", "the next\n", "\"c123ae13f9780bc470526905f43ff782\""),
        text(b"empty.txt", "", "\"99aa06d3014798d86001c324468d497f\""),
        text(b"long.txt", &long, "\"c9df19c4eccbf540dbdf770360da5ac5\""),
        text(b"sub/c.txt", "below\n", "\"f7a63d272398da61a60ed487c9132af6\""),
        text(b"a b.txt", "a space\n", "\"737938ede74278d58311f6a01ba2d938\""),
        text(b"%41.txt", "a percent sign\n", "\"2e140d7bb0aeffe4145f624f60333cf1\""),
        text("\u{e9}.txt".as_bytes(), "an accent\n", "\"a3d592a9afba430825390fd6be081fe4\""),
        text(b"\xff.txt", "no UTF-8\n", "\"1c31ce9a5ad84e247232c984c523c31f\""),
        text(b".hidden", "not for you\n", "\"0a\""),
        text(b".well-known/security.txt", "write to us\n", "\"a6039313df431c363fe764b5d3da3132\""),
        Stored {
            media_type: "text/html; charset=utf-8",
            ..text(b"index.html", "<p>home\n", "\"fab47fa8b22c6446249bb73eb30d7bc0\"")
        },
        Stored {
            media_type: "text/html; charset=utf-8",
            ..text(b"sub/index.html", "<p>sub\n", "\"d9136b8d8d2080bb204fc24ea9832325\"")
        },
        Stored {
            media_type: "application/octet-stream",
            ..text(b"README", "unnamed\n", "\"be7821b843c03de1279d2ef85917964d\"")
        },
        Stored {
            is_dated: false,
            time: Duration::ZERO,
            ..text(b"undated.txt", "of no time\n", "\"a65d153ecac5bac6563cb13daf18f196\"")
        },
        Stored {
            media_type: "application/octet-stream",
            time: TIME + Duration::from_nanos(1),
            ..text(b"large.bin", &long.repeat(300), "\"2ebc98a1.1-493e0\"")
        },
    ]
}

/// Writes it all.
pub(super) fn tree() -> Scratch {
    let scratch = Scratch::new();
    for file in &*FILES {
        let path = scratch.write(OsStr::from_bytes(file.path), &file.content);
        let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + file.time);
        File::options().write(true).open(path).unwrap().set_times(times).unwrap();
    }
    for name in DIRECTORIES {
        create_dir(scratch.join(OsStr::from_bytes(name))).unwrap();
    }
    scratch
}
