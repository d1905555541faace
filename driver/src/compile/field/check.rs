//! What a device takes of a field: everything that can be told before a number of it is looked at.

use super::error::FieldError;
use crate::camera::Camera;
use crate::quantise::rays::RayFrame;
use crate::scene::Field;
use crate::scene::field::{Model, Node, Occupancy};

/// Most columns that a dense layer reads, or writes.
const DENSE_COLUMNS_MAX: usize = 1024;
/// Most frequencies of waves, and most numbers that they are of.
const FREQUENCIES_MAX: usize = 32;
const COORDINATES_MAX: usize = 64;
/// Greatest degree of harmonics.
const DEGREE_MAX: u8 = 3;
/// Most levels of a grid.
const LEVELS_MAX: usize = 1024;
/// Most groups of factors.
const GROUPS_MAX: usize = 64;
/// Channels of a colour.
const CHANNELS: usize = 3;

/// Refuses what no program can be written for.
pub fn check(field: &Field, cameras: &[Camera]) -> Result<(), FieldError> {
    if cameras.is_empty() {
        return Err(FieldError::NoCameras);
    }
    let sampling = &field.sampling;
    RayFrame::new(field.bounds, sampling.range, sampling.along_rays).check()?;
    if field.model.deferred.is_some() {
        return Err(FieldError::Deferred);
    }
    if let Some(Occupancy { side, cells }) = &field.occupancy {
        let (side, cells) = (*side, cells.len());
        if side == 0 || side.checked_pow(3) != Some(cells) {
            return Err(FieldError::Occupancy { side, cells });
        }
    }
    for model in [Some(&field.model), field.proposal.as_ref()].into_iter().flatten() {
        check_model(model)?;
    }
    Ok(())
}

fn check_model(model: &Model) -> Result<(), FieldError> {
    let (mut columns, mut of_ray) = (Vec::new(), Vec::new());
    for (number, node) in model.nodes.iter().enumerate() {
        let inputs = node.inputs();
        let refused = |reason: String| FieldError::Node { node: number, reason };
        if let Some(later) = inputs.iter().find(|&&input| input >= number) {
            return Err(refused(format!("it is of node {later}, which does not come before it")));
        }
        let of = inputs.iter().map(|&input| columns[input]).sum();
        check_node(node, of).map_err(refused)?;
        columns.push(node.columns(of));
        let of_inputs = !inputs.is_empty() && inputs.iter().all(|&input| of_ray[input]);
        of_ray.push(node.is_of_direction() || of_inputs);
    }
    let density = model.density.as_ref().map(|it| (it.node, it.column, 1));
    let color = model.color.as_ref().map(|it| (it.node, it.column, CHANNELS));
    for (node, column, count) in [density, color].into_iter().flatten() {
        let refused = |reason: &str| FieldError::Node { node, reason: reason.into() };
        if columns.get(node).is_none_or(|&has| column.saturating_add(count) > has) {
            return Err(refused("it has not the columns of the densities or colours"));
        }
        if of_ray[node] {
            return Err(refused("densities and colours of the direction alone are not drawn"));
        }
    }
    match color {
        Some((_, column, _)) if column % 2 == 1 => Err(FieldError::OddColor { column }),
        _ => Ok(()),
    }
}

/// Refuses a node of so many columns of others, unless a command takes it; says why.
fn check_node(node: &Node, inputs: usize) -> Result<(), String> {
    let within = |what: &str, count: usize, least: usize, most: usize| {
        let is_right = (least..=most).contains(&count);
        is_right
            .then_some(())
            .ok_or(format!("{count} {what}, and a device takes {least} to {most}"))
    };
    match node {
        Node::Waves { frequencies, .. } => {
            let coordinates = if node.inputs().is_empty() { CHANNELS } else { inputs };
            within("frequencies", frequencies.len(), 0, FREQUENCIES_MAX)?;
            within("coordinates of waves", coordinates, 1, COORDINATES_MAX)?;
            within("columns of waves", node.columns(inputs), 1, usize::from(u16::MAX))
        }
        Node::Harmonics { degree } => {
            within("degrees of harmonics", usize::from(*degree), 0, usize::from(DEGREE_MAX))
        }
        Node::Grid(grid) => within("levels", grid.levels.len(), 1, LEVELS_MAX),
        Node::Factors(factors) => {
            within("groups of factors", factors.groups.len(), 1, GROUPS_MAX)?;
            let first = factors.groups.first().map_or(0, Vec::len);
            match factors.groups.iter().all(|group| group.len() == first) {
                true => Ok(()),
                false => Err("its groups have not the same number of factors".into()),
            }
        }
        Node::Dense { weights, bias, .. } => {
            within("inputs", inputs, 1, DENSE_COLUMNS_MAX)?;
            within("outputs", bias.len(), 1, DENSE_COLUMNS_MAX)?;
            within("weights", weights.len(), inputs * bias.len(), inputs * bias.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FieldOptions, compile};
    use super::*;
    use crate::camera::CameraError;
    use crate::compile::{CompileError, Options};
    use crate::scene::field::{
        ColorActivation, Deferred, DensityActivation, Output, Outside, Sampling, WavesOf,
    };
    use quintet_protocol::ray::Spacing;

    /// Colours and a density of three sines and three cosines.
    fn field() -> Field {
        let waves =
            Node::Waves { of: WavesOf::Position, frequencies: vec![1.0], includes_input: false };
        let dense = Node::Dense {
            inputs: vec![0],
            weights: vec![0.5; 24],
            bias: vec![0.1; 4],
            relu: false,
        };
        Field {
            bounds: [[-1.0; 3], [1.0; 3]],
            outside: Outside::Empty,
            proposal: None,
            model: Model {
                nodes: vec![waves, dense],
                density: Some(Output { node: 1, column: 3, activation: DensityActivation::Relu }),
                color: Some(Output { node: 1, column: 0, activation: ColorActivation::Sigmoid }),
                deferred: None,
            },
            sampling: Sampling {
                range: [1.0, 6.0],
                along_rays: true,
                coarse: 8,
                fine: 8,
                spacing: Spacing::Middles,
                padding: 0.01,
                background: [0.0; 3],
            },
            occupancy: None,
            views: Vec::new(),
        }
    }

    fn camera() -> Camera {
        let pose = [
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 4.0],
            [0.0, 0.0, 0.0, 1.0],
        ];
        Camera::from_opengl([4; 2], [4.0; 2], [2.0; 2], &pose)
    }

    fn compiled(
        field: &Field,
        cameras: &[Camera],
        options: &FieldOptions,
    ) -> Result<(), FieldError> {
        let target = Options { width: 4, height: 4, background: [0; 3], arena_bytes: 1 << 20 };
        match compile(field, cameras, options, &target) {
            Ok(_) => Ok(()),
            Err(CompileError::Field(error)) => Err(error),
            Err(error) => panic!("{error}"),
        }
    }

    fn refused(change: impl FnOnce(&mut Field)) -> FieldError {
        let mut field = field();
        change(&mut field);
        compiled(&field, &[camera()], &FieldOptions::default()).unwrap_err()
    }

    fn dense(inputs: Vec<usize>, weights: usize, outputs: usize) -> Node {
        Node::Dense { inputs, weights: vec![0.0; weights], bias: vec![0.0; outputs], relu: true }
    }

    #[test]
    fn a_field_that_devices_take_is_compiled() {
        assert_eq!(compiled(&field(), &[camera()], &FieldOptions::default()), Ok(()));
    }

    #[test]
    fn a_field_that_nothing_sees_is_refused() {
        let refused = compiled(&field(), &[], &FieldOptions::default());
        assert_eq!(refused, Err(FieldError::NoCameras));
    }

    #[test]
    fn a_network_behind_composing_is_refused() {
        let deferred = Deferred { channels: 3, nodes: vec![dense(vec![0], 9, 3)] };
        assert_eq!(refused(|it| it.model.deferred = Some(deferred)), FieldError::Deferred);
    }

    #[test]
    fn colours_at_an_odd_column_are_refused() {
        let odd = refused(|it| it.model.color.as_mut().unwrap().column = 1);
        assert_eq!(odd, FieldError::OddColor { column: 1 });
    }

    #[test]
    fn nodes_past_what_commands_take_are_refused() {
        let waves = |frequencies: usize, of: WavesOf| Node::Waves {
            of,
            frequencies: vec![1.0; frequencies],
            includes_input: true,
        };
        let cases = [
            ("frequencies", 0, waves(33, WavesOf::Position)),
            ("degrees", 0, Node::Harmonics { degree: 4 }),
            ("inputs", 1, dense(Vec::new(), 0, 4)),
            ("inputs", 1, dense(vec![0; 171], 171 * 6 * 4, 4)),
            ("outputs", 1, dense(vec![0], 6 * 1025, 1025)),
            ("weights", 1, dense(vec![0], 25, 4)),
            ("come before", 1, dense(vec![1], 24, 4)),
            ("come before", 0, waves(1, WavesOf::Node(7))),
        ];
        for (reason, at, node) in cases {
            match refused(|it| it.model.nodes[at] = node) {
                FieldError::Node { node, reason: told } => {
                    assert_eq!(node, at, "{told}");
                    assert!(told.contains(reason), "{told}");
                }
                error => panic!("{reason}: {error}"),
            }
        }
    }

    #[test]
    fn densities_and_colours_must_be_columns_of_points() {
        let is_of_node_1 = |error| matches!(error, FieldError::Node { node: 1, .. });
        assert!(is_of_node_1(refused(|it| it.model.density.as_mut().unwrap().column = 4)));
        assert!(is_of_node_1(refused(|it| it.model.color.as_mut().unwrap().column = 2)));
        assert!(is_of_node_1(refused(|it| {
            it.model.nodes[0] = Node::Waves {
                of: WavesOf::Direction,
                frequencies: vec![1.0],
                includes_input: false,
            };
        })));
        let beyond = refused(|it| it.model.density.as_mut().unwrap().node = 2);
        assert!(matches!(beyond, FieldError::Node { node: 2, .. }), "{beyond}");
    }

    #[test]
    fn samples_past_what_a_ray_takes_are_refused() {
        for (coarse, fine, samples, least, most) in [
            (4097, 0, 4097, 1, 4096),
            (1025, 8, 1025, 4, 1024),
            (8, 1025, 1025, 4, 1024),
            (3, 8, 3, 4, 1024),
        ] {
            let error = refused(|it| (it.sampling.coarse, it.sampling.fine) = (coarse, fine));
            assert_eq!(error, FieldError::Samples { samples, least, most });
        }
        let samples = FieldOptions { samples: f64::INFINITY, focus: false, ..Default::default() };
        let refused = compiled(&field(), &[camera()], &samples);
        assert!(matches!(refused, Err(FieldError::Samples { .. })), "{refused:?}");
    }

    #[test]
    fn cells_past_what_devices_take_are_refused() {
        for cells in [0, 2, 48, 512] {
            let options = FieldOptions { cells, ..FieldOptions::default() };
            let refused = compiled(&field(), &[camera()], &options);
            assert_eq!(refused, Err(FieldError::Cells { cells, least: 4, most: 256 }));
        }
        let own = |side, cells| Some(Occupancy { side, cells: vec![true; cells] });
        for (side, cells) in [(0, 0), (4, 63), (usize::MAX, 1)] {
            let error = refused(|it| it.occupancy = own(side, cells));
            assert_eq!(error, FieldError::Occupancy { side, cells });
        }
    }

    #[test]
    fn boxes_and_ranges_without_extent_are_refused() {
        let is_invalid = |error| matches!(error, FieldError::Camera(CameraError::Invalid(_)));
        assert!(is_invalid(refused(|it| it.bounds[1][2] = -1.0)));
        assert!(is_invalid(refused(|it| it.bounds[0][0] = f64::NAN)));
        assert!(is_invalid(refused(|it| it.sampling.range = [3.0, 3.0])));
        assert!(is_invalid(refused(|it| it.sampling.range = [-1.0, 3.0])));
    }
}
