//! Numbers that are kept exact: bytes per clock, clocks per instruction.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A fraction in lowest terms. In TOML a number, as `2` or `51.2`, or a string, as `"256/5"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    numerator: u32,
    denominator: u32,
}

/// Not a number above zero whose lowest terms fit 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be above zero, as 2, 51.2 or \"256/5\", in lowest terms below 2^32")]
pub struct BadRatio;

impl Ratio {
    /// The fraction; both are to be above zero.
    ///
    /// # Errors
    /// [`BadRatio`].
    pub fn new(numerator: u64, denominator: u64) -> Result<Self, BadRatio> {
        let divisor = common_divisor(numerator, denominator);
        let lowest =
            |term: u64| u32::try_from(term.checked_div(divisor)?).ok().filter(|&it| it > 0);
        match (lowest(numerator), lowest(denominator)) {
            (Some(numerator), Some(denominator)) => Ok(Self { numerator, denominator }),
            _ => Err(BadRatio),
        }
    }

    /// Above the line.
    pub const fn numerator(self) -> u32 {
        self.numerator
    }

    /// Below the line.
    pub const fn denominator(self) -> u32 {
        self.denominator
    }

    /// `value` times this, rounded up; saturates.
    pub fn times(self, value: u64) -> u64 {
        scaled(value, self.numerator, self.denominator)
    }

    /// `value` divided by this, rounded up; saturates.
    pub fn divide(self, value: u64) -> u64 {
        scaled(value, self.denominator, self.numerator)
    }
}

fn scaled(value: u64, times: u32, by: u32) -> u64 {
    let exact = (u128::from(value) * u128::from(times)).div_ceil(by.into());
    u64::try_from(exact).unwrap_or(u64::MAX)
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl FromStr for Ratio {
    type Err = BadRatio;

    fn from_str(text: &str) -> Result<Self, BadRatio> {
        let whole = |digits: &str| match digits.bytes().all(|digit| digit.is_ascii_digit()) {
            true => digits.parse::<u64>().map_err(|_| BadRatio),
            false => Err(BadRatio),
        };
        if let Some((above, below)) = text.split_once('/') {
            return Self::new(whole(above.trim())?, whole(below.trim())?);
        }
        let (before, after) = text.split_once('.').unwrap_or((text, "0"));
        let digits = u32::try_from(after.len()).map_err(|_| BadRatio)?;
        let power = 10u64.checked_pow(digits).ok_or(BadRatio)?;
        let fraction = whole(after)?;
        let above = whole(before)?.checked_mul(power).and_then(|it| it.checked_add(fraction));
        Self::new(above.ok_or(BadRatio)?, power)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(f, "{}", self.numerator),
            denominator => write!(f, "{}/{denominator}", self.numerator),
        }
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.denominator {
            1 => serializer.serialize_u32(self.numerator),
            _ => serializer.collect_str(self),
        }
    }
}

/// What TOML has for a number.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a number, or a fraction as \"256/5\"")]
enum Written {
    Whole(u32),
    Decimal(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The shortest decimals that tell a float from its neighbours are those that were written.
        let text = match Written::deserialize(deserializer)? {
            Written::Whole(number) => number.to_string(),
            Written::Decimal(number) => number.to_string(),
            Written::Text(text) => text,
        };
        let bad = |error| serde::de::Error::custom(format_args!("{text}: {error}"));
        text.parse().map_err(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_and_fractions_are_exact() {
        for (text, [numerator, denominator]) in
            [("2", [2, 1]), ("51.2", [256, 5]), ("256/5", [256, 5]), ("3.84", [96, 25])]
        {
            assert_eq!(text.parse(), Ratio::new(numerator, denominator), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_above_zero_is_refused() {
        for text in
            ["", "0", "0.0", "-1", "1/0", "0/1", "1e3", "1.", ".5", "4294967296", "nan", "+1", "1/"]
        {
            assert_eq!(text.parse::<Ratio>(), Err(BadRatio), "{text:?}");
        }
    }

    #[test]
    fn division_rounds_up() {
        let ratio = Ratio::new(96, 25).unwrap();
        assert_eq!([0, 1, 96, 97].map(|bytes| ratio.divide(bytes)), [0, 1, 25, 26]);
        assert_eq!(ratio.times(25), 96);
        assert_eq!(ratio.times(u64::MAX), u64::MAX);
    }
}
