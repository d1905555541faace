//! What a user is told about a configuration.

use super::*;
use crate::data::Dataset;
use crate::network::Shape;

const GOOD: &str = r#"
[data]
kind = "idx"
path = "digits"

[network]
kind = "mobilenet-v2"
stem = 8
head = 16
stages = [{ expansion = 2, channels = 8, blocks = 1, stride = 1 }]

[recipe]
epochs = 3
rate = 0.1
distil = { width = 2.0 }
"#;

/// Reads a text as the file of a test.
fn read(test: &str, text: &str) -> Result<ConfigFile, ConfigError> {
    let name = format!("quintet-config-{}-{test}.toml", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    let read = ConfigFile::read(&path);
    std::fs::remove_file(&path).unwrap();
    read
}

/// What is said of a configuration in which a line is another.
fn refusal(test: &str, line: &str, other: &str) -> String {
    assert!(GOOD.contains(line));
    let error = read(test, &GOOD.replace(line, other)).unwrap_err();
    assert!(!error.advice().is_empty());
    error.to_string()
}

#[test]
fn a_configuration_may_leave_out_what_has_a_default() {
    let config = read("default", GOOD).unwrap().config;
    assert_eq!((config.recipe.epochs, config.recipe.batch), (3, Recipe::default().batch));
    assert_eq!(config.recipe.distil.unwrap().width, 2.0);
}

#[test]
fn unknown_keys_and_kinds_are_named() {
    let text = refusal("key", "epochs = 3", "epoch = 3");
    assert!(text.contains("`epoch`") && text.contains("line 13"), "{text}");
    let text = refusal("kind", "\"mobilenet-v2\"", "\"mobilenet-v9\"");
    assert!(text.contains("mobilenet-v9") && text.contains("mobilenet-v2"), "{text}");
}

#[test]
fn values_out_of_their_range_are_told_with_line_and_range() {
    let text = refusal("epochs", "epochs = 3", "epochs = 0");
    assert!(
        text.ends_with(".toml:13: `recipe.epochs` is 0, and has to be in 1..1048576"),
        "{text}"
    );
    let text = refusal("rate", "rate = 0.1", "rate = nan");
    assert!(text.contains(":14: `recipe.rate` is NaN"), "{text}");
    let text = refusal("nested", "width = 2.0", "width = -2.0");
    assert!(text.contains(":15: `recipe.distil.width` is -2"), "{text}");
    let text = refusal("stage", "stride = 1", "stride = 0");
    assert!(text.contains(":10: `network.stages.stride` is 0"), "{text}");
}

#[test]
fn a_default_that_does_not_fit_is_told_with_its_table() {
    let text = refusal("table", "epochs = 3", "epochs = 1\nwarm_up = 2.0");
    assert!(text.contains(":14: `recipe.warm_up` is 2, and has to be in 0..1"), "{text}");
}

#[test]
fn a_batch_larger_than_the_data_is_refused() {
    let file = read("batch", GOOD).unwrap();
    let part = |samples: usize| Dataset {
        shape: Shape { height: 2, width: 2, channels: 1 },
        bytes: vec![0; 4 * samples],
        labels: vec![0; samples],
        classes: vec!["0".into(), "1".into()],
    };
    let split = |train, test| Split { train: part(train), test: part(test), range: None };
    assert!(file.check_data(&split(128, 1)).is_ok());
    let text = file.check_data(&split(127, 1)).unwrap_err().to_string();
    assert!(text.contains(":12: `recipe.batch` is 128, but there are 127"), "{text}");
    let text = file.check_data(&split(128, 0)).unwrap_err().to_string();
    assert!(text.contains("no test samples"), "{text}");
}

#[test]
fn numbers_of_int8_are_checked() {
    let with = |test, int8: &str| refusal(test, "rate = 0.1", &format!("rate = 0.1\n{int8}"));
    let text = with("samples", "int8 = { calibration = { samples = 0 } }");
    assert!(text.contains(":15: `recipe.int8.calibration.samples` is 0"), "{text}");
    let text = with("quantile", "int8 = { calibration = { choice = { quantile = 0.5 } } }");
    assert!(text.contains(":15: `recipe.int8.calibration.choice.quantile` is 0.5"), "{text}");
    let text = with("aware", "int8 = { aware_rate = inf }");
    assert!(text.contains(":15: `recipe.int8.aware_rate` is inf"), "{text}");
}

#[test]
fn a_network_either_classifies_or_reproduces() {
    let with_classes = |count: usize| {
        let classes = (0..count).map(|class| class.to_string()).collect();
        let shape = Shape { height: 2, width: 2, channels: 1 };
        let part = Dataset { shape, bytes: vec![0; 512], labels: vec![0; 128], classes };
        Split { train: part.clone(), test: part, range: None }
    };
    let file = read("classifies", GOOD).unwrap();
    assert!(file.check_data(&with_classes(2)).is_ok());
    let text = file.check_data(&with_classes(1)).unwrap_err().to_string();
    assert!(text.contains(":7: `network.kind` does not fit the data"), "{text}");
    let network = "[data]\nkind = \"digits\"\n[network]\nkind = \"autoencoder\"\nlayers = [8]\n";
    let file = read("reproduces", network).unwrap();
    assert!(file.check_data(&with_classes(1)).is_ok());
}

#[test]
fn two_configurations_differ_in_what_decides_on_the_outcome() {
    let [one, other, elsewhere] = [
        GOOD.to_owned(),
        GOOD.replace("epochs = 3", "epochs = 4")
            .replace("distil =", "boost = {}\ntune = { epochs = 1 }\n#"),
        GOOD.replace("\"digits\"", "\"../elsewhere\""),
    ]
    .map(|text| read("differences", &text).unwrap().config.identity().unwrap());
    assert_eq!(one, elsewhere);
    let told = differences(&one, &other);
    assert!(told.contains(&"recipe.epochs was 3 and is 4".to_owned()), "{told:?}");
    assert!(told.contains(&"recipe.boost.ratio was nothing and is 6".to_owned()), "{told:?}");
    assert!(told.contains(&"recipe.distil.width was 2.0 and is nothing".to_owned()), "{told:?}");
    assert!(differences(&one, &elsewhere).is_empty());
}

#[test]
fn the_examples_can_be_used() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    assert!(files.len() >= 4, "{files:?}");
    for path in files {
        let read = ConfigFile::read(&path);
        assert!(read.is_ok(), "{}", read.unwrap_err());
    }
}

#[test]
fn a_giant_without_tuning_is_refused() {
    let text = refusal("tune", "distil = { width = 2.0 }", "boost = { ratio = 6 }");
    assert!(text.contains("`recipe.tune.epochs` is 0"), "{text}");
    assert!(text.contains("[recipe.boost]"), "{text}");
}
