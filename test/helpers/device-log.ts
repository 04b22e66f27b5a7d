import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A launch, or what was copied or cleared without the host. */
export interface DeviceWork {
  readonly name: string;
  /** Read and written, each sector once. */
  readonly bytes: number;
}

/** Notes what the emulator in the addon of test:simt has to do, until the returned function is called and tells it. */
export function logDevice(): () => readonly DeviceWork[] {
  const folder = mkdtempSync(join(tmpdir(), 'sparsetune-device-log-'));
  const path = join(folder, 'log');
  writeFileSync(path, '');
  process.env['SPARSETUNE_SIMT_LOG'] = path;
  return () => {
    delete process.env['SPARSETUNE_SIMT_LOG'];
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    rmSync(folder, { recursive: true });
    return lines.map((line) => {
      const [bytes = '', ...name] = line.split(' ');
      return { name: name.join(' '), bytes: Number(bytes) };
    });
  };
}
