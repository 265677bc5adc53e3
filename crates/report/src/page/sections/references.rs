use crate::figure::Text;
use crate::page::document::Section;

/// The literature the report rests on.
pub(in crate::page) fn references(sharpness: bool) -> Section {
    let mut section = Section::new(2, "references", Text::plain("References"));
    let mut entries = vec![
        (
            "G. Iyer, B. Hanin, D. Rolnick: Maximal Initial Learning Rates in Deep ReLU Networks. \
             ICML 2023, PMLR 202:14500–14530. ",
            "2212.07295",
            " (η*, its definition and the claims tested here.)",
        ),
        (
            "B. Hanin: Which Neural Net Architectures Give Rise to Exploding and Vanishing \
             Gradients? ",
            "1801.03744",
            " (Fluctuations grow with depth over width.)",
        ),
        (
            "B. Hanin, M. Nica: Products of Many Large Random Matrices and Gradients in Deep \
             Neural Networks. ",
            "1812.05994",
            "",
        ),
        (
            "B. Hanin, M. Nica: Finite Depth and Width Corrections to the Neural Tangent Kernel. ",
            "1909.05989",
            " (Where depth × width comes from.)",
        ),
        (
            "A. Lewkowycz, Y. Bahri, E. Dyer, J. Sohl-Dickstein, G. Gur-Ari: The Large Learning \
             Rate Phase of Deep Learning: the Catapult Mechanism. ",
            "2003.02218",
            "",
        ),
    ];
    if sharpness {
        entries.push((
            "A. Jacot, F. Gabriel, C. Hongler: Neural Tangent Kernel: Convergence and \
             Generalization in Neural Networks. ",
            "1806.07572",
            " (The infinite-width limit of the Gauss-Newton matrix.)",
        ));
    }
    section.list(
        entries
            .into_iter()
            .map(|(before, number, after)| {
                Text::plain(before)
                    .and_link(
                        format!("arXiv:{number}"),
                        format!("https://arxiv.org/abs/{number}"),
                    )
                    .and_plain(after)
            })
            .collect(),
    );
    section
}
