//! Where the benchmarks find libtorch.

fn main() {
    etastar_link::find_libtorch_at_run_time();
}
