// The story as the rest of the page sees it. In the file texts and definitions of fields are in tables, since a story
// says the same sentence hundreds of times; here they are back in their places.

const packed = JSON.parse(byId("story").textContent);

// textAt returns a text in both languages, [English, Chinese].
const textAt = (index) => packed.texts[index];

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function fieldOf([definition, offset, width, value, meaning, reason, bad], index) {
  const [id, filter, name, unit, section] = packed.definitions[definition];
  return {
    leaf: true, id, filter, section, offset, width, value, index,
    first: index, end: index + 1,
    name: textAt(name), unit: textAt(unit), meaning: textAt(meaning), reason: textAt(reason), bad: bad === 1,
  };
}

function groupOf([id, name, summary, first, end, depth]) {
  return { leaf: false, id, name: textAt(name), summary, first, end, depth };
}

// layersOf are the bytes of a frame with what is known about them. They are made when a frame is looked at: a story
// of five hundred frames has twenty thousand fields.
function layersOf(part) {
  const fields = part.fields.map(fieldOf);
  const groups = part.groups.map(groupOf);
  const byName = new Map();
  for (const node of [...groups, ...fields]) if (!byName.has(node.id)) byName.set(node.id, node);
  const data = bytesOf(part.bytes);
  return { data, fields, groups, find: (id) => byName.get(id), at: ownersOf(fields, data.length) };
}

// ownersOf lists, for each byte, the fields that have a bit of it.
function ownersOf(fields, length) {
  const owners = Array.from({ length }, () => []);
  for (const field of fields) {
    const last = Math.ceil((field.offset + field.width) / 8);
    for (let at = field.offset >> 3; at < Math.min(last, length); at++) owners[at].push(field);
  }
  return owners;
}

function frameOf(raw) {
  let sent, arrived;
  return {
    ...raw,
    fate: textAt(raw.fate), label: textAt(raw.label), reason: textAt(raw.reason),
    notes: raw.notes.map(([at, text]) => ({ at, text: textAt(text) })),
    get sent() { return (sent ??= layersOf(raw.sent)); },
    get arrived() { return raw.arrived ? (arrived ??= layersOf(raw.arrived)) : null; },
  };
}

const story = {
  ...packed.story,
  title: textAt(packed.story.title),
  about: textAt(packed.story.about),
  hosts: packed.story.hosts.map((host) => ({ ...host, name: textAt(host.name) })),
  frames: packed.story.frames.map(frameOf),
  connections: packed.story.connections.map((c) => ({ ...c, reason: textAt(c.reason) })),
  checks: packed.story.checks.map((check) => ({ ...check, what: textAt(check.what) })),
};

// endsOf returns the hosts that are client and server of each connection, by its number. Who sent the first frame is the client.
const endsOf = new Map();
for (const frame of story.frames) {
  if (frame.connection && !endsOf.has(frame.connection)) {
    endsOf.set(frame.connection, { client: frame.from, server: frame.to });
  }
}
