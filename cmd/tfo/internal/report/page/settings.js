// Language and theme. Both follow the browser until they are switched; the theme is remembered where storage works,
// the language is in the address, so that a link keeps it.

const settings = {
  language: 0, // index of a text: 0 English, 1 Chinese
  theme: "light",
};

const say = (text) => text[settings.language];
const word = (name) => say(words[name]);

// sentence fills the {} of a text with values that are texts.
const sentence = (name, ...values) => {
  let next = 0;
  return word(name).replaceAll("{}", () => String(values[next++]));
};

const darkQuery = matchMedia("(prefers-color-scheme: dark)");
const printQuery = matchMedia("print");
const calmQuery = matchMedia("(prefers-reduced-motion: reduce)");

// Storage throws where the browser forbids it, as some do for local files.
function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The choice then lasts as long as the page.
  }
}

function applyTheme() {
  document.documentElement.dataset.theme = settings.theme;
}

function switchTheme() {
  settings.theme = settings.theme === "dark" ? "light" : "dark";
  remember("tfo-theme", settings.theme);
  applyTheme();
}

function applyLanguage() {
  document.documentElement.lang = settings.language === 1 ? "zh-Hans" : "en";
  document.title = say(story.title);
}

function switchLanguage() {
  settings.language = 1 - settings.language;
  const address = new URL(location.href);
  address.searchParams.set("lang", settings.language === 1 ? "zh" : "en");
  rewriteAddress(address);
  applyLanguage();
}

// rewriteAddress changes what the address bar shows. Browsers may refuse it for local files and for pages that write too often.
function rewriteAddress(address) {
  try {
    history.replaceState(null, "", address);
  } catch {
    // The page is the same without it.
  }
}

function readSettings() {
  const wanted = new URLSearchParams(location.search).get("lang") ?? navigator.language ?? "en";
  settings.language = wanted.toLowerCase().startsWith("zh") ? 1 : 0;
  const theme = remembered("tfo-theme");
  settings.theme = theme === "dark" || theme === "light" ? theme : darkQuery.matches ? "dark" : "light";
  darkQuery.addEventListener("change", () => {
    if (remembered("tfo-theme")) return;
    settings.theme = darkQuery.matches ? "dark" : "light";
    applyTheme();
  });
  applyTheme();
  applyLanguage();
}
