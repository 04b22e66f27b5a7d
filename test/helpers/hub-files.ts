/** Files as sparse-attention-hub writes them, by hand from the description of its formats: Python's JSON. */
export const hubFiles = {
  /** The cache of the older optimiser: a composite config. */
  'meta_llama_Llama_3.1_8B_hash_attention_loogle_shortdep_qa.json': `{
  "model_name": "meta-llama/Llama-3.1-8B",
  "config_type": "hash_attention",
  "benchmark_name": "loogle",
  "subset": "shortdep_qa",
  "best_params": {
    "sinkmasker_sink_size": 32,
    "localmasker_window_size": 64,
    "oracletopk_heavy_size": 128
  },
  "best_metrics": {"attention_error": 0.05, "density": 0.2, "combined_score": 0.07, "benchmark_score": NaN},
  "optimization_metadata": {"num_samples": 20, "optimization_metric": "combined_score", "search_space_size": 3}
}`,
  /** The same of a config with one masker. */
  'm_adaptive_sampling_ruler.json': `{
  "model_name": "m",
  "config_type": "adaptive_sampling",
  "benchmark_name": "ruler",
  "subset": null,
  "best_params": {"base_rate_sampling": 0.05, "epsilon": 0.1, "delta": 0.08, "init_offset": 0.25, "local_offset": 0.25},
  "best_metrics": {},
  "optimization_metadata": {}
}`,
  /** A result of the newer one. */
  'Qwen_Qwen3_longbench_qasper_sink_local_magic_pig.json': `{
  "model": "Qwen/Qwen3",
  "task": "longbench_qasper",
  "masker_name": "sink_local_magic_pig",
  "sparse_config": {
    "type": "ResearchAttentionConfig",
    "masker_configs": [
      {"type": "SinkMaskerConfig", "params": {"sink_size": 0.01}},
      {"type": "LocalMaskerConfig", "params": {"window_size": 64}},
      {"type": "MagicPigConfig", "params": {"center": true, "lsh_k": 8, "lsh_l": 75, "packing": "int64", "seed": 42}}
    ]
  },
  "masker_classes": ["SinkMaskerConfig", "LocalMaskerConfig", "MagicPigConfig"],
  "hyperparams": {"MagicPigConfig_lsh_l": 75, "MagicPigConfig_lsh_k": 8},
  "score": 1.0,
  "search_time": 812.5,
  "num_trials": 16
}`,
} as const;
