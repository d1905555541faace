//! The mmio backend against a small accelerator that keeps the contract, or breaks it as it is
//! told.

#[path = "../device/scene.rs"]
#[allow(dead_code, reason = "written for the device's own tests, which use all of it")]
mod scene;
#[path = "../device/windows.rs"]
#[allow(dead_code, reason = "written for the device's own tests, which use all of it")]
mod windows;
#[path = "../device/world.rs"]
#[allow(dead_code, reason = "written for the device's own tests, which use all of it")]
mod world;

mod faults;
mod order;
mod rig;
mod toy;
mod versions;
mod yields;
