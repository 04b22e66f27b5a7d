/** The metrics of one evaluation, per question or as a mean; see docs/metrics.md. */
export interface Metrics {
  readonly kl: number;
  readonly goldLogProbGap: number;
  readonly accuracy: number;
  readonly density: number;
  readonly bytesRead: number;
  readonly readFraction: number;
  readonly attentionMs: number;
  readonly outputError?: number;
  readonly score?: number;
}

/** The metrics of a stored trial, which the search keeps as plain numbers by name. */
export function asMetrics(values: Readonly<Record<string, number>>): Metrics {
  return values as unknown as Metrics;
}
