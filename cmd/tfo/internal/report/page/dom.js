// Elements are made here and nowhere else, and what a packet or a story says only ever becomes text of one.

const svgSpace = "http://www.w3.org/2000/svg";

// fill gives an element its properties: "on" holds listeners, "text" its text, "data" its data attributes, and all others are attributes.
function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "text") {
      element.textContent = value;
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const html = (tag, properties, ...children) => fill(document.createElement(tag), properties, children);
const svg = (tag, properties, ...children) => fill(document.createElementNS(svgSpace, tag), properties, children);
const byId = (id) => document.getElementById(id);

// fragmentOf puts values between the words of a sentence: each {} is the next value, a text or an element.
function fragmentOf(sentence, ...values) {
  const words = sentence.split("{}");
  return words.flatMap((word, i) => (i < values.length ? [word, values[i]] : [word]));
}
