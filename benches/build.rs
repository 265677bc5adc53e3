//! Where the benchmarks find libtorch.

include!("../crates/backend/link.rs");

fn main() {
    find_libtorch_at_run_time();
}
