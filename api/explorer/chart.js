// Charts by plotly.js, which is loaded when the first is drawn.

import { colour } from './theme.js';

const CONFIG = { displayModeBar: false, scrollZoom: false };
const SERIES = 8;
let library;

function plotly() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = new URL('plotly.min.js', import.meta.url);
    script.addEventListener('load', () => resolve(window.Plotly));
    script.addEventListener('error', () => reject(new Error('The charting library did not load.')));
    document.head.append(script);
  });
  return library;
}

/** Text from data, for plotly, which reads a little markup. */
export const plain = text => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;');

export const seriesColour = index => colour(`series-${index % SERIES + 1}`);

// A chart may be out of the page while the window changes its width, so that watching the window would not do.
const widths = new WeakMap();
const resizes = new ResizeObserver(entries => {
  for (const { target, contentRect: { width } } of entries) {
    if (!width || width === widths.get(target)) continue;
    widths.set(target, width);
    library.then(({ Plots }) => Plots.resize(target));
  }
});

/** Draw `{traces, layout, pick}` into a place; `pick` is called with the `customdata` of what is clicked. */
export async function draw(place, chart) {
  const { react } = await plotly();
  await react(place, chart.traces(), { ...base(), ...chart.layout() }, CONFIG);
  if (!widths.has(place)) {
    widths.set(place, place.getBoundingClientRect().width);
    resizes.observe(place);
  }
  place.removeAllListeners('plotly_click');
  if (chart.pick) {
    place.on('plotly_click', ({ points: [point] }) => point.customdata && chart.pick(point.customdata));
  }
}

export async function image(place, format) {
  const { toImage } = await plotly();
  const { width, height } = place.getBoundingClientRect();
  const address = await toImage(place, { format, width, height, scale: format === 'png' ? 2 : 1 });
  const [, encoding, body] = address.match(/^data:[^,]*?(;base64)?,(.*)$/s);
  if (!encoding) return new Blob([decodeURIComponent(body)], { type: 'image/svg+xml' });
  return new Blob([Uint8Array.from(atob(body), letter => letter.charCodeAt(0))], { type: `image/${format}` });
}

function base() {
  const ink = colour('ink'), line = colour('line');
  return {
    paper_bgcolor: colour('card'), plot_bgcolor: colour('card'),
    font: { family: 'system-ui, sans-serif', size: 13, color: ink },
    margin: { l: 8, r: 16, t: 8, b: 32 }, showlegend: false, dragmode: false, hovermode: 'closest',
    hoverlabel: { bgcolor: colour('raised'), bordercolor: line, font: { color: ink, size: 13 } },
  };
}

export const axis = (more = {}) => ({
  gridcolor: colour('line'), zerolinecolor: colour('line'), automargin: true, fixedrange: true, ...more,
});

/** Ranked bars. Rows are `{name, value, told, shade, pick}`; a shade is the name of a colour. */
export function bars(rows, { pick, suffix = '', percents = false } = {}) {
  const places = rows.map((_, index) => index);
  const largest = Math.max(...rows.map(row => row.value), 0);
  const beside = Math.max(0.2, ...rows.map(row => 0.03 * row.told.length));  // of the bar, for what is told of it
  return {
    pick,
    height: 52 + 27 * rows.length,
    traces: () => [{
      type: 'bar', orientation: 'h', y: places, x: rows.map(row => row.value),
      text: rows.map(row => plain(row.told)), textposition: 'outside', cliponaxis: false,
      hovertext: rows.map(row => plain(`${row.name}: ${row.told}${suffix}`)), hoverinfo: 'text',
      customdata: rows.map(row => row.pick ?? null),
      marker: { color: rows.map(row => colour(row.shade ?? 'series-1')) },
    }],
    layout: () => ({
      bargap: 0.28,
      xaxis: axis({ rangemode: 'tozero', range: [0, largest * (innerWidth < 600 ? 1.8 : 1 + beside) || 1], nticks: 5, tickformat: percents ? '.0%' : '~s', tickvals: percents && largest > 0.4 ? [0, 0.25, 0.5, 0.75, 1] : null, dtick: !percents && largest < 4 && rows.every(row => Number.isInteger(row.value)) ? 1 : null }),
      yaxis: axis({
        ticklabelstandoff: 6, tickvals: places, ticktext: rows.map(row => plain(clipped(row.name))), autorange: 'reversed', showgrid: false,
      }),
    }),
  };
}

/** Lines over dates or names. Series are `{name, values}`; a value that is null leaves a gap. */
export function lines(steps, series, { kind = 'date', reversed = false, labels = true } = {}) {
  return {
    height: 340 + 20 * series.filter(({ name }) => name.length > 20).length,  // the legend gives them lines of their own
    traces: () => series.map(({ name, values }, index) => ({
      type: 'scatter', mode: values.length > 36 ? 'lines' : 'lines+markers', name: plain(clipped(name)), x: steps, y: values,
      line: { color: seriesColour(index), width: 2, dash: index < SERIES ? 'solid' : 'dot' },
      marker: { size: 6 }, hovertext: values.map((value, at) => plain(`${name}, ${steps[at]}: ${value ?? 'unknown'}`)),
      hoverinfo: 'text', connectgaps: false,
    })),
    layout: () => ({
      showlegend: labels && series.length > 1, legend: { orientation: 'h', y: -0.18 },
      xaxis: axis({ type: kind, nticks: 8 }),
      yaxis: axis(reversed ? { autorange: 'reversed', dtick: 1 } : { rangemode: 'tozero' }),
    }),
  };
}

/** Bars side by side: one group a step, one colour a series. */
export function groups(steps, series) {
  return {
    height: 320,
    traces: () => series.map(({ name, values }, index) => ({
      type: 'bar', name: plain(clipped(name)), x: steps.map(plain), y: values, marker: { color: seriesColour(index) },
      hovertext: values.map((value, at) => plain(`${name}, ${steps[at]}: ${value ?? 'unknown'}`)), hoverinfo: 'text',
    })),
    layout: () => ({
      barmode: 'group', showlegend: series.length > 1, legend: { orientation: 'h', y: -0.2 },
      xaxis: axis({ type: 'category' }), yaxis: axis({ rangemode: 'tozero', tickformat: '~s' }),
    }),
  };
}

const LONGEST = () => (innerWidth < 600 ? 22 : 38);
const clipped = text => (text.length > LONGEST() ? `${text.slice(0, LONGEST() - 1)}…` : text);
