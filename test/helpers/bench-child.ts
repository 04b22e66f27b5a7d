// Benchmarks with the options given as JSON and sends every event to its parent, which may end it at any moment.
import { bench } from '../../ts/bench.js';
import './toy-task.js';

const options = JSON.parse(process.argv[2] ?? '{}');
await bench({ ...options, onEvent: (event) => process.send?.(event) });
process.disconnect?.();
