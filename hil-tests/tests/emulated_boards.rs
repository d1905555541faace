//! What only emulated boards have: QEMU starts and ends with its driver, falls back to the UART,
//! and what is missing is said.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use quintet_driver::device::Connection;
use quintet_driver::emulator::{Emulator, EmulatorError, EmulatorLink, known_boards, plugin_path};
use quintet_driver::session::{Limits, Session};
use quintet_driver::transport::from_unix;
use quintet_hil_tests::{patient, uri};

/// Generous: the machine may be busy.
const TIMEOUT: Duration = Duration::from_secs(60);

fn start(board: &str, link: EmulatorLink) -> (Emulator, UnixStream) {
    let mut emulator = Emulator::start(board, link).unwrap();
    assert_eq!(emulator.warning(), None);
    let stream = emulator.connect().unwrap();
    (emulator, stream)
}

/// The line that the firmware writes once it runs, with its instruction count.
fn boot_line(emulator: &Emulator) -> String {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let diagnostics = emulator.diagnostics();
        if let Some(line) = diagnostics.lines().find(|line| line.contains("instructions")) {
            return line.to_owned();
        }
        assert!(Instant::now() < deadline, "no boot line in: {diagnostics}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_boot_takes_the_same_instructions_every_time() {
    for board in known_boards().map(|board| board.name()) {
        let boot_lines: Vec<String> = (0..3)
            .map(|_| {
                let (emulator, _stream) = start(board, EmulatorLink::Bulk);
                boot_line(&emulator)
            })
            .collect();
        assert_eq!(boot_lines[0], boot_lines[1]);
        assert_eq!(boot_lines[0], boot_lines[2]);
    }
}

#[test]
fn an_unusable_device_falls_back_to_the_uart_with_a_warning() {
    let board = known_boards().next().unwrap().name();
    let image = format!("qemu-{board}.elf");
    let folder = std::env::temp_dir().join(format!("quintet-fallback-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(firmware_folder(&image).join(&image), folder.join(&image)).unwrap();
    std::fs::write(folder.join("libquintet_qemu_device.so"), b"not a library").unwrap();

    let mut emulator = Emulator::start_from(&folder, board, EmulatorLink::Bulk, None).unwrap();
    assert_eq!(emulator.link(), EmulatorLink::Uart);
    assert!(emulator.warning().unwrap().contains("libquintet_qemu_device.so"));
    let transport = from_unix(emulator.connect().unwrap()).unwrap();
    let mut session = Session::open(transport, patient()).unwrap();
    assert!(session.describe().unwrap().board.ends_with(board));
    drop(session);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Started by the next test, which kills it.
#[test]
#[ignore = "a helper of board_ends_with_a_driver_that_is_killed"]
fn driver_to_be_killed() {
    let link = match std::env::var("QUINTET_TEST_LINK").as_deref() {
        Ok("uart") => EmulatorLink::Uart,
        _ => EmulatorLink::Bulk,
    };
    let board = std::env::var("QUINTET_TEST_BOARD").unwrap();
    let _running = start(&board, link);
    println!("running");
    thread::sleep(TIMEOUT);
}

#[test]
fn board_ends_with_a_driver_that_is_killed() {
    for (board, link) in [("riscv-virt", "bulk"), ("riscv-virt", "uart"), ("netduinoplus2", "uart")]
    {
        let mut driver = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "driver_to_be_killed"])
            .env("QUINTET_TEST_LINK", link)
            .env("QUINTET_TEST_BOARD", board)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().ends_with("running")));
        let folder = std::env::temp_dir().join(format!("quintet-{}-0", driver.id()));
        assert!(folder.is_dir());
        driver.kill().unwrap();
        driver.wait().unwrap();
        // QEMU's last act is to remove the folder.
        let deadline = Instant::now() + TIMEOUT;
        while folder.exists() {
            assert!(Instant::now() < deadline, "QEMU still runs");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn what_is_missing_is_said() {
    let unknown = Emulator::start("pdp-11", EmulatorLink::Bulk).unwrap_err();
    assert!(unknown.to_string().contains("mps2-an386, riscv-virt"));
    let empty = Path::new("/nonexistent");
    let missing = Emulator::start_from(empty, "riscv-virt", EmulatorLink::Bulk, None).unwrap_err();
    assert!(matches!(missing, EmulatorError::FirmwareMissing { .. }));
    assert!(missing.to_string().contains("cargo xtask firmware"));
}

/// Started by the next test, with broken firmware.
#[test]
#[ignore = "a helper of last_words_of_broken_firmware_are_told"]
fn driver_of_broken_firmware() {
    let error = Connection::open(&uri("qemu:mps2-an386"), Limits::default()).err().unwrap();
    println!("told: {}; {}", error, error.advice());
}

#[test]
fn last_words_of_broken_firmware_are_told() {
    let image = "qemu-mps2-an386.elf";
    let folder = std::env::temp_dir().join(format!("quintet-broken-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let source = firmware_folder(image);
    let plugin = plugin_path(&source);
    std::fs::copy(&plugin, folder.join(plugin.file_name().unwrap())).unwrap();
    let mut elf = std::fs::read(source.join(image)).unwrap();
    // All of the code and none of the headers.
    elf[4096..40_000].fill(0xFF);
    std::fs::write(folder.join(image), elf).unwrap();
    let driver = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "driver_of_broken_firmware"])
        .env("QUINTET_FIRMWARE_DIR", &folder)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let told = String::from_utf8_lossy(&driver.stdout);
    assert!(told.contains("told: ") && told.contains("Lockup"), "{told}");
}

/// The folder that the driver finds as well: the variable's, or above this test's own program.
fn firmware_folder(image: &str) -> PathBuf {
    if let Some(folder) = std::env::var_os("QUINTET_FIRMWARE_DIR") {
        return folder.into();
    }
    let program = std::env::current_exe().unwrap();
    let mut above = program.ancestors().map(|folder| folder.join("firmware"));
    above.find(|folder| folder.join(image).is_file()).unwrap()
}
