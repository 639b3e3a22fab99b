//! What lies between the last piece of a file and the peer's word that it has arrived.
//!
//! sendfile(2) hands over the pages of a file and no copy of them: what is changed in them meanwhile is what is sent,
//! and what is cut off is sent as zeros. So a file is looked at, now and then, for as long as some of it is on its way,
//! and a peer that has not got all of it by the time it has changed gets no more. Who is faster than that is not
//! helped, nor is a peer that has sent its next request before.

use std::sync::Arc;

use super::Client;
use super::sending::Delivery;
use crate::server::gone::Gone;
use crate::server::shared::Shared;

impl Client {
    /// Whether a file is on its way still, which is looked at.
    ///
    /// # Errors
    ///
    /// It has changed. What is left of it in the socket is thrown away when the client is dropped.
    pub(in crate::server) fn verify_handed_over(&mut self, shared: &mut Shared) -> Result<bool, Gone> {
        let Some(sending) = &self.sending_file else { return Ok(false) };
        let Delivery::HandedOver(file) = &sending.delivery else { return Ok(false) };
        if !self.transport.has_unacknowledged() {
            self.release_file(shared);
            self.end_trust(shared);
            return Ok(false);
        }
        file.verify().map(|()| true).map_err(|error| {
            self.transport.abort_on_close();
            Gone::Unsent(Arc::clone(file), error)
        })
    }
}
