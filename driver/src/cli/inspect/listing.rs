//! A program, record by record, with names for its buffers.

use std::collections::BTreeMap;

use quintet_protocol::program::{Buffer, BufferId, BufferKind, Command, Program, ProgramError};
use serde::Serialize;

use crate::cli::costs::operator_name;

/// A buffer of a program.
#[derive(Serialize)]
pub struct BufferRecord {
    pub index: u16,
    /// What the first command that has it calls it.
    pub name: &'static str,
    pub kind: &'static str,
    pub offset: u32,
    /// None for a frame.
    pub bytes: Option<u32>,
}

/// A command of a program.
#[derive(Serialize)]
pub struct CommandRecord {
    pub index: u16,
    pub operator: &'static str,
    pub name: &'static str,
    pub buffers: Vec<u16>,
}

/// A program, record by record.
pub struct Listing {
    pub buffers: Vec<BufferRecord>,
    pub commands: Vec<CommandRecord>,
}

impl Listing {
    /// Of an encoded program.
    pub fn of(program: &[u8]) -> Result<Self, ProgramError> {
        let program = Program::new(program)?;
        let mut names = BTreeMap::new();
        let mut commands = Vec::new();
        for index in 0..program.command_count() as u16 {
            let command = program.command(index)?;
            let (name, operands) = operands(&command);
            for &(buffer, BufferId(id)) in &operands {
                names.entry(id).or_insert(buffer);
            }
            let buffers = operands.iter().map(|&(_, BufferId(id))| id).collect();
            let operator = operator_name(command.operator());
            commands.push(CommandRecord { index, operator, name, buffers });
        }
        let record = |index: u16| {
            let Buffer { kind, offset, length } = program.buffer(BufferId(index))?;
            let name = names.get(&index).copied().unwrap_or("unused");
            let bytes = (kind != BufferKind::Frame).then_some(length);
            Ok(BufferRecord { index, name, kind: kind_name(kind), offset, bytes })
        };
        let buffers = (0..program.buffer_count() as u16).map(record);
        Ok(Self { buffers: buffers.collect::<Result<_, ProgramError>>()?, commands })
    }
}

fn kind_name(kind: BufferKind) -> &'static str {
    match kind {
        BufferKind::Constant => "constant",
        BufferKind::Input => "input",
        BufferKind::Output => "output",
        BufferKind::Scratch => "scratch",
        BufferKind::Frame => "frame",
        BufferKind::Streamed { .. } => "streamed",
        _ => "other",
    }
}

/// An operand that may be absent.
trait Operand: Copy {
    fn buffer(self) -> Option<BufferId>;
}

impl Operand for BufferId {
    fn buffer(self) -> Option<BufferId> {
        Some(self)
    }
}

impl Operand for Option<BufferId> {
    fn buffer(self) -> Option<BufferId> {
        self
    }
}

/// A command's name and the operands of it that are there, with theirs. An operand is called as the
/// command has it, unless several commands call different things so.
macro_rules! listing {
    ($($Command:ident $name:literal: $($operand:ident $(as $own:literal)?),*;)*) => {
        fn operands(command: &Command) -> (&'static str, Vec<(&'static str, BufferId)>) {
            match command {
                $(Command::$Command(it) => {
                    let all: &[(&'static str, Option<BufferId>)] = &[
                        $((listing!(@name $operand $($own)?), it.$operand.buffer()),)*
                    ];
                    let there = all.iter().filter_map(|&(name, buffer)| Some((name, buffer?)));
                    ($name, there.collect())
                })*
                _ => ("other", Vec::new()),
            }
        }
    };
    (@name $operand:ident) => { stringify!($operand) };
    (@name $operand:ident $own:literal) => { $own };
}

listing! {
    ProjectGaussians "project_gaussians": chunks, gaussians, harmonics, camera, splats, keys, count;
    RasteriseGaussians "rasterise_gaussians": splats, order, count, bins, tiles, accumulators, frame;
    BoundChunks "bound_chunks": chunks, camera, bounds, keys as "chunk_keys", window;
    ProjectWindow "project_window":
        chunks, pages, camera, bounds, order as "chunk_order", window, splats, keys;
    RasteriseWindow "rasterise_window": splats, keys, order, window, accumulators, frame;
    Sort "sort": keys, count, order, scratch as "sort_scratch", histogram;
    NextTile "next_tile": cursor, frame, accumulators;
    TransformVertices "transform_vertices": vertices, triangles, camera, seen;
    RasteriseTriangles "rasterise_triangles":
        cursor, seen, vertices, triangles, surface, pixels, points, normals;
    BlendGaussians "blend_gaussians":
        cursor, splats, keys, order, count, surface, camera, accumulators;
    BlendSurface "blend_surface": count, colors, accumulators, pixels;
    ResolveTile "resolve_tile": cursor, accumulators, frame;
    CastRays "cast_rays": cursor, camera as "ray_camera", rays, marks;
    March "march": cursor, rays, marks, accumulators, shares, occupancy, samples, points;
    Composite "composite": samples, densities, colors, activations, accumulators, weights;
    Focus "focus": cursor, weights, shares, marks, accumulators;
    Interpolate "interpolate": points, count, levels, table, output as "rows";
    Factors "factors": points, count, factors, table, output as "rows";
    Dense "dense":
        input as "rows", count, weights as "layer", scratch as "dense_scratch", output as "rows";
    Waves "waves": input, count, frequencies, output as "rows";
    Harmonics "harmonics": rays, count as "ray_count", output as "rows";
    Gather "gather": input as "rows", count, list, output as "rows";
    Shade "shade": count, normals, lights, colors;
    Fill "fill": output;
    Copy "copy": input, output;
    Repeat "repeat": condition;
}
