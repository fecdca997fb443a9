// Shards × workers over time, on a canvas that only draws what is in sight. The table below it says the same.

const lanesBox = byId("lanes");
const canvas = lanesBox?.querySelector("canvas");
const tip = byId("tip");
const AXIS_PX = 26;
const LABEL_PX = 104;
const lanePx = data.lanes.length > 400 ? 7 : data.lanes.length > 48 ? 11 : 18;
const KIND = { passed: "passed", failed: "failed", error: "failed", crashed: "failed", flaky: "flaky", xpassed: "flaky", unknown: "flaky", skipped: "skipped", xfailed: "skipped" };
const chart = { lanes: [], from: 0, to: 1, aligned: false };

/** Sort the attempts into lanes by their start, and lanes into jobs. */
function makeLanes() {
  const starts = new Int32Array(data.lanes.length + 1);
  for (const lane of data.a_lane) if (lane >= 0) starts[lane + 1]++;
  for (let lane = 0; lane < data.lanes.length; lane++) starts[lane + 1] += starts[lane];
  const [next, attempts] = [starts.slice(), new Int32Array(starts[data.lanes.length])];
  data.a_lane.forEach((lane, attempt) => lane >= 0 && (attempts[next[lane]++] = attempt));
  const jobs = new Map();
  chart.lanes = data.lanes.map(([shard, job, worker, first, last], number) => {
    const key = `${shard}/${job}`;
    if (!jobs.has(key)) jobs.set(key, { first: Infinity, ends: [], isFirst: true });
    const of = jobs.get(key);
    of.first = Math.min(of.first, first);
    of.ends.push(last);
    const mine = attempts.subarray(starts[number], starts[number + 1]).sort((a, b) => data.a_start[a] - data.a_start[b]);
    const label = shard ? `${shard}/${data.shards}${job > 1 ? ` (${job})` : ""}` : "";
    return { label, worker, last, job: of, attempts: mine, busy: data.busy?.[number] ?? null };
  });
  for (const job of jobs.values()) job.ends.sort((a, b) => b - a);
  // Jobs hours apart, as after a re-run, would be two slivers on one axis.
  const longest = most(chart.lanes, (lane) => lane.job.ends[0] - lane.job.first);
  chart.aligned = most(chart.lanes, (lane) => lane.last) > 3 * longest;
}

const offsetOf = (lane) => (chart.aligned ? lane.job.first : 0);
const most = (lanes, of) => lanes.reduce((largest, lane) => Math.max(largest, of(lane)), 1);
const wholeMs = () => most(chart.lanes, (lane) => lane.job.ends[0] - offsetOf(lane));
const colourOf = (kind) => getComputedStyle(document.querySelector(`.swatch.${kind}`)).backgroundColor;

/** Draw the lanes in sight. */
function paint() {
  if (!chart.lanes.length || !lanesBox.clientWidth) return;
  const [width, height, scale] = [lanesBox.clientWidth, lanesBox.clientHeight, devicePixelRatio];
  Object.assign(canvas, { width: width * scale, height: height * scale });
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(lanesBox);
  const colours = Object.fromEntries(["passed", "failed", "flaky", "skipped", "idle", "alone"].map((kind) => [kind, colourOf(kind)]));
  pen.font = `11px ${style.fontFamily}`;
  pen.textBaseline = "middle";
  const first = Math.floor(lanesBox.scrollTop / lanePx);
  const last = Math.min(chart.lanes.length, Math.ceil((lanesBox.scrollTop + height - AXIS_PX) / lanePx));
  for (let number = first; number < last; number++) {
    paintLane(pen, chart.lanes[number], AXIS_PX + number * lanePx - lanesBox.scrollTop, width, colours);
    paintLabel(pen, number, first, style.color);
  }
  paintAxis(pen, width, style);
}

const xOf = (ms, width) => LABEL_PX + ((ms - chart.from) / (chart.to - chart.from)) * (width - LABEL_PX - 12);
const msAt = (x, width) => chart.from + ((x - LABEL_PX) / (width - LABEL_PX - 12)) * (chart.to - chart.from);

/** Draw one lane: its job's time, the serial tail, then every attempt; what is red stays visible however short. */
function paintLane(pen, lane, y, width, colours) {
  const offset = offsetOf(lane);
  const [high, bar] = [lanePx > 10 ? lanePx - 4 : lanePx - 1, (from, to, colour, least) => {
    const x = Math.max(LABEL_PX, xOf(from - offset, width));
    const end = Math.min(width, xOf(to - offset, width));
    if (end < LABEL_PX || x > width) return;
    pen.fillStyle = colour;
    pen.fillRect(x, y + 2, Math.max(least, end - x), high);
  }];
  bar(lane.job.first, lane.job.ends[0], colours.idle, 1);
  if (lane.job.ends.length > 1) bar(lane.job.ends[1], lane.job.ends[0], colours.alone, 0);
  for (let i = 0; lane.busy && i < lane.busy.length; i += 2) bar(lane.busy[i], lane.busy[i + 1], colours.passed, 0.5);
  const pixelMs = (chart.to - chart.from) / (width - LABEL_PX);
  let [reach, red] = [-1, []];
  for (const attempt of lane.attempts) {
    const [start, end] = [data.a_start[attempt], data.a_start[attempt] + data.a_ms[attempt]];
    const kind = KIND[OUTCOMES[data.a_outcome[attempt]]];
    if (kind === "failed") red.push(attempt);
    const x = xOf(end - offset, width);
    if (x - reach < 0.4) continue; // already painted by the one before it
    bar(start, end - start > 6 * pixelMs ? end - pixelMs : end, colours[kind], 0.6); // long neighbours stay apart
    reach = x;
  }
  for (const attempt of red) bar(data.a_start[attempt], data.a_start[attempt] + data.a_ms[attempt], colours.failed, 2);
}

/** Write whose lane it is: the shard once, the worker where there is room. */
function paintLabel(pen, number, first, colour) {
  const lane = chart.lanes[number];
  const y = AXIS_PX + (number + 0.5) * lanePx - lanesBox.scrollTop;
  const isFirst = number === first || chart.lanes[number - 1].job !== lane.job;
  pen.fillStyle = colour;
  pen.textAlign = "left";
  if (isFirst && y > AXIS_PX) pen.fillText(lane.label, 10, y);
  pen.textAlign = "right";
  if (lanePx > 10) pen.fillText(lane.worker.slice(0, 8), LABEL_PX - 10, y);
}

/** Draw the axis over the lanes: round times, as many as have room. */
function paintAxis(pen, width, style) {
  const ground = getComputedStyle(document.body).backgroundColor;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, width, AXIS_PX - 2);
  const rough = ((chart.to - chart.from) * 90) / (width - LABEL_PX);
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5];
  const step = steps.find((value) => value >= rough) ?? 36e5 * Math.ceil(rough / 36e5);
  pen.fillStyle = style.color;
  pen.textAlign = "center";
  for (let ms = Math.ceil(chart.from / step) * step; ms <= chart.to; ms += step) {
    const x = xOf(ms, width);
    pen.globalAlpha = 0.14;
    pen.fillRect(x, AXIS_PX - 4, 1, 4000);
    pen.globalAlpha = 1;
    pen.fillText(atMs(ms), Math.min(x, width - 24), 11);
  }
}

/** Return a time on the axis: round already, so without digits for nothing. */
const atMs = (ms) => (ms % 1000 && ms < 1000 ? `${ms} ms` : ms < 60_000 ? `${ms / 1000} s` : duration(ms));

/** Show the time from `from` to `to`, within what there is. */
function zoom(from, to) {
  const whole = wholeMs();
  const size = Math.min(whole, Math.max(5, to - from));
  chart.from = Math.max(0, Math.min(from, whole - size));
  chart.to = chart.from + size;
  paint();
}

/** Show a part of what is shown, `factor` of it, around the share `at` of its width. */
function zoomBy(factor, at = 0.5) {
  const size = chart.to - chart.from;
  const from = chart.from + at * size * (1 - factor);
  zoom(from, from + factor * size);
}

/** Return the attempt at a point of the canvas, -1 where there is none. */
function attemptAt(event) {
  const y = event.offsetY - AXIS_PX + lanesBox.scrollTop;
  const lane = y >= 0 ? chart.lanes[Math.floor(y / lanePx)] : null;
  if (!lane || event.offsetY < AXIS_PX) return -1;
  const ms = msAt(event.offsetX, lanesBox.clientWidth) + offsetOf(lane);
  const near = (1.5 * (chart.to - chart.from)) / lanesBox.clientWidth;
  const hits = lane.attempts.filter((a) => data.a_start[a] - near <= ms && ms <= data.a_start[a] + data.a_ms[a] + near);
  const isRed = (attempt) => KIND[OUTCOMES[data.a_outcome[attempt]]] === "failed";
  return hits.find(isRed) ?? hits[0] ?? -1;
}

/** Return the test that an attempt is of. */
function testOfAttempt(attempt) {
  let [low, high] = [0, nTests];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (firstAttempt[middle + 1] > attempt) high = middle;
    else low = middle + 1;
  }
  return low;
}
