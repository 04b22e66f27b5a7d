// Loads llama.cpp, with "gpu" for one with a GPU, and prints the library or the error as JSON: a library is loaded once
// per process.
import { loadLlamaLibrary } from '../../ts/engine/llama-library.js';

try {
  process.stdout.write(JSON.stringify(await loadLlamaLibrary({ gpu: process.argv[2] === 'gpu' })));
} catch (error) {
  const { name, message, code } = error as Error & { code?: string };
  process.stdout.write(JSON.stringify({ name, message, code }));
}
