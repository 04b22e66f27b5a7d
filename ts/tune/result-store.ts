import { type Front, frontFolder } from '../cache/front.js';
import type { RecordFolder } from '../cache/record-folder.js';
import { tasksOf, type ValidationRow, type Winner, type WinnerKey } from '../cache/winner.js';
import { WinnerCache } from '../cache/winner-cache.js';
import type { FinishedStudy } from './finished-study.js';
import { frontRecord, frontRows } from './front.js';
import type { TuneRequest } from './options.js';
import type { Validation } from './validate.js';
import { type RecordParts, winnerRecord } from './winner-record.js';

/** What tuning one config on one task, or on all tasks together, came to. */
export interface TuneResult {
  readonly config: string;
  /** Several of a global winner. */
  readonly tasks: readonly string[];
  readonly winner?: Winner;
  /**
   * Where the objective is `pareto(...)`, in place of a winner: the validated configurations none of which is better in
   * both, by rising first objective.
   */
  readonly front?: readonly ValidationRow[];
  /** Why there is no winner and no front. */
  readonly reason?: string;
  /** What was measured on unseen prompts where there is no winner; a winner carries it itself. */
  readonly validation?: Validation;
}

/** Winners and fronts of a home folder, as `tune` asks for them, keeps them and tells of them. */
export class ResultStore {
  readonly #request: TuneRequest;
  readonly #winners: WinnerCache;
  readonly #fronts: RecordFolder<Front>;

  constructor(request: TuneRequest) {
    this.#request = request;
    const onWarning = (message: string) => request.emit({ event: 'warning', message });
    this.#winners = new WinnerCache(request.home, { onWarning });
    this.#fronts = frontFolder(request.home, onWarning);
  }

  /** What earlier calls have found, where they have found it for every key. */
  async recall(keys: readonly WinnerKey[]): Promise<TuneResult[] | undefined> {
    const results: TuneResult[] = [];
    const events: Parameters<TuneRequest['emit']>[0][] = [];
    for (const key of keys) {
      const { config } = key;
      const kept = { config, cached: true };
      if (this.#request.objective.isPareto === true) {
        const known = await this.#fronts.read(key);
        if (known === undefined) return undefined;
        const { path, record: front } = known;
        events.push({ event: 'front', ...kept, path, front });
        results.push({ config, tasks: tasksOf(key), front: front.rows });
      } else {
        const known = await this.#winners.read(key);
        if (known === undefined) return undefined;
        events.push({ event: 'winner', ...kept, ...known });
        results.push({ config, tasks: tasksOf(key), winner: known.winner });
      }
    }
    for (const event of events) this.#request.emit(event);
    return results;
  }

  /** Stores the winner of a validation, or its front; nothing where no candidate holds the constraint. */
  async keep(parts: RecordParts): Promise<TuneResult> {
    const { key, validation } = parts;
    const { config } = key;
    const tasks = tasksOf(key);
    if (this.#request.objective.isPareto === true) {
      const rows = frontRows(validation.rows, this.#request.objective);
      if (rows.length === 0) return this.#noWinner(parts);
      const front = frontRecord(this.#request, { ...parts, rows });
      const path = await this.#fronts.write(front);
      this.#request.emit({ event: 'front', config, cached: false, path, front });
      return { config, tasks, front: rows };
    }
    const { winner: row } = validation;
    if (row === undefined) return this.#noWinner(parts);
    const winner = winnerRecord(this.#request, { ...parts, row });
    const path = await this.#winners.write(winner);
    this.#request.emit({ event: 'winner', config, cached: false, path, winner });
    return { config, tasks, winner };
  }

  #noWinner({ key, study, validation }: RecordParts): TuneResult {
    const { nearest } = validation;
    const result = {
      config: key.config,
      tasks: tasksOf(key),
      reason: this.#reason(validation, study),
    };
    this.#request.emit({ event: 'no-winner', ...result, ...(nearest && { nearest }) });
    return { ...result, validation };
  }

  #reason({ nearest }: Validation, { trials, rungs, firstError }: FinishedStudy): string {
    if (trials.length === 0)
      return `The budget is spent before the first trial, which takes ${rungs[0] ?? 1} questions; raise --budget.`;
    if (nearest === undefined)
      return `Every trial failed${firstError === undefined ? '' : `, the first with: ${firstError}`}. --force searches again.`;
    return `No candidate holds "${this.#request.objective.text}" on the validation prompts.`;
  }
}
