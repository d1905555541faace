//! The ranges of a configuration's numbers.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::Config;
use crate::boost::Boost;
use crate::data::Split;
use crate::distil::Distil;
use crate::models::Model;
use crate::models::mobilenet_v2::MobileNetV2;
use crate::train::recipe::Recipe;

/// More than any network or training has, and far below where products of sizes overflow.
const MOST: usize = 1 << 20;
/// Channels of a layer.
const CHANNELS: usize = 1 << 14;

/// A key and what is wrong with its value.
#[derive(Debug, PartialEq, Eq)]
pub struct Invalid {
    pub key: String,
    pub reason: String,
}

type Checked = Result<(), Invalid>;

/// What can be checked without data.
pub fn config(config: &Config) -> Checked {
    recipe(&config.recipe)?;
    match &config.network {
        Model::MobileNetV2(model) => mobilenet_v2(model),
    }
}

/// What data and the rest have to agree on.
pub fn data(config: &Config, data: &Split) -> Checked {
    let (samples, batch) = (data.train.len(), config.recipe.batch);
    if batch > samples {
        let reason = format!("is {batch}, but there are {samples} training samples");
        return Err(Invalid { key: "recipe.batch".into(), reason });
    }
    if data.test.is_empty() {
        return Err(Invalid { key: "data".into(), reason: "has no test samples".into() });
    }
    let size = data.train.shape.height.min(data.train.shape.width);
    let shift = config.recipe.augment.shift;
    if shift >= size {
        let reason = format!("is {shift}, which shifts pictures of {size} pixels out of sight");
        return Err(Invalid { key: "recipe.augment.shift".into(), reason });
    }
    Ok(())
}

fn recipe(recipe: &Recipe) -> Checked {
    number("recipe.epochs", recipe.epochs, 1..=MOST)?;
    number("recipe.batch", recipe.batch, 2..=MOST)?;
    number("recipe.rate", recipe.rate, f32::MIN_POSITIVE..=100.0)?;
    number("recipe.momentum", recipe.momentum, 0.0..=0.9999)?;
    number("recipe.decay", recipe.decay, 0.0..=1.0)?;
    number("recipe.warm_up", recipe.warm_up, 0.0..=recipe.epochs as f32)?;
    number("recipe.smoothing", recipe.smoothing, 0.0..=0.9)?;
    recipe.boost.as_ref().map_or(Ok(()), boost)?;
    recipe.distil.as_ref().map_or(Ok(()), distil)
}

fn boost(boost: &Boost) -> Checked {
    number("recipe.boost.ratio", boost.ratio, 1..=64)?;
    number("recipe.boost.share", boost.share, f32::MIN_POSITIVE..=1.0)?;
    number("recipe.boost.tune_epochs", boost.tune_epochs, 1..=MOST)?;
    number("recipe.boost.tune_rate", boost.tune_rate, f32::MIN_POSITIVE..=100.0)?;
    number("recipe.boost.linearise", boost.linearise, 0.0..=1.0)
}

fn distil(distil: &Distil) -> Checked {
    number("recipe.distil.width", distil.width, 1.0..=16.0)?;
    number("recipe.distil.weight", distil.weight, 0.0..=1e3)?;
    number("recipe.distil.label_weight", distil.label_weight, 0.0..=1e3)?;
    number("recipe.distil.temperature", distil.temperature, 0.1..=100.0)
}

fn mobilenet_v2(model: &MobileNetV2) -> Checked {
    number("network.width", model.width, 0.01..=64.0)?;
    number("network.stem", model.stem, 1..=CHANNELS)?;
    number("network.stem_stride", model.stem_stride, 1..=8)?;
    number("network.head", model.head, 0..=CHANNELS)?;
    number("network.round_to", model.round_to, 1..=CHANNELS)?;
    for stage in &model.stages {
        number("network.stages.expansion", stage.expansion, 1..=64)?;
        number("network.stages.channels", stage.channels, 1..=CHANNELS)?;
        number("network.stages.blocks", stage.blocks, 1..=256)?;
        number("network.stages.stride", stage.stride, 1..=8)?;
    }
    Ok(())
}

/// Refuses what is outside of a range, and what is no number.
fn number<T: PartialOrd + Display>(key: &str, value: T, range: RangeInclusive<T>) -> Checked {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    let reason = format!("is {value}, and has to be in {least}..{most}");
    Err(Invalid { key: key.into(), reason })
}
