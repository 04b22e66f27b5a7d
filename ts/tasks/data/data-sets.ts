import type { HubDataSet } from './data-files.js';

/**
 * Where each benchmark's data are on the Hugging Face hub, the prepared set first: rows with prompts, as
 * sparse-attention-hub reads them. `main` stands where no commit is known; see HubDataSet.
 */
export const dataSets = {
  infinite_bench: [
    { repo: 'MaxJeblick/InfiniteBench', revision: 'main' },
    {
      repo: 'xinrongzhang2022/InfiniteBench',
      revision: '90f0394333616266d9fe85824ceaf505093cbaa5',
    },
  ],
  loogle: [
    { repo: 'simonjegou/loogle', revision: 'main' },
    { repo: 'bigainlco/LooGLE', revision: 'main' },
  ],
  longbench: [
    { repo: 'Xnhyacinth/LongBench', revision: '2e9ade51ebf45d98942056c0716234f9d5d257d5' },
  ],
  longbench_v2: [
    { repo: 'Xnhyacinth/LongBench-v2', revision: 'main' },
    { repo: 'zai-org/LongBench-v2', revision: '2b48e494f2c7a2f0af81aae178e05c7e1dde0fe9' },
  ],
  zero_scrolls: [{ repo: 'simonjegou/zero_scrolls', revision: 'main' }],
  aime2024: [
    { repo: 'xAlg-AI/att-hub-aime2024', revision: 'main' },
    { repo: 'Maxwell-Jia/AIME_2024', revision: 'main' },
  ],
  aime2025: [
    { repo: 'xAlg-AI/att-hub-aime2025', revision: 'main' },
    { repo: 'yentinglin/aime_2025', revision: 'main' },
  ],
} as const satisfies Readonly<Record<string, readonly HubDataSet[]>>;
