// The editor of conditions: rows come and go, what follows a fact fits it, and the count is told as one types.
// Without it the rows are filled in and sent as they are. No dependency.
"use strict";
(() => {
  const WAIT = 400;
  const waiting = new WeakMap();
  const asking = new WeakMap();
  const rowsOf = (editor) => editor.querySelector("[data-rows-of-condition]");

  function fit(row) {
    const operator = row.querySelector("[data-operator]");
    const fact = row.querySelector("[data-fact]");
    row.querySelector("[data-rest-of-row]").hidden = !fact.value;
    const needs = operator?.selectedOptions[0]?.dataset.needs;
    const value = row.querySelector("[data-value]");
    if (value) value.hidden = needs === "nothing";
  }

  function none(editor) {
    const rows = rowsOf(editor).children.length;
    const words = editor.querySelector("[data-none]");
    if (words) words.hidden = rows > 0;
    rowsOf(editor).hidden = rows === 0;
    // All or any of one row is the same.
    editor.querySelector("[data-match]").hidden = rows < 2;
  }

  // What was wrong was told of what stood there before.
  function mended(row) {
    row.classList.remove("af-wrong");
    row.querySelector("[data-problem]")?.remove();
    row.querySelector("[data-fact]").removeAttribute("aria-invalid");
  }

  async function follow(editor, row) {
    const fact = row.querySelector("[data-fact]");
    const query = new URLSearchParams({ name: row.dataset.row, fact: fact.value });
    const answer = fact.value ? await fetch(`${editor.dataset.rest}?${query}`, { credentials: "same-origin" }) : null;
    // Somebody may have gone on to another fact meanwhile; that one's answer is under way.
    if (answer && (!answer.ok || query.get("fact") !== fact.value)) return;
    if (answer) row.querySelector("[data-rest-of-row]").innerHTML = await answer.text();
    fit(row);
    count(editor);
  }

  function add(editor) {
    const rows = rowsOf(editor);
    const html = editor.querySelector("template").innerHTML.replaceAll("__n__", rows.dataset.next);
    rows.dataset.next = Number(rows.dataset.next) + 1;
    rows.insertAdjacentHTML("beforeend", html);
    begin(rows.lastElementChild);
    none(editor);
    rows.lastElementChild.querySelector("[data-fact]").focus();
  }

  function remove(editor, row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    none(editor);
    count(editor);
    (next?.querySelector("[data-fact]") ?? editor.querySelector("[data-add-row]")).focus();
  }

  async function ask(editor) {
    const words = editor.querySelector("[data-answer]");
    asking.get(editor)?.abort();
    const abort = new AbortController();
    asking.set(editor, abort);
    const sent = new FormData();
    sent.set("name", editor.dataset.condition);
    for (const input of editor.querySelectorAll("select[name], input[name]")) {
      if (input.type !== "checkbox" || input.checked) sent.append(input.name, input.value);
    }
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
    words.setAttribute("aria-busy", "true");
    try {
      const options = { method: "POST", body: sent, headers: { "X-CSRFToken": token }, signal: abort.signal };
      const answer = await fetch(editor.dataset.count, { credentials: "same-origin", ...options });
      if (!answer.ok) throw new Error(String(answer.status));
      words.innerHTML = await answer.text();
      words.removeAttribute("aria-busy");
    } catch (error) {
      if (error.name === "AbortError") return;
      words.textContent = words.dataset.failed;
      words.removeAttribute("aria-busy");
    }
  }

  // Not while a row is half filled in or told to be wrong: there is nothing to count yet.
  function isWhole(row) {
    if (row.classList.contains("af-wrong")) return false;
    const value = row.querySelector("[data-value]");
    if (!row.querySelector("[data-fact]").value || !value || value.hidden) return true;
    return [...value.querySelectorAll("input")].some((input) => (input.type === "checkbox" ? input.checked : input.value));
  }

  function count(editor) {
    clearTimeout(waiting.get(editor));
    if (![...rowsOf(editor).children].every(isWhole)) {
      editor.querySelector("[data-answer]").textContent = "";
      return;
    }
    waiting.set(editor, setTimeout(() => ask(editor), WAIT));
  }

  function begin(row) {
    row.querySelector("[data-remove-row]").hidden = false;
    fit(row);
  }

  function start(editor) {
    if (editor.dataset.started || editor.closest("fieldset:disabled")) return;
    editor.dataset.started = "1";
    for (const blank of editor.querySelectorAll("[data-blank]")) blank.remove();
    for (const row of rowsOf(editor).children) begin(row);
    editor.querySelector("[data-add-row]").hidden = false;
    none(editor);
    if (rowsOf(editor).children.length && editor.offsetParent) count(editor);
  }

  function startAll(root) {
    if (root.matches?.("[data-condition]")) start(root);
    root.querySelectorAll?.("[data-condition]").forEach(start);
  }

  document.addEventListener("change", ({ target }) => {
    const editor = target.closest("[data-condition]");
    if (!editor) return;
    const row = target.closest("[data-row]");
    if (row) mended(row);
    if (target.matches("[data-fact]")) {
      follow(editor, row);
      return;
    }
    if (row) fit(row);
    count(editor);
  });
  document.addEventListener("input", ({ target }) => {
    const editor = target.closest("[data-condition]");
    if (!editor || !target.matches("input")) return;
    mended(target.closest("[data-row]"));
    count(editor);
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-add-row], [data-remove-row]");
    const editor = button?.closest("[data-condition]");
    if (!editor) return;
    if (button.matches("[data-add-row]")) add(editor);
    else remove(editor, button.closest("[data-row]"));
  });
  // What stands in a fold is counted when that is opened.
  document.addEventListener("toggle", ({ target }) => {
    if (!target.open) return;
    for (const editor of target.querySelectorAll("[data-condition]")) {
      if (rowsOf(editor).children.length && !editor.querySelector("[data-answer]").textContent) count(editor);
    }
  }, true);
  document.addEventListener("htmx:load", ({ target }) => startAll(target));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => startAll(document));
  else startAll(document);
})();
