//! Weights in safetensors files: any bytes give a result, and what is accepted
//! is a network whose layers fit together.
#![no_main]

use burn_ndarray::NdArray;
use etastar_model::{Mlp, WeightsOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = etastar_fuzz::file(bytes, "safetensors");
    let options = WeightsOptions::default();
    let read = Mlp::<NdArray<f32>>::read_safetensors(&path, &options, &Default::default());
    if let Ok((network, _)) = read {
        let mut width = None;
        for layer in &network.layers {
            let [inputs, outputs] = layer.weight.dims();
            assert!(width.is_none_or(|width| width == inputs));
            width = Some(outputs);
        }
        assert!(width.is_some());
    }
});
