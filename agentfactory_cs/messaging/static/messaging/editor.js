// Writing mails: variables go where one was writing, and the preview follows the reader one picks.
"use strict";
(() => {
  const form = document.getElementById("words");
  if (!form) return;
  let field = form.elements.html;
  let isSaved = true;

  form.addEventListener("focusin", (event) => {
    if (["subject", "html", "text"].includes(event.target.name)) field = event.target;
  });
  form.addEventListener("input", () => { isSaved = false; });
  form.addEventListener("submit", () => { isSaved = true; });
  window.addEventListener("beforeunload", (event) => {
    if (!isSaved) event.preventDefault();
  });

  function insert(words) {
    field.focus();
    field.setRangeText(words, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("click", (event) => {
    const wanted = event.target.closest("[data-insert]");
    if (wanted) insert(wanted.dataset.insert);
    const reader = event.target.closest("[data-reader]");
    if (reader) {
      document.getElementById("reader").value = reader.dataset.reader;
      document.querySelector(".af-reader input").value = "";
      window.htmx.trigger("#preview", "pick");
    }
    if (reader || !event.target.closest(".af-reader")) document.getElementById("readers").replaceChildren();
  });
})();
