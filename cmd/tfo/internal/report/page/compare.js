// What the connections cost and saved: round trips side by side, checks, and measurements over paths.

function bar(term, trips, time, most) {
  const width = trips > 0 ? Math.max((trips / most) * 100, 1) : 0;
  const length = html("span", { class: "bar-length" });
  length.style.width = `${width}%`;
  const room = html("span", { class: "bar-room", "aria-hidden": "true" }, length);
  room.style.setProperty("--half-trip", `${50 / most}%`);
  const words = trips > 0
    ? [html("strong", { text: sentence("roundTrips", trips) }), time > 0 && html("span", { class: "bar-time", text: duration(time) })]
    : [html("span", { class: "quiet", text: word("never") })];
  return html("div", { class: "bar" },
    html("span", { class: "bar-term", text: word(term) }), room, html("span", { class: "bar-words" }, words));
}

function drawCompare() {
  const list = byId("connections");
  byId("compare").hidden = story.connections.length === 0;
  const most = Math.max(2, ...story.connections.flatMap((c) => [c.request_round_trips, c.response_round_trips]));
  list.replaceChildren(...story.connections.map((c) => html("article", { class: `connection outcome-${c.fast_open || "unknown"}` },
    html("h3", {}, sentence("connection", c.number), html("span", { class: "outcome", text: say(outcomeWords[c.fast_open] ?? [c.fast_open, c.fast_open]) })),
    html("p", { class: "ends", text: `${c.client} → ${c.server}` }),
    bar("request", c.request_round_trips, c.request_ns, most),
    bar("response", c.response_round_trips, c.response_ns, most),
    html("p", { class: "why", text: [
      say(c.reason),
      c.syn_data > 0 && sentence("synData", Math.max(c.syn_acked, 0), c.syn_data),
      c.retransmits > 0 && sentence("retransmits", c.retransmits),
    ].filter(Boolean).join(" · ") }))));
}

function drawChecks() {
  byId("checks").hidden = story.checks.length === 0;
  byId("check-list").replaceChildren(...story.checks.map((check) => html("li", { class: check.ok ? "ok" : "failed" },
    html("span", { class: "mark", "aria-hidden": "true", text: check.ok ? "✓" : "✗" }),
    html("span", { class: "check-what" }, say(check.what), check.seen && html("span", { class: "check-seen", text: sentence("checkSeen", check.seen) })),
    html("span", { class: "check-verdict", text: word(check.ok ? "passed" : "failed") }))));
}

// In the table a time also stands in round trips, where there are any.
function timeCell(time, rtt) {
  return html("td", {}, duration(time), rtt > 0 && html("span", { class: "in-rtt", text: sentence("inRTT", (time / rtt).toFixed(2)) }));
}

function savingsTable(stack, rows) {
  const heads = ["savingsRTT", "savingsPlain", "savingsFast", "savingsSaved"];
  const parts = [["request", "plain_request_ns", "fast_open_request_ns"], ["response", "plain_response_ns", "fast_open_response_ns"]];
  return parts.map(([part, plain, fast]) => html("div", { class: "scroll" }, html("table", {},
    html("caption", { text: `${stack}: ${word(part)}` }),
    html("thead", {}, html("tr", {}, heads.map((name) => html("th", { scope: "col", text: word(name) })))),
    html("tbody", {}, rows.map((row) => html("tr", {},
      html("th", { scope: "row", text: row.rtt_ns ? duration(row.rtt_ns) : "0 ms" }),
      timeCell(row[plain], row.rtt_ns), timeCell(row[fast], row.rtt_ns), timeCell(row[plain] - row[fast], row.rtt_ns)))))));
}

// savingsChart draws two lines over the round-trip time, with their names at their ends.
function savingsChart(stack, rows) {
  const [width, height, left, right, top, bottom] = [560, 260, 60, 160, 18, 34];
  const mostRTT = Math.max(...rows.map((r) => r.rtt_ns), 1);
  const most = Math.max(...rows.map((r) => r.plain_response_ns), 1);
  const x = (ns) => left + (ns / mostRTT) * (width - left - right);
  const y = (ns) => height - bottom - (ns / most) * (height - top - bottom);
  const lineOf = (key, name, kind) => {
    const points = rows.map((r) => `${x(r.rtt_ns)},${y(r[key])}`);
    const last = rows.at(-1);
    return svg("g", { class: kind }, svg("polyline", { points: points.join(" ") }),
      rows.map((r) => svg("circle", { cx: x(r.rtt_ns), cy: y(r[key]), r: 3.5 })),
      svg("text", { x: x(last.rtt_ns) + 10, y: y(last[key]) + 4, text: word(name) }));
  };
  const across = rows.map((r) => svg("text", { class: "tick", x: x(r.rtt_ns), y: height - 12, "text-anchor": "middle", text: r.rtt_ns / 1e6 }));
  const up = [0, 0.5, 1].map((part) => svg("g", {},
    svg("line", { class: "rule", x1: left, x2: width - right, y1: y(most * part), y2: y(most * part) }),
    svg("text", { class: "tick", x: left - 8, y: y(most * part) + 4, "text-anchor": "end", text: part ? duration(most * part) : "0" })));
  return html("figure", { class: "chart" },
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${stack}: ${word("savingsChart")}` }, up, across,
      svg("text", { class: "tick", x: width - right + 10, y: height - 12, text: "ms RTT" }),
      lineOf("plain_response_ns", "savingsPlain", "plain"), lineOf("fast_open_response_ns", "savingsFast", "fast")),
    html("figcaption", { text: `${stack}: ${word("savingsChart")}` }));
}

function drawSavings() {
  byId("savings").hidden = story.savings.length === 0;
  byId("exchange").hidden = story.savings.length > 0 && story.frames.length === 0;
  const stacks = [...new Set(story.savings.map((row) => row.stack))];
  byId("savings-body").replaceChildren(...stacks.map((stack) => {
    const rows = story.savings.filter((row) => row.stack === stack).toSorted((a, b) => a.rtt_ns - b.rtt_ns);
    return html("div", { class: "savings-stack" }, savingsChart(stack, rows), html("div", {}, savingsTable(stack, rows)));
  }));
}
