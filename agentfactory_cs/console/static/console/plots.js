// Bars, and lines on a scale of their own: <canvas data-plot="id of a JSON script"> drawn by the theme's Chart.js.
"use strict";
(() => {
  // A canvas knows colours, not the theme's variables: the browser resolves them on an element.
  const colour = (value) => {
    const probe = document.createElement("span");
    probe.style.color = value;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const moods = () => ({
    ink: colour("var(--color-primary-600)"),
    quiet: colour(document.documentElement.classList.contains("dark") ? "var(--color-base-600)" : "var(--color-base-300)"),
    bad: colour("#d92d20"),
    plain: colour(document.documentElement.classList.contains("dark") ? "var(--color-base-500)" : "var(--color-base-400)"),
    good: colour("#079455"),
    none: colour("var(--af-line)"),
  });

  function draw(canvas) {
    const source = document.getElementById(canvas.dataset.plot);
    if (!source || canvas.dataset.drawn) return;
    canvas.dataset.drawn = "1";
    const { kind, labels, series, axis, low, high, horizontal, stacked } = JSON.parse(source.textContent);
    const [ink, ground] = [colour("var(--af-quiet)"), colour("var(--af-line)")];
    const shades = moods();
    const values = {
      min: low, max: high, stacked, beginAtZero: low === undefined,
      title: { display: Boolean(axis), text: axis, color: ink },
      ticks: { color: ink, precision: 0, maxTicksLimit: 6 }, grid: { color: ground }, border: { display: false },
    };
    const names = { stacked, grid: { display: false }, ticks: { color: ink, maxRotation: 0, autoSkipPadding: 12 } };
    new Chart(canvas, {
      type: kind,
      data: {
        labels,
        datasets: series.map(({ label, mood, values: data }) => ({
          label, data, borderColor: shades[mood], backgroundColor: shades[mood],
          borderWidth: kind === "line" ? 2 : 0, borderRadius: 2, pointRadius: 3, pointHitRadius: 8, maxBarThickness: 28,
        })),
      },
      options: {
        animation: false,
        maintainAspectRatio: false,
        indexAxis: horizontal ? "y" : "x",
        interaction: { intersect: false, mode: "index", axis: horizontal ? "y" : "x" },
        plugins: { legend: { display: series.length > 1, position: "bottom", labels: { color: ink, boxWidth: 12 } } },
        scales: horizontal ? { x: values, y: names } : { x: names, y: values },
      },
    });
  }

  const drawAll = (root) => root.querySelectorAll("canvas[data-plot]").forEach(draw);
  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  document.addEventListener("htmx:afterSettle", () => drawAll(document));
})();
