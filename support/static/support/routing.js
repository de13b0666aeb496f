// Routing rules: added, moved up and down. Without it the places are numbers to write.
"use strict";
(() => {
  const list = document.querySelector("[data-items]");
  const blank = document.querySelector("[data-blank]");
  const add = document.querySelector("[data-add]");
  const total = document.querySelector("[name=rules-TOTAL_FORMS]");
  if (!list || !blank || !add || !total) return;

  const number = () => [...list.children].forEach((item, at) => { item.querySelector("[name$=-ORDER]").value = at + 1; });

  function ready(item) {
    item.querySelectorAll("[data-move]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => {
        const down = button.dataset.move === "1";
        const other = down ? item.nextElementSibling : item.previousElementSibling;
        if (!other) return;
        if (down) other.after(item);
        else other.before(item);
        number();
        button.focus();
      });
    });
    item.querySelector(".sr-order").classList.add("sr-hidden");
  }

  [...list.children].forEach(ready);
  number();
  add.hidden = false;
  add.addEventListener("click", () => {
    list.insertAdjacentHTML("beforeend", blank.innerHTML.replaceAll("__prefix__", total.value));
    total.value = Number(total.value) + 1;
    ready(list.lastElementChild);
    number();
    list.lastElementChild.querySelector("[name$=-name]").focus();
  });
})();
