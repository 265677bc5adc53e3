document.querySelectorAll('table.sortable').forEach(function (table) {
  var heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach(function (head, column) {
    head.querySelector('button').addEventListener('click', function () {
      var up = head.getAttribute('aria-sort') !== 'ascending';
      heads.forEach(function (other) { other.removeAttribute('aria-sort'); });
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      var rows = Array.from(table.tBodies[0].rows).map(function (row, index) {
        var cell = row.cells[column];
        var key = cell.dataset.key === undefined ? null : Number(cell.dataset.key);
        return { row: row, index: index, key: key, text: cell.textContent };
      });
      rows.sort(function (a, b) {
        if ((a.key === null) !== (b.key === null)) { return a.key === null ? 1 : -1; }
        var order = a.key === null ? a.text.localeCompare(b.text) : a.key - b.key;
        return (up ? order : -order) || a.index - b.index;
      });
      rows.forEach(function (entry) { table.tBodies[0].appendChild(entry.row); });
    });
  });
});
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
