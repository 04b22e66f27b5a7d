import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { WinnerCache } from '../../ts/cache/winner-cache.js';
import { homeFolders } from '../../ts/home.js';
import { readStudy } from '../../ts/search/journal-storage.js';
import { Rng } from '../../ts/tasks/rng.js';
import type { TuneEvent } from '../../ts/tune-events.js';
import { temporaryFolder } from '../helpers/folder.js';
import {
  eventsOf,
  forkTune,
  smallTune,
  storedTrials,
  studyOf,
  tuneTold,
  tuneUntil,
} from '../helpers/tiny-tune.js';

const test = anyTest.serial as unknown as TestFn;

const nKills = 20;
const options = { ...smallTune, trials: 27 };

/** When to kill: this many events from the first of a kind on, and a little later. */
interface Moment {
  readonly from: TuneEvent['event'];
  readonly events: number;
  readonly delayMs: number;
}

/** Runs a tune in a process of its own until SIGKILL ends it at a moment, or it ends by itself. */
async function runAndKill(home: string, moment: Moment) {
  const events: TuneEvent[] = [];
  let left = moment.events;
  let hasBegun = false;
  const child = forkTune({ ...options, home }, (event, process) => {
    events.push(event);
    hasBegun ||= event.event === moment.from;
    if (!hasBegun || --left !== 0) return;
    setTimeout(() => process.kill('SIGKILL'), moment.delayMs);
  });
  const code = await child.ended;
  return { events, isKilled: child.process.signalCode === 'SIGKILL', code };
}

/** The first kills fall anywhere from the first prefill on, the others into the search and what follows. */
function drawMoment(rng: Rng, kill: number): Moment {
  return {
    from: kill < 4 ? 'phase' : 'study',
    events: rng.integer(1, kill < 4 ? 12 : 7),
    delayMs: rng.integer(0, 40),
  };
}

/** Fails where a file that a reader would trust is not whole. */
async function checkFiles(t: ExecutionContext, home: string): Promise<void> {
  const { snapshots } = homeFolders(home);
  const names = await readdir(snapshots).catch(() => []);
  for (const name of names.filter((each) => each.endsWith('.kv'))) {
    const bytes = await readFile(join(snapshots, name));
    const headerBytes = bytes.readUInt32LE(8);
    const header = JSON.parse(bytes.toString('utf8', 12, 12 + headerBytes)) as {
      payloadBytes: number;
      payloadCrc32: number;
    };
    const payload = bytes.subarray(4096);
    t.is(payload.length, header.payloadBytes, name);
    t.is(crc32(payload), header.payloadCrc32, name);
  }
  const damaged: string[] = [];
  await new WinnerCache(home, { onWarning: (message) => damaged.push(message) }).list();
  t.deepEqual(damaged, []);
}

/** Fails where a result that was told is not in the journal, or more than one batch lacks results. */
async function checkJournal(t: ExecutionContext, home: string, events: readonly TuneEvent[]) {
  const study = studyOf(events);
  if (study === '') return;
  const { state, warnings } = await readStudy(home, study);
  t.true(state.batches.length <= 1, `${state.batches.length} batches are open`);
  t.true(warnings.length <= 1);
  for (const { trial, state: told, questions } of eventsOf(events, 'trial')) {
    if (told === 'running') continue;
    const results = state.trials[trial]?.results ?? [];
    t.true(
      results.some(({ resource }) => resource === questions),
      `trial ${trial} at ${questions} questions was lost`,
    );
  }
}

test('a tune that is killed at twenty moments loses a batch at most and ends as if nothing had happened', async (t) => {
  const home = await temporaryFolder(t);
  const rng = new Rng('kills');
  let stored: string[] = [];
  for (let kill = 0; kill < nKills; kill++) {
    const { events, isKilled, code } = await runAndKill(home, drawMoment(rng, kill));
    t.true(isKilled, `run ${kill} ended by itself, with ${code}`);
    const warnings = eventsOf(events, 'warning').map(({ message }) => message);
    t.true(
      warnings.every((message) => message.startsWith('Skipped')),
      warnings.join('\n'),
    );
    await checkFiles(t, home);
    await checkJournal(t, home, events);
    const study = studyOf(events);
    if (study === '') continue;
    const now = results(await storedTrials(home, study));
    t.deepEqual(
      stored.filter((result) => !now.includes(result)),
      [],
      `kill ${kill}`,
    );
    stored = now;
  }
  const last = await tuneTold({ ...options, home });
  const study = studyOf(last.events);
  t.log(`${eventsOf(last.events, 'study')[0]?.resumedTrials} trials were there after the kills`);
  t.true(last.results[0]?.winner !== undefined);

  const undisturbed = await temporaryFolder(t);
  const isOver = (event: TuneEvent) => event.event === 'phase' && event.phase === 'validate';
  await tuneUntil({ ...options, home: undisturbed }, isOver);
  t.deepEqual(await storedTrials(home, study), await storedTrials(undisturbed, study));
});

/** Results of all trials as text, one a trial and rung. */
function results(trials: readonly unknown[]): string[] {
  return (trials as { number: number; params: unknown; results: unknown[] }[]).flatMap(
    ({ number, params, results: own }) =>
      own.map((result) => JSON.stringify({ number, params, result })),
  );
}

test('a tune that is killed while it stores its winner leaves a whole one or none', async (t) => {
  const home = await temporaryFolder(t);
  const few = { ...options, trials: 2, home };
  const rng = new Rng('kills at the end');
  await tuneUntil(few, (event) => event.event === 'validation');
  for (let kill = 0; kill < 4; kill++) {
    let rows = 0;
    const child = forkTune(few, (event, process) => {
      if (event.event === 'validation') rows++;
      const isLast = event.event === 'winner' || rows === 3;
      if (isLast) setTimeout(() => process.kill('SIGKILL'), rng.integer(0, 12));
    });
    await child.ended;
    await checkFiles(t, home);
  }
  const last = await tuneTold(few);
  t.true(last.results[0]?.winner !== undefined);
});
