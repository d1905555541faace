//! Configurations: what is trained, on what and how, as a TOML file says it.

mod check;
mod error;

pub use error::ConfigError;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use crate::data::{Source, Split};
use crate::models::Model;
use crate::train::recipe::Recipe;
use check::Invalid;

/// What is trained, on what and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// On what.
    pub data: Source,
    /// What.
    pub network: Model,
    /// How.
    #[serde(default)]
    pub recipe: Recipe,
}

/// A configuration with the file that it is from.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    path: PathBuf,
    text: String,
    /// What it says.
    pub config: Config,
}

impl ConfigFile {
    /// Reads a file, and checks that all numbers are in their ranges.
    ///
    /// # Errors
    /// A [`ConfigError`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Io { path: path.to_owned(), source })?;
        let config = toml::from_str(&text).map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            reason: error.to_string().trim_end().to_owned(),
        })?;
        let file = Self { path: path.to_owned(), text, config };
        check::config(&file.config).map_err(|invalid| file.error(invalid))?;
        Ok(file)
    }

    /// The folder at which relative paths begin.
    #[must_use]
    pub fn base(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Checks what depends on the data.
    ///
    /// # Errors
    /// A [`ConfigError`].
    pub fn check_data(&self, data: &Split) -> Result<(), ConfigError> {
        check::data(&self.config, data).map_err(|invalid| self.error(invalid))
    }

    fn error(&self, Invalid { key, reason }: Invalid) -> ConfigError {
        let line = line_of(&self.text, &key);
        ConfigError::Invalid { path: self.path.clone(), line, key, reason }
    }
}

impl Config {
    /// All that decides on the outcome, as TOML. Where the data lie does not; what they are is told
    /// by [`Split::fingerprint`].
    ///
    /// # Errors
    /// A [`ConfigError`], when a number is greater than TOML has them.
    pub fn identity(&self) -> Result<String, ConfigError> {
        let written = |error: toml::ser::Error| ConfigError::Unwritten(error.to_string());
        let mut table = Table::try_from(self).map_err(written)?;
        if let Some(Value::Table(data)) = table.get_mut("data") {
            data.remove("path");
        }
        toml::to_string(&table).map_err(written)
    }
}

/// In what one [`Config::identity`] differs from a later one: a sentence for each key.
#[must_use]
pub fn differences(before: &str, now: &str) -> Vec<String> {
    let [before, now] = [before, now].map(|text| {
        let mut values = Vec::new();
        flatten("", &text.parse().unwrap_or_default(), &mut values);
        values
    });
    let value_of = |values: &[(String, String)], key: &str| {
        values.iter().find(|it| it.0 == key).map_or("nothing".into(), |it| it.1.clone())
    };
    let mut keys: Vec<&String> = before.iter().chain(&now).map(|(key, _)| key).collect();
    keys.sort();
    keys.dedup();
    let pairs = keys.into_iter().map(|key| (key, value_of(&before, key), value_of(&now, key)));
    pairs
        .filter(|(_, before, now)| before != now)
        .map(|(key, before, now)| format!("{key} was {before} and is {now}"))
        .collect()
}

/// All values below a table, with their keys from the root.
fn flatten(prefix: &str, table: &Table, values: &mut Vec<(String, String)>) {
    for (key, value) in table {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Table(table) => flatten(&key, table, values),
            value => values.push((key, value.to_string())),
        }
    }
}

/// The line, from 1, where a key stands, or else the last of the tables that it is in.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut table = root.get_ref();
    let mut place = None;
    for part in key.split('.') {
        let Some((name, value)) = table.iter().find(|(name, _)| name.get_ref() == part) else {
            break;
        };
        place = Some(name.span().start);
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    Some(1 + text.get(..place?)?.matches('\n').count())
}

#[cfg(test)]
mod tests;
