// The explorer: closed forms evaluated in the page, and a map that was solved before. No library, no network.
// `explorer.models` knows no page, so that another program can hold it to the package; below it is the drawing.
(() => {
  'use strict';
  const geomspace = (low, high, count) =>
    Array.from({length: count}, (_, i) => low * (high / low) ** (i / (count - 1)));
  const digits = value => String(Number(value.toPrecision(4)));

  // Linear students: the law of Marchenko and Pastur by the trapezoidal rule in its angle, exponentially accurate.
  const TIMES = geomspace(0.1, 1e5, 121);
  function linear({alpha, snr, inr, decay}) {
    const nodes = 600 + Math.ceil(12 * Math.sqrt(TIMES.at(-1))), root = Math.sqrt(alpha), weights = [], values = [];
    for (let i = 1; i < nodes; i++) {
      const angle = Math.PI * i / nodes, value = 1 + alpha + 2 * root * Math.cos(angle);
      values.push(value);
      weights.push(2 * alpha * Math.sin(angle) ** 2 / value / nodes);
    }
    if (alpha === 1) {  // then the rule's last node counts: half of the limit there
      values.push(0);
      weights.push(1 / nodes);
    }
    const unseen = Math.max(0, 1 - alpha), beyond = Math.max(0, 1 - 1 / alpha);
    const train = [], test = [];
    for (const time of TIMES) {
      let seen = 0, wrong = 0;
      for (let i = 0; i < values.length; i++) {
        const total = values[i] + decay, left = Math.exp(-total * time);
        const gain = total ? -Math.expm1(-total * time) / total : time;
        const missing = total ? (decay + values[i] * left) / total : 1, start = inr * left * left;
        wrong += weights[i] * (start + snr * missing ** 2 + values[i] * gain ** 2);
        seen += weights[i] * (values[i] * (start + snr * missing ** 2) + missing ** 2);
      }
      test.push(1 + wrong + unseen * (inr * Math.exp(-2 * decay * time) + snr));
      train.push(seen / alpha + beyond);
    }
    return {x: TIMES, curves: {train_loss: train, test_loss: test}};
  }

  // Best of k for one prompt: the kept answer is drawn with weights exp(-r/T), r its squared distance to the favourite.
  const COUNTS = [...new Set(geomspace(1, 1000, 40).map(Math.round))];
  const density = z => Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
  function bestOfK({teacher_gap, reward_gap, temperature}) {
    const of = temperature > 0 ? tempered(teacher_gap, reward_gap, temperature) : nearest(teacher_gap, reward_gap);
    return {x: COUNTS, curves: {error: COUNTS.map(k => k === 1 ? 1 + teacher_gap ** 2 : of(k))}};
  }
  // T > 0: 1/S = int ds exp(-s S), so that E = k int dv s A L^(k-1), s = e^v, with A = E[u q e^(-s q)], L = E[e^(-s q)].
  function tempered(teacherGap, rewardGap, temperature) {
    const reach = 9, step = Math.min(0.1, 0.21 * temperature / (reach + Math.abs(rewardGap)));
    const half = Math.ceil(reach / step), mass = new Float64Array(2 * half + 1), below = new Float64Array(2 * half + 2);
    for (let i = 0; i <= 2 * half; i++) {
      mass[i] = step * density((i - half) * step);
      below[i + 1] = below[i] + mass[i];
    }
    const index = z => Math.min(2 * half + 1, Math.max(0, Math.ceil(z / step) + half)), table = [];
    const last = (6.5 + Math.abs(rewardGap)) ** 2 / temperature + 4;
    for (let v = -48; v <= last; v += 0.25) {
      // Answers nearer than `inner` have s q > 40, those beyond `outer` less than e^-40.
      const inner = Math.sqrt(Math.max(0, v - 3.7) * temperature), outer = Math.sqrt(Math.max(0, v + 40) * temperature);
      const ends = [index(-rewardGap - outer), index(-rewardGap - inner), index(-rewardGap + inner), index(-rewardGap + outer)];
      let law = below[ends[0]] + below[2 * half + 1] - below[ends[3]], kept = 0;
      for (const [from, to] of [[ends[0], ends[1]], [ends[2], ends[3]]]) {
        for (let i = from; i < to; i++) {
          const z = (i - half) * step, weight = Math.exp(v - (rewardGap + z) ** 2 / temperature), left = mass[i] * Math.exp(-weight);
          law += left;
          kept += (teacherGap + z) ** 2 * weight * left;
        }
      }
      if (kept > 0) table.push([kept, law]);
    }
    return k => 0.25 * k * table.reduce((sum, [kept, law]) => sum + kept * law ** (k - 1), 0);
  }
  // T = 0: the nearest of k to the favourite, by its distance d; P(others further) = Q(d - g) + Q(d + g).
  const GAUSS = [[0.1488743389816312, 0.2955242247147529], [0.4333953941292472, 0.2692667193099963], [0.6794095682990244, 0.2190863625159820],
    [0.8650633666889845, 0.1494513491505806], [0.9739065285171717, 0.0666713443086881]];
  function nearest(teacherGap, rewardGap) {
    const table = [];
    for (let low = 0; low < 11 + Math.abs(rewardGap);) {
      const high = Math.max(1e-4, low * 1.15);
      for (const [node, weight] of GAUSS) for (const sign of [-1, 1]) {
        const d = (low + high + sign * node * (high - low)) / 2, width = weight * (high - low) / 2;
        const sides = [-rewardGap + d, -rewardGap - d].map(z => density(z) * (teacherGap + z) ** 2);
        table.push([width * (sides[0] + sides[1]), further(d - rewardGap) + further(d + rewardGap)]);
      }
      low = high;
    }
    return k => k * table.reduce((sum, [kept, law]) => sum + kept * law ** (k - 1), 0);
  }
  // P(Z > z): a series near zero, a continued fraction further out.
  function further(z) {
    if (z < 0) return 1 - further(-z);
    if (z < 3) {
      let term = z, sum = z;
      for (let n = 1; Math.abs(term) > 1e-18 * sum; n++) sum += term *= z * z / (2 * n + 1);
      return 0.5 - density(z) * sum;
    }
    let tail = z;
    for (let n = 60; n > 0; n--) tail = z + n / tail;
    return density(z) / tail;
  }

  const map = () => globalThis.EXPLORER_MAP;
  function dmft({scale, data}) {
    const [i, j] = [nearestIn(map().samples_per_dim, data), nearestIn(map().output_scale, scale)];
    return {x: map().times, curves: {train_loss: map().train_loss[i][j], test_loss: map().test_loss[i][j]}};
  }
  const nearestIn = (values, value) =>
    values.reduce((best, each, i) => Math.abs(Math.log(each / value)) < Math.abs(Math.log(values[best] / value)) ? i : best, 0);

  const HEAD = 'import jax\n\njax.config.update("jax_enable_x64", True)\nimport numpy as np\nimport grok_theory as gt\n\n';
  const command = (problem, fields, times) =>
    `grok-theory solve ${problem} ${Object.entries(fields).map(([name, value]) => `${name}=${digits(value)}`).join(' ')} ${times} --plot curves.png`;
  const call = fields => Object.entries(fields).map(([name, value]) => `${name}=${digits(value)}`).join(', ');
  const fieldsOf = {
    linear: s => ({samples_per_dim: s.alpha, snr: s.snr, inr: s.inr, weight_decay: s.decay}),
    best_of_k: s => ({teacher_gap: s.teacher_gap, reward_gap: s.reward_gap}),
    dmft: s => ({output_scale: s.scale, curvature: map().curvature, samples_per_dim: s.data, teacher_overlap: map().teacher_overlap}),
  };
  const models = {
    linear: {
      solve: linear,
      code: s => `${HEAD}problem = gt.linear.TeacherStudent(${call(fieldsOf.linear(s))})\ntheory = gt.linear.solve(problem, np.geomspace(0.1, 1e5, 121))\n`,
      line: s => command('linear.TeacherStudent', fieldsOf.linear(s), '--times 0.1:1e5:121'),
    },
    best_of_k: {
      solve: bestOfK,
      code: s => `${HEAD}problem = gt.best_of_k.Prompt(${call(fieldsOf.best_of_k(s))})\nk = np.unique(np.geomspace(1, 1000, 40).round())\ntheory = gt.best_of_k.solve(problem, k, temperature=${digits(s.temperature)})\n`,
      line: s => command('best_of_k.Prompt', {...fieldsOf.best_of_k(s), temperature: s.temperature}, '--times 1:1000:40:steps'),
    },
    dmft: {
      solve: dmft,
      code: s => `${HEAD}problem = gt.lazy_rich.QuadraticCommittee(\n    ${call(fieldsOf.dmft(s))}\n)\ntimes = np.append(0.0, np.geomspace(0.1, 1000.0, ${map().times.length - 1}))\nmethod = gt.lazy_rich.${map().method}\ntheory = gt.lazy_rich.solve(problem, times, method=method)\n`,
      line: s => command('lazy_rich.QuadraticCommittee', fieldsOf.dmft(s), `--times 0.1:1000:${map().times.length - 1} --method "${map().method}"`),
    },
  };
  // A value of a slider as it is shown is the value that is solved: no hidden digits.
  const rounded = settings => Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, Number(digits(value))]));
  for (const model of Object.values(models)) {
    const solve = model.solve;
    model.solve = settings => solve(rounded(settings));
  }
  globalThis.explorer = {models, digits, counts: COUNTS};
})();
