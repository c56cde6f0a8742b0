// The page: the snapshot, the definition, and the view that the address names.

import { ask, onSnapshot } from './api.js';
import { choice } from './controls.js';
import { inWords } from './definition.js';
import { element } from './dom.js';
import { address, read } from './route.js';
import { startSearch } from './search.js';
import { startTheme } from './theme.js';
import { ATTRIBUTIONS, AUTOMATED, CREDITS, WEIGHTS, date, number, percent } from './words.js';
import { compare } from './views/compare.js';
import { ecosystem } from './views/ecosystem.js';
import { family } from './views/family.js';
import { model } from './views/model.js';
import { quality } from './views/quality.js';

const VIEWS = { ecosystem, family, model, compare, quality };
const SNAPSHOT = '{ snapshot { id asOf source sample models missing derivations coverage } }';
const AGAIN_MS = 5000;

const [status, title, notices, definition, view, main] =
  ['status', 'title', 'notices', 'definition', 'view', 'main'].map(id => document.getElementById(id));
let snapshot = null, shown = null;
let built = {};  // the views of this snapshot, each made once

async function start() {
  try {
    snapshot = (await ask(SNAPSHOT)).snapshot;
  } catch (error) {
    wait(error);
    return;
  }
  notices.replaceChildren(...(snapshot.sample ? [element('p', { class: 'notice' },
    'This is the built-in sample: about two thousand real models, mostly new or trending in August 2026. ' +
    'Its shares say nothing of the whole Hub.')] : []));
  show();
}

/** Without a snapshot there is nothing to show yet; ask again until there is. */
function wait({ code, message }) {
  const coming = code === 'NOT_READY', barred = code === 'UNAUTHENTICATED';
  shown = null;
  view.replaceChildren();
  definition.hidden = true;
  status.textContent = coming ? 'No snapshot is published yet.' : 'The snapshot could not be read.';
  if (barred) {
    notices.replaceChildren(element('p', { class: 'notice', role: 'alert' },
      'This server answers those who have an API key. ', element('button', { type: 'button', onclick: start }, 'Give a key')));
    return;
  }
  notices.replaceChildren(element('p', { class: 'notice', role: 'alert' },
    coming
      ? 'Nothing has been measured yet. When a crawl runs, its numbers appear here by themselves; without one, start it with “modelkin crawl” and “modelkin measure”.'
      : `${message} This page tries again by itself.`));
  setTimeout(start, AGAIN_MS);
}

function show() {
  if (!snapshot || (location.hash && !location.hash.startsWith('#/'))) return;
  const { view: name, state, subject } = read();
  const told = VIEWS[name];
  definition.hidden = !told || name === 'model' || name === 'quality';
  status.replaceChildren(
    element('span', {}, snapshot.sample ? 'Built-in sample' : `Snapshot ${snapshot.id}`, ` as of ${date(snapshot.asOf)}`),
    element('span', {}, `${number(snapshot.models)} models, ${number(snapshot.derivations)} derivations`),
    element('span', {}, `${percent(snapshot.coverage)} declare a base`),
    element('span', {}, definition.hidden ? 'Lineage as declared' : `Counted: ${inWords(state)}`));
  document.querySelectorAll('a[data-view]').forEach(link => {
    link.href = address(link.dataset.view);
    if (link.dataset.view === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  });
  if (!told) {
    title.textContent = 'There is no such page';
    view.replaceChildren(element('p', {}, element('a', { href: '#/' }, 'To the ecosystem')));
    shown = null;
    return;
  }
  const moved = shown && (shown.name !== name || shown.subject !== subject);
  if (shown?.name !== name) {
    built[name] ??= made(told);
    view.replaceChildren(built[name].place);
    shown = { name, update: built[name].update };
  }
  shown.subject = subject;
  title.textContent = shown.update(state);
  document.title = `${title.textContent} · modelkin`;
  if (moved) {
    scrollTo(0, 0);
    title.focus({ preventScroll: true });
  }
}

function made(told) {
  const place = element('div', { class: 'figures' });
  return { place, update: told(place) };
}

definition.append(element('fieldset', { class: 'controls' }, element('legend', {}, 'Definition'),
  choice('Count', 'weight', WEIGHTS), choice('Attribute by', 'attribution', ATTRIBUTIONS),
  choice('Several roots', 'credit', CREDITS), choice('Automated derivatives', 'automated', AUTOMATED)));
startTheme(document.getElementById('theme'));
startSearch(document.getElementById('search'));
document.querySelector('.skip').addEventListener('click', event => { event.preventDefault(); main.focus(); });
addEventListener('hashchange', show);
onSnapshot(({ id }) => {
  if (!snapshot || snapshot.id === id) return;
  snapshot = shown = null;
  built = {};  // newer numbers: everything on the page is to be of one snapshot
  start();
});
start();
