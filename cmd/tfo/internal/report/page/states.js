// The state machine of RFC 9293, Section 3.3.2, once for each side, with the way that this connection took, and the
// client's cookie cache.

const statePlaces = {
  "CLOSED": [180, 22], "LISTEN": [72, 82], "SYN-SENT": [288, 82], "SYN-RECEIVED": [72, 150], "ESTABLISHED": [180, 212],
  "FIN-WAIT-1": [72, 274], "CLOSE-WAIT": [288, 274], "FIN-WAIT-2": [72, 342], "CLOSING": [180, 322], "LAST-ACK": [288, 342],
  "TIME-WAIT": [180, 394],
};

// A way from state to state: what happens on it, and where its words stand. Long ones have a path of their own.
const stateWays = [
  { from: "CLOSED", to: "LISTEN", says: "listen", at: [104, 46] },
  { from: "CLOSED", to: "SYN-SENT", says: "snd SYN", at: [257, 46], fast: "client" },
  { from: "LISTEN", to: "SYN-RECEIVED", says: "rcv SYN", at: [98, 119], fast: "server" },
  { from: "SYN-SENT", to: "SYN-RECEIVED", says: "rcv SYN", at: [183, 108] },
  { from: "SYN-RECEIVED", to: "ESTABLISHED", says: "rcv ACK", at: [106, 190] },
  { from: "SYN-SENT", to: "ESTABLISHED", says: "rcv SYN,ACK", at: [274, 152] },
  { from: "ESTABLISHED", to: "FIN-WAIT-1", says: "snd FIN", at: [104, 240] },
  { from: "ESTABLISHED", to: "CLOSE-WAIT", says: "rcv FIN", at: [256, 240] },
  { from: "FIN-WAIT-1", to: "FIN-WAIT-2", says: "rcv ACK", at: [98, 311] },
  { from: "FIN-WAIT-1", to: "CLOSING", says: "rcv FIN", at: [146, 295] },
  { from: "CLOSE-WAIT", to: "LAST-ACK", says: "snd FIN", at: [262, 311] },
  { from: "FIN-WAIT-2", to: "TIME-WAIT", says: "rcv FIN", at: [106, 378] },
  { from: "CLOSING", to: "TIME-WAIT", says: "rcv ACK", at: [206, 362] },
  { from: "LAST-ACK", to: "CLOSED", says: "rcv ACK", at: [332, 210], path: "M334 332C362 300 362 40 226 22" },
  { from: "TIME-WAIT", to: "CLOSED", says: "2 MSL", at: [22, 210], path: "M134 394C-14 400 -14 30 134 22" },
];

// historyOf lists the states that one side had, up to and with a frame.
function historyOf(index, side) {
  const { connection, seen } = story.frames[index];
  const states = [side === "client" ? "CLOSED" : "LISTEN"];
  for (const frame of inOrderSeen) {
    if (frame.seen > seen) break;
    const { state } = frame[side];
    if (frame.connection === connection && state && state !== states.at(-1)) states.push(state);
  }
  return states;
}

function wayPath(way) {
  if (way.path) return way.path;
  const [x1, y1] = statePlaces[way.from];
  const [x2, y2] = statePlaces[way.to];
  // From the edge of one box to the edge of the other.
  const [dx, dy] = [x2 - x1, y2 - y1];
  const part = Math.min(dx ? 52 / Math.abs(dx) : 9, dy ? 15 / Math.abs(dy) : 9);
  return `M${x1 + dx * part} ${y1 + dy * part}L${x2 - dx * part} ${y2 - dy * part}`;
}

function drawMachine(index, side, fast) {
  const states = historyOf(index, side);
  const taken = new Set(states.slice(1).map((state, i) => `${states[i]} ${state}`));
  const id = `tip-${side}`;
  const ways = stateWays.map((way) => {
    const used = taken.has(`${way.from} ${way.to}`);
    const open = way.fast === side && fast;
    const says = open ? `${way.says} + data` : way.says;
    const kind = `way${used ? " taken" : ""}${open ? " fast" : ""}`;
    return svg("g", { class: kind },
      svg("path", { d: wayPath(way), "marker-end": `url(#${id}${open ? "-fast" : used ? "-taken" : ""})` }),
      svg("text", { x: way.at[0], y: way.at[1], "text-anchor": "middle", text: says }));
  });
  const boxes = Object.entries(statePlaces).map(([state, [x, y]]) => svg("g", {
    class: `state${states.at(-1) === state ? " lit" : ""}${states.includes(state) ? " been" : ""}`, transform: `translate(${x} ${y})`,
  }, svg("rect", { x: -50, y: -13, width: 100, height: 26, rx: 13 }), svg("text", { y: 4, "text-anchor": "middle", text: state })));
  const tip = (name, kind) => svg("marker", {
    id: name, class: kind, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto",
  },
    svg("path", { d: "M0 0L8 4 0 8z" }));
  return svg("svg", { viewBox: "0 0 360 414", role: "img", class: `machine ${side}`, "aria-label": states.join(" → ") },
    svg("defs", {}, tip(id, "tip"), tip(`${id}-taken`, "tip taken"), tip(`${id}-fast`, "tip fast")), ways, boxes);
}

function sideFigures(side) {
  const values = [["sideNext", side.next], ["sideAcked", side.acked], ["sideWindow", side.window]];
  return html("dl", { class: "figures" }, values.map(([name, value]) => html("div", {}, html("dt", { text: word(name) }), html("dd", { text: value }))));
}

// isFast tells whether a connection's SYN carried data.
const isFast = (number) => story.connections.some((c) => c.number === number && c.syn_data > 0);

function drawStates(index) {
  const panel = byId("states");
  const frame = story.frames[index];
  panel.replaceChildren();
  if (!frame) return;
  const ends = endsOf.get(frame.connection);
  if (!ends) {
    panel.append(html("p", { class: "quiet", text: word("noConnection") }));
    return;
  }
  const fast = isFast(frame.connection);
  const figures = ["client", "server"].map((side) => {
    const now = historyOf(index, side).at(-1);
    return html("figure", { class: `side ${side}` },
      html("figcaption", {}, html("span", { class: "side-name", text: say(story.hosts[ends[side]].name) }), html("strong", { class: "side-state", text: now })),
      html("p", { class: "side-meaning", text: frame[side].presumed ? word("presumed") : say(stateWords[now] ?? ["", ""]) }),
      drawMachine(index, side, fast), sideFigures(frame[side]));
  });
  panel.append(html("div", { class: "machines" }, figures));
  if (fast) panel.append(html("p", { class: "key" }, html("span", { class: "key-fast", "aria-hidden": "true" }), word("fastOpenPath")));
}

function cacheRow(entry, frame) {
  const link = html("a", { href: `#${entry.frame}`, text: sentence("segment", entry.frame) });
  return html("tr", { class: entry.frame === frame.number ? "new" : null },
    html("td", { text: entry.server }), html("td", {}, entry.cookie ? html("code", { text: entry.cookie }) : sentence("cacheNegative", say(entry.blocked))),
    html("td", { text: entry.mss || "" }), html("td", {}, link));
}

function drawCache(index) {
  const panel = byId("cache");
  const frame = story.frames[index];
  if (!frame || frame.cache.length === 0) {
    panel.replaceChildren(html("p", { class: "quiet", text: word("cacheEmpty") }));
    return;
  }
  const heads = ["cacheServer", "cacheCookie", "cacheMSS", "cacheFrame"].map((name) => html("th", { scope: "col", text: word(name) }));
  panel.replaceChildren(html("div", { class: "scroll" },
    html("table", {}, html("thead", {}, html("tr", {}, heads)), html("tbody", {}, frame.cache.map((entry) => cacheRow(entry, frame))))));
}
