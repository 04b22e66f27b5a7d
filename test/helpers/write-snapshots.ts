// Writes and reads the same snapshot many times: one of two processes of a test.
import { SnapshotStore } from '../../ts/engine/snapshot-store.js';

const store = new SnapshotStore(process.argv[2] ?? '', {
  onWarning: (message) => {
    throw new Error(message);
  },
});
const key = {
  fingerprint: 'f',
  kvType: 'f16' as const,
  llamaCpp: '1',
  tokens: Int32Array.of(1),
};
const payload = new Uint8Array(100_000).fill(5);
for (let round = 0; round < 50; round++) {
  await store.write(key, payload);
  await store.read(key);
}
