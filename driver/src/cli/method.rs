//! How scenes are drawn, by their kinds.

use clap::{Args, ValueEnum};
use quintet_driver::compile::Method;
use quintet_driver::compile::field::FieldOptions;
use quintet_driver::compile::mesh::{Filter, Lights, MeshOptions, Shading};
use quintet_driver::quantise::grid::Bits;
use quintet_driver::scene::{Content, Kind};

use super::arguments::color;
use super::failure::Failure;
use super::scene::not_of_this_kind;

const TRIANGLES: &str = "Triangles";
const FIELDS: &str = "Radiance fields";

/// How a scene is drawn.
#[derive(Args, Clone, Debug)]
pub struct MethodArguments {
    /// Colour behind everything [default: that of the scene if it has one, or 0,0,0]
    #[arg(long, value_name = "R,G,B", value_parser = color)]
    background: Option<[u8; 3]>,
    /// How colours of triangles come about [default: unlit]
    #[arg(long, value_enum, help_heading = TRIANGLES)]
    shading: Option<ShadingArgument>,
    /// Which texels make a colour [default: what the file says, or bilinear]
    #[arg(long, value_enum, help_heading = TRIANGLES)]
    filter: Option<FilterArgument>,
    /// Samples a ray, and how many more where the first found something [default: the scene's]
    #[arg(long, value_name = "N[+M]", value_parser = samples, help_heading = FIELDS)]
    samples: Option<[usize; 2]>,
    /// Take samples where nothing is as well
    #[arg(long, help_heading = FIELDS)]
    no_occupancy: bool,
    /// Spread all samples evenly, without a coarse pass that says where they are spent
    #[arg(long, help_heading = FIELDS)]
    no_focus: bool,
    /// Bits of an entry of a grid [default: 8]
    #[arg(long, value_enum, help_heading = FIELDS)]
    entries: Option<EntriesArgument>,
}

/// Words for [`Shading`].
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ShadingArgument {
    /// The texture's colour as it is
    Unlit,
    /// Times the light that falls on it: from above, a little from the right and the front
    Lambert,
    /// Normals as red, green and blue
    Normals,
}

/// Words for [`Filter`].
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FilterArgument {
    /// The nearest texel
    Nearest,
    /// The four around
    Bilinear,
}

/// Words for [`Bits`].
#[derive(Clone, Copy, Debug, ValueEnum)]
enum EntriesArgument {
    /// As small as it gets
    #[value(name = "8")]
    Eight,
    /// Twice the size; for planes and lines that are multiplied, and whose factors vary much
    #[value(name = "16")]
    Sixteen,
}

/// Kinds of scenes that an option has a meaning for, in words for messages.
type Concerns = (&'static str, &'static [Kind]);

const TEXTURED: Concerns = ("triangles with textures", &[Kind::Mesh, Kind::Mixed]);
const SAMPLED: Concerns = ("radiance fields", &[Kind::Field]);
const LOOKED_UP: Concerns = ("radiance fields and hybrids", &[Kind::Field, Kind::Hybrid]);

impl MethodArguments {
    /// Options that were given, and what they concern.
    fn given(&self) -> impl Iterator<Item = (&'static str, Concerns)> {
        let all = [
            ("--shading", self.shading.is_some(), TEXTURED),
            ("--filter", self.filter.is_some(), TEXTURED),
            ("--samples", self.samples.is_some(), SAMPLED),
            ("--no-occupancy", self.no_occupancy, SAMPLED),
            ("--no-focus", self.no_focus, SAMPLED),
            ("--entries", self.entries.is_some(), LOOKED_UP),
        ];
        all.into_iter().filter(|(_, given, _)| *given).map(|(name, _, concerns)| (name, concerns))
    }

    /// Refuses options that have no meaning for a kind of scene.
    pub fn check(&self, kind: Kind) -> Result<(), Failure> {
        match self.given().find(|(_, (_, kinds))| !kinds.contains(&kind)) {
            Some((option, (concerns, _))) => Err(not_of_this_kind(option, concerns, kind.name())),
            None => Ok(()),
        }
    }

    /// The name of an option that was given.
    pub fn first_given(&self) -> Option<&'static str> {
        let background = self.background.map(|_| "--background");
        background.or_else(|| self.given().map(|(name, _)| name).next())
    }

    /// The colour behind everything.
    pub fn background(&self, content: &Content) -> [u8; 3] {
        self.background.unwrap_or_else(|| content.background())
    }

    /// Changes what of a scene its options change: how a field is sampled.
    pub fn apply(&self, content: &mut Content) {
        if let (Content::Field(field), Some([coarse, fine])) = (content, self.samples) {
            (field.sampling.coarse, field.sampling.fine) = (coarse, fine);
        }
    }

    /// How a kind of scene is drawn.
    pub fn method(&self, kind: Kind) -> Method {
        let shading = match self.shading {
            None | Some(ShadingArgument::Unlit) => Shading::Unlit,
            Some(ShadingArgument::Lambert) => Shading::Lambert,
            Some(ShadingArgument::Normals) => Shading::Normals,
        };
        let filter = match self.filter {
            None => Filter::File,
            Some(FilterArgument::Nearest) => Filter::Nearest,
            Some(FilterArgument::Bilinear) => Filter::Bilinear,
        };
        let mut lights = Lights::default();
        if kind == Kind::Mixed {
            // Triangles are turned to the axes of Gaussians, and so is what falls on them.
            for ([x, y, _], _) in &mut lights.directional {
                (*x, *y) = (-*x, -*y);
            }
        }
        let entries = match self.entries {
            None | Some(EntriesArgument::Eight) => Bits::Eight,
            Some(EntriesArgument::Sixteen) => Bits::Sixteen,
        };
        let field = FieldOptions {
            entries,
            occupancy: !self.no_occupancy,
            focus: !self.no_focus,
            ..FieldOptions::default()
        };
        Method { mesh: MeshOptions { shading, filter, lights }, field }
    }
}

/// Reads `N` or `N+M`.
fn samples(text: &str) -> Result<[usize; 2], String> {
    let (coarse, fine) = text.split_once('+').unwrap_or((text, "0"));
    let number = |text: &str| text.trim().parse().ok().filter(|it| *it <= usize::from(u16::MAX));
    number(coarse)
        .zip(number(fine))
        .filter(|(coarse, _)| *coarse > 0)
        .map(|(coarse, fine)| [coarse, fine])
        .ok_or_else(|| "samples are a number, or two such as 32+64".into())
}

#[cfg(test)]
mod tests {
    use super::samples;

    #[test]
    fn samples_are_one_number_or_two() {
        assert_eq!(samples("64"), Ok([64, 0]));
        assert_eq!(samples("32 + 64"), Ok([32, 64]));
        for wrong in ["", "0", "+3", "1+", "1+2+3", "-1", "1e3", "99999999"] {
            assert!(samples(wrong).is_err(), "{wrong}");
        }
    }
}
