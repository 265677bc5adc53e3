//! `cargo xtask backend`: provides what a backend needs besides its cargo feature.
//!
//! `tch` needs libtorch, which is taken from PyTorch's wheels into the folder
//! that `LIBTORCH` names. `wgpu` needs on Linux a Vulkan loader and a driver;
//! they belong to the system, so that only root can install them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};

use crate::command::{self, Failure, building_etastar, etastar, feature, works};
use crate::files::{self, entries, remove};

#[derive(Debug, Args)]
pub(crate) struct BackendArguments {
    /// The backend
    name: Name,

    /// libtorch with CUDA (several GB) instead of the small form
    #[arg(long)]
    cuda: bool,

    /// A libtorch that is there: its folder, or an environment of Python that has torch
    #[arg(long, value_name = "FOLDER", conflicts_with = "cuda")]
    libtorch: Option<PathBuf>,

    /// Only install what is missing; do not build
    #[arg(long)]
    no_build: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Name {
    /// libtorch
    Tch,
    /// Vulkan, Metal, DirectX 12
    Wgpu,
}

/// Installs what can be installed without root, builds, and shows what the
/// program finds.
pub(crate) fn run(arguments: &BackendArguments) -> Result<(), Failure> {
    let example = match (arguments.name, arguments.cuda) {
        (Name::Tch, false) => "tch",
        (Name::Tch, true) => "tch:cuda",
        (Name::Wgpu, _) => "wgpu",
    };
    let mut build = building_etastar(&[example.to_owned()]);
    match &arguments.libtorch {
        Some(folder) => {
            let variables = use_libtorch(folder)?;
            println!("For other commands:");
            for (name, value) in &variables {
                println!("  export {name}={value}");
            }
            build.envs(variables);
        }
        None => provide(example)?,
    }
    if arguments.no_build {
        return Ok(());
    }
    command::run(&mut build)?;
    command::run(&mut etastar(&[&"backends"]))?;
    println!(
        "\nUse it:\n  \
         cargo run --release --features {} -- find --width 64 --depth 4 --backend {example}\n  \
         cargo xtask reproduce --backend {example}",
        feature(example)
    );
    Ok(())
}

/// Provides what a device needs (`tch:cuda:0`, `wgpu`). Most backends need
/// nothing.
///
/// # Errors
/// If something is missing that this command does not install: the message
/// says what it is and how to install it.
pub(crate) fn provide(device: &str) -> Result<(), Failure> {
    match feature(device) {
        "tch" => provide_libtorch(device.starts_with("tch:cuda")),
        "wgpu" => check_vulkan(),
        _ => Ok(()),
    }
}

/// Where Vulkan drivers are registered.
const DRIVER_FOLDERS: [&str; 4] = [
    "/usr/share/vulkan/icd.d",
    "/etc/vulkan/icd.d",
    "/usr/local/share/vulkan/icd.d",
    "/usr/local/etc/vulkan/icd.d",
];

/// Where the Vulkan loader may be, besides the folders of `LD_LIBRARY_PATH`.
const LIBRARY_FOLDERS: [&str; 5] = [
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
];

fn check_vulkan() -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        println!("This system's own graphics interface is used; nothing to install.");
        return Ok(());
    }
    let missing = |text: &str| Err(Failure::new(text));
    let more = env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let folders = LIBRARY_FOLDERS.iter().map(PathBuf::from);
    let mut loaders = folders
        .chain(env::split_paths(&more))
        .map(|folder| folder.join("libvulkan.so.1"));
    let Some(loader) = loaders.find(|file| file.exists()) else {
        return missing(
            "the Vulkan loader libvulkan.so.1 is missing; as root, on Debian and Ubuntu: apt-get \
             install libvulkan1, on Fedora: dnf install vulkan-loader",
        );
    };
    println!("Vulkan loader: {}", loader.display());
    let named = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"]
        .into_iter()
        .find_map(env::var_os);
    let mut drivers: Vec<PathBuf> = match &named {
        Some(named) => env::split_paths(named).collect(),
        None => DRIVER_FOLDERS
            .iter()
            .flat_map(|folder| entries(Path::new(folder)))
            .filter(|file| file.extension().is_some_and(|end| end == "json"))
            .collect(),
    };
    drivers.retain(|file| file.exists());
    if drivers.is_empty() {
        return missing(
            "no Vulkan driver is installed; install the graphics card's, or as root one that \
             runs on the processor, on Debian and Ubuntu: apt-get install mesa-vulkan-drivers, \
             on Fedora: dnf install mesa-vulkan-drivers",
        );
    }
    for driver in drivers {
        println!("Vulkan driver: {}", driver.display());
    }
    Ok(())
}

/// The version that the crate `tch` is made for.
const VERSION: &str = "2.9.0";

/// Those that the same code was built with and tested on.
const TESTED: [&str; 2] = [VERSION, "2.11.0"];

/// PyTorch's own index. Its wheels for processors are a quarter of the size.
const CPU_INDEX: &str = "https://download.pytorch.org/whl/cpu";

/// The libraries that the processor's part of the wheel for CUDA links to.
const CUDA_RUNTIME: [&str; 2] = [
    "nvidia-cuda-runtime-cu12==12.8.90",
    "nvidia-cuda-cupti-cu12==12.8.90",
];

/// The file that marks a folder made by this command.
const MARKER: &str = "installed-by-cargo-xtask-backend";

/// Any version of Python will do: only the libraries in its wheel are used.
const PYTHON: &str = "3.12";

/// A libtorch in a folder, or in an environment of Python there, and the variables under which cargo
/// builds with it.
fn use_libtorch(given: &Path) -> Result<Vec<(&'static str, String)>, Failure> {
    let packages = entries(&given.join("lib"));
    let packages = packages.iter().map(|python| python.join("site-packages"));
    let homes = [given.to_owned(), given.join("Lib/site-packages")];
    let folders = homes
        .into_iter()
        .chain(packages)
        .flat_map(|home| [home.clone(), home.join("torch")]);
    let mut folders = folders.filter(|folder| {
        let library = |name: &str| folder.join("lib").join(name).exists();
        let libraries = ["libtorch_cpu.so", "libtorch_cpu.dylib", "torch_cpu.dll"];
        folder.join("include").is_dir() && libraries.into_iter().any(library)
    });
    let Some(folder) = folders.next() else {
        return Err(Failure::new(format!(
            "there is no libtorch in {}: name the folder with `lib` and `include`, or an environment of \
             Python in which `import torch` works",
            given.display()
        )));
    };
    let folder = fs::canonicalize(&folder).map_err(Failure::file(&folder))?;
    let version = libtorch_version(&folder);
    let is = |known: &str| version == known || version.starts_with(&format!("{known}+"));
    let tested = TESTED.join(" and ");
    match version.as_str() {
        "" => println!("The version of this libtorch is unknown; {tested} are tested."),
        _ if TESTED.iter().any(|known| is(known)) => {
            println!("libtorch {version}, which is tested.")
        }
        _ => println!(
            "libtorch {version} is not tested, only {tested} are: if the build fails, take one of them; \
             if it does not, run `cargo xtask conformance --backends tch` before you trust a number."
        ),
    }
    let mut variables = vec![("LIBTORCH", folder.display().to_string())];
    if !is(VERSION) {
        variables.push(("LIBTORCH_BYPASS_VERSION_CHECK", "1".to_owned()));
    }
    Ok(variables)
}

/// As libtorch's archive or PyTorch's wheel says it; empty where neither does.
fn libtorch_version(folder: &Path) -> String {
    if let Ok(version) = fs::read_to_string(folder.join("build-version")) {
        return version.trim().to_owned();
    }
    let module = fs::read_to_string(folder.join("version.py")).unwrap_or_default();
    let mut lines = module.lines();
    let line = lines.find_map(|line| line.strip_prefix("__version__ = "));
    line.unwrap_or_default()
        .trim_matches(['\'', '"'])
        .to_owned()
}

/// Installs libtorch in the folder of `LIBTORCH`, unless it is there.
fn provide_libtorch(cuda: bool) -> Result<(), Failure> {
    let Some(libtorch) = env::var_os("LIBTORCH").map(PathBuf::from) else {
        return Err(Failure::new(
            "LIBTORCH is not set; run this as `cargo xtask backend tch`, which sets it",
        ));
    };
    let libraries = libtorch.join("lib");
    let installed = fs::read_to_string(libtorch.join("build-version")).unwrap_or_default();
    let has_cuda = libraries.join("libtorch_cuda.so").exists();
    if libraries.is_dir() && installed.starts_with(VERSION) && (has_cuda || !cuda) {
        println!("libtorch {} is in {}", installed.trim(), libtorch.display());
    } else {
        let home = folder_to_fill(&libtorch)?;
        // A half-installed libtorch must not look like a whole one.
        let partial = home.with_extension("partial");
        remove(&partial)?;
        download(&partial, cuda)?;
        remove(&home)?;
        if let Some(parent) = home.parent() {
            files::create_folder(parent)?;
        }
        fs::rename(&partial, &home).map_err(Failure::file(&home))?;
        println!("libtorch {VERSION} is now in {}", libtorch.display());
    }
    if works("c++", &["--version"]) {
        return Ok(());
    }
    Err(Failure::new(
        "a C++ compiler is needed to build the bindings of libtorch; on Debian and Ubuntu: \
         apt-get install g++",
    ))
}

/// The folder around that of `LIBTORCH`, which this command fills and may
/// empty. It must be empty or have been filled by this command.
fn folder_to_fill(libtorch: &Path) -> Result<PathBuf, Failure> {
    let home = libtorch.parent().unwrap_or(libtorch).to_owned();
    if entries(&home).is_empty() || home.join(MARKER).exists() {
        return Ok(home);
    }
    Err(Failure::new(format!(
        "LIBTORCH points into {}, which has other files and no libtorch {VERSION} that fits; \
         unset LIBTORCH, or put that version there yourself",
        home.display()
    )))
}

/// Downloads libtorch into an empty folder, as `torch` and, if it needs them,
/// `nvidia`.
fn download(into: &Path, cuda: bool) -> Result<(), Failure> {
    let torch = format!("torch=={VERSION}");
    if cuda {
        pip(into, &[], &[&torch])?;
        return keep_libraries(into, &format!("{VERSION}+cuda"));
    }
    let small = ["--no-deps", "--retries", "1", "--index-url", CPU_INDEX];
    if pip(into, &small, &[&torch]).is_err() {
        println!("PyTorch's own index cannot be reached; the large wheel is taken and cut down.");
        remove(into)?;
        let mut packages = vec![torch.as_str()];
        if cfg!(target_os = "linux") {
            packages.extend(CUDA_RUNTIME);
        }
        pip(into, &["--no-deps"], &packages)?;
        remove_cuda(&into.join("torch/lib"))?;
    }
    keep_libraries(into, &format!("{VERSION}+cpu"))
}

fn pip(into: &Path, options: &[&str], packages: &[&str]) -> Result<(), Failure> {
    let has_pip = |python: &&str| works(python, &["-m", "pip", "--version"]);
    let Some(python) = ["python3", "python"].into_iter().find(has_pip) else {
        return Err(Failure::new(format!(
            "libtorch is installed with Python's pip, which is missing; on Debian and Ubuntu: \
             apt-get install python3-pip. Or set LIBTORCH to the folder of a libtorch {VERSION} \
             (the one with `lib` and `include`)"
        )));
    };
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--no-cache-dir"]);
    pip.args(["--only-binary=:all:", "--disable-pip-version-check"]);
    pip.args(["--python-version", PYTHON, "--target"]).arg(into);
    command::run(pip.args(options).args(packages))
}

/// Removes the libraries for CUDA of a wheel. What is left needs the CUDA
/// runtime's library, but no device and no driver.
fn remove_cuda(libraries: &Path) -> Result<(), Failure> {
    for path in entries(libraries) {
        let name = files::name(&path);
        if ["cuda", "nvshmem", "nvrtc"]
            .iter()
            .any(|part| name.contains(part))
        {
            remove(&path)?;
        }
    }
    // This library has no code, but links to those just removed.
    #[cfg(target_os = "linux")]
    {
        let umbrella = libraries.join("libtorch.so");
        remove(&umbrella)?;
        std::os::unix::fs::symlink("libtorch_cpu.so", &umbrella)
            .map_err(Failure::file(&umbrella))?;
    }
    Ok(())
}

/// Removes what belongs to Python, and writes down the version.
fn keep_libraries(home: &Path, version: &str) -> Result<(), Failure> {
    let torch = home.join("torch");
    for (folder, kept) in [(home, ["torch", "nvidia"]), (&torch, ["lib", "include"])] {
        for path in entries(folder) {
            if !kept.contains(&files::name(&path).as_str()) {
                remove(&path)?;
            }
        }
    }
    remove(&torch.join("lib/libtorch_python.so"))?;
    files::write(&home.join(MARKER), "")?;
    files::write(&torch.join("build-version"), version)
}
