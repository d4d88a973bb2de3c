"""How the page of the evidence looks, and what its controls do where a browser runs JavaScript."""

from experiments.pages.frame import part

STYLE = (
    part("page.css")
    + """
:root { --agrees: #00507d; --misses: #8a3b00; --untested: #444; }
.claims { table-layout: fixed; min-width: 62rem; }
.w-verdict { width: 7.6rem; } .w-claimed { width: 8.5rem; } .w-simulated { width: 8.5rem; }
.w-picture { width: 15.5rem; } .w-prior, .w-rival { width: 7.6rem; } .w-runs { width: 3.6rem; }
.w-used { width: 26rem; }
.verdict { white-space: nowrap; font-weight: 600; padding: .05rem .4rem; border-radius: .25rem;
  display: inline-block; border: 1px solid; }
.agrees { color: var(--agrees); background: #e7f2f9; } .misses { color: var(--misses); background: #fdeee2; }
.untested { color: var(--untested); background: #f1f1f1; border-style: dashed; }
.claim-id { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .78rem; color: #555; }
.source { color: #555; font-size: .85rem; } .why { color: #333; font-size: .85rem; }
.required { font-size: .75rem; border: 1px solid #777; border-radius: .25rem; padding: 0 .3rem; color: #333; }
tr.more td { padding-top: 0; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.3rem;
  font-size: .85rem; color: #333; margin: .5rem 0; } .legend span { display: inline-flex; gap: .4rem;
  align-items: center; }
.axis { stroke: #999; stroke-width: 1; } .zone { fill: #dcdcdc; } .stated { stroke: #666; stroke-width: 1.2;
  fill: none; } .value { stroke: #000; stroke-width: 1.4; } .range { stroke-width: 2.2; }
.s-agrees { stroke: #0072B2; fill: #0072B2; } .s-misses { stroke: #D55E00; fill: #D55E00; }
.s-untested { stroke: #666; fill: #fff; } .prior { fill: #fff; stroke: #333; stroke-width: 1.2; }
.rival { stroke: #000; stroke-width: 1.6; fill: none; }
svg text { font-size: 9.5px; fill: #444; stroke: none; }
.controls { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center; position: sticky; top: 0;
  background: #fff; padding: .5rem 0; border-bottom: 1px solid #ccc; z-index: 1; }
.controls[hidden] { display: none; }
.controls input[type=search] { padding: .25rem .4rem; width: 16rem; }
@page { size: A4 landscape; margin: 11mm; }
@media print { html { font-size: 9.5px; } body { padding: 0; max-width: none; font-size: 1rem; }
  .controls { display: none; } .scroll { overflow: visible; } .claims { min-width: 0; }
  thead { display: table-header-group; } h2 { break-after: avoid; }
  a { color: inherit; text-decoration: none; }
  tr.more:has(details:not([open])) { display: none; } td { padding: .25rem .5rem; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .w-picture { width: 24rem; } .w-claimed, .w-simulated { width: 11rem; } }
"""
)

SCRIPT = """
'use strict';
(() => {
  const rows = [...document.querySelectorAll('tbody.claim')];
  const bar = document.querySelector('.controls');
  const make = (tag, text) => Object.assign(document.createElement(tag), {textContent: text || ''});
  const search = Object.assign(make('input'), {type: 'search', placeholder: 'words of a claim or source'});
  search.setAttribute('aria-label', 'search');
  const boxes = ['agrees', 'misses', 'untested'].map(word => {
    const label = make('label'), box = Object.assign(make('input'), {type: 'checkbox', checked: true});
    box.value = word; label.append(box, ' ' + word); bar.append(label); return box; });
  const order = make('select'); order.setAttribute('aria-label', 'order');
  const orders = [['order', 'as in the files'], ['distance', 'furthest off first'], ['id', 'by id']];
  for (const [value, text] of orders)
    order.append(Object.assign(make('option', text), {value}));
  const all = Object.assign(make('button', 'Open all details'), {type: 'button'}), count = make('span');
  bar.prepend(search); bar.append(order, all, count); bar.hidden = false;
  const filter = () => {
    const words = search.value.toLowerCase().split(/\\s+/);
    const wanted = boxes.filter(b => b.checked).map(b => b.value);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !(wanted.includes(row.dataset.verdict) && words.every(word => text.includes(word)));
      shown += !row.hidden; }
    count.textContent = shown === rows.length ? '' : `${shown} of ${rows.length} claims`; };
  const keys = {
    order: row => +row.dataset.order, distance: row => -row.dataset.distance, id: row => row.dataset.id};
  search.oninput = filter; boxes.forEach(box => box.onchange = filter);
  order.onchange = () => { const key = keys[order.value];
    const sorted = [...rows].sort((a, b) => key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
    for (const row of sorted) row.parentNode.append(row); };
  all.onclick = () => { const folds = [...document.querySelectorAll('details')];
    const open = folds.some(fold => !fold.open); folds.forEach(fold => fold.open = open);
    all.textContent = open ? 'Close all details' : 'Open all details'; };
  const show = () => { const row = document.getElementById(location.hash.slice(1));
    const fold = row && row.querySelector('details'); if (fold) fold.open = true; };
  addEventListener('hashchange', show); show();
})();
"""
