//! A device passes the self-test that comes with the driver, all of it.

use quintet_driver::selftest;
use quintet_protocol::program::{COMMANDS, Operator};

use super::{LITTLE, Test, Verdict, check};
use crate::device::Device;
use crate::target::Needs;

/// The tests of this file.
pub const TESTS: &[Test] =
    &[Test { name: "the_selftest_passes_and_skips_nothing", needs: SELFTEST, body: passes }];

const SELFTEST: Needs = Needs { arena: 64 << 10, upload: 300 << 10, ..LITTLE };

fn passes(device: &Device) -> Verdict {
    let mut connection = device.open()?;
    let report = selftest::run(&mut connection, &mut |progress| device.step(progress.name))?;
    device.step("look at its report");
    for found in &report.checks {
        let passed = found.verdict == selftest::Verdict::Passed;
        check!(passed, "{}: {:?}", found.name, found.verdict);
    }
    let commands = COMMANDS.iter().filter(|(_, operator, _)| *operator != Operator::Control);
    let (checks, commands) = (report.checks.len(), commands.count());
    check!(checks > commands, "{checks} checks for {commands} commands");
    Ok(())
}
