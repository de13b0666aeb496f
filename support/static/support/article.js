// Writing articles: nothing unsaved is lost by leaving, and what cannot be undone at once is asked for.
"use strict";
(() => {
  const form = document.getElementById("words");
  if (!form) return;
  let isSaved = true;
  form.addEventListener("input", () => { isSaved = false; });
  form.addEventListener("submit", () => { isSaved = true; });
  window.addEventListener("beforeunload", (event) => {
    if (!isSaved) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const opens = event.target.closest("[data-opens]");
    if (opens) {
      event.preventDefault();
      document.getElementById(opens.dataset.opens).showModal();
    }
    if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
  });
})();
