//! Pictures: PNG files, and contact sheets of several frames.

use std::io;
use std::path::Path;

/// Pixels between the pictures of a contact sheet, and around them.
const GAP: usize = 4;
/// Colour of the gap.
const GAP_COLOR: u8 = 64;
/// A contact sheet wider than this, in pixels, is made of smaller pictures.
const SHEET_WIDTH_MAX: usize = 1920;

/// An RGB picture, one byte a channel, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height * 3` bytes.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Writes it as a PNG file, 8 bits a channel, sRGB.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn write_png(&self, path: &Path) -> io::Result<()> {
        std::fs::write(path, self.to_png()?)
    }

    /// A PNG file, 8 bits a channel, sRGB.
    ///
    /// # Errors
    ///
    /// When a side is zero, or larger than PNG allows.
    pub fn to_png(&self) -> io::Result<Vec<u8>> {
        let side = |side: usize| u32::try_from(side).unwrap_or(0);
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, side(self.width), side(self.height));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.rgb)?;
        writer.finish()?;
        Ok(file)
    }

    /// Smaller by a whole factor: each pixel is the mean of `factor` x `factor`.
    fn reduced(&self, factor: usize) -> Self {
        let side = |side: usize| (side / factor).max(1);
        let (width, height) = (side(self.width), side(self.height));
        let mut rgb = Vec::with_capacity(width * height * 3);
        for at in 0..width * height {
            let columns = at % width * factor..(at % width * factor + factor).min(self.width);
            let rows = at / width * factor..(at / width * factor + factor).min(self.height);
            let count = columns.len() * rows.len();
            for channel in 0..3 {
                let sample =
                    |x: usize, y: usize| usize::from(self.rgb[(y * self.width + x) * 3 + channel]);
                let sum: usize = rows
                    .clone()
                    .map(|y| columns.clone().map(|x| sample(x, y)).sum::<usize>())
                    .sum();
                rgb.push(((sum + count / 2) / count) as u8);
            }
        }
        Self { width, height, rgb }
    }
}

/// A grid of pictures of one size, in reading order, with a thin gap. Pictures are reduced by a
/// whole factor when the sheet would otherwise be wider than 1920 pixels.
#[derive(Clone, Debug)]
pub struct ContactSheet {
    sheet: Picture,
    columns: usize,
    factor: usize,
    cell: [usize; 2],
    filled: usize,
}

impl ContactSheet {
    /// An empty sheet for `count` pictures of `width` x `height`.
    pub fn new(count: usize, [width, height]: [u16; 2]) -> Self {
        let columns = columns(count);
        let (width, height) = (usize::from(width), usize::from(height));
        let across = (SHEET_WIDTH_MAX - GAP) / columns;
        let factor = width.div_ceil(across.saturating_sub(GAP).max(1)).max(1);
        let cell = [(width / factor).max(1), (height / factor).max(1)];
        let rows = count.div_ceil(columns);
        let [width, height] = [columns * (cell[0] + GAP) + GAP, rows * (cell[1] + GAP) + GAP];
        let sheet = Picture { width, height, rgb: vec![GAP_COLOR; width * height * 3] };
        Self { sheet, columns, factor, cell, filled: 0 }
    }

    /// Puts the next picture on the sheet. One too many, or of another size, is left out.
    pub fn push(&mut self, picture: &Picture) {
        let small = picture.reduced(self.factor);
        let (column, row) = (self.filled % self.columns, self.filled / self.columns);
        let left = GAP + column * (self.cell[0] + GAP);
        let top = GAP + row * (self.cell[1] + GAP);
        if [small.width, small.height] != self.cell || top + self.cell[1] > self.sheet.height {
            return;
        }
        for (y, line) in small.rgb.chunks_exact(small.width * 3).enumerate() {
            let at = ((top + y) * self.sheet.width + left) * 3;
            self.sheet.rgb[at..at + line.len()].copy_from_slice(line);
        }
        self.filled += 1;
    }

    /// The sheet.
    pub fn picture(&self) -> &Picture {
        &self.sheet
    }
}

/// Columns of a grid: about as many as rows, or up to half as many more if fewer cells stay empty.
fn columns(count: usize) -> usize {
    let square = (1..).find(|side| side * side >= count).unwrap_or(1);
    (square..=square * 3 / 2).min_by_key(|&c| (count.div_ceil(c) * c - count, c)).unwrap_or(square)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_leave_few_cells_empty() {
        assert_eq!([1, 2, 4, 5, 6, 8, 12, 16].map(columns), [1, 2, 2, 3, 3, 4, 4, 4]);
    }

    #[test]
    fn a_picture_survives_its_png() {
        let picture = Picture { width: 3, height: 2, rgb: (0..18).collect() };
        let file = picture.to_png().unwrap();
        let mut reader = png::Decoder::new(io::Cursor::new(file)).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        assert_eq!((info.width, info.height, rgb), (3, 2, picture.rgb));
    }

    #[test]
    fn a_sheet_places_pictures_in_reading_order() {
        let mut sheet = ContactSheet::new(2, [2, 1]);
        sheet.push(&Picture { width: 2, height: 1, rgb: vec![1; 6] });
        sheet.push(&Picture { width: 2, height: 1, rgb: vec![2; 6] });
        let picture = sheet.picture();
        assert_eq!((picture.width, picture.height), (2 * (2 + GAP) + GAP, 1 + 2 * GAP));
        let red = |x: usize, y: usize| picture.rgb[(y * picture.width + x) * 3];
        assert_eq!([red(3, 4), red(4, 4), red(5, 4), red(6, 4)], [GAP_COLOR, 1, 1, GAP_COLOR]);
        assert_eq!([red(9, 4), red(10, 4), red(11, 4), red(12, 4)], [GAP_COLOR, 2, 2, GAP_COLOR]);
    }

    #[test]
    fn a_sheet_of_many_pictures_is_reduced() {
        let mut sheet = ContactSheet::new(100, [320, 240]);
        (0..100).for_each(|k| {
            sheet.push(&Picture { width: 320, height: 240, rgb: vec![k; 320 * 240 * 3] });
        });
        assert_eq!((sheet.filled, sheet.factor), (100, 2));
        assert!(sheet.picture().width <= SHEET_WIDTH_MAX);
    }
}
