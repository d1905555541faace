//! `quintet eval` on the sets that are too large for the repository: pictures and keywords.

use std::path::{Path, PathBuf};

use super::{folder, quintet, works};

/// Evaluates a network on `SET.{data}`, against the reference kernels' outputs for it.
fn eval(reference: &Path, model: &str, [set, data]: [&str; 2]) -> String {
    let golden = |what: &str| reference.join("golden").join(format!("{set}.{what}.npy"));
    let mut command = quintet(&folder(set), &["eval"]);
    command.arg(reference.join("models").join(model));
    command.arg("--data").arg(golden(data)).arg("--labels").arg(golden("labels"));
    command.arg("--expect").arg(golden("output"));
    works(command)
}

#[test]
fn sets_are_classified_as_by_the_reference_kernels() {
    let Some(reference) = std::env::var_os("QUINTET_REFERENCE_DIR").map(PathBuf::from) else {
        return;
    };
    // Tests run in the package's folder, commands in their own.
    let reference = reference.canonicalize().unwrap();
    for (model, set, correct) in [
        ("mlperf_resnet8_int8.tflite", ["cifar10_test500_resnet8", "images"], "correct 445 of 500"),
        ("mlperf_kws_ref_model_int8.tflite", ["kws01_500", "input"], "correct 449 of 500"),
    ] {
        let said = eval(&reference, model, set);
        assert!(said.contains("500 of 500 in every byte"), "{said}");
        assert!(said.contains(correct), "{said}");
    }
}
