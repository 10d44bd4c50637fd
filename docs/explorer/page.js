// The sliders and pictures of the explorer; what is drawn is in `explorer.shown`, by model, for whoever checks it.
(() => {
  'use strict';
  const {models, digits, counts} = globalThis.explorer, map = globalThis.EXPLORER_MAP;
  const log = (name, label, low, high, steps, start, zero = false) => ({
    name, label, steps: steps + (zero ? 1 : 0), start,
    at: i => zero && i === 0 ? 0 : Number((low * (high / low) ** ((i - (zero ? 1 : 0)) / steps)).toPrecision(2)),
  });
  const among = (name, label, values, start) => ({name, label, steps: values.length - 1, start, at: i => values[i]});
  const linear = (name, label, low, high, steps, start) => ({name, label, steps, start, at: i => Number(digits(low + (high - low) * i / steps))});
  const SLIDERS = {
    linear: [
      log('alpha', 'samples a weight, alpha', 0.1, 10, 40, 0.8), log('snr', 'signal to noise, SNR', 0.1, 1000, 40, 100),
      log('inr', 'start to noise, INR', 0.1, 1e5, 60, 1e4, true), log('decay', 'weight decay, g', 1e-5, 1, 50, 1e-3, true),
    ],
    best_of_k: [
      among('k', 'answers drawn, k', counts, 17), log('temperature', 'temperature, T', 0.2, 50, 40, 0, true),
      linear('teacher_gap', 'mean answer to the truth', 0, 4, 40, 1.5), linear('reward_gap', "mean answer to the judge's favourite", 0, 4, 40, 3),
    ],
    dmft: [among('scale', 'output scale (laziness)', map.output_scale, 4), among('data', 'samples per dimension', map.samples_per_dim, 3)],
  };
  // When a curve has gone nine tenths of its way to where it ends, for good.
  function settled({x, y}) {
    const end = y.at(-1), far = Math.abs(y[0] - end) / 10;
    return x[1 + y.findLastIndex(value => Math.abs(value - end) > far)] ?? x.at(-1);
  }
  // When a curve is below a level for good; nothing where it is not at the end.
  function below({x, y}, level) {
    const i = 1 + y.findLastIndex(value => value >= level);
    return i === x.length ? undefined : i === 0 ? x[0] : x[i - 1] + (x[i] - x[i - 1]) * (y[i - 1] - level) / (y[i - 1] - y[i]);
  }
  const GOALS = {train_loss: 0.1, test_loss: 0.6};
  const delay = ({x, curves}) => Object.entries(GOALS).map(([name, level]) => below({x, y: curves[name]}, level));
  const both = ({x, curves}) => [settled({x, y: curves.train_loss}), settled({x, y: curves.test_loss})];

  const say = {
    linear(result) {
      const [train, test] = both(result), y = result.curves.test_loss, least = Math.min(...y);
      const late = `The train loss has gone nine tenths of its way by tau = ${brief(train)}, the test loss by tau = ${brief(test)}`;
      const groks = test > 10 * train ? `: ${brief(test / train)} times later, it groks.` : ': no grokking here.';
      const stop = least < 0.9 * y.at(-1) ? ` It would have been better to stop: ${brief(least)} at tau = ${brief(result.x[y.indexOf(least)])}, and ${brief(y.at(-1))} at the end.` : '';
      return late + groks + stop;
    },
    best_of_k(result, settings) {
      const y = result.curves.error, least = Math.min(...y);
      return `Of ${settings.k} answers the one kept has error ${brief(y[result.x.indexOf(settings.k)])}; a single one has ${brief(y[0])}. The best number on this curve is ${result.x[y.indexOf(least)]}, with ${brief(least)}.`;
    },
    dmft(result) {
      const [train, test] = delay(result), y = result.curves.test_loss, to = `at tau = 1000 it is at ${brief(y.at(-1))}, from ${brief(y[0])}`;
      const fits = `The train loss falls below ${GOALS.train_loss} at tau = ${brief(train)}, the test loss `;
      return fits + (test === undefined ? `never below ${GOALS.test_loss}: ${to}.` : `below ${GOALS.test_loss} at tau = ${brief(test)}, ${brief(test / train)} times later; ${to}.`) + ` Every loss of the map is known to ${brief(map.numerical_error)} or better.`;
    },
  };
  const brief = value => value >= 1e4 || value < 1e-3 && value > 0 ? value.toExponential(1).replace('e+', 'e') : String(Number(value.toPrecision(3)));

  // A picture in the width there is: text keeps its size on a phone.
  const svg = (width, height, inner, label) => `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">${inner}</svg>`;
  function ticks(low, high, isLog) {
    if (!isLog) {
      const raw = (high - low) / 4, unit = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].find(n => n * unit >= raw) * unit;
      return Array.from({length: 9}, (_, i) => (Math.ceil(low / step) + i) * step).filter(t => t <= high);
    }
    const from = Math.ceil(Math.log10(low) - 1e-9), to = Math.floor(Math.log10(high) + 1e-9), every = Math.ceil((to - from + 1) / 6);
    return Array.from({length: to - from + 1}, (_, i) => from + i).filter(n => n % every === 0).map(n => 10 ** n);
  }
  function chart(width, {lines, x, y, mark, flat = false}) {
    const height = Math.round(Math.min(320, 0.62 * width)), box = {left: 52, right: width - 20, top: 22, bottom: height - 36};
    const points = lines.map(line => line.x.map((value, i) => [value, line.y[i]]).filter(p => p[0] > 0 && p[1] > 1e-12));
    const all = points.flat(), ys = all.map(p => p[1]), xs = all.map(p => p[0]);
    const isLog = !flat && Math.max(...ys) > 20 * Math.min(...ys);
    const range = isLog ? [Math.max(Math.min(...ys), Math.max(...ys) * 1e-8) / 1.3, Math.max(...ys) * 1.3] : [0, Math.max(...ys) * 1.08];
    const scale = (value, [low, high], log, [from, to]) => {
      const f = log ? Math.log : Number;
      return from + (to - from) * (f(value) - f(low)) / (f(high) - f(low));
    };
    const domain = [Math.min(...xs), Math.max(...xs)], at = p => [scale(p[0], domain, true, [box.left, box.right]), scale(Math.max(p[1], range[0]), range, isLog, [box.bottom, box.top])];
    const name = value => value >= 1e4 || value < 1e-2 && value > 0 ? value.toExponential(0).replace('e+', 'e') : digits(value);
    let inner = '';
    for (const t of ticks(...domain, true)) inner += `<line class="grid" x1="${at([t, range[1]])[0]}" x2="${at([t, range[1]])[0]}" y1="${box.top}" y2="${box.bottom}"/><text x="${at([t, range[1]])[0]}" y="${box.bottom + 15}" text-anchor="middle">${name(t)}</text>`;
    for (const t of ticks(...range, isLog)) inner += `<line class="grid" x1="${box.left}" x2="${box.right}" y1="${at([domain[0], t])[1]}" y2="${at([domain[0], t])[1]}"/><text x="${box.left - 5}" y="${at([domain[0], t])[1] + 4}" text-anchor="end">${name(t)}</text>`;
    inner += `<text x="${(box.left + box.right) / 2}" y="${height - 4}" text-anchor="middle">${x}</text>`;
    if (mark) inner += `<line class="mark" x1="${at([mark, range[1]])[0]}" x2="${at([mark, range[1]])[0]}" y1="${box.top}" y2="${box.bottom}"/>`;
    lines.forEach((line, i) => {
      inner += `<polyline class="${line.kind}" points="${points[i].map(p => at(p).map(c => c.toFixed(1)).join(',')).join(' ')}"/>`;
      inner += `<text class="${line.kind}" x="${box.left + 4 + 96 * i}" y="13">${line.label}</text>`;
    });
    return svg(width, height, inner, `${y} against ${x}`);
  }
  function drawnMap(width, settings) {
    const columns = map.output_scale.length, rows = map.samples_per_dim.length, left = 52, top = 20, bottom = 40;
    const cell = [(width - left - 10) / columns, 26], height = top + rows * cell[1] + bottom;
    let inner = `<text x="${left}" y="12">so many times later; hatched: never</text><pattern id="never" width="5" height="5" patternUnits="userSpaceOnUse"><path class="never" d="M0 5L5 0"/></pattern>`;
    map.samples_per_dim.forEach((data, i) => {
      const y = top + (rows - 1 - i) * cell[1];
      map.output_scale.forEach((scale, j) => {
        const [train, test] = delay(models.dmft.solve({scale, data})), later = test === undefined ? null : test / train;
        const shade = Math.min(1, Math.max(0, 0.3 + 0.7 * Math.log10(later ?? 1)));
        const here = scale === settings.scale && data === settings.data ? ' here' : '';
        inner += `<rect class="cell${here}" data-i="${i}" data-j="${j}" x="${left + j * cell[0] + 1}" y="${y + 1}" width="${cell[0] - 2}" height="${cell[1] - 2}" fill="${later === null ? 'url(#never)' : `hsl(${215 - 175 * shade} 70% ${88 - 38 * shade}%)`}"/>`;
        if (later !== null) inner += `<text class="inside" x="${left + (j + 0.5) * cell[0]}" y="${y + 17}" text-anchor="middle">${later < 9.95 ? later.toFixed(1) : later.toFixed(0)}</text>`;
      });
      inner += `<text x="${left - 5}" y="${y + 17}" text-anchor="end">${data}</text>`;
    });
    map.output_scale.forEach((scale, j) => { inner += `<text x="${left + (j + 0.5) * cell[0]}" y="${height - bottom + 15}" text-anchor="middle">${scale}</text>`; });
    inner += `<text x="${(left + width) / 2}" y="${height - 6}" text-anchor="middle">output scale; up: samples per dimension</text>`;
    return svg(width, height, inner, 'map of delays');
  }

  const losses = (width, {x, curves}, flat) => chart(width, {x: 'time [tau]', y: 'loss', flat, lines: [{x, y: curves.train_loss, kind: 'train', label: 'train loss'}, {x, y: curves.test_loss, kind: 'test', label: 'test loss'}]});
  const draw = {
    linear: (width, result) => losses(width, result, false),
    best_of_k: (width, {x, curves}, settings) => chart(width, {x: 'answers drawn, k', y: 'error', mark: settings.k, lines: [{x, y: curves.error, kind: 'test', label: 'error of the answer kept'}]}),
    dmft: (width, result, settings) => drawnMap(width, settings) + losses(width, result, true),
  };

  globalThis.explorer.shown = {};
  for (const section of document.querySelectorAll('.explorer')) {
    const model = section.dataset.model, made = SLIDERS[model], inputs = {};
    section.innerHTML = `<div class="sliders"></div><p class="said" aria-live="polite"></p><div class="picture"></div><details open><summary>the call that makes this curve</summary><pre class="call"></pre><pre class="line"></pre></details>`;
    const part = name => section.querySelector(name);
    for (const slider of made) {
      const row = document.createElement('label'), closest = [...Array(slider.steps + 1).keys()].reduce((best, i) => Math.abs(slider.at(i) - slider.start) < Math.abs(slider.at(best) - slider.start) ? i : best, 0);
      row.innerHTML = `<span>${slider.label}</span><input type="range" name="${slider.name}" min="0" max="${slider.steps}" value="${closest}"><output></output>`;
      part('.sliders').append(row);
      inputs[slider.name] = row.querySelector('input');
    }
    function show() {
      const settings = Object.fromEntries(made.map(slider => [slider.name, slider.at(Number(inputs[slider.name].value))]));
      for (const slider of made) inputs[slider.name].nextSibling.textContent = digits(settings[slider.name]);
      const result = models[model].solve(settings), code = models[model].code(settings);
      part('.said').textContent = say[model](result, settings);
      part('.picture').innerHTML = draw[model](Math.max(300, Math.min(720, section.clientWidth)), result, settings);
      part('.call').textContent = code;
      part('.line').textContent = models[model].line(settings);
      globalThis.explorer.shown[model] = {settings, code, ...result};
    }
    let waiting = 0;
    const soon = () => { waiting ||= requestAnimationFrame(() => { waiting = 0; show(); }); };
    section.addEventListener('input', soon);
    addEventListener('resize', soon);
    part('.picture').addEventListener('click', event => {
      const {i, j} = event.target.dataset ?? {};
      if (i === undefined) return;
      [inputs.data.value, inputs.scale.value] = [i, j];
      show();
    });
    show();
  }
})();
