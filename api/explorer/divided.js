// How a whole is divided: groups, and what belongs to none that is known.

import { bars } from './chart.js';
import { family, go } from './route.js';
import { definitionNote } from './figure.js';
import { GROUPS, UNKNOWN, compact, groupName, percent } from './words.js';

/** The fields of a `Share` that `divided` shows. */
export const DIVIDED = 'groups { key value fraction } groupCount total unknown coverage definition { text }';

/** What a figure shows of a `Share` by a division. */
export function divided(share, by, shade = 'series-1') {
  const known = share.groups.map(({ key, value, fraction }) => ({ name: groupName(by, key), key, value, fraction }));
  const told = share.unknown > 0 && !known.some(({ name }) => name === UNKNOWN);
  const shown = told ? [...known, { name: UNKNOWN, key: UNKNOWN, value: share.unknown * share.total, fraction: share.unknown }] : known;
  const view = ({ name, key }) => (by === 'FAMILY' && name !== UNKNOWN ? family(key) : null);
  return {
    note: definitionNote(share),
    chart: shown.length ? bars([...shown.slice(0, 15), ...(told ? shown.slice(15).slice(-1) : [])].map(group => ({
      name: group.name, value: group.fraction, told: `${percent(group.fraction)} (${compact(group.value)})`,
      shade: group.name === UNKNOWN ? 'none' : shade, pick: view(group),
    })), { pick: go, percents: true }) : null,
    table: {
      head: [GROUPS[by], 'Value', 'Share'],
      rows: shown.map(group => [{ value: group.name, href: view(group) }, group.value, { value: group.fraction, text: percent(group.fraction) }]),
    },
  };
}
