// The console by keyboard, and parts that could not be fetched. No dependency but the theme's htmx.
"use strict";
(() => {
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
  const rows = () => [...document.querySelectorAll("#result_list tr.data-row, [data-rows] > *")];
  const chosen = () => document.querySelector(".af-chosen");

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(chosen());
    const next = all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)];
    chosen()?.classList.remove("af-chosen");
    next.classList.add("af-chosen");
    next.querySelector("a")?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  function search() {
    const field = document.getElementById("searchbar") ?? document.getElementById("nav-filter");
    if (field) field.focus();
    return Boolean(field);
  }

  function help() {
    const dialog = document.getElementById("af-help");
    if (!dialog) return false;
    if (dialog.open) dialog.close();
    else dialog.showModal();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const act = {
      "/": search,
      j: () => { move(1); return true; },
      k: () => { move(-1); return true; },
      Enter: () => {
        // A focused link or button opens by itself.
        if (event.target.closest("a, button, summary")) return false;
        const link = chosen()?.querySelector("a");
        if (link) link.click();
        return Boolean(link);
      },
      "?": help,
    }[event.key];
    if (act && act()) event.preventDefault();
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-submit-on-change]");
    if (form) form.requestSubmit();
  });

  // Buttons in a list act by htmx: their requests carry the token of the page's form.
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] ??= token;
  });

  // What htmx could not fetch says so where it would have stood.
  function failed(event) {
    const part = event.detail.elt.closest(".af-loading") ?? event.detail.elt.closest(".af-card");
    if (!part) return;
    part.classList.remove("af-loading");
    const words = document.getElementById("af-help")?.dataset.failed ?? "";
    const line = document.createElement("p");
    line.className = "af-broken";
    line.setAttribute("role", "alert");
    line.textContent = words;
    part.append(line);
  }
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
})();
