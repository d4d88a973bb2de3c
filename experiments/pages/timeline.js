'use strict';
// Draws the logged runs of a report. All words come from the data and go into the page as text.
// What is drawn: a lane per actor, its projects as bars, its releases as marks, and arrows from what one
// had to the project of another that it set off or helped. Times are months since the start of the page.
(() => {
  const holder = document.getElementById('timeline');
  const said = document.getElementById('data');
  if (!holder || !said) return;
  const data = JSON.parse(said.textContent);
  const SVG = 'http://www.w3.org/2000/svg';
  const LANE = 26, HEAD = 19, CURVE = 44, FOOT = 22, TOP = 24, MOST_LANES = 40;
  const STEPS = [1, 3, 12, 24, 60, 120, 240];
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

  // ---- elements ---------------------------------------------------------------------------------

  const make = (tag, content, attributes = {}) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...[].concat(content ?? []));
    return made;
  };
  const draw = (parent, tag, attributes = {}, text) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  };
  const shorten = (text, most) => {  // names that differ only at the end stay apart
    const tail = Math.floor((most - 1) * 2 / 5), letters = [...text];
    return letters.length <= most ? text
      : letters.slice(0, most - 1 - tail).join('') + '…' + letters.slice(letters.length - tail).join('');
  };
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = '12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif';
  const widthOf = text => pen.measureText(text).width;
  const words = place => data.texts[place];
  const dateOf = time => {
    const month = Math.floor(data.start + time + 1e-6);
    return `${Math.floor(month / 12)}-${String(month % 12 + 1).padStart(2, '0')}`;
  };
  const come = (time, until) => time !== null && time <= until + 1e-9;

  // ---- state ------------------------------------------------------------------------------------

  const state = {world: 0, run: 0, time: data.months, actor: -1, who: 'most', paper: 0};
  const numbers = [...new Set(data.runs.map(run => run.run))].sort((a, b) => a - b);
  const find = (world, number) => data.runs.find(run => run.world === world && run.run === number);
  const runsOf = world => data.runs.filter(run => run.world === world).map(run => run.run);
  let later = 0, touched = false;
  const remember = () => {  // not at once: browsers do not like to be told of every step of a slider
    clearTimeout(later);
    if (!touched) return;  // so that the address stays as it was given until something is changed
    later = setTimeout(() => {
      const kept = [state.world, state.run, state.time.toFixed(2), state.actor].join(',');
      try { history.replaceState(null, '', `#at=${kept}`); } catch { /* a page that may not say where it is */ }
    }, 150);
  };
  const recall = () => {
    const found = /^#at=(\d+),(\d+),([\d.]+),(-?\d+)$/.exec(location.hash);
    if (!found) return;
    const [world, run, time, actor] = found.slice(1).map(Number);
    if (!find(world, run) || actor >= data.lanes.length) return;
    Object.assign(state, {world, run, time: Math.min(time, data.months), actor: Math.max(-1, actor)});
  };

  // ---- controls ---------------------------------------------------------------------------------

  const controls = make('div', [], {class: 'controls', role: 'group', 'aria-label': 'What is shown'});
  const labelled = (text, ...inside) => {
    const label = make('label', [make('span', text), ...inside]);
    controls.append(label);
    return label;
  };
  const worldPick = make('select', data.worlds.map((name, place) => make('option', name, {value: place})),
    {'aria-label': 'World'});
  const runSlide = make('input', [], {type: 'range', min: 0, step: 1, 'aria-label': 'Run', id: 'run'});
  const runSays = make('output', [], {for: 'run'});
  const timeSlide = make('input', [], {type: 'range', min: 0, max: data.months, step: 0.1,
    'aria-label': 'Time', id: 'time'});
  const timeSays = make('output', [], {for: 'time'});
  const play = make('button', '▶ Play', {type: 'button', id: 'play'});
  const who = make('select', [], {'aria-label': 'Whom to show', id: 'who'});
  const figure = make('div', [], {class: 'figure'});
  const story = make('aside', [], {class: 'story', id: 'story', 'aria-live': 'polite', hidden: ''});
  const tip = make('div', [], {class: 'tip', role: 'tooltip', id: 'tip', hidden: ''});
  const legend = make('div', [], {class: 'keys'});

  const count = lane => data.runs.reduce((sum, run) => sum
    + run.projects.filter(p => p.actor === lane).reduce((all, p) => all + (p.high ? 10 : 1), 0)
    + run.arrows.filter(a => a.from[0] === lane || a.to[0] === lane).length * 3
    + run.releases.filter(r => r.actor === lane).length, 0);
  const busy = data.lanes.map((lane, place) => place).filter(place => data.lanes[place].busy);
  const byWeight = new Map(busy.map(place => [place, count(place)]));
  const most = new Set([...busy].sort((a, b) => byWeight.get(b) - byWeight.get(a)).slice(0, MOST_LANES));
  const kinds = [...new Set(data.lanes.map(lane => lane.kind))];
  const regions = [...new Set(data.lanes.map(lane => lane.region))];
  const choices = {most: busy.length > most.size ? `the ${most.size} who do most` : 'all who do anything'};
  if (busy.length > most.size) choices.busy = `all ${busy.length} who do anything`;
  choices.all = `everybody (${data.lanes.length})`;
  if (kinds.length > 1) kinds.forEach((kind, place) => { choices[`kind ${place}`] = `only: ${kind}`; });
  if (regions.length > 1) regions.forEach((region, place) => {
    choices[`region ${place}`] = `only in: ${region}`; });
  who.append(...Object.entries(choices).map(([value, text]) => make('option', text, {value})));
  const isShown = place => {
    const [way, number] = state.who.split(' '), lane = data.lanes[place];
    if (way === 'kind') return lane.kind === kinds[number];
    if (way === 'region') return lane.region === regions[number];
    return way === 'all' || (way === 'busy' ? lane.busy : most.has(place));
  };

  if (data.worlds.length > 1) labelled('World', worldPick);
  labelled('Run', runSlide, runSays);
  labelled('Until', timeSlide, timeSays);
  controls.append(play);
  labelled('Show', who);
  holder.replaceChildren(controls, legend, make('div', [figure, story], {class: 'stage'}));

  // ---- geometry ---------------------------------------------------------------------------------

  const layOut = run => {
    const width = state.paper || Math.max(280, figure.clientWidth || 900);
    const shown = data.lanes.map((lane, place) => place).filter(isShown)
      .sort((a, b) => data.lanes[a].order - data.lanes[b].order || a - b);
    const letters = width < 560 ? 13 : 26;
    const names = ['attention', ...shown.map(place => shorten(data.lanes[place].name, letters))];
    const left = Math.ceil(Math.max(...names.map(widthOf))) + 16, right = width - 14;
    const lanes = new Map(), heads = [];
    let top = TOP;
    shown.forEach((place, turn) => {
      const lane = data.lanes[place];
      if (!turn || lane.kind !== data.lanes[shown[turn - 1]].kind) {
        heads.push([lane.kind, top]);
        top += HEAD;
      }
      lanes.set(place, top + LANE / 2);
      top += LANE;
    });
    const curve = top + 8, bottom = curve + CURVE;
    const x = time => left + (right - left) * time / data.months;
    return {run, width, letters, left, right, lanes, heads, curve, bottom, height: bottom + FOOT, x};
  };
  const ticks = at => {
    const room = Math.max(2, Math.floor((at.right - at.left) / 46));
    const step = STEPS.find(size => data.months / size <= room) || 240;
    const found = [];
    for (let month = Math.ceil(data.start / step) * step; month <= data.start + data.months; month += step)
      found.push([month - data.start,
        step < 12 ? `${MONTHS[month % 12]} ${Math.floor(month / 12)}` : `${Math.floor(month / 12)}`]);
    return found;
  };
  const shapes = {
    down: 'M-4.4,-4h8.8L0,4.2z', square: 'M-3.8,-3.8h7.6v7.6h-7.6z', diamond: 'M0,-5L4,0L0,5L-4,0z',
    plus: 'M-1.6,-4.6h3.2v3h3v3.2h-3v3h-3.2v-3h-3v-3.2h3z',
    star: 'M0,-5.4L1.5,-1.7L5.3,-1.6L2.3,.8L3.3,4.6L0,2.4L-3.3,4.6L-2.3,.8L-5.3,-1.6L-1.5,-1.7z',
    up: 'M-4.4,4h8.8L0,-4.2z',
  };

  // ---- drawing ----------------------------------------------------------------------------------

  const show = () => {
    const run = find(state.world, state.run);
    const focused = figure.contains(document.activeElement) && document.activeElement.dataset.actor;
    figure.replaceChildren(tip);
    if (!run || ![...data.lanes.keys()].some(isShown)) {
      figure.append(make('p', run ? 'Nobody to show: choose others under “Show”.' : 'No such run.',
        {class: 'empty'}));
      return;
    }
    const at = layOut(run);
    const svg = draw(figure, 'svg', {viewBox: `0 0 ${at.width} ${at.height}`, width: at.width,
      height: at.height, role: 'group', 'aria-label': `Timeline of ${run.name}`});
    drawHeads(svg, at);
    drawBack(svg, at);
    drawCurve(svg, at);
    drawGrants(svg, at);
    drawProjects(svg, at);
    drawBefore(svg, at);
    drawArrows(svg, at);
    drawMarks(svg, at);
    drawRecord(svg, at);
    drawNow(svg, at);
    if (!run.projects.length && !run.releases.length && !run.grants.length)
      draw(svg, 'text', {x: (at.left + at.right) / 2, y: TOP + 30, class: 'empty', 'text-anchor': 'middle'},
        'Nothing happened in this run: no project, no release, no grant.');
    drawLegend(run);
    tellStory(run);
    if (focused) figure.querySelector(`[data-actor="${focused}"]`)?.focus({preventScroll: true});
    tip.hidden = true;
  };

  const drawHeads = (svg, at) => {
    const heads = draw(svg, 'defs');
    for (const [name, colour] of [['public', data.colours.public], ['private', data.colours.private]]) {
      const marker = draw(heads, 'marker', {id: `head-${name}`, viewBox: '0 0 8 8', refX: 7.4, refY: 4,
        markerWidth: 7, markerHeight: 7, orient: 'auto-start-reverse', markerUnits: 'userSpaceOnUse'});
      draw(marker, 'path', {d: 'M0,1L8,4L0,7z', fill: colour});
    }
    const clip = draw(heads, 'clipPath', {id: 'until'});
    draw(clip, 'rect', {x: at.left - 8, y: 0, width: Math.max(0, at.x(state.time) - at.left + 8),
      height: at.height});
  };

  const drawBack = (svg, at) => {
    let turn = 0;
    for (const middle of at.lanes.values())
      if (turn++ % 2 === 0)
        draw(svg, 'rect', {x: 0, y: middle - LANE / 2, width: at.width, height: LANE, class: 'band'});
    let free = -Infinity;  // from where on there is room for another date
    for (const [time, name] of ticks(at)) {
      draw(svg, 'line', {x1: at.x(time), x2: at.x(time), y1: TOP - 4, y2: at.bottom, class: 'grid'});
      const width = name.length * 5.8, anchor = at.x(time) > at.right - 14 ? 'end' : 'middle';
      const begins = at.x(time) - (anchor === 'end' ? width : width / 2);
      if (begins < free) continue;
      free = begins + width + 6;
      for (const y of [TOP - 9, at.bottom + 14])
        draw(svg, 'text', {x: at.x(time), y, class: 'tick', 'text-anchor': anchor}, name);
    }
    for (const [kind, top] of at.heads)
      draw(svg, 'text', {x: 6, y: top + 13, class: 'kind'}, shorten(kind, Math.floor(at.width / 6.6)));
    for (const [place, middle] of at.lanes) {
      const lane = data.lanes[place];
      const name = draw(svg, 'text', {x: at.left - 8, y: middle + 4, 'text-anchor': 'end', role: 'button',
        tabindex: 0, class: 'name' + (place === state.actor ? ' chosen' : ''), 'data-actor': place,
        'aria-pressed': place === state.actor,
        'aria-label': `${lane.name}: its story`}, shorten(lane.name, at.letters));
      const choose = () => pick(place === state.actor ? -1 : place, true);
      name.addEventListener('click', choose);
      name.addEventListener('keydown', event => {
        if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); choose(); } });
      point(name, () => `${lane.name}: ${lane.kind}, ${lane.region}. Click for its story.`);
    }
    const first = Math.min(...at.run.projects.filter(p => p.high && p.announced !== null)
      .map(p => p.announced));
    if (Number.isFinite(first) && come(first, state.time))
      draw(svg, 'line', {x1: at.x(first), x2: at.x(first), y1: TOP - 4, y2: at.bottom, class: 'reveal'});
  };

  const drawCurve = (svg, at) => {
    const points = at.run.attention.filter(([time]) => come(time, state.time));
    const top = Math.max(1e-9, ...at.run.attention.map(([, value]) => value));
    const y = value => at.bottom - (CURVE - 6) * value / top;
    const line = points.map(([time, value]) => `${at.x(time).toFixed(1)},${y(value).toFixed(1)}`);
    if (line.length && top > 1e-9)
      draw(svg, 'path', {class: 'curve', fill: data.colours.attention,
        d: `M${at.x(points[0][0])},${at.bottom}L${line.join('L')}L${at.x(points.at(-1)[0])},${at.bottom}z`});
    draw(svg, 'line', {x1: at.left, x2: at.right, y1: at.bottom, y2: at.bottom, class: 'axis'});
    draw(svg, 'text', {x: at.left - 8, y: at.bottom - CURVE / 2 + 4, class: 'tick', 'text-anchor': 'end'},
      'attention');
  };

  const drawGrants = (svg, at) => {
    for (const grant of at.run.grants.filter(g => come(g.time, state.time))) {
      const from = at.lanes.get(grant.from), to = at.lanes.get(grant.to);
      if (from === undefined || to === undefined) continue;
      draw(svg, 'line', {x1: at.x(grant.time), x2: at.x(grant.time), y1: from, y2: to, class: 'grant',
        stroke: data.colours.grant});
    }
  };

  const drawProjects = (svg, at) => {
    const bars = draw(svg, 'g', {'clip-path': 'url(#until)'});
    for (const project of at.run.projects) {
      const middle = at.lanes.get(project.actor);
      if (middle === undefined || !project.spans.length) continue;
      const whole = draw(bars, 'g', {class: `project${project.high ? '' : ' low'}`});
      for (const [phase, begun, end] of project.spans) {
        const half = data.phases[phase].thin ? 2.5 : 6.5;
        draw(whole, 'rect', {x: at.x(begun), y: middle - half, height: 2 * half,
          width: Math.max(0.8, at.x(end) - at.x(begun)), fill: data.phases[phase].colour});
      }
      const room = at.x(project.spans.at(-1)[2]) - at.x(project.started);
      if (data.several && project.high && widthOf(project.class) * 0.8 < room)
        draw(whole, 'text', {x: at.x(project.started) + 1, y: middle - 8, class: 'class'}, project.class);
      whole.addEventListener('click', () => pick(project.actor, true));
      point(whole, () => words(project.text));
    }
  };

  const drawBefore = (svg, at) => {  // when the same came in the baseline, in the same luck
    const base = state.world > 0 && find(0, state.run);
    if (!base) return;
    for (const [actor, klass, time] of announcements(base)) {
      const middle = at.lanes.get(actor);
      if (middle === undefined || !come(time, state.time)) continue;
      const own = announcements(at.run).find(found => found[0] === actor && found[1] === klass);
      const y = middle + 9;
      if (own && come(own[2], state.time))
        draw(svg, 'line', {x1: at.x(time), x2: at.x(own[2]), y1: y, y2: y, class: 'moved'});
      const mark = draw(svg, 'circle', {cx: at.x(time), cy: y, r: 3.2, class: 'before'});
      const change = own ? `; here ${dateOf(own[2])}` : '; here not by the end';
      point(mark, () => `${data.lanes[actor].name} announced ${klass} ${dateOf(time)} in the baseline${change}.`);
    }
  };
  const announcements = run => run.projects.filter(p => p.high && p.announced !== null)
    .map(p => [p.actor, p.class, p.announced])
    .filter((p, place, all) => all.findIndex(q => q[0] === p[0] && q[1] === p[1]) === place);

  const drawArrows = (svg, at) => {
    const arrows = draw(svg, 'g', {class: 'arrows'});
    for (const arrow of at.run.arrows) {
      const [source, before] = arrow.from, [recipient, after] = arrow.to;
      const from = at.lanes.get(source), to = at.lanes.get(recipient);
      if (from === undefined || to === undefined || !come(after, state.time)) continue;
      const way = from < to ? 1 : -1, bend = Math.min(46, Math.abs(to - from) * 0.45);
      const x1 = at.x(before), x2 = at.x(after), y1 = from + 5 * way, y2 = to - 8 * way;
      const d = `M${x1},${y1}C${x1},${y1 + bend * way} ${x2},${y2 - bend * way} ${x2},${y2}`;
      const other = state.actor >= 0 && source !== state.actor && recipient !== state.actor;
      const name = arrow.public ? 'public' : 'private';
      const whole = draw(arrows, 'g', {class: `arrow${other ? ' other' : ''}`});
      draw(whole, 'path', {d, class: `line${arrow.starts ? '' : ' midway'}`, stroke: data.colours[name],
        'marker-end': `url(#head-${name})`});
      const hit = draw(whole, 'path', {d, class: 'hit', tabindex: 0, role: 'img', 'aria-label': words(arrow.text)});
      hit.addEventListener('click', () => pick(recipient, true));
      point(hit, () => words(arrow.text));
    }
  };

  const drawMarks = (svg, at) => {
    const mark = (shape, colour, time, middle, klass, text) => {
      if (middle === undefined || !come(time, state.time)) return;
      const made = draw(svg, 'path', {d: shapes[shape], fill: colour, class: `mark ${klass}`,
        transform: `translate(${at.x(time).toFixed(1)},${middle})`});
      if (text !== undefined) point(made, () => words(text));
    };
    for (const release of at.run.releases) {
      const look = data.marks[release.kind], middle = at.lanes.get(release.actor);
      mark(look.shape, look.colour, release.time, middle === undefined ? middle : middle - 9,
        release.high ? '' : 'low', release.text);
    }
    for (const grant of at.run.grants)
      mark('up', data.colours.grant, grant.time, at.lanes.get(grant.from), '', grant.text);
    for (const project of at.run.projects) {
      const middle = at.lanes.get(project.actor);
      if (middle === undefined) continue;
      const line = (time, d) => { if (come(time, state.time)) draw(svg, 'path', {d, class: 'cross',
        transform: `translate(${at.x(time).toFixed(1)},${middle})`}); };
      project.failures.forEach(time => line(time, 'M0,-6V6'));
      line(project.stopped, 'M-3.4,-3.4L3.4,3.4M-3.4,3.4L3.4,-3.4');
      if (project.undertrained) line(project.trained, 'M-4.4,0H4.4M0,-4.4V4.4');
      if (come(project.announced, state.time)) {
        const dot = draw(svg, 'circle', {cx: at.x(project.announced), cy: middle, r: project.high ? 4 : 2.6,
          class: `announced${project.high ? '' : ' low'}`});
        point(dot, () => words(project.text));
      }
    }
  };

  const drawRecord = (svg, at) => {  // what really happened
    for (const [place, middle] of at.lanes) {
      const time = data.lanes[place].actual;
      if (time === null || time < 0 || time > data.months || !come(time, state.time)) continue;
      const mark = draw(svg, 'path', {d: shapes.diamond, class: 'record',
        transform: `translate(${at.x(time).toFixed(1)},${middle + 8})`});
      point(mark, () => `What really happened: ${data.lanes[place].name} announced one ${dateOf(time)}.`);
    }
  };

  const drawNow = (svg, at) => {
    if (state.time >= data.months) return;
    const x = at.x(state.time);
    draw(svg, 'line', {x1: x, x2: x, y1: TOP - 4, y2: at.bottom, class: 'now'});
  };

  const drawLegend = run => {
    const keys = [];
    const key = (text, shape) => {
      const small = make('span', []);
      const svg = draw(small, 'svg', {width: 22, height: 14, viewBox: '-11 -7 22 14', 'aria-hidden': 'true'});
      shape(svg);
      small.append(text);
      keys.push(small);
    };
    const phases = new Set(run.projects.flatMap(p => p.spans.map(span => span[0])));
    data.phases.forEach((phase, place) => { if (phases.has(place)) key(phase.name, svg => draw(svg, 'rect',
      {x: -9, y: phase.thin ? -2.5 : -5, width: 18, height: phase.thin ? 5 : 10, fill: phase.colour})); });
    if (run.projects.some(p => p.announced !== null))
      key('announced', svg => draw(svg, 'circle', {r: 4, class: 'announced'}));
    if (run.projects.some(p => p.failures.length))
      key('training failed', svg => draw(svg, 'path', {d: 'M0,-6V6', class: 'cross'}));
    if (run.projects.some(p => p.stopped !== null))
      key('given up', svg => draw(svg, 'path', {d: 'M-3.4,-3.4L3.4,3.4M-3.4,3.4L3.4,-3.4', class: 'cross'}));
    if (run.projects.some(p => p.undertrained))
      key('stopped short', svg => draw(svg, 'path', {d: 'M-4.4,0H4.4M0,-4.4V4.4', class: 'cross'}));
    data.marks.forEach((mark, place) => { if (run.releases.some(r => r.kind === place))
      key(mark.name, svg => draw(svg, 'path', {d: shapes[mark.shape], fill: mark.colour, class: 'mark'})); });
    if (run.grants.length)
      key('sponsor gives', svg => draw(svg, 'path', {d: shapes.up, fill: data.colours.grant, class: 'mark'}));
    for (const [name, text] of [['public', 'set off by what was public'], ['private', 'by what came along a tie']])
      if (run.arrows.some(a => a.public === (name === 'public')))
        key(text, svg => draw(svg, 'path', {d: 'M-9,0H9', class: 'line', stroke: data.colours[name]}));
    if (run.arrows.some(a => !a.starts))
      key('helped midway', svg => draw(svg, 'path', {d: 'M-9,0H9', class: 'line midway',
        stroke: data.colours.public}));
    if (state.world > 0 && find(0, state.run))
      key('announced in the baseline', svg => draw(svg, 'circle', {r: 3.2, class: 'before'}));
    if (data.lanes.some(lane => lane.actual !== null))
      key('really announced', svg => draw(svg, 'path', {d: shapes.diamond, class: 'record'}));
    if (run.projects.some(p => !p.high)) keys.push(make('span', 'pale: lower classes'));
    legend.replaceChildren(...keys);
  };

  // ---- what is told -----------------------------------------------------------------------------

  const point = (element, text) => {
    const open = (left, top) => {
      tip.textContent = text();
      tip.hidden = false;
      const room = figure.clientWidth - tip.offsetWidth - 4;
      tip.style.left = `${Math.max(2, Math.min(room, left + 14))}px`;
      tip.style.top = `${Math.max(2, top + 16)}px`;
      if (element.parentNode.classList.contains('arrow')) element.parentNode.classList.add('on');
    };
    const close = () => {
      tip.hidden = true;
      if (element.parentNode) element.parentNode.classList.remove('on');
    };
    const place = event => {
      const box = figure.getBoundingClientRect();
      open(event.clientX - box.left, event.clientY - box.top);
    };
    element.addEventListener('pointerenter', place);
    element.addEventListener('pointermove', place);
    element.addEventListener('pointerleave', close);
    element.addEventListener('focus', () => {
      const box = figure.getBoundingClientRect(), own = element.getBoundingClientRect();
      open(own.left + own.width / 2 - box.left, own.bottom - box.top - 8);
    });
    element.addEventListener('blur', close);
  };

  const pick = (actor, byHand) => {
    state.actor = actor;
    show();
    remember();
    if (byHand && actor >= 0 && story.offsetTop > figure.offsetTop + 40)
      story.scrollIntoView({block: 'nearest'});
  };

  const tellStory = run => {
    const told = state.actor >= 0 ? run.stories[state.actor] : null;
    story.hidden = state.actor < 0;
    holder.classList.toggle('with-story', state.actor >= 0);
    if (state.actor < 0) { story.replaceChildren(); return; }
    const lane = data.lanes[state.actor];
    const close = make('button', '×', {type: 'button', class: 'close', 'aria-label': 'Close the story'});
    close.addEventListener('click', () => pick(-1, false));
    const rows = told ? told.rows.map(([time, text]) => {
      const when = make('button', dateOf(time), {type: 'button', class: 'when', title: 'Show the world as of then'});
      when.addEventListener('click', () => setTime(Math.ceil(time * 10) / 10));
      return make('li', [when, make('span', words(text))],
        come(time, state.time) ? {} : {class: 'later'});
    }) : [];
    story.replaceChildren(
      close, make('h3', lane.name), make('p', `${lane.kind}, ${lane.region}; ${run.name}`, {class: 'quiet'}),
      make('p', told ? words(told.verdict) : 'It is not there in this world.', {class: 'verdict'}),
      rows.length ? make('ol', rows) : make('p', 'Nothing that the log tells of it.', {class: 'quiet'}));
  };

  // ---- changes ----------------------------------------------------------------------------------

  const setTime = time => {
    state.time = Math.min(data.months, Math.max(0, time));
    timeSlide.value = state.time;
    say();
    show();
    remember();
  };
  const say = () => {
    const run = find(state.world, state.run);
    runSays.textContent = run ? `${run.name} (${numbers.indexOf(state.run) + 1} of ${numbers.length} kept)` : '';
    timeSays.textContent = state.time >= data.months ? `the end` : dateOf(state.time);
    runSlide.setAttribute('aria-valuetext', runSays.textContent);
    timeSlide.setAttribute('aria-valuetext', timeSays.textContent);
  };
  const setRun = place => {
    const known = runsOf(state.world);
    state.run = known[Math.min(known.length - 1, Math.max(0, place))];
    runSlide.max = known.length - 1;
    runSlide.value = known.indexOf(state.run);
    runSlide.disabled = known.length < 2;
    say();
    show();
    remember();
  };

  let playing = 0;
  const stop = () => { cancelAnimationFrame(playing); playing = 0; play.textContent = '▶ Play'; };
  play.addEventListener('click', () => {
    if (playing) { stop(); return; }
    if (state.time >= data.months) setTime(0);
    play.textContent = '❚❚ Pause';
    let last = null;
    const step = now => {
      if (last !== null) setTime(state.time + data.months * Math.min(200, now - last) / 12000);
      last = now;
      if (state.time >= data.months) stop();
      else playing = requestAnimationFrame(step);
    };
    playing = requestAnimationFrame(step);
  });
  runSlide.addEventListener('input', () => setRun(Number(runSlide.value)));
  timeSlide.addEventListener('input', () => { stop(); setTime(Number(timeSlide.value)); });
  worldPick.addEventListener('change', () => {
    const number = state.run;
    state.world = Number(worldPick.value);
    setRun(Math.max(0, runsOf(state.world).indexOf(number)));
  });
  who.addEventListener('change', () => { state.who = who.value; show(); });

  state.run = data.shown;
  state.world = data.runs.find(run => run.run === state.run).world;
  recall();
  worldPick.value = state.world;
  timeSlide.value = state.time;
  setRun(runsOf(state.world).indexOf(state.run));
  touched = true;
  let width = figure.clientWidth;
  addEventListener('beforeprint', () => { state.paper = 900; show(); });
  addEventListener('afterprint', () => { state.paper = 0; show(); });
  new ResizeObserver(() => {
    if (state.paper || Math.abs(figure.clientWidth - width) < 2) return;
    width = figure.clientWidth;
    show();
  }).observe(figure);
})();
