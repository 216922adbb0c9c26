// What is selected: a segment, and a field or group of it. Everything shown follows from that.

const view = {
  index: -1,
  part: "", // the ID of a field or group, if one is chosen
  shown: "", // what is explained: the chosen one, or what the pointer is on
  arrived: false, // show the bytes as they arrived, where they differ
  frame: () => story.frames[view.index],
  layers: () => {
    const frame = view.frame();
    if (!frame) return null;
    return view.arrived && frame.arrived ? frame.arrived : frame.sent;
  },
};

// select shows a segment. The field that was chosen stays chosen if this one has it too.
function select(index, { part = view.part, focus = false, silent = false } = {}) {
  if (!story.frames[index]) return;
  if (view.index !== index) view.arrived = false;
  view.index = index;
  view.part = part && view.layers().find(part) ? part : "";
  markSegment(index, { focus: focus || diagram.nodes.includes(document.activeElement), jump: silent });
  drawDetail();
  showControls();
  if (!silent) writeLink();
  announce();
}

// choose pins a field or group; preview shows one as long as the pointer is on it.
function choose(part) {
  view.part = part;
  showPart(part);
  writeLink();
}

function preview(part) {
  const shown = part ?? view.part;
  if (shown !== view.shown) showPart(shown);
}

function showPart(part) {
  const layers = view.layers();
  view.shown = part;
  if (!layers) return;
  markBytes(layers, part ? layers.find(part) : null);
  markFields(part);
  explainPart(part);
}

function announce() {
  const frame = view.frame();
  byId("live").textContent = sentence("live", view.index + 1, story.frames.length,
    say(story.hosts[frame.from].name), say(story.hosts[frame.to].name), [say(frame.label), say(frame.fate)].filter(Boolean).join(", "), say(frame.reason));
}

function drawDetail() {
  const frame = view.frame();
  byId("detail").hidden = !frame;
  byId("nothing").hidden = Boolean(frame);
  if (!frame) return;
  const [from, to] = [frame.from, frame.to].map((i) => say(story.hosts[i].name));
  byId("detail").dataset.role = roleOf(frame);
  byId("detail-title").textContent = sentence(frame.connection ? "segment" : "frame", frame.number);
  byId("detail-way").replaceChildren(
    html("strong", { text: `${from} → ${to}` }), ` ${sentence("left", moment(frame.departed_ns))}`,
    frame.lost ? word("lost") : frame.arrived_ns > frame.departed_ns ? sentence("travelled", duration(frame.arrived_ns - frame.departed_ns)) : "");
  byId("reason").textContent = say(frame.reason);
  byId("fate").textContent = [say(frame.fate), frame.changed && !say(frame.fate) && word("changed")].filter(Boolean).join(" · ");
  byId("fate").className = frame.lost ? "lost" : "";
  byId("text").textContent = frame.text;
  byId("notes").replaceChildren(...frame.notes.map((note) => html("li", {},
    html("strong", { text: say(story.hosts[note.at].name) }), " ", say(note.text))));
  byId("changes").hidden = frame.notes.length === 0;
  drawVersions(frame);
  drawLayers();
  drawStates(view.index);
  drawCache(view.index);
}

function drawLayers() {
  const layers = view.layers();
  drawBytes(view.frame(), layers);
  drawFields(layers);
  showPart(view.part);
}

function drawVersions(frame) {
  const box = byId("versions");
  box.hidden = !frame.arrived;
  box.setAttribute("aria-label", word("versions"));
  box.replaceChildren(...[["asSent", false], ["asArrived", true]].map(([name, arrived]) => html("button", {
    type: "button", "aria-pressed": String(view.arrived === arrived), text: word(name),
    on: { click: () => { view.arrived = arrived; drawVersions(frame); drawLayers(); } },
  })));
}

// A link to a segment and a part of it: #3.tcp.options.fo. Numbers are those of the frames.
function writeLink() {
  const link = `#${view.frame().number}${view.part ? `.${view.part}` : ""}`;
  if (link !== location.hash) rewriteAddress(new URL(link, location.href));
}

function decoded(hash) {
  try {
    return decodeURIComponent(hash);
  } catch {
    return ""; // a % that begins nothing
  }
}

function readLink() {
  const found = /^#(\d+)(?:\.(.+))?$/.exec(decoded(location.hash));
  const index = found ? story.frames.findIndex((frame) => frame.number === Number(found[1])) : -1;
  if (index < 0) return false;
  select(index, { part: found[2] ?? "", silent: true });
  if (view.part) showTab("bytes");
  return true;
}

function showTab(name) {
  for (const tab of byId("tabs").querySelectorAll("[role=tab]")) {
    const chosen = tab.dataset.tab === name;
    tab.setAttribute("aria-selected", String(chosen));
    tab.setAttribute("tabindex", chosen ? "0" : "-1");
    byId(tab.getAttribute("aria-controls")).classList.toggle("shown", chosen);
  }
}

function watchTabs() {
  const tabs = [...byId("tabs").querySelectorAll("[role=tab]")];
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => showTab(tab.dataset.tab));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      event.preventDefault();
      event.stopPropagation();
      const other = tabs[(i + 1) % tabs.length];
      showTab(other.dataset.tab);
      other.focus();
    });
  });
}

// Keys work everywhere except where something has the same keys itself.
function watchKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const onControl = event.target.closest("button, a, [role=tab]");
    const actions = {
      ArrowDown: () => step(1), ArrowRight: () => step(1), ArrowUp: () => step(-1), ArrowLeft: () => step(-1),
      Home: () => jump(0), End: () => jump(story.frames.length - 1),
    };
    if (!onControl) actions[" "] = () => player.toggle();
    if (!(event.key in actions)) return;
    event.preventDefault();
    actions[event.key]();
  });
}

// Tab takes the focus to the diagram; from then on the arrow keys move it.
function watchControls() {
  const clicks = {
    first: () => jump(0), back: () => step(-1), play: () => player.toggle(), step: () => step(1), last: () => jump(story.frames.length - 1),
    language: () => { player.stop(); switchLanguage(); draw(); }, theme: () => { switchTheme(); drawWords(); },
  };
  for (const [id, act] of Object.entries(clicks)) byId(id).addEventListener("click", act);
}

function drawWords() {
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  byId("title").textContent = say(story.title);
  byId("about").textContent = say(story.about);
  byId("command-line").hidden = !story.command;
  byId("command").textContent = story.command;
  byId("language").title = word("languageTitle");
  byId("language").lang = settings.language === 1 ? "en" : "zh-Hans";
  byId("theme").title = word("themeTitle");
  byId("theme").textContent = word(settings.theme === "dark" ? "light" : "dark");
  byId("tabs").setAttribute("aria-label", word("views"));
  byId("controls").setAttribute("aria-label", word("controls"));
  byId("omitted").hidden = !story.left;
  byId("omitted").textContent = story.left ? sentence("omitted", story.left) : "";
  byId("keys").replaceChildren(...fragmentOf(word("keys"), ...["↑", "↓", "Space", "Home", "End"].map((key) => html("kbd", { text: key }))));
}

// draw draws everything, as after another language was chosen.
function draw() {
  drawWords();
  drawDiagram();
  if (view.index >= 0) markSegment(view.index, { jump: true });
  drawDetail();
  showControls();
  drawCompare();
  drawChecks();
  drawSavings();
  drawPrinted();
}

// watchSize draws the diagram again where its pane has another width than it was drawn for, as when a scroll bar has come beside it.
function watchSize() {
  new ResizeObserver(() => {
    if (diagramWidth() === diagram.width || printQuery.matches) return;
    player.stop();
    drawDiagram();
    if (view.index < 0) return;
    markSegment(view.index, { jump: true });
    byId("explanation").style.minHeight = "";
    drawLayers();
  }).observe(byId("pane"));
}

function begin() {
  readSettings();
  showTab("bytes");
  draw();
  watchBytes();
  watchFields();
  watchTabs();
  watchKeys();
  watchControls();
  watchSize();
  printQuery.addEventListener("change", drawPrinted);
  addEventListener("hashchange", () => { player.stop(); readLink(); });
  if (!readLink()) select(0, { silent: true });
}

begin();
