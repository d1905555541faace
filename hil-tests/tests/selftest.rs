//! Every board passes the self-test that comes with the driver, on each of its links.

use quintet_driver::device::Connection;
use quintet_driver::selftest::{self, Verdict};
use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::{boards, open, uri};
use quintet_protocol::program::{COMMANDS, Operator};

/// Runs the self-test; all of it has to pass, and nothing to be skipped.
fn pass(uri: &DeviceUri) {
    let mut connection: Connection = open(uri);
    let report = selftest::run(&mut connection, &mut |_| ()).unwrap();
    for check in &report.checks {
        assert_eq!(check.verdict, Verdict::Passed, "{uri}: {}", check.name);
    }
    let commands = COMMANDS.iter().filter(|(_, operator, _)| *operator != Operator::Control);
    assert!(report.checks.len() > commands.count(), "{uri}: {report:?}");
    let [sent, received] = connection.link_bytes();
    println!("{uri}: {} checks, {sent} bytes sent, {received} received", report.checks.len());
}

#[test]
fn boards_pass_the_selftest() {
    boards().iter().for_each(pass);
}

#[test]
fn emulated_boards_pass_the_selftest_over_their_uart() {
    for board in boards() {
        if let DeviceUri::Qemu { board, .. } = board {
            pass(&uri(&format!("qemu:{board}?link=uart")));
        }
    }
}
