// What is known of one thing, as a list of names and values.

import { element } from './dom.js';

export const facts = (...entries) => element('dl', { class: 'facts' }, ...entries);

/** One entry; what is said beside the value is small. */
export const fact = (name, value, detail) => element('div', { class: 'fact' },
  element('dt', {}, name),
  element('dd', {}, ...(Array.isArray(value) ? value : [value]), detail ? element('small', {}, detail) : null));
