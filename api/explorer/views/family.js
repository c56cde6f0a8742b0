// A family: how large it is by which definition, what it consists of, and who builds on it.

import { bars, groups } from '../chart.js';
import { choice } from '../controls.js';
import { MONTHS, definitionOf } from '../definition.js';
import { DIVIDED, divided } from '../divided.js';
import { element, link } from '../dom.js';
import { fact, facts } from '../facts.js';
import { figure } from '../figure.js';
import { monthly } from '../monthly.js';
import { SCORES, rankedModels } from '../ranked.js';
import { address, family as familyAddress, go, model } from '../route.js';
import {
  ATTRIBUTIONS, LICENSE_CLASSES, MEASURES, RELATIONS, UNKNOWN, compact, groupName, number, precise, some,
} from '../words.js';

const ABOUT = `query ($key: String!) {
  family(key: $key) {
    key name registered organization { name title country source } models derivatives downloads inferredCopies
    scores { descendants pagerank } influence { definition inStrength outStrength pagerank }
    growth { recent previous rate undated definition }
    mostAdopted { model { id } value derivatives typical days size definition }
  }
}`;

const SIZES = `query ($key: String!, $weight: Weight!, $excludeAutomated: Boolean) {
  family(key: $key) { sizes(weight: $weight, excludeAutomated: $excludeAutomated) { models definition { attribution credit text } } }
}`;

const LICENSES = `query ($key: String!) {
  family(key: $key) { licenses { license licenseClass models } }
  licenseDrift(family: $key) { fromClass toClass edges }
}`;

const RELATED = `query ($key: String!) { family(key: $key) { models derivatives relations { relation models } } }`;

const PARAMETERS = `query ($key: String!) { family(key: $key) { parameters { bucket models } } }`;

const MEMBERS = `query ($key: String!, $field: ModelOrderField!) {
  family(key: $key) { members(first: 20, orderBy: $field, filter: {status: [LIVE, MISSING, DELETED]}) {
    nodes { id status license downloads ${SCORES} }
  } }
}`;

const PLACES = `query ($key: String!, $by: GroupBy!, $weight: Weight!, $excludeAutomated: Boolean) {
  share(by: $by, weight: $weight, attribution: PUBLISHER, excludeAutomated: $excludeAutomated, filter: {family: $key}, first: 100) {
    ${DIVIDED}
  }
}`;

const QUANTIZERS = `query ($key: String!, $weight: Weight!, $excludeAutomated: Boolean) {
  share(
    by: ORGANIZATION, weight: $weight, attribution: PUBLISHER, excludeAutomated: $excludeAutomated,
    filter: {family: $key, relation: QUANTIZED}, first: 100
  ) {
    ${DIVIDED}
  }
  models(first: 5, filter: {family: $key, relation: QUANTIZED, excludeAutomated: $excludeAutomated}, orderBy: {field: DOWNLOADS}) { totalCount nodes { id } }
}`;

const HOMES = { COUNTRY: 'country', ORGANIZATION: 'organisation' };

const INFLUENCE = `{ influence(first: 1000) { from to weight } }`;

function about({ family: f }) {
  const { growth: g, influence: i, mostAdopted: m, organization: o } = f;
  const country = o && o.country !== UNKNOWN ? groupName('COUNTRY', o.country) : 'country unknown';
  return {
    note: f.registered
      ? `Released by ${o ? o.title ?? o.name : 'an organisation that the registry does not name'} (${country}). By lineage, each model counting fully.`
      : 'Not in the registry: what descends from this one root.',
    body: [facts(
      fact('Live models', number(f.models)),
      fact('of them derivatives', number(f.derivatives)),
      fact('Downloads, 30 days', compact(f.downloads), number(f.downloads)),
      fact('Descendants', number(f.scores.descendants), 'deleted ones that others build on included'),
      fact('PageRank', precise(f.scores.pagerank), 'of 1 for all models together'),
      fact('New in 90 days', number(g.recent), g.rate === null ? 'none in the 90 days before' : `${number(g.previous)} in the 90 days before`),
      fact('Other families build on it', some(i.inStrength, 'time'), `it on others ${some(i.outStrength, 'time')}`),
      fact('Inferred copies', number(f.inferredCopies), 'in no count'),
      m ? fact('Most adopted for size and age', link(model(m.model.id), m.model.id),
        `${some(m.derivatives, 'derivative')} in its first ${m.days} days; ${number(m.typical)} are typical of ${m.size}`)
        : fact('Most adopted for size and age', UNKNOWN)),
    element('p', {}, link(address('compare', { families: `${f.key},${f.key === 'llama' ? 'qwen' : 'llama'}` }), 'Compare it with another family'))],
  };
}

export function family(place) {
  const numbers = figure({ title: 'In numbers', query: ABOUT, wide: true, answer: about });

  const sizes = figure({
    title: 'Size under each definition', query: SIZES,
    answer: ({ family: { sizes: found } }) => {
      const names = Object.keys(ATTRIBUTIONS);
      const of = (attribution, credit) =>
        found.find(({ definition: d }) => d.attribution === attribution && d.credit === credit)?.models ?? null;
      return {
        note: `${found[0].definition.text.split(',')[0]}. Lineage: to the roots of their weights. Publisher: who released them. Direct base: who released what they name as their base.`,
        chart: groups(names.map(name => ATTRIBUTIONS[name]), [
          { name: 'fully for each root', values: names.map(name => of(name, 'FULL')) },
          { name: 'in shares', values: names.map(name => of(name, 'FRACTIONAL')) }]),
        table: {
          head: ['Definition', 'Value'],
          rows: found.map(({ definition, models }) => [definition.text, models]),
        },
      };
    },
  });

  const months = figure({
    title: 'Over time', query: MONTHS, controls: [choice('Show', 'pace', { month: 'each month', sum: 'all up to the month' })],
    answer: ({ timeSeries }, { pace }) => monthly(timeSeries, pace),
  });

  const licenses = figure({
    title: 'Licences', query: LICENSES,
    answer: ({ family: { licenses: found }, licenseDrift: drift }) => {
      const all = drift.reduce((sum, { edges }) => sum + edges, 0);
      const known = drift.filter(({ fromClass, toClass }) => fromClass !== 'UNKNOWN' && toClass !== 'UNKNOWN');
      const moved = known.filter(({ fromClass, toClass }) => fromClass !== toClass).reduce((sum, { edges }) => sum + edges, 0);
      return {
        note: 'Live models by what they declare, each fully by lineage; the colour is the class. ' +
          `${number(moved)} of ${some(all, 'derivation')} lead from one known class to another: no claim of a violation.`,
        chart: bars(found.slice(0, 15).map(({ license, licenseClass, models }) => ({
          name: license ?? 'none declared', value: models, told: number(models), shade: `license-${licenseClass}`,
        })), { suffix: ' models' }),
        table: {
          head: ['Licence', 'Class', 'Models'],
          rows: found.map(({ license, licenseClass, models }) =>
            [{ value: license, text: license ?? 'none declared' }, LICENSE_CLASSES[licenseClass], models]),
        },
      };
    },
  });

  const relations = figure({
    title: 'How they were made', query: RELATED,
    answer: ({ family: f }) => ({
      note: `Of ${some(f.derivatives, 'live derivative')}; one that was made in two ways counts in both.`,
      chart: bars(f.relations.map(({ relation, models }) => ({
        name: RELATIONS[relation], value: models, told: number(models), shade: `relation-${relation}`,
      })), { suffix: ' models' }),
      table: { head: ['Relation', 'Models'], rows: f.relations.map(({ relation, models }) => [RELATIONS[relation], models]) },
    }),
  });

  const parameters = figure({
    title: 'Numbers of weights', query: PARAMETERS,
    answer: ({ family: f }) => ({
      note: 'As the safetensors files state them: of an adapter its own, of packed 4-bit weights fewer.',
      chart: bars(f.parameters.map(({ bucket, models }) => ({
        name: bucket, value: models, told: number(models), shade: bucket === UNKNOWN ? 'none' : 'series-1',
      })), { suffix: ' models' }),
      table: { head: ['Weights', 'Models'], rows: f.parameters.map(({ bucket, models }) => [bucket, models]) },
    }),
  });

  const members = figure({
    title: 'Its models most built upon', query: MEMBERS, wide: true, controls: [choice('By', 'measure', MEASURES)],
    answer: ({ family: f }, { measure }) => rankedModels(f.members, measure),
  });

  const places = figure({
    title: 'Where it lives', query: PLACES, controls: [choice('By', 'home', HOMES)],
    answer({ share }, { home }) {
      const shown = divided(share, home);
      return {
        ...shown,
        note: `What descends from it, by who published it${home === 'COUNTRY'
          ? ': the country of the headquarters; most people who publish are in no registry, and so unknown' : ''}. ` +
          `${share.groupCount > share.groups.length ? `The first ${share.groups.length} of ${number(share.groupCount)}. ` : ''}${shown.note}`,
      };
    },
  });

  const quantizers = figure({
    title: 'Who quantizes it', query: QUANTIZERS,
    answer({ share, models }) {
      if (!models.totalCount) return { note: 'No live model is declared as a quantized copy.' };
      const shown = divided(share, 'ORGANIZATION', 'relation-QUANTIZED');
      return {
        ...shown,
        note: `${some(models.totalCount, 'live quantized model')} by ${some(share.groupCount, 'namespace')}` +
          `${share.groupCount > share.groups.length ? `, of which the first ${share.groups.length}` : ''}. ${shown.note}`,
        body: [element('p', { class: 'note' }, 'Most downloaded: ',
          ...models.nodes.flatMap(({ id }, index) => [index ? ', ' : '', link(model(id), id)]))],
      };
    },
  });

  const influence = figure({
    title: 'Families it builds on, and that build on it', query: INFLUENCE,
    answer: ({ influence: all }, { key }) => {
      const found = all.filter(({ from, to }) => from === key || to === key);
      return {
        note: `${found.length ? 'Derivations between families' : 'No derivation leads to another family or comes from one'}: what one family’s publisher released, made from a model of the other.` +
          (all.length === 1000 ? ' Only the 1,000 most frequent pairs were looked at.' : ''),
        chart: found.length ? bars(found.slice(0, 15).map(({ from, to, weight }) => ({
          name: from === key ? `it builds on ${to}` : `${from} builds on it`, value: weight, told: number(weight),
          shade: from === key ? 'series-2' : 'series-1', pick: familyAddress(from === key ? to : from),
        })), { pick: go }) : null,
        table: {
          head: ['Family', 'builds on', 'Derivations'],
          rows: found.map(({ from, to, weight }) => [{ value: from, href: familyAddress(from) }, { value: to, href: familyAddress(to) }, weight]),
        },
      };
    },
  });

  place.append(...[numbers, sizes, months, licenses, relations, members, quantizers, places, parameters, influence].map(each => each.element));

  return state => {
    const { key = '', measure, pace, home } = state, definition = definitionOf(state);
    const { weight, excludeAutomated } = definition;
    numbers.show({ key }, {});
    sizes.show({ key, weight, excludeAutomated }, {});
    places.show({ key, by: home, weight, excludeAutomated }, { home });
    quantizers.show({ key, weight, excludeAutomated }, {});
    months.show({ keys: [key], ...definition }, { pace });
    for (const each of [licenses, relations, parameters]) each.show({ key }, {});
    members.show({ key, field: measure }, { measure });
    influence.show({}, { key });
    return `Family ${key}`;
  };
}
