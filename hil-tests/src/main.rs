//! `quintet-hil`: runs the suite on targets. `cargo xtask hil` builds what it needs and calls it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use quintet_hil_tests::target::{self, Target, TargetError};
use quintet_hil_tests::trials::{self, Selection};
use quintet_hil_tests::{junit, report};

const USAGE: &str = "\
Usage: quintet-hil [OPTIONS]

  --target NAME[=URI]  only this target, and where it is; may be given several times
  --test NAME          only trials with this in their names, TARGET::TEST
  --repeat N           each trial N times; tells which fail only sometimes
  --junit FILE         write what it came to as JUnit's XML
  --targets FILE       more targets, or others in place of the repository's (QUINTET_HIL_TARGETS)
  --list               only say which trials there are
";

/// Names a file of targets, as `--targets` does.
const TARGETS_VARIABLE: &str = "QUINTET_HIL_TARGETS";

/// What is asked for.
#[derive(Default)]
struct Options {
    targets: Vec<String>,
    test: Option<String>,
    repeat: Option<u32>,
    junit: Option<PathBuf>,
    files: Vec<PathBuf>,
    list: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|it| it == "--help" || it == "-h") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    match parse(&arguments).and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(101), // as `cargo test` has it
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs what is asked for; whether all of it passed that was tried, and what was named was tried.
fn run(options: &Options) -> Result<bool, String> {
    let mut files = options.files.clone();
    files.extend(std::env::var_os(TARGETS_VARIABLE).map(PathBuf::from));
    let files = files.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let all = target::all(&files).map_err(|error| error.to_string())?;
    let selection = Selection {
        targets: select(all, &options.targets).map_err(|error| error.to_string())?,
        filter: options.test.clone(),
        repeat: options.repeat.unwrap_or(1),
        list: options.list,
    };
    let report = trials::run(&selection);
    if options.list {
        return Ok(true);
    }
    println!("{}", report.table());
    if let Some(path) = &options.junit {
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = folder.and_then(|()| std::fs::write(path, junit::document(&report)));
        written.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(is_well(&report, options))
}

/// Whether nothing failed, and something of every target was tried that was asked for by name.
fn is_well(report: &report::Report, options: &Options) -> bool {
    let names = options.targets.iter().map(|it| name_and_uri(it).0);
    let untried = report.untried(names);
    for name in &untried {
        eprintln!("error: {name} was asked for, and none of its trials could be run");
    }
    if report.records.is_empty() {
        eprintln!("error: no trial has such a name; `--list` says which there are");
    }
    untried.is_empty() && !report.records.is_empty() && !report.has_failed()
}

fn read(path: &Path) -> Result<(String, String), String> {
    let name = path.display().to_string();
    std::fs::read_to_string(path).map(|text| (name, text)).map_err(|error| {
        format!(
            "{}: {error}; --targets and {TARGETS_VARIABLE} name files of targets",
            path.display()
        )
    })
}

/// The targets of these names, or the usual ones.
fn select(all: Vec<Target>, names: &[String]) -> Result<Vec<Target>, TargetError> {
    if names.is_empty() {
        return Ok(all.into_iter().filter(Target::is_usual).collect());
    }
    let selected = names.iter().map(|text| {
        let (name, uri) = name_and_uri(text);
        let found = all.iter().find(|target| target.name == name).cloned();
        let mut target = found.ok_or_else(|| TargetError::Unknown {
            name: name.to_owned(),
            known: all.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", "),
        })?;
        uri.map_or(Ok(()), |uri| target.set_uri(uri))?;
        Ok(target)
    });
    selected.collect()
}

/// `NAME` or `NAME=URI`.
fn name_and_uri(text: &str) -> (&str, Option<&str>) {
    text.split_once('=').map_or((text, None), |(name, uri)| (name, Some(uri)))
}

fn parse(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut rest = arguments.iter();
    while let Some(option) = rest.next() {
        if option == "--list" {
            options.list = true;
            continue;
        }
        let value = rest.next().ok_or(format!("{option}: not an option, or without its value"))?;
        match option.as_str() {
            "--target" => options.targets.push(value.clone()),
            "--test" => options.test = Some(value.clone()),
            "--junit" => options.junit = Some(value.into()),
            "--targets" => options.files.push(value.into()),
            "--repeat" => {
                let number = value.parse().ok().filter(|number| *number > 0);
                options.repeat = Some(number.ok_or(format!("--repeat {value}: not a number"))?);
            }
            _ => return Err(format!("{option}: no such option\n\n{USAGE}")),
        }
    }
    Ok(options)
}
