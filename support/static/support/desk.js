// The desk by keyboard: countdowns, the answer box that forgets nothing, names of colleagues, dialogs, blocked images.
"use strict";
(() => {
  const page = document.querySelector("[data-ticket]");
  const words = document.querySelector("[data-countdown-in]");

  // -- Countdowns: what is left of each promise, as the server says it too ------------------------
  function spell(minutes) {
    const two = (large, unit, small, smaller) => (small ? `${large} ${unit} ${small} ${smaller}` : `${large} ${unit}`);
    if (minutes >= 1440) return two(Math.floor(minutes / 1440), "d", Math.floor((minutes % 1440) / 60), "h");
    if (minutes >= 60) return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
    return `${minutes} min`;
  }

  function tick() {
    document.querySelectorAll("time[data-due]").forEach((clock) => {
      const left = new Date(clock.dateTime) - Date.now();
      const form = left > 0 ? words?.dataset.countdownIn : words?.dataset.countdownOver;
      if (form) clock.textContent = form.replace("{}", spell(Math.floor(Math.abs(left) / 60000)));
      clock.classList.toggle("af-bad", left <= 0);
    });
  }
  setInterval(tick, 20000);
  if (!page) return;

  // -- The box: what is typed is kept in this browser until it is stored ---------------------------
  const box = document.getElementById("sd-write");
  const text = document.getElementById("sd-text");
  const kept = document.getElementById("sd-kept");
  const writing = document.getElementById("sd-is-writing");
  const kind = () => box.querySelector("[name=kind]:checked").value;
  const draft = (of) => `af-draft:${page.dataset.ticket}:${of}`;
  let stillWriting = 0;

  function keep() {
    if (text.value.trim()) localStorage.setItem(draft(kind()), text.value);
    else localStorage.removeItem(draft(kind()));
    kept.textContent = text.value.trim() ? kept.dataset.words : "";
    writing.value = text.value.trim() ? "1" : "0";
    clearTimeout(stillWriting);
    stillWriting = setTimeout(() => { writing.value = "0"; }, 30000);
  }

  function bringBack() {
    const before = localStorage.getItem(draft(kind())) ?? "";
    text.value = before;
    kept.textContent = before ? kept.dataset.back : "";
  }

  function choose(which) {
    const tab = box?.querySelector(`[name=kind][value=${which}]`);
    if (!tab) return false;
    if (!tab.checked) { tab.checked = true; bringBack(); }
    text.focus();
    text.scrollIntoView({ block: "center" });
    return true;
  }

  if (box) {
    const stored = new URLSearchParams(location.search).get("stored");
    if (stored) {
      localStorage.removeItem(draft(stored));
      history.replaceState(null, "", location.pathname + location.hash);
    }
    // What came back refused is newer than what the browser kept.
    if (text.value.trim()) keep();
    else bringBack();
    text.addEventListener("input", keep);
    box.querySelectorAll("[name=kind]").forEach((tab) => tab.addEventListener("change", () => { bringBack(); text.focus(); }));
    text.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && mentions.hidden) text.blur();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        send();
      }
    });
  }

  function send(then) {
    const buttons = [...box.querySelectorAll("button:not([type=button])")].filter((one) => one.offsetParent);
    const button = buttons.find((one) => one.value === then) ?? buttons[0];
    if (button) box.requestSubmit(button);
  }

  // -- @name: colleagues whose name begins so --------------------------------------------------------
  const people = JSON.parse(document.getElementById("sd-people")?.textContent ?? "[]");
  const mentions = document.getElementById("sd-mentions") ?? document.createElement("ul");

  function asked() {
    return text.value.slice(0, text.selectionStart).match(/(?:^|\s)@([\w.+-]*)$/);
  }

  function offer() {
    const found = asked();
    const begun = found?.[1].toLowerCase();
    const fitting = found ? people.filter(([login, name]) => login.toLowerCase().startsWith(begun) || name.toLowerCase().split(" ").some((part) => part.startsWith(begun))).slice(0, 6) : [];
    mentions.replaceChildren(...fitting.map(([login, name], at) => {
      const line = document.createElement("li");
      line.textContent = name ? `${name} @${login}` : `@${login}`;
      line.dataset.login = login;
      line.setAttribute("aria-selected", String(at === 0));
      return line;
    }));
    mentions.hidden = fitting.length === 0;
  }

  function insert(login) {
    const found = asked();
    const at = text.selectionStart - found[1].length;
    text.setRangeText(`${login} `, at, text.selectionStart, "end");
    mentions.hidden = true;
    keep();
    text.focus();
  }

  text?.addEventListener("input", () => { if (kind() === "note") offer(); else mentions.hidden = true; });
  text?.addEventListener("keydown", (event) => {
    if (mentions.hidden) return;
    const lines = [...mentions.children];
    const at = lines.findIndex((line) => line.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      lines[at].setAttribute("aria-selected", "false");
      lines[(at + step + lines.length) % lines.length].setAttribute("aria-selected", "true");
    } else if (event.key === "Escape") mentions.hidden = true;
    else if ((event.key === "Enter" && !event.ctrlKey) || event.key === "Tab") insert(lines[at].dataset.login);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  mentions.addEventListener("mousedown", (event) => {
    const line = event.target.closest("li");
    if (line) { event.preventDefault(); insert(line.dataset.login); }
  });

  // -- Suggestions: a click puts one into the box where one writes -------------------------------------
  document.addEventListener("click", (event) => {
    const offered = event.target.closest("[data-insert]");
    if (!offered || !text) return;
    event.preventDefault();
    text.setRangeText(offered.dataset.insert, text.selectionStart, text.selectionEnd, "end");
    keep();
    text.focus();
  });

  // -- Dialogs, and messages as they were sent ----------------------------------------------------------
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      event.preventDefault();
      const dialog = document.querySelector(opener.getAttribute("href"));
      dialog.querySelectorAll("[data-seen]").forEach((field) => { field.value = document.getElementById("sd-seen").value; });
      opener.closest("details")?.removeAttribute("open");
      dialog.showModal();
    }
    event.target.closest("[data-close]")?.closest("dialog").close();
  });
  document.querySelectorAll("[data-frame]").forEach((fold) => {
    const images = fold.querySelector("[data-images]");
    fold.addEventListener("toggle", () => {
      if (!fold.open || fold.querySelector("iframe")) return;
      const frame = document.createElement("iframe");
      frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
      frame.title = fold.querySelector("summary").textContent;
      frame.src = fold.dataset.frame;
      fold.append(frame);
      images.hidden = false;
    });
    images.addEventListener("click", () => {
      fold.querySelector("iframe").src = `${fold.dataset.frame}?images=1`;
      images.hidden = true;
    });
  });

  // Why something was refused is said where it was to stand.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 409) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });

  // -- Keys ------------------------------------------------------------------------------------------------
  function become(status) {
    // What is written goes out with a press of Enter on the button, never by a letter alone.
    if (box && text.value.trim() && kind() === "answer") {
      const button = box.querySelector(`[name=then][value=${status}]`);
      if (button) { button.focus(); button.scrollIntoView({ block: "center" }); return true; }
    }
    const field = document.querySelector("[data-field=status]");
    if (!field || field.disabled || ![...field.options].some((one) => one.value === status)) return false;
    field.value = status;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }

  const press = (key) => {
    const thing = document.querySelector(`[data-key=${key}]`);
    thing?.click();
    return Boolean(thing);
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest("input:not([type=radio]), textarea, select, [contenteditable]")) return;
    const act = {
      r: () => choose("answer"),
      n: () => choose("note"),
      a: () => press("a"),
      g: () => press("g"),
      e: () => become("resolved"),
      p: () => become("pending"),
    }[event.key];
    if (act && act()) event.preventDefault();
  });
  tick();
})();
