//! Descriptions with one number changed: what a sweep goes over.

use toml::{Table, Value};

use super::{Instance, InstanceError};

/// Entries of a description that are no numbers.
const OTHERS: [&str; 4] = ["name", "pace", "capabilities", "misbehave"];

impl Instance {
    /// The same with a number, or a truth, of its description set: `array.rows` to `16`,
    /// `memory.bytes_per_clock` to `256/5`, `overlap` to `false`.
    ///
    /// # Errors
    /// [`InstanceError`]; for a key that is none, with those that there are.
    pub fn with(&self, key: &str, value: &str) -> Result<Self, InstanceError> {
        let mut table = self.table();
        let Some(place) = place(&mut table, key).filter(|_| self.keys().iter().any(|it| it == key))
        else {
            let known = self.keys().join(", ");
            return Err(InstanceError::UnknownKey { key: key.to_owned(), known });
        };
        *place = match (value.parse(), value.parse()) {
            (Ok(number), _) => Value::Integer(number),
            (_, Ok(truth)) => Value::Boolean(truth),
            _ => Value::String(value.to_owned()),
        };
        let of_key = |error| InstanceError::Value {
            key: key.to_owned(),
            value: value.to_owned(),
            error: String::from(toml::de::Error::message(&error)),
        };
        table.try_into::<Self>().map_err(of_key)?.checked()
    }

    /// The keys that [`Instance::with`] sets.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        let table = self.table();
        let entries = table.iter().filter(|(key, _)| !OTHERS.contains(&key.as_str()));
        entries.for_each(|(key, value)| leaves(key, value, &mut keys));
        keys
    }

    fn table(&self) -> Table {
        // As for `to_toml`: no value of it is one that TOML lacks.
        Table::try_from(self).unwrap_or_default()
    }
}

/// The entry of a key with dots.
fn place<'t>(table: &'t mut Table, key: &str) -> Option<&'t mut Value> {
    match key.split_once('.') {
        Some((first, rest)) => place(table.get_mut(first)?.as_table_mut()?, rest),
        None => table.get_mut(key),
    }
}

/// The keys of what an entry has that is no table.
fn leaves(key: &str, value: &Value, keys: &mut Vec<String>) {
    match value.as_table() {
        Some(table) => {
            table.iter().for_each(|(name, value)| leaves(&format!("{key}.{name}"), value, keys));
        }
        None => keys.push(key.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Ratio;

    fn tiny() -> Instance {
        Instance::preset("tiny-ecp5").unwrap()
    }

    #[test]
    fn any_number_can_be_set() {
        let wide = tiny().with("array.rows", "16").unwrap();
        assert_eq!((wide.array.rows, wide.array.columns), (16, tiny().array.columns));
        let fast = tiny().with("memory.bytes_per_clock", "51.2").unwrap();
        assert_eq!(fast.memory.bytes_per_clock, Ratio::new(256, 5).unwrap());
        assert!(!tiny().with("overlap", "false").unwrap().overlap);
        for key in tiny().keys() {
            let value = if key == "overlap" { "true" } else { "1024" };
            match tiny().with(&key, value) {
                Ok(_) | Err(InstanceError::OutOfRange { .. } | InstanceError::TooSmall { .. }) => {}
                Err(error) => panic!("{key}: {error}"),
            }
        }
    }

    #[test]
    fn what_is_no_number_of_a_description_is_refused_with_what_is() {
        for key in ["", "name", "array", "array.", "array.row", "misbehave.at", "capabilities.only"]
        {
            let error = tiny().with(key, "1").unwrap_err().to_string();
            assert!(error.contains("array.rows") && error.contains("overlap"), "{error}");
        }
    }

    #[test]
    fn a_value_out_of_range_is_named_with_its_key_and_range() {
        let error = tiny().with("array.rows", "0").unwrap_err().to_string();
        assert_eq!(error, "array.rows is 0: give it 1 to 1024, elements");
        let error = tiny().with("memory.bytes_per_clock", "0").unwrap_err().to_string();
        assert!(error.starts_with("memory.bytes_per_clock=0: "), "{error}");
        assert!(tiny().with("array.rows", "many").is_err());
    }
}
