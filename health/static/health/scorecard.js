// The scorecard editor: sliders whose weights sum to 100, and rows of limits. Without it the figures are typed in.
"use strict";
(() => {
  const figure = (input) => Number.parseFloat(input.value) || 0;
  const inputsOf = (group) => [...group.querySelectorAll(".af-weight input[type=number]")].filter((input) => input.closest("[data-weights]") === group);
  const sliderOf = (input) => document.querySelector(`[data-slider-of="${input.id}"]`);
  const tenths = (value) => Math.round(value * 10) / 10;

  function show(group) {
    const inputs = inputsOf(group);
    const sum = tenths(inputs.reduce((total, input) => total + figure(input), 0));
    for (const input of inputs) sliderOf(input).value = figure(input);
    const words = group.querySelector("[data-sum]");
    words.textContent = `${sum} %`;
    words.classList.toggle("af-bad", Math.abs(sum - 100) > 0.5);
  }

  // The others share what is left in proportion to what they had; the last takes the rounding.
  function rebalance(group, moved) {
    const others = inputsOf(group).filter((input) => input !== moved);
    const left = 100 - figure(moved);
    const had = others.reduce((total, input) => total + figure(input), 0);
    let given = 0;
    others.forEach((input, place) => {
      const share = had > 0 ? (figure(input) / had) * left : left / others.length;
      const value = place === others.length - 1 ? left - given : Math.round(share);
      input.value = tenths(Math.max(0, Math.min(left - given, value)));
      given += figure(input);
    });
    // What the last could not take, because nothing was left, is nobody's: the sum is right already.
  }

  function start(group) {
    for (const input of inputsOf(group)) {
      const slider = sliderOf(input);
      slider.hidden = false;
      slider.addEventListener("input", () => {
        input.value = slider.value;
        rebalance(group, input);
        show(group);
      });
      input.addEventListener("input", () => show(group));
    }
    show(group);
  }

  function startLimits(section) {
    const rows = section.querySelector("[data-rows-of-limits]");
    const total = section.querySelector("input[name$=TOTAL_FORMS]");
    const readingOnly = (row) => {
      const subject = row.querySelector("select[name$=subject]");
      const about = () => row.querySelector(".af-limit-reading").toggleAttribute("hidden", !subject.value.startsWith("metric:"));
      subject.addEventListener("change", about);
      about();
    };
    for (const row of rows.children) readingOnly(row);
    const add = section.querySelector("[data-add-limit]");
    if (!add) return;
    add.hidden = false;
    // The empty row is there for those without scripts; it waits until it is asked for.
    const waiting = [...rows.children].filter((row) => !row.querySelector("select[name$=subject]").value && !row.classList.contains("af-wrong"));
    waiting.forEach((row) => { row.hidden = true; });
    add.addEventListener("click", () => {
      const first = waiting.shift();
      if (first) {
        first.hidden = false;
        first.querySelector("input").focus();
        return;
      }
      const html = section.querySelector("template").innerHTML.replaceAll("__prefix__", total.value);
      rows.insertAdjacentHTML("beforeend", html);
      total.value = Number(total.value) + 1;
      readingOnly(rows.lastElementChild);
      rows.lastElementChild.querySelector("input").focus();
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-weights]").forEach(start);
    document.querySelectorAll("[data-limits]").forEach(startLimits);
  });
})();
