//! The commands that cast rays, walk along them, compose and focus, any of them; and cameras of
//! rays.

use proptest::prelude::*;
use quintet_protocol::feature::Matrix;
use quintet_protocol::program::{BufferId, CastRays, Command, Composite, Focus, March};
use quintet_protocol::ray::{RAY_CAMERA_WORDS, RAY_WORDS, Ray, RayCamera, Spacing};

use crate::ids;

fn spacing() -> impl Strategy<Value = Spacing> {
    prop_oneof![Just(Spacing::Middles), Just(Spacing::Points)]
}

fn optional(id: BufferId) -> Option<BufferId> {
    Some(id).filter(|id| id.0 != 0xFFFF)
}

prop_compose! {
    fn cast()([cursor, camera, rays, marks] in ids(), capacity: u32) -> Command {
        Command::CastRays(CastRays { cursor, camera, rays, marks, capacity })
    }
}

prop_compose! {
    fn march()(
        [cursor, rays, marks, accumulators, samples, points, shares, occupancy] in ids(),
        [per_ray, capacity, pixels]: [u32; 3],
        opaque: u16,
        [grid_bits, channels]: [u8; 2],
        spacing in spacing(),
        clips: bool,
    ) -> Command {
        let [shares, occupancy] = [shares, occupancy].map(optional);
        Command::March(March {
            cursor, rays, marks, accumulators, shares, occupancy, samples, points, per_ray,
            capacity, pixels, opaque, grid_bits, spacing, channels, clips,
        })
    }
}

prop_compose! {
    fn composite()(
        [samples, densities, activations, accumulators, colors, weights] in ids(),
        [capacity, pixels, per_ray]: [u32; 3],
        column in 0u16..7,
        pair in 0u16..3,
        channels: u8,
        opaque: u16,
    ) -> Command {
        let [colors, weights] = [colors, weights].map(optional);
        Command::Composite(Composite {
            samples, densities, colors, activations, accumulators, weights, capacity, pixels,
            per_ray, density: Matrix { stride: 8, first: column },
            color: Matrix { stride: 6, first: 2 * pair }, channels, opaque,
        })
    }
}

prop_compose! {
    fn focus()(
        [cursor, weights, shares, marks, accumulators] in ids(),
        [coarse, fine]: [u16; 2],
        [pixels, padding]: [u32; 2],
        channels: u8,
        spacing in spacing(),
    ) -> Command {
        Command::Focus(Focus {
            cursor, weights, shares, marks, accumulators, coarse, fine, pixels, padding, channels,
            spacing,
        })
    }
}

/// Any command of rays.
pub fn command() -> impl Strategy<Value = Command> {
    prop_oneof![cast(), march(), composite(), focus()]
}

proptest! {
    #[test]
    fn rays_and_their_cameras_survive(words: [u32; RAY_CAMERA_WORDS], ray: [u32; RAY_WORDS]) {
        prop_assert_eq!(Ray::from_words(&ray).to_words(), ray);
        let camera = RayCamera::from_words(&words);
        let written = camera.to_words();
        prop_assert_eq!(&written[..RAY_CAMERA_WORDS - 1], &words[..RAY_CAMERA_WORDS - 1]);
        prop_assert_eq!(RayCamera::from_words(&written), camera);
    }
}
