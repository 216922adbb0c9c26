// On paper nothing can be selected, so every segment is listed with its bytes and fields. The list is made when somebody prints.

function hexText(data) {
  const rows = [];
  for (let at = 0; at < data.length; at += 16) {
    const row = [...data.slice(at, at + 16)];
    rows.push(`${at.toString(16).padStart(4, "0")}  ${row.map(hexOf).join(" ").padEnd(47)}  ${row.map(asciiOf).join("")}`);
  }
  return rows.join("\n");
}

function printedField(layers, field) {
  return html("tr", {},
    html("td", {}, html("span", { class: "name", text: say(field.name) }), html("span", { class: "place", text: placeOf(layers, field) })),
    html("td", { class: "value", text: valueOf(field) }),
    html("td", {}, say(field.meaning), field.reason[0] !== "" && html("span", { class: "why", text: say(field.reason) })),
    html("td", { class: "section", text: field.section }));
}

function printedFrame(frame) {
  const [from, to] = [frame.from, frame.to].map((i) => say(story.hosts[i].name));
  return html("section", { class: "printed" },
    html("h3", { text: `${sentence(frame.connection ? "segment" : "frame", frame.number)} · ${from} → ${to} · ${moment(frame.departed_ns)}` }),
    html("p", { class: "text-form", text: frame.text }),
    html("p", { class: "reason", text: [say(frame.reason), say(frame.fate)].filter(Boolean).join(" · ") }),
    frame.notes.length > 0 && html("ul", {}, frame.notes.map((note) => html("li", { text: `${say(story.hosts[note.at].name)}: ${say(note.text)}` }))),
    html("pre", { text: hexText(frame.sent.data) }),
    html("table", {}, html("tbody", {}, frame.sent.fields.map((field) => printedField(frame.sent, field)))));
}

// fitPaper makes the diagram, if it is not too long for that, no higher than a page.
function fitPaper(width) {
  for (const id of ["hosts", "segments"]) byId(id).style.width = width;
}

function drawPrinted() {
  const place = byId("printed");
  if (!printQuery.matches) {
    place.replaceChildren();
    fitPaper("");
    return;
  }
  player.stop();
  const { height } = diagram.places;
  fitPaper(height < 2.2 * diagram.width ? `min(100%, calc(225mm * ${diagram.width / height}))` : "100%");
  place.replaceChildren(html("h2", { text: word("allSegments") }), ...story.frames.map(printedFrame));
}
