// A simple line chart with logarithmic axes, as SVG.
const size = { width: 640, height: 400, left: 60, right: 150, top: 30, bottom: 45 };
const colours = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e', '#8c564b', '#17becf'];

/** @param plot - { title, xLabel, yLabel, lines: { name, points: [x, y][] }[] }, all numbers above 0 */
export function plotSvg({ title, xLabel, yLabel, lines }) {
  const points = lines.flatMap((line) => line.points);
  const x = logScale(
    points.map(([value]) => value),
    size.left,
    size.width - size.right,
  );
  const y = logScale(
    points.map(([, value]) => value),
    size.height - size.bottom,
    size.top,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escaped(title)}" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${size.width}" height="${size.height}" fill="white"/>`,
    text(size.left, 18, title, 'font-weight="bold"'),
    ...x.ticks.flatMap((tick) => [
      rule(x.at(tick), size.top, x.at(tick), size.height - size.bottom),
      text(x.at(tick), size.height - size.bottom + 16, tickLabel(tick), 'text-anchor="middle"'),
    ]),
    ...y.ticks.flatMap((tick) => [
      rule(size.left, y.at(tick), size.width - size.right, y.at(tick)),
      text(size.left - 6, y.at(tick) + 4, tickLabel(tick), 'text-anchor="end"'),
    ]),
    text(
      (size.left + size.width - size.right) / 2,
      size.height - 8,
      xLabel,
      'text-anchor="middle"',
    ),
    text(14, size.top - 8, yLabel),
    ...lines.flatMap((line, i) => drawLine(line, colours[i % colours.length], { x, y, i })),
    '</svg>',
    '',
  ].join('\n');
}

function drawLine({ name, points }, colour, { x, y, i }) {
  const path = points.map(([a, b]) => `${x.at(a).toFixed(1)},${y.at(b).toFixed(1)}`).join(' ');
  const row = size.top + 14 + 18 * i;
  const right = size.width - size.right + 12;
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...points.map(
      ([a, b]) =>
        `<circle cx="${x.at(a).toFixed(1)}" cy="${y.at(b).toFixed(1)}" r="2.5" fill="${colour}"/>`,
    ),
    `<line x1="${right}" y1="${row - 4}" x2="${right + 18}" y2="${row - 4}" stroke="${colour}" stroke-width="2"/>`,
    text(right + 24, row, name),
  ];
}

function logScale(values, from, to) {
  const low = Math.log10(Math.min(...values));
  const high = Math.log10(Math.max(...values));
  const at = (value) => from + ((Math.log10(value) - low) / (high - low || 1)) * (to - from);
  const ticks = [];
  for (let power = Math.floor(low); power <= high; power++) {
    for (const digit of [1, 2, 5]) {
      const tick = Number(`${digit}e${power}`);
      if (Math.log10(tick) >= low - 1e-9 && Math.log10(tick) <= high + 1e-9) ticks.push(tick);
    }
  }
  return {
    at,
    ticks: ticks.length > 9 ? ticks.filter((tick) => /^[1]/.test(tick.toExponential())) : ticks,
  };
}

function tickLabel(value) {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1000 ? `${value / 1000}k` : String(value);
}

function rule(x1, y1, x2, y2) {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#ddd"/>`;
}

function text(x, y, content, extra = '') {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${extra}>${escaped(content)}</text>`;
}

function escaped(content) {
  return content.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);
}
