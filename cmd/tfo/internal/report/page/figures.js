// Numbers for people.

// rounded has three digits that count and no zeros at the end.
const rounded = (value) => String(Number(value.toPrecision(3)));

// duration says nanoseconds in the unit that fits.
function duration(ns) {
  const size = Math.abs(ns);
  if (size === 0) return "0";
  if (size < 1e3) return `${rounded(ns)} ns`;
  if (size < 1e6) return `${rounded(ns / 1e3)} µs`;
  if (size < 1e9) return `${rounded(ns / 1e6)} ms`;
  return `${rounded(ns / 1e9)} s`;
}

// moment says a time since the beginning. All of a story are in one unit, so that they compare at a glance.
const longest = story.frames.reduce((most, frame) => Math.max(most, frame.arrived_ns, frame.departed_ns), 0);
function moment(ns) {
  if (longest < 1e6) return `${Math.round(ns / 1e3)} µs`;
  if (longest < 1e8) return `${(ns / 1e6).toFixed(2)} ms`;
  if (longest < 1e10) return `${(ns / 1e6).toFixed(1)} ms`;
  return `${(ns / 1e9).toFixed(3)} s`;
}

const hexOf = (byte) => byte.toString(16).padStart(2, "0");
const asciiOf = (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·");
