//! Where programs find libtorch: what the build scripts of programs, tests and examples share.

use std::env;
use std::path::Path;

/// Writes the folder of libtorch's libraries into the program, so that it starts without
/// `LD_LIBRARY_PATH`. To be called from a build script. Does nothing unless the script's crate has
/// the feature `tch`.
pub fn find_libtorch_at_run_time() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let uses_libtorch = env::var_os("CARGO_FEATURE_TCH").is_some();
    let knows_rpath = env::var_os("CARGO_CFG_UNIX").is_some();
    if let Some(libtorch) = env::var_os("LIBTORCH")
        && uses_libtorch
        && knows_rpath
    {
        let folder = Path::new(&libtorch).join("lib");
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.display());
        // Of the libraries that PyTorch's wheels for CUDA need, some lie in other packages, where the
        // system's loader finds them and the linker does not.
        if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
            println!("cargo:rustc-link-arg=-Wl,--allow-shlib-undefined");
        }
    }
}
