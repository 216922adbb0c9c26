// The bytes of a segment in hex and ASCII, and the bits of what is chosen. A byte knows its fields, a field its bytes.

// layerOf says which tint a field has.
function layerOf(id) {
  if (/^tcp\.options\.fo/.test(id)) return "cookie";
  if (/^tcp\.options/.test(id)) return "options";
  if (/^tcp(\.|$)/.test(id) && id !== "tcp.payload") return "tcp";
  if (/^(ip|ipv4|ipv6|icmp|icmpv6|arp)\b/.test(id)) return "ip";
  if (/^(eth|vlan|sll|sll2|null|loop|link)\b/.test(id)) return "link";
  return "data";
}

const bytesInRow = () => (byId("detail").clientWidth < 620 ? 8 : 16);

// differs tells whether a byte arrived as another.
function differs(frame, layers, at) {
  if (!frame.arrived) return false;
  const other = layers === frame.sent ? frame.arrived : frame.sent;
  return other.data[at] !== layers.data[at];
}

function byteCell(frame, layers, at, text, kind) {
  const owner = layers.at[at][0];
  return html("span", {
    class: `byte ${kind} in-${layerOf(owner?.id ?? "")}${differs(frame, layers, at) ? " changed" : ""}`,
    text, data: { at },
    ...(kind === "hex" && {
      role: "gridcell", tabindex: "-1",
      "aria-label": sentence("byte", at, hexOf(layers.data[at]), layers.at[at].map((f) => say(f.name)).join(", ")),
    }),
    ...(kind === "ascii" && { "aria-hidden": "true" }),
  });
}

function drawBytes(frame, layers) {
  const grid = byId("hex");
  const row = bytesInRow();
  grid.dataset.row = row;
  grid.setAttribute("aria-label", word("hexTitle"));
  grid.replaceChildren();
  for (let start = 0; start < layers.data.length; start += row) {
    const cells = [], letters = [];
    for (let at = start; at < Math.min(start + row, layers.data.length); at++) {
      cells.push(byteCell(frame, layers, at, hexOf(layers.data[at]), "hex"));
      letters.push(byteCell(frame, layers, at, asciiOf(layers.data[at]), "ascii"));
    }
    const missing = Array.from({ length: row - cells.length }, () => html("span", { class: "no-byte" }));
    grid.append(html("div", { class: "hex-row", role: "row" },
      html("span", { class: "hex-offset", role: "rowheader", text: start.toString(16).padStart(4, "0") }),
      html("span", { class: "hex-bytes", role: "presentation" }, cells, missing),
      html("span", { class: "hex-ascii", "aria-hidden": "true" }, letters)));
  }
  byId("more-bytes").textContent = layers.length > layers.data.length ? sentence("moreBytes", layers.length - layers.data.length) : "";
  grid.querySelector(".hex")?.setAttribute("tabindex", "0");
}

// bytesOfNode returns the first byte of a field or group and the one after its last.
function bytesOfNode(layers, node) {
  if (node.end <= node.first) return [0, 0];
  const last = layers.fields[node.end - 1];
  return [layers.fields[node.first].offset >> 3, Math.ceil((last.offset + last.width) / 8)];
}

function markBytes(layers, node) {
  const [from, to] = node ? bytesOfNode(layers, node) : [0, 0];
  for (const cell of byId("hex").querySelectorAll(".byte")) {
    const at = Number(cell.dataset.at);
    const chosen = at >= from && at < to;
    cell.classList.toggle("chosen", chosen);
    cell.classList.toggle("chosen-first", chosen && at === from);
    cell.classList.toggle("chosen-last", chosen && at === to - 1);
  }
  drawBits(layers, node);
}

// drawBits shows the bits of up to four bytes that a field has a part of, each in its field.
function drawBits(layers, node) {
  const strip = byId("bits");
  strip.replaceChildren();
  if (!node) return;
  const [from, to] = bytesOfNode(layers, node);
  if (to - from > 4 || to === from) return;
  strip.setAttribute("aria-label", word("bits"));
  for (let at = from; at < to; at++) {
    const cells = [];
    for (let bit = 0; bit < 8; bit++) cells.push(bitCell(layers, node, at * 8 + bit));
    strip.append(html("span", { class: "bits-byte" }, cells));
  }
}

function bitCell(layers, node, position) {
  const owner = layers.at[position >> 3].find((f) => position >= f.offset && position < f.offset + f.width);
  const inside = owner && owner.index >= node.first && owner.index < node.end;
  const begins = owner && owner.offset === position;
  return html("span", {
    class: `bit${inside ? " chosen" : ""}${begins ? " begins" : ""}`,
    text: (layers.data[position >> 3] >> (7 - (position & 7))) & 1,
    title: owner ? say(owner.name) : null,
    data: owner ? { part: owner.id } : {},
  });
}

// fieldAt is the field of a byte. Where there are several, and one of them is chosen already, it stays.
function fieldAt(layers, at) {
  const owners = layers.at[at];
  return owners.find((f) => f.id === view.part) ?? owners[0];
}

function watchBytes() {
  const grid = byId("hex");
  const partOf = (event) => {
    const cell = event.target.closest(".byte");
    return cell ? fieldAt(view.layers(), Number(cell.dataset.at))?.id : null;
  };
  // Not mouseover, which also comes when other bytes are drawn under a pointer that rests.
  grid.addEventListener("mousemove", (event) => {
    const part = partOf(event);
    if (part) preview(part);
  });
  grid.addEventListener("mouseleave", () => preview(null));
  grid.addEventListener("click", (event) => {
    const part = partOf(event);
    if (part) choose(part);
  });
  grid.addEventListener("focusin", (event) => {
    const part = partOf(event);
    if (part && event.target.matches(":focus-visible")) choose(part);
  });
  grid.addEventListener("keydown", moveInBytes);
  const strip = byId("bits");
  strip.addEventListener("mousemove", (event) => {
    const part = event.target.closest(".bit")?.dataset.part;
    if (part) explainPart(part);
  });
  strip.addEventListener("mouseleave", () => explainPart(view.part));
  strip.addEventListener("click", (event) => {
    const part = event.target.closest(".bit")?.dataset.part;
    if (part) choose(part);
  });
}

function moveInBytes(event) {
  const row = Number(byId("hex").dataset.row);
  const cells = [...byId("hex").querySelectorAll(".hex")];
  const at = cells.indexOf(event.target);
  const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row, Home: -at, End: cells.length - 1 - at };
  if (at < 0 || !(event.key in moves)) return;
  event.preventDefault();
  event.stopPropagation();
  const to = cells[at + moves[event.key]];
  if (!to) return;
  event.target.setAttribute("tabindex", "-1");
  to.setAttribute("tabindex", "0");
  to.focus();
}
