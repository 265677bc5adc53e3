//! What `wgpu` needs: on Linux a Vulkan loader and a driver. They belong to
//! the system, so that only root can install them.

use std::path::{Path, PathBuf};

use crate::command::Failure;

/// Where Vulkan drivers announce themselves.
const DRIVER_FOLDERS: [&str; 4] = [
    "/usr/share/vulkan/icd.d",
    "/etc/vulkan/icd.d",
    "/usr/local/share/vulkan/icd.d",
    "/usr/local/etc/vulkan/icd.d",
];

/// Says what there is.
///
/// # Errors
/// If something is missing; says what, and how to have it.
pub(super) fn check() -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        println!("This system's own graphics interface is used; nothing to install.");
        return Ok(());
    }
    let loader = loader().ok_or(Failure::Missing(
        "the Vulkan loader libvulkan.so.1 is missing; as root, on Debian and Ubuntu: apt-get \
         install libvulkan1, on Fedora: dnf install vulkan-loader",
    ))?;
    println!("Vulkan loader: {}", loader.display());
    let drivers = drivers();
    if drivers.is_empty() {
        return Err(Failure::Missing(
            "no Vulkan driver is installed; install the graphics card's, or as root one that \
             runs on the processor, on Debian and Ubuntu: apt-get install mesa-vulkan-drivers, \
             on Fedora: dnf install mesa-vulkan-drivers",
        ));
    }
    for driver in drivers {
        println!("Vulkan driver: {}", driver.display());
    }
    Ok(())
}

fn loader() -> Option<PathBuf> {
    let folders = [
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
    ];
    let from_environment = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let from_environment: Vec<PathBuf> = std::env::split_paths(&from_environment).collect();
    let candidates = folders.iter().map(PathBuf::from).chain(from_environment);
    candidates
        .map(|folder| folder.join("libvulkan.so.1"))
        .find(|file| file.exists())
}

fn drivers() -> Vec<PathBuf> {
    let named = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"]
        .into_iter()
        .find_map(std::env::var_os);
    if let Some(named) = named {
        return std::env::split_paths(&named)
            .filter(|file| file.exists())
            .collect();
    }
    let in_folder = |folder: &str| {
        let entries = Path::new(folder).read_dir().ok();
        let files = entries.into_iter().flatten().filter_map(Result::ok);
        files.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let mut drivers: Vec<PathBuf> = DRIVER_FOLDERS.into_iter().flat_map(in_folder).collect();
    drivers.retain(|file| file.extension().is_some_and(|end| end == "json"));
    drivers.sort();
    drivers
}
