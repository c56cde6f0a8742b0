// The ecosystem: who is built on, under a definition that the reader changes.

import { ask } from '../api.js';
import { bars, lines } from '../chart.js';
import { choice } from '../controls.js';
import { ARGUMENTS, MONTHS, PARAMETERS, definitionOf } from '../definition.js';
import { DIVIDED, divided } from '../divided.js';
import { definitionNote, figure } from '../figure.js';
import { monthly } from '../monthly.js';
import { SCORES, rankedModels } from '../ranked.js';
import { address, family, go } from '../route.js';
import {
  ATTRIBUTIONS, GROUPS, MEASURES, RELATIONS, UNKNOWN, compact, groupName, number, percent, precise,
} from '../words.js';

const RANKING = `query ($weight: Weight!, $credit: Credit!, $excludeAutomated: Boolean) {
  LINEAGE: share(by: FAMILY, attribution: LINEAGE, weight: $weight, credit: $credit, excludeAutomated: $excludeAutomated, first: 100) {
    ...ranked
  }
  PUBLISHER: share(by: FAMILY, attribution: PUBLISHER, weight: $weight, credit: $credit, excludeAutomated: $excludeAutomated, first: 100) {
    ...ranked
  }
  DIRECT: share(by: FAMILY, attribution: DIRECT, weight: $weight, credit: $credit, excludeAutomated: $excludeAutomated, first: 100) {
    ...ranked
  }
}
fragment ranked on Share {
  ${DIVIDED}
}`;

const AUTHORS = `query ($attribution: Attribution!, $excludeAutomated: Boolean) {
  families(first: 50, orderBy: AUTHORS, attribution: $attribution, excludeAutomated: $excludeAutomated) {
    nodes { key authors derivatives definition { text } }
  }
}`;

const SHARE = `query ($by: GroupBy!, ${PARAMETERS}) {
  share(by: $by, ${ARGUMENTS}, first: 15) {
    ${DIVIDED}
  }
  concentration(by: $by, ${ARGUMENTS}) {
    hhi gini topShare top5Share groupCount
  }
}`;

const LARGEST = `query (${PARAMETERS}) {
  share(by: FAMILY, ${ARGUMENTS}, first: 6) { groups { key } }
}`;

const SUMS = `{
  families(first: 30, registered: true, orderBy: DESCENDANTS) {
    nodes { key name organization { country } models derivatives downloads scores { descendants pagerank } definition { text } }
  }
}`;

const MODELS = `query ($field: ModelOrderField!) {
  models(first: 20, orderBy: {field: $field}, filter: {status: [LIVE, MISSING, DELETED]}) {
    nodes { id status license downloads ${SCORES} }
  }
}`;

const INFLUENCE = `query ($relation: Relation) { influence(first: 30, relation: $relation) { from to weight } }`;

const rankOf = (share, key) => {
  const at = share.groups.findIndex(group => group.key === key);
  return at < 0 ? null : at + 1;
};

export function ecosystem(place) {
  const ranking = figure({
    title: 'Families ranked', query: RANKING, wide: true,
    answer(data, { attribution }) {
      const chosen = data[attribution], top = chosen.groups.slice(0, 20);
      return {
        note: `${definitionNote(chosen)} Choose another definition above, and the ranking changes.`,
        chart: bars(top.map(({ key, value, fraction }, index) => ({
          name: `${index + 1}. ${key}`, value, told: `${compact(value)} (${percent(fraction)})`, pick: family(key),
        })), { pick: go }),
        table: {
          head: ['Family', 'Value', 'Share', 'Rank by lineage', 'Rank by publisher', 'Rank by direct base'],
          rows: chosen.groups.map(({ key, value, fraction }) => [
            { value: key, href: family(key) }, value, { value: fraction, text: percent(fraction) },
            ...Object.keys(ATTRIBUTIONS).map(name => ranked(data[name], key))]),
        },
      };
    },
  });

  const ranked = (share, key) => {
    const rank = rankOf(share, key);
    return rank === null ? { value: null, text: share.groups.length < share.groupCount ? 'not in the first 100' : 'none' } : rank;
  };

  const ranks = figure({
    title: 'Rank by definition', query: RANKING,
    answer(data, { attribution }) {
      const keys = data[attribution].groups.slice(0, 8).map(group => group.key);
      const names = Object.keys(ATTRIBUTIONS);
      return {
        note: 'The rank of the eight first families when the same models are attributed otherwise. A line that ends: no rank among the first 100.',
        chart: lines(names.map(name => ATTRIBUTIONS[name]),
          keys.map(key => ({ name: key, values: names.map(name => rankOf(data[name], key)) })), { kind: 'category', reversed: true }),
        table: {
          head: ['Family', ...names.map(name => `Rank by ${ATTRIBUTIONS[name]}`), ...names.map(name => `Value by ${ATTRIBUTIONS[name]}`)],
          rows: keys.map(key => [{ value: key, href: family(key) }, ...names.map(name => ranked(data[name], key)),
            ...names.map(name => data[name].groups.find(group => group.key === key)?.value ?? null)]),
        },
      };
    },
  });

  const authors = figure({
    title: 'Families by authors', query: AUTHORS,
    answer({ families: { nodes } }) {
      const defined = nodes[0]?.definition.text.split(', ').slice(1).join(', ');
      return {
        note: `Namespaces that published live derivatives of a family, ${defined}. ` +
          'Who builds on several families counts in each, so these do not add up, and have no shares.',
        chart: bars(nodes.slice(0, 15).map(({ key, authors: count }, index) => ({
          name: `${index + 1}. ${key}`, value: count, told: compact(count), pick: family(key),
        })), { pick: go, suffix: ' authors' }),
        table: {
          head: ['Family', 'Authors', 'Derivatives', 'Derivatives an author'],
          rows: nodes.map(({ key, authors: count, derivatives }) => [{ value: key, href: family(key) }, count, derivatives,
            count ? { value: derivatives / count, text: precise(derivatives / count) } : { value: null, text: 'none' }]),
        },
      };
    },
  });

  const share = figure({
    title: 'Share', query: SHARE, controls: [choice('By', 'by', GROUPS)],
    answer({ share: s, concentration: c }, { by }) {
      const shown = divided(s, by);
      return {
        ...shown,
        note: shown.note + (c.groupCount ? ` Of the ${number(c.groupCount)} known groups the largest has ${percent(c.topShare)}, ` +
          `the five largest ${percent(c.top5Share)} of what all of them have; HHI ${precise(c.hhi)}, Gini ${precise(c.gini)}.` : ''),
      };
    },
  });

  const months = figure({
    title: 'Families over time', query: MONTHS, wide: true,
    controls: [choice('Show', 'pace', { month: 'each month', sum: 'all up to the month' })],
    answer: ({ timeSeries }, { pace }) => monthly(timeSeries, pace),
  });

  const sums = figure({
    title: 'Families in numbers', query: SUMS, wide: true,
    answer: ({ families: { nodes } }) => ({
      note: `The 30 registered families with most descendants. ${nodes[0]?.definition.text ?? ''}: other definitions are in the ranking above.`,
      table: {
        head: ['Family', 'Country', 'Models', 'Derivatives', 'Downloads, 30 days', 'Descendants', 'PageRank'],
        rows: nodes.map(node => [
          { value: node.key, text: node.name, href: family(node.key) },
          node.organization && node.organization.country !== UNKNOWN ? groupName('COUNTRY', node.organization.country) : null,
          node.models, node.derivatives, node.downloads, node.scores.descendants,
          { value: node.scores.pagerank, text: precise(node.scores.pagerank) }]),
      },
      open: true,
    }),
  });

  const models = figure({
    title: 'Models most built upon', query: MODELS, wide: true, controls: [choice('By', 'measure', MEASURES)],
    answer: ({ models: found }, { measure }) => rankedModels(found, measure),
  });

  const influence = figure({
    title: 'Families that build on families', query: INFLUENCE,
    controls: [choice('Made as', 'influence', { ALL: 'any relation', ...RELATIONS })],
    answer: ({ influence: found }) => ({
      note: found.length
        ? 'How many models that one family’s publisher released were made from models of another family.'
        : 'No family’s publisher released a model that was made from another family so.',
      chart: found.length ? bars(found.slice(0, 20).map(({ from, to: base, weight }) => ({
        name: `${from} → ${base}`, value: weight, told: number(weight), pick: address('compare', { families: `${from},${base}` }),
      })), { pick: go }) : null,
      table: {
        head: ['Family', 'builds on', 'Derivations'],
        rows: found.map(({ from, to: base, weight }) => [
          { value: from, href: family(from) }, { value: base, href: family(base) }, weight]),
      },
    }),
  });

  place.append(...[ranking, ranks, authors, share, influence, months, models, sums].map(each => each.element));

  let asked;
  return state => {
    const { by } = state, definition = definitionOf(state);
    const { attribution, ...others } = definition;
    ranking.show(others, { attribution });
    ranks.show(others, { attribution });
    authors.show({ attribution, excludeAutomated: definition.excludeAutomated }, {});
    share.show({ by, ...definition }, { by });
    asked = definition;
    ask(LARGEST, definition).then(({ share: { groups } }) => {
      if (asked === definition) months.show({ keys: groups.map(group => group.key), ...definition }, { pace: state.pace });
    }).catch(months.fail);
    models.show({ field: state.measure }, { measure: state.measure });
    influence.show(state.influence === 'ALL' ? {} : { relation: state.influence }, {});
    sums.show({}, {});
    return 'Who builds on whom among open models';
  };
}
