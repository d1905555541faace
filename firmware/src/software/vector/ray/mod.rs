//! Vector commands of rays and their samples.

mod composite;
mod focus;
mod gather;
mod harmonics;
mod shade;
mod waves;

pub use composite::Composite;
pub use focus::Focus;
pub use gather::Gather;
pub use harmonics::Harmonics;
pub use shade::Shade;
pub use waves::Waves;
