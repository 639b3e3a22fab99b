//! What the server says where the system gives it no thread.

use std::fs;
use std::os::unix::process::CommandExt;

use crate::privileges::program_for_all;
use crate::support::{Scratch, Server, command, run};
use crate::wire::get;

/// Users that run nothing else, as their processes are counted.
const USERS: [u32; 2] = [61_234, 61_235];

#[test]
#[ignore = "needs root, and prlimit of util-linux"]
fn what_is_wrong_is_told_without_a_thread() {
    let directory = Scratch::with(&[("www/index.html", "home")]);
    let (program, _) = program_for_all(&directory);
    let limited = |threads: u32, root: &str| {
        let mut command = command("prlimit");
        command.uid(USERS[0]).gid(USERS[0]).arg(format!("--nproc={threads}")).arg(&program);
        command.args(["-l", "127.0.0.1:0"]).arg(directory.join(root));
        command
    };
    let refused = run(&mut limited(1, "missing"));
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("missing"), "{refused:?}");
    let failed = run(&mut limited(1, "www"));
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.stderr.starts_with("error: no thread could be started: "), "{failed:?}");
    assert!(failed.stderr.contains("\n  help: "), "{failed:?}");
    // One that serves, and none that writes logs.
    let server = Server::start(&mut limited(2, "www"));
    get(&server, "/").assert_status(200).assert_content("home");
    let stderr = server.stop().stderr;
    assert!(stderr.contains("error: access log: 1 line was lost: no thread could be started: "), "{stderr}");
}

#[test]
#[ignore = "needs root, and prlimit of util-linux"]
fn a_reload_without_a_thread_says_so() {
    let directory = Scratch::with(&[("www/index.html", "home")]);
    let (program, config) = program_for_all(&directory);
    let text = fs::read_to_string(&config).unwrap().replace("user = 'nobody'", "");
    directory.write("webserv.toml", text);
    // The one that waits for signals, one that serves, and one that writes the diagnostics.
    let mut command = command("prlimit");
    command.uid(USERS[1]).gid(USERS[1]).arg("--nproc=3").arg(program).arg("-c").arg(config);
    let mut server = Server::start(&mut command);
    server.reload("cannot reload, all stays as it was: no thread could be started: ");
    get(&server, "/").assert_status(200);
}
