//! The table of a configuration.

use quintet_trainer::data::Source;

fn error(table: &str) -> String {
    toml::from_str::<Source>(table).expect_err("it is wrong").to_string()
}

#[test]
fn misspelt_options_are_refused_by_name() {
    for table in [
        "kind = \"digits\"\npaht = \"x\"",
        "kind = \"cifar10\"\npath = \"x\"\npaht = \"x\"",
        "kind = \"images\"\npath = \"x\"\nsize = [8, 8]\npaht = \"x\"",
        "kind = \"sounds\"\npath = \"x\"\nseconds = 1\n[features]\npaht = \"x\"",
    ] {
        assert!(error(table).contains("paht"), "{table}: {}", error(table));
    }
}

#[test]
fn unknown_kinds_are_refused_with_those_there_are() {
    let error = error("kind = \"imagenet\"");
    for kind in ["imagenet", "cifar10", "idx", "digits", "images", "sounds"] {
        assert!(error.contains(kind), "{error}");
    }
}

#[test]
fn sources_survive_being_written_and_read() {
    let table = "kind = \"sounds\"\npath = \"x\"\nseconds = 1.5\nnames = { label = 0, group = 1 }\n\
                 pieces = { frames = 5 }\nvary = { copies = 2 }";
    let source: Source = toml::from_str(table).expect("it is right");
    let written = toml::to_string(&source).expect("it can be written");
    assert_eq!(toml::from_str::<Source>(&written).expect("it can be read"), source);
}
