//! What the subcommands for scenes share: which scenes, and what is said about them.

use std::path::PathBuf;

use clap::Args;
use quintet_driver::import::{self, ImportedScene, SceneOptions};
use quintet_driver::scene::Summary;
use serde::Serialize;

use super::failure::{Failure, USAGE};
use super::model;
use super::output::{grouped, say};

/// What is drawn.
#[derive(Args, Clone, Debug)]
pub struct SceneArguments {
    /// A scene, or triangles and Gaussians that are one frame
    ///
    /// Gaussians: .ply, .splat, .ksplat, .spz, .sog or its folder, .glb and .gltf.
    /// Triangles: .glb, .gltf, .obj.
    /// Radiance fields: .safetensors, .ckpt, .pt, .npz, .msgpack, .ingp, .th, or a folder.
    /// Several of them, and where: .quintet.json, a scene file.
    #[arg(required = true, value_name = "SCENE", verbatim_doc_comment)]
    pub scenes: Vec<PathBuf>,
    /// The picture on the triangles, in place of those that their file names
    #[arg(long, value_name = "FILE", help_heading = "Triangles")]
    pub texture: Option<PathBuf>,
}

impl SceneArguments {
    /// The first scene, which names what is written.
    pub fn first(&self) -> &PathBuf {
        &self.scenes[0]
    }

    /// Imports the scenes; what is to be said about them is said.
    pub fn import(&self) -> Result<ImportedScene, Failure> {
        let options = SceneOptions::with_texture(self.texture.clone());
        let imported = match self.scenes.as_slice() {
            [scene] => import::scene(scene, &options),
            scenes => import::scenes(scenes, &options),
        };
        let imported = imported.map_err(|error| Failure::scene(&error))?;
        if self.texture.is_some() && imported.content.summary().triangles == 0 {
            let kind = imported.content.summary().kind.name();
            return Err(not_of_this_kind("--texture", "triangles", kind));
        }
        for note in notes(&imported) {
            say(format_args!("note: {note}"));
        }
        Ok(imported)
    }
}

/// Refuses networks where several files are told of side by side.
pub fn only_scenes(paths: &[PathBuf]) -> Result<(), Failure> {
    let Some(network) = paths.iter().find(|path| model::is_network(path)) else {
        return Ok(());
    };
    let what = format!("{} is a network", network.display());
    let cause = "of several files, each has to be a scene: a row for each";
    Err(Failure::new(USAGE, what, cause).help("profile each network by itself"))
}

/// An option that has no meaning for a kind of scene.
pub fn not_of_this_kind(option: &str, concerns: &str, kind: &str) -> Failure {
    let what = format!("{option} is for {concerns}");
    Failure::new(USAGE, what, format!("this scene is {kind}")).help(format!("leave out {option}"))
}

/// What a user should know about an imported scene.
pub fn notes(scene: &ImportedScene) -> Vec<String> {
    let mut notes = scene.notes.clone();
    if scene.antialiased {
        notes.push(
            "The scene was trained with an antialiasing filter; it is drawn with the classic \
             kernel, so that fine parts look heavier than they should."
                .into(),
        );
    }
    notes
}

/// A scene in JSON.
#[derive(Serialize)]
pub struct SceneRecord<'a> {
    /// The first file.
    pub path: &'a PathBuf,
    /// All files of the command line.
    pub paths: &'a [PathBuf],
    /// Format of the files.
    pub format: &'a str,
    /// Gaussians that were left out.
    pub dropped: usize,
    /// What was given up for a quality or a budget, in words.
    pub given_up: &'a [String],
    /// What it is.
    #[serde(flatten)]
    pub summary: &'a Summary,
}

/// A scene in a line: `8 406 Gaussians, harmonics of degree 2`.
pub fn described(summary: &Summary) -> String {
    let mut parts = Vec::new();
    if summary.gaussians > 0 {
        parts.push(format!("{} Gaussians", grouped(summary.gaussians as u64)));
        parts.push(match summary.degree {
            0 => "no harmonics".into(),
            degree => format!("harmonics of degree {degree}"),
        });
    }
    if summary.triangles > 0 {
        parts.push(format!("{} triangles", grouped(summary.triangles as u64)));
        parts.push(match summary.textures.len() {
            _ if !summary.kind.has_textures() => "coloured by the field".into(),
            0 => "no texture".into(),
            1 => "1 texture".into(),
            count => format!("{count} textures"),
        });
    }
    if let Some(field) = &summary.field {
        let [coarse, fine] = field.samples;
        parts.push(format!("a field of {} parameters", grouped(field.parameters as u64)));
        parts.push(format!("{} multiply-adds a sample", grouped(field.multiply_adds)));
        match fine {
            _ if summary.triangles > 0 => {}
            0 => parts.push(format!("{coarse} samples a ray")),
            fine => parts.push(format!("{coarse} + {fine} samples a ray")),
        }
    }
    parts.join(", ")
}
