// Where the parts meet: controls ↔ view ↔ address, the theme, the timeline's buttons.

const REDRAWN = ["q", "file", "cause", "shard", "outcome", "sort"];
let drawn = "";

/** Make a view the one that is seen. */
function apply(wanted) {
  view = wanted;
  for (const name of ["q", "file", "cause", "shard"]) if (byId(name).value !== view[name]) byId(name).value = view[name];
  const outcomes = view.outcome.split(",");
  for (const chip of document.querySelectorAll(".chips button")) {
    chip.setAttribute("aria-pressed", outcomes.includes(chip.dataset.outcome));
  }
  for (const head of document.querySelectorAll("#rows th[aria-sort]")) {
    const key = head.firstElementChild.dataset.sort;
    head.setAttribute("aria-sort", view.sort === key ? "ascending" : view.sort === `-${key}` ? "descending" : "none");
  }
  byId("clear").hidden = !["q", "file", "cause", "shard", "outcome"].some((name) => view[name]);
  const wantedRows = JSON.stringify(REDRAWN.map((name) => view[name]));
  if (wantedRows !== drawn) {
    drawn = wantedRows;
    const tests = matching(view);
    show(tests);
    const isAll = tests.length === nTests;
    const of = isAll ? "" : `${tests.length.toLocaleString("en-US")} of `;
    const notRun = isAll && nNotRun ? `, ${nNotRun.toLocaleString("en-US")} of them not run` : "";
    byId("matches").textContent = of + counted(nTests, "test") + (data.left_out ? " that are here" : "") + notRun;
  }
  if (view.test) openTest(view.test);
  else if (dialog.open) dialog.close();
}

/** Change the view, and the address with it. */
function change(part) {
  apply({ ...view, ...part });
  remember();
}

/** Follow the address: a link, a bookmark, the way back. */
function follow() {
  const wanted = viewOf(location.hash);
  if (wanted === null) return;
  const isFilter = REDRAWN.some((name) => wanted[name] !== NOTHING[name]);
  apply(wanted);
  if (isFilter && !wanted.test) byId("tests").scrollIntoView();
}

/** Fill the controls with what there is to choose from. */
function offer() {
  const counts = outcomeCounts();
  for (const outcome of SEVERITY.filter((name) => counts.has(name))) {
    const number = element("span", { class: "number" }, counts.get(outcome).toLocaleString("en-US"));
    const chip = element("button", { type: "button", "data-outcome": outcome, "aria-pressed": "false" }, icon(outcome), outcome, number);
    chip.addEventListener("click", () => toggle(outcome));
    document.querySelector(".chips").append(chip);
  }
  const used = new Set(Object.values(data.cause).map(([cause]) => cause));
  data.causes.forEach((cause, number) => used.has(number) && byId("cause").append(element("option", {}, cause)));
  for (let shard = 1; shard <= data.shards; shard++) byId("shard").append(element("option", {}, String(shard)));
  byId("cause").parentElement.hidden = !used.size;
  byId("shard").parentElement.hidden = data.shards < 2;
  byId("file").addEventListener("focus", () => {
    if (!byId("files").firstChild) byId("files").append(...data.files.slice(0, 5000).map((name) => element("option", { value: name })));
  });
}

/** Add an outcome to the filter, or take it away. */
function toggle(outcome) {
  const outcomes = new Set(view.outcome.split(",").filter(Boolean));
  if (!outcomes.delete(outcome)) outcomes.add(outcome);
  change({ outcome: SEVERITY.filter((name) => outcomes.has(name)).join(",") });
}

/** Sort by a column; once more, the other way round. What is measured starts with the most. */
function sortBy(key) {
  const first = key === "seconds" ? "-seconds" : key;
  const other = key === "seconds" ? "seconds" : `-${key}`;
  change({ sort: view.sort === first ? other : first });
}

const THEMES = ["auto", "light", "dark"];
let theme = "auto";

/** Show a theme, and keep it where the browser lets us: not on every file:// page. */
function setTheme(name) {
  theme = THEMES.includes(name) ? name : "auto";
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId("theme").firstElementChild.textContent = theme;
  paintSoon();
}
function kept(name) {
  try {
    if (name) localStorage.setItem("xdist-ci-theme", name);
    return localStorage.getItem("xdist-ci-theme");
  } catch {
    return null;
  }
}

const paintSoon = () => canvas && requestAnimationFrame(paint);

/** Make the timeline when it comes near, so that it holds up nothing else. */
function offerTimeline() {
  if (!canvas) return;
  byId("chart").hidden = false;
  const height = Math.min(460, AXIS_PX + data.lanes.length * lanePx + 8);
  lanesBox.style.height = `${height + 2}px`;
  lanesBox.querySelector(".room").style.height = `${Math.max(0, AXIS_PX + data.lanes.length * lanePx - height + 8)}px`;
  const isNear = (entries) => entries.some((entry) => entry.isIntersecting) && startTimeline();
  new IntersectionObserver(isNear, { rootMargin: "400px" }).observe(lanesBox);
  addEventListener("beforeprint", startTimeline);
  byId("align").addEventListener("click", () => align(!chart.aligned));
  byId("zoom-in").addEventListener("click", () => zoomBy(0.5));
  byId("zoom-out").addEventListener("click", () => zoomBy(2));
  byId("zoom-all").addEventListener("click", () => zoom(0, wholeMs()));
  listenToCanvas();
}

function startTimeline() {
  if (chart.lanes.length) return;
  makeLanes();
  align(chart.aligned);
}

function align(isAligned) {
  chart.aligned = isAligned;
  byId("align").setAttribute("aria-pressed", isAligned);
  zoom(0, wholeMs());
}

function listenToCanvas() {
  lanesBox.addEventListener("scroll", paintSoon, { passive: true });
  addEventListener("resize", paintSoon);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintSoon);
  canvas.addEventListener("keydown", (event) => {
    const size = chart.to - chart.from;
    const act = { "+": () => zoomBy(0.5), "=": () => zoomBy(0.5), "-": () => zoomBy(2), 0: () => zoom(0, wholeMs()) }[event.key];
    const step = { ArrowLeft: -0.2, ArrowRight: 0.2 }[event.key];
    const lines = { ArrowUp: -3, ArrowDown: 3 }[event.key];
    if (act) act();
    else if (step) zoom(chart.from + step * size, chart.to + step * size);
    else if (lines) lanesBox.scrollTop += lines * lanePx;
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomBy(event.deltaY > 0 ? 1.25 : 0.8, (event.offsetX - LABEL_PX) / (lanesBox.clientWidth - LABEL_PX));
  }, { passive: false });
  canvas.addEventListener("mousemove", (event) => {
    const attempt = attemptAt(event);
    tip.hidden = attempt < 0;
    if (attempt < 0) return;
    tip.textContent = `${nameOf(testOfAttempt(attempt))}\n${OUTCOMES[data.a_outcome[attempt]]} · ${duration(data.a_ms[attempt])}`;
    const place = canvas.getBoundingClientRect();
    const parent = byId("chart").getBoundingClientRect();
    tip.style.left = `${Math.min(event.offsetX + 14, parent.width - tip.offsetWidth - 4)}px`;
    tip.style.top = `${place.top - parent.top + event.offsetY + 16}px`;
  });
  canvas.addEventListener("mouseleave", () => (tip.hidden = true));
  canvas.addEventListener("click", (event) => {
    const attempt = attemptAt(event);
    if (attempt >= 0) change({ test: nameOf(testOfAttempt(attempt)) });
  });
}

for (const button of document.querySelectorAll(".copy")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
byId("theme").hidden = false;
byId("theme").addEventListener("click", () => {
  setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
  kept(theme);
});
byId("explorer").hidden = false;
offer();
for (const name of ["q", "file"]) byId(name).addEventListener("input", (event) => change({ [name]: event.target.value }));
for (const name of ["cause", "shard"]) byId(name).addEventListener("change", (event) => change({ [name]: event.target.value }));
for (const button of document.querySelectorAll("[data-sort]")) button.addEventListener("click", () => sortBy(button.dataset.sort));
byId("clear").addEventListener("click", () => {
  change({ ...NOTHING, sort: view.sort });
  byId("q").focus();
});
document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input, select") || dialog.open) return;
  event.preventDefault();
  byId("q").focus();
});
addEventListener("hashchange", follow);
addEventListener("beforeprint", () => document.querySelectorAll(".card").forEach((card) => (card.open = true)));
setTheme(kept() ?? "auto");
resized();
apply(view);
offerTimeline();
follow();
document.documentElement.dataset.ready = "";
