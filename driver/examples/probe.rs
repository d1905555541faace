use quintet_driver::{camera::*, compile::*, quantise::*, scene::*};
use quintet_firmware::{backend::*, software::*};
use quintet_protocol::program::Program;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let raw = std::fs::read(&a[1]).unwrap();
    let (w, h): (u16, u16) = (a[3].parse().unwrap(), a[4].parse().unwrap());
    let f: Vec<f32> = raw[8..].as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let nr = u32::from_le_bytes(raw[4..8].try_into().unwrap()) as usize;
    let mut c = GaussianCloud { degree: match nr { 0 => 0, 9 => 1, 24 => 2, _ => 3 }, ..Default::default() };
    for g in f.chunks(14 + nr) {
        c.positions.push(g[0..3].try_into().unwrap());
        c.scales.push(g[3..6].try_into().unwrap());
        c.rotations.push(g[6..10].try_into().unwrap());
        c.opacities.push(g[10]);
        c.colors.push(g[11..14].try_into().unwrap());
        c.harmonics.extend(&g[14..]);
    }
    let cam: Vec<f64> = std::fs::read_to_string(&a[2]).unwrap().split_whitespace().map(|v| v.parse().unwrap()).collect();
    let cam = Camera {
        width: 320, height: 240, focal: [cam[0], cam[1]], center: [cam[2], cam[3]],
        rotation: [[cam[4], cam[5], cam[6]], [cam[8], cam[9], cam[10]], [cam[12], cam[13], cam[14]]],
        translation: [cam[7], cam[11], cam[15]], near: 0.2,
    }.resized(w, h);
    let bounds = Bounds::of(&c.positions);
    let frame = SceneFrame::new(&c, cam.distance(&bounds.middle()));
    println!("{frame:?}");
    let q = quantise(&c, frame);
    let arena_bytes = a.get(6).map_or(16 << 20, |s| s.parse().unwrap());
    let b = compile(&q, &Options { width: w, height: h, background: [0; 3], arena_bytes }).unwrap();
    println!("arena {} tile {:?} upload {}", b.arena_bytes, b.tile, b.upload_bytes());
    let mut arena = vec![0u32; arena_bytes / 4];
    let camera = Placed { name: "", offset: b.camera_offset, bytes: cam.quantise(&frame, KEY_BITS).unwrap().to_words().iter().flat_map(|w| w.to_le_bytes()).collect() };
    for p in b.constants.iter().chain([&camera]) {
        for (i, w) in p.bytes.as_chunks().0.iter().enumerate() { arena[p.offset as usize / 4 + i] = u32::from_le_bytes(*w); }
    }
    let program = Program::new(&b.program).unwrap();
    let mut s = Software::default();
    let mut img = vec![0u8; w as usize * h as usize * 3];
    let mut staging = vec![0u8; 4000];
    let mut items = std::collections::BTreeMap::new();
    for i in 0..program.command_count() as u16 {
        let cmd = program.command(i).unwrap();
        s.check(&program, i, &cmd).unwrap();
        s.start(&program, i, &cmd).unwrap();
        if i == 1 { let o = 0; let _ = o; let bytes: Vec<u8> = arena.iter().flat_map(|w| w.to_le_bytes()).collect(); std::fs::write("/tmp/arena.bin", bytes).unwrap(); for k in 0..14 { println!("{:?}", program.buffer(quintet_protocol::program::BufferId(k)).unwrap()); } }
        loop {
            let t = std::time::Instant::now();
            let (work, run) = match s.step(&mut arena, &mut staging) { Step::Working(w) => (w, None), Step::Pixels(w, r) => (w, Some(r)), Step::Done => break };
            let e = items.entry(format!("{:?}", work.phase)).or_insert((0u64, 0u64));
            e.0 += u64::from(work.items); e.1 += t.elapsed().as_nanos() as u64;
            if let Some(r) = run {
                for (k, row) in staging[..r.bytes].chunks(r.width as usize * 3).enumerate() {
                    let at = ((r.y as usize + k) * w as usize + r.x as usize) * 3;
                    img[at..at + row.len()].copy_from_slice(row);
                }
            }
        }
    }
    println!("{items:?}");
    std::fs::write(&a[5], &img).unwrap();
}
