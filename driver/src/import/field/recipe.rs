//! How a NeRF was trained, from the configuration that its trainer leaves beside the checkpoint.
//!
//! krrish94's is YAML (`config.yml`), yenchenlin's `key = value` (`config.txt`, `args.txt`). Of
//! both only a few plain values are wanted, so lines are read and sections passed over; where a key
//! comes twice, for training and for validation, the later one holds.

use crate::import::error::Fault;
use std::path::{Path, PathBuf};

/// What a NeRF's weights do not say.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Recipe {
    /// Nearest and farthest distance along the camera's axis.
    pub range: [f64; 2],
    /// Samples of the coarse pass.
    pub coarse: usize,
    /// Samples that are added.
    pub fine: usize,
    /// What is behind everything.
    pub background: [f32; 3],
    /// What the user should know.
    pub notes: Vec<String>,
}

/// Most bytes of a configuration.
const BYTES_MAX: u64 = 1 << 20;
/// Most samples of a pass; beyond all use.
const SAMPLES_MAX: usize = 1 << 16;

impl Recipe {
    /// The recipe of NeRF's synthetic scenes.
    pub(super) fn synthetic() -> Self {
        Self {
            range: [2.0, 6.0],
            coarse: 64,
            fine: 64,
            background: [1.0; 3],
            notes: vec![
                "Without a config.yml or config.txt beside it, samples are taken as for NeRF's \
                 synthetic scenes: 64 + 64 between 2 and 6, before white."
                    .into(),
            ],
        }
    }

    /// The recipe that lies in a folder, or else that of the synthetic scenes.
    pub(super) fn beside(folder: Option<&Path>) -> Result<Self, Fault> {
        let Some(path) = folder.and_then(configuration) else { return Ok(Self::synthetic()) };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let size = std::fs::metadata(&path)?.len();
        if size > BYTES_MAX {
            return Err(Fault::TooLarge { what: "the configuration", size, limit: BYTES_MAX });
        }
        let text = std::fs::read(&path)?;
        Self::read(&name, &String::from_utf8_lossy(&text))
    }

    fn read(file: &str, text: &str) -> Result<Self, Fault> {
        let value = |keys: &[&str]| {
            let of_line = |line| pair(line).filter(|(key, _)| keys.contains(key));
            text.lines().rev().find_map(of_line).map(|(_, value)| value)
        };
        let is = |keys: &[&str]| value(keys).is_some_and(|it| it.eq_ignore_ascii_case("true"));
        let kind = value(&["dataset_type", "type"]).unwrap_or("blender");
        let forward_facing = ["type", "dataset_type"].iter().any(|key| {
            text.lines().filter_map(pair).any(|(found, value)| found == *key && value == "llff")
        });
        if forward_facing && !is(&["no_ndc"]) {
            let what = format!("a NeRF of a forward-facing scene ({kind}) in device coordinates");
            return Err(Fault::unsupported(what, "Train it with no_ndc."));
        }
        if is(&["lindisp"]) {
            let what = "a NeRF sampled evenly in inverse depth (lindisp)";
            return Err(Fault::unsupported(what, "Train it without lindisp."));
        }
        let number = |keys: &[&str], otherwise: f64| match value(keys) {
            None => Ok(otherwise),
            Some(text) => text.parse::<f64>().map_err(|_| {
                Fault::malformed(file, format!("{}: {text:.40} is no number", keys[0]))
            }),
        };
        let samples = |keys: &[&str], least| {
            let count = number(keys, 64.0)?;
            match count >= least && count <= SAMPLES_MAX as f64 {
                true => Ok(count as usize),
                false => Err(Fault::malformed(file, format!("{} is out of range", keys[0]))),
            }
        };
        let range = [number(&["near"], 2.0)?, number(&["far"], 6.0)?];
        if !(range[0] >= 0.0 && range[0] < range[1] && range[1].is_finite()) {
            return Err(Fault::malformed(file, "far is not beyond near"));
        }
        let white = match value(&["white_background", "white_bkgd"]) {
            None => kind == "blender",
            Some(text) => text.eq_ignore_ascii_case("true"),
        };
        Ok(Self {
            range,
            coarse: samples(&["num_coarse", "N_samples"], 2.0)?,
            fine: samples(&["num_fine", "N_importance"], 0.0)?,
            background: [if white { 1.0 } else { 0.0 }; 3],
            notes: vec![format!("Distances and numbers of samples are those of {file}.")],
        })
    }
}

/// Key and value of a line of YAML or of `key = value`.
fn pair(line: &str) -> Option<(&str, &str)> {
    let line = line.split('#').next().unwrap_or_default();
    let (key, value) = line.split_once([':', '='])?;
    let value = value.trim().trim_matches(['"', '\'']);
    Some((key.trim(), value)).filter(|(_, value)| !value.is_empty())
}

/// The configuration in a folder: by its usual name, or the only one whose name ends so.
fn configuration(folder: &Path) -> Option<PathBuf> {
    const NAMES: [&str; 4] = ["config.yml", "config.yaml", "config.txt", "args.txt"];
    if let Some(path) = NAMES.map(|name| folder.join(name)).into_iter().find(|it| it.is_file()) {
        return Some(path);
    }
    let entries = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let ends = |path: &PathBuf| path.to_string_lossy().ends_with(".config.yml");
    let mut found = entries.filter(ends);
    found.next().filter(|_| found.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_validation_comes_last() {
        let yaml = "dataset:\n  far: 7.5 # world units\n  near: 1\n  type: blender\nnerf:\n  train:\n    \
                    num_coarse: 8\n    white_background: false\n  validation:\n    num_coarse: 32\n    \
                    num_fine: 0\n    white_background: False\n";
        let recipe = Recipe::read("config.yml", yaml).unwrap();
        assert_eq!((recipe.range, recipe.coarse, recipe.fine), ([1.0, 7.5], 32, 0));
        assert_eq!(recipe.background, [0.0; 3]);
        let text =
            "dataset_type = blender\nN_samples = 64\nN_importance = 128\nwhite_bkgd = True\n";
        let recipe = Recipe::read("config.txt", text).unwrap();
        assert_eq!((recipe.range, recipe.coarse, recipe.fine), ([2.0, 6.0], 64, 128));
        assert_eq!(recipe.background, [1.0; 3]);
    }

    #[test]
    fn what_cannot_be_sampled_is_refused() {
        for (text, says) in [
            ("dataset_type = llff\nfactor = 8", "device coordinates"),
            ("lindisp: True", "inverse depth"),
            ("near: 3\nfar: 2", "beyond"),
            ("near: nan", "beyond"),
            ("num_coarse: 1e9", "range"),
            ("far: far", "no number"),
        ] {
            let fault = Recipe::read("config.yml", text).unwrap_err().to_string();
            assert!(fault.contains(says), "{text:?}: {fault}");
        }
    }
}
