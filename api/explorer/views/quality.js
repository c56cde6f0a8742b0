// How far the numbers can be trusted: coverage, what was doubtful, and what changed.

import { ask } from '../api.js';
import { bars, lines } from '../chart.js';
import { choice } from '../controls.js';
import { element } from '../dom.js';
import { fact, facts } from '../facts.js';
import { figure } from '../figure.js';
import { model } from '../route.js';
import { date, number, percent } from '../words.js';

const COVERAGE = '{ snapshot { id asOf publishedAt source sample models derivations missing deleted coverage } }';

const ISSUES = '{ dataQuality { coverage issues { reason count meaning examples } } }';

const SNAPSHOTS = '{ snapshots(first: 50) { id asOf models derivations missing deleted coverage whole sample previous } }';

const CHANGES = `query ($from: ID!, $to: ID!, $kinds: [ChangeKind!]) {
  changes(from: $from, to: $to, kinds: $kinds, first: 100) {
    counts { came went returned renamed parents license } totalCount nodes { kind id before after }
  }
}`;

const KINDS = { CAME: 'came', WENT: 'went', RETURNED: 'returned', RENAMED: 'renamed', PARENTS: 'other bases', LICENSE: 'another licence' };
const COUNTS = { CAME: 'came', WENT: 'went', RETURNED: 'returned', RENAMED: 'renamed', PARENTS: 'parents', LICENSE: 'license' };

export function quality(place) {
  const coverage = figure({
    title: 'Coverage', query: COVERAGE, wide: true,
    answer: ({ snapshot: s }) => ({
        note: `${percent(s.coverage)} of the live models declare what they were made from. The others count as roots, whatever they were made from.`,
        body: [facts(
          fact('Live models', number(s.models)), fact('Derivations', number(s.derivations)),
          fact('Declare a base', percent(s.coverage)),
          fact('Missing', number(s.missing), 'named as a base, never seen: what is unknown of them is unknown'),
          fact('Deleted', number(s.deleted), 'kept, because others build on them'),
          fact('As of', date(s.asOf)), fact('Published', date(s.publishedAt)), fact('Source', s.source), fact('Snapshot', s.id))],
    }),
  });

  const issues = figure({
    title: 'What was doubtful, and what was done', query: ISSUES, wide: true,
    answer: ({ dataQuality: { issues: found } }) => ({
      note: found.length ? 'Each doubt is counted by its reason; a declaration may be in several.' : 'Nothing was doubtful.',
      chart: found.length ? bars([...found].sort((a, b) => b.count - a.count).map(({ reason, count }) => ({
        name: reason, value: count, told: number(count) }))) : null,
      table: {
        head: ['Reason', 'How often', 'What it means', 'For example'],
        rows: found.map(({ reason, count, meaning, examples }) => [reason, count, meaning, examples.slice(0, 3).join('; ')]),
      },
      open: true,
    }),
  });

  const snapshots = figure({
    title: 'Snapshots', query: SNAPSHOTS, wide: true,
    answer({ snapshots: found }) {
      const past = [...found].reverse();
      return {
        note: `${number(found.length)} published${found.length === 50 ? ', the newest' : ''}. The whole of old ones is not kept, their series and changes are.`,
        chart: past.length > 1 ? lines(past.map(({ asOf }) => asOf), [
          { name: 'models', values: past.map(({ models }) => models) },
          { name: 'derivations', values: past.map(({ derivations }) => derivations) }]) : null,
        table: {
          head: ['Snapshot', 'As of', 'Models', 'Derivations', 'Missing', 'Declare a base', 'Kept whole'],
          rows: found.map(each => [each.id, date(each.asOf), each.models, each.derivations, each.missing,
            { value: each.coverage, text: percent(each.coverage) }, each.whole ? 'yes' : 'no']),
        },
        open: true,
      };
    },
  });

  const changes = figure({
    title: 'What changed last', query: CHANGES, wide: true, controls: [choice('Kind', 'kind', { ALL: 'all', ...KINDS })],
    answer({ changes: found }) {
      return {
        note: `Between the last two snapshots. ${number(found.nodes.length)} of ${number(found.totalCount)} changes are in the table.`,
        chart: bars(Object.entries(KINDS).map(([kind, name]) => ({
          name, value: found.counts[COUNTS[kind]], told: number(found.counts[COUNTS[kind]]) }))),
        table: {
          head: ['Model', 'What', 'Before', 'After'],
          rows: found.nodes.map(({ kind, id, before, after }) => [{ value: id, href: model(id) }, KINDS[kind],
            { value: before, text: before ?? 'none' }, { value: after, text: after ?? 'none' }]),
        },
      };
    },
  });

  const first = element('section', { class: 'figure wide', hidden: true }, element('h2', {}, 'What changed last'),
    element('p', { class: 'note' }, 'There is nothing to compare with yet: this is the first snapshot of its source.'));
  place.append(...[coverage, issues, snapshots, changes].map(each => each.element), first);

  return ({ kind }) => {
    for (const each of [coverage, issues, snapshots]) each.show({}, {});
    ask(SNAPSHOTS).then(({ snapshots: [last] }) => {
      first.hidden = Boolean(last?.previous);
      changes.element.hidden = !last?.previous;
      if (last?.previous) changes.show({ from: last.previous, to: last.id, ...(kind === 'ALL' ? {} : { kinds: [kind] }) }, {});
    }).catch(changes.fail);
    return 'Data quality';
  };
}
