//! A scene on its way to a device: imported, or compiled before; its cameras; its bundle.

use std::path::Path;

use clap::Args;
use quintet_driver::camera::Camera;
use quintet_driver::compile::saved::Saved;
use quintet_driver::compile::{Bundle, CompileError, Options, content};
use quintet_driver::import::ImportedScene;
use quintet_driver::scene::Summary;

use super::failure::{Failure, USAGE};
use super::method::MethodArguments;
use super::output::say;
use super::scene::SceneArguments;
use super::views::{ViewArguments, Views, unknown_view};

/// What is drawn, from where, and how.
#[derive(Args, Clone, Debug)]
pub struct DrawArguments {
    #[command(flatten)]
    pub scene: SceneArguments,
    #[command(flatten)]
    pub views: ViewArguments,
    #[command(flatten)]
    pub method: MethodArguments,
}

/// What there is to be drawn.
pub enum Subject {
    /// A scene, still in floats.
    Scene {
        /// The scene.
        imported: Box<ImportedScene>,
        /// Its cameras.
        views: Views,
        /// What of it is not drawn, in words.
        given_up: Vec<String>,
    },
    /// A scene that was compiled before.
    Saved {
        /// The content of its file.
        saved: Box<Saved>,
        /// Those of its cameras that are asked for, or another.
        views: Views,
    },
}

impl DrawArguments {
    /// The same for one of the scenes.
    pub fn alone(&self, scene: &Path) -> Self {
        let mut own = self.clone();
        own.scene.scenes = vec![scene.to_owned()];
        own
    }

    /// Imports the scene, or reads what was compiled before.
    pub fn subject(&self) -> Result<Subject, Failure> {
        let path = self.scene.first();
        if !Saved::is_one(path) {
            let mut imported = self.scene.import()?;
            self.method.check(imported.content.summary().kind)?;
            // Before anything is given up: pictures of all qualities are of one view.
            let views = self.views.of(&imported)?;
            let given_up = self.method.apply(&mut imported.content, views.size())?;
            for what in &given_up {
                say(format_args!("note: {what}"));
            }
            return Ok(Subject::Scene { imported: Box::new(imported), views, given_up });
        }
        let saved = Saved::read(path).map_err(|error| Failure::saved(path, &error))?;
        let views = self.views_of(&saved)?;
        Ok(Subject::Saved { saved: Box::new(saved), views })
    }

    /// The first option that was given though a network has no use for it.
    pub fn first_given(&self) -> Option<&'static str> {
        let other_files = (self.scene.scenes.len() > 1).then_some("a second file");
        let texture = self.scene.texture.as_ref().map(|_| "--texture");
        let size = self.views.size().map(|_| "--size");
        let view = self.views.view().map(|_| "--view");
        let orbit = self.views.is_orbit().then_some("--orbit");
        let own = other_files.or(texture).or(size).or(view).or(orbit);
        own.or(self.method.first_given())
    }

    /// The cameras for a compiled scene, for which little can be chosen.
    fn views_of(&self, saved: &Saved) -> Result<Views, Failure> {
        let other_scenes = (self.scene.scenes.len() > 1).then_some("a second scene");
        let texture = self.scene.texture.as_ref().map(|_| "--texture");
        let size = self.views.size().filter(|size| *size != saved.size).map(|_| "--size");
        let orbit = self.views.is_orbit().then_some("--orbit");
        let given = other_scenes.or(texture).or(size).or(orbit).or(self.method.first_given());
        if let Some(option) = given {
            let [width, height] = saved.size;
            let what = format!("{option} comes too late");
            let cause = format!("this scene is compiled already, for {width}x{height} pixels");
            return Err(Failure::new(USAGE, what, cause)
                .help("leave it out, or give it to `quintet compile`"));
        }
        if let Some(views) = self.views.of_file(Some(saved.size))? {
            return Ok(views);
        }
        let Some(wanted) = self.views.view() else { return Ok(Views(saved.views.clone())) };
        let named = |(name, _): &&(Option<String>, Camera)| name.as_deref() == Some(wanted);
        match saved.views.iter().find(named) {
            Some(view) => Ok(Views(vec![view.clone()])),
            None => {
                Err(unknown_view(wanted, saved.views.iter().filter_map(|(name, _)| name.as_ref())))
            }
        }
    }

    /// Compiles a scene for an arena.
    pub fn compile(
        &self,
        scene: &ImportedScene,
        views: &Views,
        arena_bytes: usize,
    ) -> Result<Bundle, CompileError> {
        let [width, height] = views.size();
        let background = self.method.background(&scene.content);
        let options = Options { width, height, background, arena_bytes };
        content(
            &scene.content,
            &views.cameras(),
            &self.method.method(scene.content.summary().kind),
            &options,
        )
    }

    /// The subject as it is sent to a device with such an arena.
    pub fn bundle(&self, subject: &Subject, arena_bytes: usize) -> Result<Bundle, Failure> {
        match subject {
            Subject::Scene { imported, views, .. } => {
                let bundle = self
                    .compile(imported, views, arena_bytes)
                    .map_err(|error| Failure::compile(&error))?;
                check(&bundle, views)?;
                Ok(bundle)
            }
            Subject::Saved { saved, views } => {
                let needed = saved.bundle.arena_bytes;
                if needed > arena_bytes {
                    let cause = format!(
                        "it was compiled for an arena of {needed} bytes, and there are {arena_bytes}"
                    );
                    return Err(Failure::new(USAGE, "the compiled scene does not fit", cause)
                        .help(format!("compile the scene again, with --arena {arena_bytes}")));
                }
                check(&saved.bundle, views)?;
                Ok(saved.bundle.clone())
            }
        }
    }
}

/// Refuses cameras that a bundle cannot take.
fn check(bundle: &Bundle, Views(views): &Views) -> Result<(), Failure> {
    for (_, camera) in views {
        for slot in &bundle.cameras {
            slot.words(camera).map_err(|error| Failure::camera(&error))?;
        }
    }
    Ok(())
}

impl Subject {
    /// Its cameras.
    pub fn views(&self) -> &Views {
        match self {
            Self::Scene { views, .. } | Self::Saved { views, .. } => views,
        }
    }

    /// What it is.
    pub fn summary(&self) -> Summary {
        match self {
            Self::Scene { imported, .. } => imported.content.summary(),
            Self::Saved { saved, .. } => saved.summary.clone(),
        }
    }

    /// Format of its files.
    pub fn format(&self) -> String {
        match self {
            Self::Scene { imported, .. } => imported.format.clone(),
            Self::Saved { saved, .. } => format!("compiled from {}", saved.name),
        }
    }

    /// What of it is not drawn, in words; what was compiled before does not tell.
    pub fn given_up(&self) -> &[String] {
        match self {
            Self::Scene { given_up, .. } => given_up,
            Self::Saved { .. } => &[],
        }
    }

    /// Gaussians that were left out.
    pub fn dropped(&self) -> usize {
        match self {
            Self::Scene { imported, .. } => imported.dropped,
            Self::Saved { .. } => 0,
        }
    }
}
