//! Tells the linker that Python itself has what the module does not, and the module where libtorch
//! is.

include!("../backend/link.rs");

fn main() {
    pyo3_build_config::add_extension_module_link_args();
    find_libtorch_at_run_time();
}
