//! Accelerators as a command line names them: a preset or a file, and options.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

use super::{Instance, InstanceError};
use crate::misbehave::{Kind, Misbehave};

/// What stands before the path of a description.
const FILE: &str = "model:";
/// No accelerator.
const NONE: &str = "none";

impl Instance {
    /// The accelerator that a command line names: `none`, or a preset, or `model:FILE`; after it,
    /// each behind a comma, `without=OPERATOR[.COMMAND]`, `pace=instant` or `clock`,
    /// `misbehave=KIND@COMMANDS`, or `KEY=VALUE` as [`Instance::with`] takes them. None for `none`.
    ///
    /// # Errors
    /// [`InstanceError`].
    pub fn from_spec(spec: &str) -> Result<Option<Self>, InstanceError> {
        let mut parts = spec.split(',');
        let name = parts.next().unwrap_or_default();
        if name == NONE {
            return match parts.next() {
                Some(option) => Err(InstanceError::UnknownOption(option.to_owned())),
                None => Ok(None),
            };
        }
        let instance = match name.strip_prefix(FILE) {
            Some(path) => Self::from_file(path)?,
            None => Self::preset(name)?,
        };
        parts.try_fold(instance, |instance, option| instance.with_option(option)).map(Some)
    }

    fn from_file(path: &str) -> Result<Self, InstanceError> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
        text.and_then(|text| Self::from_toml(&text).map_err(|error| error.to_string()))
            .map_err(|error| InstanceError::File { path: path.to_owned(), error })
    }

    fn with_option(mut self, option: &str) -> Result<Self, InstanceError> {
        let unknown = || InstanceError::UnknownOption(option.to_owned());
        let (key, value) = option.split_once('=').ok_or_else(unknown)?;
        match key {
            "without" => self.capabilities.without.push(value.to_owned()),
            "pace" => self.pace = variant(value).ok_or_else(unknown)?,
            "misbehave" => self.misbehave = Some(fault(value)?),
            _ => return self.with(key, value),
        }
        self.checked()
    }
}

/// The fault of `KIND@COMMANDS`.
fn fault(text: &str) -> Result<Misbehave, InstanceError> {
    let parts = text.split_once('@');
    let parsed = parts.and_then(|(kind, at)| Some((variant(kind)?, at.parse().ok()?)));
    let known = || Kind::ALL.iter().map(name).collect::<Vec<_>>().join(", ");
    match parsed {
        Some((kind, at)) => Ok(Misbehave { kind, at }),
        None => Err(InstanceError::UnknownFault { given: text.to_owned(), known: known() }),
    }
}

/// The variant of a name, as TOML has it.
fn variant<'t, T: Deserialize<'t>>(name: &'t str) -> Option<T> {
    T::deserialize(IntoDeserializer::<Error>::into_deserializer(name)).ok()
}

/// The name of a fault, as TOML has it.
fn name(kind: &Kind) -> String {
    let value = toml::Value::try_from(kind).ok();
    value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{InstanceError, Pace};
    use super::*;

    fn spec(text: &str) -> Instance {
        Instance::from_spec(text).unwrap().unwrap()
    }

    #[test]
    fn none_is_no_accelerator_and_takes_no_options() {
        assert_eq!(Instance::from_spec("none"), Ok(None));
        let refused = Instance::from_spec("none,pace=clock");
        assert_eq!(refused, Err(InstanceError::UnknownOption("pace=clock".into())));
    }

    #[test]
    fn options_change_a_preset() {
        let it = spec("tiny-ecp5,without=Gemm.Convolve,without=Sort,pace=clock,array.rows=4");
        assert_eq!(it.capabilities.without, ["Gemm.Convolve", "Sort"]);
        assert_eq!((it.pace, it.array.rows), (Pace::Clock, 4));
        assert_ne!(it.digest(), spec("tiny-ecp5").digest());
        let faulty = spec("edge,misbehave=never-answers@3");
        assert_eq!(faulty.misbehave, Some(Misbehave { kind: Kind::NeverAnswers, at: 3 }));
    }

    #[test]
    fn a_file_is_read_and_one_that_cannot_be_is_named() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/presets/edge.toml");
        assert_eq!(spec(&format!("model:{path}")), spec("edge"));
        let missing = Instance::from_spec("model:/nowhere/to/be/found.toml").unwrap_err();
        assert!(missing.to_string().starts_with("/nowhere/to/be/found.toml: "), "{missing}");
        let other = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let refused = Instance::from_spec(&format!("model:{other}")).unwrap_err();
        assert!(refused.to_string().starts_with(&format!("{other}: ")), "{refused}");
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        for (text, word) in [
            ("", "tiny-ecp5"),
            ("huge", "tiny-ecp5"),
            ("edge,", "without="),
            ("edge,pace=fast", "pace=instant"),
            ("edge,misbehave=error", "no-reset"),
            ("edge,misbehave=late@2", "never-answers"),
            ("edge,misbehave=error@-1", "no-reset"),
            ("edge,without=Gem", "Gemm.Dense"),
            ("edge,array.depth=3", "array.rows"),
        ] {
            let error = Instance::from_spec(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
