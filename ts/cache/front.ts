import { join } from 'node:path';
import { parseFront } from './parse-winner.js';
import { RecordFolder } from './record-folder.js';
import type { ValidationRow, Winner, WinnerKey } from './winner.js';

/** What a search for two objectives found: configurations none of which is better in both, with the evidence. */
export interface Front {
  readonly key: WinnerKey;
  /**
   * The candidates that hold the constraints on validation and that no other beats there in both objectives, by rising
   * first objective.
   */
  readonly rows: readonly ValidationRow[];
  readonly search: Omit<Winner['search'], 'metrics'>;
  /** All that was validated; `isWinner` marks the front. */
  readonly validation: Winner['validation'];
  readonly provenance: Winner['provenance'];
}

/** The fronts of a home folder: beside the winners and kept as they are, in a folder of their own. */
export function frontFolder(
  home: string,
  onWarning?: (message: string) => void,
): RecordFolder<Front> {
  const folder = join(home, 'fronts');
  return new RecordFolder({ folder, kind: 'front', parse: parseFront, onWarning });
}
