"use strict";
// Sliders, curve and tangent, contours and descent. EXPLORED holds the inputs and the function made of the program's kernel.
(function () {
  if (typeof EXPLORED === "undefined") return;
  const inputs = EXPLORED.inputs, active = inputs.map((one, k) => (one.active ? k : -1)).filter((k) => k >= 0);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const home = inputs.map((one) => one.value);
  const state = { at: [...home], across: active[0], up: active.length > 1 ? active[1] : -1, rate: -1, path: [], playing: null };
  if (active.length > 2) state.up = -1;
  const drawings = [];
  const WIDTH = 480, HEIGHT = 340, LEFT = 64, RIGHT = 14, TOP = 30, BOTTOM = 40;

  function evaluate(at) {
    const [value, ...slopes] = EXPLORED.evaluate(...at);
    const gradient = inputs.map(() => 0);
    active.forEach((k, j) => (gradient[k] = slopes[j]));
    return { value, gradient };
  }

  function figure(x, lang, digits = 4) {
    if (!Number.isFinite(x)) return "";
    const size = Math.abs(x);
    if (size !== 0 && (size >= 1e6 || size < 1e-4)) {
      const [head, power] = x.toExponential(digits - 1).split("e");
      return figure(Number(head), lang, digits) + " · 10" + raised(Number(power));
    }
    return new Intl.NumberFormat(lang, { maximumSignificantDigits: digits, useGrouping: false }).format(x === 0 ? 0 : x).replace("-", "−");
  }

  function raised(power) {
    return [...String(power)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)])).join("");
  }

  function limits(k) {
    const { low, high } = inputs[k], room = 0.08 * (high - low), x = state.at[k];
    return [x < low ? x - room : low, x > high ? x + room : high];
  }

  function ticks(low, high, count) {
    const raw = (high - low) / count, power = Math.pow(10, Math.floor(Math.log10(raw)));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw) || raw;
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step && found.length < 20; k++) found.push(Number((k * step).toPrecision(12)));
    return found;
  }

  function element(name, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function filled(text, fields) {
    return text.replace(/\{(\w+)\}/g, (whole, key) => (key in fields ? fields[key] : whole));
  }

  class Drawing {
    constructor(box) {
      this.box = box;
      this.lang = box.closest("main").lang;
      this.words = JSON.parse(box.dataset.words);
      this.svg = box.querySelector(".plot");
      for (const slider of box.querySelectorAll("input[data-input]")) {
        slider.addEventListener("input", () => {
          state.at[Number(slider.dataset.input)] = Number(slider.value);
          state.path = [];
          pause();
          draw();
        });
      }
      for (const select of box.querySelectorAll("select")) {
        select.addEventListener("change", () => {
          state[select.dataset.axis] = select.value === "" ? -1 : Number(select.value);
          if (state.up === state.across) state.up = -1;
          state.path = [];
          pause();
          draw();
        });
      }
      box.querySelector(".rate")?.addEventListener("input", (event) => {
        state.rate = Number(event.target.value);
        draw();
      });
      const actions = { home: reset, step, back, play };
      for (const button of box.querySelectorAll("[data-do]")) button.addEventListener("click", () => actions[button.dataset.do]());
    }

    figure(x, digits) {
      return figure(x, this.lang, digits) || this.words.undefined;
    }

    draw() {
      if (!this.box.getClientRects().length) return;
      const { value, gradient } = evaluate(state.at);
      this.box.querySelector(".of-value").textContent = this.figure(value, 6);
      this.box.querySelectorAll(".input").forEach((row, k) => {
        const slider = row.querySelector("input");
        slider.value = state.at[k];
        row.querySelector(".now").textContent = this.figure(state.at[k]);
        slider.setAttribute("aria-valuetext", this.figure(state.at[k]));
        const slope = row.querySelector(".slope output");
        if (slope) slope.textContent = this.figure(gradient[k]);
        row.classList.toggle("raises", inputs[k].active && gradient[k] > 0);
        row.classList.toggle("lowers", inputs[k].active && gradient[k] < 0);
      });
      if (!this.svg) return;
      for (const select of this.box.querySelectorAll("select")) {
        const k = state[select.dataset.axis];
        select.value = k < 0 ? "" : String(k);
        if (select.dataset.axis === "up") for (const option of select.options) option.disabled = option.value === String(state.across);
      }
      this.box.querySelector(".rate").value = state.rate;
      this.box.querySelector(".eta").textContent = this.figure(Math.pow(10, state.rate), 3);
      const button = this.box.querySelector("[data-do=play]");
      button.textContent = state.playing ? this.words.pause : this.words.play;
      button.hidden = calm.matches;
      this.box.querySelector(".told").textContent =
        state.path.length > 1
          ? filled(this.words.path, { count: state.path.length - 1, output: EXPLORED.output, value: this.figure(value, 6) })
          : "";
      this.svg.replaceChildren();
      if (state.up < 0) this.curve(value, gradient);
      else this.contour(value, gradient);
    }

    axes(x, y, across, up) {
      const px = (v) => LEFT + ((v - x[0]) / (x[1] - x[0])) * (WIDTH - LEFT - RIGHT);
      const py = (v) => HEIGHT - BOTTOM - ((v - y[0]) / (y[1] - y[0])) * (HEIGHT - TOP - BOTTOM);
      const clip = "clip-" + this.lang;
      const defs = element("clipPath", { id: clip });
      defs.append(element("rect", { x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM }));
      this.svg.append(defs);
      for (const v of ticks(x[0], x[1], 5)) {
        this.svg.append(element("path", { class: "grid", d: `M${px(v)} ${TOP}V${HEIGHT - BOTTOM}` }));
        this.svg.append(element("text", { class: "tick", x: px(v), y: HEIGHT - BOTTOM + 15, "text-anchor": "middle" }, figure(v, this.lang, 6)));
      }
      for (const v of ticks(y[0], y[1], 5)) {
        this.svg.append(element("path", { class: "grid", d: `M${LEFT} ${py(v)}H${WIDTH - RIGHT}` }));
        this.svg.append(element("text", { class: "tick", x: LEFT - 6, y: py(v) + 4, "text-anchor": "end" }, figure(v, this.lang, 6)));
      }
      this.svg.append(element("rect", { class: "frame", x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM }));
      this.svg.append(element("text", { class: "axis", x: WIDTH - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, across));
      this.svg.append(element("text", { class: "axis", x: LEFT, y: TOP - 10, "text-anchor": "start" }, up));
      const inside = element("g", { "clip-path": `url(#${clip})` });
      this.svg.append(inside);
      return { px, py, inside };
    }

    curve(value, gradient) {
      const k = state.across, x = limits(k), at = [...state.at], points = [];
      for (let j = 0; j <= 240; j++) {
        at[k] = x[0] + ((x[1] - x[0]) * j) / 240;
        points.push([at[k], EXPLORED.evaluate(...at)[0]]);
      }
      const heights = points.map((p) => p[1]).filter(Number.isFinite).sort((a, b) => a - b);
      if (Number.isFinite(value)) heights.push(value);
      if (!heights.length) return this.caption(this.words.undefined);
      let low = Math.min(...heights), high = Math.max(...heights);
      const most = heights[Math.floor(heights.length * 0.97)], least = heights[Math.floor(heights.length * 0.03)];
      if (high - low > 20 * (most - least) && most > least) [low, high] = [Math.min(least, value), Math.max(most, value)];
      const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
      const { px, py, inside } = this.axes(x, [low - room, high + room], inputs[k].name, EXPLORED.output);
      const far = (v) => Math.max(-2000, Math.min(2000, v));
      let d = "", open = false;
      for (const [u, v] of points) {
        const fine = Number.isFinite(v);
        if (fine) d += `${open ? "L" : "M"}${px(u).toFixed(1)} ${far(py(v)).toFixed(1)}`;
        open = fine;
      }
      inside.append(element("path", { class: "curve", d }));
      const x0 = state.at[k], slope = gradient[k];
      if (Number.isFinite(slope) && Number.isFinite(value)) {
        const line = x.map((u) => `${px(u).toFixed(1)} ${py(value + slope * (u - x0)).toFixed(1)}`);
        inside.append(element("path", { class: "tangent", d: `M${line[0]}L${line[1]}` }));
      }
      this.trail(inside, state.path.map((p) => [px(p.at[k]), py(p.value)]));
      if (Number.isFinite(value)) inside.append(element("circle", { class: "here", cx: px(x0), cy: py(value), r: 5.5 }));
      this.caption(this.words["curve.note"], { output: EXPLORED.output, input: inputs[k].name, slope: this.figure(slope) });
    }

    contour(value, gradient) {
      const i = state.across, j = state.up, x = limits(i), y = limits(j), at = [...state.at], N = 48, grid = [];
      for (let b = 0; b <= N; b++) {
        at[j] = y[0] + ((y[1] - y[0]) * b) / N;
        const row = [];
        for (let a = 0; a <= N; a++) {
          at[i] = x[0] + ((x[1] - x[0]) * a) / N;
          row.push(EXPLORED.evaluate(...at)[0]);
        }
        grid.push(row);
      }
      const all = grid.flat().filter(Number.isFinite).sort((a, b) => a - b);
      if (!all.length) return this.caption(this.words.undefined);
      const { px, py, inside } = this.axes(x, y, inputs[i].name, inputs[j].name);
      // Levels at even ranks and not at even heights: what lies low stays visible beside a steep wall.
      const levels = [...new Set(Array.from({ length: 13 }, (_, k) => all[Math.floor(((k + 0.5) / 13) * all.length)]))];
      const place = (a, b) => [px(x[0] + ((x[1] - x[0]) * a) / N), py(y[0] + ((y[1] - y[0]) * b) / N)];
      levels.forEach((level, k) => {
        const d = isolines(grid, N, level).map(([p, q]) => {
          const [u, v] = place(...p), [s, t] = place(...q);
          return `M${u.toFixed(1)} ${v.toFixed(1)}L${s.toFixed(1)} ${t.toFixed(1)}`;
        });
        inside.append(element("path", { class: "level", d: d.join("") || "M0 0", style: `opacity:${(0.25 + (0.75 * (k + 1)) / levels.length).toFixed(2)}` }));
      });
      this.trail(inside, state.path.map((p) => [px(p.at[i]), py(p.at[j])]));
      const here = [px(state.at[i]), py(state.at[j])];
      const push = [px(state.at[i] - gradient[i]) - here[0], py(state.at[j] - gradient[j]) - here[1]], size = Math.hypot(...push);
      if (size > 0 && Number.isFinite(size)) {
        const [u, v] = push.map((p) => p / size), [s, t] = [here[0] + 42 * u, here[1] + 42 * v];
        inside.append(element("path", { class: "arrow", d: `M${here[0]} ${here[1]}L${s} ${t}M${s} ${t}L${s - 9 * u + 5 * v} ${t - 9 * v - 5 * u}M${s} ${t}L${s - 9 * u - 5 * v} ${t - 9 * v + 5 * u}` }));
      }
      inside.append(element("circle", { class: "here", cx: here[0], cy: here[1], r: 5.5 }));
      this.caption(this.words["contour.note"], { output: EXPLORED.output, low: this.figure(all[0], 3), high: this.figure(all[all.length - 1], 3) });
    }

    trail(inside, points) {
      const shown = points.filter((p) => p.every(Number.isFinite)).map((p) => p.map((v) => Math.max(-3000, Math.min(3000, v))));
      if (shown.length < 2) return;
      inside.append(element("path", { class: "trail", d: "M" + shown.map((p) => p.map((v) => v.toFixed(1)).join(" ")).join("L") }));
      for (const [u, v] of shown.slice(0, -1)) inside.append(element("circle", { class: "stop", cx: u, cy: v, r: 2.6 }));
    }

    caption(text, fields = {}) {
      this.box.querySelector(".caption").textContent = filled(text, fields);
    }
  }

  // Marching squares: the pieces of a level line, cell by cell; cells without a value at a corner have none.
  function isolines(grid, N, level) {
    const found = [];
    for (let b = 0; b < N; b++) {
      for (let a = 0; a < N; a++) {
        const corners = [[a, b], [a + 1, b], [a + 1, b + 1], [a, b + 1]], values = corners.map(([u, v]) => grid[v][u]);
        if (!values.every(Number.isFinite)) continue;
        const cuts = [];
        for (let k = 0; k < 4; k++) {
          const m = (k + 1) % 4, p = values[k], q = values[m];
          if (p < level === q < level) continue;
          const share = (level - p) / (q - p);
          cuts.push([corners[k][0] + share * (corners[m][0] - corners[k][0]), corners[k][1] + share * (corners[m][1] - corners[k][1])]);
        }
        for (let k = 0; k + 1 < cuts.length; k += 2) found.push([cuts[k], cuts[k + 1]]);
      }
    }
    return found;
  }

  function moved() {
    return state.up < 0 ? [state.across] : [state.across, state.up];
  }

  function step() {
    const { value, gradient } = evaluate(state.at);
    if (!state.path.length) state.path.push({ at: [...state.at], value });
    const next = [...state.at];
    for (const k of moved()) next[k] -= Math.pow(10, state.rate) * gradient[k];
    const reached = evaluate(next).value;
    if (!next.every(Number.isFinite) || !Number.isFinite(reached) || state.path.length > 400) return pause(), draw(), false;
    state.at = next;
    state.path.push({ at: next, value: reached });
    draw();
    return moved().some((k) => Math.abs(gradient[k]) > 1e-9);
  }

  function play() {
    if (state.playing) return pause(), draw();
    state.playing = setInterval(() => step() || (pause(), draw()), 160);
    draw();
  }

  function pause() {
    clearInterval(state.playing);
    state.playing = null;
  }

  function back() {
    pause();
    if (state.path.length) state.at = [...state.path[0].at];
    state.path = [];
    draw();
  }

  function reset() {
    pause();
    state.at = [...home];
    state.path = [];
    draw();
  }

  function draw() {
    for (const drawing of drawings) drawing.draw();
  }

  for (const box of document.querySelectorAll(".explorer")) drawings.push(new Drawing(box));
  document.addEventListener("shown", draw);
  calm.addEventListener("change", draw);
  window.EXPLORER = state;
  draw();
})();
