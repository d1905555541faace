//! The palette of spherical harmonics of a SOG scene: a label per Gaussian, an entry per label.

use super::picture::Picture;
use super::{Meta, ReadMember, Table, codebook, file, linear};
use crate::import::error::Fault;

/// Palette entries in a row of the centroids' picture.
const ENTRIES_PER_ROW: usize = 64;

/// A palette and its labels, checked to fit each other and the scene.
pub(super) struct Harmonics {
    pub degree: u8,
    labels: Vec<u8>,
    centroids: Vec<u8>,
    entries: usize,
    value_of: Table,
}

impl Harmonics {
    pub(super) fn load(
        meta: &Meta,
        count: usize,
        read: ReadMember,
    ) -> Result<Option<Harmonics>, Fault> {
        const PART: &str = "shN";
        let Some(palette) = &meta.sh_n else { return Ok(None) };
        let value_of = match (palette.mins, palette.maxs) {
            (Some(min), Some(max)) if meta.version.is_none() => linear(min, max),
            _ => codebook(&palette.codebook, PART)?,
        };
        let name = file(&palette.files, 0, PART)?;
        // A label has 16 bits, so the palette at most 65 536 entries of 15 texels.
        let centroids = Picture::read_up_to(name, &read(name)?, 15 << 16)?;
        let degree = [192, 512, 960].iter().position(|&width| width == centroids.width);
        let degree = degree.map_or(0, |index| index as u8 + 1);
        if degree == 0 || palette.bands.is_some_and(|bands| bands != degree) {
            let reason = format!("a width of {} does not fit its bands", centroids.width);
            return Err(Fault::malformed(name, reason));
        }
        let entries = centroids.height * ENTRIES_PER_ROW;
        let name = file(&palette.files, 1, PART)?;
        let labels = Picture::read(name, &read(name)?, count)?.texels;
        let harmonics = Harmonics {
            degree,
            labels,
            centroids: centroids.texels,
            entries: palette.count.unwrap_or(entries).min(entries),
            value_of,
        };
        harmonics.check_labels(count)?;
        Ok(Some(harmonics))
    }

    fn label(&self, i: usize) -> usize {
        usize::from(self.labels[4 * i]) | usize::from(self.labels[4 * i + 1]) << 8
    }

    fn check_labels(&self, count: usize) -> Result<(), Fault> {
        match (0..count).find(|&i| self.label(i) >= self.entries) {
            None => Ok(()),
            Some(i) => {
                let (label, entries) = (self.label(i), self.entries);
                let reason = format!("Gaussian {i} has label {label} in a palette of {entries}");
                Err(Fault::malformed("shN", reason))
            }
        }
    }

    /// The values of Gaussian `i`, coefficient-major. The entries of a palette lie end to end in
    /// its texels, since a row holds a whole number of them.
    pub(super) fn read(&self, i: usize, values: &mut Vec<f32>) {
        let coefficients = (usize::from(self.degree) + 1).pow(2) - 1;
        let first = self.label(i) * coefficients * 4;
        let texels = self.centroids[first..first + coefficients * 4].chunks_exact(4);
        values.clear();
        values.extend(texels.flat_map(|texel| [0, 1, 2].map(|c| self.value_of[texel[c] as usize])));
    }
}
