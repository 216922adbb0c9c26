// Where each departure and arrival is, from the top of the diagram. Between two events the distance is the time, to one
// scale; where that would put labels on each other it is more, and where nothing happens for long it is less, with a mark.

const spacing = {
  top: 58, bottom: 30,
  trip: 66, // of a typical one-way trip
  label: 27, // between two departures or two arrivals at one host
  turn: 15, // between an arrival and what it causes
  longest: 150, // silences above it are cut
  cut: 74, // to this
  chapter: 44, // more above the first segment of a further connection
};

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

// scaleOf returns how many pixels a nanosecond has.
function scaleOf(frames) {
  const trips = frames.filter((f) => !f.lost).map((f) => f.arrived_ns - f.departed_ns).filter((t) => t > 0);
  if (trips.length > 0) return spacing.trip / median(trips);
  const gaps = frames.slice(1).map((f, i) => f.departed_ns - frames[i].departed_ns).filter((t) => t > 0);
  return spacing.label / (median(gaps) || 1);
}

function eventsOf(frames) {
  const events = [];
  frames.forEach((frame, index) => {
    events.push({ at: frame.departed_ns, kind: 0, host: frame.from, index });
    if (!frame.lost) events.push({ at: Math.max(frame.arrived_ns, frame.departed_ns), kind: 1, host: frame.to, index });
  });
  // At the same instant what departs is first only if it is the earlier frame.
  return events.sort((a, b) => a.at - b.at || a.index - b.index || a.kind - b.kind);
}

// A frame that was seen at one place only has one time: its arrow is level.

// layOut returns the places of all frames, the cuts, the beginnings of connections, and the height of it all.
function layOut(frames) {
  const scale = scaleOf(frames);
  const level = frames.every((f) => f.lost || f.arrived_ns <= f.departed_ns);
  const departures = [], arrivals = [], cuts = [], chapters = [];
  const lastOf = new Map(); // y of the last event, by host and kind
  const begun = new Set();
  let y = spacing.top, before = null, lostBefore = false;
  const atLeast = (key, distance) => {
    const last = lastOf.get(key);
    if (last !== undefined) y = Math.max(y, last + distance);
  };
  for (const event of eventsOf(frames)) {
    const frame = frames[event.index];
    const distance = before === null ? 0 : (event.at - before) * scale;
    const opens = event.kind === 0 && frame.connection > 0 && !begun.has(frame.connection);
    const from = y + (lostBefore ? spacing.trip : 0); // the cut is below what was lost
    y = distance > spacing.longest ? from + spacing.cut : y + distance;
    if (event.kind === 0) {
      if (level) atLeast("departure", spacing.label);
      atLeast(`${event.host} 1`, spacing.turn);
    } else if (frame.arrived_ns > frame.departed_ns) {
      y = Math.max(y, departures[event.index] + spacing.turn);
    }
    atLeast(`${event.host} ${event.kind}`, spacing.label);
    if (distance > spacing.longest) cuts.push({ from, to: y, silence: event.at - before });
    if (opens) {
      begun.add(frame.connection);
      if (before !== null) y += spacing.chapter;
      chapters.push({ y: y - 30, connection: frame.connection, first: event.index });
    }
    lastOf.set(`${event.host} ${event.kind}`, y);
    if (event.kind === 0) lastOf.set("departure", y);
    (event.kind === 0 ? departures : arrivals)[event.index] = y;
    before = event.at;
    lostBefore = frame.lost;
  }
  // What was lost points to where it would have arrived.
  frames.forEach((frame, i) => {
    if (frame.lost) arrivals[i] = departures[i] + (level ? 0 : spacing.trip);
  });
  return { departures, arrivals, cuts, chapters, height: Math.max(y, ...arrivals) + spacing.bottom };
}
