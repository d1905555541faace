//! Descriptions that come with the model.

/// A description that comes with the model, with the reason of each of its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// TOML with comments; the first line is one, and says what it is.
    pub text: &'static str,
}

impl Preset {
    /// What it is, in a line.
    pub fn summary(&self) -> &'static str {
        let line = self.text.lines().next().unwrap_or_default();
        line.trim_start_matches(['#', ' '])
    }
}

/// Every preset.
pub const PRESETS: &[Preset] = &[
    Preset { name: "tiny-ecp5", text: include_str!("../../presets/tiny-ecp5.toml") },
    Preset { name: "tiny-ecp5-25f", text: include_str!("../../presets/tiny-ecp5-25f.toml") },
    Preset { name: "edge", text: include_str!("../../presets/edge.toml") },
    Preset { name: "gaurast", text: include_str!("../../presets/gaurast.toml") },
    Preset { name: "ngpc-8", text: include_str!("../../presets/ngpc-8.toml") },
];

#[cfg(test)]
mod tests {
    use super::super::Instance;
    use super::*;

    #[test]
    fn every_preset_is_read_under_its_name_and_says_what_it_is() {
        for preset in PRESETS {
            let instance = Instance::from_toml(preset.text).expect(preset.name);
            assert_eq!(instance.name, preset.name);
            assert!(!preset.summary().is_empty(), "{}", preset.name);
        }
    }

    #[test]
    fn every_number_of_a_preset_has_its_reason_beside_it() {
        for preset in PRESETS {
            let bare = preset.text.lines().find(|line| line.contains('=') && !line.contains('#'));
            assert_eq!(bare, None, "{}", preset.name);
        }
    }
}
