// The prediction of `etastar predict` without a store: see the crate etastar-analysis, module
// `predict`, for where each formula is from.
function predictEtaStar(published, network) {
  var formula = network.depth < published.least_depth ? published.shallow : published.deep;
  var n0 = network.inputs, depth = network.depth, width = network.width, mu = network.inputRate;
  var log2 = Math.log2;
  // sqrt(E Theta^2): sums over layers of (1 + 5/n)^(L-k) [(1 + 5/n)^k + 2 (1 - 1/n)^k] / 3.
  function kernelMoment() {
    var weights = [mu * n0], sum = 0;
    for (var layer = 0; layer < depth; layer++) { weights.push(width); }
    weights.forEach(function (a, l) {
      weights.forEach(function (b, m) {
        var k = Math.abs(l - m);
        var grown = Math.pow(1 + 5 / width, k) + 2 * Math.pow(1 - 1 / width, k);
        sum += a * b * Math.pow(1 + 5 / width, depth - k) * grown / 3;
      });
    });
    return Math.sqrt(sum);
  }
  function size(law) {
    switch (law.law) {
      case 'effective-size': case 'three-quarters': return mu * n0 + depth * width;
      case 'hidden-effective-size': return mu * n0 + (depth - 1) * width;
      case 'moment': return kernelMoment();
      default: return mu * n0 + law.ratio * (depth - 1) * Math.sqrt(width);
    }
  }
  function value(law) { return law.log2_constant + law.slope * log2(size(law)); }
  var rates = formula.input_rates;
  if (mu < rates[0] || mu > rates[rates.length - 1]) {
    return { refused: 'input-layer rates from ' + rates[0] + ' to ' + rates[rates.length - 1] + ' were measured' };
  }
  var law = formula.laws[0], own = size(law), centre = value(law);
  if (!isFinite(centre)) {
    return { refused: 'with one hidden layer and a frozen input layer there is no edge' };
  }
  var product = depth * width, effective = mu * n0 + product;
  var range = formula.log2_sizes[0];
  var beyond = Math.max(1, effective / formula.largest_effective_size,
    Math.pow(2, Math.max(0, log2(own) - range[1], range[0] - log2(own))));
  if (beyond > formula.furthest) {
    return { refused: 'a factor of ' + beyond.toFixed(1) + ' outside of the sizes measured' };
  }
  var weights = 1, squares = 0;
  formula.laws.slice(1).forEach(function (rival) {
    var weight = Math.pow(law.error / rival.error, rival.judged), other = value(rival);
    if (isFinite(other)) { weights += weight; squares += weight * Math.pow(other - centre, 2); }
  });
  // The law of a fixed exponent has one row of the inverse alone.
  var row = [1, law.law === 'two-term' ? 1 - mu * n0 / own : log2(own)], leverage = 0;
  formula.inverse_gram.forEach(function (line, i) {
    line.forEach(function (entry, j) { leverage += row[i] * entry * row[j]; });
  });
  var spread = product > formula.largest_depth_width ? formula.spread_beyond : formula.spread;
  var cells = spread.residual * (1 + leverage), repeats = spread.repeat * (1 - 1 / spread.repeats);
  var weighed = cells * cells / spread.residual_freedom;
  if (repeats > 0) { weighed += repeats * repeats / spread.repeat_freedom; }
  function halfWidth(variance, freedom) {
    var place = 256 / freedom, below = Math.min(255, Math.floor(place)), table = formula.student;
    var student = table[below] + (place - below) * (table[below + 1] - table[below]);
    return student * Math.sqrt(variance + squares / weights);
  }
  var half = Math.max(halfWidth(cells + repeats, Math.pow(cells + repeats, 2) / weighed),
    halfWidth(cells, spread.residual_freedom));
  var warnings = [];
  if (width < formula.width_over_depth * depth) {
    warnings.push('narrow: the law holds for width ≥ ' + formula.width_over_depth + ' × depth');
  }
  if (depth < published.least_depth) { warnings.push('shallow: such networks recover from divergence, and deeper ones were measured'); }
  if (beyond > 1) { warnings.push('a factor of ' + beyond.toFixed(2) + ' outside of the sizes measured'); }
  if (rates.indexOf(mu) < 0) { warnings.push('this input rate was not measured'); }
  return {
    etaStar: Math.pow(2, centre),
    interval: [Math.pow(2, centre - half), Math.pow(2, centre + half)],
    warnings: warnings
  };
}
document.querySelectorAll('form.calculator').forEach(function (form) {
  var published = JSON.parse(form.querySelector('script').textContent);
  var output = form.querySelector('output');
  var shown = function (rate) { return Number(rate.toPrecision(3)).toString(); };
  var update = function () {
    var network = {};
    Array.from(form.querySelectorAll('input')).forEach(function (input) {
      network[input.name] = input.checkValidity() ? input.valueAsNumber : NaN;
    });
    var complete = Object.keys(network).every(function (name) { return isFinite(network[name]); });
    if (!complete) { output.textContent = 'Give whole positive numbers, and an input rate from 0 to 1.'; return; }
    var said = predictEtaStar(published, network);
    if (said.refused) { output.textContent = 'No prediction: ' + said.refused + '.'; return; }
    output.textContent = 'η* = ' + shown(said.etaStar) + ', ' + 100 * published.deep.confidence +
      ' % interval of one network ' + shown(said.interval[0]) + ' to ' + shown(said.interval[1]) + '. ' +
      (said.warnings.length ? 'Take care: ' + said.warnings.join('; ') + '.' : 'Inside of what was measured.');
  };
  form.addEventListener('input', update);
  form.addEventListener('submit', function (event) { event.preventDefault(); });
  update();
});
