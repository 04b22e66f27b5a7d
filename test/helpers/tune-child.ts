// Tunes with the options given as JSON and sends every event to its parent, which may end it at any moment.
import { tune } from '../../ts/tune.js';

const options = JSON.parse(process.argv[2] ?? '{}');
await tune({ ...options, onEvent: (event) => process.send?.(event) });
process.disconnect?.();
