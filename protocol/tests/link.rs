//! The link on a bad cable: exactly once, in order, or a typed end.

mod pipe;

use std::time::Duration;

use pipe::{Cable, End, PAYLOAD, Pipe, World, link};
use quintet_protocol::fault::{Faults, Random};
use quintet_protocol::link::{Config, LinkError, Received, Role};

fn driver(nonce: u32, window: u32, count: u32, most: usize) -> End {
    let config = Config::driver(window, nonce);
    End::new(link(Role::Driver, config, PAYLOAD, 16 << 10, 16 << 10), 0, count, most)
}

fn device(window: u32, count: u32, most: usize) -> End {
    let config = Config::device(window, 7);
    End::new(link(Role::Device, config, PAYLOAD, 8 << 10, 2 << 10), 1, count, most)
}

#[test]
fn everything_arrives_in_order_at_every_loss_rate() {
    println!("fault/byte  seeds  mean ms");
    for (fault, seeds) in [(0.0, 20), (1e-5, 40), (1e-4, 120), (1e-3, 200)] {
        let mut total = 0;
        for seed in 0..seeds {
            let cable = Cable::uart(921_600, 4, fault);
            let mut ends = [driver(seed as u32, 8 << 10, 60, 300), device(8 << 10, 60, 300)];
            if seed % 2 == 1 {
                ends.iter_mut().for_each(|end| end.stall = 0.1);
            }
            let [driver, device] = ends;
            let mut world = World::new(driver, device, cable, seed);
            let taken = world.run(120_000);
            total += taken.unwrap_or_else(|| panic!("hangs: fault {fault}, seed {seed}"));
            assert_eq!((world.driver.opened, world.device.opened), (1, 1));
        }
        println!("{fault:10}  {seeds:5}  {:7}", total / seeds);
    }
}

#[test]
fn credit_keeps_the_receiver_from_overrun() {
    for seed in 0..20 {
        let mut cable = Cable::uart(3_000_000, 1, 0.0);
        cable.ring = 4 << 10;
        let mut device = device(3 << 10, 0, 900);
        // Slower than the cable: 100 bytes in each turn of 200 us.
        device.read = 100;
        let mut world = World::new(driver(1, 64 << 10, 100, 900), device, cable, seed);
        assert!(world.run(60_000).is_some());
        assert_eq!(world.down.overruns, 0);
    }
}

#[test]
fn a_rebooted_device_is_noticed_at_once() {
    for seed in 0..50 {
        let cable = Cable::uart(921_600, 4, if seed % 2 == 0 { 0.0 } else { 1e-4 });
        let mut world =
            World::new(driver(9, 8 << 10, 2000, 700), device(8 << 10, 2000, 700), cable, seed);
        for _ in 0..500 + seed * 13 {
            world.turn();
        }
        assert_eq!(world.driver.opened, 1);
        world.device = device(8 << 10, 0, 700);
        let reboot = world.now;
        while world.driver.lost.is_none() {
            world.turn();
            assert!(world.now - reboot < 3_000_000_000, "seed {seed}");
        }
        assert_eq!(world.driver.lost, Some(LinkError::Reset));
        assert_eq!(world.device.received, 0);
        if seed % 2 == 0 {
            assert!(world.now - reboot < 50_000_000, "seed {seed}");
        }
    }
}

#[test]
fn a_rebooted_device_is_noticed_when_nothing_is_sent() {
    let cable = Cable::uart(921_600, 4, 0.0);
    let mut world = World::new(driver(9, 8 << 10, 0, 700), device(8 << 10, 0, 700), cable, 1);
    for _ in 0..500 {
        world.turn();
    }
    world.device = device(8 << 10, 0, 700);
    let reboot = world.now;
    while world.driver.lost.is_none() {
        world.turn();
        assert!(world.now - reboot < 1_200_000_000);
    }
    assert_eq!(world.driver.lost, Some(LinkError::Reset));
}

#[test]
fn a_new_driver_gets_a_new_session_whatever_was_under_way() {
    for seed in 0..50 {
        let cable = Cable::uart(921_600, 4, if seed % 2 == 0 { 0.0 } else { 1e-4 });
        let mut world =
            World::new(driver(1, 8 << 10, 5000, 700), device(8 << 10, 60, 700), cable, seed);
        for _ in 0..300 + seed * 17 {
            world.turn();
        }
        world.driver = driver(2, 8 << 10, 60, 700);
        while world.device.opened < 2 {
            world.turn();
        }
        // What the first driver left in the pipe must not reach the second one, nor the device.
        assert!(world.run(60_000).is_some(), "seed {seed}");
        assert_eq!((world.driver.opened, world.device.opened), (1, 2));
    }
}

#[test]
fn a_silent_device_ends_the_session() {
    for packets in [0, 5] {
        let cable = Cable::uart(921_600, 4, 0.0);
        let mut world = World::new(driver(9, 8 << 10, 0, 700), device(8 << 10, 0, 700), cable, 1);
        for _ in 0..500 {
            world.turn();
        }
        world.driver.count = packets;
        let cut = world.now;
        while world.driver.lost.is_none() {
            world.now += world.tick;
            world.driver.turn(world.now, &mut world.up, &mut world.down);
            assert!(world.now - cut < 15_000_000_000);
        }
        assert_eq!(world.driver.lost, Some(LinkError::Silent));
    }
}

#[test]
fn an_idle_hour_ends_nothing() {
    let cable = Cable::uart(921_600, 4, 0.0);
    let mut world = World::new(driver(9, 8 << 10, 0, 700), device(8 << 10, 0, 700), cable, 1);
    for _ in 0..500 {
        world.turn();
    }
    // Nobody calls the driver's link for an hour.
    world.now += 3_600_000_000_000;
    world.driver.count = 20;
    world.device.count = 20;
    assert!(world.run(1_000).is_some());
}

#[test]
fn closing_tells_the_device() {
    let cable = Cable::uart(921_600, 4, 0.0);
    let mut world = World::new(driver(9, 8 << 10, 0, 700), device(8 << 10, 0, 700), cable, 1);
    for _ in 0..500 {
        world.turn();
    }
    world.driver.link.close();
    for _ in 0..100 {
        world.turn();
    }
    assert_eq!(world.device.lost, Some(LinkError::Reset));
    assert!(!world.device.link.is_open());
}

#[test]
fn another_version_opens_no_session() {
    let body = b"\xF0QNTT\xFE\xCA\x00\x04\x00\x20\x00\x00\x01\x02\x03\x04 and a later field";
    let mut wire = [0; 64];
    let mut frame = quintet_protocol::frame::Encoder::new(&mut wire);
    frame.push(body);
    let len = frame.finish().unwrap();
    let mut device = device(8 << 10, 0, 700);
    let error = LinkError::Version { driver: 0xCAFE, device: 2 };
    let (taken, received) = device.link.receive(&wire[..len], true, 0);
    assert_eq!((taken, received), (len, Some(Received::Refused(error))));
    assert!(!device.link.is_open());
    let answer = device.link.transmit(0).to_vec();

    // A driver that gets such an answer, of another version and to its own nonce, says so.
    let mut body = Vec::new();
    let mut decoder = quintet_protocol::frame::Decoder::new([0; 64]);
    let mut rest = &answer[..];
    while !rest.is_empty() {
        let (taken, decoded) = decoder.push(rest);
        rest = &rest[taken..];
        if let quintet_protocol::frame::Decoded::Frame(frame) = decoded {
            body = frame.to_vec();
        }
    }
    assert_eq!(body[..7], *b"\xE0QNTT\x02\x00");
    body[5] = 9;
    let mut frame = quintet_protocol::frame::Encoder::new(&mut wire);
    frame.push(&body);
    let len = frame.finish().unwrap();
    let mut driver = driver(0x0403_0201, 8 << 10, 0, 700);
    let (_, received) = driver.link.receive(&wire[..len], true, 0);
    let error = LinkError::Version { driver: 2, device: 9 };
    assert_eq!(received, Some(Received::Lost(error)));
}

#[test]
fn a_blocked_application_recovers_without_deadlock() {
    // Both queues full and neither end willing to take packets: acknowledgements still pass.
    let cable = Cable::uart(921_600, 4, 0.0);
    let mut world = World::new(driver(9, 8 << 10, 400, 700), device(8 << 10, 400, 700), cable, 1);
    world.driver.stall = 0.9;
    world.device.stall = 0.9;
    assert!(world.run(120_000).is_some());
}

#[test]
fn noise_never_panics_and_the_link_still_opens() {
    for seed in 0..30 {
        let mut random = Random::new(seed);
        let cable = Cable::uart(921_600, 4, 0.0);
        let mut world = World::new(driver(9, 8 << 10, 20, 700), device(8 << 10, 20, 700), cable, 1);
        for _ in 0..200 {
            let noise: Vec<u8> =
                (0..random.below(80)).map(|_| (random.next_u64() >> 20) as u8 & 0x3F).collect();
            for end in [&mut world.driver, &mut world.device] {
                let mut at = 0;
                while let (taken, Some(_)) = end.link.receive(&noise[at..], true, 0) {
                    at += taken;
                }
            }
        }
        assert!(world.run(5_000).is_some());
    }
}

#[test]
fn a_pipe_without_faults_is_transparent() {
    let mut pipe = Pipe::new(Cable::uart(1_000_000, 2, 0.0), 1);
    assert_eq!(pipe.write(b"abc", 0), 3);
    assert_eq!(pipe.read(1_000_000, 10), b"");
    assert_eq!(pipe.read(2_000_000, 10), b"abc");
}

#[test]
fn numbers_and_serials_go_round() {
    let mut cable = Cable::uart(3_000_000, 2, 1e-5);
    cable.faults.seed = 5;
    let mut world = World::new(driver(1, 8 << 10, 70_000, 8), device(8 << 10, 300, 8), cable, 1);
    assert!(world.run(120_000).is_some());
}

#[test]
fn every_fault_of_a_cable_is_survived_and_reboots_are_noticed() {
    let (mut reboots, mut restarts) = (0, 0);
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let bauds = [115_200, 921_600, 3_000_000];
        let mut cable = Cable::uart(bauds[random.below(3) as usize], 1 + random.below(30), 0.0);
        let mut rate = |most: f64| most * (random.below(1000) as f64 / 1000.0).powi(3);
        cable.faults = Faults {
            drop: rate(5e-4),
            corrupt: rate(5e-4),
            duplicate: rate(5e-4),
            repeat: rate(2e-3),
            reorder: rate(2e-3),
            truncate: rate(5e-4),
            stall: rate(2e-4),
            stall_time: Duration::from_millis(150),
            reset: rate(5e-5),
            seed,
        };
        let fresh = |nonce: u32| (driver(nonce, 8 << 10, 60, 700), device(6 << 10, 60, 700));
        let (first, second) = fresh(1);
        let mut world = World::new(first, second, cable, seed);
        world.driver.stall = 0.05;
        world.device.stall = 0.05;
        let (mut nonce, start) = (1, world.now);
        let (mut resets, limit) = ((0, 0), start + 3_000_000_000);
        while world.now < limit && !world.done() {
            world.turn();
            if world.down.resets > resets.0 {
                world.device = fresh(0).1;
                reboots += 1;
            }
            if world.up.resets > resets.1 || world.driver.lost.is_some() {
                nonce += 1;
                world.driver = fresh(nonce).0;
                restarts += 1;
            }
            resets = (world.down.resets, world.up.resets);
            world.device.lost = None;
        }
        // Once the cable is mended everything arrives, whatever was under way.
        world.mend();
        world.driver = fresh(nonce + 1).0;
        world.device.stall = 0.0;
        world.device.opened = 0;
        while world.device.opened == 0 {
            world.turn();
        }
        assert!(world.run(60_000).is_some(), "seed {seed}: {}", cable.faults);
    }
    println!("{reboots} reboots of the device, {restarts} sessions lost or drivers restarted");
    assert!(reboots > 30 && restarts > 30);
}
