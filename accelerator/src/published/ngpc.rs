//! NGPC (Mubarik et al. 2023, arXiv 2303.05735): processors for encodings and networks beside a
//! GPU.

use quintet_protocol::message::Phase;
use quintet_protocol::program::Operator;

use super::{Part, Profile, Table};
use crate::instance::Instance;

/// Share of encoding and network: hash grid, dense grid, dense grid of low resolution (abstract).
const SHARES: [(&str, f64); 3] =
    [("hash grid", 0.7237), ("dense grid", 0.60), ("low-res dense", 0.5996)];
/// By how much what is left becomes faster when it is fused (abstract).
const FUSION_GAIN: f64 = 9.94;
/// Their gain, mean of four applications, by processors (abstract).
const GAINS: [(u32, f64); 4] = [(8, 12.0), (16, 20.0), (32, 33.0), (64, 39.0)];

/// Gains in turns and overlapped where a share becomes `factor` times faster and the rest `rest`
/// times.
fn gains(share: f64, factor: f64, rest: f64) -> [f64; 2] {
    let [done, left] = [share / factor, (1.0 - share) / rest];
    [1.0 / (done + left), 1.0 / done.max(left)]
}

/// Their gains beside those of profiles of ours. A processor counts for one whole GPU.
pub fn ngpc(profiles: &[Profile], instance: &Instance) -> Table {
    let mut table = Table {
        title: "NGPC (arXiv 2303.05735): encodings and networks on processors of their own".into(),
        columns: vec!["frame", "kind", "share", "N", "gain in turns", "gain overlapped"],
        ..Table::default()
    };
    for (processors, gain) in GAINS {
        let [turns, both] = gains(SHARES[0].1, processors.into(), FUSION_GAIN);
        let cells = |kind: &str, turns: String, both: String| {
            [
                "mean of four applications".into(),
                kind.into(),
                format!("{:.3}", SHARES[0].1),
                processors.to_string(),
                turns,
                both,
            ]
        };
        table.row(cells("theirs", format!("{gain}"), format!("{gain}")));
        table.row(cells("law, their share", format!("{turns:.1}"), format!("{both:.1}")));
    }
    for profile in profiles {
        replay(&mut table, profile, "look-up and network", profile.share(is_theirs));
        replay(&mut table, profile, "and marching", profile.share(is_grid_or_network));
        if let Some([turns, both]) = profile.gains(instance) {
            table.row([
                profile.name.clone(),
                "model, nothing else fused".into(),
                "-".into(),
                instance.name.clone(),
                format!("{turns:.2}"),
                format!("{both:.2}"),
            ]);
        }
    }
    table.remarks = vec![
        format!(
            "Their shares: {}.",
            SHARES.map(|(grid, share)| format!("{grid} {:.0} %", 100.0 * share)).join(", ")
        ),
        format!(
            "What is left is {FUSION_GAIN} times faster by fusion, in theirs and in replays; in our model \
             it is the core's, as it was."
        ),
        "That one processor does as much as the GPU is our fit to their four gains, not their statement."
            .into(),
        "39 is beyond what their mean share allows (36.0): a mean of gains is more than the gain of means."
            .into(),
    ];
    table
}

fn replay(table: &mut Table, profile: &Profile, what: &str, share: f64) {
    for (processors, _) in GAINS {
        let [turns, both] = gains(share, processors.into(), FUSION_GAIN);
        table.row([
            profile.name.clone(),
            format!("replay, {what}"),
            format!("{share:.3}"),
            processors.to_string(),
            format!("{turns:.1}"),
            format!("{both:.1}"),
        ]);
    }
}

/// Encoding and network, as they count it: their encodings are dense and hash grids, not planes and
/// lines.
fn is_theirs(part: &Part) -> bool {
    let is_look_up = part.operator == Operator::CombinedGrid && part.phase == Phase::Lookup;
    is_look_up || part.operator == Operator::Gemm
}

/// These, and the steps along rays.
fn is_grid_or_network(part: &Part) -> bool {
    matches!(part.operator, Operator::CombinedGrid | Operator::Gemm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapped_with_a_gpu_for_a_processor_their_gains_come_within_an_eighth() {
        for (processors, gain) in GAINS {
            let [_, both] = gains(SHARES[0].1, processors.into(), FUSION_GAIN);
            assert!((both / gain - 1.0).abs() < 0.125, "{processors}: {both} for {gain}");
        }
    }

    #[test]
    fn without_fusion_no_number_of_processors_passes_what_is_left() {
        let [_, both] = gains(SHARES[0].1, 1e12, 1.0);
        assert!((both - 3.619).abs() < 1e-3);
    }

    #[test]
    fn a_profile_is_shared_out_by_what_they_accelerate() {
        let part = |operator, phase, instructions| Part { operator, phase, instructions };
        let profile = Profile {
            name: "rays".into(),
            software: vec![
                part(Operator::CombinedGrid, Phase::Lookup, 20),
                part(Operator::Gemm, Phase::Multiply, 40),
                part(Operator::CombinedGrid, Phase::March, 20),
                part(Operator::DecomposedGrid, Phase::Lookup, 10),
                part(Operator::Vector, Phase::Compose, 10),
            ],
            accelerated: vec![],
        };
        assert_eq!([profile.share(is_theirs), profile.share(is_grid_or_network)], [0.6, 0.8]);
    }
}
