// Up to six families side by side.

import { ask } from '../api.js';
import { bars } from '../chart.js';
import { claims } from '../claims.js';
import { choice } from '../controls.js';
import { MONTHS, definitionOf } from '../definition.js';
import { element, link } from '../dom.js';
import { figure } from '../figure.js';
import { monthly } from '../monthly.js';
import { change, family, go, model, read } from '../route.js';
import { UNKNOWN, compact, groupName, percent } from '../words.js';

const AT_MOST = 6;
const NAMES = '{ families(first: 500, registered: true, orderBy: DERIVATIVES) { nodes { key name } } }';

const COMPARE = `query ($families: [String!]!, $attribution: Attribution!, $credit: Credit!, $excludeAutomated: Boolean) {
  compare(families: $families, attribution: $attribution, credit: $credit, excludeAutomated: $excludeAutomated) {
    family {
      key name organization { title country } growth { recent previous rate } scores { descendants pagerank }
      mostAdopted { model { id } value }
    }
    models derivatives authors downloads downloadsAllTime definition { text }
  }
}`;

const MEASURES = { derivatives: 'Derivatives', authors: 'Authors who build on it', models: 'Models', downloads: 'Downloads, 30 days' };

const NOTES = {
  derivatives: ({ definition }) => definition.text.split(', ').slice(1).join(', '),
  authors: () => 'Namespaces among its derivatives. Whoever builds on several families counts in each.',
};

export function compare(place) {
  const chips = element('ul', { class: 'chips', 'aria-label': 'Compared families' });
  const known = element('datalist', { id: 'known' });
  const input = element('input', { list: 'known', name: 'family', autocomplete: 'off', placeholder: 'a family’s key' });
  const told = element('span', { role: 'status' });
  const picker = element('form', { class: 'controls', onsubmit: add },
    element('label', {}, element('span', {}, `Add a family (${AT_MOST} at most)`), input), known,
    element('button', {}, 'Add'), told);
  const chosen = () => [...new Set(read().state.families.split(',').filter(Boolean))].slice(0, AT_MOST);
  const first = element('section', { class: 'figure wide', 'aria-label': 'Families' }, chips, picker);
  const ready = element('section', { class: 'figure wide', 'aria-labelledby': 'claims' },
    element('h2', { id: 'claims' }, 'Claims to check'), element('p', { class: 'note' }, 'Each opens the view that answers it, under the definition that it needs.'));
  const list = element('ul');
  ready.append(list);

  ask(NAMES).then(({ families: { nodes } }) => known.append(...nodes.map(({ key, name }) => element('option', { value: key }, name))))
    .catch(() => {});  // without the names it is typed in full

  const measures = Object.entries(MEASURES).map(([field, title]) => figure({
    title, query: COMPARE,
    answer: ({ compare: found }) => ({
      note: NOTES[field]?.(found[0]) ?? '',
      chart: bars(found.map((each, index) => ({
        name: each.family.name, value: each[field], told: compact(each[field]), shade: `series-${index + 1}`, pick: family(each.family.key),
      })), { pick: go }),
      table: { head: ['Family', title], rows: found.map(each => [{ value: each.family.key, href: family(each.family.key) }, each[field]]) },
    }),
  }));

  const months = figure({
    title: 'Over time', query: MONTHS, wide: true, controls: [choice('Show', 'pace', { month: 'each month', sum: 'all up to the month' })],
    answer: ({ timeSeries }, { pace }) => monthly(timeSeries, pace),
  });

  const table = figure({
    title: 'Side by side', query: COMPARE, wide: true,
    answer: ({ compare: found }) => ({
      note: `${found[0].definition.text}. Descendants, PageRank and growth are by lineage under any definition.`,
      table: {
        head: ['Family', 'By', 'Country', 'Models', 'Derivatives', 'Authors', 'Downloads, 30 days', 'Descendants', 'New in 90 days', 'Change', 'Most adopted'],
        rows: found.map(({ family: f, ...each }) => [
          { value: f.key, text: f.name, href: family(f.key) }, f.organization?.title ?? null,
          f.organization && f.organization.country !== UNKNOWN ? groupName('COUNTRY', f.organization.country) : null,
          each.models, each.derivatives, each.authors, each.downloads, f.scores.descendants, f.growth.recent,
          { value: f.growth.rate, text: f.growth.rate === null ? 'none before' : percent(f.growth.rate) },
          f.mostAdopted ? { value: f.mostAdopted.model.id, href: model(f.mostAdopted.model.id) } : null]),
      },
      open: true,
    }),
  });

  place.append(first, ...[...measures, months, table].map(each => each.element), ready);

  function add(event) {
    event.preventDefault();
    const key = input.value.trim(), now = chosen();
    told.textContent = now.includes(key) ? `${key} is there already.` : now.length >= AT_MOST ? `${AT_MOST} at most: take one away first.` : '';
    if (!key || told.textContent) return;
    input.value = '';
    change({ families: [...now, key].join(',') });
  }

  return state => {
    const keys = chosen(), definition = definitionOf(state);
    const { weight: _, ...counted } = definition;
    chips.replaceChildren(...keys.map((key, index) => {
      const dot = element('span', { class: `dot series-${index + 1}` });
      return element('li', {}, dot, link(family(key), key), element('button', {
        type: 'button', class: 'quiet', 'aria-label': `Take ${key} away`,
        onclick: () => { change({ families: keys.filter(each => each !== key).join(',') }); input.focus(); },
      }, '×'));
    }));
    list.replaceChildren(...claims().map(([text, href]) => element('li', {}, link(href, text))));
    for (const each of [...measures, table, months]) each.element.hidden = !keys.length;
    if (keys.length) {
      for (const each of [...measures, table]) each.show({ families: keys, ...counted }, {});
      months.show({ keys, ...definition }, { pace: state.pace });
    }
    return keys.length ? `Compare ${keys.join(', ')}` : 'Compare families';
  };
}
