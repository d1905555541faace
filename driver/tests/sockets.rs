//! Socket transports: bytes pass, and each failure is the right error with advice.

#![cfg(unix)]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use quintet_driver::transport::{DeviceUri, Transport, TransportError};

const LONG: Duration = Duration::from_secs(5);

fn connect(uri: &str) -> Result<Box<dyn Transport>, TransportError> {
    uri.parse::<DeviceUri>().unwrap().connect()
}

/// Exchanges some bytes with the far end of `transport`, then closes that.
fn exercise(mut transport: Box<dyn Transport>, mut far: impl Read + Write) {
    let mut buffer = [0; 16];
    assert_eq!(transport.read(&mut buffer, Duration::from_millis(1)).unwrap(), 0);
    transport.write(b"\0ask").unwrap();
    far.read_exact(&mut buffer[..4]).unwrap();
    assert_eq!(&buffer[..4], b"\0ask");
    far.write_all(b"say\0").unwrap();
    let mut got = Vec::new();
    while got.len() < 4 {
        let count = transport.read(&mut buffer, LONG).unwrap();
        got.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(got, b"say\0");
    drop(far);
    let gone = transport.read(&mut buffer, LONG).unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_tcp_connection_carries_bytes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let transport = connect(&format!("tcp:127.0.0.1:{port}")).unwrap();
    exercise(transport, listener.accept().unwrap().0);
}

#[test]
fn a_unix_socket_carries_bytes() {
    let path = std::env::temp_dir().join(format!("quintet-test-{}.sock", std::process::id()));
    let uri = format!("unix:{}", path.display());
    let missing = connect(&uri).err();
    assert!(matches!(missing, Some(TransportError::Missing { .. })), "{missing:?}");
    let listener = UnixListener::bind(&path).unwrap();
    let transport = connect(&uri).unwrap();
    exercise(transport, listener.accept().unwrap().0);
    drop(listener);
    let dead = connect(&uri).err();
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(dead, Some(TransportError::NobodyListens { .. })), "{dead:?}");
}

#[test]
fn a_port_without_listener_is_told_with_advice() {
    // Bound and dropped: nobody listens there now.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = connect(&format!("tcp:127.0.0.1:{port}")).err().unwrap();
    assert!(matches!(error, TransportError::NobodyListens { .. }), "{error:?}");
    assert!(error.advice().contains("start"));
}

#[test]
fn a_device_to_be_started_is_not_a_pipe() {
    for uri in ["virtual:", "qemu:mps2-an386"] {
        let error = connect(uri).err().unwrap();
        assert!(matches!(error, TransportError::NotAPipe { .. }), "{error:?}");
    }
}
