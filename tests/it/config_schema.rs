//! What editors are told about the config: `conf/webserv.schema.json`, as a validator of others reads it.

use std::fs;

use toml::de::{DeTable, DeValue};

use crate::support::{Scratch, command, run, webserv};
use crate::tidy::{readme_examples, repository};

/// A value of TOML as one of JSON.
fn json(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => json_text(text),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).unwrap().to_string(),
        DeValue::Float(float) => float.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => json_text(&time.to_string()),
        DeValue::Array(values) => {
            let values: Vec<_> = values.iter().map(|value| json(value.get_ref())).collect();
            format!("[{}]", values.join(","))
        }
        DeValue::Table(table) => json_object(table),
    }
}

fn json_object(table: &DeTable<'_>) -> String {
    let entry = |(name, value)| {
        let (name, value): (&toml::Spanned<toml::de::DeString<'_>>, &toml::Spanned<DeValue<'_>>) = (name, value);
        format!("{}:{}", json_text(name.get_ref()), json(value.get_ref()))
    };
    format!("{{{}}}", table.iter().map(entry).collect::<Vec<_>>().join(","))
}

fn json_text(text: &str) -> String {
    let escape = |char: char| match char {
        '"' | '\\' => format!("\\{char}"),
        ..' ' => format!("\\u{:04x}", u32::from(char)),
        _ => char.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

/// What the validator has against a config; nothing where it is accepted.
fn complaint(config: &str) -> Option<String> {
    let directory = Scratch::new();
    let document = DeTable::parse(config).unwrap_or_else(|error| panic!("{config}\n{error}"));
    let instance = directory.write("config.json", json_object(document.get_ref()));
    let schema = repository().join("conf/webserv.schema.json");
    let finished = run(command("jsonschema").arg("--instance").args([instance, schema]));
    (finished.code != Some(0)).then(|| finished.stdout + &finished.stderr)
}

#[test]
#[ignore = "needs jsonschema"]
fn what_the_server_accepts_is_accepted() {
    let read = |file| fs::read_to_string(repository().join(file)).unwrap();
    let mut configs = vec![(repository().join("conf/webserv.toml"), read("conf/webserv.toml"), None)];
    for (directory, example) in readme_examples() {
        configs.push((directory.write("webserv.toml", &example), example, Some(directory)));
    }
    for (file, config, _directory) in configs {
        assert_eq!(complaint(&config), None, "{config}");
        let printed = run(webserv().args(["--print-config", "-c"]).arg(file)).stdout;
        assert!(!printed.is_empty());
        assert_eq!(complaint(&printed), None, "{printed}");
    }
    let site = "[[site]]\nroot = 'www'\n";
    for line in [
        "listen = '8080'",
        "listen = ['localhost:0', '0.0.0.0:80', '[::1]:80', 'unix:/run/a b.sock', 'unix:a']",
        "index = []",
        "headers = { X-A = \"a;\\tb\", 'a!#$%&*+-.^_`|~9' = '' }",
        "cache = { '*' = '', '/*' = 'no-cache', '*.tar.gz' = 'public', '/a b/%2a/*' = 'max-age=1', '/é' = 'private' }",
        "types = { wasm = 'application/wasm', html = 'text/html; charset=latin1' }",
        "charset = ''",
        "errors = { 404 = '/404.html', 4xx = 'a/b.html', 5xx = '' }",
        "fallback = ''",
        "symlinks = 'deny'",
        "limits = { head_size = 2048, cache_size = 0, head_time = '10 ms', fields = 0x10, content_size = '1GiB' }",
        "log = { access = 'log/access.log', format = 'combined', level = 'off' }",
        "server = { user = 'www-data', sandbox = false }",
        "[[site]]\nroot = '.'\nhosts = ['[::1]', '*.Example.test', 'under_score.test.', '127.0.0.1']\ndefault = true",
        "[[site]]\nroot = '.'\nredirects = { '/a' = '/b', '/c/*' = { to = 'https://d/*', status = 0x133 }, \
         '/e' = { to = '/f' } }",
        "[[site]]\nroot = '.'\npath.'*.iso' = { allow = '::1', methods = ['GET', 'OPTIONS'], headers = {}, \
         cache = 'no-store' }",
        "[[site]]\nroot = '.'\npath.'/a/*' = { allow = ['10.0.0.0/8', '2001:db8::/32', '::/0'] }",
    ] {
        assert_eq!(complaint(&format!("{line}\n{site}")), None, "{line}");
    }
}

#[test]
#[ignore = "needs jsonschema"]
fn what_is_mistyped_is_refused() {
    let site = "[[site]]\nroot = 'www'\n";
    assert_eq!(complaint(site), None);
    for line in [
        "lisen = '8080'",
        "listen = 8080",
        "listen = 'example.test:80'",
        "root = 'www'",
        "dotfiles = 'true'",
        "headers = { 'A:' = 'x' }",
        "cache = { 'assets' = 'no-cache' }",
        "types = { '.wasm' = 'application/wasm' }",
        "errors = { 200 = 'a.html' }",
        "symlinks = 'always'",
        "limit = {}",
        "limits = { head_sise = '16 KiB' }",
        "limits = { head_size = '16 KB' }",
        "limits = { head_size = 1 }",
        "limits = { head_time = 10 }",
        "limits = { fields = 1000 }",
        "log = { level = 'loud' }",
        "server = { sandbox = 1 }",
        "[[site]]",
        "[[site]]\nroot = ''",
        "[[site]]\nroot = '.'\nhosts = 'http://a/'",
        "[[site]]\nroot = '.'\nhosts = []",
        "[[site]]\nroot = '.'\nredirects = { '/a' = 'b' }",
        "[[site]]\nroot = '.'\nredirects = { '/a' = { to = '/b', status = 200 } }",
        "[[site]]\nroot = '.'\nredirects = { '/a' = { too = '/b' } }",
        "[[site]]\nroot = '.'\npath.'private' = {}",
        "[[site]]\nroot = '.'\npath.'/a/*' = { methods = ['POST'] }",
        "[[site]]\nroot = '.'\npath.'/a/*' = { allow = 'localhost' }",
        "[[site]]\nroot = '.'\npath.'/a/*' = { index = [] }",
    ] {
        assert!(complaint(&format!("{line}\n{site}")).is_some(), "accepted: {line}");
    }
    assert!(complaint("listen = '8080'\n").is_some(), "accepted: no site");
}
