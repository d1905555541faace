//! Tests that run on boards, emulated ones included; see `tests/`.
