// The tests in columns, as columns.py writes them. A test is a number: its row, sorted by node id.

const data = JSON.parse(document.getElementById("data").textContent);
const nTests = data.name.length;
const OUTCOMES = data.outcomes;
// Those that ask for attention first: how the list begins.
const SEVERITY = ["failed", "error", "crashed", "not run", "flaky", "unknown", "xpassed", "xfailed", "skipped", "passed"];
const severityOf = OUTCOMES.map((outcome) => SEVERITY.indexOf(outcome));

// Attempts of a test: firstAttempt[test] up to, but without, firstAttempt[test + 1].
const firstAttempt = new Int32Array(nTests + 1);
const msOf = new Float64Array(nTests);
for (let test = 0; test < nTests; test++) {
  const count = data.count[test] ?? 1;
  firstAttempt[test + 1] = firstAttempt[test] + count;
  msOf[test] = count ? data.a_ms[firstAttempt[test] + (data.final[test] ?? 0)] : NaN;
}
const unsafe = new Set(data.unsafe);

const fileOf = (test) => data.files[data.file[test]];
const nameOf = (test) => fileOf(test) + data.name[test];
const outcomeOf = (test) => OUTCOMES[data.outcome[test]];
const causeOf = (test) => (data.cause[test] ? data.causes[data.cause[test][0]] : "");
const whyOf = (test) => data.why[test] ?? (data.cause[test] ? data.cause[test][1] : "");

let lowered = null;

/** Return each test's id in lower case; made once, when somebody searches. */
function searchable() {
  lowered ??= Array.from({ length: nTests }, (_, test) => nameOf(test).toLowerCase());
  return lowered;
}

/** Return the test of this id, -1 for none. */
function testOf(id) {
  for (let test = 0; test < nTests; test++) {
    if (id.startsWith(fileOf(test)) && nameOf(test) === id) return test;
  }
  return -1;
}

/** Return milliseconds as people say them. */
function duration(ms) {
  if (Number.isNaN(ms)) return "";
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9_995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  const [minutes, rest] = [Math.floor(seconds / 60), String(seconds % 60).padStart(2, "0")];
  if (minutes < 60) return `${minutes}m ${rest}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, "0")}m`;
}

/** Return `1 test`, `1,234 tests`. */
const counted = (number, noun) => `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;

/** Return what a POSIX shell reads as this one word; as Python's shlex.quote. */
const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`);

const byId = (id) => document.getElementById(id);

/** Return a new element; text is always text, whatever is in it. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== ""));
  return made;
}

/** Return the picture of an outcome. */
function icon(kind) {
  const name = kind.replaceAll(" ", "-");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon ${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  svg.firstChild.setAttribute("href", `#i-${name}`);
  return svg;
}

/** Return a test's id in two tones. */
const nameSpans = (test) => [
  element("span", { class: "file" }, fileOf(test)),
  element("span", { class: "rest" }, data.name[test]),
];
