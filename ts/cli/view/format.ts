import type { Budget } from '../../search/budget.js';

/** `1m 05s`, `12.3s`, `2h 04m`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor((whole % 3600) / 60),
    whole % 60,
  ];
  return hours > 0 ? `${hours}h ${pad(minutes)}m` : `${minutes}m ${pad(rest)}s`;
}

/** A share as a percentage with two or three digits that say something. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value >= 99.95 || value === 0 ? value.toFixed(0) : value.toFixed(1)}%`;
}

/** Three significant digits; small numbers in scientific notation. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 0.001) return value.toExponential(1);
  return size >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** A count as it is, other amounts with two or three digits. */
export function amount(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(value >= 10 ? 3 : 2)));
}

/** `0.021..0.4`, the least and the most of some values; one alone where both read alike, nothing of none. */
export function range(values: readonly number[], text: (value: number) => string): string {
  if (values.length === 0) return '';
  const [low, high] = [text(Math.min(...values)), text(Math.max(...values))];
  return low === high ? low : `${low}..${high}`;
}

/** `27 trials`, `2000 questions or 30 minutes, patience 10`. */
export function budgetText({ budget, patience }: { budget: Budget; patience?: number }): string {
  const limits = (['trials', 'questions', 'minutes'] as const).flatMap((unit) => {
    const total = budget[unit];
    return total === undefined
      ? []
      : [`${amount(total)} ${total === 1 ? unit.slice(0, -1) : unit}`];
  });
  return `${limits.join(' or ')}${patience === undefined ? '' : `, patience ${patience}`}`;
}

export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A parameter's value as short as it can be told. */
export function parameter(value: unknown): string {
  if (typeof value === 'number')
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `heavyFraction=0.05 sinkSize=16`, in the order of the object. */
export function parameters(params: Readonly<Record<string, unknown>>): string {
  return Object.entries(params)
    .map(([name, value]) => `${name}=${parameter(value)}`)
    .join(' ');
}

/** Cuts a line that has no escape codes to a width. */
export function fitLine(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
