use etastar_search::{Cell, Manifest, SuccessRule};

use crate::page::number::{count, setting};
use crate::page::study::{provenance, serial_name};

/// What a caption has to say about how eta\* was measured: the protocol of a
/// cell that stands for all, and where the numbers come from.
pub(super) fn conditions(manifest: &Manifest, example: Option<&Cell>) -> String {
    let protocol = example.map(|cell| {
        let protocol = &cell.protocol;
        let success = match protocol.success {
            SuccessRule::ReachThreshold => format!(
                "success at validation accuracy {} within {} steps",
                setting(protocol.threshold),
                count(protocol.budget)
            ),
            SuccessRule::KeepAccuracy => format!(
                "success if validation accuracy is no lower after {} steps than before",
                count(protocol.budget)
            ),
        };
        let loss = serial_name(&protocol.loss).replace('-', " ");
        format!("{loss}, batches of {}, {success}; ", protocol.batch_size)
    });
    let protocol = protocol.unwrap_or_default();
    format!("Protocol: {protocol}{}", provenance(manifest))
}
