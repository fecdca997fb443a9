// What is looked at: search, filters, order, the open test. The address always says it, and may set it.

const NOTHING = { q: "", file: "", cause: "", shard: "", outcome: "", sort: "outcome", test: "" };
let view = { ...NOTHING };

/** Return the view of an address's fragment, null when that is a place in the page instead. */
function viewOf(hash) {
  if (!hash.includes("=")) return null;
  const parameters = new URLSearchParams(hash.slice(1).replaceAll("+", "%2B"));
  const read = { ...NOTHING };
  for (const name of Object.keys(NOTHING)) read[name] = parameters.get(name) ?? NOTHING[name];
  if (!Object.hasOwn(KEYS, read.sort.replace(/^-/, ""))) read.sort = NOTHING.sort;
  return read;
}

/** Return the fragment of a view; nothing is said of what is as always. */
function hashOf(wanted) {
  const parts = Object.entries(wanted).filter(([name, value]) => value !== NOTHING[name]);
  return parts.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed?.() ?? value)}`).join("&");
}

/** Write the view into the address, in place of the last one. */
function remember() {
  const hash = hashOf(view);
  try {
    history.replaceState(null, "", hash ? `#${hash}` : location.href.split("#")[0]);
  } catch {
    location.hash = hash; // some browsers allow it on file:// only so
  }
}

/** Return the tests that fit the view, in its order. */
function matching({ q, file, cause, shard, outcome, sort }) {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const names = words.length ? searchable() : [];
  const files = data.files.map((name) => !file || name.includes(file));
  const outcomes = new Set(outcome ? outcome.split(",") : OUTCOMES);
  const wanted = OUTCOMES.map((name) => outcomes.has(name));
  const found = new Int32Array(nTests);
  let length = 0;
  for (let test = 0; test < nTests; test++) {
    if (!wanted[data.outcome[test]] || !files[data.file[test]]) continue;
    if (shard && String(data.shard[test]) !== shard) continue;
    if (cause && causeOf(test) !== cause) continue;
    if (words.every((word) => names[test].includes(word))) found[length++] = test;
  }
  return ordered(found.subarray(0, length), sort);
}

/** Return how many tests have each outcome, whatever the filter on outcomes. */
function outcomeCounts() {
  const counts = new Map();
  for (const code of data.outcome) counts.set(OUTCOMES[code], (counts.get(OUTCOMES[code]) ?? 0) + 1);
  return counts;
}
const nNotRun = outcomeCounts().get("not run") ?? 0;

const KEYS = {
  name: () => 0,
  outcome: (test) => severityOf[data.outcome[test]] + (data.cause[test]?.[0] ?? 0) / data.causes.length, // news first
  shard: (test) => data.shard[test],
  seconds: (test) => (Number.isNaN(msOf[test]) ? -1 : msOf[test]),
};

/** Sort tests by `key` or `-key`; equal ones stay in the order of their ids. */
function ordered(tests, sort) {
  const [key, sign] = sort.startsWith("-") ? [sort.slice(1), -1] : [sort, 1];
  const of = KEYS[key];
  if (of === KEYS.name) return sign === 1 ? tests : tests.reverse();
  const keys = new Float64Array(nTests);
  for (const test of tests) keys[test] = of(test);
  return tests.sort((a, b) => sign * (keys[a] - keys[b]) || a - b);
}
