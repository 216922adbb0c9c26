// The sequence diagram: time goes down, every host is a line, every segment an arrow from its departure to its arrival.
// To a keyboard or a screen reader it is a list of options.

// Notes come and go with the player; margins, inner and headings are words that are to find their room.
const diagram = { places: null, columns: [], nodes: [], notes: [], margins: [], inner: [], headings: [], width: 0 };

// roleOf says whose colour a frame has.
function roleOf(frame) {
  const ends = endsOf.get(frame.connection);
  if (!ends) return "other";
  return frame.from === ends.client ? "client" : "server";
}

function columnsOf(width, count) {
  const margin = width < 480 ? 68 : 108;
  if (count < 2) return [width / 2];
  return Array.from({ length: count }, (_, i) => margin + (i * (width - 2 * margin)) / (count - 1));
}

// shorten cuts what does not fit, which can be measured only where it is drawn.
function shorten(text, room) {
  const whole = text.textContent;
  if (whole.length * 15 < room || text.getComputedTextLength() <= room) return;
  let cut = whole.length;
  while (cut > 1 && text.getComputedTextLength() > room) {
    cut--;
    text.textContent = whole.slice(0, cut) + "…";
  }
}

// drawHosts writes who the lines are. Where they stand close, every second one is written lower, and so has twice the room.
function drawHosts(columns) {
  const head = byId("hosts");
  head.replaceChildren();
  const apart = columns.length > 1 ? columns[1] - columns[0] : diagram.width;
  const staggered = apart < 110 && columns.length > 2;
  const room = staggered ? 2 * apart : apart;
  const height = staggered ? 76 : 42;
  story.hosts.forEach((host, i) => {
    const edge = Math.min(columns[i], diagram.width - columns[i]);
    const lines = [
      [say(host.name), 17, "host-name"],
      [[host.stack, ...host.addresses].filter(Boolean).join(" · "), 33, "host-address"],
    ];
    const lower = staggered && i % 2 === 1 ? 34 : 0;
    if (staggered && lower === 0) head.append(svg("line", { class: "lifeline", x1: columns[i], x2: columns[i], y1: 40, y2: height }));
    for (const [text, line, kind] of lines) {
      const y = line + lower;
      const node = svg("text", { x: columns[i], y, class: kind, "text-anchor": "middle", text });
      head.append(node);
      shorten(node, Math.min(room - 12, Math.max(2 * edge - 4, 60)));
    }
  });
  head.setAttribute("viewBox", `0 0 ${diagram.width} ${height}`);
  head.setAttribute("width", diagram.width);
  head.setAttribute("height", height);
}

// drawLines draws a host's line, with a break where silence was cut.
function drawLines({ cuts, height }) {
  return diagram.columns.map((x) => {
    let path = `M${x} 0`;
    for (const { from, to } of cuts) {
      const middle = (from + to) / 2;
      path += `V${middle - 9}l-5 4 10 5-10 5 5 4`;
    }
    return svg("path", { class: "lifeline", d: `${path}V${height}` });
  });
}

function drawCuts({ cuts }) {
  const [left, right] = [diagram.columns[0], diagram.columns.at(-1)];
  return cuts.map(({ from, to, silence }) => {
    const y = (from + to) / 2;
    const text = svg("text", {
      class: "silence", x: (left + right) / 2, y: y + 4, "text-anchor": "middle", text: sentence("silence", duration(silence)),
    });
    return svg("g", {}, svg("line", { class: "silence-line", x1: left + 14, x2: right - 14, y1: y, y2: y }), text);
  });
}

function drawChapters({ chapters }) {
  return chapters.map(({ y, connection }) => {
    const of = story.connections.find((c) => c.number === connection);
    const outcome = of ? ` · ${say(outcomeWords[of.fast_open] ?? [of.fast_open, of.fast_open])}` : "";
    const heading = svg("text", {
      class: "chapter", x: diagram.width / 2, y: y + 2, "text-anchor": "middle", text: sentence("connection", connection) + outcome,
    });
    const node = svg("g", {},
      y > spacing.top && svg("line", { class: "chapter-line", x1: 0, x2: diagram.width, y1: y - 13, y2: y - 13 }), heading);
    diagram.notes.push({ node, y });
    diagram.headings.push({ node: heading, y });
    return node;
  });
}

// stateChanges lists where a side of a connection comes to another state. Where a middlebox speaks in a side's name, what the
// side itself sends is not at the line that the connection ends at, and changes nothing there.
function stateChanges({ departures, arrivals }) {
  const changes = [];
  const known = new Map();
  for (const frame of inOrderSeen) {
    const ends = endsOf.get(frame.connection);
    if (!ends) continue;
    const i = story.frames.indexOf(frame);
    const before = known.get(frame.connection) ?? { client: "CLOSED", server: "LISTEN" };
    for (const side of ["client", "server"]) {
      const state = frame[side].state;
      if (!state || state === before[side] || ![frame.from, frame.to].includes(ends[side])) continue;
      const sent = frame.from === ends[side];
      changes.push({ host: ends[side], y: sent ? departures[i] : arrivals[i], state, away: awayFrom(frame, sent) });
    }
    known.set(frame.connection, { client: frame.client.state || before.client, server: frame.server.state || before.server });
  }
  return changes;
}

// awayFrom is the side of a host where the arrow of a frame, which it has sent or got, is not: 1 is right, -1 left.
const awayFrom = (frame, sent) => (frame.to >= frame.from === sent ? -1 : 1);

// drawMargins writes times and states beside the lines, states first: where both do not fit, the time is left
// out, since the detail has it too. Those of inner lines find their room later.
function drawMargins(places) {
  const margins = svg("g", { class: "margins", "aria-hidden": "true" });
  const last = diagram.columns.length - 1;
  if (last < 1) return margins;
  const taken = new Map([[0, []], [last, []]]);
  const write = (host, y, text, kind, away) => {
    const used = taken.get(host);
    if (!used) {
      const node = svg("text", { class: kind, x: diagram.columns[host], y, "text-anchor": "middle", text });
      margins.append(node);
      diagram.notes.push({ node, y });
      diagram.inner.push({ node, host, y, away, state: kind === "state-change" });
      return;
    }
    if (used.some((other) => Math.abs(other - y) < 12)) return;
    used.push(y);
    const left = host === 0;
    const x = diagram.columns[host] + (left ? -19 : 19);
    const node = svg("text", { class: kind, x, y: y + 4, "text-anchor": left ? "end" : "start", text });
    margins.append(node);
    diagram.notes.push({ node, y });
    diagram.margins.push({ node, x, y: y + 4, left });
  };
  if (diagram.width >= 480) for (const { host, y, state, away } of stateChanges(places)) write(host, y + 13, state, "state-change", away);
  story.frames.forEach((frame, i) => write(frame.from, places.departures[i], moment(frame.departed_ns), "time", awayFrom(frame, true)));
  story.frames.forEach((frame, i) => {
    if (frame.lost || places.arrivals[i] <= places.departures[i]) return;
    write(frame.to, places.arrivals[i], moment(frame.arrived_ns), "time", awayFrom(frame, false));
  });
  return margins;
}

// The way of a frame over the page: from where it departs to where it arrives or was lost.
function wayOf(index) {
  const frame = story.frames[index];
  const { departures, arrivals } = diagram.places;
  const [x1, x2] = [diagram.columns[frame.from], diagram.columns[frame.to]];
  const [y1, y2] = [departures[index], arrivals[index]];
  const toRight = x2 >= x1;
  const middlebox = diagram.columns.find((_, i) => (i - frame.from) * (i - frame.to) < 0);
  const half = middlebox === undefined ? 0.6 : (middlebox - x1) / (x2 - x1);
  const at = (part) => ({ x: x1 + (x2 - x1) * part, y: y1 + (y2 - y1) * part });
  const end = frame.lost ? half : 1 - 2 / Math.max(Math.abs(x2 - x1), 2);
  return { x1, y1, x2, y2, toRight, at, end, half, angle: (Math.atan2(y2 - y1, Math.abs(x2 - x1)) * 180) / Math.PI };
}

function drawHead(way) {
  const { x, y } = way.at(way.end);
  const turn = way.toRight ? way.angle : 180 - way.angle;
  return svg("path", { class: "head", d: "M0 0l-11-4.5v9z", transform: `translate(${x} ${y}) rotate(${turn})` });
}

function drawFate(frame, way) {
  const marks = [];
  const { x, y } = way.at(way.half);
  if (frame.lost) marks.push(svg("path", { class: "cross", d: "M-7-7L7 7M7-7L-7 7", transform: `translate(${x} ${y})` }));
  if (frame.changed) marks.push(svg("path", { class: "diamond", d: "M0-7L7 0 0 7-7 0z", transform: `translate(${x} ${y})` }));
  const text = say(frame.fate) || (frame.changed ? word("changed") : "");
  if (text) marks.push(svg("text", { class: "fate", x, y: y + 20, "text-anchor": "middle", text }));
  return marks;
}

// alongWay turns words along an arrow, so many pixels from its beginning, above it (1) or below (-1).
function alongWay(way, start, side) {
  const sign = way.toRight ? 1 : -1;
  return `translate(${way.x1} ${way.y1}) rotate(${sign * way.angle}) translate(${sign * start} ${side > 0 ? -6 : 16})`;
}

// drawLabel writes a segment's few words along its arrow: first, in bold, what kind it is.
function drawLabel(frame, way) {
  const [kind, ...rest] = say(frame.label).split(/(?=[,，])/);
  return svg("text", {
    class: "label", "text-anchor": way.toRight ? "start" : "end", transform: alongWay(way, 20, 1),
  }, svg("tspan", { class: "label-kind", text: kind }), rest.join(""));
}

const badgeWidth = (frame) => 13 + 6.5 * String(frame.number).length;

function drawBadge(frame, way) {
  const width = badgeWidth(frame);
  return svg("g", { class: "badge", transform: `translate(${way.x1} ${way.y1})` },
    svg("rect", { x: -width / 2, y: -9, width, height: 18, rx: 9 }),
    svg("text", { y: 4, "text-anchor": "middle", text: frame.number }));
}

function drawSegment(frame, index) {
  const way = wayOf(index);
  const end = way.at(way.end);
  const line = { x1: way.x1, y1: way.y1, x2: end.x, y2: end.y };
  const node = svg("g", {
    role: "option", id: `segment-${frame.number}`, tabindex: "-1", "aria-selected": "false",
    class: `segment ${roleOf(frame)}${frame.lost ? " lost" : ""}`,
    "aria-label": sentence("option", frame.number, say(story.hosts[frame.from].name), say(story.hosts[frame.to].name),
      [say(frame.label), say(frame.fate)].filter(Boolean).join(", ")),
    on: { click: () => { player.stop(); select(index); } },
  }, svg("line", { class: "hit", ...line }), svg("line", { class: "wire", ...line }));
  if (!frame.lost) node.append(drawHead(way));
  node.append(...drawFate(frame, way), drawLabel(frame, way), drawBadge(frame, way));
  return node;
}

const diagramWidth = () => Math.max(byId("pane").clientWidth, 200);

function drawDiagram() {
  diagram.width = diagramWidth();
  diagram.columns = columnsOf(diagram.width, story.hosts.length);
  diagram.places = layOut(story.frames);
  drawHosts(diagram.columns);
  const list = byId("segments");
  list.setAttribute("viewBox", `0 0 ${diagram.width} ${diagram.places.height}`);
  list.setAttribute("width", diagram.width);
  list.setAttribute("height", diagram.places.height);
  list.setAttribute("aria-label", word("segments"));
  for (const words of ["notes", "margins", "inner", "headings"]) diagram[words] = [];
  diagram.nodes = story.frames.map(drawSegment);
  list.replaceChildren(
    svg("g", { "aria-hidden": "true" }, drawLines(diagram.places), drawCuts(diagram.places), drawChapters(diagram.places)),
    drawMargins(diagram.places), ...diagram.nodes, svg("g", { id: "travellers", "aria-hidden": "true" }));
  placeWords();
}

// markSegment shows which segment is selected, and has it in view.
function markSegment(index, { focus = false, jump = false } = {}) {
  diagram.nodes.forEach((node, i) => {
    const chosen = i === index;
    node.setAttribute("aria-selected", String(chosen));
    node.setAttribute("tabindex", chosen ? "0" : "-1");
  });
  const node = diagram.nodes[index];
  if (!node) return;
  if (focus) node.focus({ preventScroll: true });
  const pane = byId("pane");
  const y = diagram.places.departures[index];
  if (y < pane.scrollTop + 60 || y > pane.scrollTop + pane.clientHeight - 140) {
    pane.scrollTo({ top: y - pane.clientHeight / 3, behavior: jump || calmQuery.matches ? "auto" : "smooth" });
  }
}
