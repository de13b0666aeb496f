// The editor of a playbook: which steps stand open survives a reshaping; a link to a step opens it; what was typed
// is not lost by leaving. Without it the page is sent and comes back whole.
"use strict";
(() => {
  const form = () => document.getElementById("definition");
  let isTouched = false;

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (!form()?.contains(detail.elt)) return;
    const open = [...form().querySelectorAll("details[data-step][open]")].map((step) => step.dataset.step);
    if (detail.parameters instanceof FormData) for (const step of open) detail.parameters.append("open", step);
    else detail.parameters.open = open;
  });
  // What is wrong, and what it changes, follows a step that came, went or moved.
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target?.id !== "definition") return;
    isTouched = true;
    htmx.trigger(form(), "reshaped");
    form().querySelector("[autofocus]")?.closest("li")?.scrollIntoView({ block: "nearest" });
  });

  function openTarget() {
    const step = document.getElementById(location.hash.slice(1))?.querySelector("details[data-step]");
    if (step) step.open = true;
  }
  window.addEventListener("hashchange", openTarget);
  document.addEventListener("click", ({ target }) => {
    const link = target.closest("#told a[href^='#']");
    if (link && link.hash === location.hash) openTarget();
  });

  document.addEventListener("input", ({ target }) => {
    if (form()?.contains(target)) isTouched = true;
  });
  document.addEventListener("submit", ({ target }) => {
    if (target === form()) isTouched = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (isTouched) event.preventDefault();
  });
})();
