/** Machine-readable reasons, stable across releases. */
export type ErrorCode =
  | 'ERR_ARGUMENT'
  | 'ERR_BUSY'
  | 'ERR_CAPACITY'
  | 'ERR_CONFIG'
  | 'ERR_DATA'
  | 'ERR_DEVICE'
  | 'ERR_DISPOSED'
  | 'ERR_ENGINE'
  | 'ERR_LLAMA_LOAD'
  | 'ERR_LLAMA_VERSION'
  | 'ERR_MODEL_UNSUPPORTED'
  | 'ERR_NATIVE_BUILD'
  | 'ERR_NATIVE_LOAD'
  | 'ERR_NO_WINNER'
  | 'ERR_OBJECTIVE'
  | 'ERR_SEARCH_SPACE'
  | 'ERR_SHAPE'
  | 'ERR_STORAGE'
  | 'ERR_STUDY_LOCKED'
  | 'ERR_STUDY_NOT_FOUND'
  | 'ERR_TASK';

/** Base of every error this package throws on purpose. */
export class SparseTuneError extends Error {
  override readonly name: string = 'SparseTuneError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A search space that does not satisfy its meta-schema, or a value outside its space. */
export class SearchSpaceError extends SparseTuneError {
  override readonly name = 'SearchSpaceError';
  /** JSON pointer to the offending value, e.g. `/properties/lshK/minimum`. */
  readonly path: string;

  constructor(path: string, message: string, options?: ErrorOptions) {
    super('ERR_SEARCH_SPACE', message, options);
    this.path = path;
  }
}

/** The native addon or a library it needs could not be loaded. */
export class NativeLoadError extends SparseTuneError {
  override readonly name = 'NativeLoadError';
  /** Every file that was tried, with the reason it did not load. */
  readonly tried: readonly string[];

  constructor(code: ErrorCode, message: string, tried: readonly string[], options?: ErrorOptions) {
    super(code, message, options);
    this.tried = tried;
  }
}

/** The model engine refused or failed. */
export class EngineError extends SparseTuneError {
  override readonly name = 'EngineError';
}

/** The state on disk could not be read or written. */
export class StorageError extends SparseTuneError {
  override readonly name = 'StorageError';
}

/**
 * Throws a `TypeError` that names the option, in the one form all such errors have.
 *
 * @param code - `ERR_ARGUMENT` unless the caller knows better
 */
export function rejectArgument(
  name: string,
  expected: string,
  actual: unknown,
  code: ErrorCode = 'ERR_ARGUMENT',
): never {
  throw Object.assign(new TypeError(mismatch(name, expected, actual)), { code });
}

/** As rejectArgument, a `RangeError` for a value of the right type that is out of range. */
export function rejectRange(
  name: string,
  expected: string,
  actual: unknown,
  code: ErrorCode = 'ERR_ARGUMENT',
): never {
  throw Object.assign(new RangeError(mismatch(name, expected, actual)), { code });
}

/** A `TypeError` with code `ERR_CONFIG`, for a sparse-attention config that is not valid. */
export function rejectConfig(message: string): never {
  throw Object.assign(new TypeError(message), { code: 'ERR_CONFIG' satisfies ErrorCode });
}

function mismatch(name: string, expected: string, actual: unknown): string {
  return `Expected ${expected} for ${name} but received ${describe(actual)}`;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const text = typeof value === 'string' ? JSON.stringify(value) : shortText(value);
  return `${text} of type ${typeof value}`;
}

function shortText(value: unknown): string {
  if (typeof value !== 'object') return String(value);
  const kind = (value as object).constructor?.name ?? 'object';
  return `${kind === 'Array' || kind === 'Object' ? kind.toLowerCase() : kind}`;
}
