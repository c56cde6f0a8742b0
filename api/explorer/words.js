// Numbers and names as people read them. What is null is unknown, and said so.

export const UNKNOWN = 'unknown';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const part = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });
const exact = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' });
const countries = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });

const told = format => value => (value === null || value === undefined ? UNKNOWN : format(value));
export const number = told(value => whole.format(value));
export const compact = told(value => short.format(value));
export const percent = told(value => part.format(value));
export const precise = told(value => (value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(2) : exact.format(value)));
export const date = told(value => day.format(new Date(value)));
export const some = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

export const RELATIONS = {
  FINETUNE: 'fine-tune', ADAPTER: 'adapter', QUANTIZED: 'quantized', MERGE: 'merge', UNKNOWN: 'relation not told',
};
export const LICENSE_CLASSES = {
  PERMISSIVE: 'permissive', COPYLEFT: 'copyleft', COMMUNITY_TERMS: 'community terms',
  NON_COMMERCIAL: 'non-commercial', UNKNOWN: 'unknown',
};
export const WEIGHTS = {
  DERIVATIVES: 'derivatives', MODELS: 'models', DOWNLOADS: 'downloads, 30 days',
  DOWNLOADS_ALL_TIME: 'downloads, all time',
};
export const ATTRIBUTIONS = { LINEAGE: 'lineage', PUBLISHER: 'publisher', DIRECT: 'direct base' };
export const CREDITS = { FRACTIONAL: 'in shares', FULL: 'fully for each' };
export const AUTOMATED = { COUNTED: 'counted', LEFT_OUT: 'left out' };
export const GROUPS = {
  COUNTRY: 'country', LICENSE_CLASS: 'licence class', ORGANIZATION: 'organisation', FAMILY: 'family', RELATION: 'relation',
};
export const MEASURES = {
  DESCENDANTS: 'descendants', DIRECT_DERIVATIVES: 'direct derivatives', DISTINCT_AUTHORS: 'authors downstream',
  PAGERANK: 'PageRank', KATZ: 'Katz', BETWEENNESS: 'betweenness', CLOSENESS: 'closeness', HARMONIC: 'harmonic',
  DOWNSTREAM_DOWNLOADS: 'downloads downstream', RECENT_DERIVATIVES: 'recent derivatives', DOWNLOADS: 'own downloads',
};

/** The name of a group as a reader knows it. */
export function groupName(by, key) {
  if (key === null || key.toLowerCase() === UNKNOWN) return UNKNOWN;
  if (by === 'COUNTRY') return /^[A-Z]{2}$/.test(key) ? countries.of(key) : key;
  if (by === 'LICENSE_CLASS') return LICENSE_CLASSES[key] ?? key;
  if (by === 'RELATION') return RELATIONS[key] ?? key;
  return key;
}
