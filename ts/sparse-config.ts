/** A chain of maskers as JSON; validated by the schemas in ts/maskers. */
export interface SparseConfig {
  readonly maskers: readonly Readonly<Record<string, unknown> & { kind: string }>[];
  readonly semantics?: 'exact' | 'hub';
  /** How the query heads of a KV head attend their lists; same result. Default: what is cheaper. */
  readonly share?: 'group' | 'head';
}
