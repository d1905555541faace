//! What a sweep goes over: every combination of values, each an accelerator.

use std::str::FromStr;

use quintet_accelerator::{Instance, InstanceError};

use crate::cli::failure::{Failure, USAGE};

/// Most accelerators of a sweep: at a second each, some minutes.
const CONFIGURATIONS_MAX: usize = 256;

/// A key of a description, and the values that it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vary {
    /// The key, such as `array.rows`; or `without`.
    pub key: String,
    /// The values, in the order in which they were given.
    pub values: Vec<String>,
}

impl FromStr for Vary {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "say KEY=VALUE,VALUE,... such as array.rows=4,8,16";
        let (key, values) = text.split_once('=').ok_or(FORM)?;
        let values: Vec<String> = values.split(',').map(|value| value.trim().into()).collect();
        if key.is_empty() || values.iter().any(String::is_empty) {
            return Err(FORM);
        }
        if values.iter().enumerate().any(|(at, value)| values[..at].contains(value)) {
            return Err("a value is given twice");
        }
        Ok(Self { key: key.trim().into(), values })
    }
}

/// An accelerator of a sweep.
pub struct Configuration {
    /// The value of each key, in the order of the keys.
    pub values: Vec<String>,
    /// What these make of the accelerator that the sweep begins with.
    pub instance: Instance,
}

/// Every combination; the last key's values change fastest.
pub fn configurations(base: &str, varied: &[Vary]) -> Result<Vec<Configuration>, Failure> {
    let twice = |(at, vary): (usize, &Vary)| varied[..at].iter().any(|it| it.key == vary.key);
    if varied.iter().enumerate().any(twice) {
        return Err(Failure::new(
            USAGE,
            "a key is varied twice",
            "each --vary has a key of its own",
        )
        .help("give all values of a key in one --vary"));
    }
    let count = varied.iter().try_fold(1usize, |count, vary| count.checked_mul(vary.values.len()));
    let count = count.filter(|&count| count <= CONFIGURATIONS_MAX).ok_or_else(|| {
        let cause = format!("there may be up to {CONFIGURATIONS_MAX} of them");
        Failure::new(USAGE, "these are too many accelerators", cause)
            .help("vary fewer keys at a time, or give fewer values")
    })?;
    (0..count).map(|number| configuration(base, varied, number)).collect()
}

fn configuration(base: &str, varied: &[Vary], number: usize) -> Result<Configuration, Failure> {
    let mut rest = number;
    let mut values: Vec<String> = Vec::with_capacity(varied.len());
    for vary in varied.iter().rev() {
        values.push(vary.values[rest % vary.values.len()].clone());
        rest /= vary.values.len();
    }
    values.reverse();
    let mut spec = base.to_owned();
    for (Vary { key, .. }, value) in varied.iter().zip(&values) {
        spec += &format!(",{key}={value}");
    }
    match Instance::from_spec(&spec) {
        Ok(Some(instance)) => Ok(Configuration { values, instance }),
        Ok(None) => {
            Err(Failure::new(USAGE, "there is no accelerator", "none has nothing to charge")
                .help("`quintet accelerator list` lists what there is"))
        }
        Err(error) => Err(refused(&spec, &error)),
    }
}

fn refused(spec: &str, error: &InstanceError) -> Failure {
    Failure::new(USAGE, format!("there is no accelerator {spec}"), error)
        .help("`quintet accelerator show SPEC` prints a description with all of its keys")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vary(text: &str) -> Vary {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_and_its_values_are_read_or_refused() {
        let read = vary("array.rows=4, 8,16");
        assert_eq!((read.key.as_str(), read.values.join(" ")), ("array.rows", "4 8 16".into()));
        for wrong in ["", "array.rows", "=4", "array.rows=", "array.rows=4,,8", "a=1,2,1"] {
            assert!(wrong.parse::<Vary>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_combination_is_an_accelerator_of_its_own() {
        let varied = [vary("array.rows=4,8"), vary("memory.bytes_per_clock=1,2,51.2")];
        let all = configurations("tiny-ecp5", &varied).unwrap();
        let values: Vec<_> = all.iter().map(|it| it.values.join("/")).collect();
        assert_eq!(values, ["4/1", "4/2", "4/51.2", "8/1", "8/2", "8/51.2"]);
        assert_eq!(all[5].instance.array.rows, 8);
        assert!(all.iter().skip(1).all(|it| it.instance.digest() != all[0].instance.digest()));
        assert_eq!(configurations("edge", &[]).unwrap().len(), 1);
    }

    #[test]
    fn grids_that_make_no_sense_are_refused() {
        let refused = |base: &str, varied: &[&str]| {
            let varied: Vec<_> = varied.iter().map(|text| vary(text)).collect();
            configurations(base, &varied).err().map(|failure| failure.to_string())
        };
        let of = |base, varied| refused(base, varied).unwrap();
        assert!(of("edge", &["array.depth=1,2"]).contains("array.rows"));
        assert!(of("edge", &["array.rows=0"]).contains("1 to 1024"));
        assert!(of("none", &["array.rows=4"]).contains("no accelerator none"));
        assert!(of("edge", &["array.rows=4", "array.rows=8"]).contains("twice"));
        let many = (1..=257).map(|value| value.to_string()).collect::<Vec<_>>().join(",");
        assert!(of("edge", &[&format!("array.rows={many}")]).contains("256"));
    }
}
