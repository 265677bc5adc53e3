//! Runs other programs in the workspace's root, and says what went wrong.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Output, Stdio};

/// Why a command of `cargo xtask` did not succeed.
#[derive(Debug)]
pub(crate) struct Failure {
    text: String,
    /// The exit code of the program that failed.
    pub(crate) code: Option<i32>,
}

impl Failure {
    /// A failure that is described by a whole sentence.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            code: None,
        }
    }

    /// For `map_err`: the failure of an operation on a file or folder.
    pub(crate) fn file(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::new(format!("{}: {source}", path.display()))
    }

    /// For `map_err`: the failure to start a program, or to wait for it.
    pub(crate) fn start(program: &str) -> impl Fn(io::Error) -> Self {
        move |source| Self::new(format!("cannot start {program}: {source}"))
    }

    /// The failure to understand what a program has printed.
    pub(crate) fn output(program: &str) -> Self {
        Self::new(format!("cannot read what {program} printed"))
    }

    /// Prints the failure; the exit code is the failed program's own.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {}", self.text);
        let code = self.code.and_then(|code| u8::try_from(code).ok());
        code.map_or(ExitCode::FAILURE, ExitCode::from)
    }
}

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// The folder in which cargo builds.
pub(crate) fn target() -> PathBuf {
    let folder = env::var_os("CARGO_TARGET_DIR");
    root().join(folder.unwrap_or_else(|| "target".into()))
}

/// A program that cargo has built in the release profile.
pub(crate) fn built(name: &str) -> PathBuf {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    target().join("release").join(file)
}

/// The program `etastar`, with arguments.
pub(crate) fn etastar(arguments: &[&dyn AsRef<OsStr>]) -> Command {
    let mut command = Command::new(built("etastar"));
    command.args(arguments.iter().map(|argument| argument.as_ref()));
    command.current_dir(root());
    command
}

/// The rows that `etastar export` prints of a store, without the head.
pub(crate) fn exported_rows(store: &Path, options: &[&str]) -> Result<Vec<String>, Failure> {
    let text = standard_output(etastar(&[&"export", &store]).args(options))?;
    Ok(text.lines().skip(1).map(str::to_owned).collect())
}

/// Cargo, as this program was started by it.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    forget_this_program(&mut command);
    command
}

/// Takes out of the environment of a command how `cargo run` describes this program there. Build
/// scripts of dependencies look at some of it and would run again for nothing.
pub(crate) fn forget_this_program(command: &mut Command) {
    let described = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
    ];
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if described.iter().any(|start| text.starts_with(start)) {
            command.env_remove(&name);
        }
    }
}

/// The compiler that cargo uses.
pub(crate) fn rustc() -> Command {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.current_dir(root());
    command
}

/// Builds `etastar` with the features of backends (`flex`, `tch:cuda:0`);
/// `flex` is always there.
pub(crate) fn build_etastar(backends: &[String]) -> Result<(), Failure> {
    run(&mut building_etastar(backends))
}

/// Builds it as the workspace's tests do, so that nothing is compiled again after them: cargo chooses
/// the features of dependencies for the packages that are named.
pub(crate) fn build_tested_etastar() -> Result<(), Failure> {
    let mut build = cargo(&["build", "--release", "--workspace", "--bin", "etastar"]);
    run(build.args(PORTABLE))
}

/// The command that builds it.
pub(crate) fn building_etastar(backends: &[String]) -> Command {
    let mut build = cargo(&["build", "--release", "--package", "etastar-cli"]);
    if backends.iter().any(|backend| feature(backend) != "flex") {
        build.arg("--features").arg(features(backends));
    }
    build
}

/// Shows the command, runs it, and waits for its success.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    eprintln!("$ {}", shown(command));
    let status = command.status().map_err(Failure::start(&shown(command)))?;
    succeeded(command, status, "")
}

/// Like [`run`], and gives what the command printed.
pub(crate) fn printed(command: &mut Command) -> Result<String, Failure> {
    eprintln!("$ {}", shown(command));
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(Failure::start(&shown(command)))?;
    let text = String::from_utf8(output.stdout).map_err(|_| Failure::output(&shown(command)))?;
    eprint!("{text}");
    succeeded(command, output.status, "").map(|()| text)
}

/// Like [`run`], and gives the last line that the command printed.
pub(crate) fn last_line(command: &mut Command) -> Result<String, Failure> {
    let text = printed(command)?;
    let last = text.lines().last().map(str::to_owned);
    last.ok_or_else(|| Failure::output(&shown(command)))
}

/// Runs a command without showing anything; gives its standard output.
pub(crate) fn standard_output(command: &mut Command) -> Result<String, Failure> {
    quietly(command).map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command without showing anything; gives its standard error.
pub(crate) fn standard_error(command: &mut Command) -> Result<String, Failure> {
    quietly(command).map(|output| String::from_utf8_lossy(&output.stderr).into_owned())
}

fn quietly(command: &mut Command) -> Result<Output, Failure> {
    let output = command.output().map_err(Failure::start(&shown(command)))?;
    let said = String::from_utf8_lossy(&output.stderr);
    succeeded(command, output.status, said.trim())?;
    Ok(output)
}

/// An error unless a program has succeeded; `said` is what it printed on
/// standard error without the user seeing it.
fn succeeded(command: &Command, status: ExitStatus, said: &str) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    let text = format!("{} ended with {status}\n{said}", shown(command));
    Err(Failure {
        text: text.trim_end().to_owned(),
        code: status.code(),
    })
}

/// The command without the folders of its program.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or(program.as_os_str())];
    words.extend(command.get_args());
    words.join(OsStr::new(" ")).to_string_lossy().into_owned()
}

/// Whether a program can be started with this option and succeeds.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// Makes sure that programs are installed, which Debian's packages hold.
///
/// # Errors
/// If one is missing and `install` is false: the message names the programs and
/// the command that installs them. If `install` is true and `apt-get` fails.
pub(crate) fn require(programs: &[&str], packages: &[&str], install: bool) -> Result<(), Failure> {
    let missing: Vec<&str> = programs
        .iter()
        .copied()
        .filter(|program| Command::new(program).arg("--version").output().is_err())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut apt_get = Command::new("apt-get");
    apt_get.args(["install", "--yes", "--no-install-recommends"]);
    apt_get.args(packages);
    if install {
        return run(apt_get.env("DEBIAN_FRONTEND", "noninteractive"));
    }
    Err(Failure::new(format!(
        "these programs are missing: {}. On Debian and Ubuntu, as root, this command installs \
         them: {}. The option --install runs it",
        missing.join(", "),
        shown(&apt_get)
    )))
}

/// The features of the default checks and tests: those that need neither a
/// library nor a driver of the system.
pub(crate) const PORTABLE: [&str; 2] = ["--features", "flex,ndarray"];

/// The cargo feature of a backend as users write it (`tch:cuda:0`).
pub(crate) fn feature(backend: &str) -> &str {
    backend.split([':', '-']).next().unwrap_or(backend)
}

/// The cargo features of backends, each once, as cargo takes them.
pub(crate) fn features(backends: &[String]) -> String {
    let mut features: Vec<&str> = backends.iter().map(|one| feature(one)).collect();
    features.sort_unstable();
    features.dedup();
    features.join(",")
}
