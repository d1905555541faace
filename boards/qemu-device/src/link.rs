//! The host's side of the byte link: a listening unix-domain socket with one client at a time. The
//! device outlives its clients, as a board outlives a driver.

use std::ffi::c_int;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::thread;

use crate::device::DEVICE;
use crate::mapping;

/// Bytes moved per system call.
const CHUNK_BYTES: usize = 1 << 16;

unsafe extern "C" {
    safe fn _exit(status: c_int) -> !;
}

/// Ends the process at once, without QEMU's exit handlers, which only its main thread may run.
pub fn end(status: c_int) -> ! {
    _exit(status)
}

/// Starts to listen at `path` and serves clients from a thread of its own.
pub fn listen(path: &Path) -> Result<(), String> {
    let listener = UnixListener::bind(path)
        .map_err(|error| format!("cannot listen at {}: {error}", path.display()))?;
    DEVICE.has_link.store(true, Ordering::Relaxed);
    spawn("quintet-link", move || {
        for stream in listener.incoming() {
            match stream.and_then(|stream| Ok((stream.try_clone()?, stream))) {
                Ok((input, output)) => serve(input, output),
                Err(error) => {
                    crate::say(format_args!("quintet device: a client was lost: {error}"))
                }
            }
        }
    })
}

/// Ends QEMU when standard input does: its other end is held by the driver, and closes when that
/// dies, however it dies. Removes the socket at `path` and its folder, which the driver made for
/// it, and the file `with_it`, which may be in there.
pub fn end_with_standard_input(path: PathBuf, with_it: Option<PathBuf>) -> Result<(), String> {
    spawn("quintet-lifeline", move || {
        let mut buffer = [0; 64];
        while matches!(std::io::stdin().read(&mut buffer), Ok(1..)) {}
        // A driver that is still there tidies too; either may come first.
        if std::fs::metadata(&path).is_ok_and(|found| found.file_type().is_socket()) {
            let _ = std::fs::remove_file(&path);
            let _ = with_it.map(std::fs::remove_file);
            let _ = path.parent().map(std::fs::remove_dir);
        }
        end(0);
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(work);
    started.map(drop).map_err(|error| format!("cannot start a thread: {error}"))
}

/// Serves one client until it goes. Bytes already received stay for the core to read; bytes that
/// the core sent and this client did not take are not shown to the next.
fn serve(mut input: UnixStream, output: UnixStream) {
    DEVICE.sent.clear();
    DEVICE.connected.store(true, Ordering::SeqCst);
    let writer = thread::spawn(move || send_to(output));
    receive_from(&mut input);
    DEVICE.connected.store(false, Ordering::SeqCst);
    let _ = input.shutdown(Shutdown::Both);
    DEVICE.something_to_send.notify();
    let _ = writer.join();
}

fn receive_from(input: &mut UnixStream) {
    let mut buffer = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = input.read(&mut buffer) {
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            DEVICE.space_to_receive.wait_until(|| DEVICE.received.space() > 0);
            rest = &rest[DEVICE.received.push(rest)..];
            mapping::update_interrupt_soon();
        }
    }
}

fn send_to(mut output: UnixStream) {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        DEVICE
            .something_to_send
            .wait_until(|| !DEVICE.sent.is_empty() || !DEVICE.connected.load(Ordering::SeqCst));
        if !DEVICE.connected.load(Ordering::SeqCst) {
            return;
        }
        let count = DEVICE.sent.pop(&mut buffer);
        if output.write_all(&buffer[..count]).is_err() {
            // Wakes the reader, which then sees the client gone.
            let _ = output.shutdown(Shutdown::Both);
            return;
        }
    }
}
