//! Connections to other hosts: there are none, and a function is told so.

use crate::Surroundings;
use crate::exports::sluice::function::outbound::{
    Connection, ConnectionBorrow, Error, ErrorKind, Guest, GuestConnection, TlsOptions, TlsSession,
};

/// There is none of these.
pub enum NoConnection {}

impl Guest for Surroundings {
    type Connection = NoConnection;

    fn wait(_: Vec<ConnectionBorrow<'_>>, _: Option<u32>) -> Vec<u32> {
        Vec::new()
    }

    fn resolve(_: String) -> Result<Vec<String>, Error> {
        Err(refused())
    }
}

impl GuestConnection for NoConnection {
    fn connect(_: String, _: u16, _: Option<u32>) -> Result<Connection, Error> {
        Err(refused())
    }

    fn start_tls(&self, _: TlsOptions, _: Option<u32>) -> Result<TlsSession, Error> {
        match *self {}
    }

    fn read(&self, _: u32, _: Option<u32>) -> Result<Vec<u8>, Error> {
        match *self {}
    }

    fn write(&self, _: Vec<u8>, _: Option<u32>) -> Result<(), Error> {
        match *self {}
    }

    fn finish(&self) -> Result<(), Error> {
        match *self {}
    }

    fn local_address(&self) -> (String, u16) {
        match *self {}
    }

    fn peer_address(&self) -> (String, u16) {
        match *self {}
    }
}

fn refused() -> Error {
    Error {
        kind: ErrorKind::NotAllowed,
        reason: "a snapshot that is run outside of Sluice has no connections".to_owned(),
    }
}
