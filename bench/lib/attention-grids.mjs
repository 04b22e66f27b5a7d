/**
 * The grid of each preset whose search is played on real attention: levels of the parameters of its default space.
 *
 * Levels are evenly spaced on the parameter's own scale (log for sizes, fractions and lshL), coarse enough for minutes of
 * CPU, and reach only as far as contexts of 512 tokens allow. What a grid leaves out (`center` of magic_pig) is as in
 * the preset's default.
 */
export const attentionGrids = {
  streaming_llm: {
    sinkSize: [1, 2, 4, 8, 16, 32, 64],
    windowSize: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  },
  hash_attention: {
    sinkSize: [1, 4, 16],
    windowSize: [1, 4, 16],
    heavyFraction: [0.005, 0.01, 0.02, 0.04, 0.08, 0.16],
  },
  magic_pig: {
    sinkSize: [4],
    windowSize: [4, 16],
    lshL: [16, 64, 256],
    lshK: [8, 10, 12],
    minMatches: [1, 2],
  },
  quest: {
    sinkSize: [1, 8, 64],
    windowSize: [1, 8, 64],
    heavyFraction: [0.02, 0.04, 0.08],
    pageSize: [4, 8, 16, 32],
  },
  adaptive_sampling: {
    sinkSize: [2, 16],
    windowSize: [2, 16],
    heavyFraction: [0.01, 0.03, 0.09],
    baseFraction: [0.01, 0.04],
    epsilon: [0.1, 0.5],
    delta: [0.1, 0.5],
  },
};
