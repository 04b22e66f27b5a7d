import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredStart } from '../cache/imported-starts.js';
import type { StoredWinner } from '../cache/winner-cache.js';
import { errorCode } from '../files.js';
import {
  type HubImport,
  hubFileName,
  importHub,
  presetsFor,
  writeHubFile,
} from '../tune/hub-exchange.js';
import { type CliContext, type ExitCode, exitCodes, print, warn } from './context.js';
import { number } from './view/format.js';
import { table } from './view/table.js';

interface Exported {
  readonly id: string;
  readonly file?: string;
  /** Why it is not exported. */
  readonly reason?: string;
}

/**
 * Writes winners as sparse-attention-hub does: one into the file `out`, several, or one where `out` is a folder, into a
 * file each with the name that the hub would give it. What the hub cannot express is refused by name.
 */
export async function exportHub(
  context: CliContext,
  winners: readonly StoredWinner[],
  { out, json }: { readonly out: string; readonly json: boolean },
): Promise<ExitCode> {
  const isFolder = winners.length > 1 || (existsSync(out) && statSync(out).isDirectory());
  const exported: Exported[] = [];
  for (const { id, winner } of winners) {
    try {
      const file = isFolder ? join(out, hubFileName(winner)) : out;
      await writeHubFile(file, winner);
      exported.push({ id, file });
    } catch (error) {
      if (errorCode(error) !== 'ERR_CONFIG') throw error;
      exported.push({ id, reason: (error as Error).message });
    }
  }
  if (json) print(context, [JSON.stringify(exported)]);
  else
    print(
      context,
      exported.map(({ id, file, reason }) =>
        file === undefined ? `refused   ${id}: ${reason}` : `exported  ${id} to ${file}`,
      ),
    );
  const isWhole = exported.every(({ file }) => file !== undefined);
  return isWhole ? exitCodes.done : exitCodes.failed;
}

/** Takes results of sparse-attention-hub as configurations to begin searches with. */
export async function importHubPath(
  context: CliContext,
  path: string,
  { home, json }: { readonly home: string; readonly json: boolean },
): Promise<ExitCode> {
  const imports = await importHub(path, home, (text) => warn(context, text));
  const isAnyTaken = imports.some(({ outcome }) => outcome !== 'skipped');
  if (json) print(context, [JSON.stringify(imports)]);
  else
    print(context, [
      ...imports.map(importLine),
      ...(imports.length === 0 ? [`${path} holds no results.`] : []),
      ...(isAnyTaken ? ['"sparsetune tune --warm-start" begins with them.'] : []),
    ]);
  return isAnyTaken ? exitCodes.done : exitCodes.failed;
}

function importLine(imported: HubImport): string {
  const { file, outcome } = imported;
  if (outcome === 'skipped') return `skipped   ${file}: ${imported.reason}`;
  const { stored, configs } = imported;
  const { from, changes } = stored.start;
  const notes = changes.length === 0 ? '' : ` (${changes.join('; ')})`;
  return `${outcome.padEnd(8)}  ${stored.id} ${from.name} on ${from.task} for ${configs.join(', ')}${notes}`;
}

/** The configurations that were imported, under those that were found here. */
export function startLines(starts: readonly StoredStart[]): string[] {
  if (starts.length === 0) return [];
  const titles = ['id', 'begins', 'found for', 'by', 'score there', 'imported'];
  const rows = starts.map(({ id, start: { config, from, importedAt } }) => [
    id,
    presetsFor(config).join(', '),
    `${from.task}, ${from.model}`,
    from.format,
    from.score === undefined ? '' : number(from.score),
    importedAt.slice(0, 16),
  ]);
  return table(
    titles.map((title) => ({ title, align: 'left' as const })),
    rows,
  );
}

/** An imported configuration in full. */
export function startDetails({ path, start }: StoredStart): string[] {
  const { config, from, changes, importedAt } = start;
  const score = from.score === undefined ? '' : `, score ${number(from.score)} there`;
  return [
    `${from.name} on ${from.task}, imported from ${from.format}`,
    `  config      ${JSON.stringify(config)}`,
    ...changes.map((change) => `  changed     ${change}`),
    `  begins      ${presetsFor(config).join(', ')}, with "sparsetune tune --warm-start"`,
    `  found       for ${from.model}${score}`,
    `  imported    ${importedAt}, in ${path}`,
  ];
}
