//! `quintet selftest`, on the virtual device.

use serde_json::Value;

use super::{fails, folder, quintet, works};

#[test]
fn a_sound_device_passes_and_each_check_is_told() {
    let folder = folder("selftest");
    let said = works(quintet(&folder, &["selftest"]));
    assert!(said.ends_with(" passed, 0 skipped, 0 failed\n"), "{said}");
    let report = works(quintet(&folder, &["selftest", "--json"]));
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["passed"], &report["device"]["uri"]), (&true.into(), &"virtual:".into()));
    assert!(report["link"]["sent"].as_u64() > Some(0), "{report}");
    let checks = report["checks"].as_array().unwrap();
    for check in checks {
        let name = check["name"].as_str().unwrap();
        assert!(said.contains(name), "{name} is not in: {said}");
        assert_eq!((&check["verdict"], &check["detail"]), (&"passed".into(), &Value::Null));
        assert!(check["cases"].as_u64() > Some(0), "{check}");
    }
    for operator in ["Geometry", "CombinedGrid", "DecomposedGrid", "Sort", "Gemm", "Vector"] {
        let is_of = |check: &Value| check["name"].as_str().unwrap().starts_with(operator);
        assert!(checks.iter().any(is_of), "{operator} is not tested");
    }
}

#[test]
fn what_a_small_device_has_no_room_for_is_skipped_with_the_reason() {
    let folder = folder("selftest-small");
    let said = works(quintet(&folder, &["selftest", "--device", "virtual:?arena=4096"]));
    let skipped: Vec<_> = said.lines().filter(|line| line.starts_with("skipped")).collect();
    assert!(!skipped.is_empty() && said.ends_with(" 0 failed\n"), "{said}");
    assert!(skipped.iter().all(|line| line.contains("the device has 4096")), "{said}");
}

#[test]
fn a_device_that_is_not_there_is_no_failed_self_test() {
    let folder = folder("selftest-absent");
    fails(
        quintet(&folder, &["selftest", "--device", "serial:/dev/quintet-none"]),
        3,
        "no such port",
    );
}
