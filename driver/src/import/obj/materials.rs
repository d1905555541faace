//! Materials of `.mtl` files: `Kd`, `d`, `Tr` and `map_Kd`.

use crate::import::beside::Folder;
use crate::import::error::Fault;
use crate::import::limits;
use crate::import::mesh::{decoded, plain_material};
use crate::scene::mesh::{Material, Texture, Wrap};
use std::collections::HashMap;

/// Most `.mtl` files of a scene.
const MAX_FILES: usize = 64;

/// What `.mtl` files say.
#[derive(Default)]
pub(super) struct Library {
    files: usize,
    entries: HashMap<String, Entry>,
    /// Pictures read so far; nothing for one that is not there.
    pictures: HashMap<String, Option<usize>>,
    texels: u64,
}

/// A material as written.
#[derive(Clone)]
struct Entry {
    color: [f32; 4],
    /// Name of the picture's file, and whether it repeats.
    picture: Option<(String, bool)>,
}

impl Library {
    /// Reads the files that a `mtllib` statement names; says what is missing.
    pub(super) fn read(&mut self, folder: &Folder, names: &str) -> Result<Vec<String>, Fault> {
        self.files += 1;
        if self.files > MAX_FILES {
            return Err(Fault::malformed("mtllib", format!("more than {MAX_FILES} files")));
        }
        let names = names.replace('\\', "/");
        // Names may have spaces in them; so do lists of names.
        let mut tried = vec![names.as_str()];
        tried.extend(names.split_whitespace().filter(|name| *name != names));
        let mut found = false;
        for name in tried.into_iter().take(MAX_FILES) {
            match folder.read("mtllib", name) {
                Ok(data) => {
                    found = true;
                    self.parse(&data);
                }
                Err(Fault::Io(_) | Fault::Unsupported { .. }) => {}
                Err(fault) => return Err(fault),
            }
        }
        let shown: String = names.chars().take(80).collect();
        Ok(match found {
            true => Vec::new(),
            false => vec![format!("Its materials ({shown}) were not found: it is drawn white.")],
        })
    }

    fn parse(&mut self, data: &[u8]) {
        let mut name = None;
        for (_, line) in super::statements(data) {
            let line = line.trim();
            let (keyword, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            if keyword == "newmtl" {
                let entry = Entry { color: [1.0; 4], picture: None };
                name = Some(rest.trim().to_owned());
                self.entries.insert(rest.trim().to_owned(), entry);
            }
            let Some(entry) = name.as_ref().and_then(|name| self.entries.get_mut(name)) else {
                continue;
            };
            let numbers: Vec<f32> = rest.split_whitespace().map_while(|n| n.parse().ok()).collect();
            match (keyword, numbers.as_slice()) {
                ("Kd", &[r, g, b, ..]) => entry.color = [r, g, b, entry.color[3]],
                ("Kd", &[grey]) => entry.color = [grey, grey, grey, entry.color[3]],
                ("d", &[opacity, ..]) => entry.color[3] = opacity,
                ("Tr", &[clear, ..]) => entry.color[3] = 1.0 - clear,
                ("map_Kd", _) => entry.picture = picture(rest),
                _ => {}
            }
        }
    }

    /// The material of this name and what the user should know of it; nothing if there is none.
    /// Its picture goes to `textures`.
    pub(super) fn material(
        &mut self,
        name: &str,
        folder: &Folder,
        textures: &mut Vec<Texture>,
    ) -> Result<Option<(Material, Option<String>)>, Fault> {
        let Some(entry) = self.entries.get(name).cloned() else { return Ok(None) };
        let color =
            entry.color.map(|part| if part.is_finite() { part.clamp(0.0, 1.0) } else { 1.0 });
        let mut material = Material { color, ..plain_material(name) };
        let Some((file, repeats)) = entry.picture else { return Ok(Some((material, None))) };
        if !repeats {
            material.wrap = [Wrap::Clamp; 2];
        }
        if !self.pictures.contains_key(&file) {
            let read = self.picture(&file, folder, textures)?;
            self.pictures.insert(file.clone(), read);
        }
        material.texture = self.pictures[&file];
        let shown: String = file.chars().take(80).collect();
        let missing = format!("The picture {shown} was not found: {name:.40} has only its colour.");
        let note = material.texture.is_none().then_some(missing);
        Ok(Some((material, note)))
    }

    fn picture(
        &mut self,
        file: &str,
        folder: &Folder,
        textures: &mut Vec<Texture>,
    ) -> Result<Option<usize>, Fault> {
        let data = match folder.read("map_Kd", file) {
            Ok(data) => data,
            Err(Fault::Io(_) | Fault::Unsupported { .. }) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let texture = decoded(file, &data, limits::MAX_TEXELS - self.texels)?;
        self.texels += (texture.rgba.len() / 4) as u64;
        textures.push(texture);
        Ok(Some(textures.len() - 1))
    }
}

/// The picture that a `map_` statement names after its options, and whether it repeats.
fn picture(rest: &str) -> Option<(String, bool)> {
    let mut repeats = true;
    let mut words = rest.trim();
    while let Some((option, after)) = words.split_once(char::is_whitespace)
        && option.starts_with('-')
    {
        // What numbers and switches an option has; the rest of the line is a name.
        let mut after = after.trim_start();
        let most = if matches!(option, "-o" | "-s" | "-t") { 3 } else { 1 };
        for taken in 0..most {
            let (value, others) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
            if taken > 0 && value.parse::<f32>().is_err() {
                break;
            }
            repeats &= !(option == "-clamp" && value == "on");
            after = others.trim_start();
        }
        words = after;
    }
    (!words.is_empty()).then(|| (words.replace('\\', "/"), repeats))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_before_a_name_are_passed_over() {
        let named = |name: &str, repeats| Some((name.to_owned(), repeats));
        assert_eq!(picture("a b.png "), named("a b.png", true));
        assert_eq!(picture("-s 1 1 1 -o 0.5 tex\\a.png"), named("tex/a.png", true));
        assert_eq!(picture("-clamp on -bm 0.3 a.png"), named("a.png", false));
        assert_eq!(picture(""), None);
    }

    #[test]
    fn colors_and_opacities_are_read() {
        let mut library = Library::default();
        library.parse(b"Kd 9 9 9\nnewmtl a b\nKd 0.5 0.25 2\nTr 0.75\nnewmtl c\nd nan\n");
        let mut textures = Vec::new();
        let mut color = |name: &str| {
            let found = library.material(name, &Folder(None), &mut textures).unwrap();
            found.map(|(material, _)| material.color)
        };
        assert_eq!(color("a b"), Some([0.5, 0.25, 1.0, 0.25]));
        assert_eq!(color("c"), Some([1.0; 4]));
        assert_eq!(color("d"), None);
    }
}
