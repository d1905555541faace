//! Commands as a runner sends them, and what comes back.

use super::*;
use crate::network::Element;

fn port(shape: &[usize], scale: f32, zero_point: i32) -> Port {
    let (name, shape) = (String::new(), shape.to_vec());
    Port { name, shape, element: Element::Int8, scale, zero_point, log_softmax: false, offset: 0 }
}

/// A device of four bytes to two, past its first lines.
fn dut(benchmark: Benchmark) -> Dut {
    let mut dut = Dut::new(benchmark, port(&[1, 4], 0.5, 1), port(&[1, 2], 0.25, -1));
    let boot = "m-timestamp-mode-performance\r\nm-init-done\r\nm-ready\r\n";
    assert_eq!(dut.poll(0), Action::Send(boot.into()));
    assert_eq!(dut.poll(0), Action::Wait);
    dut
}

/// What it answers to a command that needs no inference, without the last line.
fn ask(dut: &mut Dut, command: &str) -> String {
    dut.receive(command.as_bytes());
    assert_eq!(dut.poll(77), Action::Wait, "{command} has no end");
    dut.receive(b"%");
    let Action::Send(answer) = dut.poll(77) else { panic!("no answer to {command}") };
    assert_eq!(dut.poll(77), Action::Wait);
    let answer = String::from_utf8(answer).unwrap();
    answer.strip_suffix("m-ready\r\n").expect("every answer ends so").into()
}

#[test]
fn it_says_what_it_is() {
    let mut dut = dut(Benchmark::Keywords);
    assert_eq!(ask(&mut dut, "name"), "m-name-dut-[Quintet]\r\n");
    let profile = "m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[kws01]\r\n";
    assert_eq!(ask(&mut dut, "profile"), profile);
    assert_eq!(ask(&mut dut, "timestamp"), "m-lap-us-77\r\n");
    assert!(ask(&mut dut, "help").contains("infer N W"));
    assert_eq!(ask(&mut dut, "reboot now"), "e-[Unknown command: reboot]\r\n");
    assert_eq!(ask(&mut dut, ""), "e-[Unknown command: ]\r\n");
}

#[test]
fn bytes_are_loaded_piece_by_piece_and_printed() {
    let mut dut = dut(Benchmark::Keywords);
    assert_eq!(ask(&mut dut, "db load 10"), "m-[Expecting 10 bytes]\r\n");
    assert_eq!(ask(&mut dut, "db 0001fF"), "");
    assert_eq!(ask(&mut dut, "db 03"), "");
    assert_eq!(ask(&mut dut, "db 0405060708098877"), "m-load-done\r\n");
    assert_eq!(ask(&mut dut, "db 11"), "");
    let printed = "m-buffer-00-01-ff-03-04-05-06-07\r\nm-buffer-08-09\r\n";
    assert_eq!(ask(&mut dut, "db print"), printed);
}

#[test]
fn wrong_commands_are_refused() {
    let mut dut = dut(Benchmark::Keywords);
    for (command, answer) in [
        ("db", "e-[Command 'db' requires a subcommand]\r\n"),
        ("db load", "e-[Command 'db load' requires the # of bytes]\r\n"),
        ("db load 0", "e-[Command 'db load' must be >0 bytes]\r\n"),
        ("db load -4", "e-[Command 'db load' must be >0 bytes]\r\n"),
        ("db load x", "e-[Command 'db load' must be >0 bytes]\r\n"),
        ("db load 27649", "e-[27649 bytes exceed the maximum of 27648]\r\n"),
        ("db load 99999999999", "e-[2147483647 bytes exceed the maximum of 27648]\r\n"),
        ("infer 0", "e-[Inference iterations must be >0]\r\n"),
        ("infer 1 -1", "e-[Inference warmup must be >=0]\r\n"),
        ("infer 1 0", "e-[The model takes 4 bytes, 0 are loaded]\r\n"),
        ("results", "e-[There was no inference yet]\r\n"),
        ("db load 4", "m-[Expecting 4 bytes]\r\n"),
        ("db 123", "e-[Insufficent number of hex digits]\r\n"),
        ("db 1g", "e-[Invalid hex digit '1g']\r\n"),
    ] {
        assert_eq!(ask(&mut dut, command), answer, "{command}");
    }
    // Cut at 80 characters, of which 77 are digits.
    let long = format!("db {}", "0".repeat(200));
    assert_eq!(ask(&mut dut, &long), "e-[Insufficent number of hex digits]\r\n");
}

#[test]
fn an_inference_is_timed_after_the_warm_up() {
    let mut dut = dut(Benchmark::Keywords);
    ask(&mut dut, "db load 4");
    ask(&mut dut, "db 01fe7f80");
    dut.receive(b"infer 2 1%name%");
    assert_eq!(dut.poll(5), Action::Send("m-warmup-start-1\r\n".into()));
    assert_eq!(dut.poll(6), Action::Infer(vec![1, -2, 127, -128]));
    dut.inferred(Ok(&[0, 0]));
    let lines = "m-warmup-done\r\nm-infer-start-2\r\nm-lap-us-7\r\n";
    assert_eq!(dut.poll(7), Action::Send(lines.into()));
    for output in [[1, 1], [127, -1]] {
        assert_eq!(dut.poll(8), Action::Infer(vec![1, -2, 127, -128]), "the same input each time");
        dut.inferred(Ok(&output));
    }
    let lines = "m-lap-us-9\r\nm-infer-done\r\nm-results-[32.000,0.000]\r\nm-ready\r\n";
    assert_eq!(dut.poll(9), Action::Send(lines.into()));
    let name = "m-name-dut-[Quintet]\r\nm-ready\r\n";
    assert_eq!(dut.poll(10), Action::Send(name.into()), "what came meanwhile is answered after it");
    assert_eq!(ask(&mut dut, "results"), "m-results-[32.000,0.000]\r\n");
}

#[test]
fn an_inference_that_fails_is_told() {
    let mut dut = dut(Benchmark::Keywords);
    ask(&mut dut, "db load 4");
    ask(&mut dut, "db 00000000");
    dut.receive(b"infer 1 0%");
    assert_eq!(dut.poll(0), Action::Send("m-warmup-start-0\r\n".into()));
    assert!(matches!(dut.poll(0), Action::Send(_)));
    assert!(matches!(dut.poll(0), Action::Infer(_)));
    dut.inferred(Err("the device\nis gone"));
    assert_eq!(dut.poll(0), Action::Send("e-[the device is gone]\r\nm-ready\r\n".into()));
    assert_eq!(dut.poll(0), Action::Wait);
}

#[test]
fn each_benchmark_has_its_own_input_and_result() {
    let input = port(&[1, 2], 0.5, 1);
    let bytes = [0, 127, 128, 255];
    assert_eq!(Benchmark::Keywords.input(&bytes, &input), [0, 127, -128, -1]);
    assert_eq!(Benchmark::WakeWords.input(&bytes, &input), [-128, -1, 0, 127]);
    assert_eq!(Benchmark::Images.input(&bytes, &input), [-128, -1, 0, 127]);
    let sample = [1.0f32, -2.0].map(f32::to_le_bytes).concat();
    assert_eq!(Benchmark::Anomalies.sample_bytes(&input), sample.len());
    assert_eq!(Benchmark::Anomalies.input(&sample, &input), [3, -3]);
    // 2.0 and -2.0 against 1.0 and -2.0.
    assert_eq!(Benchmark::Anomalies.result(&sample, &[5, -3], &input), [0.5]);
}

#[test]
fn a_benchmark_is_known_by_its_name_and_by_its_model() {
    for (shape, classes, name) in [
        (&[1, 49, 10, 1][..], 12, "kws01"),
        (&[1, 96, 96, 3], 2, "vww01"),
        (&[1, 32, 32, 3], 10, "ic01"),
        (&[1, 640], 640, "ad01"),
    ] {
        let (input, output) = (port(shape, 1.0, 0), port(&[1, classes], 1.0, 0));
        let benchmark = Benchmark::of_model(&input, &output);
        assert_eq!(benchmark, Benchmark::named(name));
        assert_eq!(benchmark.unwrap().to_string(), name);
    }
    assert_eq!(Benchmark::of_model(&port(&[1, 640], 1.0, 0), &port(&[1, 2], 1.0, 0)), None);
    assert_eq!(Benchmark::named("sww01"), None);
}
