//! GauRast (Li et al. 2025, arXiv 2503.16681): a GPU's triangle rasteriser that draws Gaussians as
//! well.

use quintet_protocol::message::Phase;

use super::amdahl::{overlapped, serial, share_of_overlapped, share_of_serial};
use super::{Part, Profile, Table};
use crate::instance::Instance;

/// By how much rasterising becomes faster (abstract).
const RASTERISER_GAIN: f64 = 23.0;
/// The two pipelines (abstract): which, gain from end to end, frames a second after it.
const PIPELINES: [(&str, f64, f64); 2] = [("3DGS", 6.0, 24.0), ("efficient 3DGS", 4.0, 46.0)];

/// Their gains beside those of profiles of ours.
pub fn gaurast(profiles: &[Profile], instance: &Instance) -> Table {
    let mut table = Table {
        title: "GauRast (arXiv 2503.16681): Gaussians on a rasteriser".into(),
        columns: vec!["frame", "kind", "share", "factor", "gain in turns", "gain overlapped"],
        ..Table::default()
    };
    for (name, whole, frames) in PIPELINES {
        let shares = [share_of_serial(whole, RASTERISER_GAIN), share_of_overlapped(whole)];
        table.row([
            format!("{name}, {frames} frames a second"),
            "theirs; shares inferred".into(),
            format!("{:.3} or {:.3}", shares[0], shares[1]),
            format!("{RASTERISER_GAIN}"),
            format!("{whole:.1}"),
            format!("{whole:.1}"),
        ]);
    }
    for profile in profiles {
        for (kind, share) in [
            ("replay", profile.share(|part| part.phase == Phase::Rasterise)),
            ("replay, pixels handed out too", profile.share(is_drawing)),
        ] {
            table.row([
                profile.name.clone(),
                kind.into(),
                format!("{share:.3}"),
                format!("{RASTERISER_GAIN}"),
                format!("{:.2}", serial(share, RASTERISER_GAIN)),
                format!("{:.2}", overlapped(share, RASTERISER_GAIN)),
            ]);
        }
        if let Some([turns, both]) = profile.gains(instance) {
            table.row([
                profile.name.clone(),
                format!("model, {}", instance.name),
                "-".into(),
                "-".into(),
                format!("{turns:.2}"),
                format!("{both:.2}"),
            ]);
        }
    }
    table.remarks = [
        "Their factor is relative to a GPU, ours to instructions of a microcontroller's core: shares \
         compare, factors do not.",
        "They state that rasterising took more than 80 % of the time before; of a gain of 4 that only \
         holds of the original pipeline.",
        "Our core cuts spans to what is seen and passes over faint pixels, so that rasterising is a \
         lesser share of it than of theirs.",
        "In our model the rasteriser hands pixels out by itself, and bins; in their replay it does not.",
    ]
    .map(str::to_owned)
    .into();
    table
}

/// Rasterising, and pixels of it handed out.
fn is_drawing(part: &Part) -> bool {
    matches!(part.phase, Phase::Rasterise | Phase::Resolve)
}

#[cfg(test)]
mod tests {
    use quintet_protocol::program::Operator;

    use super::*;

    #[test]
    fn their_gains_need_the_shares_that_the_law_gives_back() {
        let shares = PIPELINES.map(|(_, whole, _)| share_of_serial(whole, RASTERISER_GAIN));
        assert!((shares[0] - 0.871).abs() < 5e-4 && (shares[1] - 0.784).abs() < 5e-4);
        let shares = PIPELINES.map(|(_, whole, _)| share_of_overlapped(whole));
        assert!((shares[0] - 0.833).abs() < 5e-4 && (shares[1] - 0.75).abs() < 5e-4);
    }

    #[test]
    fn a_profile_with_their_share_replays_their_gain() {
        let part = |phase, instructions| Part { operator: Operator::Geometry, phase, instructions };
        let profile = Profile {
            name: "like theirs".into(),
            software: vec![part(Phase::Rasterise, 8333), part(Phase::Project, 1667)],
            accelerated: vec![],
        };
        let text = gaurast(&[profile], &Instance::preset("gaurast").unwrap()).to_string();
        let line = text.lines().find(|line| line.contains("like theirs")).unwrap();
        assert!(line.ends_with("6.00") && line.contains("0.833"), "{line}");
    }
}
