// What a reader can change. A choice is kept in the address, and the views follow it.

import { element } from './dom.js';
import { change, read } from './route.js';

/** A list to choose from; `options` are names by value. */
export function choice(label, name, options) {
  const select = element('select', { name, onchange: () => change({ [name]: select.value }) },
    ...Object.entries(options).map(([value, text]) => element('option', { value }, text)));
  const follow = () => { select.value = read().state[name]; };
  addEventListener('hashchange', follow);
  follow();
  return element('label', {}, element('span', {}, label), select);
}
