//! Debug probes, through probe-rs: which there are, and firmware written by one of them.

mod layout;
mod sort;
mod write;

use probe_rs::config::Registry;
use probe_rs::probe::DebugProbeSelector;
use probe_rs::probe::list::{Accessibility, Lister, ProbeListItem};

use super::{Chip, FlashError};
pub use layout::Layout;
pub use write::Options;

/// The debug probes of this computer, and the chips that they can write.
pub struct Probes {
    lister: Lister,
    registry: Registry,
}

impl Default for Probes {
    fn default() -> Self {
        Self::new(Lister::new())
    }
}

impl Probes {
    /// The probes that `lister` tells of.
    #[must_use]
    pub fn new(lister: Lister) -> Self {
        Self { lister, registry: Registry::from_builtin_families() }
    }

    /// The probe that is meant: the only one, or the one that `wanted` says, as `VID:PID`,
    /// `VID:PID:SERIAL` or the serial number alone.
    ///
    /// Never the first of several: firmware on the wrong board is not what was wanted.
    ///
    /// # Errors
    ///
    /// [`FlashError::NoProbe`], [`FlashError::SeveralProbes`], [`FlashError::UnknownProbe`] or
    /// [`FlashError::ProbeDenied`].
    pub fn choose(&self, wanted: Option<&str>) -> Result<ProbeListItem, FlashError> {
        choose(self.lister.list_all_with_access(), wanted)
    }

    /// What writing an image to a chip does to its flash; no probe is needed to know.
    ///
    /// # Errors
    ///
    /// [`FlashError::Chip`] if probe-rs does not know the chip, or has no way to write there.
    pub fn layout(&self, chip: &Chip, image: &super::Image) -> Result<Layout, FlashError> {
        Layout::of(&self.target(chip)?, image)
    }

    fn target(&self, chip: &Chip) -> Result<probe_rs::Target, FlashError> {
        let target = self.registry.get_target_by_name(chip.name);
        target.map_err(|error| FlashError::Chip {
            chip: chip.name.to_owned(),
            reason: sort::chain(&error),
        })
    }
}

/// How a probe is named with `--probe`, and what it calls itself.
#[must_use]
pub fn describe(probe: &ProbeListItem) -> String {
    let info = &probe.info;
    let serial = info.serial_number.as_deref().map(|it| format!(":{it}")).unwrap_or_default();
    format!("{:04x}:{:04x}{serial} {}", info.vendor_id, info.product_id, info.identifier)
}

fn choose(
    mut there: Vec<ProbeListItem>,
    wanted: Option<&str>,
) -> Result<ProbeListItem, FlashError> {
    // A probe may be listed once for each of its interfaces.
    let identity =
        |it: &ProbeListItem| (it.info.vendor_id, it.info.product_id, it.info.serial_number.clone());
    there.dedup_by_key(|item| identity(item));
    let all: Vec<_> = there.iter().map(describe).collect();
    if let Some(wanted) = wanted {
        let selector: Option<DebugProbeSelector> = wanted.parse().ok();
        there.retain(|item| match &selector {
            Some(selector) => selector.matches_probe(&item.info),
            None => item.info.serial_number.as_deref() == Some(wanted),
        });
    }
    match (there.len(), wanted) {
        (1, _) if there[0].accessibility == Accessibility::PermissionDenied => {
            Err(FlashError::ProbeDenied { probe: describe(&there[0]) })
        }
        (1, _) => Ok(there.remove(0)),
        (0, Some(wanted)) if !all.is_empty() => {
            Err(FlashError::UnknownProbe { wanted: wanted.to_owned(), there: all.join(", ") })
        }
        (0, _) => Err(FlashError::NoProbe),
        _ => Err(FlashError::SeveralProbes(
            there.iter().map(|item| format!("--probe {}", describe(item))).collect(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use probe_rs::probe::{DebugProbe, DebugProbeError, DebugProbeInfo, ProbeFactory};

    use super::*;

    #[derive(Debug)]
    struct Factory;

    impl fmt::Display for Factory {
        fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str("test")
        }
    }

    impl ProbeFactory for Factory {
        fn open(&self, _: &DebugProbeSelector) -> Result<Box<dyn DebugProbe>, DebugProbeError> {
            Err(DebugProbeError::TargetNotFound)
        }

        fn list_probes(&self) -> Vec<ProbeListItem> {
            Vec::new()
        }
    }

    fn probe(serial: &str, interface: Option<u8>) -> ProbeListItem {
        let serial = Some(serial.to_owned());
        let info = DebugProbeInfo::new("Probe", 0x2e8a, 0x000c, serial, &Factory, interface, false);
        ProbeListItem::accessible(info)
    }

    #[test]
    fn the_only_probe_is_taken_whatever_it_is() {
        let chosen = choose(vec![probe("A", None)], None).unwrap();
        assert_eq!(describe(&chosen), "2e8a:000c:A Probe");
        let twice = vec![probe("A", Some(0)), probe("A", Some(1))];
        assert!(choose(twice, None).is_ok(), "one probe, two interfaces");
    }

    #[test]
    fn of_several_probes_none_is_taken_unasked_and_each_is_told_as_it_is_typed() {
        let both = || vec![probe("A", None), probe("B", None)];
        let said = choose(both(), None).unwrap_err().to_string();
        assert!(said.contains("--probe 2e8a:000c:A") && said.contains("--probe 2e8a:000c:B"));
        for wanted in ["2e8a:000c:B", "B"] {
            let chosen = choose(both(), Some(wanted)).unwrap();
            assert_eq!(chosen.info.serial_number.as_deref(), Some("B"));
        }
        let vague = choose(both(), Some("2e8a:000c")).unwrap_err();
        assert!(matches!(vague, FlashError::SeveralProbes(_)), "{vague}");
    }

    #[test]
    fn a_probe_that_is_not_there_is_told_with_those_that_are() {
        let said = choose(vec![probe("A", None)], Some("0483:374e")).unwrap_err().to_string();
        assert!(said.contains("0483:374e") && said.contains("2e8a:000c:A"), "{said}");
        assert!(matches!(choose(vec![], Some("0483:374e")), Err(FlashError::NoProbe)));
        assert!(matches!(choose(vec![], None), Err(FlashError::NoProbe)));
    }

    #[test]
    fn a_probe_that_may_not_be_opened_is_told_before_it_is_tried() {
        let mut denied = probe("A", None);
        denied.accessibility = Accessibility::PermissionDenied;
        let error = choose(vec![denied], None).unwrap_err();
        assert!(matches!(error, FlashError::ProbeDenied { .. }), "{error}");
    }
}
