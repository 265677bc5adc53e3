/// Learning rate of every layer relative to the common one.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerRates {
    multipliers: Vec<f64>,
}

impl LayerRates {
    /// One multiplier a layer (hidden layers and the output layer), from the
    /// input side.
    pub fn new(multipliers: Vec<f64>) -> Self {
        Self { multipliers }
    }

    /// The same rate everywhere, for a network of `depth` hidden layers.
    pub fn uniform(depth: usize) -> Self {
        Self::new(vec![1.0; depth + 1])
    }

    /// `input_rate` for the input layer (`mu_in` of the theory), 1 for every
    /// other; 0 freezes the input layer.
    pub fn with_input_rate(depth: usize, input_rate: f64) -> Self {
        let mut rates = Self::uniform(depth);
        rates.multipliers[0] = input_rate;
        rates
    }

    /// The multiplier of a layer, counted from 0 at the input side; 1 beyond
    /// the last one given.
    pub fn of(&self, layer: usize) -> f64 {
        self.multipliers.get(layer).copied().unwrap_or(1.0)
    }
}
