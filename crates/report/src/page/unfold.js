(function () {
  var all = function () { return Array.from(document.querySelectorAll('details')); };
  var toTarget = function () {
    var id = decodeURIComponent(location.hash.slice(1));
    var target = id && document.getElementById(id);
    if (!target) { return; }
    var folded = target.querySelector(':scope > details') || target.closest('details');
    if (folded) { folded.open = true; target.scrollIntoView(); }
  };
  window.addEventListener('hashchange', toTarget);
  toTarget();
  var opened = [];
  window.addEventListener('beforeprint', function () {
    opened = all().filter(function (one) { return !one.open; });
    opened.forEach(function (one) { one.open = true; });
  });
  window.addEventListener('afterprint', function () {
    opened.forEach(function (one) { one.open = false; });
  });
})();
