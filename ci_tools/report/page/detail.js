// One test, beside the page: what it said, every attempt, how to run it again.

const dialog = byId("detail");
const pane = dialog.querySelector(".pane");

/** Open the test of this id, or say that it isn't here. */
function openTest(id) {
  const test = testOf(id);
  const close = element("button", { type: "button", "aria-label": "Close" }, "Close");
  close.addEventListener("click", () => dialog.close());
  const title = element("h2", { id: "d-name" }, ...(test < 0 ? ["No such test here"] : nameSpans(test)));
  const inside = test < 0 ? [element("p", {}, id)] : [...about(test)];
  pane.replaceChildren(element("header", {}, title, close), ...inside);
  if (dialog.open) return;
  dialog.showModal();
  pane.parentElement.scrollTop = 0;
}

/** Yield what there is to say of a test. */
function* about(test) {
  const shard = data.shard[test] ? `shard ${data.shard[test]}` : "";
  const facts = [outcomeOf(test), causeOf(test), whyOf(test), duration(msOf[test]), shard].filter(Boolean).join(" · ");
  yield element("p", { class: "facts" }, icon(outcomeOf(test)), ` ${facts}`);
  if (!unsafe.has(test) && outcomeOf(test) !== "not run") {
    const command = element("code", { class: "command" }, `python -m pytest ${quoted(nameOf(test))}`);
    yield element("p", { class: "actions" }, command, copyButton());
  }
  const isOne = firstAttempt[test + 1] - firstAttempt[test] === 1;
  for (let attempt = firstAttempt[test]; attempt < firstAttempt[test + 1]; attempt++) yield* told(attempt, attempt - firstAttempt[test], isOne);
  yield element("p", {}, element("a", { href: `#${hashOf({ ...NOTHING, file: fileOf(test) })}` }, "All tests of this file"));
}

/** Yield what one attempt said. */
function* told(attempt, number, isOne) {
  const more = data.more[attempt] ?? {};
  const outcome = OUTCOMES[data.a_outcome[attempt]];
  const worker = more.worker ?? (data.lanes[data.a_lane[attempt]] ?? [])[2] ?? "";
  const job = more.job > 1 ? `attempt ${more.job} of the job` : "";
  const parts = [outcome, duration(data.a_ms[attempt]), worker, job, more.fresh ? "fresh process" : "", more.phase ? `in ${more.phase}` : ""];
  const line = parts.filter(Boolean).join(" · ");
  yield isOne ? element("p", { class: "hint" }, line) : element("h3", {}, icon(outcome), `Attempt ${number + 1}`, element("span", { class: "hint" }, line));
  if (more.location) yield element("p", { class: "hint" }, more.location);
  const text = more.text ?? more.message;
  if (text) yield element("pre", { tabindex: 0, role: "region", "aria-label": `what attempt ${number + 1} said` }, text);
}

/** Return a button that copies what stands before it. */
function copyButton() {
  const button = element("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", () => copy(button));
  return button;
}

/** Copy the command before a button; where the clipboard is closed, select it instead. */
async function copy(button) {
  const command = button.previousElementSibling;
  try {
    await navigator.clipboard.writeText(command.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(command);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
dialog.addEventListener("close", () => {
  if (!view.test || dialog.open) return; // told late: the next test may be open by now
  view = { ...view, test: "" };
  remember();
});
