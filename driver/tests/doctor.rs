//! What `quintet doctor` finds, on computers that are folders.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use quintet_boards::{Description, find};
use quintet_driver::doctor::{Environment, Finding, Status, examine};
use quintet_driver::flash::{Port, UsbPort};

/// An empty computer: no programs, no devices, a checkout that asks for Rust 1.95.0.
fn computer(name: &str) -> Environment {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("doctor").join(name);
    let _ = fs::remove_dir_all(&root);
    let repository = root.join("quintet");
    let bin = root.join("bin");
    fs::create_dir_all(&repository).unwrap();
    fs::create_dir_all(&bin).unwrap();
    let pinned = "[toolchain]\nchannel = \"1.95.0\"\n";
    fs::write(repository.join("rust-toolchain.toml"), pinned).unwrap();
    Environment {
        path: OsString::from(bin),
        firmware: vec![repository.join("target/firmware")],
        repository: Some(repository),
        ports: Vec::new(),
        open: |_| Ok(()),
        root,
    }
}

/// Installs a program, which is a shell script. A process of its own writes it: one that another
/// test starts meanwhile would inherit the open file, and what is open to be written does not run.
fn install(computer: &Environment, name: &str, script: &str) {
    let write = r#"printf '#!/bin/sh\n%s\n' "$2" > "$1" && chmod 755 "$1""#;
    let file = computer.root.join("bin").join(name);
    let mut shell = Command::new("/bin/sh");
    let status = shell.args(["-c", write, "sh"]).arg(file).arg(script).status().unwrap();
    assert!(status.success());
}

/// A compiler with `core` for the targets.
fn install_rust(computer: &Environment, version: &str, targets: &[&str]) {
    for target in targets {
        let folder = computer.root.join("lib").join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("libcore-1.rlib"), "").unwrap();
    }
    let lib = computer.root.join("lib");
    let script = format!(
        "[ \"$1\" = --version ] && echo 'rustc {version} (abc 2026-01-01)' || echo {}/$4",
        lib.display()
    );
    install(computer, "rustc", &script);
}

fn install_qemu(computer: &Environment, version: &str) {
    for name in ["qemu-system-arm", "qemu-system-riscv32"] {
        let script = format!(
            "[ \"$1\" = --version ] && echo 'QEMU emulator version {version} (Debian)' && exit\n\
             echo 'quintet device: the argument machine=NAME is missing' >&2; exit 1"
        );
        install(computer, name, &script);
    }
}

fn build(computer: &Environment, file: &str) {
    fs::create_dir_all(&computer.firmware[0]).unwrap();
    fs::write(computer.firmware[0].join(file), "").unwrap();
}

/// Plugs an ST-LINK in.
fn plug(computer: &Environment) -> PathBuf {
    let folder = computer.root.join("sys/bus/usb/devices/1-4");
    fs::create_dir_all(&folder).unwrap();
    for (file, text) in [
        ("idVendor", "0483"),
        ("idProduct", "374e"),
        ("serial", "0029"),
        ("product", "STLINK-V3"),
        ("busnum", "1"),
        ("devnum", "7"),
    ] {
        fs::write(folder.join(file), text).unwrap();
    }
    computer.root.join("dev/bus/usb/001/007")
}

/// A process that has a file open.
fn run(computer: &Environment, process: &str, name: &str, file: &Path) {
    let folder = computer.root.join("proc").join(process);
    fs::create_dir_all(folder.join("fd")).unwrap();
    fs::write(folder.join("comm"), name).unwrap();
    symlink(file, folder.join("fd/9")).unwrap();
}

fn about<'a>(findings: &'a [Finding], thing: &str) -> &'a Finding {
    let found = findings.iter().find(|finding| finding.thing.starts_with(thing));
    found.unwrap_or_else(|| panic!("nothing about {thing}: {findings:#?}"))
}

fn emulated() -> &'static Description {
    find("qemu-mps2-an386").unwrap()
}

/// A board on a probe.
fn board() -> &'static Description {
    let text = r#"
        name = "desk"
        title = "a board"
        package = "p"
        target = "thumbv7em-none-eabihf"
        memory = { ram = { origin = 0, bytes = 9 }, arena = { origin = 9, bytes = 9 } }
        budget = { flash = 3, ram = 4, stack = 2 }
        link = { kind = "uart", usb = "0483:374e" }
        flash = { by = "probe", chip = "STM32F405RG", line = "swd" }
    "#;
    Box::leak(Box::new(Description::parse(text).unwrap()))
}

#[test]
fn a_computer_with_everything_is_fine() {
    let computer = computer("everything");
    install_rust(&computer, "1.95.0", &["thumbv7em-none-eabihf"]);
    install_qemu(&computer, "7.2.22");
    build(&computer, "qemu-mps2-an386.elf");
    build(&computer, "libquintet_qemu_device.so");
    let findings = examine(&computer, Some(emulated()));
    let bad: Vec<_> = findings.iter().filter(|it| it.status != Status::Fine).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(about(&findings, "qemu-system-arm").says.contains("7.2.22"));
}

#[test]
fn an_empty_computer_is_told_what_to_install() {
    let findings = examine(&computer("empty"), Some(emulated()));
    let mends =
        [("rustc", "rustup"), ("qemu-system-arm", "apt-get install"), ("firmware", "xtask")];
    for (thing, mend) in mends {
        let finding = about(&findings, thing);
        assert_eq!(finding.status, Status::Broken, "{finding:?}");
        assert!(finding.mend.contains(mend), "{finding:?}");
    }
    let device = about(&findings, "device inside QEMU");
    assert_eq!(device.status, Status::Warning, "boards run without it");
}

#[test]
fn old_programs_and_missing_targets_are_told_with_what_renews_them() {
    let computer = computer("old");
    install_rust(&computer, "1.94.1", &[]);
    install_qemu(&computer, "6.2.0");
    let findings = examine(&computer, Some(emulated()));
    let rustc = about(&findings, "rustc");
    assert_eq!(rustc.says, "it is 1.94.1, older than 1.95.0");
    assert_eq!(rustc.mend, "rustup toolchain install 1.95.0");
    let target = about(&findings, "target thumbv7em-none-eabihf");
    assert_eq!(target.status, Status::Broken);
    assert_eq!(target.mend, "rustup target add thumbv7em-none-eabihf");
    let qemu = about(&findings, "qemu-system-arm");
    assert!(qemu.says.contains("6.2.0") && qemu.status == Status::Broken, "{qemu:?}");
}

#[test]
fn a_device_that_qemu_does_not_load_comes_with_its_reason() {
    let computer = computer("plugin");
    install_qemu(&computer, "7.2.22");
    install(
        &computer,
        "qemu-system-arm",
        "echo 'Could not load plugin: undefined symbol' >&2; exit 1",
    );
    build(&computer, "libquintet_qemu_device.so");
    let findings = examine(&computer, Some(emulated()));
    let device = about(&findings, "device inside QEMU");
    assert_eq!(device.status, Status::Warning);
    assert!(device.says.contains("undefined symbol"), "{device:?}");
}

#[test]
fn outside_of_a_checkout_no_compiler_is_needed() {
    let computer = Environment { repository: None, ..computer("installed") };
    let findings = examine(&computer, Some(emulated()));
    assert_eq!(about(&findings, "toolchain").status, Status::Fine);
    assert!(about(&findings, "firmware").mend.contains("QUINTET_FIRMWARE_DIR"));
}

#[test]
fn a_probe_is_told_with_what_keeps_it_from_being_opened() {
    let computer = computer("probe");
    let node = plug(&computer);
    let status = |environment: &Environment| {
        let findings = examine(environment, Some(board()));
        about(&findings, "debug probe 0483:374e:0029 STLINK-V3").clone()
    };
    assert_eq!(status(&computer).status, Status::Fine);
    let denied =
        Environment { open: |_| Err(io::ErrorKind::PermissionDenied.into()), ..computer.clone() };
    let denied = status(&denied);
    assert_eq!(denied.status, Status::Broken);
    assert!(denied.mend.contains("quintet doctor --udev | sudo tee"), "{denied:?}");
    run(&computer, "4711", "openocd", &node);
    let busy = status(&computer);
    assert_eq!((busy.says.as_str(), busy.mend.as_str()), ("in use by openocd (4711)", "kill 4711"));
}

#[test]
fn rules_for_probes_are_found_wherever_udev_looks() {
    let computer = computer("rules");
    plug(&computer);
    let rules = |environment: &Environment| {
        let findings = examine(environment, Some(board()));
        about(&findings, "udev rules").status
    };
    assert_eq!(rules(&computer), Status::Warning);
    let folder = computer.root.join("usr/lib/udev/rules.d");
    fs::create_dir_all(&folder).unwrap();
    let rule = "ATTRS{product}==\"*CMSIS-DAP*\", TAG+=\"uaccess\"\n";
    fs::write(folder.join("69-probe-rs.rules"), rule).unwrap();
    assert_eq!(rules(&computer), Status::Fine);
}

#[test]
fn a_serial_port_is_told_with_its_board_its_user_and_its_group() {
    let mut computer = computer("port");
    let usb = Some(UsbPort { id: "0483:374e".into(), serial: None });
    computer.ports = vec![Port { path: "/dev/ttyACM0".into(), usb }];
    let status = |environment: &Environment| {
        let findings = examine(environment, Some(board()));
        about(&findings, "serial port /dev/ttyACM0").clone()
    };
    assert_eq!(status(&computer).says, "the link of desk");
    fs::create_dir_all(computer.root.join("dev")).unwrap();
    fs::write(computer.root.join("dev/ttyACM0"), "").unwrap();
    let denied =
        Environment { open: |_| Err(io::ErrorKind::PermissionDenied.into()), ..computer.clone() };
    assert_eq!(status(&denied).mend, "sudo usermod -aG dialout $USER");
    let number = fs::metadata(computer.root.join("dev/ttyACM0")).unwrap().gid();
    fs::create_dir_all(computer.root.join("etc")).unwrap();
    fs::write(computer.root.join("etc/group"), format!("uucp:x:{number}:\n")).unwrap();
    assert_eq!(status(&denied).mend, "sudo usermod -aG uucp $USER");
    run(&computer, "8", "picocom", &computer.root.join("dev/ttyACM0"));
    let busy = status(&computer);
    assert_eq!((busy.status, busy.mend.as_str()), (Status::Broken, "kill 8"));
}

#[test]
fn a_full_disk_is_told_with_what_empties_it() {
    let computer = computer("disk");
    let table = "echo Filesystem 1024-blocks Used Available Capacity Mounted on";
    install(&computer, "df", &format!("{table}\necho /dev/sda1 9999999 9 1048576 99% /"));
    let findings = examine(&computer, Some(emulated()));
    let disk = about(&findings, "disk");
    assert_eq!((disk.status, disk.mend.as_str()), (Status::Warning, "cargo clean"));
    assert!(disk.says.starts_with("1.0 GiB are left"), "{disk:?}");
}

#[test]
fn without_a_board_only_what_emulated_boards_need_can_be_broken() {
    let computer = computer("all");
    plug(&computer);
    let denied = Environment { open: |_| Err(io::ErrorKind::PermissionDenied.into()), ..computer };
    let findings = examine(&denied, None);
    for finding in &findings {
        let allowed = ["rustc", "qemu-system-arm", "qemu-system-riscv32"];
        let broken = finding.status == Status::Broken;
        assert!(!broken || allowed.contains(&finding.thing.as_str()), "{finding:?}");
    }
    assert!(findings.iter().any(|finding| finding.status == Status::Broken));
}
