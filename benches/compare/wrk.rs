//! wrk, which makes most of the load, and its scripts.

use std::io::Read;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use crate::cleanup::Scratch;
use crate::client::Field;
use crate::process::{LOAD_CORE, Process};
use crate::scenario::{Load, PIPELINED};
use crate::tree::MANY;

/// Sends several requests at once.
const PIPELINE: &str = "
init = function()
    local requests = {}
    for number = 1, COUNT do requests[number] = wrk.format() end
    requests = table.concat(requests)
    request = function() return requests end
end
";

/// Asks for the many files, the first of them most often (Zipf's law), in an order that is the same each time.
const MANY_TARGETS: &str = "
init = function()
    local formatted, sums, sum = {}, {}, 0
    for number = 1, COUNT do
        formatted[number] = wrk.format(nil, string.format('/many/%04d.bin', number - 1))
        sum = sum + 1 / number
        sums[number] = sum
    end
    math.randomseed(1)
    local order, length, at = {}, 65536, 0
    for position = 1, length do
        local wanted, low, high = math.random() * sum, 1, COUNT
        while low < high do
            local middle = math.floor((low + high) / 2)
            if sums[middle] < wanted then low = middle + 1 else high = middle end
        end
        order[position] = formatted[low]
    end
    request = function()
        at = at % length + 1
        return order[at]
    end
end
";

/// What it counted.
pub(crate) struct Counted {
    pub(crate) requests: f64,
    pub(crate) rate: f64,
}

/// Loads a server for so many seconds.
pub(crate) fn run(
    scratch: &Scratch,
    address: SocketAddr,
    target: &str,
    fields: &[Field],
    load: Load,
    seconds: u32,
    status: u16,
) -> Counted {
    let (connections, script) = match load {
        Load::Wrk(connections) => (connections, None),
        Load::Pipeline(connections) => (connections, Some(PIPELINE.replace("COUNT", &PIPELINED.to_string()))),
        Load::Many(connections) => (connections, Some(MANY_TARGETS.replace("COUNT", &MANY.to_string()))),
        Load::Stream => panic!("not a load for wrk"),
    };
    let mut command = Command::new("wrk");
    command.args(["-t1", "--timeout", "10s"]).arg(format!("-c{connections}")).arg(format!("-d{seconds}s"));
    for (name, value) in fields {
        command.arg("-H").arg(format!("{name}: {value}"));
    }
    if let Some(script) = script {
        command.arg("-s").arg(scratch.write("wrk.lua", script));
    }
    command.arg(format!("http://{address}{target}")).stdout(Stdio::piped());
    let mut process = Process::spawn(&mut command, LOAD_CORE).unwrap_or_else(|error| panic!("wrk: {error}"));
    let mut said = String::new();
    process.child.stdout.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert!(process.wait().success(), "wrk failed:\n{said}");
    counted(&said, status).unwrap_or_else(|what| panic!("{what}: {command:?}\n{said}"))
}

/// Reads its report, in which all responses have to be what was expected.
fn counted(said: &str, status: u16) -> Result<Counted, &'static str> {
    let number = |line: &str| line.split_whitespace().find_map(|word| word.parse::<f64>().ok());
    let line = |words: &str| said.lines().find(|line| line.contains(words));
    let requests = line(" requests in ").and_then(number).ok_or("no number of requests")?;
    let rate = line("Requests/sec:").and_then(number).ok_or("no rate")?;
    let errors = line("Non-2xx or 3xx responses:").and_then(number).unwrap_or(0.0);
    let expected = if status < 400 { 0.0 } else { requests };
    if line("Socket errors:").is_some() {
        return Err("errors on sockets");
    }
    if requests == 0.0 {
        return Err("not a single response");
    }
    if errors != expected { Err("responses of another status") } else { Ok(Counted { requests, rate }) }
}
