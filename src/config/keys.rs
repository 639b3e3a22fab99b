//! Every key of the config file, declared once: its name, its meaning, its default and how it is written.
//!
//! To add a key, add it to its table here and use its value in `resolve`. Unknown keys, "did you mean", types, ranges
//! and their messages follow from the declaration. Nothing here looks at two keys at once.

use std::path::PathBuf;
use std::time::Duration;

use log::LevelFilter;
use toml::Spanned;

use super::address::Address;
use super::address_range::{AddressRange, Peers};
use super::field::{self, AnyName, CacheControl, Charset, Extension, FieldName, MediaType};
use super::host_pattern::HostPattern;
use super::kind::{Context, Entries, Flag, Kind, Map, OneOrMore, Optional, Placed, schema_for};
use super::log_target::Target;
use super::number::{count, size, time};
use super::pattern::{Paths, Pattern};
use super::plain::Plain;
use super::redirect::{Onward, Redirect};
use super::rules::{ErrorStatus, Methods};
use super::table::Table;
use super::url::{Asked, Url};
use super::word::{Choice, Directory, FileBelowRoot, FileName, Host, ListenAddress, MethodName, StatusKey, UserName};
use super::{AccessTarget, LogFormat, Symlinks, User};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

/// Stands for the reason against too low a value where there is no such value.
const ZERO_IS_FINE: &str = "";

const SECOND: u64 = 1000;
const HOUR: u64 = 3600 * SECOND;

/// As it is written which links are followed.
pub(super) const SYMLINKS: &[(&str, Symlinks)] =
    &[("deny", Symlinks::Deny), ("inside", Symlinks::Inside), ("follow", Symlinks::Follow)];

/// `name: Type = default, kind;` under its doc comment, for each key: the struct that holds the values, its defaults,
/// the names, the reader and the way back.
macro_rules! keys {
    ($(#[doc = $about:literal])* $visibility:vis struct $Keys:ident {
        $( $(#[doc = $doc:literal])* $key:ident: $Value:ty = $default:expr, $kind:expr; )*
    }) => {
        $(#[doc = $about])*
        #[derive(Clone, PartialEq, Debug)]
        $visibility struct $Keys {
            $( $(#[doc = $doc])* pub $key: $Value, )*
        }

        impl Default for $Keys {
            fn default() -> Self {
                Self { $( $key: $default, )* }
            }
        }

        impl $Keys {
            pub(super) const NAMES: &[&str] = &[$( stringify!($key), )*];

            /// The values that are written in `table`, and the defaults of those that are not or cannot be read.
            pub(super) fn read(table: &Table<'_>, context: &mut Context<'_>) -> Self {
                let mut keys = Self::default();
                $( if let Some(value) = table.read(stringify!($key), &$kind, context) { keys.$key = value; } )*
                keys
            }

            /// Each name with the value as it would be written, where it can be.
            pub(super) fn written(&self) -> Vec<(&'static str, Option<Plain>)> {
                vec![$( (stringify!($key), Kind::written(&$kind, &self.$key)), )*]
            }

            /// Each name with what it means and what can be written, in the words of JSON Schema.
            pub(super) fn schemas() -> Vec<(&'static str, &'static str, Plain)> {
                vec![$( (stringify!($key), concat!($($doc),*), schema_for::<$Value>(&$kind)), )*]
            }
        }
    };
}

keys! {
    /// What stands above the first header as the default of every site, or in a `[[site]]` for it alone.
    pub(super) struct SharedKeys {
        /// Where to listen.
        listen: Option<Vec<Spanned<Address>>> = None,
            Optional(OneOrMore {
                of: ListenAddress,
                not_empty: Some("to listen on localhost:8080, leave `listen` out"),
            });

        /// The files that stand for their directory, the first that exists. None: the directory has no page.
        index: Option<Spanned<Vec<Spanned<String>>>> = None,
            Optional(Placed(OneOrMore { of: FileName, not_empty: None }));

        /// Whether a directory without an index file answers with a list of what is in it.
        listing: Option<Spanned<bool>> = None, Optional(Placed(Flag));

        /// Whether names that begin with a dot are served. `/.well-known/` is in any case.
        dotfiles: Option<Spanned<bool>> = None, Optional(Placed(Flag));

        /// Whether files are sent in content codings, where a client accepts them.
        compress: Option<bool> = None, Optional(Flag);

        /// Fields for every response. An empty one takes away what stands further up.
        headers: Option<Entries<FieldName, String>> = None,
            Optional(Map { names: field::Name, values: field::Value, example: "{ X-Frame-Options = \"DENY\" }" });

        /// What caches may do with files, by path.
        cache: Option<Entries<Pattern, String>> = None,
            Optional(Map { names: Paths, values: CacheControl, example: "{ \"*\" = \"no-cache\" }" });

        /// Media types by extension.
        types: Option<Entries<String, String>> = None,
            Optional(Map { names: Extension, values: MediaType, example: "{ wasm = \"application/wasm\" }" });

        /// The character encoding of text.
        charset: Option<Spanned<String>> = None, Optional(Placed(Charset));

        /// Pages for errors, by status or class.
        errors: Option<Entries<ErrorStatus, String>> = None,
            Optional(Map { names: StatusKey, values: FileBelowRoot, example: "{ 404 = \"404.html\" }" });

        /// The file that is sent where there is none, in a single-page app.
        fallback: Option<Spanned<String>> = None, Optional(Placed(FileBelowRoot));

        /// Which symbolic links below the root are followed.
        symlinks: Option<Symlinks> = None, Optional(Choice(SYMLINKS));
    }
}

keys! {
    /// What can stand in a `[[site]]` only.
    pub(super) struct SiteKeys {
        /// The names the site answers to; none: every name.
        hosts: Option<Vec<Spanned<HostPattern>>> = None,
            Optional(OneOrMore { of: Host, not_empty: Some("to answer every name, leave `hosts` out") });

        /// Whether it takes the requests for names that no site of the listener has.
        default: Option<Spanned<bool>> = None, Optional(Placed(Flag));

        /// Where requests for some paths are sent on to.
        redirects: Option<Entries<Pattern, Redirect>> = None,
            Optional(Map { names: Paths, values: Onward, example: "{ \"/old\" = \"/new\" }" });

        /// The directory it serves, relative to the config file.
        root: Option<Spanned<PathBuf>> = None, Optional(Placed(Directory));
    }
}

keys! {
    /// What the process is to the system.
    pub struct Server {
        /// Who it becomes for good once it listens, where it was started as root. None: it stays who it is.
        user: Option<User> = None, Optional(UserName);

        /// Whether the threads that serve can open what is below the roots to read it, and no other file, nor change,
        /// make, remove or run anything, nor make TCP connections.
        sandbox: bool = true, Flag;
    }
}

keys! {
    /// What clients can make the server hold on to, and for how long. Each is enforced; none can be switched off by
    /// accident.
    pub struct Limits {
        /// Connections at a time, per worker. Each costs a descriptor. For one more, the one that is idle for the
        /// longest time is closed; where none is idle it waits in the backlog, and after a second without room it gets
        /// a 503.
        connections: usize = 10_000,
            count(1..=1_000_000, [
                "without a connection nobody is served",
                "Linux gives a process 1048576 descriptors at most",
            ]);

        /// Connections that each listener's queue holds until they are accepted: room for a burst. The kernel caps it
        /// at net.core.somaxconn.
        backlog: u32 = 4096,
            count(1..=65_535, [
                "nobody could connect",
                "who waits at the end of a longer queue has given up before being served",
            ]);

        /// Bytes of the request line and the fields together. Browsers send 1 to 4 KiB, with large cookies 16.
        head_size: usize = 16 << 10,
            size(KIB..=MIB, [
                "the request head of a browser does not fit in less",
                "every connection may hold that much memory",
            ]);

        /// Field lines of a request. Browsers send about 20.
        fields: usize = 100,
            count(1..=256, [
                "every HTTP/1.1 request has a Host field",
                "room for 256 is set aside for reading a request",
            ]);

        /// Bytes of request content that are read, to be discarded, so that the connection can be used again. With 0
        /// every request with content is refused.
        content_size: u64 = MIB,
            size(0..=GIB, [ZERO_IS_FINE, "a static site has no use for content: it is read only to be discarded"]);

        /// Time from the first byte of a request to the end of its head: a slow client is not a full house.
        head_time: Duration = Duration::from_secs(10),
            time(10..=HOUR, [
                "one round trip takes longer than that",
                "each slow client would hold a connection that long",
            ]);

        /// Time a persistent connection may stay without a request: long enough to read a page and follow a link. The
        /// content of a request has as long to arrive.
        idle_time: Duration = Duration::from_secs(75),
            time(10..=24 * HOUR, [
                "every connection would close after one request",
                "an idle connection holds a descriptor that long",
            ]);

        /// Time without progress on a response: the client has gone, or reads too slowly on purpose. Less than 8 KiB is
        /// no progress, unless it is the rest.
        send_time: Duration = Duration::from_secs(30),
            time(10..=HOUR, [
                "one round trip takes longer than that",
                "a client that stopped reading would hold a connection that long",
            ]);

        /// Time that requests in flight have to finish when the server stops. With 0 they are cut at once.
        drain_time: Duration = Duration::from_secs(10),
            time(0..=HOUR, [ZERO_IS_FINE, "the server could not be stopped for that long"]);

        /// Bytes of small files held in memory. With 0 every response is read from the disk.
        cache_size: usize = 64 << 20,
            size(0..=TIB, [ZERO_IS_FINE, "it has to fit into memory"]);
    }
}

keys! {
    /// What is written down.
    pub struct Log {
        /// Where the line for each request goes.
        access: AccessTarget = AccessTarget::Stdout, Target;

        /// How it looks.
        format: LogFormat = LogFormat::Auto,
            Choice(&[
                ("auto", LogFormat::Auto), ("combined", LogFormat::Combined),
                ("vhost_combined", LogFormat::VhostCombined), ("json", LogFormat::Json),
            ]);

        /// The least severe of the server's own messages that is still written.
        level: LevelFilter = LevelFilter::Info, Choice(&[
            ("error", LevelFilter::Error), ("warn", LevelFilter::Warn), ("info", LevelFilter::Info),
            ("debug", LevelFilter::Debug), ("trace", LevelFilter::Trace), ("off", LevelFilter::Off),
        ]);
    }
}

keys! {
    /// What holds for some paths of a site.
    pub(super) struct PathKeys {
        /// Who may ask for them.
        allow: Option<Spanned<Vec<Spanned<AddressRange>>>> = None,
            Optional(Placed(OneOrMore { of: Peers, not_empty: None }));

        /// What they can be asked for by.
        methods: Option<Spanned<Vec<Spanned<Methods>>>> = None,
            Optional(Placed(OneOrMore {
                of: MethodName,
                not_empty: Some("OPTIONS is always answered; for it alone, write [\"OPTIONS\"]"),
            }));

        /// Whether a directory without an index file answers with a list of what is in it.
        listing: Option<Spanned<bool>> = None, Optional(Placed(Flag));

        /// Fields for every response.
        headers: Option<Entries<FieldName, String>> = None,
            Optional(Map { names: field::Name, values: field::Value, example: "{ X-Frame-Options = \"DENY\" }" });

        /// What caches may do with files.
        cache: Option<Spanned<String>> = None, Optional(Placed(CacheControl));
    }
}

keys! {
    /// What is expected of the answer to a GET.
    pub(super) struct ExpectKeys {
        /// What is asked for.
        url: Option<Spanned<Url>> = None, Optional(Placed(Asked));

        /// The status of the answer.
        status: Option<Spanned<u16>> = None,
            Optional(Placed(count(200..=599, [
                "a final response has 200 or more",
                "no status of HTTP is larger",
            ])));

        /// Some of its fields.
        headers: Option<Entries<FieldName, String>> = None,
            Optional(Map { names: AnyName, values: field::Value, example: "{ Location = \"/new\" }" });
    }
}
