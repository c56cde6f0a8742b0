// A series by month: each month alone, or all up to it.

import { lines } from './chart.js';

/** What a figure shows of a `timeSeries`. */
export function monthly({ dates, series, definition }, pace) {
  const summed = values => { let sum = 0; return values.map(value => (sum += value ?? 0)); };
  const shown = series.map(({ key, values }) => ({ name: key, values: pace === 'sum' ? summed(values) : values }));
  const first = Math.max(dates.findIndex((_, at) => series.some(({ values }) => values[at])), 0);
  return {
    note: `${definition.text}, by the month of their creation. The Hub dates all before March 2022 there, and the last month is not over.`,
    chart: lines(dates.slice(first), shown.map(({ name, values }) => ({ name, values: values.slice(first) }))),
    table: {
      head: ['Month', ...shown.map(({ name }) => name)],
      rows: dates.map((month, index) => [month, ...shown.map(({ values }) => values[index])]),
    },
  };
}
