// The list of all tests. Only the rows in sight exist; assistive technology is told the true row numbers.

const BEYOND = 12; // rows on either side of what is seen
const scroller = byId("rows");
const body = scroller.querySelector("tbody");
const before = element("tr", { class: "space", "aria-hidden": "true" }, element("td"));
const after = element("tr", { class: "space", "aria-hidden": "true" }, element("td"));
const made = new Map(); // place in the list → its row
let rowPx = 34;
let shown = new Int32Array(0);
let active = 0; // the row that Tab enters

/** Show these tests from the top. */
function show(tests) {
  shown = tests;
  active = 0;
  for (const row of made.values()) row.remove();
  made.clear();
  scroller.querySelector("table").setAttribute("aria-rowcount", tests.length + 1);
  scroller.scrollTop = 0;
  draw();
}

/** Make the rows in sight and drop the others. */
function draw() {
  const top = Math.max(0, Math.floor(scroller.scrollTop / rowPx) - BEYOND);
  const end = Math.min(shown.length, top + Math.ceil(scroller.clientHeight / rowPx) + 2 * BEYOND);
  for (const [place, row] of made) {
    if (place >= top && place < end) continue;
    if (row.contains(document.activeElement)) scroller.focus({ preventScroll: true });
    row.remove();
    made.delete(place);
  }
  before.firstChild.style.height = `${top * rowPx}px`;
  after.firstChild.style.height = `${(shown.length - end) * rowPx}px`;
  if (!before.isConnected) body.append(before, after);
  let last = before;
  for (let place = top; place < end; place++) {
    const row = made.get(place) ?? rowOf(place);
    if (last.nextSibling !== row) last.after(row);
    made.set(place, row);
    last = row;
  }
  byId("none")?.remove();
  if (!shown.length) before.after(element("tr", { id: "none" }, element("td", { colspan: 2, class: "none" }, "No test matches.")));
}

/** Return the row of the test at a place. */
function rowOf(place) {
  const test = shown[place];
  const link = element("a", { href: `#${hashOf({ ...view, test: nameOf(test) })}`, title: nameOf(test) }, ...nameSpans(test));
  link.tabIndex = place === active ? 0 : -1;
  const cause = causeOf(test);
  return element(
    "tr",
    { "aria-rowindex": place + 2 },
    element("td", { class: "c-outcome" }, icon(outcomeOf(test)), element("span", {}, ` ${outcomeOf(test)}`)),
    element("td", { class: "c-name" }, link),
    element("td", { class: "c-cause" }, cause ? element("span", { class: `badge ${cause.replaceAll(" ", "-")}` }, cause) : ""),
    element("td", { class: "c-shard" }, data.shard[test] ? String(data.shard[test]) : ""),
    element("td", { class: "c-time" }, duration(msOf[test])),
  );
}

/** Move the keyboard to a place in the list. */
function goTo(place) {
  const target = Math.max(0, Math.min(shown.length - 1, place));
  if (!shown.length) return;
  made.get(active)?.querySelector("a").setAttribute("tabindex", "-1");
  active = target;
  const [top, height] = [active * rowPx, scroller.clientHeight - 2 * rowPx];
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top > scroller.scrollTop + height) scroller.scrollTop = top - height;
  draw();
  const link = made.get(active).querySelector("a");
  link.tabIndex = 0;
  link.focus({ preventScroll: true });
}

scroller.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
/** Measure again: on a narrow screen rows are higher. */
function resized() {
  const top = scroller.scrollTop / rowPx;
  rowPx = parseInt(getComputedStyle(scroller).getPropertyValue("--row"), 10);
  scroller.scrollTop = top * rowPx;
  draw();
}

addEventListener("resize", resized);
scroller.addEventListener("keydown", (event) => {
  if (event.target.closest("thead") || event.ctrlKey || event.metaKey || event.altKey) return;
  const page = Math.max(1, Math.floor(scroller.clientHeight / rowPx) - 2);
  const first = Math.ceil(scroller.scrollTop / rowPx);
  const target = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: shown.length }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  const isEntered = event.target !== scroller || event.key === "Home" || event.key === "End";
  goTo(isEntered ? target : active >= first && active < first + page ? active : first);
});
