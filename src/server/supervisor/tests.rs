//! What becomes of a server whose workers end.

use std::thread;

use super::*;
use crate::config::{Listen, Overrides};
use crate::server::outfit::Orders;
use crate::server::running::LastWord;

/// What comes of a server one of whose workers ends like this.
fn outcome(end: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<(), StartError> {
    let overrides = Overrides { listen: vec![Listen::at("127.0.0.1:0".parse().unwrap())], ..Overrides::default() };
    let config = Config::from_directory(&std::env::temp_dir(), &overrides).unwrap();
    let appearance = Appearance { software: "webserv", shows_access: false, color: false };
    let mut supervisor = Supervisor::start(config, appearance, Signals::catch().unwrap()).unwrap().unwrap();
    let last_word = LastWord(Reports { mailbox: Arc::clone(&supervisor.news), number: 1 });
    let thread = thread::spawn(|| {
        let _last_word = last_word;
        end()
    });
    let orders = Orders(Arc::new(Mailbox::new().unwrap()));
    let config = Arc::clone(&supervisor.config);
    supervisor.workers.push(Running {
        number: 1,
        config,
        orders,
        particulars: Particulars::default(),
        ends: None,
        thread,
    });
    supervisor.run(|| unreachable!(), |_| ())
}

#[test]
fn a_worker_that_fails_is_the_end() {
    let failed = outcome(|| Err(io::Error::other("broken"))).unwrap_err();
    assert_eq!(failed.to_string(), "a worker cannot go on: broken");
    let failed = outcome(|| panic!("as it is meant to")).unwrap_err();
    assert_eq!(failed.to_string(), "a worker cannot go on: it has panicked");
}
