//! The media type of a file by its extension: what mime_guess knows, after what it gets wrong or lacks.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::config::SiteRules;

/// What has no better type (RFC 2046, section 4.5.1).
const UNKNOWN: &str = "application/octet-stream";

/// Extension and media type, where mime_guess is wrong, out of date or silent. Sorted, for a binary search.
const OURS: &[(&str, &str)] = &[
    // Source code, which a browser is to show rather than to store.
    ("bash", "text/plain"),
    ("bib", "text/plain"),
    // RFC 7932
    ("br", "application/brotli"),
    ("cjs", "text/javascript"),
    ("deb", "application/vnd.debian.binary-package"),
    ("diff", "text/x-diff"),
    ("go", "text/plain"),
    ("graphql", "application/graphql"),
    // What browsers expect of the icon that they ask for by themselves (IANA)
    ("ico", "image/vnd.microsoft.icon"),
    ("ipynb", "application/x-ipynb+json"),
    ("java", "text/plain"),
    ("jsonl", "application/jsonl"),
    ("jsx", "text/plain"),
    ("lock", "text/plain"),
    ("lua", "text/plain"),
    // RFC 8216: the playlist of an HTTP live stream
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m4a", "audio/mp4"),
    ("m4s", "video/iso.segment"),
    ("m4v", "video/mp4"),
    // Source maps are JSON (ECMA-426).
    ("map", "application/json"),
    // RFC 9239: a module is refused by browsers under any type that is not JavaScript's.
    ("mjs", "text/javascript"),
    ("ndjson", "application/x-ndjson"),
    ("obj", "model/obj"),
    // RFC 8081
    ("otf", "font/otf"),
    ("patch", "text/x-diff"),
    ("rb", "text/plain"),
    ("rpm", "application/x-rpm"),
    ("rs", "text/plain"),
    ("sh", "text/plain"),
    ("sql", "application/sql"),
    ("stl", "model/stl"),
    ("svelte", "text/plain"),
    ("toml", "application/toml"),
    // A segment of an HTTP live stream (RFC 3555). TypeScript has no type, and no browser runs it.
    ("ts", "video/mp2t"),
    ("tsx", "text/plain"),
    ("usdz", "model/vnd.usdz+zip"),
    ("vue", "text/plain"),
    // RFC 8081
    ("woff", "font/woff"),
    // RFC 9512
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    // RFC 8878
    ("zst", "application/zstd"),
];

/// The media types of a site.
#[derive(Debug)]
pub(super) struct MediaTypes {
    own: HashMap<String, String>,
    charset: String,
}

impl MediaTypes {
    /// Those of the config, before those of all.
    pub(super) fn of(rules: &SiteRules) -> MediaTypes {
        let own = rules.types.iter().map(|(extension, media_type)| (extension.clone(), media_type.value.clone()));
        MediaTypes { own: own.collect(), charset: rules.charset.value.clone() }
    }

    /// The value of Content-Type for a file of this name. The charset is added to types of text that do not say theirs.
    pub(super) fn content_type(&self, file_name: &[u8]) -> Cow<'static, str> {
        let extension = extension(file_name).unwrap_or_default();
        let media_type = match self.own.get(&extension) {
            Some(own) => Cow::Owned(own.clone()),
            None => Cow::Borrowed(media_type(&extension)),
        };
        let is_bare_text = media_type.starts_with("text/") && !media_type.contains(';');
        if is_bare_text && !self.charset.is_empty() {
            Cow::Owned(format!("{media_type}; charset={}", self.charset))
        } else {
            media_type
        }
    }
}

/// How much smaller a content coding makes a type of content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Redundancy {
    /// Nothing worth the name: it is compressed already
    None,
    /// Nobody knows
    Unknown,
    /// A good deal
    Much,
}

/// Kinds of media types that are compressed as such, with those among them of which it is not known.
const COMPRESSED_KINDS: &[(&str, &[&str])] = &[
    ("image/", &["vnd.adobe.photoshop"]),
    ("audio/", &["aiff", "midi", "vnd.wave", "wav", "x-aiff", "x-wav"]),
    ("video/", &[]),
    ("font/", &[]),
    ("application/vnd.oasis.opendocument.", &[]),
    ("application/vnd.openxmlformats-officedocument.", &[]),
];

/// Other types that are. Sorted, for a binary search.
const COMPRESSED: &[&str] = &[
    "application/brotli",
    "application/epub+zip",
    "application/font-woff",
    "application/gzip",
    "application/java-archive",
    "application/pdf",
    "application/vnd.android.package-archive",
    "application/vnd.debian.binary-package",
    "application/vnd.rar",
    "application/x-7z-compressed",
    "application/x-bzip",
    "application/x-bzip2",
    "application/x-compress",
    "application/x-compressed",
    "application/x-gzip",
    "application/x-lzip",
    "application/x-lzma",
    "application/x-rar-compressed",
    "application/x-rpm",
    "application/x-xz",
    "application/x-zip-compressed",
    "application/zip",
    "application/zstd",
    "model/vnd.usdz+zip",
];

/// Types beside those of text, JSON and XML that are known to become smaller. Sorted, for a binary search.
const REDUNDANT: &[&str] = &[
    "application/graphql",
    "application/javascript",
    "application/json",
    "application/jsonl",
    "application/rtf",
    "application/sql",
    "application/toml",
    "application/vnd.apple.mpegurl",
    "application/wasm",
    "application/x-javascript",
    "application/x-ndjson",
    "application/x-sh",
    "application/xml",
    "application/yaml",
    "font/collection",
    "font/otf",
    "font/sfnt",
    "font/ttf",
    "image/bmp",
    "image/vnd.microsoft.icon",
    "image/x-icon",
    "image/x-ms-bmp",
    "model/obj",
    "model/stl",
];

/// What is known of the type by its name, whatever its parameters.
pub(super) fn redundancy(content_type: &str) -> Redundancy {
    let essence = content_type.split(';').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let is_in = |table: &[&str]| table.binary_search(&&*essence).is_ok();
    if essence.starts_with("text/") || essence.ends_with("+json") || essence.ends_with("+xml") || is_in(REDUNDANT) {
        return Redundancy::Much;
    }
    let is_kind =
        |(kind, except): &(&str, &[&str])| essence.strip_prefix(kind).is_some_and(|subtype| !except.contains(&subtype));
    let is_compressed = COMPRESSED_KINDS.iter().any(is_kind) || is_in(COMPRESSED) || essence.ends_with("+zip");
    if is_compressed { Redundancy::None } else { Redundancy::Unknown }
}

/// What stands behind the last dot of a name, in lower case.
pub(super) fn extension(file_name: &[u8]) -> Option<String> {
    let name = file_name.rsplit(|&byte| byte == b'/').next()?;
    let dot = name.iter().rposition(|&byte| byte == b'.')?;
    // ".profile" is a name without an extension.
    let extension = name.get(dot + 1..).filter(|_| dot > 0)?;
    str::from_utf8(extension).ok().map(str::to_ascii_lowercase)
}

fn media_type(extension: &str) -> &'static str {
    if let Ok(found) = OURS.binary_search_by_key(&extension, |(known, _)| known) {
        return OURS.get(found).map_or(UNKNOWN, |(_, media_type)| media_type);
    }
    mime_guess::from_ext(extension).first_raw().unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Located;

    #[test]
    fn our_table_is_sorted_and_differs_from_mime_guess() {
        assert!(OURS.is_sorted_by(|(a, _), (b, _)| a < b));
        for (extension, media_type) in OURS {
            assert_ne!(
                mime_guess::from_ext(extension).first_raw(),
                Some(*media_type),
                "{extension} is right by itself"
            );
        }
    }

    #[test]
    fn what_is_compressed_already_is_known_by_its_type() {
        assert!(COMPRESSED.is_sorted() && REDUNDANT.is_sorted());
        let types = MediaTypes::of(&SiteRules::default());
        for (names, expected) in [
            (
                "png jpg jpeg gif webp avif jxl mp3 ogg m4a mp4 webm ts woff woff2 zip gz tgz br zst bz2 xz 7z rar jar \
                 apk epub docx odt pdf deb rpm usdz ",
                Redundancy::None,
            ),
            (
                "html css js mjs json map svg xml txt md csv rs wasm webmanifest ttf otf ico bmp yaml toml m3u8 atom \
                 xhtml geojson gltf ",
                Redundancy::Much,
            ),
            ("bin iso tar nobody-knows glb wav ", Redundancy::Unknown),
        ] {
            for extension in names.split_whitespace() {
                let content_type = types.content_type(format!("a.{extension}").as_bytes());
                assert_eq!(redundancy(&content_type), expected, "{extension}: {content_type}");
            }
        }
        assert_eq!(redundancy("TEXT/Html ; charset=latin1"), Redundancy::Much);
        assert_eq!(redundancy(""), Redundancy::Unknown);
    }

    #[test]
    fn types_that_people_rely_on() {
        let types = MediaTypes::of(&SiteRules::default());
        for (name, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.MJS", "text/javascript; charset=utf-8"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.wasm", "application/wasm"),
            ("a.webmanifest", "application/manifest+json"),
            ("a.svg", "image/svg+xml"),
            ("a.avif", "image/avif"),
            ("a.webp", "image/webp"),
            ("a.jxl", "image/jxl"),
            ("a.woff2", "font/woff2"),
            ("a.ts", "video/mp2t"),
            ("a.mp4", "video/mp4"),
            ("a.tar.gz", "application/gzip"),
            ("a.pdf", "application/pdf"),
            ("a.xml", "text/xml; charset=utf-8"),
            ("favicon.ico", "image/vnd.microsoft.icon"),
            ("Makefile", "application/octet-stream"),
            (".profile", "application/octet-stream"),
            ("a.", "application/octet-stream"),
            ("a.nobody-knows", "application/octet-stream"),
        ] {
            assert_eq!(types.content_type(name.as_bytes()), expected, "{name}");
        }
        assert_eq!(types.content_type(b"a.\xff"), UNKNOWN);
    }

    #[test]
    fn a_config_knows_better() {
        let own = [("txt", "text/x-own"), ("html", "text/html; charset=latin1"), ("x", "application/x")];
        let types =
            own.map(|(extension, media_type)| (extension.to_owned(), Located::nowhere(media_type.to_owned()))).to_vec();
        let types = |charset| {
            let charset = Located::nowhere(charset);
            MediaTypes::of(&SiteRules { types: types.clone(), charset, ..SiteRules::default() })
        };
        let latin = types("latin1".to_owned());
        assert_eq!(latin.content_type(b"a.TXT"), "text/x-own; charset=latin1");
        assert_eq!(latin.content_type(b"a.css"), "text/css; charset=latin1");
        assert_eq!(latin.content_type(b"b.c/a.x"), "application/x");
        assert_eq!(latin.content_type(b"b.c/a"), UNKNOWN);
        let none = types(String::new());
        assert_eq!(none.content_type(b"a.txt"), "text/x-own");
        assert_eq!(none.content_type(b"a.html"), "text/html; charset=latin1");
    }
}
