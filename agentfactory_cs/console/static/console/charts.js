// Charts whose figures people read: <canvas data-chart="id of a JSON script"> drawn by the theme's Chart.js.
"use strict";
(() => {
  const colour = (name) => {
    // Resolved through an element, so that variables of the theme become colours that a canvas knows.
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };

  const bands = {
    id: "bands",
    beforeDraw(chart, _args, options) {
      const { ctx, chartArea, scales } = chart;
      for (const [from, to, kind] of options.bands ?? []) {
        const top = scales.y.getPixelForValue(to);
        ctx.save();
        ctx.globalAlpha = 0.45;
        ctx.fillStyle = colour(`--af-${kind}-ground`);
        ctx.fillRect(chartArea.left, top, chartArea.width, scales.y.getPixelForValue(from) - top);
        ctx.restore();
      }
    },
  };

  function draw(canvas) {
    const source = document.getElementById(canvas.dataset.chart);
    if (!source || canvas.dataset.drawn) return;
    canvas.dataset.drawn = "1";
    // A score runs from 0 to 100; "max": null lets the values say how high the scale is.
    const { labels, lines, bands: stripes, kind = "line", max = 100, unit = "", stacked = false } = JSON.parse(source.textContent);
    const ink = colour("--color-primary-600");
    const quiet = colour("--af-quiet");
    new Chart(canvas, {
      type: kind,
      plugins: [bands],
      data: {
        labels,
        datasets: lines.map(({ label, values, points, dashed, notes, quiet: aside }) => ({
          label,
          notes,
          data: values,
          borderColor: points || dashed || aside ? quiet : ink,
          borderDash: dashed ? [4, 4] : [],
          backgroundColor: points || aside ? quiet : ink,
          borderWidth: kind === "bar" ? 0 : 2,
          maxBarThickness: 48,
          showLine: !points,
          pointRadius: points ? 5 : values.length < 3 ? 3 : 0,
          pointStyle: points ? "rectRot" : "circle",
          pointHitRadius: 8,
          spanGaps: false,
        })),
      },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { intersect: false, mode: "index" },
        plugins: {
          legend: { display: stacked, align: "start", labels: { color: quiet, boxWidth: 12 } },
          bands: { bands: stripes },
          // A point with a note says that instead of its figure.
          tooltip: { callbacks: { label: ({ dataset, dataIndex, formattedValue }) => dataset.notes?.[dataIndex] ?? `${dataset.label}: ${formattedValue}` } },
        },
        scales: {
          x: { stacked, grid: { display: false }, ticks: { color: quiet, maxTicksLimit: kind === "bar" ? 24 : canvas.clientWidth < 480 ? 3 : 7, maxRotation: 0 } },
          y: {
            min: 0,
            max: max ?? undefined,
            stacked,
            grid: { display: false },
            ticks: { color: quiet, stepSize: max === 100 ? 25 : undefined, precision: 0, maxTicksLimit: 6, callback: (value) => `${value}${unit}` },
          },
        },
      },
    });
  }

  const drawAll = (root) => root.querySelectorAll("canvas[data-chart]").forEach(draw);
  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  document.addEventListener("htmx:afterSettle", () => drawAll(document));
})();
