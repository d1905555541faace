//! The board that was written, seen to work: it says which firmware it runs, and is tested.

use quintet_driver::device::Connection;
use quintet_driver::flash::find_port;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;

use super::failed;
use super::outcome::Outcome;
use crate::cli::failure::{FAILED, Failure};
use crate::cli::selftest;

/// The port of the board's link.
pub fn port(outcome: &Outcome) -> Result<DeviceUri, Failure> {
    match &outcome.port {
        Some(uri) => Ok(uri.clone()),
        None => find_port(outcome.board, outcome.probe_serial.as_deref())
            .map_err(|error| failed(&error)),
    }
}

/// Asks the board at the link's port which firmware it runs, and tests it.
pub fn run(outcome: &mut Outcome) -> Result<(), Failure> {
    let uri = port(outcome)?;
    let opened = Connection::open(&uri, Limits::default());
    let mut connection = opened.map_err(|error| Failure::open(&uri, &error))?;
    same_build(&uri, &mut connection, outcome)?;
    let device = connection.description();
    let said = format!("{}, firmware {}", device.board, device.firmware);
    let report = selftest::test(&mut connection)?;
    outcome.port = Some(uri);
    outcome.device = Some((said, report.counts()));
    match report.has_passed() {
        true => Ok(()),
        false => Err(selftest::wrong(&connection.description().board, &report)),
    }
}

/// Another firmware's answer proves nothing: it may be another board's port.
fn same_build(
    uri: &DeviceUri,
    connection: &mut Connection,
    outcome: &Outcome,
) -> Result<(), Failure> {
    let Some(written) = outcome.image.build else { return Ok(()) };
    let runs = connection.session().peer().map(|peer| peer.build);
    if runs.is_none_or(|runs| runs == written) {
        return Ok(());
    }
    let runs = runs.map(|build| build.to_string()).unwrap_or_default();
    let cause = format!("it runs build {runs}, written was {written}");
    Err(Failure::new(FAILED, format!("the device at {uri} is not the board"), cause)
        .help("name the board's own port with --port; `quintet devices` lists those there are"))
}
