'use strict';
// Gives long tables a field that leaves only the rows in which its words occur.
for (const table of document.querySelectorAll('table.searched')) {
  const field = document.createElement('input');
  field.type = 'search';
  field.placeholder = 'words of a row';
  field.setAttribute('aria-label', `Search: ${table.caption ? table.caption.textContent : 'table'}`);
  const rows = [...table.tBodies].flatMap(body => [...body.rows]);
  const texts = rows.map(row => row.textContent.toLowerCase());
  field.addEventListener('input', () => {
    const words = field.value.toLowerCase().split(/\s+/);
    rows.forEach((row, place) => { row.hidden = !words.every(word => texts[place].includes(word)); });
  });
  table.parentNode.before(field);
}
