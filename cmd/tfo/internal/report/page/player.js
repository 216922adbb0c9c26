// Playing: time runs down the diagram, and bytes travel along the arrows. Who asked for less motion gets a segment at a
// time instead.

const player = {
  playing: false,
  speed: 95, // pixels a second
  calmPace: 1600, // milliseconds for a segment where nothing moves
  request: 0,
  timer: 0,

  toggle() {
    if (player.playing) player.stop();
    else player.start();
  },

  start() {
    if (story.frames.length === 0) return;
    if (view.index === story.frames.length - 1) select(0);
    player.playing = true;
    byId("segments").classList.toggle("playing", !calmQuery.matches);
    showControls();
    if (calmQuery.matches) player.pace();
    else player.run(diagram.places.departures[view.index] - 12);
  },

  stop() {
    if (!player.playing && !player.request) return;
    cancelAnimationFrame(player.request);
    clearTimeout(player.timer);
    player.playing = false;
    player.request = 0;
    byId("segments").classList.remove("playing");
    byId("travellers")?.replaceChildren();
    showControls();
  },

  pace() {
    player.timer = setTimeout(() => {
      if (view.index === story.frames.length - 1) return player.stop();
      select(view.index + 1);
      player.pace();
    }, player.calmPace);
  },

  // run moves a line of time down from y.
  run(y) {
    const end = diagram.places.height;
    let last = performance.now();
    const tick = (now) => {
      y += ((now - last) / 1000) * player.speed;
      last = now;
      if (y >= end) return player.stop();
      player.show(y);
      player.request = requestAnimationFrame(tick);
    };
    player.request = requestAnimationFrame(tick);
  },

  show(y) {
    const { departures } = diagram.places;
    let latest = view.index;
    const moving = [];
    story.frames.forEach((frame, i) => {
      const begun = departures[i] <= y;
      diagram.nodes[i].classList.toggle("future", !begun);
      if (!begun) return;
      latest = i;
      const part = (y - departures[i]) / Math.max(diagram.places.arrivals[i] - departures[i], 34);
      if (part <= 1) moving.push(traveller(i, part));
    });
    for (const note of diagram.notes) note.node.classList.toggle("future", note.y > y + 14);
    byId("travellers").replaceChildren(...moving.filter(Boolean));
    if (latest !== view.index) select(latest);
  },

  // send has the bytes of one segment travel once.
  send(index) {
    if (calmQuery.matches || player.playing) return;
    cancelAnimationFrame(player.request);
    const begun = performance.now();
    const tick = (now) => {
      const part = (now - begun) / 700;
      const box = part <= 1 ? traveller(index, part) : null;
      byId("travellers").replaceChildren(...(box ? [box] : []));
      player.request = box ? requestAnimationFrame(tick) : 0;
    };
    player.request = requestAnimationFrame(tick);
  },
};

// traveller is a segment on its way: headers, the cookie if there is one, and data, each as long as it has bytes, data
// on a logarithmic scale.
function traveller(index, part) {
  const frame = story.frames[index];
  const way = wayOf(index);
  if (part > way.end) return null;
  const { x, y } = way.at(part);
  const parts = [["bytes-headers", 12]];
  if (frame.cookie > 0) parts.push(["bytes-cookie", frame.cookie]);
  if (frame.data > 0) parts.push(["bytes-data", 4 + 5 * Math.log2(1 + frame.data / 4)]);
  const total = parts.reduce((sum, [, width]) => sum + width, 0);
  let at = -total / 2;
  const boxes = parts.map(([kind, width]) => {
    const box = svg("rect", { class: kind, x: at, y: -5, width, height: 10 });
    at += width;
    return box;
  });
  const sign = way.toRight ? 1 : -1;
  return svg("g", { class: `traveller ${roleOf(frame)}`, transform: `translate(${x} ${y}) rotate(${sign * way.angle})` },
    svg("rect", { class: "bytes-frame", x: -total / 2 - 1.5, y: -6.5, width: total + 3, height: 13, rx: 3 }), boxes);
}

function step(by) {
  const index = Math.min(Math.max(view.index + by, 0), story.frames.length - 1);
  if (index === view.index || index < 0) return;
  player.stop();
  select(index);
  player.send(index);
}

function jump(index) {
  player.stop();
  select(index);
}

function showControls() {
  const count = story.frames.length;
  const set = (id, name, off) => {
    const button = byId(id);
    button.setAttribute("aria-label", word(name));
    button.title = word(name);
    button.setAttribute("aria-disabled", String(off)); // not disabled, which would take the focus away
  };
  set("first", "first", view.index <= 0);
  set("back", "back", view.index <= 0);
  set("play", player.playing ? "pause" : "play", count === 0);
  set("step", "step", view.index >= count - 1);
  set("last", "last", view.index >= count - 1);
  byId("play").dataset.playing = String(player.playing);
  byId("position").textContent = count ? sentence("position", view.index + 1, count) : "";
}
