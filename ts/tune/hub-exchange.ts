import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { validatedObjective } from '../cache/compare-winners.js';
import { isHubResult, parsePythonJson, readHubResult } from '../cache/hub-files.js';
import { type ImportedStart, ImportedStarts, type StoredStart } from '../cache/imported-starts.js';
import { tasksOf, type Winner } from '../cache/winner.js';
import { SparseTuneError, StorageError } from '../errors.js';
import { writeFileAtomic } from '../files.js';
import { ANY, anyPreset } from '../maskers/any-preset.js';
import {
  fromHubChain,
  type HubMasker,
  type PythonFloat,
  toHubChain,
} from '../maskers/hub-chain.js';
import { startParams } from './start-params.js';

/**
 * A winner as sparse-attention-hub's optimiser writes its results (`<model>_<task>_<chain>.json`), in Python's JSON: a
 * share is a float also where it is a whole number.
 *
 * @throws {TypeError} `ERR_CONFIG` naming what the hub cannot express
 */
export function hubText(winner: Winner): string {
  return pythonJson(hubRecord(winner));
}

/** The name that the hub would give to the file. */
export function hubFileName(winner: Winner): string {
  const { model, task, masker_name: name } = hubRecord(winner);
  return `${`${model}_${task}_${name}`.replaceAll(/[/\\:]/g, '_')}.json`;
}

/** @throws {StorageError} `ERR_STORAGE` where the file cannot be written; as hubText */
export async function writeHubFile(path: string, winner: Winner): Promise<void> {
  const text = hubText(winner);
  try {
    await writeFileAtomic(path, text);
  } catch (cause) {
    throw new StorageError('ERR_STORAGE', `Could not write ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** What became of one file of the hub. */
export type HubImport = { readonly file: string } & (
  | {
      readonly outcome: 'added' | 'known';
      readonly stored: StoredStart;
      readonly configs: readonly string[];
    }
  | { readonly outcome: 'skipped'; readonly reason: string }
);

/** Whether a path is a folder, or a file with a result of the hub. */
export async function isHubPath(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
    return isHubResult(parsePythonJson(await readFile(path, 'utf8')));
  } catch {
    return false; // what reads it next says what is wrong with it
  }
}

/**
 * Keeps results of the hub, of a file or of every file of a folder, as configurations to begin searches with: as near
 * to them as our maskers are. Results that hold nothing to begin with are skipped, with the reason.
 */
export async function importHub(
  path: string,
  home: string,
  onWarning?: (message: string) => void,
): Promise<readonly HubImport[]> {
  const starts = new ImportedStarts(home, onWarning);
  const imports: HubImport[] = [];
  for (const file of await hubFiles(path)) imports.push(await importFile(file, starts));
  return imports;
}

/** The results in a folder; what the hub writes beside them has names of its own. */
async function hubFiles(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => /\.json$/.test(name));
    return names
      .filter((name) => !/_trials\.json$|^(optimization|benchmark)_summary\.json$/.test(name))
      .sort()
      .map((name) => join(path, name));
  } catch (cause) {
    const message = `Cannot import ${path}: ${(cause as Error).message}`;
    throw new SparseTuneError('ERR_ARGUMENT', message, { cause });
  }
}

async function importFile(file: string, starts: ImportedStarts): Promise<HubImport> {
  try {
    const { model, task, name, score, chain } = readHubResult(
      parsePythonJson(await readFile(file, 'utf8')),
    );
    const { config, changes } = fromHubChain(chain as readonly HubMasker[]);
    const configs = presetsFor(config);
    if (configs.length === 0)
      return { file, outcome: 'skipped', reason: 'no config here is made of its maskers' };
    const start: ImportedStart = {
      schemaVersion: 1,
      config,
      from: {
        format: 'sparse-attention-hub',
        model,
        task,
        name,
        ...(score !== undefined && { score }),
      },
      changes,
      importedAt: new Date().toISOString(),
    };
    const { isNew, ...stored } = await starts.write(start);
    return { file, outcome: isNew ? 'added' : 'known', stored, configs };
  } catch (error) {
    if (error instanceof StorageError) throw error;
    return { file, outcome: 'skipped', reason: (error as Error).message };
  }
}

/** Names of the configs whose searches can begin with it. */
export function presetsFor(config: ImportedStart['config']): readonly string[] {
  return anyPreset().methods.flatMap((preset) =>
    preset.name !== ANY && startParams(preset, config, 1024) !== undefined ? [preset.name] : [],
  );
}

function hubRecord(winner: Winner) {
  const { key, sparseConfig, search, provenance } = winner;
  const maskers = toHubChain(sparseConfig);
  return {
    model: basename(provenance.modelPath.replaceAll('\\', '/')).replace(/\.gguf$/i, ''),
    task: tasksOf(key).join('+'),
    masker_name: maskers.map(({ type }) => chainName(type)).join('_'),
    sparse_config: { type: 'ResearchAttentionConfig', masker_configs: maskers },
    masker_classes: maskers.map(({ type }) => type),
    hyperparams: Object.fromEntries(
      maskers.flatMap(({ type, params }) =>
        Object.entries(params).map(([name, value]) => [`${type}_${name}`, value]),
      ),
    ),
    score: { float: validatedObjective(winner) },
    search_time: { float: provenance.searchMs / 1000 },
    num_trials: search.trials,
  };
}

/** `oracle_top_k` of `OracleTopKConfig`. */
function chainName(type: string): string {
  const name = type.replace(/(Masker)?Config$/, '');
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).slice(1);
}

/** JSON in which `{ float }` is a number with a point or an exponent, as Python writes its floats. */
function pythonJson(value: unknown): string {
  const mark = '\u0000';
  const text = JSON.stringify(
    value,
    (_, each: unknown) => (isFloat(each) ? `${mark}${floatText(each.float)}${mark}` : each),
    2,
  );
  return `${text.replaceAll(/"\\u0000([^"]*)\\u0000"/g, '$1')}\n`;
}

function isFloat(value: unknown): value is PythonFloat {
  return typeof value === 'object' && value !== null && 'float' in value;
}

function floatText(value: number): string {
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
