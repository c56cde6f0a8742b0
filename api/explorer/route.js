// The address is the state: `#/view?name=value`. Whoever has the address sees the same.

const DEFAULTS = {
  weight: 'DERIVATIVES', attribution: 'LINEAGE', credit: 'FRACTIONAL', automated: 'COUNTED',  // the definition
  by: 'COUNTRY', pace: 'month', influence: 'ALL',                       // ecosystem
  measure: 'DESCENDANTS',                                               // ecosystem and family
  home: 'COUNTRY',                                                      // family
  nodes: '200', colour: 'relation',                                     // model
  families: 'qwen,llama',                                               // compare
  kind: 'ALL',                                                          // quality
};
const DEFINITION = ['weight', 'attribution', 'credit', 'automated'];
const SUBJECT = { family: 'key', model: 'id' };

/** What is to be shown: the view, its state, and what it is about. */
export function read() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const view = path || 'ecosystem';
  const state = { ...DEFAULTS, ...Object.fromEntries(new URLSearchParams(query)) };
  return { view, state, subject: state[SUBJECT[view]] ?? '' };
}

/** The address of a view; the definition goes along unless another is given. */
export function address(view, told = {}) {
  const now = read().state;
  const kept = Object.fromEntries(DEFINITION.map(name => [name, now[name]]));
  return written(view, { ...kept, ...told });
}

function written(view, state) {
  const stated = Object.entries(state).filter(([name, value]) => value !== DEFAULTS[name]);
  const query = new URLSearchParams(stated).toString().replaceAll('%2F', '/').replaceAll('%2C', ',');
  return `#/${view === 'ecosystem' ? '' : view}${query && `?${query}`}`;
}

/** Change something of what is shown. */
export function change(told) {
  const { view, state } = read();
  location.hash = written(view, { ...state, ...told });
}

export const go = href => { location.hash = href; };
export const family = key => address('family', { key });
export const model = id => address('model', { id });
