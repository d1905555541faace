//! Linux's rule by which users may open debug probes and boards.

/// Where the rule belongs. The number is below that of the rules which act on `uaccess`.
pub const PATH: &str = "/etc/udev/rules.d/69-quintet.rules";

/// The file. Vendors and products: `board.toml` of each board, and the USB ID Repository
/// (www.linux-usb.org/usb.ids) for the probes.
pub const RULES: &str = r#"# Debug probes and boards of Quintet: for whoever sits at the computer, and for group plugdev.
ACTION!="add|change", GOTO="quintet_end"
# ST-LINK/V2, V2-1 and V3, the probe on NUCLEO boards.
SUBSYSTEMS=="usb", ATTRS{idVendor}=="0483", ATTRS{idProduct}=="3748|374[b-f]|375[2-5]", MODE="660", GROUP="plugdev", TAG+="uaccess"
# SEGGER J-Link, the probe on Nordic's DK boards.
SUBSYSTEMS=="usb", ATTRS{idVendor}=="1366", MODE="660", GROUP="plugdev", TAG+="uaccess"
# CMSIS-DAP, such as Raspberry Pi's Debug Probe.
SUBSYSTEMS=="usb", ATTRS{product}=="*CMSIS-DAP*", MODE="660", GROUP="plugdev", TAG+="uaccess"
# Serial port and JTAG inside Espressif's chips.
SUBSYSTEMS=="usb", ATTRS{idVendor}=="303a", ATTRS{idProduct}=="1001", MODE="660", GROUP="plugdev", TAG+="uaccess"
LABEL="quintet_end"
"#;

/// The command that puts the rule where it belongs and makes it count.
pub const INSTALL: &str = "quintet doctor --udev | sudo tee /etc/udev/rules.d/69-quintet.rules && \
                           sudo udevadm control --reload && sudo udevadm trigger";

/// What to do where a probe may not be opened.
#[must_use]
pub fn advice() -> String {
    format!("run `{INSTALL}`, then plug the probe in again; this is the rule:\n{RULES}")
}

#[cfg(test)]
mod tests {
    use super::{INSTALL, PATH, RULES};

    #[test]
    fn the_rule_stands_in_one_file_whose_name_comes_before_the_seats() {
        assert!(INSTALL.contains(PATH));
        assert!(PATH.rsplit('/').next() < Some("73-seat-late.rules"));
        let rules = RULES.lines().filter(|line| line.starts_with("SUBSYSTEMS"));
        assert!(rules.clone().count() == 4);
        rules.for_each(|line| assert!(line.ends_with("TAG+=\"uaccess\""), "{line}"));
    }
}
