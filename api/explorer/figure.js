// A figure: what was asked, what was answered, and ways to take it along.

import { answerAddress, ask, graphiqlAddress, hasGraphiql } from './api.js';
import { draw, image } from './chart.js';
import { csv, png, save } from './download.js';
import { element, fresh } from './dom.js';
import { inWords } from './definition.js';
import { keyed } from './key.js';
import { read } from './route.js';
import { onTheme } from './theme.js';
import { number, percent, UNKNOWN } from './words.js';

/**
 * Make a figure.
 *
 * `answer(data, state)` tells what is shown, any of
 *   note      a sentence under the title: the definition, and what is unknown
 *   chart     for `chart.js`
 *   drawing   {element(), svg(), width, height}: a drawing of our own
 *   body      further elements
 *   table     {head, rows}; a cell is a text, a number, null (unknown) or {value, text, href}
 *   open      whether the table stands open, rather than behind its button
 */
export function figure({ title, query, controls = [], wide = false, answer }) {
  const id = fresh('figure');
  const place = element('div', { class: 'chart' });
  const note = element('p', { class: 'note' });
  const body = element('div', { class: 'body' });
  const table = element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${title}: table` });
  const asTable = element('details', {}, element('summary', {}, 'Table'), table);
  const code = element('pre', { tabindex: 0, 'aria-label': `${title}: query` });
  const raw = element('a', { target: '_blank', rel: 'noopener' }, 'The answer as JSON');
  const tried = hasGraphiql() ? element('a', { target: '_blank', rel: 'noopener' }, 'Open in GraphiQL') : null;
  const copied = element('span', { role: 'status' });
  const asQuery = element('details', {}, element('summary', {}, 'Show the query'), code,
    element('p', { class: 'tools' }, element('button', { type: 'button', onclick: copy }, 'Copy'), tried, raw, copied));
  const buttons = ['PNG', 'SVG', 'CSV'].map(kind =>
    element('button', { type: 'button', class: 'quiet', 'aria-label': `${title}: ${kind}`, onclick: () => take(kind) }, kind));
  const tools = element('div', { class: 'tools take' }, ...buttons);
  const shown = element('section', { class: wide ? 'figure wide' : 'figure', 'aria-labelledby': id, 'data-figure': title },
    element('div', { class: 'heading' }, element('h2', { id }, title), tools),
    controls.length ? element('div', { class: 'controls' }, ...controls) : null,
    note, place, body, asTable, asQuery);
  let current = null, data = null, from = '', asked = '', stale = false;

  async function show(variables, state, text = query) {
    const question = JSON.stringify([text, variables]);
    const wanted = JSON.stringify([question, state, inWords(read().state)]);  // links carry the definition
    if (wanted === asked) {
      if (stale) await redraw();
      return;
    }
    asked = wanted;
    code.textContent = text.trim() + (Object.keys(variables).length ? `\n\n# variables\n${JSON.stringify(variables, null, 2)}` : '');
    raw.href = answerAddress(text, variables);
    if (tried) tried.href = graphiqlAddress(text, variables);
    shown.setAttribute('aria-busy', 'true');
    try {
      const found = question === from ? data : await ask(text, variables);
      if (wanted !== asked) return;
      raw.hidden = keyed();  // a link cannot send the key
      [data, from] = [found, question];
      await present(answer(data, state));
    } catch (error) {
      if (wanted === asked) fail(error);
    } finally {
      if (wanted === asked || !asked) shown.removeAttribute('aria-busy');
    }
  }

  async function present(told) {
    current = told;
    note.classList.remove('failed');
    note.replaceChildren(told.note ?? '');
    body.replaceChildren(...(told.body ?? []));
    asTable.hidden = !told.table;
    if (told.table) { table.replaceChildren(tableOf(title, told.table)); asTable.open ||= Boolean(told.open); }
    buttons[0].hidden = buttons[1].hidden = !(told.chart || told.drawing);
    tools.hidden = buttons[2].hidden = !told.table;
    place.hidden = !(told.chart || told.drawing);
    await redraw();
  }

  async function redraw() {
    stale = !shown.isConnected;
    if (!current || stale) return;
    if (current.drawing) place.replaceChildren(current.drawing.element());
    if (!current.chart) return;
    place.style.height = `${current.chart.height}px`;
    place.setAttribute('role', 'img');
    place.setAttribute('aria-label', `${title}. The table below has the numbers.`);
    await draw(place, current.chart);
  }

  function fail(error) {
    current = null;
    from = asked = '';
    place.hidden = asTable.hidden = tools.hidden = true;
    body.replaceChildren();
    note.classList.add('failed');
    note.replaceChildren(element('span', { role: 'alert' }, error.message));
  }

  async function take(kind) {
    const name = `modelkin-${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.${kind.toLowerCase()}`;
    const { drawing } = current;
    if (kind === 'CSV') save(name, csv(current.table), 'text/csv');
    else if (!drawing) save(name, await image(place, kind.toLowerCase()));
    else if (kind === 'SVG') save(name, drawing.svg(), 'image/svg+xml');
    else save(name, await png(drawing.svg(), drawing.width, drawing.height));
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(code.textContent);
      copied.textContent = 'Copied.';
    } catch {
      getSelection().selectAllChildren(code);
      copied.textContent = 'Selected: press Ctrl-C.';
    }
  }

  onTheme(redraw);
  return { element: shown, show, fail };
}

/** A table of cells as `figure` takes them. */
export function tableOf(caption, { head, rows }) {
  return element('table', {},
    element('caption', { class: 'unseen' }, caption),
    element('thead', {}, element('tr', {}, ...head.map(name => element('th', { scope: 'col' }, name)))),
    element('tbody', {}, ...rows.map(row => element('tr', {}, ...row.map((cell, index) => {
      const { value, text, href } = cell !== null && typeof cell === 'object' ? cell : { value: cell };
      const words = text ?? (typeof value === 'number' ? number(value) : value ?? UNKNOWN);
      const content = href ? element('a', { href }, words) : words;
      if (index === 0) return element('th', { scope: 'row' }, content);
      return element('td', { class: typeof value === 'number' ? 'n' : value === null ? 'none' : words.length > 40 ? 'long' : null }, content);
    })))));
}

/** The definition and what it leaves out, as a sentence. */
export const definitionNote = ({ definition, unknown, coverage }) => [
  `${definition.text}.`,
  unknown > 0 ? ` Of all ${percent(unknown)} belongs to no known group.` : '',
  coverage === undefined ? '' : ` ${percent(coverage)} of the models declare a base.`,
].join('');
