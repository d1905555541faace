//! Known answers at register level: what a core writes and what it is to see, case by case.
//!
//! The cases are data, in `cases/`, so that whatever else follows the contract can be held to them
//! too; `cases/README.md` says how they are to be read. Here they drive the model.

mod machine;
mod script;

/// A test for each case, which are all that there are.
macro_rules! cases {
    ($($name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                script::play(include_str!(concat!("cases/", stringify!($name), ".case")));
            }
        )*

        #[test]
        fn no_case_is_left_out() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/registers/cases");
            let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
            let cases = files.filter(|path| path.extension().is_some_and(|it| it == "case"));
            let mut found: Vec<_> =
                cases.map(|path| path.file_stem().unwrap().display().to_string()).collect();
            found.sort();
            assert_eq!(found, [$(stringify!($name)),*]);
        }
    };
}

cases! {
    bad_operands,
    clocks,
    commands_left_out,
    declined,
    empty_table,
    events_that_nobody_wants,
    full_ring,
    halt,
    largest_queue,
    largest_shapes,
    malformed_descriptors,
    no_commands,
    one_command,
    overfull_ring,
    pages,
    pixels,
    power_on,
    progress,
    read_only,
    reset_after_halt,
    reset_while_busy,
    reset_while_waiting,
    resets_on_end,
    results,
    ring_wrap,
    spurious_acknowledgement,
    tail_moved_back,
    unknown_offsets,
    unsound_arenas,
    unsound_pixel_buffers,
    unsound_queues,
}
