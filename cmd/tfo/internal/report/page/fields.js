// The fields of a segment as a tree, and the explanation of one.

// places of a field in words: "bytes 34–37".
function placeOf(layers, node) {
  const [from, to] = bytesOfNode(layers, node);
  const where = to - from <= 1 ? sentence("byteRange", from) : sentence("bytesRange", from, to - 1);
  if (!node.leaf || node.width % 8 === 0) return where;
  const width = node.width === 1 ? word("bitWide") : sentence("bitsWide", node.width);
  return `${where}, ${width}`;
}

// valueOf is a field's value with its unit.
const valueOf = (field) => [field.value, say(field.unit)].filter(Boolean).join(" ");

// A long value is cut in the tree; the explanation has all of it.
const brief = (text) => (text.length > 56 ? `${text.slice(0, 54)}…` : text);

function groupItem(layers, group) {
  return html("li", {
    role: "treeitem", class: `group in-${layerOf(group.id)}`, tabindex: "-1", "aria-expanded": "true", "aria-selected": "false",
    data: { part: group.id }, "aria-label": `${say(group.name)}, ${group.summary}`,
  }, html("div", { class: "row" },
    html("span", { class: "name", text: say(group.name) }),
    html("span", { class: "summary", text: group.summary }),
    html("span", { class: "place", text: placeOf(layers, group) })),
  html("ul", { role: "group" }));
}

function fieldItem(layers, field) {
  return html("li", {
    role: "treeitem", class: `field in-${layerOf(field.id)}${field.bad ? " bad" : ""}`, tabindex: "-1", "aria-selected": "false",
    data: { part: field.id }, "aria-label": [say(field.name), valueOf(field), say(field.reason)].filter(Boolean).join(", "),
  }, html("div", { class: "row" },
    html("span", { class: "name", text: say(field.name) }),
    html("span", { class: "value" }, brief(valueOf(field)), field.bad && html("strong", { class: "bad-mark", text: word("wrong") })),
    html("span", { class: "place", text: placeOf(layers, field) })),
  field.reason[0] !== "" && html("div", { class: "why", text: say(field.reason) }));
}

// drawFields builds the tree: groups hold what lies in their range of fields.
function drawFields(layers) {
  const tree = byId("tree");
  tree.setAttribute("aria-label", word("fields"));
  tree.replaceChildren();
  const open = [{ end: layers.fields.length, list: tree }];
  let next = 0;
  for (let i = 0; i < layers.fields.length; i++) {
    while (open.length > 1 && open.at(-1).end <= i) open.pop();
    for (; next < layers.groups.length && layers.groups[next].first <= i; next++) {
      const group = layers.groups[next];
      if (group.end <= i) continue;
      const item = groupItem(layers, group);
      open.at(-1).list.append(item);
      open.push({ end: group.end, list: item.lastElementChild });
    }
    open.at(-1).list.append(fieldItem(layers, layers.fields[i]));
  }
  tree.querySelector("[role=treeitem]")?.setAttribute("tabindex", "0");
}

function itemOf(part) {
  return part ? byId("tree").querySelector(`[data-part="${CSS.escape(part)}"]`) : null;
}

function markFields(part) {
  for (const item of byId("tree").querySelectorAll('[aria-selected="true"]')) item.setAttribute("aria-selected", "false");
  itemOf(part)?.setAttribute("aria-selected", "true");
}

// sectionLink makes a link of "RFC 9293, Section 3.1"; other places are text.
function sectionLink(section) {
  const found = /^RFC (\d+)(?:, Section ([\d.]+))?/.exec(section);
  if (!found) return section;
  const href = `https://www.rfc-editor.org/rfc/rfc${found[1]}${found[2] ? `#section-${found[2]}` : ""}`;
  return html("a", { href, rel: "noreferrer", text: section });
}

// placeLine says where a node is and, of a field, who defines it and how Wireshark calls it.
function placeLine(layers, node) {
  const parts = [html("span", { text: placeOf(layers, node) })];
  if (node.section) parts.push(html("span", {}, sectionLink(node.section)));
  if (node.filter) parts.push(html("span", {}, `${word("filter")} `, html("code", { text: node.filter })));
  return html("p", { class: "explanation-place" }, parts);
}

function explanationOf(layers, node) {
  const head = html("h4", {}, html("span", { text: say(node.name) }), node.bad && html("strong", { class: "bad-mark", text: word("wrong") }));
  const value = html("p", { class: "explanation-value", text: node.leaf ? valueOf(node) : node.summary });
  if (!node.leaf) return [head, value, placeLine(layers, node), membersOf(layers, node)];
  return [
    head, value,
    html("p", { class: "explanation-meaning", text: say(node.meaning) }),
    node.reason[0] !== "" && html("p", { class: "explanation-reason" }, html("span", { class: "explanation-why", text: word("whyHere") }), " ", say(node.reason)),
    placeLine(layers, node),
  ].filter(Boolean);
}

// membersOf lists the fields of a small group with their reasons; of a large one the tree is the list.
function membersOf(layers, group) {
  const fields = layers.fields.slice(group.first, group.end);
  if (fields.length > 6) return "";
  return html("ul", { class: "overview" }, fields.map((field) => html("li", { class: `in-${layerOf(field.id)}` },
    html("strong", { text: say(field.name) }), html("code", { text: brief(valueOf(field)) }),
    field.reason[0] !== "" && html("div", { class: "summary", text: say(field.reason) }))));
}

// overviewOf is what stands there as long as nothing is chosen: the layers and the data, in the tints that their bytes have.
function overviewOf(layers) {
  const groups = layers.groups.filter((group) => group.depth === 0);
  const alone = layers.fields.filter((field) => !groups.some((group) => field.index >= group.first && field.index < group.end));
  return [html("p", { class: "hint", text: word("hint") }),
    html("ul", { class: "overview" }, [...groups, ...alone].map((node) => html("li", { class: `in-${layerOf(node.id)}` },
      html("strong", { text: say(node.name) }), html("span", { class: "summary", text: brief(node.summary ?? valueOf(node)) }))))];
}

// explainPart fills the explanation. It grows for what needs more room and does not shrink again, so that what is below it
// does not move to and fro under the pointer.
function explainPart(part) {
  const card = byId("explanation");
  const layers = view.layers();
  const node = part ? layers?.find(part) : null;
  if (!layers) return;
  card.className = node ? `in-${layerOf(node.id)}` : "";
  card.setAttribute("aria-label", word("chosen"));
  card.replaceChildren(...(node ? explanationOf(layers, node) : overviewOf(layers)));
  if (card.offsetHeight > 0) card.style.minHeight = `${card.offsetHeight}px`;
}

function watchFields() {
  const tree = byId("tree");
  const partOf = (event) => event.target.closest("[role=treeitem]")?.dataset.part;
  tree.addEventListener("mousemove", (event) => preview(event.target.closest(".row, .why") ? partOf(event) : null));
  tree.addEventListener("mouseleave", () => preview(null));
  tree.addEventListener("click", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    choose(item.dataset.part);
    focusItem(item);
  });
  tree.addEventListener("focusin", (event) => {
    const part = partOf(event);
    if (part && event.target.matches(":focus-visible")) choose(part);
  });
  tree.addEventListener("keydown", moveInTree);
}

function focusItem(item) {
  for (const other of byId("tree").querySelectorAll('[tabindex="0"]')) other.setAttribute("tabindex", "-1");
  item.setAttribute("tabindex", "0");
  item.focus();
}

// moveInTree has the keys that a tree has (WAI-ARIA Authoring Practices).
function moveInTree(event) {
  const item = event.target.closest("[role=treeitem]");
  if (!item) return;
  const shown = [...byId("tree").querySelectorAll("[role=treeitem]")]
    .filter((other) => !other.parentElement.closest('[aria-expanded="false"]'));
  const at = shown.indexOf(item);
  const expanded = item.getAttribute("aria-expanded");
  const parent = item.parentElement.closest("[role=treeitem]");
  let to = null;
  switch (event.key) {
    case "ArrowDown": to = shown[at + 1]; break;
    case "ArrowUp": to = shown[at - 1]; break;
    case "Home": to = shown[0]; break;
    case "End": to = shown.at(-1); break;
    case "ArrowRight":
      if (expanded === "false") item.setAttribute("aria-expanded", "true");
      else if (expanded === "true") to = shown[at + 1];
      break;
    case "ArrowLeft":
      if (expanded === "true") item.setAttribute("aria-expanded", "false");
      else to = parent;
      break;
    default: return;
  }
  event.preventDefault();
  event.stopPropagation();
  if (to) focusItem(to);
}
