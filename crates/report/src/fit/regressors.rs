use super::model::Law;
use super::series::Point;

impl Law {
    /// All laws, in the order in which they are reported.
    pub const ALL: [Self; 3] = [Self::DepthWidth, Self::Separate, Self::EffectiveSize];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::DepthWidth => "depth-width",
            Self::Separate => "separate",
            Self::EffectiveSize => "effective-size",
        }
    }

    /// The names of its regressors, one for each exponent.
    pub fn regressors(self) -> &'static [&'static str] {
        match self {
            Self::DepthWidth => &["depth x width"],
            Self::Separate => &["depth", "width"],
            Self::EffectiveSize => &["effective size"],
        }
    }

    /// `log2` of its regressors, in the order of [`Law::regressors`], for a
    /// network of `depth` hidden layers of one `width`.
    pub fn log2_regressors(
        self,
        depth: usize,
        width: usize,
        inputs: usize,
        input_rate: f64,
    ) -> Vec<f64> {
        let (depth, width, inputs) = (depth as f64, width as f64, inputs as f64);
        match self {
            Self::DepthWidth => vec![(depth * width).log2()],
            Self::Separate => vec![depth.log2(), width.log2()],
            Self::EffectiveSize => vec![(input_rate * inputs + depth * width).log2()],
        }
    }

    pub(crate) fn of_point(self, point: &Point) -> Vec<f64> {
        self.log2_regressors(point.depth, point.width, point.inputs, point.input_rate)
    }
}
