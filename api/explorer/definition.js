// What a count means: the definition that the reader chose, as variables and as words.

import { ATTRIBUTIONS, CREDITS, WEIGHTS } from './words.js';

/** How a query declares a definition, and how its fields take it. */
export const PARAMETERS = '$weight: Weight!, $attribution: Attribution!, $credit: Credit!, $excludeAutomated: Boolean';
export const ARGUMENTS = 'weight: $weight, attribution: $attribution, credit: $credit, excludeAutomated: $excludeAutomated';

export const definitionOf = ({ weight, attribution, credit, automated }) =>
  ({ weight, attribution, credit, excludeAutomated: automated === 'LEFT_OUT' });

export const inWords = ({ weight, attribution, credit, automated }) =>
  `${WEIGHTS[weight] ?? weight} by ${ATTRIBUTIONS[attribution] ?? attribution}, several roots ${CREDITS[credit] ?? credit}` +
  (automated === 'LEFT_OUT' ? ', without automated ones' : '');

/** The query of a series of families, which several views draw. */
export const MONTHS = `query ($keys: [String!]!, ${PARAMETERS}) {
  timeSeries(by: FAMILY, keys: $keys, ${ARGUMENTS}) {
    dates series { key values } definition { text }
  }
}`;
