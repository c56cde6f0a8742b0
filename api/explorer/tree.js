// A lineage as a tree: what a model goes back to on the left, what was made of it on the right.

import { drawn } from './dom.js';
import { model } from './route.js';
import { colour } from './theme.js';
import { LICENSE_CLASSES, RELATIONS, number } from './words.js';

const COLUMN = 250, ROW = 26, EDGE = 24, LONGEST = 28;
const FIRST = 8;
/** Of more children than this the first are shown, until the reader opens the rest. */

/**
 * Arrange a lineage: each model once, under the neighbour by which it is nearest to the focus.
 *
 * Returns `{ancestors, descendants}`: by id, the ids that hang on it, away from the focus.
 */
export function arranged({ nodes, edges }, focus) {
  const order = new Map(nodes.map(({ id }, index) => [id, index]));
  const spread = (near, far) => {
    const next = new Map();
    for (const edge of edges) {
      if (!next.has(edge[near])) next.set(edge[near], new Set());
      next.get(edge[near]).add(edge[far]);
    }
    const hanging = new Map(), seen = new Set([focus]), queue = [focus];
    for (let at = 0; at < queue.length; at += 1) {
      const found = [...next.get(queue[at]) ?? []].filter(id => order.has(id) && !seen.has(id));
      found.sort((a, b) => order.get(a) - order.get(b)).forEach(id => seen.add(id));
      hanging.set(queue[at], found);
      queue.push(...found);
    }
    return hanging;
  };
  return { ancestors: spread('child', 'base'), descendants: spread('base', 'child') };
}

/** A drawing for `figure.js` of a lineage; `shade` is "relation" or "license". */
export function tree(lineage, focus, shade) {
  const hanging = arranged(lineage, focus);
  const nodes = new Map(lineage.nodes.map(node => [node.id, node]));
  const open = new Map();  // by side and id: 'all' or 'none'; otherwise the first few
  const told = { width: 0, height: 0 };

  function placed(side, direction) {
    const boxes = [], joins = [];
    let row = 0;
    const visit = (id, depth) => {
      const all = hanging[side].get(id) ?? [], state = open.get(`${side} ${id}`);
      const shown = state === 'none' ? [] : state === 'all' || all.length <= FIRST + 1 ? all : all.slice(0, FIRST);
      const box = { id, side, x: direction * depth * COLUMN, of: all.length, open: shown.length > 0 };
      const below = shown.map(next => visit(next, depth + 1));
      if (state !== 'none' && shown.length < all.length) {
        const more = { more: all.length - shown.length, of: id, side, x: direction * (depth + 1) * COLUMN, y: row };
        row += 1;
        boxes.push(more);
        below.push(more);
      }
      if (!below.length) { box.y = row; row += 1; } else box.y = (below[0].y + below.at(-1).y) / 2;
      boxes.push(box);
      joins.push(...below.map(next => [box, next]));
      return box;
    };
    const root = visit(focus, 0);
    return { boxes, joins, root };
  }

  function relationOf(child, base) {
    return lineage.edges.find(edge => edge.child === child && edge.base === base);
  }

  function shadeOf(box, from) {
    if (box.more) return colour('line');
    if (shade === 'license') return colour(`license-${nodes.get(box.id).licenseClass}`);
    const edge = box.side === 'descendants' ? relationOf(box.id, from) : relationOf(from, box.id);
    return edge ? colour(`relation-${edge.relation}`) : colour('ink');
  }

  function svg(interactive, redraw) {
    const sides = [placed('ancestors', -1), placed('descendants', 1)];
    const middle = Math.max(...sides.map(({ root }) => root.y));
    for (const { boxes, root } of sides) {
      const down = middle - root.y;
      boxes.forEach(box => { box.y += down; });
    }
    const boxes = [...sides[0].boxes, ...sides[1].boxes.filter(box => box.id !== focus || box.more)];
    const left = Math.min(...boxes.map(box => box.x)), right = Math.max(...boxes.map(box => box.x));
    told.width = right - left + COLUMN + 2 * EDGE;
    told.height = (Math.max(...boxes.map(box => box.y)) + 1) * ROW + EDGE;
    told.focus = { x: EDGE - left, y: middle * ROW + EDGE };
    const at = box => ({ x: box.x - left + EDGE, y: box.y * ROW + EDGE });
    const cache = new Map();
    const from = new Map();
    const paths = sides.flatMap(({ joins }) => joins.map(([near, far]) => {
      from.set(far, near.id);
      const a = at(near), b = at(far), turn = (a.x + b.x) / 2;
      const stroke = shadeOf(far, near.id);
      cache.set(far, stroke);
      return drawn('path', {
        d: `M${a.x} ${a.y}C${turn} ${a.y} ${turn} ${b.y} ${b.x} ${b.y}`, fill: 'none', stroke, 'stroke-width': 1.5, 'stroke-opacity': 0.7,
        'stroke-dasharray': !far.more && inferred(far, near.id) ? '4 3' : null,
      });
    }));
    const halo = { 'paint-order': 'stroke', stroke: colour('card'), 'stroke-width': 4, 'stroke-linejoin': 'round' };
    const marks = boxes.map(box => mark(box, at(box), cache.get(box) ?? colour('ink'), from.get(box), halo, interactive, redraw));
    const made = drawn('svg', {
      xmlns: 'http://www.w3.org/2000/svg', width: told.width, height: told.height, viewBox: `0 0 ${told.width} ${told.height}`,
      'font-family': 'system-ui, sans-serif', 'font-size': 12.5, role: interactive ? 'group' : null,
      'aria-label': interactive ? `Lineage of ${focus}. The table below has the same.` : null,
    }, drawn('rect', { width: told.width, height: told.height, fill: colour('card') }), ...paths, ...marks);
    return made;
  }

  const inferred = (box, near) => (box.side === 'descendants' ? relationOf(box.id, near) : relationOf(near, box.id))?.inferred;

  function mark(box, { x, y }, fill, near, halo, interactive, redraw) {
    const toggle = (label, expanded, state, ...inside) => drawn('g', interactive ? {
      role: 'button', tabindex: 0, class: 'toggle', 'aria-label': label, 'aria-expanded': String(expanded),
      'data-toggle': `${box.side} ${box.more ? box.of : box.id}`,
      onclick: () => redraw(`${box.side} ${box.more ? box.of : box.id}`, state),
      onkeydown: event => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        redraw(`${box.side} ${box.more ? box.of : box.id}`, state);
      },
    } : {}, ...inside);
    if (box.more) {
      const text = `… ${number(box.more)} more`;
      return toggle(`Show ${number(box.more)} more at ${box.of}`, false, 'all',
        drawn('circle', { cx: x, cy: y, r: 4, fill }),
        drawn('text', { x: x + 9, y: y + 4, fill: colour('link'), ...halo }, text));
    }
    const node = nodes.get(box.id), here = box.id === focus;
    const name = box.id.split('/').at(-1);
    const relation = near && (box.side === 'descendants' ? relationOf(box.id, near) : relationOf(near, box.id))?.relation;
    const words = [box.id, node.status === 'LIVE' ? null : node.status.toLowerCase(), relation && RELATIONS[relation],
      `licence ${node.license ?? 'not declared'} (${LICENSE_CLASSES[node.licenseClass]})`, `${number(node.scores.descendants)} descendants`]
      .filter(Boolean).join(', ');
    const text = drawn('text', {
      x: x + 10, y: y + 4, fill: colour(node.status === 'LIVE' ? 'ink' : 'soft'), 'font-weight': here ? 700 : null,
      'font-style': node.status === 'LIVE' ? null : 'italic', ...halo,
    }, name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name);
    const dot = drawn('circle', { cx: x, cy: y, r: here ? 7 : 5, fill, stroke: colour('card'), 'stroke-width': 1 });
    const label = interactive && !here
      ? drawn('a', { href: model(box.id), 'aria-label': words }, drawn('title', {}, words), text)
      : drawn('g', {}, drawn('title', {}, words), text);
    if (!box.of || here) return drawn('g', {}, dot, label);
    const sign = drawn('text', { x, y: y + 4, 'text-anchor': 'middle', 'font-size': 12, 'font-weight': 700, fill: colour('card') }, box.open ? '−' : '+');
    dot.setAttribute('r', 7);
    return drawn('g', {}, toggle(`${box.open ? 'Close' : 'Open'} ${box.id}: ${number(box.of)} ${box.side === 'descendants' ? 'derivatives' : 'bases'}`,
      box.open, box.open ? 'none' : 'some', dot, sign), label);
  }

  function element() {
    const holder = Object.assign(document.createElement('div'), { className: 'tree', tabIndex: 0 });
    holder.setAttribute('role', 'region');
    holder.setAttribute('aria-label', `Lineage of ${focus}: scroll to see all of it`);
    const redraw = (key, state) => {
      if (state === 'some') open.delete(key);
      else open.set(key, state);
      const { scrollLeft, scrollTop } = holder, before = told.focus;
      holder.replaceChildren(svg(true, redraw));
      holder.scrollTo(scrollLeft + told.focus.x - before.x, scrollTop + told.focus.y - before.y);
      [...holder.querySelectorAll('.toggle')].find(each => each.dataset.toggle === key)?.focus({ preventScroll: true });
    };
    told.openAll = state => {
      for (const side of ['ancestors', 'descendants']) {
        for (const [id, all] of hanging[side]) if (all.length) open.set(`${side} ${id}`, state);
      }
      if (state === 'some') open.clear();
      holder.replaceChildren(svg(true, redraw));
      home();
    };
    const home = () => holder.scrollTo(told.focus.x > holder.clientWidth * 0.6 ? told.focus.x - holder.clientWidth / 2 : 0, told.focus.y - holder.clientHeight / 2);
    holder.append(svg(true, redraw));
    requestAnimationFrame(home);
    return holder;
  }

  return Object.assign(told, { element, svg: () => new XMLSerializer().serializeToString(svg(false)) });
}
