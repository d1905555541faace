//! A quarter of every board's stack is never used, whatever runs. With `--nocapture` it prints how
//! deep each has been.

use quintet_hil_tests::heard::Heard;
use quintet_hil_tests::{boards, cases, open};

#[test]
fn every_pipeline_and_network_leaves_a_quarter_of_the_stack() {
    let folder = cases::network_folder();
    let all: Vec<_> = cases::pipelines().into_iter().chain(cases::networks(&folder)).collect();
    for board in boards() {
        let mut connection = open(&board);
        let heard = Heard::listen(&mut connection);
        for case in &all {
            case.load(connection.session()).unwrap();
            case.run(connection.session()).unwrap();
        }
        println!("{board}: {}", heard.check_stack(&mut connection));
    }
}
