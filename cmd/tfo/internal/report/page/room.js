// What is written in the diagram does not lie on what was written before it, nor on marks and, where it can be elsewhere, on
// arrows. A room knows what is taken.

const bandHeight = 48;

class Room {
  #words = new Map();
  #wires = new Map();

  static #bands(top, bottom) {
    const first = Math.floor(top / bandHeight);
    return Array.from({ length: Math.floor(bottom / bandHeight) - first + 1 }, (_, i) => first + i);
  }

  static #put(map, bands, item) {
    for (const band of bands) map.set(band, [...(map.get(band) ?? []), item]);
  }

  static #near(map, box) {
    return new Set(Room.#bands(box.top, box.bottom).flatMap((band) => map.get(band) ?? []));
  }

  take(box) {
    Room.#put(this.#words, Room.#bands(box.top, box.bottom), box);
  }

  wire(line) {
    Room.#put(this.#wires, Room.#bands(Math.min(line.y1, line.y2), Math.max(line.y1, line.y2)), line);
  }

  // words counts what a box lies on that is written or marked.
  words(box) {
    return [...Room.#near(this.#words, box)].filter((other) => apart(box, other) === false).length;
  }

  // hits weighs all that a box lies on: words are worse than arrows.
  hits(box) {
    return 4 * this.words(box) + [...Room.#near(this.#wires, box)].filter((line) => crosses(line, box)).length;
  }
}

const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;

// crosses reports whether some of a line is in a box.
function crosses(line, box) {
  let [from, to] = [0, 1];
  for (const [start, way, low, high] of [
    [line.x1, line.x2 - line.x1, box.left, box.right], [line.y1, line.y2 - line.y1, box.top, box.bottom],
  ]) {
    if (way === 0) {
      if (start < low || start > high) return false;
      continue;
    }
    const [enters, leaves] = [(low - start) / way, (high - start) / way].sort((a, b) => a - b);
    [from, to] = [Math.max(from, enters), Math.min(to, leaves)];
  }
  return from <= to;
}

const square = (x, y, half) => ({ left: x - half, right: x + half, top: y - half, bottom: y + half });

// wordsAt is the box of level words whose middle is at x, on a line at y.
const wordsAt = (x, y, length) => ({ left: x - length / 2, right: x + length / 2, top: y - 10, bottom: y + 3 });

// bestOf returns the first of the places for words of this length that lies on least.
function bestOf(room, places, length) {
  let best = null, least = Infinity;
  for (const place of places) {
    const hits = room.hits(wordsAt(place.x, place.y, length));
    if (hits < least) [best, least] = [place, hits];
    if (hits === 0) break;
  }
  return { ...best, hits: least };
}

// placeWords finds room for all words of the diagram, which are drawn but not in their places yet. It measures first and
// moves then: a browser that has to measure after each move takes long.
function placeWords() {
  const room = new Room();
  const moves = [];
  story.frames.forEach((frame, i) => takeMarks(room, frame, i));
  for (const { node, x, y, left } of diagram.margins) {
    const length = node.getComputedTextLength();
    room.take(wordsAt(left ? x - length / 2 : x + length / 2, y, length));
  }
  const labels = story.frames.map((_, i) => placeKind(room, i));
  for (const label of labels) moves.push(placeLabel(room, label));
  story.frames.forEach((frame, i) => moves.push(placeFate(room, frame, i)));
  for (const heading of diagram.headings) moves.push(placeHeading(room, heading));
  for (const note of diagram.inner) moves.push(placeInner(room, note));
  for (const move of moves) move?.();
}

function takeMarks(room, frame, index) {
  const way = wayOf(index);
  const half = badgeWidth(frame) / 2;
  room.take({ left: way.x1 - half, right: way.x1 + half, top: way.y1 - 9, bottom: way.y1 + 9 });
  const middle = way.at(way.half);
  // The corners of crosses and diamonds may come near the words along an arrow.
  if (frame.lost || frame.changed) room.take(square(middle.x, middle.y, 4));
  const end = way.at(way.end);
  room.wire({ x1: way.x1, y1: way.y1, x2: end.x, y2: end.y });
}

// A label is along its arrow, above it and from its beginning on, unless there is no room for its first words, which say what
// kind of segment it is: then it is further along, or below.
function placeKind(room, index) {
  const text = diagram.nodes[index].querySelector(".label");
  const way = wayOf(index);
  const kind = text.firstChild.getComputedTextLength();
  const longest = Math.hypot(way.x2 - way.x1, way.y2 - way.y1);
  let best = null, least = Infinity;
  for (const side of [1, -1]) {
    for (let start = 20; start === 20 || start + kind + 12 < longest; start += 16) {
      const pieces = piecesOf(way, start, kind, side);
      const hits = pieces.filter((piece) => room.words(piece) > 0).length;
      if (hits < least) [best, least] = [{ text, way, kind, start, side, pieces }, hits];
      if (hits === 0) break;
    }
    if (least === 0) break;
  }
  best.pieces.forEach((piece) => room.take(piece));
  return best;
}

// placeLabel writes the words behind the first ones as far as nothing else is there.
function placeLabel(room, { text, way, kind, start, side }) {
  const length = text.getComputedTextLength();
  const edge = (way.toRight ? diagram.width - way.x1 : way.x1) - start - 4;
  let end = Math.min(length, Math.max(edge, kind));
  const pieces = piecesOf(way, start + kind + pieceSize, end - kind - pieceSize, side);
  const free = pieces.findIndex((piece) => room.words(piece) > 0);
  if (free >= 0) end = kind + free * pieceSize;
  pieces.slice(0, free < 0 ? pieces.length : free).forEach((piece) => room.take(piece));
  const whole = text.textContent;
  const least = text.firstChild.textContent.length;
  let cut = whole.length;
  if (end < length) while (cut > least && text.getSubStringLength(0, cut) > end - 10) cut--;
  return () => {
    text.setAttribute("transform", alongWay(way, start, side));
    if (cut < whole.length) text.lastChild.textContent = cut > least ? `${whole.slice(least, cut).trimEnd()}…` : "";
  };
}

// piecesOf are small squares that cover so many pixels of words along an arrow, from a distance to its beginning on.
const pieceSize = 10;
function piecesOf(way, start, length, side) {
  const turn = (way.angle * Math.PI) / 180;
  const pieces = [];
  for (let along = 0; along < length; along += pieceSize) {
    const [across, down] = [start + Math.min(along + pieceSize / 2, length), -11 * side];
    const x = across * Math.cos(turn) - down * Math.sin(turn);
    pieces.push(square(way.x1 + (way.toRight ? x : -x), way.y1 + across * Math.sin(turn) + down * Math.cos(turn), pieceSize / 2));
  }
  return pieces;
}

// placeFate writes what befell a frame below the mark, on the side where its arrow does not come down, or else beside or above it.
function placeFate(room, frame, index) {
  const text = diagram.nodes[index].querySelector(".fate");
  if (!text) return null;
  const length = Math.min(text.getComputedTextLength(), diagram.width - 8);
  const way = wayOf(index);
  const { x, y } = way.at(way.half);
  const aside = (way.toRight ? -1 : 1) * (frame.lost ? 0 : Math.max(length / 2 - 16, 0));
  const inside = (at) => Math.min(Math.max(at, length / 2 + 4), diagram.width - length / 2 - 4);
  const beside = length / 2 + 13;
  const place = bestOf(room, [
    [aside, 20], [beside, 4], [-beside, 4], [-aside, -13], [-aside, 20], [aside, 34], [-aside, -27],
  ].map(([right, down]) => ({ x: inside(x + right), y: y + down })), length);
  room.take(wordsAt(place.x, place.y, length));
  return () => {
    text.setAttribute("x", place.x);
    text.setAttribute("y", place.y);
    shorten(text, diagram.width - 8);
  };
}

// placeHeading writes above what begins a connection, in the middle unless what is still on its way goes there. What became
// of the connection, which stands below the diagram, too, is left out where that makes room.
function placeHeading(room, { node, y }) {
  const whole = node.getComputedTextLength();
  const name = node.textContent.split(" · ")[0];
  let length = whole, place = placeLevel(room, y + 2, length);
  if (place.hits > 0) {
    const shorter = node.getSubStringLength(0, name.length);
    const other = placeLevel(room, y + 2, shorter);
    if (other.hits < place.hits) [length, place] = [shorter, other];
  }
  room.take(wordsAt(place.x, place.y, length));
  return () => {
    node.setAttribute("x", place.x);
    if (length < whole) node.textContent = name;
  };
}

// placeLevel finds room on a line over the whole width, the middle first.
function placeLevel(room, y, length) {
  const [middle, most] = [diagram.width / 2, (diagram.width - length) / 2 - 4];
  const places = [{ x: middle, y }];
  for (let aside = 8; aside < most; aside += 8) places.push({ x: middle + aside, y }, { x: middle - aside, y });
  return bestOf(room, places, length);
}

// placeInner writes a time or a state at a line that has others on both sides: beside it, on the side where its arrow is not,
// or on the line; a time that would reach the next line, and what has no room, is left out.
function placeInner(room, { node, host, y, away, state }) {
  const x = diagram.columns[host];
  const length = node.getComputedTextLength();
  const beside = 19 + length / 2;
  const fits = 19 + length < diagram.columns[1] - diagram.columns[0] - 4;
  const places = fits ? [{ x: x + away * beside, y: y + 4 }, { x: x - away * beside, y: y + 4 }] : [];
  if (state) places.push({ x, y: y + 7 }, { x, y: y + 11 });
  const place = bestOf(room, places, length + 6);
  if (place.hits > 0) return () => node.remove();
  room.take(wordsAt(place.x, place.y, length));
  return () => {
    node.setAttribute("x", place.x);
    node.setAttribute("y", place.y);
  };
}
