// Search with suggestions: a combobox with a list, after the ARIA authoring practices.

import { ask } from './api.js';
import { element } from './dom.js';
import { family, model } from './route.js';
import { number } from './words.js';

const WAIT_MS = 150;
const FAMILIES = '{ families(first: 500, registered: true, orderBy: MODELS) { nodes { key name models } } }';
const MODELS = `query ($text: String!) {
  search(text: $text, first: 8) { id status license downloads }
}`;

export function startSearch(place) {
  const list = element('ul', { id: 'found', role: 'listbox', 'aria-label': 'Suggestions', hidden: true });
  const input = element('input', {
    type: 'search', role: 'combobox', placeholder: 'A model or a family', 'aria-label': 'Search for a model or a family',
    'aria-controls': 'found', 'aria-expanded': 'false', 'aria-autocomplete': 'list', autocomplete: 'off', spellcheck: 'false',
  });
  const told = element('span', { class: 'unseen', role: 'status' });
  place.append(input, list, told);
  let families, timer, active = -1, latest = '';

  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(suggest, WAIT_MS);
  });
  input.addEventListener('keydown', event => {
    const options = [...list.children].filter(option => option.dataset.href);
    if (event.key === 'Escape') close();
    else if (event.key === 'Enter') enter(options);
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (list.hidden) { suggest(); return; }
      const step = event.key === 'ArrowDown' ? 1 : -1;
      mark(options, options.length ? (active + step + options.length) % options.length : -1);
    }
  });
  input.addEventListener('blur', () => setTimeout(close, 150));

  async function suggest() {
    const text = latest = input.value.trim();
    if (!text) { close(); return; }
    try {
      families ??= (await ask(FAMILIES)).families.nodes;
      const { search } = await ask(MODELS, { text });
      if (text !== latest) return;
      const wanted = text.toLowerCase();
      const named = families.filter(({ key, name }) => `${key} ${name}`.toLowerCase().includes(wanted)).slice(0, 4);
      open([
        ...named.map(({ key, name, models }) => option(family(key), name, `family, ${number(models)} models`)),
        ...search.map(({ id, status, downloads }) => option(model(id), id,
          status === 'LIVE' ? `${number(downloads)} downloads` : status.toLowerCase())),
      ]);
    } catch (error) {
      open([element('li', { class: 'soft' }, error.message)]);
    }
  }

  const option = (href, name, detail) => element('li', {
    role: 'option', 'aria-selected': 'false', 'data-href': href, onmousedown: event => { event.preventDefault(); go(href); },
  }, element('span', {}, name), element('small', {}, detail));

  function open(options) {
    active = -1;
    input.removeAttribute('aria-activedescendant');
    options.forEach((each, index) => { each.id = `found-${index}`; });
    list.replaceChildren(...(options.length ? options : [element('li', { class: 'soft', role: 'option', 'aria-disabled': 'true' }, 'Nothing has all of these parts.')]));
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    told.textContent = options.length ? `${options.length} suggestions` : 'no suggestions';
  }

  function mark(options, index) {
    active = index;
    options.forEach((each, at) => each.setAttribute('aria-selected', String(at === index)));
    if (index >= 0) {
      input.setAttribute('aria-activedescendant', options[index].id);
      options[index].scrollIntoView({ block: 'nearest' });
    }
  }

  async function enter(options) {
    if (active < 0 && input.value.trim() !== latest) {
      clearTimeout(timer);
      await suggest();
      options = [...list.children].filter(each => each.dataset.href);
    }
    const chosen = options[Math.max(active, 0)];
    if (chosen) go(chosen.dataset.href);
  }

  function go(href) {
    input.value = latest = '';
    close();
    location.hash = href;
  }

  function close() {
    latest = '';
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }
}
