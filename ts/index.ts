export { type DenseAttentionOptions, denseAttention } from './attention/dense-attention.js';
export type { Device } from './attention/device.js';
export { KvCache, type KvCacheOptions, type KvDtype } from './attention/kv-cache.js';
export {
  type ForwardOptions,
  SparseAttention,
  type SparseAttentionOptions,
} from './attention/sparse-attention.js';
export type { TuningStep } from './bench/tuning-steps.js';
export {
  type BenchOptions,
  type BenchPlan,
  type BenchResult,
  bench,
  type CellReport,
  type NamedConfig,
} from './bench.js';
export type { BenchEvent } from './bench-events.js';
export type { Front } from './cache/front.js';
export type { ValidationRow, Winner, WinnerKey } from './cache/winner.js';
export { type StoredWinner, WinnerCache, type WinnerQuery } from './cache/winner-cache.js';
export {
  EngineError,
  type ErrorCode,
  NativeLoadError,
  SearchSpaceError,
  SparseTuneError,
  StorageError,
} from './errors.js';
export { validateConfig } from './maskers/config-schema.js';
export { decompose } from './maskers/decompose.js';
export {
  type ConfigOptions,
  getPreset,
  listPresets,
  type Preset,
  registerConfig,
} from './maskers/presets.js';
export type { Metrics } from './metrics.js';
export { type Info, info } from './native/info.js';
export { type RunEvent, type RunOptions, type RunResult, run } from './run.js';
export {
  type BenchmarkConfig,
  type OptimizedBenchmarkOptions,
  runOptimizedBenchmarks,
} from './run-optimized-benchmarks.js';
export { type AshaOptions, AshaScheduler } from './search/asha-scheduler.js';
export { type Budget, parseBudget } from './search/budget.js';
export { type ParameterEffect, parameterEffects } from './search/importance.js';
export type { Job, JobResult } from './search/job.js';
export { JournalStorage, listStudies, readStudy } from './search/journal-storage.js';
export { MemoryStorage } from './search/memory-storage.js';
export { type Objective, parseObjective } from './search/objective.js';
export type { ObjectiveSpec } from './search/objective-spec.js';
export { RandomSampler } from './search/random-sampler.js';
export { RungRanking } from './search/rung-ranking.js';
export type { Sampler, SuggestRequest } from './search/sampler.js';
export type { Promotion, ScheduleRequest, Scheduler } from './search/scheduler.js';
export { Study } from './search/study.js';
export type { StudyOptions } from './search/study-options.js';
export { type TpeOptions, TpeSampler } from './search/tpe-sampler.js';
export type { Trial } from './search/trial.js';
export { mergeSpace } from './space/merge-space.js';
export type { ParamsOf } from './space/params-of.js';
export { SearchSpace, type SpaceSchema } from './space/search-space.js';
export type { SparseConfig } from './sparse-config.js';
export {
  type Benchmark,
  type BenchmarkAbout,
  registerTask,
  resolveTask,
  resolveTasks,
  type TaskFactory,
} from './tasks/registry.js';
export type {
  Split,
  Task,
  TaskAbout,
  TaskAnswer,
  TaskContext,
  TaskOptions,
  TaskQuestion,
  TaskRequest,
  TaskTools,
} from './tasks/task.js';
export type { Truncate } from './tasks/truncate.js';
export type { Enqueued } from './tune/enqueue.js';
export { type FoundWinner, type GetWinnerOptions, getWinner } from './tune/get-winner.js';
export { type TuneOptions, type TuneResult, tune } from './tune.js';
export type { TuneEvent } from './tune-events.js';
export { version } from './version.js';
