//! How scenes are drawn, by their kinds.

use clap::{Args, ValueEnum};
use quintet_driver::budget::{Choice, Quality};
use quintet_driver::compile::Method;
use quintet_driver::compile::field::FieldOptions;
use quintet_driver::compile::mesh::{Filter, Lights, MeshOptions, Shading};
use quintet_driver::quantise::grid::Bits;
use quintet_driver::scene::{Content, Kind};

use super::arguments::color;
use super::failure::{FAILED, Failure};
use super::output::grouped;
use super::scene::not_of_this_kind;

const LESS: &str = "Less for fewer instructions";
const TRIANGLES: &str = "Triangles";
const FIELDS: &str = "Radiance fields";

/// How a scene is drawn.
#[derive(Args, Clone, Debug)]
pub struct MethodArguments {
    /// Colour behind everything [default: that of the scene if it has one, or 0,0,0]
    #[arg(long, value_name = "R,G,B", value_parser = color)]
    background: Option<[u8; 3]>,
    /// How many of the Gaussians, or of a field's samples, are drawn [default: high]
    #[arg(long, value_enum, help_heading = LESS, conflicts_with_all = ["budget", "samples"])]
    quality: Option<QualityArgument>,
    /// Draw as many of them as a Cortex-M4 can in some N instructions a frame; K, M and G stand for
    /// thousands, millions and thousands of millions
    ///
    /// This is an estimate, of which frames are mostly within a half. What is given up is said.
    #[arg(long, value_name = "N", value_parser = instructions, help_heading = LESS,
          conflicts_with = "samples")]
    budget: Option<u64>,
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

/// Words for [`Quality`].
#[derive(Clone, Copy, Debug, ValueEnum)]
enum QualityArgument {
    /// A quarter: the Gaussians that are seen most, or samples of each ray
    Low,
    /// A half of them
    Medium,
    /// All
    High,
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
const THINNED: Concerns =
    ("Gaussians and radiance fields", &[Kind::Gaussians, Kind::Field, Kind::Mixed]);
const ESTIMATED: Concerns =
    ("Gaussians alone and radiance fields", &[Kind::Gaussians, Kind::Field]);
const SAMPLED: Concerns = ("radiance fields", &[Kind::Field]);
const LOOKED_UP: Concerns = ("radiance fields and hybrids", &[Kind::Field, Kind::Hybrid]);

impl MethodArguments {
    /// Options that were given, and what they concern.
    fn given(&self) -> impl Iterator<Item = (&'static str, Concerns)> {
        let all = [
            ("--quality", self.quality.is_some(), THINNED),
            ("--budget", self.budget.is_some(), ESTIMATED),
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

    /// Changes what of a scene its options change: how a field is sampled, how many Gaussians there
    /// are. Tells what is given up in a picture of `size`.
    pub fn apply(&self, content: &mut Content, size: [u16; 2]) -> Result<Vec<String>, Failure> {
        if let (Content::Field(field), Some([coarse, fine])) = (&mut *content, self.samples) {
            (field.sampling.coarse, field.sampling.fine) = (coarse, fine);
        }
        let choice = self.choice(content, size)?;
        choice.apply(content);
        Ok(given_up(choice).into_iter().collect())
    }

    /// How much of a scene is drawn.
    fn choice(&self, content: &Content, size: [u16; 2]) -> Result<Choice, Failure> {
        if let Some(instructions) = self.budget {
            let field = self.method(content.summary().kind).field;
            let choice = Choice::of_budget(content, size, &field, instructions);
            return choice.map_err(|error| {
                let what = format!("a frame does not fit {} instructions", grouped(instructions));
                Failure::new(FAILED, what, error).help("give --budget more, or --size less")
            });
        }
        Ok(match self.quality {
            None | Some(QualityArgument::High) => Choice::Everything,
            Some(QualityArgument::Medium) => Choice::of_quality(content, Quality::Medium),
            Some(QualityArgument::Low) => Choice::of_quality(content, Quality::Low),
        })
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

/// What a choice gives up, in words, if it does.
fn given_up(choice: Choice) -> Option<String> {
    let samples = |[coarse, added]: [usize; 2]| match added {
        0 => coarse.to_string(),
        added => format!("{coarse} + {added}"),
    };
    match choice {
        Choice::Gaussians { drawn, of } => {
            let [drawn, of] = [drawn, of].map(|count| grouped(count as u64));
            Some(format!("drawn with {drawn} of {of} Gaussians, without those that are seen least"))
        }
        Choice::Samples { drawn, of } => {
            Some(format!("drawn with {} of {} samples a ray", samples(drawn), samples(of)))
        }
        _ => None,
    }
}

/// Reads a number of instructions, with `K`, `M` or `G` for 10^3, 10^6 and 10^9.
fn instructions(text: &str) -> Result<u64, String> {
    let (digits, power) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 3),
        Some((at, 'm' | 'M')) => (&text[..at], 6),
        Some((at, 'g' | 'G')) => (&text[..at], 9),
        _ => (text, 0),
    };
    let number: Option<u64> = digits.parse().ok();
    let number = number.and_then(|number| number.checked_mul(10u64.pow(power)));
    number
        .filter(|number| *number > 0)
        .ok_or_else(|| "a number of instructions is such as 8000000, 500K or 8M".into())
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
    use super::{instructions, samples};

    #[test]
    fn instructions_are_numbers_with_decimal_units() {
        assert_eq!(instructions("1234"), Ok(1234));
        assert_eq!((instructions("5k"), instructions("8M")), (Ok(5000), Ok(8_000_000)));
        assert_eq!(instructions("2G"), Ok(2_000_000_000));
        for wrong in ["", "0", "M", "-1", "1.5M", "99999999999999G", "8Mi", "é"] {
            assert!(instructions(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn samples_are_one_number_or_two() {
        assert_eq!(samples("64"), Ok([64, 0]));
        assert_eq!(samples("32 + 64"), Ok([32, 64]));
        for wrong in ["", "0", "+3", "1+", "1+2+3", "-1", "1e3", "99999999"] {
            assert!(samples(wrong).is_err(), "{wrong}");
        }
    }
}
