//! What radiance fields are refused, and with which words; and whatever the bytes, no importer of
//! them panics, hangs or fills the memory.

use super::fields::checkpoint;
use super::hostile::{apply, changes};
use super::writers::{field_members, zip};
use proptest::prelude::*;
use quintet_driver::import::field_from_bytes;

/// The message and the advice of a refusal.
fn refusal(bytes: &[u8]) -> String {
    let Err(error) = field_from_bytes("x", bytes) else { panic!("it is imported") };
    format!("{error} / {}", error.help())
}

/// A checkpoint of PyTorch with this pickle.
fn archive(pickle: &[u8]) -> Vec<u8> {
    zip(&[("x/data.pkl", pickle.to_vec()), ("x/data/0", vec![0; 64])])
}

/// A pickle of protocol 2 of these instructions.
fn pickle(instructions: &[&[u8]]) -> Vec<u8> {
    [b"\x80\x02", instructions.concat().as_slice(), b"."].concat()
}

/// The instruction that makes a text.
fn text(text: &str) -> Vec<u8> {
    [b"X", (text.len() as u32).to_le_bytes().as_slice(), text.as_bytes()].concat()
}

/// Instructions for a tensor of this shape and strides over a storage of 16 floats.
fn tensor(shape: u8, stride: u8) -> Vec<u8> {
    let storage = [
        b"(".as_slice(),
        &text("storage"),
        b"ctorch\nFloatStorage\n",
        &text("0"),
        &text("cpu"),
        b"K\x10tQ",
    ];
    let view = [b"K\0K".as_slice(), &[shape], b"\x85K", &[stride], b"\x85\x89)tR"];
    let before = b"ctorch._utils\n_rebuild_tensor_v2\n(".as_slice();
    [before, &storage.concat(), &view.concat()].concat()
}

#[test]
fn a_pickle_that_calls_anything_else_is_refused_by_name() {
    let system = pickle(&[b"cos\nsystem\n", &text("echo"), b"\x85R"]);
    let eval = pickle(&[&text("builtins"), &text("eval"), b"\x93)R"]);
    for (pickle, name) in [(system, "os.system"), (eval, "builtins.eval")] {
        let said = refusal(&archive(&pickle));
        assert!(said.contains(name) && said.contains("ever executed"), "{said}");
    }
    let said = refusal(&archive(&pickle(&[b"(I1\n"])));
    assert!(said.contains("instruction 0x49"), "{said}");
}

#[test]
fn a_pickle_that_contradicts_itself_is_refused() {
    let dict = |value: &[u8]| pickle(&[b"}", &text("coarse"), value, b"s"]);
    for (pickle, says) in [
        (pickle(&[b"0"]), "more than there is"),
        (pickle(&[b"(0"]), "more than there is"),
        (pickle(&[b"h\x07"]), "nothing was put at 7"),
        (pickle(&[b"N)R"]), "no function"),
        (pickle(&[b"NNb"]), "has none"),
        (pickle(&[b"NNa"]), "no list"),
        (pickle(&[b"}(Nu"]), "no dictionary"),
        (pickle(&[b"NQ"]), "no storage"),
        (dict(&tensor(17, 1)), "leaves its storage"),
        (dict(&tensor(200, 0)), "leaves its storage"),
        (dict(&tensor(9, 2)), "leaves its storage"),
        (pickle(&[b"X\xff\xff\xff\xff"]), "cut short"),
    ] {
        let said = refusal(&archive(&pickle));
        assert!(said.contains(says), "{said} does not say {says}");
    }
    let said = refusal(&archive(&dict(&tensor(16, 1))));
    assert!(said.contains("unknown names (coarse"), "{said}");
}

#[test]
fn dictionaries_in_each_other_are_bounded() {
    let itself = pickle(&[b"}q\0", &text("a"), b"h\0s"]);
    // Each dictionary has the one before under 32 names: 32^8 ways to the first.
    let mut laughs = b"}q\0".to_vec();
    for depth in 1..=8u8 {
        laughs.extend(b"}(");
        for name in 0..32 {
            laughs.extend([text(&name.to_string()), vec![b'h', depth - 1]].concat());
        }
        laughs.extend([b'u', b'q', depth]);
    }
    for pickle in [itself, pickle(&[&laughs])] {
        let said = refusal(&archive(&pickle));
        assert!(said.contains("deep in each other"), "{said}");
    }
    let said = refusal(&archive(&pickle(&[&[b'N'; 1 << 21]])));
    assert!(said.contains("more than the limit"), "{said}");
}

#[test]
fn a_tensorf_that_the_graph_cannot_say_is_refused_by_name() {
    let with = |pairs: &[[&str; 2]]| {
        let pairs = pairs.iter().flat_map(|[key, value]| [text(key), text(value)].concat());
        let pairs: Vec<u8> = pairs.collect();
        archive(&pickle(&[b"}", &text("kwargs"), b"}(", &pairs, b"us"]))
    };
    for (mode, says) in [("SH", "shadingMode SH"), ("MLP_PE", "shadingMode MLP_PE")] {
        let said = refusal(&with(&[["shadingMode", mode]]));
        assert!(said.contains(says) && said.contains("MLP_Fea"), "{said}");
    }
    let said = refusal(&with(&[["shadingMode", "RGB"]]));
    assert!(said.contains("TensorVM"), "{said}");
}

#[test]
fn safetensors_that_lie_are_refused() {
    let file = |header: &str, data: &[u8]| {
        [(header.len() as u64).to_le_bytes().as_slice(), header.as_bytes(), data].concat()
    };
    let weight = |rest: &str| format!(r#"{{"layer1.weight": {{{rest}}}}}"#);
    for (rest, says) in [
        (r#""dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]"#, "cut short"),
        (r#""dtype": "F32", "shape": [2, 2], "data_offsets": [8, 4]"#, "cut short"),
        (r#""dtype": "F32", "shape": [3], "data_offsets": [0, 8]"#, "not a shape"),
        (r#""dtype": "F32", "shape": [1e19], "data_offsets": [0, 8]"#, "the header"),
        (r#""dtype": "I64", "shape": [1], "data_offsets": [0, 8]"#, "no floats"),
        (r#""dtype": "F32", "shape": [2], "data_offsets": [0, 8]"#, "2 axes"),
    ] {
        let said = refusal(&file(&weight(rest), &[0; 8]));
        assert!(said.contains(says), "{said} does not say {says}");
    }
    let nan = weight(r#""dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]"#);
    assert!(refusal(&file(&nan, &[0xff; 8])).contains("NaN"));
    assert!(refusal(&file(r#"{"a": {}"#, &[])).contains("the header"));
    let mut long = file(r#"{"a": {}}"#, &[]);
    long[0] = 200;
    assert!(refusal(&long).contains("cut short"));
}

#[test]
fn messagepack_that_lies_is_refused() {
    let nested = [b"\x82\xa1a".as_slice(), &[0x91; 40]].concat();
    for (bytes, says) in [
        (nested, "deep in each other"),
        (b"\x82\xa1a\xdd\xff\xff\xff\xff".to_vec(), "more than the limit"),
        (b"\xdf\x00\x10\x00\x00\xa1".to_vec(), "cut short"),
        (b"\x82\xa1a\xc6\xff\xff\xff\xff".to_vec(), "cut short"),
        (b"\x82\xa1a\xc0\x01\xc0".to_vec(), "no text"),
        (b"\x82\xa1a\xc0\xa1b\xc0\xc0".to_vec(), "follows its end"),
        (b"\x82\xa1a\xc0\xa1b\xc0".to_vec(), "without a snapshot"),
    ] {
        let said = refusal(&bytes);
        assert!(said.contains(says), "{said} does not say {says}");
    }
}

#[test]
fn a_snapshot_with_numbers_left_or_missing_is_refused() {
    let file = std::fs::read(checkpoint("small.msgpack")).unwrap();
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = file.windows(from.len()).position(|it| it == from.as_bytes()).unwrap();
        [&file[..at], to.as_bytes(), &file[at + from.len()..]].concat()
    };
    for (from, to, says) in [
        ("n_levels\x02", "n_levels\x03", "cut short"),
        ("n_levels\x02", "n_levels\x01", "are left"),
        ("HashGrid", "TileGrid", "type tilegrid"),
        ("FullyFusedMLP", "PerhapsaCNNno", "PerhapsaCNNno"),
        ("SphericalHarmonics", "SphericalCartoons!", "harmonics of degree 4"),
        ("__half", "__tenf", "__tenf"),
        ("nerf", "volu", "mode volu"),
    ] {
        let said = refusal(&replaced(from, to));
        assert!(said.contains(says), "{said} does not say {says}");
    }
}

#[test]
fn what_is_no_field_is_said_to_be_something() {
    for (bytes, says) in [
        (b"".to_vec(), "an empty file"),
        (b"ply\n".to_vec(), "a scene of Gaussians"),
        (b"\x89PNG\r\n\x1a\n".to_vec(), "a PNG picture"),
        (br#"{"frames": []}"#.to_vec(), "without the files beside it"),
        (zip(&[("a.txt", vec![])]), "a zip archive"),
        (zip(&[("a.npy", vec![])]), "without its meta.json"),
        (b"v 1 2 3\n".to_vec(), "a Wavefront OBJ mesh"),
    ] {
        let said = refusal(&bytes);
        assert!(said.contains(says), "{said} does not say {says}");
    }
}

#[test]
fn descriptions_that_cannot_be_sampled_are_refused() {
    let meta = |from: &str, to: &str| {
        let mut members = field_members();
        let text = String::from_utf8(members[0].1.clone()).unwrap();
        assert!(text.contains(from));
        members[0].1 = text.replace(from, to).into_bytes();
        refusal(&zip(&members))
    };
    assert!(field_from_bytes("x", &zip(&field_members())).is_ok());
    for (from, to, says) in [
        (r#""scale":1.0"#, r#""scale":0.0"#, "no extent"),
        (r#""near":1.5"#, r#""near":9.5"#, "not beyond"),
        (r#""n_coarse":8"#, r#""n_coarse":0"#, "out of range"),
        (r#""min_res":2"#, r#""min_res":0"#, "out of range"),
        (r#""aabb""#, r#""b""#, "aabb"),
    ] {
        let said = meta(from, to);
        assert!(said.contains(says), "{said} does not say {says}");
    }
}

/// Imports, and checks that what comes out can be walked.
fn survive(data: &[u8]) {
    match field_from_bytes("x", data) {
        Err(error) => assert!(!error.to_string().is_empty() && !error.help().is_empty()),
        Ok(imported) => {
            let field = imported.field;
            assert!(field.bounds[0] < field.bounds[1] && field.sampling.coarse > 0);
            assert!(field.model.density.is_some() && field.model.color.is_some());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn changed_checkpoints_are_survived(changes in changes(), which in 0..5usize) {
        let name =
            ["nerf_old.tar", "nerf.tar", "tensorf_vm.th", "tensorf_cp.th", "small.msgpack"][which];
        let mut data = std::fs::read(checkpoint(name)).unwrap();
        apply(&mut data, &changes);
        survive(&data);
    }

    #[test]
    fn changed_pickles_are_survived(changes in changes()) {
        let mut inside = pickle(&[b"}", &text("layer1.weight"), &tensor(4, 4), b"s"]);
        apply(&mut inside, &changes);
        survive(&archive(&inside));
    }

    #[test]
    fn changed_members_of_an_npz_are_survived(changes in changes(), which in 0..12usize) {
        let mut members = field_members();
        let number = which % members.len();
        apply(&mut members[number].1, &changes);
        survive(&zip(&members));
    }
}
