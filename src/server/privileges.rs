//! Giving up what only the start needs. Root binds its listeners, becomes another user and has no way back; nothing
//! this process or its children execute gives them more than they have.
//!
//! All of it has to happen while there is one thread: capabilities are a thread's own, and later threads take after it
//! (capabilities(7)).

use std::ffi::CString;
use std::fs;
use std::io;

use nix::unistd::{Gid, Uid, User as Account, geteuid};
use nix::unistd::{getgrouplist, getgroups, getresgid, getresuid, seteuid, setgroups, setresgid, setresuid};
use rustix::io::Errno;
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::StartError;
use crate::config::User;

/// Linux numbers its capabilities from 0 on, and has room for so many.
const CAPABILITIES_MAX: u32 = 64;

/// From now on no program that is executed runs with more rights than this process has, whatever its file says
/// (PR_SET_NO_NEW_PRIVS in prctl(2)). An unprivileged process has to promise that before it may restrict itself.
pub(super) fn gain_none() -> io::Result<()> {
    Ok(rustix::thread::set_no_new_privs(true)?)
}

/// Whether this process may do everything.
pub(super) fn is_root() -> bool {
    geteuid().is_root()
}

/// Whether this process runs by the rights of that user.
pub(super) fn is_user(user: &User) -> bool {
    geteuid().as_raw() == user.uid
}

/// What the user is called whose permissions count.
pub(super) fn user_name() -> Option<String> {
    Some(Account::from_uid(geteuid()).ok()??.name)
}

/// Becomes that user for good, where this is root: user, groups and capabilities, as effective as saved. Where this is
/// that very user already, there is nothing to be done. Returns whether there was.
///
/// # Errors
///
/// Where this is anyone else, where the system refuses, where there is another thread, which would keep what this one
/// gives up, or where there is a way back to root.
pub(super) fn become_user(user: &User) -> Result<bool, StartError> {
    if !is_root() {
        return if is_user(user) { Ok(false) } else { Err(StartError::NotRoot(user.name.clone())) };
    }
    change_to(user).map(|()| true).map_err(|error| StartError::User(user.name.clone(), error))
}

fn change_to(user: &User) -> io::Result<()> {
    if has_other_threads()? {
        return Err(io::Error::other("there is a thread that would keep what is given up"));
    }
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    let groups = getgrouplist(&CString::new(user.name.as_str())?, gid)?;
    // The bounding set needs a capability to be lowered, so it is the first, and the user, who has none, the last.
    empty_bounding_set()?;
    setgroups(&groups)?;
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)?;
    match rustix::thread::clear_ambient_capability_set() {
        // Before Linux 4.3 there is none.
        Ok(()) | Err(Errno::INVAL) => {}
        Err(error) => return Err(error.into()),
    }
    // They have gone with the user, unless the secure bits of whoever started this say otherwise.
    rustix::thread::set_capabilities(None, NO_CAPABILITIES)?;
    prove(uid, gid, &groups)
}

/// Whether there is more than one thread, by proc_pid_task(5). Where there is no /proc it cannot be told.
fn has_other_threads() -> io::Result<bool> {
    match fs::read_dir("/proc/self/task") {
        Ok(tasks) => Ok(tasks.count() > 1),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

const NO_CAPABILITIES: CapabilitySets = CapabilitySets {
    effective: CapabilitySet::empty(),
    permitted: CapabilitySet::empty(),
    inheritable: CapabilitySet::empty(),
};

/// What a program that is executed later can have at most. Not everyone who is root may lower it.
fn empty_bounding_set() -> io::Result<()> {
    for number in 0..CAPABILITIES_MAX {
        match rustix::thread::remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number)) {
            Ok(()) => {}
            // The last one is behind, or none may be removed.
            Err(Errno::INVAL | Errno::PERM) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Asks the system who this is now, and tries to be root again.
fn prove(uid: Uid, gid: Gid, groups: &[Gid]) -> io::Result<()> {
    let (users, own_groups) = (getresuid()?, getresgid()?);
    let is_user = [users.real, users.effective, users.saved] == [uid; 3];
    let is_group = [own_groups.real, own_groups.effective, own_groups.saved] == [gid; 3];
    let has_others = getgroups()?.iter().any(|group| *group != gid && !groups.contains(group));
    let capabilities = rustix::thread::capabilities(None)?;
    let is_powerless = capabilities.permitted.is_empty() && capabilities.inheritable.is_empty();
    let is_root_again = seteuid(Uid::from_raw(0)).is_ok() || setresuid(uid, uid, Uid::from_raw(0)).is_ok();
    if is_user && is_group && !has_others && is_powerless && !is_root_again {
        return Ok(());
    }
    Err(io::Error::other("there is a way back to root"))
}
