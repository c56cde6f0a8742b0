// Models in the order of a measure.

import { bars } from './chart.js';
import { go, model } from './route.js';
import { MEASURES, compact, precise } from './words.js';

/** The fields of a model that a ranking shows. */
export const SCORES = `scores {
        descendants directDerivatives distinctAuthors pagerank katz betweenness closeness harmonic
        downstreamDownloads recentDerivatives
      }`;

const FIELDS = {
  DESCENDANTS: 'descendants', DIRECT_DERIVATIVES: 'directDerivatives', DISTINCT_AUTHORS: 'distinctAuthors',
  PAGERANK: 'pagerank', KATZ: 'katz', BETWEENNESS: 'betweenness', CLOSENESS: 'closeness', HARMONIC: 'harmonic',
  DOWNSTREAM_DOWNLOADS: 'downstreamDownloads', RECENT_DERIVATIVES: 'recentDerivatives',
};

const measured = (node, field) => (field === 'DOWNLOADS' ? node.downloads : node.scores[FIELDS[field]]);

/** What a figure shows of a page of models. */
export function rankedModels({ nodes }, field) {
  const worded = Number.isInteger(measured(nodes[0] ?? { scores: {} }, field)) ? compact : precise;
  const known = nodes.filter(node => measured(node, field) !== null);
  return {
    note: nodes.length ? `By ${MEASURES[field]}.` : 'There is none.',
    chart: known.length ? bars(known.map(node => ({
      name: node.id, value: measured(node, field), told: worded(measured(node, field)), pick: model(node.id),
    })), { pick: go, suffix: ` ${MEASURES[field]}` }) : null,
    table: {
      head: ['Model', MEASURES[field], 'Descendants', 'Authors', 'Licence', 'Downloads, 30 days', 'Status'],
      rows: nodes.map(node => [
        { value: node.id, href: model(node.id) },
        { value: measured(node, field), text: Number.isInteger(measured(node, field)) ? undefined : precise(measured(node, field)) },
        node.scores.descendants, node.scores.distinctAuthors, node.license, node.downloads, node.status.toLowerCase(),
      ]),
    },
  };
}
