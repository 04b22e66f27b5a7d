import type { CellReport } from './report.js';
import { sourceText } from './resolve-config.js';

type Cell = string | number | undefined;

/** Column by name, in their order. */
const columns: Readonly<Record<string, (cell: CellReport) => Cell>> = {
  model: ({ model }) => model,
  task: ({ task }) => task,
  config: ({ config }) => config,
  source: ({ source }) => source && sourceText(source),
  state: ({ state }) => state,
  questions: ({ questions }) => questions.done,
  contexts: ({ contexts }) => contexts,
  contextTokens: ({ contextTokens }) => contextTokens,
  score: ({ score }) => score?.mean,
  standardError: ({ score }) => score?.standardError ?? undefined,
  denseScore: ({ denseScore }) => denseScore?.mean,
  difference: ({ difference }) => difference?.mean,
  differenceLow: ({ difference }) => difference?.low,
  differenceHigh: ({ difference }) => difference?.high,
  kl: ({ kl }) => kl,
  density: ({ density }) => density,
  bytesRead: ({ bytesRead }) => bytesRead,
  readFraction: ({ readFraction }) => readFraction,
  attentionMs: ({ attentionMs }) => attentionMs?.sparse,
  denseAttentionMs: ({ attentionMs }) => attentionMs?.dense,
  attentionSpeedup: ({ attentionMs }) => attentionMs?.speedup,
  stepAttentionMs: ({ stepAttentionMs }) => stepAttentionMs?.sparse,
  denseStepAttentionMs: ({ stepAttentionMs }) => stepAttentionMs?.dense,
  stepAttentionSpeedup: ({ stepAttentionMs }) => stepAttentionMs?.speedup,
  tokensPerSecond: ({ tokensPerSecond }) => tokensPerSecond?.sparse,
  denseTokensPerSecond: ({ tokensPerSecond }) => tokensPerSecond?.dense,
  decodeSpeedup: ({ tokensPerSecond }) => tokensPerSecond?.speedup,
  error: ({ error }) => error?.message,
};

/** One line a cell under the names of the columns (RFC 4180). */
export function summaryCsv(cells: readonly CellReport[]): string {
  const lines = [
    Object.keys(columns),
    ...cells.map((cell) => Object.values(columns).map((read) => read(cell))),
  ];
  return lines.map((line) => `${line.map(quoted).join(',')}\n`).join('');
}

function quoted(cell: Cell): string {
  const text = String(cell ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
