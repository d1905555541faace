//! Cases with an accelerator beside the core: what has to be the same without one, and who did
//! what.

use std::collections::BTreeSet;
use std::time::Instant;

use quintet_accelerator::Instance;
use quintet_driver::device::Connection;
use quintet_driver::session::Session;
use quintet_driver::transport::DeviceUri;
use quintet_protocol::accelerator::Presence;
use quintet_protocol::message::Outcome;
use quintet_protocol::program::{COMMANDS, Operator};

use crate::case::{Case, Ran};
use crate::{open, patient, uri};

/// A micro-operator and a mode.
pub type Code = (Operator, u8);

/// A case and what the core alone makes of it, on the virtual device.
pub struct Known {
    /// The case.
    pub case: Case,
    /// The core's run.
    pub software: Ran,
}

impl Known {
    /// Runs a case without an accelerator.
    pub fn of(case: Case) -> Self {
        let software = run(&mut open(&uri("virtual:")), "no accelerator", &case);
        let name = &case.name;
        let seen = software.rgb.windows(6).filter(|pair| pair[..3] != pair[3..]).count();
        assert!(software.rgb.is_empty() || seen > 20, "{name}: nothing to see");
        assert!(!software.rgb.is_empty() || !software.outputs.is_empty(), "{name}: gives nothing");
        assert!(software.spent.iter().all(|it| it.offloaded == 0), "{name}");
        Self { case, software }
    }

    /// The modes of its commands, without those of the executor itself.
    pub fn codes(&self) -> BTreeSet<(u8, u8)> {
        let codes = self.case.commands().into_iter().map(|command| command.code());
        let codes = codes.filter(|(operator, _)| *operator != Operator::Control);
        codes.map(|(operator, mode)| (operator as u8, mode)).collect()
    }
}

/// A device with an accelerator.
pub struct Accelerated {
    /// Device and accelerator, for messages.
    name: String,
    instance: Instance,
    connection: Connection,
}

impl Accelerated {
    /// Opens a device with the accelerator that `spec` describes.
    pub fn open(uri: &DeviceUri, spec: &str) -> Self {
        let name = format!("{uri} with {spec}");
        let described = Instance::from_spec(spec).unwrap_or_else(|error| panic!("{spec}: {error}"));
        let instance = described.expect("there is to be one");
        let opened = Connection::open_with(uri, patient(), None, Some(instance.clone()));
        let connection =
            opened.unwrap_or_else(|error| panic!("{name}: {error}; {}", error.advice()));
        assert_eq!(connection.warning(), None, "{name}");
        let Presence::Ready { capabilities, .. } = connection.description().accelerator else {
            panic!("{name}: {:?}", connection.description().accelerator);
        };
        assert_eq!(capabilities, instance.capabilities(), "{name}");
        Self { name, instance, connection }
    }

    /// Runs a case.
    pub fn run(&mut self, case: &Case) -> Ran {
        run(&mut self.connection, &self.name, case)
    }

    /// The session with the device.
    pub fn session(&mut self) -> &mut Session {
        self.connection.session()
    }

    /// Runs a case, compares its pixels and scores with the core's, and whether the accelerator
    /// executed what it can, and nothing else. Returns the modes that it executed.
    pub fn check(&mut self, known: &Known) -> BTreeSet<(u8, u8)> {
        let (case, software) = (&known.case, &known.software);
        let what = format!("{}: {}", self.name, case.name);
        let ran = self.run(case);
        assert!(ran.rgb == software.rgb, "{what}: pixels differ");
        assert!(ran.outputs == software.outputs, "{what}: scores differ");
        let capabilities = self.instance.capabilities();
        let mut executed = BTreeSet::new();
        for (index, command) in case.commands().into_iter().enumerate() {
            let (operator, mode) = command.code();
            let (found, alone) = (&ran.spent[index], &software.spent[index]);
            let what = format!("{what}: command {index}, {}", command.name());
            let offloads = operator != Operator::Control
                && capabilities.has((operator, mode))
                && !self.instance.declines(&command);
            assert_eq!(found.offloaded > 0, offloads, "{what}: who executed it");
            let items = if offloads { u64::from(found.receipt.items) } else { found.items };
            assert_eq!(items, alone.items, "{what}: work items");
            if offloads {
                assert_eq!(found.items, 0, "{what}: the core did some of it, too");
                assert!(found.receipt.clocks > 0, "{what}: took no time");
                executed.insert((operator as u8, mode));
            }
        }
        executed
    }
}

/// Loads and runs a case, which must be completed.
pub fn run(connection: &mut Connection, device: &str, case: &Case) -> Ran {
    let what = format!("{device}: {}", case.name);
    let session = connection.session();
    case.load(session).unwrap_or_else(|error| panic!("{what}: {error}"));
    let begun = Instant::now();
    let ran = case.run(session).unwrap_or_else(|error| panic!("{what}: {error}"));
    println!("{what}: {} ms", begun.elapsed().as_millis());
    assert_eq!(ran.outcome, Outcome::Completed, "{what}");
    assert_eq!(ran.pulled > 0, case.is_streamed(), "{what}: pages");
    ran
}

/// The commands that an accelerator can execute, by name and code.
pub fn commands() -> impl Iterator<Item = (String, Code)> {
    let all = COMMANDS.iter().filter(|(_, operator, _)| *operator != Operator::Control);
    all.map(|&(name, operator, mode)| (format!("{operator:?}.{name}"), (operator, mode)))
}
