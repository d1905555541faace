//! How many clocks commands take: an estimate under stated assumptions, and no measurement.
//!
//! A command is charged from its shapes, from what its execution came to, and from the instance's
//! description, in integers: the same on every host. A file for each micro-operator turns it into
//! what it asks for, phase by phase, and says what it assumes; `demand` turns that into clocks, and
//! says what goes on at a time and what waits for what.
//!
//! | phase | `Geometry` | `CombinedGrid`, `DecomposedGrid` | `Sort` | `Gemm` | `Vector` |
//! |---|---|---|---|---|---|
//! | index | projection, set-up, bins | addresses of corners | counts of digits | addresses of windows; a perceptron's look-up | addresses of runs |
//! | reduce | pixels visited and resolved | corners weighed and summed | keys put in their places | products | elements |
//! | load, store | bytes by what memory moves in a clock | | | | |
//! | stall | hand-over, latency, banks | | | | |
//!
//! Nothing here knows silicon: no wire is modelled, no arbiter, no refresh but as a percentage.
//! What is claimed is what follows of the description, so that two of them can be compared.

mod demand;
pub mod frame;
mod gemm;
mod geometry;
mod grids;
mod operands;
mod sort;
mod tiles;
mod vector;

use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Command, Program};

use crate::instance::Instance;
use demand::Demand;
use operands::Context;

/// What executing a command came to: its phases with the work items that were done in each.
pub type Work = [(Phase, u64)];

/// What a command costs an instance. `program` holds its operands' buffers, `work` what executing
/// it came to, `arena` the memory after it. Of operands that are not there nothing is charged.
pub fn charge(
    instance: &Instance,
    program: &Program,
    command: &Command,
    work: &Work,
    arena: &[u32],
) -> Receipt {
    let context = Context { instance, program, work, arena };
    let items = work.iter().fold(0, |sum: u64, &(_, items)| sum.saturating_add(items));
    Receipt {
        items: u32::try_from(items).unwrap_or(u32::MAX),
        ..demand(&context, command).receipt(instance)
    }
}

/// What a command asks for.
fn demand(context: &Context, command: &Command) -> Demand {
    match command {
        Command::ProjectGaussians(c) => geometry::project_gaussians(context, c),
        Command::RasteriseGaussians(c) => geometry::rasterise_gaussians(context, c),
        Command::BoundChunks(c) => geometry::bound_chunks(context, c),
        Command::ProjectWindow(c) => geometry::project_window(context, c),
        Command::RasteriseWindow(c) => geometry::rasterise_window(context, c),
        Command::NextTile(c) => tiles::next_tile(context, c),
        Command::ResolveTile(c) => tiles::resolve_tile(context, c),
        Command::TransformVertices(c) => geometry::transform_vertices(context, c),
        Command::RasteriseTriangles(c) => geometry::rasterise_triangles(context, c),
        Command::BlendGaussians(c) => geometry::blend_gaussians(context, c),
        Command::BlendSurface(c) => tiles::blend_surface(context, c),
        Command::CastRays(c) => geometry::cast_rays(context, c),
        Command::Interpolate(c) => grids::interpolate(context, c),
        Command::March(c) => grids::march(context, c),
        Command::Factors(c) => grids::factors(context, c),
        Command::Sort(c) => sort::sort(context, c),
        Command::Convolve(c) => gemm::convolve(context, c),
        Command::ConvolveDepthwise(c) => gemm::convolve_depthwise(context, c),
        Command::Dense(c) => gemm::dense(context, c),
        Command::Perceptron(c) => gemm::perceptron(context, c),
        Command::Add(c) => vector::add(context, c),
        Command::Multiply(c) => vector::multiply(context, c),
        Command::Pool(c) => vector::pool(context, c),
        Command::Reduce(c) => vector::reduce(context, c),
        Command::Softmax(c) => vector::softmax(context, c),
        Command::Lookup(c) => vector::lookup(context, c),
        Command::Copy(c) => vector::copy(context, c),
        Command::Fill(c) => vector::fill(context, c),
        Command::Resize(c) => vector::resize(context, c),
        Command::Waves(c) => vector::waves(context, c),
        Command::Harmonics(c) => vector::harmonics(context, c),
        Command::Gather(c) => vector::gather(context, c),
        Command::Composite(c) => vector::composite(context, c),
        Command::Focus(c) => vector::focus(context, c),
        Command::Shade(c) => vector::shade(context, c),
        // Which command comes next is the core's affair; and what is not known yet costs its
        // hand-over.
        _ => Demand::default(),
    }
}
