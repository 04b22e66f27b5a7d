import type { Prepared } from '../engine/engine.js';
import { hashJson } from '../space/canonical-json.js';
import type { Cell } from './cell.js';
import type { ModelBench, TaskBench } from './model-bench.js';
import { type Estimate, TimeBook, type Work } from './time-book.js';

/** A piece of work with how much of it is done in this run, and how long that took. */
interface Share {
  readonly book: TimeBook;
  readonly work: Work;
  done: number;
  elapsedMs: number;
}

/** How long the rest takes. */
export interface Outlook {
  /** Left out where nothing like it was measured yet. */
  readonly ms?: number;
  /** How near the measurements are that it is taken from: the farthest of its parts. */
  readonly basis?: Estimate['basis'];
}

export interface OverallProgress {
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
  readonly remainingMs?: number;
}

/** What a run has to do and what it has done: for estimates before it begins and while it goes on. */
export class RunProgress {
  readonly #start = performance.now();
  readonly #books = new Set<TimeBook>();
  readonly #prefills = new Map<TaskBench, Share>();
  readonly #references = new Map<TaskBench, Share>();
  readonly #answers = new Map<Cell, Share>();

  /** Looks at what of every model is done already; the models must be open. */
  static async open(models: readonly ModelBench[], home: string): Promise<RunProgress> {
    const progress = new RunProgress();
    for (const model of models) await progress.#add(model, home);
    return progress;
  }

  async #add(model: ModelBench, home: string): Promise<void> {
    const { file, machine } = model.parts;
    const name = hashJson({ model: file.fingerprint, ...machine }).slice(0, 16);
    const book = await TimeBook.open(home, name);
    this.#books.add(book);
    for (const entry of model.tasks) {
      const { rendered, cells } = entry;
      const open = cells.filter(({ isOpen }) => isOpen);
      if (rendered === undefined || open.length === 0) continue;
      const { contexts, questions } = rendered;
      const tokens = contexts.reduce((sum, context) => sum + context.tokens.length, 0);
      const about = { task: entry.task.id, contextTokens: tokens / contexts.length };
      const share = (kind: Work['kind'], config: string, amount: number): Share => ({
        book,
        work: { kind, config, amount, ...about },
        done: 0,
        elapsedMs: 0,
      });
      this.#prefills.set(entry, share('prefill', '', entry.tokensToPrefill));
      // What was prefilled was most likely measured dense as well.
      this.#references.set(
        entry,
        share('reference', '', entry.tokensToPrefill === 0 ? 0 : questions.length),
      );
      for (const cell of open) {
        const { done, total } = cell.progress;
        this.#answers.set(cell, share('answers', cell.parts.spec.name, total - done));
      }
    }
  }

  /** Notes what it took to make a group of contexts ready. */
  prepared(entry: TaskBench, { contextTokens, prefillMs, ...prepared }: Prepared): void {
    const { questions, reference } = prepared.questions;
    if (prepared.snapshotsReused === 0)
      advance(this.#prefills.get(entry), contextTokens, prefillMs);
    if (!prepared.isReferenceReused)
      advance(this.#references.get(entry), questions.length, reference.elapsedMs);
  }

  /** Notes a batch of answers of a cell. */
  answered(cell: Cell, answers: number, elapsedMs: number): void {
    advance(this.#answers.get(cell), answers, elapsedMs);
  }

  /** What is left of a task's contexts, of a cell, or of everything. */
  outlook(of?: TaskBench | Cell): Outlook {
    const all = [this.#prefills, this.#references, this.#answers] as const;
    const shares = all.flatMap((shares) =>
      [...shares].flatMap(([key, share]) => (of === undefined || key === of ? [share] : [])),
    );
    const estimates = shares.map(({ book, work, done }) =>
      book.estimate({ ...work, amount: Math.max(0, work.amount - done) }),
    );
    const known = estimates.flatMap((estimate) => estimate ?? []);
    if (known.length < estimates.length) return {};
    const bases = ['other', 'task', 'same'] as const;
    return {
      ms: known.reduce((sum, { ms }) => sum + ms, 0),
      basis: bases.find((basis) => known.some((each) => each.basis === basis)) ?? 'same',
    };
  }

  get overall(): OverallProgress {
    const shares = [...this.#answers.values()];
    const { ms } = this.outlook();
    return {
      done: shares.reduce((sum, { done }) => sum + done, 0),
      total: shares.reduce((sum, { work }) => sum + work.amount, 0),
      elapsedMs: performance.now() - this.#start,
      ...(ms !== undefined && { remainingMs: ms }),
    };
  }

  /** A task takes no more time, whether it was measured or has failed. */
  finished(entry: TaskBench): void {
    const shares = [this.#prefills.get(entry), this.#references.get(entry)];
    for (const share of [...shares, ...entry.cells.map((cell) => this.#answers.get(cell))])
      if (share !== undefined) share.done = share.work.amount;
  }

  /** Keeps what was measured for the estimates of later runs. */
  async save(): Promise<void> {
    for (const book of this.#books) await book.save();
  }
}

function advance(share: Share | undefined, amount: number, elapsedMs: number): void {
  if (share === undefined) return;
  share.done += amount;
  share.elapsedMs += elapsedMs;
  share.book.note({ ...share.work, amount: share.done }, share.elapsedMs);
}
