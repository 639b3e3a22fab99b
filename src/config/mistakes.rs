//! The mistakes that people make in a config that was right before, and what they are told.

use std::fs;

use super::*;

const DIRECTORY: &str = "tests/config_errors/mistakes";

/// Each with what stood in the config before, and what stands in its place.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("key_misspelt", "fallback = ", "falback = "),
    ("key_with_a_hyphen", "idle_time", "idle-time"),
    ("key_of_another_server", "root = \"../www/sub\"", "document_root = \"../www/sub\""),
    ("key_below_the_wrong_header", "[limits]\n", "[limits]\ndotfiles = true\n"),
    (
        "key_below_a_path",
        "types = { avif = \"image/avif\" }\nsymlinks = \"deny\"\n\n[site.path.\"*.zip\"]\n",
        "\n[site.path.\"*.zip\"]\ntypes = { avif = \"image/avif\" }\n",
    ),
    ("limit_at_the_top", "listen = [", "connections = 20000\nlisten = ["),
    ("value_without_quotes", "format = \"combined\"", "format = combined"),
    ("path_without_quotes", "root = \"../www/sub\"", "root = ../www/sub"),
    ("quote_missing_at_the_end", "access = \"stdout\"", "access = \"stdout"),
    ("quote_missing_at_the_start", "access = \"stdout\"", "access = stdout\""),
    ("comma_missing_in_a_list", "\"shop.example\", \"www", "\"shop.example\" \"www"),
    ("comma_missing_in_a_table", "\"no-cache\", \"/assets", "\"no-cache\" \"/assets"),
    ("bracket_missing", "hosts = [\"img.shop.example\"]", "hosts = [\"img.shop.example\""),
    ("brace_missing", "5xx = \"sorry.html\" }", "5xx = \"sorry.html\""),
    ("colon_for_an_equals_sign", "charset = ", "charset: "),
    ("equals_sign_missing", "charset = ", "charset "),
    ("value_missing", "charset = \"utf-8\"", "charset ="),
    ("key_twice", "default = true\n", "default = true\nroot = \"../www\"\n"),
    ("table_twice", "[log]\n", "[log]\naccess = \"off\"\n\n[log]\n"),
    ("path_twice", "[[site]]\nhosts = [\"img", "[site.path.\"/admin/*\"]\nallow = []\n\n[[site]]\nhosts = [\"img"),
    ("one_site_for_a_list", "[[site]]\nhosts = [\"blog", "[site]\nhosts = [\"blog"),
    ("sites_for_site", "[[site]]\nhosts = [\"img", "[[sites]]\nhosts = [\"img"),
    ("server_of_nginx", "[[site]]\nhosts = [\"img", "[[server]]\nhosts = [\"img"),
    ("header_unclosed", "[[site]]\nhosts = [\"img", "[[site]\nhosts = [\"img"),
    ("path_without_quotes_in_a_header", "[site.path.\"*.zip\"]", "[site.path.*.zip]"),
    (
        "path_above_its_site",
        "[[site]]\nhosts = [\"shop",
        "[site.path.\"/x/*\"]\nallow = []\n\n[[site]]\nhosts = [\"shop",
    ),
    ("number_for_a_text", "listen = [\"0.0.0.0:80\", \"[::]:80\"]", "listen = 80"),
    ("text_for_a_number", "connections = 20000", "connections = \"20000\""),
    ("text_for_a_flag", "default = true", "default = \"yes\""),
    ("true_in_capitals", "default = true", "default = True"),
    ("unit_missing", "idle_time = \"30s\"", "idle_time = 30"),
    ("unit_of_others", "content_size = \"1 MiB\"", "content_size = \"1M\""),
    ("unit_wrong", "idle_time = \"30s\"", "idle_time = \"30 sek\""),
    ("size_too_large", "head_size = \"16 KiB\"", "head_size = \"16 MiB\""),
    ("host_claimed_twice", "hosts = [\"blog.shop.example\"", "hosts = [\"www.shop.example\""),
    ("host_with_a_port", "\"img.shop.example\"", "\"img.shop.example:80\""),
    ("two_defaults", "charset = \"utf-8\"", "default = true"),
    ("site_without_hosts", "hosts = [\"img.shop.example\"]\n", ""),
    ("root_missing", "root = \"../www/sub\"\n", ""),
    ("root_misspelt", "\"../www/sub\"", "\"../www/sup\""),
    ("root_is_a_file", "\"../www/sub\"", "\"../www/index.html\""),
    ("fallback_outside", "fallback = \"index.html\"", "fallback = \"../index.html\""),
    ("listen_on_a_name", "\"0.0.0.0:80\"", "\"shop.example:80\""),
    ("listen_on_every_port", "\"0.0.0.0:80\"", "\"*:80\""),
    ("port_too_large", "\"0.0.0.0:80\"", "\"0.0.0.0:70000\""),
    ("listen_twice", "\"[::]:80\"]", "\"[::]:80\", \"127.0.0.1:80\"]"),
    ("redirect_loop", "\"/offers/*\" = \"/deals/*\"", "\"/offers/*\" = \"/sale\""),
    ("redirect_to_nowhere", "= \"/offers/summer\"", "= \"offers/summer\""),
    (
        "rule_that_is_shadowed",
        "\"/assets/*\" = \"max-age",
        "\"/blog/feed/*\" = \"no-store\", \"/assets/*\" = \"max-age",
    ),
    ("path_that_matches_nothing", "[site.path.\"/admin/*\"]", "[site.path.\"/admin/../*\"]"),
    ("path_without_a_slash", "\"/assets/*\"", "\"assets/*\""),
    ("bits_below_the_mask", "\"10.0.0.0/8\"", "\"10.1.2.3/8\""),
    ("mask_too_long", "\"10.0.0.0/8\"", "\"10.0.0.0/40\""),
    ("netmask", "\"10.0.0.0/8\"", "\"10.0.0.0/255.0.0.0\""),
    ("method_that_is_not_served", "\"HEAD\"]", "\"POST\"]"),
    ("method_in_small_letters", "\"HEAD\"]", "\"head\"]"),
    ("field_as_a_line", "headers = { X-Robots-Tag = \"noindex\" }", "headers = [\"X-Robots-Tag: noindex\"]"),
    ("field_with_a_colon", "X-Robots-Tag = ", "\"X-Robots-Tag:\" = "),
    ("field_of_the_server", "X-Robots-Tag = \"noindex\"", "Cache-Control = \"no-store\""),
    ("cache_directive_misspelt", "cache = \"no-store\"", "cache = \"nostore\""),
    ("cache_for_a_while", "max-age=31536000", "max-age=1y"),
    ("status_that_is_no_error", "404 = \"404.html\"", "200 = \"404.html\""),
    ("status_of_a_redirect", "status = 301", "status = 404"),
    ("status_class_in_capitals", "5xx = ", "5XX = "),
    ("fallback_at_the_root", "fallback = \"index.html\"", "fallback = \"/\""),
    ("semicolon_at_the_end", "charset = \"utf-8\"", "charset = \"utf-8\";"),
    ("comment_of_others", "charset = ", "// the charset\ncharset = "),
    ("format_unknown", "\"combined\"", "\"combine\""),
    ("level_unknown", "level = \"warn\"", "level = \"warning\""),
    ("value_of_others", "symlinks = \"deny\"", "symlinks = true"),
    ("byte_order_mark_inside", "[limits]\n", "\u{feff}[limits]\n"),
    ("typographic_quotes", "level = \"warn\"", "level = “warn”"),
    ("space_that_does_not_break", "level = \"warn\"", "level\u{a0}= \"warn\""),
    ("carriage_returns_alone", "\n", "\r"),
    (
        "several_at_once",
        "hosts = [\"img.shop.example\"]\nroot = \"../www/sub\"",
        "host = [\"img.shop.example\"]\nroot = \"../www/sup\"\nlisten = \"0.0.0.0\"",
    ),
];

fn right() -> String {
    fs::read_to_string(Path::new(DIRECTORY).join("site.toml")).unwrap()
}

/// What whoever wrote these bytes is told.
fn told(bytes: Vec<u8>) -> Option<String> {
    let path = Path::new(DIRECTORY).join("site.toml");
    let here = std::path::absolute(DIRECTORY).unwrap();
    let parent = here.parent().unwrap().to_string_lossy().into_owned();
    let error = Config::from_bytes(&path, bytes, &Overrides::default()).err()?.to_string();
    Some(error.replace(&*here.to_string_lossy(), "$DIR").replace(&parent, "$PARENT"))
}

/// `BLESS=1` writes the texts anew; read them before they are committed.
#[test]
fn mistakes_read_well() {
    let right = right();
    assert_eq!(told(right.clone().into_bytes()), None);
    let mut expected = vec!["site.toml".to_owned()];
    let bytes = |name: &str, bytes: Vec<u8>| (name.to_owned(), bytes);
    let mistakes = MISTAKES.iter().map(|(name, before, after)| {
        assert!(right.contains(before), "{name}: {before} is not there");
        // A carriage return is a mistake wherever it is.
        let count = if *before == "\n" { usize::MAX } else { 1 };
        bytes(name, right.replacen(before, after, count).into_bytes())
    });
    let latin = right.replace("the shop, its", "le café, ses").chars().map(|char| char as u8).collect();
    let wide = right.encode_utf16().flat_map(u16::to_le_bytes);
    let encodings = [bytes("latin1", latin), bytes("utf16", [0xff, 0xfe].into_iter().chain(wide).collect())];
    for (name, bytes) in mistakes.chain(encodings) {
        let text = told(bytes).unwrap_or_else(|| panic!("{name} is accepted"));
        let golden = Path::new(DIRECTORY).join(format!("{name}.txt"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&golden, &text).unwrap();
        }
        assert_eq!(text, fs::read_to_string(&golden).unwrap_or_default(), "{name}");
        expected.push(format!("{name}.txt"));
    }
    let mut found: Vec<String> =
        fs::read_dir(DIRECTORY).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "a text that no mistake leads to, or two mistakes of one name");
}

/// What an editor does to a file without being asked.
#[test]
fn what_is_no_mistake() {
    let right = right();
    let windows = right.replace('\n', "\r\n");
    for text in [windows, format!("\u{feff}{right}"), right.replace(" = ", "\t=\t"), right.trim_end().to_owned()] {
        assert_eq!(told(text.clone().into_bytes()), None, "{text:?}");
    }
}
