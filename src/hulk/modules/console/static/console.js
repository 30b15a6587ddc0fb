// Hulk's console in the browser: keys, questions before acts, live pages. Pages work without it; nothing here is evaluated from text.
"use strict";

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const typing = () => document.activeElement?.matches("input, textarea, select, [contenteditable]");
const dialogOpen = () => $("dialog[open]");

// The person's time zone is known to the browser alone: told once, then kept in a cookie.
function tellZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || document.documentElement.dataset.zone === zone || sessionStorage.getItem("zone") === zone) return;
  sessionStorage.setItem("zone", zone);
  document.cookie = `hulk-zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  refresh();
}

// Live pages. While the page is hidden nothing is held open: browsers allow few connections to one server.
let source = null, missed = false, dirty = false, last = 0;
const mode = () => document.body.dataset.live.trim();

function refresh() {
  const page = $("#page");
  if (page) htmx.trigger(page, "live");
}

function changed() {
  if (mode() === "pill") { $("#news").hidden = false; return; }
  if (mode() !== "morph") return;
  if (dialogOpen() || document.hidden || String(getSelection())) { dirty = true; return; }
  const wait = 700 - (Date.now() - last);
  if (wait > 0) { if (!dirty) { dirty = true; setTimeout(() => { if (dirty) changed(); }, wait); } return; }
  dirty = false; last = Date.now();
  refresh();
}

function listen() {
  if (!mode() || document.hidden || source) return;
  const { topics, about } = document.body.dataset;
  source = new EventSource(`/console/live?topics=${encodeURIComponent(topics.trim())}&about=${encodeURIComponent(about.trim())}`);
  source.addEventListener("ready", () => { $("#gone").hidden = true; if (missed) { missed = false; changed(); } });
  source.addEventListener("changed", changed);
  source.addEventListener("error", () => {
    missed = true; away();
    if (source.readyState === EventSource.CLOSED) { source = null; setTimeout(listen, 2000); }
  });
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) { source?.close(); source = null; missed = true; } else listen();
});
// Figures that no event tells of, such as how long something waits. A page may say how many seconds they are good for; 0: for ever.
const every = () => 1000 * ($("#page [data-every]")?.dataset.every ?? 5) || Infinity;
setInterval(() => { if (mode() === "morph" && (dirty || Date.now() - last >= every())) changed(); }, 1000);

// A refresh that fails leaves what is there, and says so when that is gone.
document.addEventListener("htmx:before:swap", (event) => {
  const ctx = event.detail.ctx, status = ctx?.response?.raw?.status ?? ctx?.response?.status ?? 200;
  if (ctx?.sourceElement?.id !== "page") return;
  $("#over").hidden = status !== 404;
  if (status >= 400) event.preventDefault();
});

// What is wrong with a field is said beside it. A field may be called otherwise by the API: data-api has those names.
function atFields(form) {
  $$("[aria-invalid]", form).forEach((field) => field.removeAttribute("aria-invalid"));
  $$(".at-field", form).forEach((said) => said.remove());
  for (const said of $$(".answer [data-field]", form)) {
    const name = said.dataset.field;
    const field = $$("input:not([type=hidden]), select, textarea", form).find((one) => one.name === name || (one.dataset.api || "").split(" ").includes(name));
    if (!field) continue;
    if (!$("[aria-invalid]", form)) field.focus();
    field.setAttribute("aria-invalid", "true");
    said.classList.add("at-field"); field.after(said);
  }
}
document.addEventListener("htmx:after:swap", (event) => {
  const form = event.target.closest?.("form");
  if (form && $(".answer", form)) atFields(form);
});

// Questions before acts: a button with data-ask opens the dialog; what is answered is sent as a form.
function ask(button) {
  const { action, question, fields } = button.dataset, dialog = $("#dialog");
  const form = document.createElement("form");
  form.method = "post"; form.action = action;
  form.setAttribute("hx-post", action); form.setAttribute("hx-target", "find .answer"); form.setAttribute("hx-swap", "innerHTML");
  const text = document.createElement("p"); text.textContent = question; form.append(text);
  const extra = fields && document.getElementById(fields);
  if (extra) form.append(extra.content.cloneNode(true));
  const answer = document.createElement("div"); answer.className = "answer"; form.append(answer);
  const acts = document.createElement("div"); acts.className = "acts";
  const yes = document.createElement("button"); yes.textContent = button.dataset.name || button.firstChild.textContent.trim(); yes.className = button.className;
  const no = document.createElement("button"); no.type = "button"; no.textContent = dialog.dataset.no || "Esc"; no.className = "quiet"; no.onclick = () => dialog.close();
  acts.append(yes, no); form.append(acts);
  dialog.replaceChildren(form); htmx.process(form); dialog.showModal();
  (form.querySelector("input:not([type=hidden]), textarea, select") || yes).focus();
}

// What stands in another element, into the clipboard; where there is none (plain http), it is selected to be copied by hand.
function copy(button) {
  const from = document.getElementById(button.dataset.copy);
  if (navigator.clipboard) { navigator.clipboard.writeText(from.textContent.trim()).then(() => button.append(" ✓")); return; }
  getSelection().selectAllChildren(from);
}

// The palette.
function choices() { return $$("#choices [role=option]:not([hidden])"); }
function choose(option) {
  $$("#choices [aria-selected]").forEach((one) => one.removeAttribute("aria-selected"));
  option?.setAttribute("aria-selected", "true"); option?.scrollIntoView({ block: "nearest" });
}
function openPalette() {
  const dialog = $("#palette"), input = $("#wanted");
  if (!dialog) return;
  $$("#choices [data-act]").forEach((one) => one.remove());
  for (const button of $$("#page [data-key]")) {
    const option = document.createElement("li"); option.setAttribute("role", "option"); option.dataset.act = button.dataset.key;
    const name = document.createElement("span"); name.textContent = button.firstChild.textContent.trim();
    const key = document.createElement("kbd"); key.textContent = button.dataset.key; option.append(name, key); $("#choices").prepend(option);
  }
  input.value = ""; filter(); dialog.showModal(); input.focus();
}
function filter() {
  const wanted = $("#wanted").value.toLocaleLowerCase();
  for (const one of $$("#choices [role=option]")) one.hidden = !one.textContent.toLocaleLowerCase().includes(wanted);
  choose(choices()[0]);
}
function take(option) {
  if (!option) return false;
  $("#palette").close();
  if (option.dataset.act) press(option.dataset.act); else location.href = option.dataset.href;
  return true;
}

// Keys: `/` the palette, `g` and a letter a place, j and k through lists, any other the button that shows it.
let going = false;
function press(key) {
  const button = $$(`[data-key="${CSS.escape(key)}"]`).find((one) => !one.hidden && !one.disabled && one.offsetParent !== null);
  button?.click(); return Boolean(button);
}
function rows() { return $$("#page [data-list] a[href]").filter((one, place, all) => all.findIndex((other) => other.closest("tr, li") === one.closest("tr, li")) === place); }
function step(by) {
  const all = rows(), here = all.findIndex((one) => one === document.activeElement);
  all[Math.max(0, Math.min(all.length - 1, here < 0 ? 0 : here + by))]?.focus();
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if ($("#palette")?.open) {
    const all = choices(), here = all.findIndex((one) => one.ariaSelected === "true");
    if (event.key === "ArrowDown") choose(all[Math.min(all.length - 1, here + 1)]);
    else if (event.key === "ArrowUp") choose(all[Math.max(0, here - 1)]);
    else if (event.key === "Enter") { if (!take(all[here])) return; } else return;
    event.preventDefault(); return;
  }
  if (typing() || dialogOpen()) return;
  if (going) {
    going = false;
    const option = $$("#choices [data-href]").find((one) => $("kbd", one)?.textContent === `g ${event.key}`);
    if (option) { event.preventDefault(); location.href = option.dataset.href; }
    return;
  }
  if (event.key === "/") openPalette();
  else if (event.key === "g") going = true;
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (!press(event.key)) return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ask], [data-open], [data-copy], [data-fill], #news, #choices [role=option]");
  if (!button) return;
  if (button.matches("[data-ask]")) ask(button);
  else if (button.matches("[data-copy]")) copy(button);
  else if (button.matches("[data-fill]")) { const field = document.getElementById(button.dataset.fill); field.value = button.textContent; field.focus(); }
  else if (button.id === "news") { button.hidden = true; refresh(); scrollTo({ top: 0 }); }
  else if (button.matches("[role=option]")) take(button);
  else openPalette();
});
document.addEventListener("input", (event) => { if (event.target.id === "wanted") filter(); });

// Filters that somebody wants to find again: links, kept in this browser. How far somebody had come in the list is no part of them.
const PLACE = /^(after(-.*)?|before|said)$/;
function keeping(place) {
  const name = `kept-${place.dataset.kept}`, said = place.dataset;
  const read = () => { try { return JSON.parse(localStorage.getItem(name)) || []; } catch { return []; } };
  const write = (kept) => { localStorage.setItem(name, JSON.stringify(kept.slice(-20))); draw(); };
  function draw() {
    place.replaceChildren(); place.hidden = false;
    for (const one of read()) {
      const link = document.createElement("a"), drop = document.createElement("button");
      link.href = `${location.pathname}?${one.query}`; link.textContent = one.name; link.className = "button quiet";
      drop.type = "button"; drop.className = "quiet"; drop.textContent = "×"; drop.ariaLabel = `${said.drop}: ${one.name}`;
      drop.onclick = () => write(read().filter((other) => other.name !== one.name));
      place.append(link, drop);
    }
    const query = new URLSearchParams([...new URLSearchParams(location.search)].filter(([field, value]) => value && !PLACE.test(field)));
    if (!query.size) return;
    const form = document.createElement("form"), input = document.createElement("input"), keep = document.createElement("button");
    input.placeholder = said.name; input.ariaLabel = said.name; input.required = true; input.maxLength = 60;
    keep.textContent = said.keep; keep.className = "quiet"; form.append(input, keep); place.append(form);
    form.onsubmit = (event) => { event.preventDefault(); write([...read().filter((one) => one.name !== input.value), { name: input.value, query: String(query) }]); };
  }
  draw();
}
$$("[data-kept]").forEach(keeping);

// On a phone a row is a card: each cell says what it is, in the words at the head of its column.
function stack(table) {
  const heads = $$("thead th", table).map((one) => one.textContent.trim());
  for (const row of table.tBodies[0]?.rows ?? []) [...row.cells].forEach((cell, at) => { if (heads[at] && row.cells.length === heads.length) cell.dataset.label = heads[at]; });
  table.dataset.stack = "";
}
const stacked = () => $$("#page table:has(thead)").filter((one) => !one.closest("figure, .prose")).forEach(stack);
document.addEventListener("htmx:after:swap", stacked);

// What is sent while Hulk does not answer stays where it was written; the page says so, and looks until Hulk answers again.
async function there() {
  try { await fetch($("link[rel=icon]").href, { cache: "no-store", signal: AbortSignal.timeout(5000) }); return true; } catch { return false; }
}
let looking = false;
async function away() {
  $("#gone").hidden = false;
  if (looking) return;
  looking = true;
  do await new Promise((done) => setTimeout(done, 2000)); while (!await there());
  looking = false; $("#gone").hidden = true;
  if (source?.readyState === EventSource.CONNECTING) { source.close(); source = null; listen(); }
}
document.addEventListener("htmx:error", async (event) => {
  if (await there()) return;
  const answer = event.target.querySelector?.(".answer");
  if (answer && event.target.id !== "page") answer.textContent = $("#gone").dataset.away;
  away();
});
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post") || form.dataset.sure || event.defaultPrevented) return;
  event.preventDefault();
  if (!await there()) { away(); return; }
  form.dataset.sure = "yes";
  if (event.submitter) form.requestSubmit(event.submitter); else form.requestSubmit();
  delete form.dataset.sure;
});

const aimed = document.getElementById(location.hash.slice(1));
if (aimed?.matches("details")) { aimed.open = true; $("input:not([type=hidden])", aimed)?.focus(); }
stacked();
tellZone();
listen();
