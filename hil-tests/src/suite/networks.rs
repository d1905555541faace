//! Whole networks, byte for byte as TFLite's reference kernels have it.

use quintet_driver::import;
use quintet_driver::infer::Inference;
use quintet_driver::input::npy::{Array, Elements};

use super::{Cause, LITTLE, Test, Verdict, check};
use crate::cases::network_folder;
use crate::device::Device;
use crate::target::Needs;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    Test { name: "small_networks_give_the_reference_kernels_bytes", needs: SMALL, body: small },
    Test { name: "trained_networks_give_the_reference_kernels_bytes", needs: SMALL, body: trained },
    Test { name: "networks_give_the_reference_kernels_bytes", needs: LARGE, body: large },
    Test { name: "a_network_larger_than_the_arena_gives_its_bytes", needs: PAGED, body: paged },
];

const SMALL: Needs = Needs { arena: 64 << 10, upload: 200 << 10, ..LITTLE };
const LARGE: Needs = Needs { arena: 512 << 10, upload: 600 << 10, ..LITTLE };
const PAGED: Needs = Needs { arena: 64 << 10, upload: 250 << 10, ..LITTLE };

/// What the trainer exports, from the folder of networks on.
const TRAINED: [&str; 4] = [
    "../trainer/tests/golden/mobilenet",
    "../trainer/tests/golden/resnet",
    "../trainer/tests/golden/ds_cnn",
    "../trainer/tests/golden/mlp",
];

/// An array of the folder of networks.
fn array(name: &str, ending: &str) -> Result<Array, Cause> {
    let file = network_folder().join(format!("{name}.{ending}.npy"));
    let bytes = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(Array::from_npy(&bytes)?)
}

/// Runs `samples` of a network's samples in the whole arena, and compares with what is known.
fn run(device: &Device, name: &str, samples: usize) -> Result<Pulled, Cause> {
    device.step(format!("run {name}"));
    let network = import::network(&network_folder().join(format!("{name}.tflite")))?.network;
    let mut connection = device.open()?;
    let mut inference = Inference::new(&mut connection, &network, &mut |_, _| ())?;
    let (input, output) = (array(name, "input")?, array(name, "output")?);
    let port = inference.inputs()[0].clone();
    let given = match &input.elements {
        Elements::Int8(bytes) => bytes.clone(),
        Elements::Float(reals) => port.quantise(reals),
        other => return Err(format!("{name}: input of {}", other.name()).into()),
    };
    let mut found = Vec::new();
    for sample in given.chunks(port.len()).take(samples) {
        found.extend_from_slice(&inference.run(&[sample])?.outputs[0]);
    }
    let is_streamed = inference.bundle().parts().pages.is_some();
    let port = &inference.outputs()[0];
    match &output.elements {
        Elements::Int8(expected) => {
            check!(expected[..found.len()] == found, "{name}: scores differ");
        }
        Elements::Float(expected) => {
            let near = |(a, b): (&f32, f32)| (a - b).abs() < 1e-5;
            let found = port.dequantise(&found);
            check!(expected.iter().zip(found).all(near), "{name}: scores differ");
        }
        other => return Err(format!("{name}: output of {}", other.name()).into()),
    }
    Ok(Pulled(is_streamed))
}

/// Whether a network's weights came page by page.
struct Pulled(bool);

fn small(device: &Device) -> Verdict {
    for name in ["tflm_hello_world_int8", "tflm_micro_speech_int8", "mlperf_kws_ref_model_int8"] {
        run(device, name, 2)?;
    }
    Ok(())
}

fn trained(device: &Device) -> Verdict {
    for name in TRAINED {
        run(device, name, 2)?;
    }
    Ok(())
}

fn large(device: &Device) -> Verdict {
    for name in [
        "mlperf_resnet8_int8",
        "mlperf_kws_ref_model_int8",
        "mlperf_ad01_int8",
        "tflm_micro_speech_int8",
        "tflm_hello_world_int8",
        "tinyengine_mnist_lenet",
    ] {
        run(device, name, usize::MAX)?;
    }
    Ok(())
}

/// On a device whose arena does not hold ResNet-8 it is streamed by itself; that it gives the same
/// bytes is what matters on any.
fn paged(device: &Device) -> Verdict {
    let Pulled(is_streamed) = run(device, "mlperf_resnet8_int8", 1)?;
    let is_small = device.target().arena < 100 << 10;
    check!(is_streamed || !is_small, "96 KiB of weights fit {} bytes", device.target().arena);
    Ok(())
}
