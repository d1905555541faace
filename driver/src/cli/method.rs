//! How scenes are drawn, by their kinds.

use clap::Args;
use quintet_driver::scene::{Content, Kind};

use super::arguments::color;
use super::failure::Failure;

/// How a scene is drawn.
#[derive(Args, Clone, Debug)]
pub struct MethodArguments {
    /// Colour behind everything [default: that of the scene if it has one, or 0,0,0]
    #[arg(long, value_name = "R,G,B", value_parser = color)]
    background: Option<[u8; 3]>,
}

impl MethodArguments {
    /// Refuses options that have no meaning for a kind of scene.
    pub fn check(&self, _kind: Kind) -> Result<(), Failure> {
        Ok(())
    }

    /// The name of an option that was given.
    pub fn first_given(&self) -> Option<&'static str> {
        self.background.map(|_| "--background")
    }

    /// The colour behind everything.
    pub fn background(&self, content: &Content) -> [u8; 3] {
        self.background.unwrap_or_else(|| content.background())
    }
}
