// A model: where it is from, what was made of it, and what its numbers say.

import { choice } from '../controls.js';
import { element, link } from '../dom.js';
import { fact, facts } from '../facts.js';
import { figure } from '../figure.js';
import { family, model as modelAddress } from '../route.js';
import { tree } from '../tree.js';
import { LICENSE_CLASSES, RELATIONS, UNKNOWN, compact, date, groupName, number, percent, precise, some } from '../words.js';

const ABOUT = `query ($id: String!) {
  model(id: $id) {
    id status author license licenseClass task library createdAt downloads downloadsAllTime likes parameters gated
    aliases familyInferred organization { title name country } publisherFamily { key }
    families { share family { key name } } parents { relation model { id } } roots { id } inferredOriginal { id }
  }
}`;

const LINEAGE = `query ($id: String!, $first: Int!) {
  model(id: $id) {
    lineage(first: $first, inferred: true) {
      totalCount truncated
      nodes { id status license licenseClass downloads scores { descendants } }
      edges { child base relation inferred }
    }
  }
}`;

const SCORES = `query ($id: String!) {
  snapshot { models }
  model(id: $id) {
    scores {
      directDerivatives descendants depth distinctAuthors recentDerivatives downstreamDownloads
      pagerank katz betweenness closeness harmonic
    }
    relativeAdoption { value derivatives typical days size definition }
    families { family { key name } scores { pagerank betweenness } }
  }
}`;

const PATH = `query ($id: String!) {
  model(id: $id) { licensePath { model { id status } license licenseClass relation changed } }
}`;

const REMOVAL = `query ($id: String!) {
  model(id: $id) { impactOfRemoval { descendants orphaned downloads orphanedDownloads coverage definition } }
}`;

function known({ model: m }) {
  const several = links => links.flatMap((each, index) => (index ? [', ', each] : [each]));
  const origin = m.organization && m.organization.country !== UNKNOWN ? groupName('COUNTRY', m.organization.country) : 'country unknown';
  const alive = {
    LIVE: null, DELETED: 'It is deleted, and kept because others build on it.',
    MISSING: 'Others name it as their base, but nobody saw it: it may be deleted, private, or outside of this source. What is unknown of it is unknown.',
  }[m.status];
  return {
    note: alive ?? '',
    body: [facts(
      fact('Publisher', m.author ?? UNKNOWN, origin),
      fact('Family', m.families.length
        ? several(m.families.map(({ share, family: f }) => element('span', {}, link(family(f.key), f.name), share < 1 ? ` ${percent(share)}` : '')))
        : 'none', m.familyInferred ? 'rests on an origin of the registry' : null),
      fact('Built on', m.parents.length
        ? several(m.parents.slice(0, 10).map(({ relation, model }) => element('span', {}, link(modelAddress(model.id), model.id), ` (${RELATIONS[relation]})`)))
        : m.inferredOriginal
          ? ['nothing declared; taken for a copy of ', link(modelAddress(m.inferredOriginal.id), m.inferredOriginal.id)]
          : 'no base declared'),
      fact('Goes back to', m.roots.length ? several(m.roots.slice(0, 10).map(({ id }) => link(modelAddress(id), id))) : 'itself'),
      fact('Licence', m.license ?? 'not declared', LICENSE_CLASSES[m.licenseClass]),
      fact('Downloads, 30 days', number(m.downloads), m.downloadsAllTime === null ? null : `${number(m.downloadsAllTime)} since creation`),
      fact('Likes', number(m.likes)),
      fact('Weights', compact(m.parameters)),
      fact('Task', m.task ?? UNKNOWN),
      fact('Library', m.library ?? UNKNOWN),
      fact('Created', date(m.createdAt)),
      m.aliases.length ? fact('Formerly', m.aliases.join(', ')) : null),
    m.status === 'MISSING' ? null : element('p', {}, element('a', {
      href: `https://huggingface.co/${m.id.split('/').map(encodeURIComponent).join('/')}`, rel: 'noopener noreferrer', target: '_blank',
    }, 'On the Hugging Face Hub'))].filter(Boolean),
  };
}

function legend(shade) {
  const names = shade === 'license' ? LICENSE_CLASSES : RELATIONS;
  return element('ul', { class: 'legend', 'aria-label': 'Colours' }, ...Object.entries(names).map(([key, name]) =>
    element('li', {}, element('span', { class: `dot ${shade}-${key}` }), name)));
}

function pictured({ model: { lineage } }, { id, colour }) {
  const picture = tree(lineage, id, colour);
  const button = (text, state) => element('button', { type: 'button', onclick: () => picture.openAll(state) }, text);
  const nodes = new Map(lineage.nodes.map(node => [node.id, node]));
  return {
    note: `${some(lineage.nodes.length, 'model')} of a lineage of ${number(lineage.totalCount)}${lineage.truncated ? ', the nearest; more can be shown' : ''}. ` +
      'On the left what it goes back to, on the right what was made of it. Each model stands once, at its nearest way; the table has all derivations. Dashed: inferred copies.',
    drawing: picture,
    body: [legend(colour), element('p', { class: 'tools' }, button('Open all', 'all'), button('Close all', 'none'), button('As at first', 'some'))],
    table: {
      head: ['Derivative', 'was made from', 'Relation', 'Licence of the derivative', 'Downloads, 30 days'],
      rows: lineage.edges.map(({ child, base, relation, inferred }) => [
        { value: child, href: modelAddress(child) }, { value: base, href: modelAddress(base) },
        inferred ? 'inferred copy' : RELATIONS[relation], nodes.get(child).license, nodes.get(child).downloads]),
    },
  };
}

const FAMILIES = 5;  // of a model, in which its scores are told

function explained({ model: { scores: s, relativeAdoption: a, families }, snapshot }) {
  const rows = [
    ['Direct derivatives', s.directDerivatives, `${some(s.directDerivatives, 'model')} ${s.directDerivatives === 1 ? 'names' : 'name'} it as their base.`],
    ['Descendants', s.descendants, `${some(s.descendants, 'model')} ${s.descendants === 1 ? 'derives' : 'derive'} from it at any distance, by ${some(s.distinctAuthors, 'namespace')}.`],
    ['Recent derivatives', s.recentDerivatives, `${number(s.recentDerivatives)} of them were created in the 90 days before the snapshot.`],
    ['Depth', s.depth, s.depth ? `The longest chain from it to a root has ${some(s.depth, 'step')}.` : 'It is a root: it goes back to nothing that is declared.'],
    ['Downloads downstream', s.downstreamDownloads, 'Downloads of its live descendants in 30 days, each once. They are requests for files, not users.'],
    ['PageRank', s.pagerank, s.pagerank
      ? `${precise(s.pagerank * snapshot.models)} times what each of ${number(snapshot.models)} models would have if all had the same. A derivative votes for what it builds on.` : 'No part of the ranking.'],
    ['Katz', s.katz, 'Descendants count the less the farther they are: a tenth for each step.'],
    ['Betweenness', s.betweenness, s.betweenness
      ? 'The part of all pairs of models whose shortest way to what they build on leads through it.' : 'No shortest way from one model to another leads through it.'],
    ['Closeness', s.closeness, 'How near its descendants are, scaled by how many of all models they are.'],
    ['Harmonic', s.harmonic, 'Its descendants, each counting one by its distance.'],
    ['Relative adoption', a?.value ?? null, a
      ? `${some(a.derivatives, 'derivative')} within ${a.days} days of its creation, where ${precise(a.typical)} are typical of the leaders of its size (${a.size}).`
      : 'Unknown: its size or date is, or too few models of its size are built on, or it is under 30 days old.'],
    ...families.slice(0, FAMILIES).flatMap(({ family: { name }, scores: within }) => [
      [`PageRank within ${name}`, within.pagerank, `${percent(within.pagerank)} of what all members of the family have together, as if no other models were there.`],
      [`Betweenness within ${name}`, within.betweenness, within.betweenness
        ? 'The part of all pairs of members whose shortest way leads through it.' : 'No shortest way from one member to another leads through it.']]),
  ];
  return {
    note: 'Edges run from derivative to base. No score says that a model is good, or used.',
    table: {
      head: ['Measure', 'Value', 'In words'],
      rows: rows.map(([name, value, words]) => [name, { value, text: value === null ? UNKNOWN : Number.isInteger(value) ? number(value) : precise(value) }, words]),
    },
    open: true,
  };
}

function licensed({ model: { licensePath: path } }) {
  const changes = path.filter(step => step.changed).length;
  const untold = path.slice(0, -1).filter(step => step.changed === null).length;
  return {
    note: `${some(path.length, 'model')} from it up to a root, by a shortest way: ${some(changes, 'change')} of licence` +
      `${untold ? `, ${some(untold, 'step')} of which nobody can tell` : ''}. It is what cards declare; whether a licence may change, it does not say.`,
    body: [element('ol', { class: 'path' }, ...path.map(step => element('li', {},
      element('span', { class: `dot license-${step.licenseClass}` }),
      link(modelAddress(step.model.id), step.model.id), ' ',
      element('strong', {}, step.license ?? 'not declared'), ` (${LICENSE_CLASSES[step.licenseClass]}) `,
      element('small', {}, step.relation === null ? 'the root'
        : `${RELATIONS[step.relation]} of the next; licence ${step.changed === null ? 'unknown on one side' : step.changed ? 'changed here' : 'the same'}`))))],
    table: {
      head: ['Model', 'Licence', 'Class', 'Made from the next as', 'Changed'],
      rows: path.map(step => [{ value: step.model.id, href: modelAddress(step.model.id) }, step.license, LICENSE_CLASSES[step.licenseClass],
        step.relation === null ? { value: null, text: 'the root' } : RELATIONS[step.relation], step.changed === null ? null : step.changed ? 'yes' : 'no']),
    },
  };
}

function removed({ model: { impactOfRemoval: r } }) {
  const bar = (part, all) => element('meter', { value: all ? part / all : 0, 'aria-label': `${number(part)} of ${number(all)}` });
  return {
    note: r.descendants
      ? `Were it gone, ${number(r.orphaned)} of its ${some(r.descendants, 'descendant')} would lose every root that they have.`
      : 'Nothing that is declared descends from it: nothing would be orphaned.',
    body: r.descendants ? [
      element('p', {}, bar(r.orphaned, r.descendants), ` ${number(r.orphaned)} of ${number(r.descendants)} descendants orphaned`),
      element('p', {}, bar(r.orphanedDownloads, r.downloads), ` with ${compact(r.orphanedDownloads)} of ${compact(r.downloads)} downloads in 30 days`),
      element('p', { class: 'soft' }, 'Weights are copied, not linked: an orphaned model runs on as before. What it loses is where it is from.')] : [],
    table: {
      head: ['What', 'All', 'Orphaned'],
      rows: [['Descendants', r.descendants, r.orphaned], ['Downloads, 30 days', r.downloads, r.orphanedDownloads]],
    },
  };
}

export function model(place) {
  const about = figure({ title: 'What is known', query: ABOUT, wide: true, answer: known });
  const lineage = figure({
    title: 'Lineage', query: LINEAGE, wide: true, answer: pictured,
    controls: [choice('Colour by', 'colour', { relation: 'relation', license: 'licence class' }),
      choice('Models', 'nodes', { 50: 'up to 50', 200: 'up to 200', 500: 'up to 500', 1000: 'up to 1,000' })],
  });
  const path = figure({ title: 'Licence path', query: PATH, answer: licensed });
  const removal = figure({ title: 'If it vanished', query: REMOVAL, answer: removed });
  const scores = figure({ title: 'Scores in words', query: SCORES, wide: true, answer: explained });
  place.append(...[about, lineage, path, removal, scores].map(each => each.element));

  return ({ id = '', nodes, colour }) => {
    for (const each of [about, path, removal, scores]) each.show({ id }, {});
    lineage.show({ id, first: Number(nodes) || 200 }, { id, colour });
    return id;
  };
}
