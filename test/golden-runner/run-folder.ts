import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type GoldenCase, Manifest } from './manifest.js';
import { runCase } from './run-case.js';

export interface GoldenResult {
  /** Folder of the manifest and name of the case. */
  readonly title: string;
  readonly golden: GoldenCase;
  /** Why it fails; undefined where it passes. */
  readonly failure: string | undefined;
}

/** Runs every case of every manifest.json below `folder`, in order of path. */
export function runFolder(folder: string): GoldenResult[] {
  const manifests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(^|[\\/])manifest\.json$/.test(path))
    .sort();
  return manifests.flatMap((path) => {
    const manifest = new Manifest(join(folder, path));
    return manifest.cases.map((golden) => ({
      title: `${path.replace(/[\\/]?manifest\.json$/, '')}/${golden.name}`,
      golden,
      failure: runCase(manifest, golden),
    }));
  });
}
